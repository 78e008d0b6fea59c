//! The commands, as a person or a script calls them.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::harness::{World, examples, field, numbered};
use crate::site::Fault;

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A newsroom is not needed, but a folder is.
async fn world() -> World {
    World::new(Vec::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_file_line_and_advice_for_everything_that_is_wrong() {
    let mut world = world().await;
    world.settings.clear();
    let output = world.run(&["check"]).await;
    assert!(output.status.success(), "{}", told(&output));
    assert!(
        said(&output).contains("right, 30 topics"),
        "{}",
        said(&output)
    );

    let mut command = world.command(&["check"]);
    command.env("NPCC_FEEDS_CONFIG", "");
    assert!(command.output().unwrap().status.success(), "as if not set");
    let mut command = world.command(&["check"]);
    command.env("NPCC_FEEDS_SERVE__LISTEN", OsStr::from_bytes(b"\xff"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(told(&output).contains("NPCC_FEEDS_SERVE__LISTEN"));

    let taxonomy = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
        [[topics]]\nid = \"a-topic\"\ntitle = \"A\"\nscope = \"s\"\nimplies = [\"b-topic\"]\nstrong = [\n\"one\",\n\" \",\n]\n";
    std::fs::write(world.path("topics.toml"), taxonomy).unwrap();
    let mistakes = [
        (
            "[serve]\nlissten = \"x\"\n",
            "my.toml:2: unknown field `lissten`",
        ),
        (
            "[[sources]]\nfeed = \"https://news.npcc.police.uk/feed/rss\"\nschedule = [\n\"* * *\"]\n",
            "my.toml:4: \"* * *\" is no cron expression",
        ),
        (
            "[[sources]]\nfeed = \"https://news.npcc.police.uk/feed/rss\"\n[sources.select]\nbody = \"div[\"\n",
            "my.toml:4: \"div[\" is no CSS selector",
        ),
        (
            "[fetch]\npause = \"two\"\n",
            "my.toml:2: \"two\" is no duration",
        ),
        ("[store]\nurl = 7\n", "my.toml:2: invalid type"),
        (
            "[store]\nurl = \"postgres://me@db.example/feeds?sslmode=requir\"\n",
            "my.toml:2: the address has a value that the database's client does not understand",
        ),
        ("[store]\nurl = \"a\n", "my.toml:2: "),
        (
            "[classify]\ntopics = \"topics.toml\"\n",
            "topics.toml:13: \"b-topic\" is no topic's id",
        ),
        (
            "[classify]\ntopics = \"topics.toml\"\n",
            "topics.toml:16: the phrase is empty",
        ),
        (
            "[classify]\ntopics = \"nowhere.toml\"\n",
            "my.toml:2: the taxonomy nowhere.toml cannot be read",
        ),
    ];
    for (text, expected) in mistakes {
        std::fs::write(world.path("my.toml"), text).unwrap();
        let output = world.run(&["--config", "my.toml", "check"]).await;
        assert_eq!(output.status.code(), Some(78), "{expected}");
        assert!(
            told(&output).contains(expected),
            "{expected} in {}",
            told(&output)
        );
        let output = world
            .run(&["--config", "my.toml", "check", "--format", "json"])
            .await;
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(listed["problems"][0]["what"].is_string(), "{listed}");
        // No other command begins with a configuration that is wrong.
        assert_eq!(
            world
                .run(&["--config", "my.toml", "releases"])
                .await
                .status
                .code(),
            Some(78)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_is_told_from_failure() {
    let world = world().await;
    for (arguments, code, expected) in [
        (&["frobnicate"][..], 2, "frobnicate"),
        (&["fetch", "--source", "nobody"], 2, "there is: npcc"),
        (&["releases", "--topic", "knitting"], 2, "npcc-feeds topics"),
        (&["backfill", "--since", "yesterday"], 2, "yesterday"),
        (&["show", "cafe"], 1, "no release \"cafe\""),
        (&["--config", "nowhere.toml", "topics"], 78, "nowhere.toml"),
    ] {
        let output = world.run(arguments).await;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            told(&output)
        );
        assert!(
            told(&output).contains(expected),
            "{arguments:?}: {}",
            told(&output)
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn classify_reads_a_file_or_standard_input_and_says_why() {
    let world = world().await;
    let text = "Drink drive campaign begins\n\nOfficers will stop drivers until the new year.\n";
    std::fs::write(world.path("text.txt"), text).unwrap();
    let from_file = world.json(&["classify", "text.txt"]).await;
    assert_eq!(
        from_file["topics"][0]["id"], "roads-policing",
        "{from_file}"
    );
    let evidence = &from_file["topics"][0]["evidence"][0];
    assert_eq!(
        (&evidence["where"], &evidence["sentence"]),
        (&json!("title"), &json!("Drink drive campaign begins"))
    );
    assert!(evidence["weight"].as_f64().unwrap() > 0.0 && evidence["phrase"].is_string());
    assert!(from_file["missed"].is_array());

    let mut command = world.command(&["classify", "--format", "json"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let from_input: Value =
        serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(from_input, from_file);
    let output = world.run(&["classify", "text.txt"]).await;
    assert!(
        said(&output).contains("roads-policing"),
        "{}",
        said(&output)
    );
    assert!(
        !world.path("store").exists(),
        "a store is not needed for it"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_and_topics_tell_what_is_there() {
    let world = World::new(examples()).await;
    world.fetch().await;
    let releases = world.releases().await;
    let published = field(&releases, "published");
    assert!(published.is_sorted_by(|a, b| a >= b), "{published:?}");
    let first = &releases[0];
    assert_eq!(
        first["guid"],
        format!("urn:uuid:{}", first["id"].as_str().unwrap())
    );
    assert_eq!(
        (&first["status"], &first["topics"]),
        (&json!("current"), &json!(["roads-policing"]))
    );
    assert!(published[0].ends_with('Z'), "{published:?}");

    let fraud = world
        .json(&["releases", "--topic", "fraud-and-economic-crime"])
        .await;
    assert_eq!(fraud.as_array().unwrap().len(), 1);
    assert_eq!(
        world
            .json(&["releases", "--limit", "3"])
            .await
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let unclassified = world.json(&["releases", "--topic", "unclassified"]).await;
    assert!(
        unclassified
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["topics"] == json!([]))
    );

    let topics = world.json(&["topics"]).await;
    assert_eq!(topics.as_array().unwrap().len(), 31);
    let roads = topics
        .as_array()
        .unwrap()
        .iter()
        .find(|topic| topic["id"] == "roads-policing")
        .unwrap();
    assert_eq!(roads["releases"], 1);
    assert!(
        roads["feed"]
            .as_str()
            .unwrap()
            .ends_with("/topics/roads-policing.rss")
    );

    let shown = said(
        &world
            .run(&["show", &first["id"].as_str().unwrap()[..8]])
            .await,
    );
    for part in [
        "Forces ready for Christmas",
        "urn:uuid:",
        "in the title",
        "History",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn backfill_goes_on_where_it_was_stopped_or_killed() {
    let world = World::new(numbered(1..=110)).await;
    let walked = world.json(&["backfill", "--max-pages", "2"]).await["sources"][0].clone();
    assert_eq!(
        (&walked["pages"], &walked["new"], &walked["done"]),
        (&json!(2), &json!(40), &json!(false))
    );
    world.kill_after(&["backfill"], 30).await;
    assert!((41..110).contains(&world.releases().await.len()));
    world.site().clear_asked();
    let output = world.run(&["backfill"]).await;
    assert!(output.status.success(), "{}", told(&output));
    assert!(said(&output).contains("complete"), "{}", said(&output));
    assert_eq!(world.releases().await.len(), 110);
    let asked = world.asked();
    assert!(!asked.contains(&"/releases?page=2".to_owned()), "{asked:?}");
    // The whole archive is there, so there is nothing to walk for.
    world.site().clear_asked();
    world.json(&["backfill"]).await;
    assert!(world.asked().is_empty(), "{:?}", world.asked());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_to_a_recent_day_does_not_pass_for_the_whole_past() {
    let world = World::new(numbered(1..=110)).await;
    let recent = world.json(&["backfill", "--since", "2025-09-10"]).await;
    assert_eq!(recent["sources"][0]["done"], true, "{recent}");
    assert!(world.releases().await.len() < 60);
    let all = world.json(&["backfill"]).await;
    assert_eq!(all["sources"][0]["done"], true, "{all}");
    assert_eq!(world.releases().await.len(), 110);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_says_what_failed_and_tries_the_page_again() {
    let world = World::new(numbered(1..=50)).await;
    world
        .site()
        .set_fault("/releases?page=2", Fault::Status(500, None));
    let output = world.run(&["backfill"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("not complete"), "{}", said(&output));
    assert!(
        told(&output).contains("500 Internal Server Error"),
        "{}",
        told(&output)
    );
    world.site().clear_faults();
    world.json(&["backfill"]).await;
    assert_eq!(world.releases().await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_fetch_at_once_do_not_both_ask() {
    let world = World::new(numbered(1..=5)).await;
    world.site().set_fault("/feed/rss", Fault::Hang);
    let mut first = world
        .command(&["fetch"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while world.asked().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let second = world.run(&["fetch"]).await;
    assert_eq!(second.status.code(), Some(1));
    let holder = format!("a cycle is under way (process {})", first.id());
    assert!(told(&second).contains(&holder), "{}", told(&second));
    first.kill().unwrap();
    first.wait().unwrap();
    // A holder that is gone holds up nobody.
    world.site().clear_faults();
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn publish_writes_what_changed_and_removes_what_is_no_longer_published() {
    let mut world = World::new(examples()).await;
    world.fetch().await;
    let first = world.json(&["publish", "out"]).await;
    assert_eq!(first["changed"], first["documents"], "{first}");
    assert_eq!(world.json(&["publish", "out"]).await["changed"], 0);
    let taxonomy = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
        [[topics]]\nid = \"roads-policing\"\ntitle = \"Roads\"\nscope = \"s\"\nstrong = [\"drink drive\"]\n";
    std::fs::write(world.path("topics.toml"), taxonomy).unwrap();
    world.set("CLASSIFY__TOPICS", "topics.toml");
    world.json(&["publish", "out"]).await;
    assert!(world.path("out/topics/roads-policing.rss").exists());
    assert!(!world.path("out/topics/hate-crime.rss").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_leaves_room_for_a_cycle_between_its_pages_and_goes_on() {
    // Enough pages that a fetch falls between two of them, however busy the machine is.
    let world = World::new(numbered(1..=210)).await;
    let mut backfill = world
        .command(&["backfill", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !world.asked().contains(&"/releases".to_owned()) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    while !world.run(&["fetch"]).await.status.success() {}
    assert!(
        backfill.try_wait().unwrap().is_none(),
        "it was still under way"
    );
    let output = backfill.wait_with_output().unwrap();
    assert!(output.status.success());
    let walked: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(walked["sources"][0]["done"], true, "{walked}");
    assert_eq!(world.releases().await.len(), 210);
}

/// It was perfect.
#[tokio::test]
async fn nothing_is_no_evaluation() {
    let world = world().await;
    for what in ["topics", "pairs"] {
        let output = world.run(&["evaluate", what, "/dev/null"]).await;
        assert_eq!(output.status.code(), Some(1));
        let told = told(&output);
        assert!(told.contains("/dev/null holds no example"), "{told}");
    }
}

/// It sounded as if the store's disk were full.
#[tokio::test]
async fn a_full_disk_of_standard_output_is_called_so() {
    let world = World::read(1).await;
    for command in ["topics", "export"] {
        let script = format!("exec \"$0\" {command} >/dev/full");
        let output = world.shell(&script).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = told(&output);
        assert!(
            told.contains("standard output cannot be written: No space left"),
            "{told}"
        );
    }
}
