//! What a cycle promises: nothing is lost, nothing is shown twice.

use std::time::Duration;

use serde_json::Value;

use crate::harness::{World, examples, field, numbered, of_today, release};
use crate::site::{Fault, Item};

#[tokio::test(flavor = "multi_thread")]
async fn ten_releases_of_which_two_are_one_arrive_as_nine() {
    let mut items = examples();
    items.truncate(10);
    let mut world = World::new(items).await;
    world.settings.remove("SOURCES__0__LISTING");
    world.set("SOURCES__0__LISTING", "[]");
    let report = world.fetch().await;
    assert_eq!(
        (&report["new"], &report["merged"]),
        (&9.into(), &1.into()),
        "{report}"
    );
    let releases = world.releases().await;
    assert_eq!(releases.len(), 9);
    let merged: Vec<_> = releases
        .iter()
        .filter(|row| row["duplicates"] != serde_json::json!([]))
        .collect();
    assert_eq!(merged.len(), 1);
    let shown = world
        .json(&["show", merged[0]["duplicates"][0].as_str().unwrap()])
        .await;
    assert_eq!(shown["guid"], merged[0]["guid"]);
    assert!(
        shown["merges"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("containment"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_cycle_makes_one_request_and_changes_no_byte() {
    let world = World::new(examples()).await;
    world.fetch().await;
    let before = world.publish().await;
    world.site().clear_asked();
    let report = world.fetch().await;
    assert_eq!(report["requests"], 1, "{report}");
    let asked = world.site().asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(
        (asked[0].path.as_str(), asked[0].status),
        ("/feed/rss", 304)
    );
    assert!(asked[0].user_agent.ends_with("(+tests)"), "{asked:?}");
    assert_eq!(world.publish().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_five_at_once_all_arrive_though_the_feed_shows_ten() {
    let world = World::new(numbered(1..=200)).await;
    world.fetch().await;
    world.publish_numbered(201..=235);
    world.site().clear_asked();
    world.fetch().await;
    let titles = field(&world.releases().await, "title");
    for n in 181..=235 {
        assert!(titles.contains(&format!("Release number {n}")), "{n}");
    }
    // The past behind the first cycle's page is not the gap's.
    assert!(!world.asked().contains(&"/releases?page=4".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_cycle_that_was_killed_does_not_page_the_whole_archive() {
    let world = World::new(numbered(1..=200)).await;
    world.kill_after(&["fetch"], 8).await;
    assert!(!world.releases().await.is_empty());
    world.site().clear_asked();
    world.fetch().await;
    let titles = field(&world.releases().await, "title");
    for n in 181..=200 {
        assert!(titles.contains(&format!("Release number {n}")), "{n}");
    }
    assert!(!world.asked().contains(&"/releases?page=4".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_release_pinned_on_top_does_not_hide_a_burst() {
    let world = World::new(numbered(1..=30)).await;
    world.fetch().await;
    world.publish_numbered(31..=45);
    world.site().withdraw("release-number-30");
    world.site().publish(release(30));
    world.fetch().await;
    let titles = field(&world.releases().await, "title");
    for n in 31..=45 {
        assert!(titles.contains(&format!("Release number {n}")), "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_stays_open_while_the_listing_fails() {
    let world = World::new(numbered(1..=10)).await;
    world.fetch().await;
    world.publish_numbered(11..=45);
    world
        .site()
        .set_fault("/releases", Fault::Status(500, None));
    let output = world.run(&["fetch"]).await;
    assert_eq!(output.status.code(), Some(1));
    world.site().clear_faults();
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_page_that_is_missing_for_a_moment_does_not_close_a_gap() {
    let world = World::new(numbered(1..=60)).await;
    world.json(&["backfill"]).await;
    world.fetch().await;
    world.publish_numbered(61..=110);
    let gone = Fault::Status(404, None);
    world.site().set_fault("/releases?page=2", gone);
    let report = world.failing_fetch().await;
    assert!(
        report["failed"].to_string().contains("may be missing"),
        "{report}"
    );
    world.site().clear_faults();
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 110);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_of_one_page_is_not_asked_for_thousands() {
    let world = World::new(numbered(1..=60)).await;
    world.site().set_shows_one_page();
    let walked = world.json(&["backfill"]).await;
    assert_eq!(walked["sources"][0]["done"], true, "{walked}");
    assert_eq!(world.releases().await.len(), 20);
    let pages = |path: &String| path.starts_with("/releases?");
    assert_eq!(world.asked().iter().filter(|path| pages(path)).count(), 1);
    // A burst that it cannot show is told of, for as long as nobody has looked.
    world.fetch().await;
    world.publish_numbered(61..=110);
    let report = world.failing_fetch().await;
    assert!(
        report["failed"].to_string().contains("may be missing"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_layout_is_not_the_end_of_the_past() {
    let mut world = World::new(numbered(1..=50)).await;
    world.json(&["backfill", "--max-pages", "1"]).await;
    world.set("SOURCES__0__SELECT__CARD", ".renamed");
    let output = world.run(&["backfill"]).await;
    assert_eq!(output.status.code(), Some(1));
    world.settings.remove("SOURCES__0__SELECT__CARD");
    world.json(&["backfill"]).await;
    assert_eq!(world.releases().await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_listings_each_has_to_reach_back() {
    let mut items = numbered(1..=30);
    let mut blog = release(31);
    blog.path = Some("/editorial/a-blog".to_owned());
    items.push(blog);
    let mut world = World::new(items).await;
    let base = world.newsroom.base();
    let listings = format!("[\"{base}/releases\", \"{base}/releases/t/blogs\"]");
    world.set("SOURCES__0__LISTING", &listings);
    world.set("SOURCES__0__FEED", &format!("{base}/nowhere"));
    world.failing_fetch().await;
    world.publish_numbered(32..=66);
    world.failing_fetch().await;
    let titles = field(&world.releases().await, "title");
    for n in 31..=66 {
        assert!(titles.contains(&format!("Release number {n}")), "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_found_late_never_speaks_for_the_release() {
    let copies = [
        "police-chiefs-ask-phone-makers-to-end-the-trade-in-stolen-phones",
        "stolen-phones-worthless-if-locked-say-police-chiefs",
    ];
    let is_copy = |item: &Item| copies.contains(&item.id.as_str());
    let world = World::new(examples().into_iter().filter(is_copy).collect()).await;
    world.site().set_gives_no_etags();
    let late = format!("/releases/{}", copies[1]);
    world.site().set_fault(&late, Fault::Status(500, None));
    world.failing_fetch().await;
    world.site().clear_faults();
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["merged"], 1);
    let before = world.releases().await;
    world
        .site()
        .edit(copies[1], |item| item.body += "\n\nMore in the copy.");
    for _ in 0..2 {
        world.make_pages_due().await;
        assert_eq!(world.fetch().await["revised"], 0);
    }
    assert_eq!(world.releases().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_edit_that_the_page_does_not_show_yet_is_looked_for_again() {
    let world = World::new(numbered(1..=5)).await;
    world.fetch().await;
    let page = reqwest::get(format!(
        "{}/releases/release-number-5",
        world.newsroom.base()
    ));
    let old = page.await.unwrap().bytes().await.unwrap();
    let path = "/releases/release-number-5";
    world.site().set_raw(path, "text/html", old);
    world.site().edit("release-number-5", |item| {
        item.title = "Release five, corrected".to_owned();
    });
    assert_eq!(world.fetch().await["revised"], 0, "a cache lags behind");
    world.site().clear_raw();
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_a_revision_with_the_same_guid() {
    let world = World::new(numbered(1..=5)).await;
    world.fetch().await;
    let before = world.releases().await;
    world.site().edit("release-number-5", |item| {
        item.title = "Release number five, corrected".to_owned();
        item.body += "\n\nUPDATE: one more paragraph.";
    });
    let report = world.fetch().await;
    assert_eq!(
        (&report["revised"], &report["new"]),
        (&1.into(), &0.into()),
        "{report}"
    );
    let after = world.releases().await;
    assert_eq!(field(&after, "guid"), field(&before, "guid"));
    assert_eq!(field(&after, "published"), field(&before, "published"));
    let shown = world
        .json(&["show", before[0]["id"].as_str().unwrap()])
        .await;
    assert_eq!(shown["title"], "Release number five, corrected");
    assert_eq!(
        shown["revisions"][1]["changed"],
        serde_json::json!(["title", "body"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_under_two_hosts_is_one() {
    let world = World::new(numbered(1..=5)).await;
    world.fetch().await;
    let port = world.newsroom.address().port();
    world
        .site()
        .set_links_host(Some(&format!("http://localhost:{port}")));
    let report = world.fetch().await;
    assert_eq!(report["new"], 0, "{report}");
    assert_eq!(world.releases().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_store_gives_the_same_guids() {
    let world = World::new(numbered(1..=12)).await;
    world.fetch().await;
    let before = world.releases().await;
    std::fs::remove_dir_all(world.path("store")).unwrap();
    world.fetch().await;
    assert_eq!(
        field(&world.releases().await, "guid"),
        field(&before, "guid")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_in_works_without_the_others() {
    for failing in ["/feed/rss", "/releases", "/releases/"] {
        let world = World::new(numbered(1..=5)).await;
        world.site().set_fault(failing, Fault::Status(500, None));
        let output = world.run(&["fetch"]).await;
        assert_eq!(output.status.code(), Some(1), "{failing}");
        assert_eq!(world.releases().await.len(), 5, "{failing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_titles_come_through_right() {
    let titles = [
        (
            "nbsp",
            "A\u{a0}title with a no-break space",
            "A title with a no-break space",
        ),
        ("rsquo", "The chiefs’ answer", "The chiefs’ answer"),
        (
            "ampersand",
            "Drugs & alcohol: R&D at AT&T",
            "Drugs & alcohol: R&D at AT&T",
        ),
        (
            "control",
            "Vertical\u{b}tab and bell\u{7}",
            "Vertical tab and bell",
        ),
        ("emoji", "On patrol 🚓👮🏽‍♀️", "On patrol 🚓👮🏽‍♀️"),
        ("rtl", "الشرطة ترحب بكم", "الشرطة ترحب بكم"),
    ];
    let items = titles.iter().zip(1..).map(|((id, title, _), n)| {
        let mut item = release(n);
        item.id = (*id).to_owned();
        item.title = (*title).to_owned();
        item
    });
    let world = World::new(items.collect()).await;
    world.fetch().await;
    let shown = field(&world.releases().await, "title");
    for (id, _, expected) in titles {
        assert!(
            shown.iter().any(|title| title == expected),
            "{id}: {shown:?}"
        );
    }
    world.publish().await;
    let feed = std::fs::read_to_string(world.path("out/all.rss")).unwrap();
    let read = rss::Channel::read_from(feed.as_bytes()).unwrap();
    let read: Vec<&str> = read
        .items()
        .iter()
        .filter_map(|item| item.title())
        .collect();
    assert_eq!(read, shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_whose_page_fails_is_shown_with_its_lead_and_completed_later() {
    let world = World::new(examples()).await;
    let path = "/releases/gbp-48-million-lost-to-courier-fraud-in-a-year";
    world.site().set_fault(path, Fault::Status(500, None));
    assert_eq!(world.run(&["fetch"]).await.status.code(), Some(1));
    let before = world.json(&["show", &format!("http://x{path}")]).await;
    let feed = world.feed("all").await;
    let item = item_of(&feed, &before);
    assert!(item.description().unwrap().contains("Callers who pretend"));
    assert_eq!(item.content(), None);

    world.site().clear_faults();
    world.make_pages_due().await;
    let report = world.fetch().await;
    assert_eq!(report["revised"], 1, "{report}");
    let after = world.json(&["show", &format!("http://x{path}")]).await;
    assert_eq!(after["revisions"][1]["cause"], "completed");
    for same in ["guid", "published", "updated"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    assert!(after["tags"].as_array().unwrap().iter().any(|tag| {
        tag["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .any(|evidence| evidence["where"] == "body")
    }));
    let feed = world.feed("all").await;
    assert!(item_of(&feed, &after).content().unwrap().contains("<p>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_alone_is_no_copy_until_its_page_has_been_read() {
    let copies = [
        "police-chiefs-ask-phone-makers-to-end-the-trade-in-stolen-phones",
        "stolen-phones-worthless-if-locked-say-police-chiefs",
    ];
    let items = examples()
        .into_iter()
        .filter(|item| copies.contains(&item.id.as_str()))
        .collect();
    let world = World::new(items).await;
    world
        .site()
        .set_fault("/releases/", Fault::Status(503, None));
    world.run(&["fetch"]).await;
    assert_eq!(world.releases().await.len(), 2);
    world.site().clear_faults();
    world.make_pages_due().await;
    let report = world.fetch().await;
    assert_eq!(
        (&report["merged"], &report["revised"]),
        (&1.into(), &1.into()),
        "{report}"
    );
    let releases = world.releases().await;
    assert_eq!(releases.len(), 1);
    assert_eq!(releases[0]["duplicates"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_no_announcement_shows_is_found_when_the_page_is_read_again() {
    // Older releases are not watched for edits.
    let today = chrono::Utc::now().date_naive().to_string();
    let mut items = numbered(1..=5);
    items
        .iter_mut()
        .for_each(|item| item.date.clone_from(&today));
    let world = World::new(items).await;
    world.fetch().await;
    world.site().edit("release-number-2", |item| {
        item.body += "\n\nA late paragraph."
    });
    assert_eq!(world.fetch().await["revised"], 0);
    world.make_pages_due().await;
    world.site().clear_asked();
    let report = world.fetch().await;
    assert_eq!(report["revised"], 1, "{report}");
    let statuses: Vec<u16> = world
        .site()
        .asked()
        .iter()
        .map(|asked| asked.status)
        .collect();
    // Only the one that changed was sent again.
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        statuses.iter().filter(|status| **status == 304).count(),
        5,
        "{statuses:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_are_obeyed_and_nothing_is_asked_while_they_are_unknown() {
    let world = World::new(numbered(1..=5)).await;
    world.site().set_raw(
        "/robots.txt",
        "text/plain",
        "User-agent: npcc-feeds\nDisallow: /feed\n",
    );
    let report = world.failing_fetch().await;
    assert!(
        report["failed"][0]["cause"]
            .as_str()
            .unwrap()
            .contains("robots.txt"),
        "{report}"
    );
    assert!(!world.asked().contains(&"/feed/rss".to_owned()));
    assert_eq!(world.releases().await.len(), 5, "the listing is allowed");

    let world = World::new(numbered(1..=5)).await;
    world
        .site()
        .set_fault("/robots.txt", Fault::Status(500, None));
    let report = world.failing_fetch().await;
    assert!(
        report["failed"][0]["cause"]
            .as_str()
            .unwrap()
            .contains("could not be read"),
        "{report}"
    );
    assert_eq!(world.asked(), ["/robots.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_time_gets_it() {
    let world = World::new(numbered(1..=5)).await;
    let wait = Some(("retry-after", "3600".to_owned()));
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(503, wait.clone()));
    world.failing_fetch().await;
    assert_eq!(
        world.releases().await.len(),
        5,
        "503 holds its own address alone"
    );
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(429, wait));
    world.site().clear_asked();
    let report = world.failing_fetch().await;
    assert!(
        report["failed"][0]["cause"]
            .as_str()
            .unwrap()
            .starts_with("held until 20"),
        "{report}"
    );
    assert!(
        !world.asked().contains(&"/feed/rss".to_owned()),
        "{:?}",
        world.asked()
    );

    let world = World::new(numbered(1..=5)).await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(429, None));
    world.failing_fetch().await;
    assert_eq!(
        world.asked(),
        ["/robots.txt", "/feed/rss"],
        "429 holds the whole host"
    );
    world.failing_fetch().await;
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_at_a_time_with_a_rest_after_each_answer() {
    let mut world = World::new(of_today(1..=3)).await;
    world.set("FETCH__PAUSE", "150ms");
    let late = Fault::Delay(Duration::from_millis(200));
    world.site().set_fault("/", late);
    world.fetch().await;
    // A second process goes on with the rest that the first began; its answers have no body.
    world.make_pages_due().await;
    world.fetch().await;
    let asked = world.site().asked();
    assert_eq!(asked.len(), 10, "{asked:?}");
    for pair in asked.windows(2) {
        let rest = pair[1].began.checked_duration_since(pair[0].answered);
        // The daemon's clock is read in milliseconds.
        assert!(rest >= Some(Duration::from_millis(149)), "{pair:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_and_changes_no_byte_of_what_is_published() {
    let in_circles = Fault::Redirect(302, "/feed/rss".to_owned());
    let elsewhere = Fault::Redirect(302, "http://127.0.0.2:1/feed/rss".to_owned());
    let faults: [(&str, Fault, &str); 9] = [
        ("/", Fault::Challenge, "challenges or blocks us"),
        ("/", Fault::Status(403, None), "challenges or blocks us"),
        ("/feed", Fault::Empty, "holds no release"),
        ("/feed", Fault::CutShort, "cannot be read"),
        ("/feed", Fault::Hang, "no whole answer within 500ms"),
        ("/feed", Fault::Drip, "no whole answer within 500ms"),
        ("/feed", elsewhere, "not on one of the source's hosts"),
        ("/feed", in_circles, "redirected more than 5 times"),
        ("/", Fault::Status(500, None), "500 Internal Server Error"),
    ];
    let mut world = World::new(numbered(1..=5)).await;
    world.set("FETCH__TIMEOUT", "500ms");
    world.fetch().await;
    let before = world.publish().await;
    world
        .site()
        .edit("release-number-5", |item| item.title += " again");
    for (path, fault, cause) in faults {
        world.site().set_fault(path, fault.clone());
        let report = world.failing_fetch().await;
        assert!(
            report["failed"].to_string().contains(cause),
            "{fault:?}: {report}"
        );
        world.site().clear_faults();
        if path == "/" {
            assert_eq!(world.publish().await, before, "{fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_within_the_hosts_is_followed() {
    let mut world = World::new(numbered(1..=5)).await;
    let to = world.newsroom.base().replace("127.0.0.1", "localhost") + "/feed/rss";
    world.set(
        "SOURCES__0__FEED",
        &format!("{}/old", world.newsroom.base()),
    );
    world.set("SOURCES__0__LISTING", "[]");
    world.site().set_fault("/old", Fault::Redirect(301, to));
    assert_eq!(world.fetch().await["new"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_bound_is_not_read() {
    let mut world = World::new(numbered(1..=5)).await;
    world.set("FETCH__MAX_BODY", "100 kB");
    world
        .site()
        .set_raw("/feed/rss", "text/xml", vec![b' '; 200_000]);
    let report = world.failing_fetch().await;
    let cause = report["failed"][0]["cause"].as_str().unwrap();
    assert!(cause.contains("larger than"), "{cause}");
    assert_eq!(world.releases().await.len(), 5, "the listing is there");
}

fn item_of<'a>(feed: &'a rss::Channel, release: &Value) -> &'a rss::Item {
    let guid = release["guid"].as_str().unwrap();
    let is_it = |item: &&rss::Item| item.guid().is_some_and(|given| given.value() == guid);
    feed.items().iter().find(is_it).unwrap()
}
