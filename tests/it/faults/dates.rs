//! Dates as they should not be. The release is of 12 June 2025, half past nine in London.

use super::Outcome::Read;
use super::engine::{NEW, Shown};
use super::{NOTHING, faults};

const RIGHT: &str = "2025-06-12T08:30:00Z";
/// Noon in London of the day that the release's page shows.
const NOON: &str = "2025-06-12T11:00:00Z";

fn right(shown: &[Shown]) {
    is_dated(shown, RIGHT);
}

fn noon(shown: &[Shown]) {
    is_dated(shown, NOON);
}

fn is_dated(shown: &[Shown], date: &str) {
    let title = format!("Release number {NEW}");
    let item = shown.iter().find(|item| item.title == title).unwrap();
    assert_eq!(
        item.date.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        date
    );
}

/// First sight, whose minute the test knows.
fn now(shown: &[Shown]) {
    let title = format!("Release number {NEW}");
    let item = shown.iter().find(|item| item.title == title).unwrap();
    assert_eq!(
        item.date.format("%Y-%m-%dT%H:%M").to_string(),
        "2026-11-25T09:00"
    );
}

const AS_MEANT: &str = "Reads it as it is meant";
const BY_THE_PAGE: &str = "Takes the day that the release's page shows, at noon in London";
const FIRST_SIGHT: &str = "Takes the time of first sight: no feed of ours is dated in the future";

faults! { "Dates", "The date of a new release in the feed, the only way in here, is odd.";
    none: "None at all", |it| it.feed_dated(""), Read(BY_THE_PAGE, noon), NOTHING;
    no_element: "Not even an element for it",
        |it| it.feed_with(|feed| feed.replace("<pubDate>", "<!--").replace("</pubDate>", "-->")),
        Read(BY_THE_PAGE, noon), NOTHING;
    summer_time: "`BST`, which other programs take for UTC",
        |it| it.feed_dated("Thu, 12 Jun 2025 09:30:00 BST"), Read(AS_MEANT, right), NOTHING;
    zulu: "`Z`", |it| it.feed_dated("Thu, 12 Jun 2025 08:30:00 Z"), Read(AS_MEANT, right), NOTHING;
    offset: "An offset with a colon",
        |it| it.feed_dated("Thu, 12 Jun 2025 09:30:00 +01:00"), Read(AS_MEANT, right), NOTHING;
    wrong_weekday: "A wrong weekday",
        |it| it.feed_dated("Mon, 12 Jun 2025 08:30:00 GMT"), Read(AS_MEANT, right), NOTHING;
    no_weekday: "No weekday, and the month in full",
        |it| it.feed_dated("12 June 2025 08:30:00 GMT"), Read(AS_MEANT, right), NOTHING;
    iso: "RFC 3339, as Atom has it", |it| it.feed_dated("2025-06-12T09:30:00+01:00"), Read(AS_MEANT, right), NOTHING;
    short_year: "A year of two digits",
        |it| it.feed_dated("Thu, 12 Jun 25 08:30:00 GMT"), Read(AS_MEANT, right), NOTHING;
    future: "Ten years ahead", |it| it.feed_dated("Thu, 12 Jun 2036 08:30:00 GMT"), Read(FIRST_SIGHT, now), NOTHING;
    year_9999: "The year 9999", |it| it.feed_dated("Fri, 31 Dec 9999 23:59:59 GMT"), Read(FIRST_SIGHT, now), NOTHING;
    year_1970: "The year 1970, a clock's zero",
        |it| it.feed_dated("Thu, 01 Jan 1970 00:00:00 GMT"), Read(BY_THE_PAGE, noon), NOTHING;
    year_1: "The year 1, a program's zero",
        |it| it.feed_dated("0001-01-01T00:00:00Z"), Read(BY_THE_PAGE, noon), NOTHING;
    no_such_day: "A day that is not in the calendar",
        |it| it.feed_dated("Sun, 31 Jun 2025 08:30:00 GMT"), Read(BY_THE_PAGE, noon), NOTHING;
    no_such_time: "A time that is on no clock",
        |it| it.feed_dated("Thu, 12 Jun 2025 25:61:00 GMT"), Read(BY_THE_PAGE, noon), NOTHING;
    unknown_zone: "A zone that nobody knows",
        |it| it.feed_dated("Thu, 12 Jun 2025 08:30:00 XYZ"), Read(BY_THE_PAGE, noon), NOTHING;
    junk: "`yesterday`", |it| it.feed_dated("yesterday"), Read(BY_THE_PAGE, noon), NOTHING;
    junk_everywhere: "Junk, on the release's page as well",
        |it| { it.page_with(|page| page.replace("12 Jun 2025", "32 Jux")); it.feed_dated("\u{1F6A8}, 99 \u{e9}") },
        Read("Takes the time of first sight", now), NOTHING;
}
