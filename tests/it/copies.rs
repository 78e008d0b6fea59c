//! Releases that come again: which item stays, what it shows, and what a person says of it.

use serde_json::{Value, json};

use crate::harness::{World, field, numbered, release};
use crate::site::{Fault, Item};

const SECTIONS: [&str; 5] = [
    "Officers from eleven forces have searched yards, ports and farms for stolen excavators, quad bikes and tractors, in \
     the largest search for stolen plant that the country has seen.",
    "They found ninety machines, most of them with the marks of another owner filed off, and gave the first of them back \
     on the same day to a grower who had hired another in order to bring the harvest in.",
    "A machine is gone within a night and out of the country within a week, said the lead for rural crime, who asked \
     owners to mark theirs, to photograph its numbers, and to park it where it can be seen from the house.",
    "Makers have agreed to give each new machine a key of its own from next spring. Until now one key has opened every \
     digger of a make, and could be bought for the price of a sandwich.",
    "Whoever is offered a machine for half of what it is worth should ask for its papers and look for its mark. One that \
     was stolen is taken away again, however good the faith in which it was bought.",
];

/// A release with some of the sections, of so many days ago: young ones are watched for edits.
fn item(id: &str, title: &str, sections: &[&str], days_ago: i64) -> Item {
    Item {
        id: id.to_owned(),
        title: title.to_owned(),
        date: of_day(days_ago),
        lead: String::new(),
        body: sections.join("\n\n"),
        ..release(1)
    }
}

fn of_day(days_ago: i64) -> String {
    let day = chrono::Utc::now() - chrono::TimeDelta::days(days_ago);
    day.date_naive().to_string()
}

fn first() -> Item {
    item("stolen-plant", "Stolen plant found", &SECTIONS[..4], 9)
}

/// The same again, longer, under another headline and another address.
fn again() -> Item {
    let title = "Ninety stolen machines found by eleven forces";
    item("ninety-machines", title, &SECTIONS, 7)
}

/// A newsroom that has issued a release, and then issued it again.
async fn issued_again() -> World {
    let world = World::new(vec![first(), release(2)]).await;
    world.fetch().await;
    world.site().publish(again());
    world
}

fn counts(report: &Value) -> [i64; 3] {
    ["new", "revised", "merged"].map(|name| report[name].as_i64().unwrap())
}

async fn row(world: &World, address: &str) -> Value {
    world.json(&["show", address]).await
}

fn url(world: &World, id: &str) -> String {
    format!("{}/releases/{id}", world.newsroom.base())
}

