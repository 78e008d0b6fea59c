//! A person's word on topics, and what becomes of stored releases when the rules change.

use serde_json::{Value, json};

use crate::harness::{World, field, numbered, of_today, release};

const ROADS: &str = "roads-policing";
const HOME: &str = "domestic-abuse";
const WOMEN: &str = "violence-against-women-and-girls";

fn address(n: u32) -> String {
    format!("http://127.0.0.1/releases/release-number-{n}")
}

/// A taxonomy of these topics, each with the phrase that gives it.
fn taxonomy(topics: &[(&str, &str)], more: &str) -> String {
    let scoring = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n";
    let topics = topics.iter().map(|(id, phrase)| {
        format!(
            "[[topics]]\nid = \"{id}\"\ntitle = \"{id}\"\nscope = \"s\"\nstrong = [\"{phrase}\"]\n"
        )
    });
    format!("{scoring}{}{more}", topics.collect::<String>())
}

impl World {
    /// Has the topics of this taxonomy from now on.
    fn sort_by(&mut self, taxonomy: &str) {
        std::fs::write(self.path("topics.toml"), taxonomy).unwrap();
        self.set("CLASSIFY__TOPICS", "topics.toml");
    }

    async fn topics_of(&self, n: u32) -> Vec<String> {
        let shown = self.json(&["show", &address(n)]).await;
        serde_json::from_value(shown["topics"].clone()).unwrap()
    }

    async fn reclassify(&self) -> Vec<Value> {
        let moved = self.json(&["reclassify"]).await;
        moved.as_array().unwrap().clone()
    }

