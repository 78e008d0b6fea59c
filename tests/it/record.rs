//! What the record holds, and from when on it is without gap.

use chrono::TimeDelta;

use crate::harness::{numbered, of_today, release};
use crate::inside::Inside;
use crate::site::{Fault, Item};

/// A release of a day so many days ago.
fn of_day(n: u32, days_ago: i64) -> Item {
    let day = (chrono::Utc::now() - TimeDelta::days(days_ago)).date_naive();
    Item {
        date: day.to_string(),
        ..release(n)
    }
}

/// So many releases, one a day, the newest of today.
fn daily(count: u32) -> Vec<Item> {
    (1..=count)
        .map(|n| of_day(n, i64::from(count - n)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_says_from_when_on_it_is_without_gap() {
    let world = Inside::new(daily(90)).await;
    let report = world.good_cycle().await;
    let days = |report: &npcc_feeds::daemon::Report| {
        let since = report.whole_since.unwrap();
        (world.clock.now() - since).num_days()
    };
    assert!(
        (18..=20).contains(&days(&report)),
        "the listing's first page: {report:?}"
    );
    world.fill_past().await;
    world.turn_minutes(15);
    assert!((88..=90).contains(&days(&world.good_cycle().await)));

    // A burst while nobody looked, and a listing that fails: the record is without gap only from now on.
    for n in 91..=140 {
        world.site().publish(of_day(n, 0));
    }
    world
        .site()
        .set_fault("/releases", Fault::Status(500, None));
    world.turn_minutes(15);
    let report = world.cycle().await;
    assert_eq!(days(&report), 0, "{report:?}");
    world.site().clear_faults();
    world.turn_minutes(7 * 60);
    let report = world.good_cycle().await;
    assert!((88..=90).contains(&days(&report)), "{report:?}");
    assert_eq!(world.items().await.len(), 140);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_without_listing_has_missed_is_said() {
    let sources = "[[sources]]\nid = \"force\"\nfeed = \"{base}/feed/rss\"\n";
    let world = Inside::with_sources(daily(30), sources).await;
    let before = world.good_cycle().await.whole_since.unwrap();
    for n in 31..=50 {
        world.site().publish(of_day(n, 0));
    }
    world.turn_minutes(15);
    let report = world.good_cycle().await;
    assert!(report.whole_since.unwrap() > before, "{report:?}");
    let age = world.clock.now() - report.whole_since.unwrap();
    assert!(age < TimeDelta::minutes(2), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_lags_behind_the_feed_closes_no_gap() {
    let world = Inside::new(daily(60)).await;
    world.good_cycle().await;
    world.fill_past().await;
    // A cache still has the listing's first page of before.
    let old = world.site().listing(&world.newsroom.base());
    for n in 61..=85 {
        world.site().publish(of_day(n, 0));
    }
    world.site().set_raw("/releases", "text/html", old);
    world.turn_minutes(15);
    let report = world.cycle().await;
    assert!(
        report.failed[0].cause.contains("does not show yet"),
        "{report:?}"
    );
    assert!(world.progress().await.gap.is_some());
    world.site().clear_raw();
    world.turn_minutes(15);
    world.good_cycle().await;
    assert_eq!(world.items().await.len(), 85);
    assert!(world.progress().await.gap.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_stays_open_until_each_listing_has_been_paged() {
    let sources = "[[sources]]\nid = \"npcc\"\nlisting = [\"{base}/releases\", \"{base}/releases/t/blogs\"]\n";
    let mut items = daily(60);
    items.push(Item {
        path: Some("/editorial/a-blog".to_owned()),
        ..of_day(100, 0)
    });
    let world = Inside::with_sources(items, sources).await;
    world.good_cycle().await;
    world.fill_past().await;
    let fails = Fault::Status(500, None);
    world.site().set_fault("/releases/t/blogs", fails);
    for n in 61..=99 {
        world.site().publish(of_day(n, 0));
    }
    world.turn_minutes(24 * 60);
    world.cycle().await;
    let gap = world.progress().await.gap;
    let listing = format!("{}/releases", world.newsroom.base());
    assert_eq!(gap.map(|gap| gap.reached), Some(vec![listing]));
    world.site().clear_faults();
    world.turn_minutes(24 * 60);
    world.good_cycle().await;
    assert!(world.progress().await.gap.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_gap_that_cannot_be_closed_are_read_ever_more_rarely() {
    let world = Inside::new(daily(60)).await;
    world.good_cycle().await;
    world.fill_past().await;
    let fails = Fault::Status(500, None);
    world.site().set_fault("/releases?page=3", fails);
    for n in 61..=120 {
        world.site().publish(of_day(n, 0));
    }
    world.asked();
    for _ in 0..24 {
        world.turn_minutes(15);
        world.cycle().await;
    }
    let asked = world.asked();
    let second = asked.iter().filter(|path| *path == "/releases?page=2");
    assert!((3..=9).contains(&second.count()), "{asked:?}");
    world.site().clear_faults();
    world.turn_minutes(6 * 60);
    world.good_cycle().await;
    assert_eq!(world.items().await.len(), 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_never_shows_what_the_feed_does_is_waited_for_a_day() {
    let world = Inside::new(daily(60)).await;
    world.good_cycle().await;
    world.fill_past().await;
    let old = world.site().listing(&world.newsroom.base());
    for n in 61..=72 {
        world.site().publish(of_day(n, 0));
    }
    world.site().set_raw("/releases", "text/html", old);
    for (hours, is_open) in [(1, true), (22, true), (2, false)] {
        world.turn_minutes(hours * 60);
        world.cycle().await;
        assert_eq!(world.progress().await.gap.is_some(), is_open, "{hours} h");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_surfaces_late_behind_the_first_page_is_found_within_a_week() {
    let world = Inside::new(daily(50)).await;
    world.good_cycle().await;
    world.fill_past().await;
    let mut items = daily(50);
    items.push(Item {
        id: "surfaced-late".to_owned(),
        path: Some("/editorial/surfaced-late".to_owned()),
        ..of_day(77, 33)
    });
    world.site().set_items(items);
    for _ in 0..7 {
        world.turn_minutes(24 * 60);
        world.good_cycle().await;
    }
    world.turn_minutes(15);
    world.good_cycle().await;
    let titles: Vec<_> = world
        .items()
        .await
        .into_iter()
        .map(|item| item.release.text.title)
        .collect();
    assert!(titles.contains(&"Release number 77".to_owned()));
    assert_eq!(titles.len(), 51);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_days_loses_nothing() {
    let world = Inside::new(daily(40)).await;
    world.good_cycle().await;
    world.fill_past().await;
    world.site().set_fault("/", Fault::Status(502, None));
    for n in 41..=120 {
        world.site().publish(of_day(n, 0));
        world.turn_minutes(90);
        world.cycle().await;
    }
    world.site().clear_faults();
    world.turn_minutes(7 * 60);
    world.good_cycle().await;
    assert_eq!(world.items().await.len(), 120);
    assert!(world.progress().await.gap.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_silence_is_an_alarm_until_something_comes() {
    let world = Inside::new(daily(40)).await;
    world.good_cycle().await;
    world.fill_past().await;
    world.turn_minutes(6 * 24 * 60);
    assert_eq!(world.good_cycle().await.alarms, []);
    world.turn_minutes(3 * 24 * 60);
    let report = world.good_cycle().await;
    assert_eq!(report.alarms[0].kind, "silent", "{report:?}");
    assert!(report.alarms[0].text.contains("9 days"), "{report:?}");
    let day = world.clock.now().date_naive().to_string();
    world.site().publish(Item {
        date: day,
        ..release(41)
    });
    world.turn_minutes(15);
    assert_eq!(world.good_cycle().await.alarms, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_cannot_be_taken_is_told_of_also_while_nothing_changes() {
    let world = Inside::new(numbered(1..=5)).await;
    let feed = world.site().feed(&world.newsroom.base());
    let feed = feed.replacen("<item>", "<item><title>No link</title></item><item>", 1);
    world.site().set_raw("/feed/rss", "text/xml", feed);
    for (cycle, requests) in [(1, 8), (2, 1), (3, 1)] {
        let report = world.cycle().await;
        assert_eq!(
            (report.requests, report.failed.len()),
            (requests, 1),
            "{cycle}: {report:?}"
        );
        assert!(report.failed[0].cause.contains("no link"), "{report:?}");
        world.turn_minutes(15);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_pages_that_are_due_at_once_are_read_over_several_cycles() {
    let world = Inside::new(of_today(1..=50)).await;
    world.good_cycle().await;
    world.fill_past().await;
    world.turn_minutes(60);
    for pages in [20, 20, 10] {
        world.asked();
        world.good_cycle().await;
        let asked = world.asked();
        let read = asked.iter().filter(|path| path.contains("/release-number"));
        assert_eq!(read.count(), pages, "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recent_releases_are_read_again_on_a_thinning_plan() {
    let world = Inside::new(of_today(1..=1)).await;
    world.good_cycle().await;
    let started = world.clock.now();
    let mut read_at = Vec::new();
    world.asked();
    // By the hour for a day, then by half a day.
    let steps = (0..30).map(|_| 60).chain((0..80).map(|_| 12 * 60));
    for minutes in steps {
        world.turn_minutes(minutes);
        world.cycle().await;
        if world
            .asked()
            .contains(&"/releases/release-number-1".to_owned())
        {
            read_at.push((world.clock.now() - started).num_hours());
        }
    }
    assert_eq!(read_at, [1, 6, 24, 78, 174, 726]);
}
