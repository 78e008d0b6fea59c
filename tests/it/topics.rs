//! Releases get the topics that an editor gives them, on the labelled ones in `tests/topics`.

use serde_json::Value;

use crate::harness::World;

fn file(name: &str) -> String {
    format!("{}/tests/topics/{name}.jsonl", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_given_as_an_editor_gives_them() {
    let world = World::new(Vec::new()).await;
    // Those that were kept aside tell what is to be expected of the next release.
    for (name, releases, micro, mean) in [
        ("short", 615, 0.92, 0.92),
        ("hard", 700, 0.94, 0.94),
        ("whole", 107, 0.95, 0.95),
        ("short-aside", 405, 0.90, 0.90),
        ("whole-aside", 70, 0.91, 0.93),
    ] {
        let scores = world.json(&["evaluate", "topics", &file(name)]).await;
        assert_eq!(scores["releases"], releases, "{name}");
        let f1 = |of: &str| scores[of]["f1"].as_f64().unwrap();
        assert!(f1("micro") >= micro, "{name}: {}", scores["micro"]);
        assert!(f1("macro") >= mean, "{name}: {}", scores["macro"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn misses_are_told_with_their_evidence_and_another_taxonomy_with_what_it_changes() {
    let world = World::new(Vec::new()).await;
    let labelled = r#"{"title": "Knife crime falls", "topics": ["roads-policing"]}
{"title": "Drink driving falls", "lead": null, "topics": ["roads-policing"], "optional": []}"#;
    std::fs::write(world.path("labelled.jsonl"), labelled).unwrap();
    let other = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
        [[topics]]\nid = \"roads-policing\"\ntitle = \"R\"\nscope = \"s\"\nstrong = [\"falls\"]\n";
    std::fs::write(world.path("other.toml"), other).unwrap();
    let all = ["labelled.jsonl", "--misses", "--against", "other.toml"];
    let arguments = [&["evaluate", "topics"], &all[..]].concat();
    let told = world.json(&arguments).await;
    assert_eq!(told["micro"]["precision"], 0.5);
    let miss = &told["misses"][0];
    assert_eq!(miss["title"], "Knife crime falls");
    assert_eq!(miss["wrong"][0]["id"], "knife-crime-and-serious-violence");
    assert_eq!(miss["wrong"][0]["evidence"][0]["phrase"], "knife crime");
    assert_eq!(miss["missing"][0]["id"], "roads-policing");
    let change = &told["against"]["changes"][0];
    assert_eq!(change["gets"][0], "roads-policing");
    assert_eq!(change["loses"][0], "knife-crime-and-serious-violence");
    assert_eq!(told["against"]["scores"]["micro"]["f1"], 1.0);

    let output = world.run(&arguments).await;
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "micro: precision 0.500",
        "wrong: knife-crime-and-serious-violence",
        "\"knife crime\" in the title",
        "missing: roads-policing 0",
        "by the other: micro-F1 1.000",
        "Knife crime falls: +roads-policing -knife-crime-and-serious-violence",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_that_are_none_are_told_of() {
    let world = World::new(Vec::new()).await;
    for (line, told) in [
        (r#"{"topics": ["roads"]}"#, "labels releases with roads"),
        (r#"{"topics": "roads"}"#, "labelled.jsonl:1: invalid type"),
    ] {
        std::fs::write(world.path("labelled.jsonl"), line).unwrap();
        let output = world.run(&["evaluate", "topics", "labelled.jsonl"]).await;
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(told), "{error}");
    }
    std::fs::write(
        world.path("labelled.jsonl"),
        r#"{"topics": ["unclassified"]}"#,
    )
    .unwrap();
    let scores: Value = world.json(&["evaluate", "topics", "labelled.jsonl"]).await;
    assert_eq!(scores["micro"]["f1"], 1.0);
}
