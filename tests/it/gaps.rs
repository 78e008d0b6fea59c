//! What the feed does not show is read from the listing, until nothing is missing.

use crate::harness::{World, field, numbered, release};
use crate::site::Fault;

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
async fn a_known_release_pinned_at_the_end_does_not_hide_a_burst() {
    let world = World::new(numbered(1..=30)).await;
    world.fetch().await;
    world.publish_numbered(31..=55);
    // The nine newest, and an old one at the end.
    let base = world.newsroom.base();
    let items: String = (47..=55).rev().chain([25])
        .map(|n| format!("<item><title>Release number {n}</title><link>{base}/releases/release-number-{n}</link></item>"))
        .collect();
    let feed = format!("<rss version=\"2.0\"><channel><title>N</title>{items}</channel></rss>");
    world.site().set_raw("/feed/rss", "text/xml", feed);
    world.fetch().await;
    let titles = field(&world.releases().await, "title");
    for n in 31..=55 {
        assert!(titles.contains(&format!("Release number {n}")), "{n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_release_of_a_newsroom_leaves_no_gap_open() {
    let world = World::new(numbered(1..=1)).await;
    world.fetch().await;
    world.publish_numbered(2..=2);
    assert_eq!(world.fetch().await["new"], 1);
    world.publish_numbered(3..=3);
    assert_eq!(world.fetch().await["new"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_release_among_new_ones_does_not_close_a_gap() {
    let world = World::new(numbered(1..=30)).await;
    world.fetch().await;
    world.publish_numbered(31..=50);
    // It comes again, on what will be the listing's second page.
    world.site().withdraw("release-number-30");
    world.site().publish(release(30));
    world.publish_numbered(51..=75);
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 75);
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
        report["failed"]
            .to_string()
            .contains("ends at page 2, though it has 6"),
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
    world.site().clear_asked();
    let report = world.failing_fetch().await;
    assert!(
        report["failed"].to_string().contains("may be missing"),
        "{report}"
    );
    assert_eq!(world.asked().iter().filter(|path| pages(path)).count(), 1);
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
async fn a_listing_that_has_been_paged_is_not_paged_again_for_another_that_fails() {
    let mut world = World::new(numbered(1..=60)).await;
    let base = world.newsroom.base();
    world.set(
        "SOURCES__0__LISTING",
        &format!("[\"{base}/releases/t/blogs\", \"{base}/releases\"]"),
    );
    let blogs = "/releases/t/blogs";
    world.site().set_fault(blogs, Fault::Status(500, None));
    world.failing_fetch().await;
    world.publish_numbered(61..=110);
    world.failing_fetch().await;
    world.site().clear_asked();
    world.failing_fetch().await;
    let pages = |path: &String| path.starts_with("/releases?");
    assert!(!world.asked().iter().any(pages), "{:?}", world.asked());
    // Another burst opens it anew for both.
    world.publish_numbered(111..=150);
    world.failing_fetch().await;
    assert!(world.releases().await.len() >= 110);
    let titles = field(&world.releases().await, "title");
    for n in 41..=150 {
        assert!(titles.contains(&format!("Release number {n}")), "{n}");
    }
}
