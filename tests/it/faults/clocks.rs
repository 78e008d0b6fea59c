//! This machine's clock, when it jumps.

use chrono::TimeDelta;

use super::Outcome::{Kept, Read};
use super::engine::{NEW, Shown};
use super::hits::{FEED, status, with};
use super::{NOTHING, faults};
use crate::harness::release;
use crate::site::Fault;

fn is_there(shown: &[Shown]) {
    let title = format!("Release number {NEW}");
    assert!(shown.iter().any(|item| item.title == title), "{shown:#?}");
}

fn are_there(shown: &[Shown]) {
    is_there(shown);
    let title = format!("Release number {}", NEW + 1);
    assert!(shown.iter().any(|item| item.title == title), "{shown:#?}");
}

faults! { "The clock", "The clock of the machine that this runs on jumps.";
    back_a_day: "It is set back by a day", |it| it.clock.turn(TimeDelta::days(-1)),
        Read("Reads on at once", is_there), NOTHING;
    back_ten_years: "It is set back by ten years, to before any release", |it| it.clock.turn(TimeDelta::days(-3_652)),
        Read("Reads on at once", is_there), NOTHING;
    forward_a_year: "It is set forward by a year", |it| it.clock.turn(TimeDelta::days(365)),
        Read("Reads on at once", is_there), NOTHING;
    forward_and_back: "It is a year ahead for one cycle, and then right again",
        |it| {
            it.clock.turn(TimeDelta::days(365));
            it.cycle().await;
            it.clock.turn(TimeDelta::days(-365));
            it.publish(release(NEW + 1));
        },
        Read("Reads on at once", are_there), NOTHING;
    back_while_held: "It is set back by two days while the newsroom has asked for an hour",
        |it| {
            it.feed(with(429, "retry-after", "3600"));
            it.cycle().await;
            it.newsroom.site.clear_faults();
            it.clock.turn(TimeDelta::days(-2));
        },
        Read("Asks again: no hold is longer than a day", is_there), NOTHING;
    back_a_little_while_held: "It is set back by an hour while the newsroom has asked for an hour",
        |it| {
            it.feed(with(429, "retry-after", "3600"));
            it.cycle().await;
            it.newsroom.site.clear_faults();
            it.clock.turn(TimeDelta::hours(-1));
        },
        Kept("held until 2026-11-25T10:00:0"), NOTHING;
    back_while_backing_off: "It is set back by two days while an address is left alone",
        |it| {
            it.feed(status(500));
            it.cycle().await;
            it.newsroom.site.clear_faults();
            it.clock.turn(TimeDelta::days(-2));
        },
        Read("Asks again", is_there), NOTHING;
    back_while_fresh: "It is set back by two days while the feed is fresh for an hour",
        |it| {
            it.feed(Fault::Labelled("cache-control", "max-age=3600".to_owned()));
            it.cycle().await;
            it.publish(release(NEW + 1));
            assert_eq!(it.cycle().await.requests, 0, "it is fresh");
            it.clock.turn(TimeDelta::days(-2));
        },
        Read("Asks again", are_there), NOTHING;
    back_after_robots: "It is set back by a month after robots.txt was read",
        |it| {
            it.clock.turn(TimeDelta::days(-30));
            let rules = "User-agent: *\nDisallow: /nothing\n";
            it.newsroom.site.set_raw("/robots.txt", "text/plain", rules);
        },
        Read("Reads robots.txt again", is_there), NOTHING;
    back_during_an_outage: "It is set back by a day within an outage",
        |it| { it.feed(status(500)); it.cycle().await; it.clock.turn(TimeDelta::days(-1)) },
        Kept("the server answered 500 Internal Server Error"), NOTHING;
    server_clock: "The newsroom's clock is a year off",
        |it| { it.feed(Fault::Labelled("date", "Thu, 25 Nov 2027 09:00:00 GMT".to_owned())); it.text_of(FEED) },
        Read("Reads on: only differences of its times count", is_there), NOTHING;
}
