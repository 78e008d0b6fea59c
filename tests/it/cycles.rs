//! What a cycle promises: what is announced arrives once, and stays what it is.

use crate::harness::{World, examples, field, numbered, release};
use crate::site::Fault;

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
    let mut world = World::new(numbered(1..=12)).await;
    world.fetch().await;
    let before = world.releases().await;
    world.begin_another_store().await;
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
async fn what_other_rules_would_have_taken_is_not_hidden_behind_a_304() {
    let mut items = numbered(1..=3);
    items[0].path = Some("/blogs/one".to_owned());
    let mut world = World::new(items).await;
    world.set("SOURCES__0__LISTING", "[]");
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 2);
    world.set("SOURCES__0__ARTICLES", "[\"/releases/\", \"/blogs/\"]");
    assert_eq!(world.fetch().await["new"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_listing_is_looked_at_each_day_though_the_feed_works() {
    let world = World::new(numbered(1..=15)).await;
    world.fetch().await;
    // The feed shows ten, and this one is behind them.
    let mut late = release(200);
    late.date = "2025-06-01".to_owned();
    world.site().publish_last(late);
    assert_eq!(world.fetch().await["requests"], 1);
    world.forget_listing().await;
    assert_eq!(world.fetch().await["new"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_may_have_a_listing_alone_or_a_feed_alone() {
    for way in ["feed", "listing"] {
        let mut world = World::new(numbered(1..=8)).await;
        let base = world.newsroom.base();
        let path = if way == "feed" {
            "feed/rss"
        } else {
            "releases"
        };
        world.settings.retain(|key, _| !key.starts_with("SOURCES"));
        let config = format!("[[sources]]\n{way} = \"{base}/{path}\"\nhosts = [\"127.0.0.1\"]\n");
        std::fs::write(world.path("one.toml"), config).unwrap();
        let report = world.json(&["--config", "one.toml", "fetch"]).await;
        assert_eq!(report["sources"][0]["new"], 8, "{way}: {report}");
        let other = if way == "feed" {
            "/releases"
        } else {
            "/feed/rss"
        };
        assert!(!world.asked().contains(&other.to_owned()), "{way}");
        let again = world.json(&["--config", "one.toml", "fetch"]).await;
        assert_eq!(again["sources"][0]["requests"], 1, "{way}: {again}");
    }
}
