//! When the newsroom is not asked: while what it gave is fresh, and after it failed.

use chrono::TimeDelta;
use npcc_feeds::daemon::By;
use npcc_feeds::fetch::{Client, Tools, Turns, Wanted};

use crate::harness::{numbered, of_today, release};
use crate::inside::Inside;
use crate::site::Fault;

const QUIET: [&str; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_fresh_is_not_asked_for_also_after_a_restart() {
    let mut world = Inside::new(numbered(1..=5)).await;
    world.site().set_cache_control(Some("public, max-age=3600"));
    world.good_cycle().await;
    world.asked();
    world.site().publish(release(6));
    world.turn_minutes(59);
    world.restart().await;
    assert_eq!(world.good_cycle().await.requests, 0);
    world.turn_minutes(2);
    assert_eq!(world.good_cycle().await.new, 1);
    // Whoever asks by hand is not put off.
    world.site().publish(release(7));
    let cycle = world.ingest.cycle(world.source(), By::Person);
    assert_eq!(cycle.await.unwrap().new, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_says_how_long_it_is_fresh_too() {
    let world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    world.site().set_cache_control(Some("max-age=7200"));
    world.turn_minutes(15);
    assert_eq!(world.good_cycle().await.requests, 1);
    world.turn_minutes(119);
    assert_eq!(world.good_cycle().await.requests, 0);
    world.turn_minutes(2);
    assert_eq!(world.good_cycle().await.requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absurd_freshness_is_cut_and_one_of_a_wrong_clock_is_none() {
    let world = Inside::new(numbered(1..=5)).await;
    world.site().set_cache_control(Some("max-age=31536000"));
    world.good_cycle().await;
    world.turn_minutes(6 * 60 + 1);
    assert_eq!(world.good_cycle().await.requests, 1);
    world.clock.turn(TimeDelta::days(-3));
    assert!(world.good_cycle().await.requests > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feeds_ttl_is_a_floor() {
    let world = Inside::new(numbered(1..=5)).await;
    let feed = world.site().feed(&world.newsroom.base());
    let feed = feed.replacen("<item>", "<ttl>60</ttl><item>", 1);
    world.site().set_raw("/feed/rss", "text/xml", feed);
    world.good_cycle().await;
    for (minutes, requests) in [(59, 0), (2, 1), (59, 0)] {
        world.turn_minutes(minutes);
        assert_eq!(
            world.good_cycle().await.requests,
            requests,
            "after {minutes} minutes"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_asked_ever_more_rarely_and_a_restart_changes_nothing() {
    let mut world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(500, None));
    world.asked();
    let mut asked = 0;
    for cycle in 0..96 {
        world.turn_minutes(15);
        if cycle % 10 == 0 {
            world.restart().await;
        }
        let report = world.cycle().await;
        // It is told of in every cycle, asked or not.
        assert!(
            report.failed.iter().any(|one| one.cause.contains("500")),
            "{report:?}"
        );
        let paths = world.asked();
        asked += paths.iter().filter(|path| *path == "/feed/rss").count();
        assert!(
            paths.contains(&"/releases".to_owned()),
            "the listing stands in"
        );
    }
    // 5, 10, 20, 40 … minutes up to six hours, by the quarter of an hour.
    assert!((7..=14).contains(&asked), "{asked} in a day");
    world.site().clear_faults();
    world.site().publish(release(6));
    world.turn_minutes(7 * 60);
    assert_eq!(world.good_cycle().await.new, 1);
    world.turn_minutes(15);
    assert_eq!(
        world.good_cycle().await.requests,
        1,
        "the schedule's rhythm is back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_stops_the_host_and_is_probed_slowly() {
    let world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    world.site().set_fault("/", Fault::Challenge);
    world.asked();
    let mut asked = Vec::new();
    for _ in 0..96 {
        world.turn_minutes(15);
        let report = world.cycle().await;
        assert!(
            report.failed[0].cause.contains("challenges us"),
            "{report:?}"
        );
        assert_eq!(
            report.alarms.len(),
            1,
            "one alarm as long as it lasts: {report:?}"
        );
        assert_eq!(report.alarms[0].kind, "challenged");
        asked.extend(world.asked());
    }
    assert!((3..=7).contains(&asked.len()), "{asked:?}");
    assert!(asked.iter().all(|path| path == "/feed/rss"), "{asked:?}");
    // A person may ask, once.
    let report = world
        .ingest
        .cycle(world.source(), By::Person)
        .await
        .unwrap();
    assert_eq!(
        (report.requests, report.alarms[0].kind.as_str()),
        (1, "challenged")
    );
    world.site().clear_faults();
    world.turn_minutes(24 * 60);
    world.good_cycle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_refused_is_its_own_and_two_are_the_hosts() {
    let world = Inside::new(of_today(1..=5)).await;
    world.good_cycle().await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(403, None));
    world.turn_minutes(15);
    world.asked();
    world.cycle().await;
    assert_eq!(world.asked(), ["/feed/rss", "/releases"]);
    world.turn_minutes(15);
    world.cycle().await;
    assert_eq!(world.asked(), ["/releases"]);
    world
        .site()
        .set_fault("/releases", Fault::Status(403, None));
    world.turn_minutes(24 * 60);
    world.cycle().await;
    let asked = world.asked();
    assert_eq!(
        asked,
        ["/robots.txt", "/feed/rss", "/releases"],
        "no page is asked for then"
    );
    world.turn_minutes(15);
    world.cycle().await;
    assert_eq!(world.asked(), QUIET, "the host is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_for_good_is_looked_at_daily() {
    let world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    world.asked();
    let mut asked = 0;
    for _ in 0..72 {
        world.turn_minutes(60);
        let report = world.cycle().await;
        asked += world
            .asked()
            .iter()
            .filter(|path| *path == "/feed/rss")
            .count();
        assert!(
            report
                .failed
                .iter()
                .any(|one| one.cause.contains("410 Gone")),
            "{report:?}"
        );
    }
    assert!((3..=4).contains(&asked), "{asked} in three days");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_has_moved_for_good_is_followed_and_told_of() {
    let world = Inside::new(numbered(1..=5)).await;
    let raw = world.site().feed(&world.newsroom.base());
    world.site().set_raw("/new/feed", "text/xml", raw);
    let moved = Fault::Redirect(301, "/new/feed".to_owned());
    world.site().set_fault("/feed/rss", moved);
    let report = world.good_cycle().await;
    assert_eq!((report.new, report.alarms[0].kind.as_str()), (5, "moved"));
    assert!(report.alarms[0].text.contains("/new/feed"), "{report:?}");
    world.turn_minutes(15);
    world.site().clear_asked();
    world.good_cycle().await;
    let asked = world.site().asked();
    let last = asked.last().unwrap();
    assert_eq!(
        (last.path.as_str(), last.status),
        ("/new/feed", 304),
        "its own validators"
    );
}

/// How often a path is asked for in a day of cycles, each of which must fail.
async fn asked_in_a_day(world: &Inside, wanted: &str) -> usize {
    world.asked();
    let mut asked = 0;
    for _ in 0..96 {
        world.turn_minutes(15);
        assert!(!world.cycle().await.failed.is_empty());
        let paths = world.asked();
        asked += paths.iter().filter(|path| *path == wanted).count();
    }
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_robots_txt_that_fails_is_asked_for_ever_more_rarely() {
    let world = Inside::new(numbered(1..=5)).await;
    world
        .site()
        .set_fault("/robots.txt", Fault::Status(500, None));
    let asked = asked_in_a_day(&world, "/robots.txt").await;
    assert!((7..=14).contains(&asked), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_that_comes_with_200_is_asked_for_ever_more_rarely_too() {
    let world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    world.site().set_raw("/feed/rss", "text/xml", "<rss>junk");
    let asked = asked_in_a_day(&world, "/feed/rss").await;
    assert!((7..=14).contains(&asked), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_that_comes_with_200_is_probed_slowly_too() {
    let world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    let page =
        "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x'></script>";
    world.site().set_raw("/feed/rss", "text/html", page);
    let asked = asked_in_a_day(&world, "/feed/rss").await;
    assert!((3..=7).contains(&asked), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_refused_by_a_host_that_reads_well_are_their_own() {
    let world = Inside::new(numbered(1..=5)).await;
    for n in [2, 3] {
        let page = format!("/releases/release-number-{n}");
        world.site().set_fault(&page, Fault::Status(403, None));
    }
    let report = world.cycle().await;
    assert_eq!((report.new, report.failed.len()), (5, 2), "{report:?}");
    world.turn_minutes(15);
    world.asked();
    world.cycle().await;
    assert!(world.asked().contains(&"/feed/rss".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_edit_is_read_though_the_page_is_fresh() {
    let world = Inside::new(numbered(1..=5)).await;
    world.site().set_cache_control(Some("max-age=20000"));
    world.good_cycle().await;
    world.site().edit("release-number-3", |item| {
        item.title = "Another headline".to_owned()
    });
    let report = world
        .ingest
        .cycle(world.source(), By::Person)
        .await
        .unwrap();
    assert_eq!(report.revised, 1, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn validators_go_back_byte_for_byte_and_the_same_etag_is_no_change() {
    let mut world = Inside::new(numbered(1..=5)).await;
    let (etag, date) = (&b"W/\"caf\xe9 \x80\""[..], &b"Yesterday,  at noon"[..]);
    world.site().set_fixed_validators(etag, date);
    world.good_cycle().await;
    world.restart().await;
    world.site().clear_asked();
    world.turn_minutes(15);
    // It answers 200 with the same validators, and says by that that nothing has changed.
    world.site().publish(release(6));
    assert_eq!(world.good_cycle().await.new, 0);
    let asked = world.site().asked();
    let sent = [Some(etag.to_vec()), Some(date.to_vec())];
    assert_eq!((asked.len(), &asked[0].conditions), (1, &sent), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_source_is_told_holds_though_another_that_asked_before_finds_its_page_well() {
    let world = Inside::new(numbered(1..=5)).await;
    let (ingest, turns) = (&world.ingest, Turns::default());
    let lease = ingest
        .store
        .lease("a test", world.clock.now())
        .await
        .unwrap();
    let tools = Tools {
        config: &ingest.config.fetch,
        store: &ingest.store,
        lease: &lease,
        turns: &turns,
        clock: &world.clock,
        metrics: &ingest.metrics,
    };
    let client = || Client::new(tools, world.source(), 0, true).unwrap();
    let (mut one, mut two) = (client(), client());
    let address = |path: &str| format!("{}{path}", world.newsroom.base()).parse().unwrap();
    let (feed, listing) = (address("/feed/rss"), address("/releases"));
    one.get(&listing, Wanted::Whole).await.unwrap();
    let wait = Some(("retry-after", "900".to_owned()));
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(429, wait));
    two.get(&feed, Wanted::Whole).await.unwrap_err();
    // Only now has the first read what it was given before.
    one.is_well(&listing).await.unwrap();
    world.asked();
    let told = one.get(&listing, Wanted::Whole).await.unwrap_err();
    assert!(told.to_string().contains("429"), "{told}");
    assert_eq!(world.asked(), QUIET);
    world.turn_minutes(16);
    one.get(&listing, Wanted::Whole).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_robots_txt_stands_in_for_a_month_while_it_cannot_be_read() {
    let world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    let fails = Fault::Status(500, None);
    world.site().set_fault("/robots.txt", fails);
    world.site().publish(release(6));
    world.turn_minutes(25 * 60);
    assert_eq!(world.good_cycle().await.new, 1);
    world.clock.turn(TimeDelta::days(30));
    world.asked();
    let report = world.cycle().await;
    assert_eq!(world.asked(), ["/robots.txt"]);
    assert!(
        report.failed[0]
            .cause
            .contains("so nothing is asked there for now"),
        "{report:?}"
    );
}
