use super::*;

#[test]
fn every_zone_that_feeds_use() {
    for text in [
        "Thu, 02 Jul 2020 23:01:00 Z",
        "Thu, 02 Jul 2020 23:01:00 GMT",
        "Thu, 2 Jul 20 23:01 UTC",
        "Fri, 03 Jul 2020 00:01:00 BST",
        "Fri 03 Jul 2020 00:01:00 BST",
        "Fri, 03 Jul 2020 0:01:00 bst",
        "Friday, 3rd JULY 2020 0:01 BST",
        "Fri, 03 July 2020 00:01:00 +0100",
        "Fri, 03 jul 2020 00:01:00 +0100 (BST)",
        "Fri, 03 Jul 2020 00:01:00 GMT+1",
        "Mon, 02 Jul 2020 18:01:00 -05:00",
        "Thu, 02 Jul 2020 18:01:00 EST",
        "Thu, 02 Jul 2020 19:01:00 EDT",
        "Thu, 02 Jul 2020 17:01:00 CST",
        "Thu, 02 Jul 2020 16:01:00 PDT",
        "Thu, 02 Jul 2020 15:01:00 PST",
        "Thu, 02 Jul 2020 23:01:00 (London)",
        "Thu, 02 Jul 2020 23:01:00.250 Z",
        "July 2, 2020 23:01",
        "02 Jul 2020 23:01:00",
        "2020-07-03T00:01:00+01:00",
        "2020-07-02 23:01:00Z",
    ] {
        let read = instant(text).map(|time| time.to_rfc3339());
        assert_eq!(read.as_deref(), Some("2020-07-02T23:01:00+00:00"), "{text}");
    }
}

#[test]
fn midnight_may_be_the_end_of_a_day() {
    let read = |text| instant(text).map(|time| time.to_rfc3339());
    let midnight = Some("2020-07-03T00:00:00+00:00".to_owned());
    assert_eq!(read("Thu, 02 Jul 2020 24:00:00 GMT"), midnight);
    assert_eq!(read("Fri, 03 Jul 2020 00:00:00 GMT"), midnight);
    assert_eq!(read("Thu, 02 Jul 2020 24:01:00 GMT"), None);
}

#[test]
fn a_day_alone_is_its_noon_in_london() {
    let read = |text| instant(text).map(|time| time.to_rfc3339());
    assert_eq!(
        read("2026-09-25").as_deref(),
        Some("2026-09-25T11:00:00+00:00")
    );
    assert_eq!(
        read("2026-12-25").as_deref(),
        Some("2026-12-25T12:00:00+00:00")
    );
}

#[test]
fn nonsense_gives_no_date() {
    for text in [
        "",
        "yesterday",
        "Thu, 32 Jul 2020 23:01:00 Z",
        "Thu, 02 Jul 2020 23:01:00 XYZ",
        "Thu, 02 Jul 2020 25:01:00 Z",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "1970-01-01",
        "Thu, 02 Jul",
        "99999999999999999999",
        "1 Jan 262143 00:00:00 -2359",
        "31 Dec 9999 24:00:00 -2359",
        "\u{1F6A8}, \u{1F6A8} \u{1F6A8} 1 1 \u{e9}",
    ] {
        assert_eq!(instant(text), None, "{text}");
    }
}

#[test]
fn days_as_the_pages_write_them() {
    let expected = NaiveDate::from_ymd_opt(2026, 9, 25);
    for text in [
        "25 Sep 2026",
        "25 Sept 2026",
        "25 SEPTEMBER 2026",
        "25 september 2026",
        "25th September 2026",
        "Friday 25 September 2026",
        "Fri, 25th Sept. 2026",
        "Published on Friday 25 September 2026 at 10:00",
        "September 25, 2026",
        "25/09/2026",
        "25.9.26",
        "25-09-2026 00:01",
        "2026-09-25",
        "2026-09-25T00:01:00",
        "2026-09-25T00:01:00+01:00",
        // An embargo of one past midnight in London.
        "2026-09-24T23:01:00Z",
    ] {
        assert_eq!(day(text, "%d %b %Y"), expected, "{text}");
    }
    for text in [
        "soon",
        "25 Sep",
        "31 Feb 2026",
        "25/13/2026",
        "1 Jan 1970",
        "25 Mayhem 2026",
        "2026-09-251",
    ] {
        assert_eq!(day(text, "%d %b %Y"), None, "{text}");
    }
}

#[test]
fn the_configured_format_wins() {
    let expected = NaiveDate::from_ymd_opt(2026, 9, 5);
    assert_eq!(day("09/05/2026", "%m/%d/%Y"), expected);
    assert_eq!(day("05/09/2026", "%d %b %Y"), expected);
    assert_eq!(
        day("25 September 2026", "%d %B %Y"),
        NaiveDate::from_ymd_opt(2026, 9, 25)
    );
}
