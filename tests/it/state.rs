//! The store as a thing on a disk: it may be another program's, damaged, or from a later time, and is never made worse.

use crate::harness::{World, numbered};
use crate::running::Daemon;

/// What a command says that must fail.
async fn fails(world: &World, arguments: &[&str]) -> String {
    let output = world.run(arguments).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_a_store_says_so_and_stops() {
    let world = World::in_file(numbered(1..=3)).await;
    world.fetch().await;
    let daemon = Daemon::serving(&world).await;
    let said = fails(&world, &["run"]).await;
    let number = daemon.child.id();
    assert!(
        said.contains(&format!(
            "another daemon (process {number}) works on the store"
        )),
        "{said}"
    );
    // Every other command may run beside it, and the next daemon when it has gone, whatever became of it.
    assert!(world.run(&["releases"]).await.status.success());
    daemon.signal("KILL");
    Daemon::serving(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_newer_program_is_refused_and_left_as_it_is() {
    let world = World::in_file(numbered(1..=3)).await;
    world.fetch().await;
    world
        .change_store(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (99, 'to come', TRUE, x'00', 0)",
        )
        .await;
    let file = world.path("store/npcc-feeds.db");
    let before = std::fs::read(&file).unwrap();
    for arguments in [&["run"][..], &["fetch"], &["releases"], &["export"]] {
        let said = fails(&world, arguments).await;
        assert!(
            said.contains(
                "the store is of version 99, made by a newer npcc-feeds, and this one knows version"
            ),
            "{said}"
        );
    }
    assert!(std::fs::read(&file).unwrap() == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_told_at_the_start_and_not_written_to() {
    let world = World::in_file(numbered(1..=60)).await;
    world.fetch().await;
    world.json(&["backfill"]).await;
    let file = world.path("store/npcc-feeds.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 40_960].fill(0x5a);
    std::fs::write(&file, &bytes).unwrap();
    world.publish_numbered(61..=61);
    for arguments in [&["run"][..], &["fetch"], &["import", "/dev/null"]] {
        let said = fails(&world, arguments).await;
        assert!(
            said.contains("the store is damaged (") && said.contains("npcc-feeds import"),
            "{said}"
        );
    }
    assert!(std::fs::read(&file).unwrap() == bytes);
}

/// A line for people among those of JSON, and in the journal one that `journalctl -p err` does not show.
#[tokio::test]
async fn why_it_ends_is_told_in_the_form_of_its_log() {
    let mut world = World::new(Vec::new()).await;
    world.set("SERVE__LISTEN", "nowhere");
    let output = world.run(&["--log-format", "json", "run"]).await;
    assert_eq!(output.status.code(), Some(78));
    let told = String::from_utf8(output.stderr).unwrap();
    let lines = told.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    let last = lines.last().unwrap();
    assert_eq!(last["level"], "ERROR", "{last}");
    assert!(
        last["message"].as_str().unwrap().contains("nowhere"),
        "{last}"
    );
}
