//! Copies are told from look-alikes, on the pairs in `tests/pairs`.

use crate::harness::World;

/// The scores of a file of pairs.
async fn scores(file: &str) -> serde_json::Value {
    let world = World::new(Vec::new()).await;
    let file = format!("{}/tests/pairs/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    world.json(&["evaluate", "pairs", &file]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_look_alike_is_merged_and_hardly_a_copy_missed() {
    // The last were written by somebody who knew nothing of the rules.
    for (file, pairs, most_missed) in [
        ("same", 64, 2),
        ("different", 40, 0),
        ("kept-aside", 40, 1),
        ("written-blind", 44, 0),
    ] {
        let scores = scores(file).await;
        assert_eq!(
            (&scores["pairs"], &scores["wrong_merges"]),
            (&pairs.into(), &0.into()),
            "{file}: {scores}"
        );
        assert!(
            scores["missed"].as_u64().unwrap() <= most_missed,
            "{file}: {scores}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_is_none_is_told_of_with_its_line() {
    let world = World::new(Vec::new()).await;
    let file = world.path("pairs.jsonl");
    std::fs::write(&file, "\n{\"same\": true}\n").unwrap();
    let output = world
        .run(&["evaluate", "pairs", file.to_str().unwrap()])
        .await;
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("pairs.jsonl:2: missing field `a`"), "{told}");
}