async fn body_of(world: &World, title: &str) -> String {
    let feed = world.feed("all").await;
    let item = feed.items().iter().find(|item| item.title() == Some(title));
    item.unwrap().content().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_issued_again_longer_is_one_item_with_the_longer_text() {
    let world = issued_again().await;
    let before = world.releases().await;
    let guid_before = &row(&world, &url(&world, "stolen-plant")).await["guid"];
    assert_eq!(counts(&world.fetch().await), [0, 1, 1]);

    let after = world.releases().await;
    assert_eq!(after.len(), 2);
    let shown = row(&world, &url(&world, "stolen-plant")).await;
    assert_eq!(&shown["guid"], guid_before);
    let at = |rows: &[Value]| {
        let row = rows.iter().find(|row| row["guid"] == *guid_before).unwrap();
        (row["published"].clone(), row["url"].clone())
    };
    assert_eq!(at(&after), at(&before), "its date and its address stay");
    assert_eq!(shown["title"], again().title);
    assert_eq!(shown["duplicates"], json!([url(&world, "ninety-machines")]));
    assert_eq!(shown["merges"][0]["verdict"], "issued again");
    let reason = shown["merges"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("containment 1.00"), "{reason}");
    assert_eq!(shown["revisions"][1]["cause"], "reissued");
    assert!(
        body_of(&world, &again().title)
            .await
            .contains("half of what it is worth")
    );

    // The page at the first address says what it said: that is no edit, and does not bring the shorter text back.
    world.make_pages_due().await;
    assert_eq!(counts(&world.fetch().await), [0, 0, 0]);
    assert_eq!(world.releases().await, after);
    // An edit there is one.
    world.site().edit("stolen-plant", |item| {
        item.body = item.body.replace("ninety machines", "ninety-two machines");
    });
    world.make_pages_due().await;
    assert_eq!(counts(&world.fetch().await), [0, 1, 0]);
    let shown = row(&world, &url(&world, "stolen-plant")).await;
    assert_eq!(shown["revisions"][2]["cause"], "edited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_issued_again_shorter_keeps_its_text() {
    let world = World::new(vec![release(2)]).await;
    world.site().publish(Item {
        date: of_day(9),
        ..again()
    });
    world.fetch().await;
    world.site().publish(Item {
        date: of_day(7),
        ..first()
    });
    assert_eq!(counts(&world.fetch().await), [0, 0, 1]);
    let shown = row(&world, &url(&world, "stolen-plant")).await;
    assert_eq!(shown["title"], again().title);
    assert_eq!(shown["revisions"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_gives_back_what_was_there_and_holds_for_ever() {
    let world = issued_again().await;
    let before = row(&world, &url(&world, "stolen-plant")).await;
    world.fetch().await;
    let copy = url(&world, "ninety-machines");
    let split = world.json(&["split", &copy]).await;

    let after = row(&world, &url(&world, "stolen-plant")).await;
    for part in [
        "guid",
        "title",
        "published",
        "updated",
        "topics",
        "tags",
        "revisions",
        "duplicates",
        "merges",
    ] {
        assert_eq!(after[part], before[part], "{part}");
    }
    let freed = row(&world, &copy).await;
    assert_eq!(freed["guid"], split["guid"]);
    assert_eq!(freed["related"][0]["why"], "a person keeps the two apart");
    assert_eq!(after["related"][0]["id"], freed["id"]);
    let rows = world.releases().await;
    assert_eq!(rows.len(), 3);
    let links = field(&rows, "url");

    // Neither a cycle nor the rules bring them together again.
    world.make_pages_due().await;
    assert_eq!(counts(&world.fetch().await), [0, 0, 0]);
    let changes = world.json(&["rededuplicate"]).await;
    assert_eq!(changes, json!({"merges": [], "splits": []}));
    assert_eq!(field(&world.releases().await, "url"), links);

    // A person does, and that holds as well, whatever the rules say.
    let merged = world
        .json(&["merge", &copy, before["id"].as_str().unwrap()])
        .await;
    assert_eq!(merged["guid"], before["guid"]);
    let shown = row(&world, &copy).await;
    assert_eq!(shown["guid"], before["guid"]);
    assert_eq!(shown["title"], before["title"], "its text stays");
    assert_eq!(shown["merges"][0]["verdict"], "by a person's word");
    assert_eq!(
        row(&world, freed["id"].as_str().unwrap()).await["guid"],
        before["guid"]
    );
    world.make_pages_due().await;
    assert_eq!(counts(&world.fetch().await), [0, 0, 0]);
    assert_eq!(world.json(&["rededuplicate"]).await, changes);
    assert_eq!(world.releases().await.len(), 2);
    assert_eq!(
        world.json(&["split", &copy]).await["guid"],
        freed["guid"],
        "it gets its guid back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_releases_that_have_nothing_in_common_are_one_if_a_person_says_so() {
    let world = World::new(vec![release(1), release(2)]).await;
    world.fetch().await;
    let (one, two) = (
        url(&world, "release-number-1"),
        url(&world, "release-number-2"),
    );
    world.json(&["merge", &one, &two]).await;
    let nothing = json!({"merges": [], "splits": []});
    assert_eq!(world.json(&["rededuplicate"]).await, nothing);
    assert_eq!(world.releases().await.len(), 1);
    for (arguments, told) in [
        (
            ["merge", one.as_str(), two.as_str()],
            "both are the release",
        ),
        (["split", two.as_str(), "--"], "its copies are at"),
        (
            ["split", "https://elsewhere.example/none", "--"],
            "there is no release",
        ),
    ] {
        let output = world.run(&arguments).await;
        assert!(!output.status.success());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(told), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rededuplicate_tells_and_then_does_what_todays_rules_change() {
    let world = issued_again().await;
    world.fetch().await;
    let (first, copy) = (url(&world, "stolen-plant"), url(&world, "ninety-machines"));
    // As if an earlier version had taken them for two, and release 2 for a copy of the first.
    world.json(&["split", &copy]).await;
    world.change_store("DELETE FROM rulings").await;
    world.change_store("DELETE FROM related").await;
    let other = url(&world, "release-number-2");
    world.json(&["merge", &other, &first]).await;
    world.change_store("DELETE FROM rulings").await;
    world
        .change_store("UPDATE merges SET verdict = 'the same'")
        .await;
    let before = world.releases().await;
    assert_eq!(before.len(), 2);

    let told = world.json(&["rededuplicate", "--dry-run"]).await;
    let [split, merge] = [&told["splits"][0], &told["merges"][0]];
    assert_eq!(split["address"], *other);
    assert_eq!(split["reason"], "the texts share too little");
    assert_eq!(merge["verdict"], "issued again");
    assert_eq!(merge["title"], again().title);
    assert_eq!(world.releases().await, before, "nothing was changed");

    assert_eq!(world.json(&["rededuplicate"]).await, told);
    let shown = row(&world, &copy).await;
    assert_eq!(shown["url"], *first, "the one that was stored first stays");
    assert_eq!(shown["duplicates"], json!([copy]));
    assert_eq!(shown["title"], again().title, "with the better text");
    assert_eq!(row(&world, &other).await["url"], *other);
    assert_eq!(world.releases().await.len(), 2);
    let nothing = json!({"merges": [], "splits": []});
    assert_eq!(
        world.json(&["rededuplicate"]).await,
        nothing,
        "and that is all"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_release_that_was_stored_first_stays_when_its_page_comes_late() {
    let world = World::new(vec![release(2)]).await;
    world.fetch().await;
    world
        .site()
        .set_fault("/releases/stolen-plant", Fault::Status(500, None));
    world.site().publish(first());
    world.failing_fetch().await;
    let guid = row(&world, &url(&world, "stolen-plant")).await["guid"].clone();
    world.site().publish(again());
    world.run(&["fetch"]).await;
    assert_eq!(
        world.releases().await.len(),
        3,
        "of a lead alone nothing is told"
    );
    world.site().clear_faults();
    world.make_pages_due().await;
    world.json(&["fetch"]).await;
    assert_eq!(world.releases().await.len(), 2);
    let shown = row(&world, &url(&world, "ninety-machines")).await;
    assert_eq!(shown["guid"], guid);
    assert_eq!(shown["url"], url(&world, "stolen-plant"));
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_that_only_look_alike_are_both_there_and_related() {
    let of = |id: &str, found: &str, days_ago| {
        let sections = SECTIONS.map(|one| one.replace("ninety", found));
        let sections: Vec<&str> = sections.iter().map(String::as_str).collect();
        let first = format!(
            "{} In {found} days {found} people were arrested.",
            sections[0]
        );
        item(
            id,
            "Stolen plant",
            &[&[first.as_str()], &sections[1..]].concat(),
            days_ago,
        )
    };
    let world = World::new(vec![of("july", "70", 60)]).await;
    world.fetch().await;
    world.site().publish(of("august", "64", 30));
    assert_eq!(counts(&world.fetch().await), [1, 0, 0]);
    let july = row(&world, &url(&world, "july")).await;
    let august = row(&world, &url(&world, "august")).await;
    assert_eq!(july["related"][0]["url"], august["url"]);
    assert_eq!(august["related"][0]["url"], july["url"]);
    let why = august["related"][0]["why"].as_str().unwrap();
    assert!(why.contains("one says 70 where the other says 64"), "{why}");
    let told = world.run(&["show", &url(&world, "july")]).await;
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("\nRelated\n"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_removed_is_removed_from_copies_too() {
    let world = issued_again().await;
    world.fetch().await;
    let (first, copy) = (url(&world, "stolen-plant"), url(&world, "ninety-machines"));
    world.json(&["split", &copy]).await;
    world.json(&["merge", &copy, &first]).await;
    assert!(world.store_holds("half of what it is worth"));
    world.json(&["redact", &first]).await;
    for words in ["half of what it is worth", "price of a sandwich"] {
        assert!(!world.store_holds(words), "{words}");
    }
    world.json(&["split", &copy]).await;
    world.make_pages_due().await;
    world.fetch().await;
    assert!(
        !world.store_holds("half of what it is worth"),
        "nor does it come back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_edit_does_not_hide_the_copy_that_is_shown_and_is_kept() {
    let world = issued_again().await;
    world.fetch().await;
    let title = "Stolen plant is found";
    let page = "/releases/stolen-plant";
    world.site().set_fault(page, Fault::Status(500, None));
    world.site().edit("stolen-plant", |item| {
        item.title = title.to_owned();
        item.lead = "A lead of its own.".to_owned();
    });
    assert_eq!(counts(&world.failing_fetch().await), [0, 0, 0]);
    let body = body_of(&world, &again().title).await;
    assert!(body.contains("half of what it is worth"), "{body}");
    // It is shown when the copy leaves, with nothing of the copy's.
    let copy = url(&world, "ninety-machines");
    world.json(&["split", &copy]).await;
    let shown = row(&world, &url(&world, "stolen-plant")).await;
    let causes = field(shown["revisions"].as_array().unwrap(), "cause");
    assert_eq!(causes, ["first", "edited"]);
    let body = body_of(&world, title).await;
    assert!(body.contains("price of a sandwich"), "{body}");
    assert!(!body.contains("half of what it is worth"), "{body}");
    let feed = world.feed("all").await;
    let mut items = feed.items().iter();
    let item = items.find(|item| item.title() == Some(title)).unwrap();
    assert_eq!(item.description(), Some("A lead of its own."));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_lead_does_not_hide_the_copy_that_is_shown() {
    let world = issued_again().await;
    world.fetch().await;
    world.site().edit("stolen-plant", |item| {
        item.lead = "A lead of its own.".into()
    });
    world.forget_validators().await;
    assert_eq!(counts(&world.fetch().await), [0, 0, 0]);
    assert!(world.asked().contains(&"/releases/stolen-plant".to_owned()));
    let body = body_of(&world, &again().title).await;
    assert!(body.contains("half of what it is worth"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_read_while_a_person_merged_its_release_is_read_again_after_a_split() {
    let world = World::new(numbered(1..=3)).await;
    let page = "/releases/release-number-1";
    world.site().set_fault(page, Fault::Status(500, None));
    world.failing_fetch().await;
    world.site().clear_faults();
    world.make_pages_due().await;
    // Its page is read, and then another, which takes its time.
    let late = Fault::Delay(std::time::Duration::from_secs(3));
    world.site().set_fault("/releases/release-number-2", late);
    world.site().clear_asked();
    let (one, two) = (
        url(&world, "release-number-1"),
        url(&world, "release-number-2"),
    );
    let merging = async {
        while !world.asked().contains(&page.to_owned()) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        world.json(&["merge", &one, &two]).await
    };
    tokio::join!(world.fetch(), merging);
    world.site().clear_faults();
    world.json(&["split", &one]).await;
    world.fetch().await;
    let feed = world.feed("all").await.to_string();
    assert!(feed.contains("w1x7 "), "{feed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_releases_own_text_is_removed_while_a_copys_is_shown() {
    let lead = "Zebediah Quill has been named.";
    let world = World::new(vec![
        Item {
            lead: lead.to_owned(),
            body: [&SECTIONS[..4], &["It was Zebediah Quill, they said."]]
                .concat()
                .join("\n\n"),
            ..first()
        },
        release(2),
    ])
    .await;
    world.fetch().await;
    world.site().publish(again());
    assert_eq!(counts(&world.fetch().await), [0, 1, 1]);
    let first = url(&world, "stolen-plant");
    world.json(&["redact", &first, "1"]).await;
    assert!(!world.store_holds("Zebediah"));
    let body = body_of(&world, &again().title).await;
    assert!(body.contains("half of what it is worth"), "{body}");
    // Neither its announcement nor its page bring it back, or hide the copy.
    world.forget_validators().await;
    world.make_pages_due().await;
    world.fetch().await;
    world.site().edit("stolen-plant", |item| {
        item.title = "Found: stolen plant".to_owned();
        item.lead = format!("{lead} Again.");
    });
    let page = "/releases/stolen-plant";
    world.site().set_fault(page, Fault::Status(500, None));
    world.failing_fetch().await;
    assert!(!world.store_holds("Zebediah"));
    assert_eq!(body_of(&world, &again().title).await, body);
    let nothing = json!({"merges": [], "splits": []});
    assert_eq!(world.json(&["rededuplicate"]).await, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_page_that_holds_what_was_removed_from_its_release_is_not_stored() {
    let named = format!("{} One of them was Zebediah Quill.", SECTIONS[0]);
    let days_ago = 9;
    let world = World::new(vec![
        item("stolen-plant", "Stolen plant found", &[&named], days_ago),
        release(2),
    ])
    .await;
    world.fetch().await;
    world
        .site()
        .edit("stolen-plant", |item| item.body = SECTIONS.join("\n\n"));
    world.make_pages_due().await;
    assert_eq!(counts(&world.fetch().await), [0, 1, 0]);
    let first = url(&world, "stolen-plant");
    world.json(&["redact", &first, "1"]).await;
    let page = "/releases/ninety-machines";
    world.site().set_fault(page, Fault::Status(500, None));
    world.site().publish(item(
        "ninety-machines",
        "Stolen plant found",
        &[&[named.as_str()], &SECTIONS[1..]].concat(),
        days_ago,
    ));
    world.failing_fetch().await;
    world.site().clear_faults();
    world.make_pages_due().await;
    assert_eq!(counts(&world.fetch().await), [0, 0, 1]);
    assert!(!world.store_holds("Zebediah"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_copy_that_is_split_off_has_its_whole_text_at_once() {
    let world = World::new(vec![first(), release(2)]).await;
    world.fetch().await;
    let page = "/releases/ninety-machines";
    world.site().set_fault(page, Fault::Status(500, None));
    world.site().publish(again());
    world.failing_fetch().await;
    world.site().clear_faults();
    world.make_pages_due().await;
    assert_eq!(counts(&world.fetch().await), [0, 0, 1]);
    world.site().set_fault(page, Fault::Status(500, None));
    let copy = url(&world, "ninety-machines");
    world.json(&["split", &copy]).await;
    let freed = row(&world, &copy).await;
    let causes: Vec<&str> = freed["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["cause"].as_str().unwrap())
        .collect();
    assert_eq!(causes, ["first", "completed"]);
    let body = body_of(&world, &again().title).await;
    assert!(body.contains("half of what it is worth"), "{body}");
    let kept = body_of(&world, &first().title).await;
    assert!(!kept.contains("half of what it is worth"), "{kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_comes_late_does_not_bring_the_shorter_text_back() {
    let world = World::new(vec![first(), release(2)]).await;
    world.site().set_fault("/feed", Fault::Status(500, None));
    world.failing_fetch().await;
    world.site().publish(again());
    assert_eq!(counts(&world.failing_fetch().await), [0, 1, 1]);
    world.site().clear_faults();
    world
        .site()
        .edit("stolen-plant", |item| item.lead = "A lead.".into());
    assert_eq!(counts(&world.fetch().await), [0, 0, 0]);
    let body = body_of(&world, &again().title).await;
    assert!(body.contains("half of what it is worth"), "{body}");
    // It is kept, and shown when the copy leaves.
    world
        .json(&["split", &url(&world, "ninety-machines")])
        .await;
    let feed = world.feed("all").await;
    let mut items = feed.items().iter();
    let item = items.find(|item| item.title() == Some(&first().title));
    assert_eq!(item.unwrap().description(), Some("A lead."));
}
