//! A store that is made from another: everything is there again, and goes on as if nothing had been.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Row};

use crate::harness::{World, field, numbered, of_today, release, word};
use crate::store;

/// What is known of servers, and what follows from the rest.
const NOT_MOVED: [&str; 10] = [
    "_sqlx_migrations",
    "back_offs",
    "documents",
    "episodes",
    "holds",
    "hosts",
    "leases",
    "origins",
    "sketches",
    "validators",
];

/// All rows of a store, by table.
async fn rows(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut store = world.open_store().await;
    let mut all = BTreeMap::new();
    for table in store::tables(&mut store).await {
        if NOT_MOVED.contains(&table.as_str()) {
            continue;
        }
        let mut columns = store::columns(&mut store, &table).await;
        // The index is made anew, and the counters go on.
        columns.retain(|name| name != "sketched" && !(table == "feed_changes" && name == "change"));
        let values = columns
            .iter()
            .map(|name| format!("coalesce(CAST({name} AS TEXT), 'none')"));
        let values = values.collect::<Vec<_>>().join(" || ' | ' || ");
        let sql = format!("SELECT {values} FROM {table} ORDER BY 1");
        let found = sqlx::query(AssertSqlSafe(sql));
        let found = found.fetch_all(&mut store).await.unwrap();
        let mut found: Vec<String> = found.iter().map(|row| row.get(0)).collect();
        if table == "counters" {
            found.retain(|row| row.starts_with("release ") || row.starts_with("rules "));
        }
        all.insert(table, found);
    }
    store.close().await.unwrap();
    all
}

/// A store in which everything has happened that can.
async fn eventful() -> World {
    let mut world = World::new(of_today(1..=24)).await;
    world.set("PUBLISH__ITEMS", "3");
    world.fetch().await;
    world.json(&["backfill"]).await;
    let of = |n: u32| format!("http://127.0.0.1/releases/release-number-{n}");
    world.json(&["label", &of(2), "+hate-crime"]).await;
    for n in [1, 10, 11] {
        world.site().edit(&format!("release-number-{n}"), |item| {
            item.body += "\n\nCorrection: seven, not nine."
        });
    }
    world.make_pages_due().await;
    world.fetch().await;
    world.json(&["merge", &of(4), &of(9)]).await;
    world.json(&["merge", &of(12), &of(13)]).await;
    world.json(&["split", &of(12)]).await;
    world.json(&["merge", &of(15), &of(5)]).await;
    for n in [5, 7, 15] {
        world.site().withdraw(&format!("release-number-{n}"));
    }
    world.make_pages_due().await;
    let mut withdrawn = 0;
    for _ in 0..5 {
        let output = world.run(&["fetch", "--format", "json"]).await;
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        withdrawn += told["sources"][0]["withdrawn"].as_i64().unwrap();
        world.let_gone_pages_age().await;
    }
    assert_eq!(withdrawn, 2);
    world.site().publish(of_today(7..=7).remove(0));
    world.make_pages_due().await;
    world.fetch().await;
    world.json(&["redact", &of(6)]).await;
    world.json(&["redact", &of(11), "1"]).await;
    for (n, count) in [(30, "417"), (31, "902")] {
        let mut one = of_today(30..=30).remove(0);
        one.id = format!("release-number-{n}");
        one.body += &format!("\n\nIn all {count} drivers were stopped.");
        world.site().publish(one);
    }
    let mut again = of_today(8..=8).remove(0);
    again.id = "release-number-8-again".to_owned();
    world.site().publish(again);
    world.fetch().await;
    world
}