    /// The titles in a topic's live feed, in the order of the alphabet.
    async fn live(&self, topic: &str) -> Vec<String> {
        let channel = self.feed(&format!("topics/{topic}")).await;
        let titles = channel
            .items
            .iter()
            .map(|item| item.title().unwrap().to_owned());
        let mut titles: Vec<String> = titles.collect();
        titles.sort();
        titles
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_outlives_every_run_of_the_rules() {
    let world = World::read(3).await;
    let given = world
        .json(&["label", &address(2), "+domestic-abuse", "+roads-policing"])
        .await;
    assert_eq!(
        given["gets"],
        json!([HOME, ROADS, WOMEN]),
        "and what a topic implies"
    );
    assert_eq!(world.topics_of(2).await, [WOMEN, HOME, ROADS]);
    assert_eq!(world.live(HOME).await, ["Release number 2"]);
    world.json(&["label", &address(2), "-roads-policing"]).await;
    assert_eq!(world.topics_of(2).await, [WOMEN, HOME]);

    // An edit, another look at all, a store that is read anew.
    world.site().edit("release-number-2", |item| {
        item.title = "Drink driving: a week of speeding checks".to_owned();
        item.lead = "Drink driving and speeding.".to_owned();
    });
    world.make_pages_due().await;
    assert_eq!(world.fetch().await["revised"], 1);
    assert_eq!(world.reclassify().await, [Value::Null; 0]);
    assert_eq!(world.topics_of(2).await, [WOMEN, HOME]);
    let shown = world.json(&["show", &address(2)]).await;
    let corrections = shown["corrections"].as_array().unwrap();
    assert_eq!(field(corrections, "id"), [ROADS, HOME], "the latest first");
    assert_eq!(corrections[0]["wanted"], false);
    let text = world.run(&["show", &address(2)]).await;
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("roads-policing: taken away by a person"),
        "{text}"
    );

    // What is unsaid is the rules' again.
    let unsaid = world
        .json(&["label", &address(2), "=roads-policing", "=domestic-abuse"])
        .await;
    assert_eq!(unsaid["topics"], json!([ROADS]));
    assert_eq!(unsaid["loses"], json!([HOME, WOMEN]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_cannot_be_meant_changes_nothing_and_says_why() {
    let world = World::read(1).await;
    let id = address(1);
    for (words, told) in [
        (
            &["roads-policing"][..],
            "write +roads-policing, -roads-policing or =roads-policing",
        ),
        (
            &["+roads"],
            "there is no topic \"roads\"; did you mean \"roads-policing\"?",
        ),
        (&["+hate-crime", "-hate-crime"], "stands there twice"),
        (&["+unclassified"], "there is no topic \"unclassified\""),
        (&[], "required"),
    ] {
        let output = world.run(&[&["label", &id], words].concat()).await;
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(told), "{told} in {error}");
    }
    let output = world
        .run(&["label", "https://elsewhere.example/none", "+hate-crime"])
        .await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(world.topics_of(1).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_are_exported_as_labelled_releases() {
    let world = World::read(4).await;
    world.json(&["label", &address(2), "+domestic-abuse"]).await;
    world.json(&["label", &address(3), "-roads-policing"]).await;
    world.json(&["label", &address(4), "+roads-policing"]).await;
    world.json(&["redact", &address(4)]).await;
    let output = world.run(&["labels", "export"]).await;
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("1 release is left out"), "{error}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let labelled: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        field(&labelled, "title"),
        ["Release number 2", "Release number 3"]
    );
    assert_eq!(labelled[0]["topics"], json!([WOMEN, HOME]));
    assert_eq!(labelled[1]["topics"], json!([]));
    assert!(labelled[0]["body"].as_str().unwrap().contains("w2x7"));
    std::fs::write(world.path("labels.jsonl"), lines).unwrap();
    let scores = world.json(&["evaluate", "topics", "labels.jsonl"]).await;
    assert_eq!(scores["releases"], 2);
    assert_eq!(
        scores["micro"]["recall"], 0.0,
        "the rules do not know it yet"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_topic_fills_its_archive_and_only_what_is_recent_is_shown_as_news() {
    let mut items = of_today(5..=6);
    items.extend(numbered(1..=4));
    let mut world = World::new(items).await;
    world.sort_by(&taxonomy(&[("first", "number 1")], ""));
    world.fetch().await;
    let before = world.live("unclassified").await;
    assert_eq!(before.len(), 5);

    let topics = [("first", "release number"), ("second", "number 2")];
    world.sort_by(&taxonomy(&topics, ""));
    let told = world.json(&["reclassify", "--dry-run"]).await;
    let told = told.as_array().unwrap();
    assert_eq!(told.len(), 5, "{told:?}");
    assert_eq!(world.topics_of(2).await, [""; 0], "only told");
    assert_eq!(&world.reclassify().await, told);
    assert_eq!(world.topics_of(2).await, ["first", "second"]);
    let archive = world.json(&["releases", "--topic", "first"]).await;
    assert_eq!(archive.as_array().unwrap().len(), 6);
    let live = ["Release number 1", "Release number 5", "Release number 6"];
    assert_eq!(world.live("first").await, live, "one had the topic before");
    assert_eq!(world.live("second").await, [""; 0]);
    assert_eq!(world.reclassify().await, [Value::Null; 0]);

    // A mistake of the rules that is mended leaves the feeds as they were.
    world.sort_by(&taxonomy(&[("second", "number 2")], ""));
    world.reclassify().await;
    assert_eq!(
        world.live("unclassified").await,
        before[1..],
        "without what was never there"
    );
    world.sort_by(&taxonomy(&topics, ""));
    world.reclassify().await;
    assert_eq!(world.live("first").await, live);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_releases_of_a_renamed_topic_go_with_it() {
    let mut world = World::new(numbered(1..=3)).await;
    world.sort_by(&taxonomy(&[("before", "release number")], ""));
    world.fetch().await;
    world.json(&["label", &address(2), "-before"]).await;
    world.json(&["redact", &address(1)]).await;
    let renamed = "[[retired]]\nid = \"before\"\nto = \"now\"\n";
    world.sort_by(&taxonomy(&[("now", "release number")], renamed));
    assert_eq!(world.reclassify().await.len(), 2);
    let titles = ["Release number 1", "Release number 3"];
    assert_eq!(
        world.live("now").await,
        titles,
        "removed texts keep their topics"
    );
    assert_eq!(
        world.topics_of(2).await,
        [""; 0],
        "and so does a person's word"
    );
    world.json(&["label", &address(2), "=now"]).await;
    assert_eq!(
        world.topics_of(2).await,
        ["now"],
        "unsaid under its old name"
    );
    world.sort_by(&taxonomy(
        &[("other", "nothing of it")],
        "[[retired]]\nid = \"now\"\n",
    ));
    world.reclassify().await;
    assert_eq!(world.topics_of(1).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_goes_along_when_its_release_becomes_part_of_another() {
    let world = World::read(3).await;
    world.json(&["label", &address(2), "+roads-policing"]).await;
    world.json(&["merge", &address(2), &address(3)]).await;
    assert_eq!(world.topics_of(3).await, [ROADS]);
    world.json(&["label", &address(3), "-roads-policing"]).await;
    assert_eq!(
        world.topics_of(3).await,
        [""; 0],
        "the word on what is shown counts first"
    );
    world.json(&["label", &address(3), "=roads-policing"]).await;
    assert_eq!(world.topics_of(3).await, [""; 0], "unsaid of all");
    world.json(&["split", &address(2)]).await;
    world.json(&["label", &address(2), "+roads-policing"]).await;
    world.json(&["merge", &address(2), &address(3)]).await;
    assert_eq!(world.topics_of(3).await, [ROADS]);
    world.json(&["split", &address(2)]).await;
    assert_eq!(world.topics_of(2).await, [ROADS]);
    assert_eq!(world.topics_of(3).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_known_by_which_rules_the_releases_were_sorted() {
    let mut world = World::read(2).await;
    let rules = async |world: &World| {
        let mut store = world.open_store().await;
        let row: (i64,) = sqlx::query_as("SELECT value FROM counters WHERE name = 'rules'")
            .fetch_one(&mut store)
            .await
            .unwrap();
        row.0
    };
    let first = rules(&world).await;
    assert_ne!(first, 0, "an empty store is sorted by the first rules");
    world.sort_by(&taxonomy(&[("a", "release number")], ""));
    world.fetch().await;
    assert_eq!(rules(&world).await, 0, "some by these, and some by those");
    world.reclassify().await;
    assert_ne!(rules(&world).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_stands_in_the_live_feeds_of_what_became_part_of_it() {
    let mut world = World::new(numbered(1..=3)).await;
    world.sort_by(&taxonomy(&[("second", "number 2")], ""));
    world.fetch().await;
    world.json(&["label", &address(2), "+second"]).await;
    world.json(&["merge", &address(2), &address(3)]).await;
    assert_eq!(world.live("second").await, ["Release number 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_that_is_split_off_is_no_news() {
    let world = World::new(numbered(1..=3)).await;
    world.fetch().await;
    let mut again = release(3);
    again.id = "release-number-3-1".to_owned();
    world.site().publish(again);
    assert_eq!(world.fetch().await["merged"], 1);
    let copy = "http://127.0.0.1/releases/release-number-3-1";
    world.json(&["split", copy]).await;
    assert_eq!(world.releases().await.len(), 4);
    assert_eq!(world.live("unclassified").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_topics_that_became_one_the_live_feed_counts() {
    let mut world = World::new(numbered(1..=2)).await;
    world.sort_by(&taxonomy(&[("one", "release number")], ""));
    world.fetch().await;
    world.sort_by(&taxonomy(
        &[("one", "release number"), ("two", "release number")],
        "",
    ));
    world.reclassify().await;
    assert_eq!(world.live("two").await, [""; 0]);
    for (first, then) in [("one", "two"), ("two", "one")] {
        let retired = format!(
            "[[retired]]\nid = \"{first}\"\nto = \"both\"\n[[retired]]\nid = \"{then}\"\nto = \"both\"\n"
        );
        world.sort_by(&taxonomy(&[("both", "release number")], &retired));
        world.reclassify().await;
        assert_eq!(world.live("both").await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_just_missed_is_shown_unless_its_text_is_for_nobody() {
    let mut world = World::new(numbered(1..=1)).await;
    let near =
        "[[topics]]\nid = \"near\"\ntitle = \"N\"\nscope = \"s\"\nmedium = [\"lead of number\"]\n";
    world.sort_by(&taxonomy(&[("far", "nothing of it")], near));
    world.fetch().await;
    let shown = world.json(&["show", &address(1)]).await;
    assert_eq!(shown["missed"][0]["id"], "near");
    assert_eq!(
        shown["missed"][0]["evidence"][0]["phrase"],
        "lead of number"
    );
    let text = world.run(&["show", &address(1)]).await;
    let text = String::from_utf8(text.stdout).unwrap();
    let told = "Just missed\nnear 4: 2 less than the 6 that are needed\n";
    assert!(text.contains(told), "{text}");
    world.json(&["redact", &address(1)]).await;
    let shown = world.json(&["show", &address(1)]).await;
    assert_eq!(shown["missed"], json!([]));
}
