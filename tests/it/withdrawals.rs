//! Releases that are taken down by their publisher.

use crate::harness::{World, field, of_today, release, word};
use crate::site::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_twice_a_day_apart_is_withdrawn_and_comes_back() {
    let world = World::read(5).await;
    assert!(!world.places(&word(3)).await.is_empty());
    let number_three = of_today(3..=3).remove(0);
    world.site().withdraw("release-number-3");
    world.make_pages_due().await;
    let report = world.failing_fetch().await;
    assert_eq!(report["withdrawn"], 0, "once may be a slip");
    assert!(
        report["failed"].to_string().contains("taken for withdrawn"),
        "{report}"
    );
    world.make_pages_due().await;
    assert_eq!(world.failing_fetch().await["withdrawn"], 0, "the same day");

    world.let_gone_pages_age().await;
    assert_eq!(world.fetch().await["withdrawn"], 1);
    let rows = world.releases().await;
    let row = rows
        .iter()
        .find(|row| row["title"] == "Release number 3")
        .unwrap();
    assert_eq!(row["status"], "withdrawn");
    assert_eq!(
        world.places(&word(3)).await,
        [""; 0],
        "its text is public nowhere"
    );
    assert_eq!(world.places("Lead of number 3.").await, [""; 0]);
    let item = world.feed("all").await;
    let item = item
        .items
        .iter()
        .find(|item| item.title() == Some("Release number 3"))
        .unwrap();
    assert!(
        item.description()
            .unwrap()
            .contains("withdrawn by its publisher")
    );
    let guid = item.guid().unwrap().value.clone();

    world.site().publish_last(number_three);
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
    assert!(!world.places(&word(3)).await.is_empty());
    let shown = world.json(&["show", &guid]).await;
    assert_eq!(shown["status"], "current");
    let causes = field(shown["revisions"].as_array().unwrap(), "cause");
    assert_eq!(causes, ["first", "withdrawn", "restored"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_three_gone_at_once_are_a_fault_of_the_site() {
    let world = World::read(6).await;
    for n in 1..=4 {
        let path = format!("/releases/release-number-{n}");
        world.site().set_fault(&path, Fault::Status(404, None));
    }
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    let report = world.failing_fetch().await;
    assert_eq!(report["withdrawn"], 0);
    assert_eq!(report["alarms"][0]["kind"], "withdrawals", "{report}");
    world.site().clear_faults();
    world.make_pages_due().await;
    let report = world.fetch().await;
    assert_eq!(
        (&report["alarms"], &report["revised"]),
        (&serde_json::json!([]), &0.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_still_announced_is_not_withdrawn() {
    let world = World::read(5).await;
    let fault = Fault::Status(410, None);
    world.site().set_fault("/releases/release-number-2", fault);
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    let report = world.failing_fetch().await;
    assert_eq!(report["withdrawn"], 0);
    assert!(
        report["failed"].to_string().contains("still announces it"),
        "{report}"
    );

    // Nor while the newsroom cannot be read well.
    world.site().withdraw("release-number-3");
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    world.site().set_fault("/releases?", Fault::Empty);
    world
        .site()
        .set_raw("/releases", "text/html", "<p>Be back soon");
    assert_eq!(world.failing_fetch().await["withdrawn"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_release_is_withdrawn_while_the_feed_cannot_be_read() {
    let world = World::read(5).await;
    world.site().withdraw("release-number-3");
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(500, None));
    assert_eq!(world.failing_fetch().await["withdrawn"], 0);
    world.site().clear_faults();
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["withdrawn"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_release_that_is_issued_again_is_news() {
    let world = World::read(5).await;
    world.site().withdraw("release-number-4");
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    assert_eq!(world.fetch().await["withdrawn"], 1);
    let mut again = of_today(4..=4).remove(0);
    again.id = "release-number-4-1".to_owned();
    world.site().publish(again);
    assert_eq!(world.fetch().await["new"], 1);
    assert!(!world.places(&word(4)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_whose_copy_is_still_there_is_not_withdrawn() {
    let world = World::read(5).await;
    let mut again = of_today(4..=4).remove(0);
    again.id = "release-number-4-1".to_owned();
    world.site().publish(again);
    assert_eq!(world.fetch().await["merged"], 1);
    let id = "http://127.0.0.1/releases/release-number-4";
    let guid = world.json(&["show", id]).await["guid"].clone();
    world.site().withdraw("release-number-4");
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    let report = world.fetch().await;
    assert_eq!(report["withdrawn"], 0, "{report}");
    let rows = world.releases().await;
    let row = rows
        .iter()
        .find(|row| row["title"] == "Release number 4")
        .unwrap();
    assert_eq!(
        (&row["guid"], row["status"].as_str()),
        (&guid, Some("current"))
    );
    assert!(
        row["url"]
            .as_str()
            .unwrap()
            .ends_with("/releases/release-number-4-1"),
        "{row}"
    );
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_explains_a_topic_does_not_tell_a_withdrawn_text() {
    let mut item = of_today(6..=6).remove(0);
    item.title = "Roads policing: a week against drink driving".to_owned();
    item.body =
        "Zebediah Quill was caught by roads policing officers, drunk at the wheel, on a motorway."
            .to_owned();
    let world = World::new(vec![item, release(1)]).await;
    world.fetch().await;
    let id = "http://127.0.0.1/releases/release-number-6";
    let told = async || world.json(&["show", id]).await.to_string();
    assert!(told().await.contains("Zebediah"), "{}", told().await);
    world.site().withdraw("release-number-6");
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    assert_eq!(world.fetch().await["withdrawn"], 1);
    let told = told().await;
    assert!(
        told.contains("roads-policing") && !told.contains("Zebediah"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_release_comes_back_with_its_new_words_alone() {
    let world = World::read(5).await;
    let old = of_today(3..=3).remove(0);
    world.let_withdraw(3).await;
    // It is announced at a new address, whose page is not there yet.
    let mut moved = old.clone();
    moved.id = "corrected".to_owned();
    moved.guid = Some(old.guid());
    moved.lead = "A corrected lead.".to_owned();
    moved.body = "A corrected text, of which every word is another.".to_owned();
    world.site().publish(moved);
    world
        .site()
        .set_fault("/releases/corrected", Fault::Status(500, None));
    world.run(&["fetch"]).await;
    assert_eq!(world.places(&word(3)).await, [""; 0]);
    world.site().clear_faults();
    world.make_pages_due().await;
    world.fetch().await;
    assert_eq!(world.places(&word(3)).await, [""; 0]);
    assert_eq!(world.places("Lead of number 3.").await, [""; 0]);
    assert!(
        !world
            .places("of which every word is another")
            .await
            .is_empty()
    );
    let rows = world.releases().await;
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row["status"] == "current"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_read_now_is_not_taken_for_gone() {
    let world = World::read(5).await;
    let mut again = of_today(4..=4).remove(0);
    again.id = "release-number-4-1".to_owned();
    world.site().publish(again);
    assert_eq!(world.fetch().await["merged"], 1);
    world.site().withdraw("release-number-4");
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    let copy = "/releases/release-number-4-1";
    world.site().set_fault(copy, Fault::Status(500, None));
    assert_eq!(world.run(&["fetch"]).await.status.code(), Some(0));
    assert!(
        world
            .releases()
            .await
            .iter()
            .all(|row| row["status"] == "current")
    );
}
