//! What becomes of a release after it has arrived: edits, a text that comes late, a copy found late.

use serde_json::Value;

use crate::harness::{World, examples, field, numbered, of_today, release};
use crate::inside::Inside;
use crate::site::{Fault, Item};

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_moves_to_another_slug_keeps_its_guid_and_follows() {
    let world = World::new(numbered(1..=3)).await;
    world.fetch().await;
    let before = world.releases().await;
    let title = "Headline and slug, both corrected";
    world.site().edit("release-number-3", |item| {
        item.guid = Some(item.guid());
        item.id = "headline-and-slug-both-corrected".to_owned();
        item.title = title.to_owned();
        item.body += "\n\nOne more paragraph.";
    });
    let report = world.fetch().await;
    assert_eq!(
        (&report["new"], &report["merged"], &report["revised"]),
        (&0.into(), &1.into(), &1.into()),
        "{report}"
    );
    let after = world.releases().await;
    assert_eq!(field(&after, "guid"), field(&before, "guid"));
    assert_eq!(after[0]["title"], title);
    let url = after[0]["url"].as_str().unwrap();
    assert!(url.ends_with("/headline-and-slug-both-corrected"), "{url}");
    assert_eq!(after[0]["duplicates"][0], before[0]["url"]);
    for address in [&before[0]["url"], &after[0]["url"]] {
        let shown = world.json(&["show", address.as_str().unwrap()]).await;
        assert_eq!(shown["guid"], before[0]["guid"]);
    }
    assert_eq!(world.fetch().await["requests"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_only_the_feed_knows_is_added_when_the_feed_comes_later() {
    let mut item = release(1);
    item.lead = String::new();
    let world = World::new(vec![item]).await;
    world.site().set_fault("/feed", Fault::Status(500, None));
    world.failing_fetch().await;
    world.site().clear_faults();
    world.site().edit("release-number-1", |item| {
        item.lead = "The real lead.".to_owned();
    });
    let before = world.releases().await;
    world.fetch().await;
    assert_eq!(world.releases().await, before, "no revision for readers");
    let feed = world.feed("all").await;
    assert_eq!(feed.items()[0].description(), Some("The real lead."));
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

fn item_of<'a>(feed: &'a rss::Channel, release: &Value) -> &'a rss::Item {
    let guid = release["guid"].as_str().unwrap();
    let is_it = |item: &&rss::Item| item.guid().is_some_and(|given| given.value() == guid);
    feed.items().iter().find(is_it).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_leads_to_another_release_does_not_become_it() {
    let world = World::new(of_today(1..=5)).await;
    world.fetch().await;
    let before = world.publish().await;
    for to in ["/releases/release-number-2", "/releases"] {
        let fault = Fault::Redirect(301, to.to_owned());
        world.site().set_fault("/releases/release-number-3", fault);
        world.make_pages_due().await;
        let report = world.failing_fetch().await;
        assert!(
            report["failed"].to_string().contains("leads to"),
            "{report}"
        );
        assert_eq!(world.publish().await, before, "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_mended_is_mended_in_the_feeds() {
    let world = World::new(of_today(1..=5)).await;
    let linked = |to: &str| {
        format!(
            "<h1 class=content-title>Release number 3</h1><div class=content-body>\
             <p>Read <a href='{to}'>the whole report</a> of the inquiry.</p></div>"
        )
    };
    let page = "/releases/release-number-3";
    world.site().set_raw(page, "text/html", linked("/wrong"));
    world.fetch().await;
    world.site().set_raw(page, "text/html", linked("/right"));
    world.make_pages_due().await;
    assert_eq!(
        world.fetch().await["revised"],
        0,
        "no reader of the words sees it"
    );
    let all = world.feed("all").await.to_string();
    assert!(all.contains("/right") && !all.contains("/wrong"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_words_a_release_otherwise_than_the_feed_makes_no_revision() {
    let world = Inside::new(numbered(1..=5)).await;
    world.good_cycle().await;
    let listing = world.site().listing(&world.newsroom.base());
    world.site().set_raw(
        "/releases",
        "text/html",
        listing.replace("Lead of number 3.", "Lead of"),
    );
    world.turn_minutes(25 * 60);
    assert_eq!(world.good_cycle().await.revised, 0);
}
