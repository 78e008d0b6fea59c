//! Texts that a person removes for good.

use crate::harness::{World, of_today, release, word};
use crate::site::{Fault, Item};

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_text_is_gone_for_good_and_the_next_fetch_does_not_bring_it_back() {
    let world = World::read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id]).await;
    assert_eq!(world.places(&word(3)).await, [""; 0]);
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
    assert_eq!(world.places(&word(3)).await, [""; 0]);
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
    assert_eq!(world.places("Zebediah").await, [""; 0]);
    assert!(!world.store_holds("Zebediah"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_redacted_while_its_page_is_read_is_not_stored_after_all() {
    let world = World::read(5).await;
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
    assert_eq!(world.places("Zebediah").await, [""; 0]);
    assert!(!world.store_holds("Zebediah"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_read_while_a_person_redacts_another_is_begun_anew() {
    let world = World::read(5).await;
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
    assert!(!world.places(&word(6)).await.is_empty());
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
    let world = World::read(5).await;
    let item = of_today(3..=3).remove(0);
    world.let_withdraw(3).await;
    world.site().publish(item);
    world.make_pages_due().await;
    world.fetch().await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id, "1"]).await;
    assert_eq!(world.places(&word(3)).await, [""; 0]);
    assert!(!world.store_holds(&word(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_revision_can_be_redacted() {
    let world = World::read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    let secret = |text: &str| text.replacen("w3x5", "Zebediah Quill", 1);
    world
        .site()
        .edit("release-number-3", |item| item.body = secret(&item.body));
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
    assert!(!world.places("Zebediah").await.is_empty());
    world.json(&["redact", id, "2"]).await;
    assert_eq!(world.places("Zebediah").await, [""; 0]);
    assert!(!world.store_holds("Zebediah"));
    // The page still has it.
    world.forget_validators().await;
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 0);
    assert_eq!(world.places("Zebediah").await, [""; 0]);
    // The publisher mends it.
    world
        .site()
        .edit("release-number-3", |item| item.body = release(3).body);
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
    assert!(!world.places(&word(3)).await.is_empty());
    let wrong = world.run(&["redact", id, "9"]).await;
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_revision_does_not_come_back_with_a_line_more_or_a_new_lead() {
    let world = World::read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id, "1"]).await;
    assert_eq!(world.places(&word(3)).await, [""; 0]);
    world.site().edit("release-number-3", |item| {
        item.body += "\n\nShare this page";
        item.lead = "Lead of number 3, again.".to_owned();
    });
    world.make_pages_due().await;
    world.fetch().await;
    assert_eq!(world.places(&word(3)).await, [""; 0]);
    assert_eq!(world.places("Lead of number 3").await, [""; 0]);
    assert!(!world.store_holds(&word(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_text_whose_page_comes_late_at_another_address_is_known() {
    let world = World::read(5).await;
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
    assert_eq!(world.places(&word(3)).await, [""; 0]);
    assert!(!world.store_holds(&word(3)));
}

/// Five releases that were read, and a copy of the third.
async fn read_with_a_copy() -> World {
    let world = World::read(5).await;
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
            assert_eq!(world.places(&word(3)).await, [""; 0]);
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
    let world = World::read(5).await;
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
    let at = world.places("nothing is left of it").await;
    assert!(!at.is_empty());
    world.forget_validators().await;
    world.fetch().await;
    assert!(!world.store_holds("Lead of number 3."));
    // The old address is split off, and stays without it.
    world.json(&["split", id]).await;
    world.make_pages_due().await;
    world.run(&["fetch"]).await;
    assert!(!world.store_holds(&word(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_text_whose_page_comes_late_is_part_of_no_release_that_a_person_keeps_apart() {
    let world = World::read(5).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_lead_does_not_come_back_behind_the_next_text() {
    let world = World::read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id, "1"]).await;
    world.site().edit("release-number-3", |item| {
        item.body = "Another text, in which nothing is left of it.".to_owned();
    });
    world.make_pages_due().await;
    world.fetch().await;
    assert!(!world.places("nothing is left of it").await.is_empty());
    for _ in 0..2 {
        world.forget_validators().await;
        assert_eq!(world.fetch().await["revised"], 0);
        assert!(!world.store_holds("Lead of number 3."));
    }
    // The publisher's next lead is taken.
    world
        .site()
        .edit("release-number-3", |item| item.lead = "A new lead.".into());
    world.fetch().await;
    assert!(!world.places("A new lead.").await.is_empty());
    assert!(!world.store_holds("Lead of number 3."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_stands_in_another_revision_is_not_removed_with_one() {
    let world = World::read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.site().edit("release-number-3", |item| {
        item.body = "Another text, in which nothing is left of it.".to_owned();
    });
    world.make_pages_due().await;
    world.fetch().await;
    world.json(&["redact", id, "1"]).await;
    assert!(!world.store_holds(&word(3)));
    world.forget_validators().await;
    world.fetch().await;
    assert!(!world.places("Lead of number 3.").await.is_empty());
    let item = Item {
        body: "Another text, in which nothing is left of it.".to_owned(),
        ..of_today(3..=3).remove(0)
    };
    world.let_withdraw(3).await;
    world.site().publish(item);
    world.make_pages_due().await;
    world.fetch().await;
    assert!(!world.places("Lead of number 3.").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_alone_is_removed_without_the_texts_that_came_after_it() {
    let world = World::new(of_today(1..=2)).await;
    let page = "/releases/release-number-2";
    world.site().set_fault(page, Fault::Status(500, None));
    world.failing_fetch().await;
    world.site().edit("release-number-2", |item| {
        item.lead = "Zebediah Quill has been named.".to_owned();
    });
    world.failing_fetch().await;
    let id = "http://127.0.0.1/releases/release-number-2";
    world.json(&["redact", id, "2"]).await;
    assert!(!world.store_holds("Zebediah"));
    assert!(world.store_holds("Lead of number 2."), "it is another");
    // Its page comes, which is no completion; the lead is still announced.
    world.site().clear_faults();
    world.forget_validators().await;
    world.make_pages_due().await;
    world.fetch().await;
    assert!(!world.places(&word(2)).await.is_empty());
    world.forget_validators().await;
    world.fetch().await;
    assert!(!world.store_holds("Zebediah"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_removed_also_where_another_has_more_around_it() {
    let id = "http://127.0.0.1/releases/release-number-3";
    let with = |more: &str| Item {
        body: format!("{}\n\n{more}", release(3).body),
        ..of_today(3..=3).remove(0)
    };
    let longer = "It has a paragraph more, which makes it the better text of the two.";
    // A copy, a copy whose text is shown, and the release itself with a note.
    for more in ["Notes to editors", longer, "UPDATE: the appeal is over."] {
        let world = World::read(5).await;
        if more.starts_with("UPDATE") {
            world
                .site()
                .edit("release-number-3", |item| item.body = with(more).body);
            world.make_pages_due().await;
            assert_eq!(world.fetch().await["revised"], 1);
        } else {
            world.site().publish(Item {
                id: "again".to_owned(),
                ..with(more)
            });
            let report = world.fetch().await;
            assert_eq!(report["merged"], 1);
            assert_eq!(report["revised"], i32::from(more == longer), "{report}");
        }
        world.json(&["redact", id, "1"]).await;
        assert!(!world.store_holds(&word(3)), "{more}");
        assert_eq!(world.places(&word(3)).await, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_lead_comes_back_with_no_copy() {
    let id = "http://127.0.0.1/releases/release-number-3";
    for is_late in [false, true] {
        let world = World::read(5).await;
        let text = format!("Of another day. {}", release(3).body);
        let body = text.replace("Lead of number 3.", "Of this lead nothing is left.");
        world.site().edit("release-number-3", |item| {
            item.lead = "Another lead.".to_owned();
            item.body = body.clone();
        });
        world.make_pages_due().await;
        world.fetch().await;
        world.json(&["redact", id, "1"]).await;
        assert!(!world.store_holds("Lead of number 3."));
        let page = "/releases/again";
        if is_late {
            world.site().set_fault(page, Fault::Status(500, None));
        }
        world.site().publish(Item {
            id: "again".to_owned(),
            body: format!(
                "{body}\n\nIt has a paragraph more, which makes it the better text of the two."
            ),
            ..of_today(3..=3).remove(0)
        });
        world.run(&["fetch"]).await;
        world.site().clear_faults();
        world.make_pages_due().await;
        world.fetch().await;
        assert_eq!(world.releases().await.len(), 5);
        assert!(
            !world
                .places("which makes it the better text")
                .await
                .is_empty()
        );
        assert_eq!(world.places("Lead of number 3.").await, [""; 0]);
        // What was announced as a release of its own is kept as that.
        assert_eq!(world.store_holds("Lead of number 3."), is_late);
        if !is_late {
            let copy = "http://127.0.0.1/releases/again";
            world.json(&["split", copy]).await;
            world.forget_validators().await;
            world.fetch().await;
            assert!(!world.store_holds("Lead of number 3."));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_lead_does_not_move_along_with_a_new_text() {
    let world = World::read(5).await;
    let id = "http://127.0.0.1/releases/release-number-3";
    world.json(&["redact", id, "1"]).await;
    let old = of_today(3..=3).remove(0);
    world.site().withdraw("release-number-3");
    world.site().publish(Item {
        id: "moved".to_owned(),
        guid: Some(old.guid()),
        body: "Another text, in which nothing is left of it.".to_owned(),
        ..old
    });
    assert_eq!(world.fetch().await["merged"], 1);
    assert!(!world.places("nothing is left of it").await.is_empty());
    assert!(!world.store_holds("Lead of number 3."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_may_hold_a_removed_text_is_named() {
    let mut world = World::in_file(of_today(1..=3)).await;
    world.fetch().await;
    let backup = "store/npcc-feeds.db-version-3";
    std::fs::write(world.path(backup), "").unwrap();
    let names_it = async |world: &World, n: u32| {
        let id = format!("http://127.0.0.1/releases/release-number-{n}");
        let output = world.run(&["redact", &id]).await;
        assert!(output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains(backup) && said.contains("remove that file"),
            "{said}"
        );
    };
    names_it(&world, 3).await;
    // Also to whoever comes to the store by a link.
    let store = world.path("store/npcc-feeds.db");
    std::os::unix::fs::symlink(store, world.path("link.db")).unwrap();
    world.set("STORE__URL", "sqlite:link.db");
    names_it(&world, 2).await;
}