/// Writes an export into a file, and puts the store away.
async fn put_away(world: &mut World, arguments: &[&str]) -> String {
    let output = world.run(&[&["export"], arguments].concat()).await;
    assert!(output.status.success(), "{output:?}");
    std::fs::write(world.path("all.jsonl"), &output.stdout).unwrap();
    world.begin_another_store().await;
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of an export, without what counts on.
fn lines(export: &str) -> Vec<Value> {
    let lines = export.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if let Some(feeds) = line["record"].get_mut("feed_changes") {
            for feed in feeds.as_array_mut().unwrap() {
                feed["change"].take();
            }
        }
        line
    });
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_with_everything_makes_the_same_store() {
    let mut world = eventful().await;
    for seldom in [
        "INSERT INTO layout_paragraphs (source, hash, at) VALUES ('npcc', 7, 1)",
        "INSERT INTO redacted_leads (guid, lead) SELECT MIN(guid), 7 FROM releases",
    ] {
        world.change_store(seldom).await;
    }
    let (before, files) = (rows(&world).await, world.publish().await);
    for (table, rows) in &before {
        assert!(!rows.is_empty(), "nothing is in {table}");
    }
    let export = put_away(&mut world, &["--with-withdrawn"]).await;
    assert_eq!(
        world.json(&["import", "all.jsonl"]).await,
        json!({"new": export.lines().count(), "known": 0, "left_out": 0})
    );
    let after = rows(&world).await;
    for (table, rows) in &before {
        assert_eq!(&after[table], rows, "{table}");
    }
    assert_eq!(world.publish().await, files);
    let again = world.run(&["export", "--with-withdrawn"]).await;
    let again = lines(&String::from_utf8(again.stdout).unwrap());
    assert!(again == lines(&export), "exported again it is the same");

    // It is known, and nothing that is read again is another.
    let known = json!({"new": 0, "known": export.lines().count(), "left_out": 0});
    assert_eq!(world.json(&["import", "all.jsonl"]).await, known);
    for (table, rows) in rows(&world).await {
        assert_eq!(after[&table], rows, "{table} is another for it");
    }
    assert_eq!(world.publish().await, files);
    world.make_pages_due().await;
    let report = world.fetch().await;
    for what in ["new", "revised", "merged", "withdrawn"] {
        assert_eq!(report[what], 0, "{report}");
    }
    assert!(!world.store_holds(&word(6)), "it was removed for good");
    let reclassified = world.json(&["reclassify", "--dry-run"]).await;
    assert!(
        !reclassified.to_string().contains("hate-crime"),
        "{reclassified}"
    );
    let copies = world.json(&["rededuplicate", "--dry-run"]).await;
    assert_eq!(copies, json!({"merges": [], "splits": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_down_is_in_no_export_that_was_not_asked_for_it() {
    let mut world = eventful().await;
    let files = world.publish().await;
    let export = put_away(&mut world, &[]).await;
    // Of what was shown again, the text of before the withdrawal is not told either; it is today's in this case.
    assert!(!export.contains(&word(5)) && !export.contains(&word(6)));
    assert!(!export.contains(&word(15)), "nor does a part of it tell");
    assert!(
        !export.contains("Lead of number 5."),
        "not what the feed said either"
    );
    assert!(export.contains(&word(7)));
    let line = export
        .lines()
        .find(|line| line.contains("number-7"))
        .unwrap();
    assert_eq!(
        line.matches(&word(7)).count(),
        3,
        "as it is shown, kept, and was restored"
    );
    world.json(&["import", "all.jsonl"]).await;
    assert_eq!(world.publish().await, files);
    assert!(!world.store_holds(&word(5)));

    world.site().publish(of_today(5..=5).remove(0));
    world.make_pages_due().await;
    world.fetch().await;
    let shown = world
        .json(&["show", "http://127.0.0.1/releases/release-number-5"])
        .await;
    assert_eq!(shown["status"], "current");
    assert!(world.store_holds(&word(5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_fails_leaves_the_store_as_it_was() {
    let mut world = World::read(5).await;
    let export = put_away(&mut world, &[]).await;
    let mut lines: Vec<String> = export.lines().map(str::to_owned).collect();
    lines.push(String::new());
    let whole = lines.join("\n");
    let cut = &whole[..whole.len() - 300];
    let short = whole.lines().take(4).collect::<Vec<_>>().join("\n");
    let two = format!("{short}\n{whole}");
    let newer = whole.replace("\"schema\":", "\"schema\":9");
    let strange = whole.replacen(
        "\"status\":\"current\",\"title\"",
        "\"status\":\"lost\",\"title\"",
        2,
    );
    let shown: String = whole
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line.as_object_mut().unwrap().remove("record");
            format!("{line}\n")
        })
        .collect();
    for (bytes, said) in [
        (cut.as_bytes(), "all.jsonl, line 5; nothing was imported: "),
        (
            short.as_bytes(),
            "line 4; nothing was imported: the export had 5 releases and 4 of them are here",
        ),
        (
            two.as_bytes(),
            "line 5; nothing was imported: the export had 5 releases and 4 of them are here",
        ),
        (
            newer.as_bytes(),
            "line 1; nothing was imported: the record is of a store of version 9",
        ),
        (
            strange.as_bytes(),
            "the record has a release that is neither current nor withdrawn",
        ),
        (
            shown.as_bytes(),
            "line 1; nothing was imported: the line has no record: `npcc-feeds export` writes",
        ),
        (
            b"\xff\xfe\n",
            "line 1; nothing was imported: stream did not contain valid UTF-8",
        ),
        (b"[1]\n", "line 1; nothing was imported: "),
    ] {
        std::fs::write(world.path("all.jsonl"), bytes).unwrap();
        let output = world.run(&["import", "all.jsonl"]).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains(said), "{told}");
        assert!(!told.contains("panicked"), "{told}");
        assert_eq!(world.releases().await.len(), 0);
    }
    std::fs::write(world.path("all.jsonl"), "\n").unwrap();
    let output = world.run(&["import", "all.jsonl"]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("all.jsonl holds no release"));
    // What is left of one is of use all the same.
    let left = short.replacen("\"records\":5,", "", 1);
    std::fs::write(world.path("all.jsonl"), left).unwrap();
    let taken = world.json(&["import", "all.jsonl"]).await;
    assert_eq!(taken, json!({"new": 4, "known": 0, "left_out": 0}));
    let output = world.run(&["import", "nowhere.jsonl"]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot read nowhere.jsonl"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_into_a_store_with_others_comes_beside_them() {
    let mut world = World::new(numbered(1..=80)).await;
    world.fetch().await;
    world.json(&["backfill"]).await;
    let old = world.releases().await;
    put_away(&mut world, &[]).await;

    // A store that began later, whose daemon serves all the while.
    world.site().publish(release(81));
    world.set("FETCH__HISTORY", "1d");
    world.fetch().await;
    let daemon = crate::running::Daemon::serving(&world).await;
    let mut command = world.command(&["import", "-", "--format", "json"]);
    command.stdin(std::fs::File::open(world.path("all.jsonl")).unwrap());
    let output = command.stdout(Stdio::piped()).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        told["new"].as_i64().unwrap() + told["known"].as_i64().unwrap(),
        80
    );
    assert!(told["new"].as_i64().unwrap() > 0, "{told}");
    daemon.wait_for("/all", "newest 50 of 81").await;
    let all = field(&world.releases().await, "guid");
    assert_eq!(all.len(), 81);
    for one in field(&old, "guid") {
        assert!(all.contains(&one), "{one}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_release_that_is_part_of_a_current_one_is_in_no_plain_export() {
    let mut world = World::read(6).await;
    let of = |n: u32| format!("http://127.0.0.1/releases/release-number-{n}");
    world.let_withdraw(4).await;
    world.json(&["merge", &of(4), &of(2)]).await;
    let export = put_away(&mut world, &[]).await;
    assert!(export.contains(&word(2)));
    for hidden in [word(4), "Lead of number 4.".to_owned()] {
        assert!(!export.contains(&hidden), "{hidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_said_elsewhere_of_a_known_release_is_done_here_too() {
    let mut world = World::read(4).await;
    let of = |n: u32| format!("http://127.0.0.1/releases/release-number-{n}");
    world.json(&["redact", &of(2)]).await;
    world.json(&["redact", &of(3), "1"]).await;
    world.json(&["label", &of(1), "+hate-crime"]).await;
    put_away(&mut world, &[]).await;
    world.fetch().await;
    assert!(world.store_holds(&word(2)) && world.store_holds(&word(3)));
    let told = world.json(&["import", "all.jsonl"]).await;
    assert_eq!(told, json!({"new": 0, "known": 4, "left_out": 0}));
    for n in [2, 3] {
        assert!(!world.store_holds(&word(n)), "{n}");
    }
    let shown = world.releases().await;
    let one = shown
        .iter()
        .find(|one| one["url"].as_str().unwrap().ends_with("-1"));
    assert_eq!(one.unwrap()["topics"], json!(["hate-crime"]));
    // Neither comes back.
    world.make_pages_due().await;
    world.fetch().await;
    assert!(!world.store_holds(&word(2)) && !world.store_holds(&word(3)));
}

/// It passed for known, though the store had a part of it alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_of_which_the_store_has_a_part_alone_is_named() {
    let mut world = World::read(2).await;
    let of = |n: u32| format!("http://127.0.0.1/releases/release-number-{n}");
    world.json(&["merge", &of(2), &of(1)]).await;
    put_away(&mut world, &[]).await;
    world.site().withdraw("release-number-1");
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 1);
    let told = world.json(&["import", "all.jsonl"]).await;
    assert_eq!(told, json!({"new": 0, "known": 0, "left_out": 1}));
}

/// What came between the newest that was there and what is imported may be in neither store.
#[tokio::test(flavor = "multi_thread")]
async fn what_lacks_between_a_store_and_an_import_is_looked_for() {
    let other = World::new(numbered(1..=45)).await;
    other.fetch().await;
    let export = other.run(&["export"]).await.stdout;
    let world = World::read_all(5).await;
    std::fs::write(world.path("all.jsonl"), export).unwrap();
    let told = world.json(&["import", "all.jsonl"]).await;
    assert_eq!(told["new"], 20, "{told}");
    world.publish_numbered(6..=45);
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_exports_in_one_file_are_taken_one_after_the_other() {
    let mut lines = Vec::new();
    for releases in [1..=5, 6..=9] {
        let world = World::new(numbered(releases)).await;
        world.fetch().await;
        lines.extend(world.run(&["export"]).await.stdout);
    }
    let world = World::new(numbered(1..=10)).await;
    std::fs::write(world.path("both.jsonl"), lines).unwrap();
    let told = world.json(&["import", "both.jsonl"]).await;
    assert_eq!(told, json!({"new": 9, "known": 0, "left_out": 0}));
    let all: Vec<String> = (1..=9)
        .rev()
        .map(|n| format!("Release number {n}"))
        .collect();
    assert_eq!(field(&world.releases().await, "title"), all);
    assert_eq!(world.fetch().await["new"], 1);
    assert_eq!(world.feed("all").await.items.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_input_stops_for_a_while_keeps_nobody_waiting() {
    let mut world = World::read(3).await;
    let export = put_away(&mut world, &[]).await;
    let (some, rest) = export.split_at(export.len() / 2);
    let mut command = world.command(&["import", "-"]);
    let mut import = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = import.stdin.take().unwrap();
    input.write_all(some.as_bytes()).unwrap();
    world.site().publish(of_today(4..=4).remove(0));
    assert_eq!(world.fetch().await["new"], 4);
    input.write_all(rest.as_bytes()).unwrap();
    drop(input);
    assert!(import.wait().unwrap().success());
    assert_eq!(world.releases().await.len(), 4);
}
