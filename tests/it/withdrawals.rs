//! Releases that are taken down, by their publisher or by a person's word.

use crate::harness::{World, field, of_today, release};
use crate::site::Fault;

/// A world that has read these releases of today.
async fn read(last: u32) -> World {
    let world = World::new(of_today(1..=last)).await;
    world.fetch().await;
    world
}

/// One word of a release's text that stands nowhere else.
fn word(n: u32) -> String {
    format!("w{n}x7 ")
}

/// Where a text stands in what is published.
async fn places(world: &World, text: &str) -> Vec<String> {
    let files = world.publish().await;
    let holds = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains(text);
    let found = files.iter().filter(|(_, bytes)| holds(bytes));
    found.map(|(name, _)| name.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_twice_a_day_apart_is_withdrawn_and_comes_back() {
    let world = read(5).await;
    assert!(!places(&world, &word(3)).await.is_empty());
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
        places(&world, &word(3)).await,
        [""; 0],
        "its text is public nowhere"
    );
    assert_eq!(places(&world, "Lead of number 3.").await, [""; 0]);
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
    assert!(!places(&world, &word(3)).await.is_empty());
    let shown = world.json(&["show", &guid]).await;
    assert_eq!(shown["status"], "current");
    let causes = field(shown["revisions"].as_array().unwrap(), "cause");
    assert_eq!(causes, ["first", "withdrawn", "restored"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_three_gone_at_once_are_a_fault_of_the_site() {
    let world = read(6).await;
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
    let world = read(5).await;
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
    let world = read(5).await;
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
    let world = read(5).await;
    world.site().withdraw("release-number-4");
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    assert_eq!(world.fetch().await["withdrawn"], 1);
    let mut again = of_today(4..=4).remove(0);
    again.id = "release-number-4-1".to_owned();
    world.site().publish(again);
    assert_eq!(world.fetch().await["new"], 1);
    assert!(!places(&world, &word(4)).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_whose_copy_is_still_there_is_not_withdrawn() {
    let world = read(5).await;
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
async fn a_redacted_text_is_gone_for_good_and_the_next_fetch_does_not_bring_it_back() {
    let world = read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id]).await;
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    assert!(
        !world.store_holds(&word(3)),
        "not even in the database's free pages"
    );
    assert!(!world.store_holds("Lead of number 3."));

    // The page is edited, the feed tells of it, the release comes again at another address.
    world.site().edit("release-number-3", |item| {
        item.lead = "Another lead.".to_owned()
    });
    let mut again = of_today(3..=3).remove(0);
    again.id = "release-number-3-1".to_owned();
    world.site().publish(again);
    world.forget_validators().await;
    world.make_pages_due().await;
    let report = world.fetch().await;
    assert_eq!(
        (&report["new"], &report["merged"]),
        (&0.into(), &1.into()),
        "{report}"
    );
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    assert!(!world.store_holds(&word(3)));
    let shown = world.json(&["show", id]).await;
    assert_eq!(shown["title"], "Release number 3", "its title stays");
    let channel = world.feed("all").await;
    let item = channel
        .items
        .iter()
        .find(|item| item.title() == Some("Release number 3"));
    let item = item.unwrap();
    assert_eq!(
        item.description(),
        Some("The text of this release has been removed.")
    );

    // Nor does any other text of it come.
    world.site().edit("release-number-3", |item| {
        item.body = "Zebediah Quill says all anew, in other words, and at length.".to_owned();
    });
    world.make_pages_due().await;
    world.fetch().await;
    assert_eq!(places(&world, "Zebediah").await, [""; 0]);
    assert!(!world.store_holds("Zebediah"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_redacted_while_its_page_is_read_is_not_stored_after_all() {
    let world = read(5).await;
    world.site().edit("release-number-3", |item| {
        item.body = "Zebediah Quill says all anew, in other words, and at length.".to_owned();
    });
    let page = "/releases/release-number-3";
    world.make_page_due(page).await;
    let late = Fault::Delay(std::time::Duration::from_secs(3));
    world.site().set_fault(page, late);
    world.site().clear_asked();
    let redacting = async {
        // The page is asked for after the feed has answered.
        while world.site().asked().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        world
            .json(&["redact", "http://127.0.0.1/releases/release-number-3"])
            .await
    };
    let (report, _) = tokio::join!(world.fetch(), redacting);
    assert_eq!(report["revised"], 0, "{report}");
    assert_eq!(places(&world, "Zebediah").await, [""; 0]);
    assert!(!world.store_holds("Zebediah"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_read_while_a_person_redacts_another_is_begun_anew() {
    let world = read(5).await;
    world.site().publish(of_today(6..=6).remove(0));
    let page = "/releases/release-number-6";
    let late = Fault::Delay(std::time::Duration::from_secs(2));
    world.site().set_fault(page, late);
    world.site().clear_asked();
    let redacting = async {
        // The page is asked for after the feed has answered.
        while world.asked().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        world
            .json(&["redact", "http://127.0.0.1/releases/release-number-3"])
            .await
    };
    let (report, _) = tokio::join!(world.fetch(), redacting);
    assert_eq!(report["new"], 1, "{report}");
    let asked = world.asked();
    let times = asked.iter().filter(|asked| *asked == page).count();
    assert_eq!(times, 2, "what was read before does not count");
    assert!(!places(&world, &word(6)).await.is_empty());
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
async fn what_is_redacted_is_left_neither_in_copies_nor_in_evidence() {
    let mut item = of_today(6..=6).remove(0);
    item.title = "Roads policing: a week against drink driving".to_owned();
    item.body += "\n\nA drunk driver on the motorway told roads policing officers: Zebediah Quill.";
    let mut again = item.clone();
    again.id = "release-number-6-1".to_owned();
    again.body += "\n\nAs Obadiah Finch had told them before.";
    let world = World::new(vec![item]).await;
    world.fetch().await;
    world.site().publish(again);
    assert_eq!(world.fetch().await["merged"], 1);
    assert!(world.store_holds("Zebediah") && world.store_holds("Obadiah"));
    world
        .json(&["redact", "http://127.0.0.1/releases/release-number-6"])
        .await;
    assert!(!world.store_holds("Zebediah") && !world.store_holds("Obadiah"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_stands_in_several_revisions_is_redacted_in_all() {
    let world = read(5).await;
    let item = of_today(3..=3).remove(0);
    withdrawn(&world, 3).await;
    world.site().publish(item);
    world.make_pages_due().await;
    world.fetch().await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id, "1"]).await;
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    assert!(!world.store_holds(&word(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_revision_can_be_redacted() {
    let world = read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    let secret = |text: &str| text.replacen("w3x5", "Zebediah Quill", 1);
    world
        .site()
        .edit("release-number-3", |item| item.body = secret(&item.body));
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
    assert!(!places(&world, "Zebediah").await.is_empty());
    world.json(&["redact", id, "2"]).await;
    assert_eq!(places(&world, "Zebediah").await, [""; 0]);
    assert!(!world.store_holds("Zebediah"));
    // The page still has it.
    world.forget_validators().await;
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 0);
    assert_eq!(places(&world, "Zebediah").await, [""; 0]);
    // The publisher mends it.
    world
        .site()
        .edit("release-number-3", |item| item.body = release(3).body);
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
    assert!(!places(&world, &word(3)).await.is_empty());
    let wrong = world.run(&["redact", id, "9"]).await;
    assert_eq!(wrong.status.code(), Some(2));
}

/// Lets a release be withdrawn.
async fn withdrawn(world: &World, n: u32) {
    world.site().withdraw(&format!("release-number-{n}"));
    world.make_pages_due().await;
    world.failing_fetch().await;
    world.let_gone_pages_age().await;
    assert_eq!(world.fetch().await["withdrawn"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_release_comes_back_with_its_new_words_alone() {
    let world = read(5).await;
    let old = of_today(3..=3).remove(0);
    withdrawn(&world, 3).await;
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
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    world.site().clear_faults();
    world.make_pages_due().await;
    world.fetch().await;
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    assert_eq!(places(&world, "Lead of number 3.").await, [""; 0]);
    assert!(
        !places(&world, "of which every word is another")
            .await
            .is_empty()
    );
    let rows = world.releases().await;
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row["status"] == "current"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_read_now_is_not_taken_for_gone() {
    let world = read(5).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_revision_does_not_come_back_with_a_line_more_or_a_new_lead() {
    let world = read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id, "1"]).await;
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    world.site().edit("release-number-3", |item| {
        item.body += "\n\nShare this page";
        item.lead = "Lead of number 3, again.".to_owned();
    });
    world.make_pages_due().await;
    world.fetch().await;
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    assert_eq!(places(&world, "Lead of number 3").await, [""; 0]);
    assert!(!world.store_holds(&word(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_text_whose_page_comes_late_at_another_address_is_known() {
    let world = read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id]).await;
    let mut again = of_today(3..=3).remove(0);
    again.id = "another".to_owned();
    again.body += "\n\nA second paragraph that both have.";
    world.site().publish(again.clone());
    world
        .site()
        .set_fault("/releases/another", Fault::Status(500, None));
    world.run(&["fetch"]).await;
    world.site().clear_faults();
    world.make_pages_due().await;
    world.run(&["fetch"]).await;
    assert_eq!(places(&world, &word(3)).await, [""; 0]);
    assert!(!world.store_holds(&word(3)));
}

/// Five releases that were read, and a copy of the third.
async fn read_with_a_copy() -> World {
    let world = read(5).await;
    let mut again = of_today(3..=3).remove(0);
    again.id = "again".to_owned();
    world.site().publish(again);
    assert_eq!(world.fetch().await["merged"], 1);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_text_does_not_come_back_on_a_part_that_is_split_off() {
    let id = "http://127.0.0.1/releases/release-number-3";
    let copy = "http://127.0.0.1/releases/again";
    for redact in [&["redact", id][..], &["redact", id, "1"]] {
        for was_a_release in [false, true] {
            let world = read_with_a_copy().await;
            if was_a_release {
                world.json(&["split", copy]).await;
                world.json(&["merge", copy, id]).await;
            }
            world.json(redact).await;
            assert!(!world.store_holds(&word(3)));
            world.json(&["split", copy]).await;
            world.forget_validators().await;
            world.make_pages_due().await;
            world.fetch().await;
            assert_eq!(places(&world, &word(3)).await, [""; 0]);
            assert!(!world.store_holds(&word(3)));
            assert!(!world.store_holds("Lead of number 3."));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lead_of_a_removed_text_is_not_noted_again() {
    let id = "http://127.0.0.1/releases/release-number-3";
    let lead = "Lead of number 3.";
    for redact in [&["redact", id][..], &["redact", id, "1"]] {
        let world = read_with_a_copy().await;
        assert!(world.store_holds(lead));
        world.json(redact).await;
        assert!(!world.store_holds(lead));
        let again = async || {
            world.forget_validators().await;
            world.fetch().await;
            assert!(!world.store_holds(lead), "{redact:?}");
        };
        again().await;
        // Also where its addresses lead to another by now.
        world
            .json(&["merge", id, "http://127.0.0.1/releases/release-number-4"])
            .await;
        again().await;
        // And where the newsroom gives it another address.
        let mut moved = of_today(3..=3).remove(0);
        moved.guid = Some(moved.guid());
        moved.id = "moved".to_owned();
        world.site().withdraw("release-number-3");
        world.site().publish(moved);
        again().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_moves_after_its_text_was_removed_does_not_bring_it_along() {
    let world = read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id, "1"]).await;
    let mut moved = of_today(3..=3).remove(0);
    moved.guid = Some(moved.guid());
    moved.id = "moved".to_owned();
    world.site().withdraw("release-number-3");
    world.site().publish(moved);
    assert_eq!(world.fetch().await["merged"], 1);
    for words in [word(3).as_str(), "Lead of number 3."] {
        assert!(!world.store_holds(words), "{words}");
    }
    // The publisher's next text is taken.
    world.site().edit("moved", |item| {
        item.body = "Another text, in which nothing is left of it.".to_owned();
    });
    world.make_pages_due().await;
    world.fetch().await;
    let at = places(&world, "nothing is left of it").await;
    assert!(!at.is_empty());
    // The old address is split off, and stays without it.
    world.json(&["split", id]).await;
    world.make_pages_due().await;
    world.run(&["fetch"]).await;
    assert!(!world.store_holds(&word(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_text_whose_page_comes_late_is_part_of_no_release_that_a_person_keeps_apart() {
    let world = read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.site().edit("release-number-3", |item| {
        item.body += "\n\nA second paragraph that both have.";
    });
    world.make_pages_due().await;
    world.fetch().await;
    let mut again = of_today(3..=3).remove(0);
    again.id = "another".to_owned();
    again.body += "\n\nA second paragraph that both have.";
    world.site().publish(again);
    let page = "/releases/another";
    world.site().set_fault(page, Fault::Status(500, None));
    world.failing_fetch().await;
    let another = "http://127.0.0.1/releases/another";
    world.json(&["merge", another, id]).await;
    world.json(&["split", another]).await;
    world.json(&["redact", id]).await;
    world.site().clear_faults();
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["merged"], 0);
    assert_eq!(world.releases().await.len(), 6);
    assert!(!world.store_holds(&word(3)));
}
