//! The store as a thing on a disk: it may be another program's, damaged, or from a later time, and is never made worse.

use sqlx::{AnyConnection, Connection};

use crate::harness::{World, numbered};
use crate::running::{Daemon, until};

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
    let id = "http://127.0.0.1/releases/release-number-1";
    for arguments in [
        &["run"][..],
        &["fetch"],
        &["backfill"],
        &["import", "/dev/null"],
        &["label", id, "+roads-policing"],
        &["merge", id, "http://127.0.0.1/releases/release-number-2"],
        &["split", id],
        &["redact", id],
        &["reclassify"],
        &["rededuplicate"],
    ] {
        let said = fails(&world, arguments).await;
        assert!(
            said.contains("the store is damaged (") && said.contains("npcc-feeds import"),
            "{said}"
        );
    }
    assert!(std::fs::read(&file).unwrap() == bytes);
}

/// One with damaged descriptions of its tables was called one that could not be opened. What was last written is in the journal,
/// from which whoever mends the file takes it; beside a backup it makes that a damaged store as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_called_so_and_left_with_its_journal_until_a_backup_takes_its_place() {
    let world = World::in_file(numbered(1..=60)).await;
    world.fetch().await;
    world.json(&["backfill"]).await;
    let beside = |ending: &str| world.path(&format!("store/npcc-feeds.db{ending}"));
    let file = beside("");
    let backup = std::fs::read(&file).unwrap();
    let daemon = Daemon::serving(&world).await;
    world.publish_numbered(61..=61);
    world.fetch().await;
    daemon.wait_for("/all.rss", "Release number 61").await;
    daemon.signal("KILL");
    drop(daemon);
    let bytes = std::fs::read(&file).unwrap();
    let journal = std::fs::read(beside("-wal")).unwrap();
    assert!(!journal.is_empty());
    let middle = bytes.len() / 2 / 4096 * 4096;
    let told = "the store is damaged (";
    for (damage, told) in [
        (middle..middle + 40_960, told),
        (100..4096, told),
        (0..100, "see that it is a database of this program"),
    ] {
        let mut bytes = bytes.clone();
        bytes[damage.clone()].fill(0x5a);
        std::fs::write(&file, &bytes).unwrap();
        std::fs::write(beside("-wal"), &journal).unwrap();
        for arguments in [["run"], ["fetch"], ["export"]] {
            let output = world.run(&arguments).await;
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(told), "{damage:?} {arguments:?}: {said}");
            let is_as_it_was = std::fs::read(&file).unwrap() == bytes
                && std::fs::read(beside("-wal")).unwrap() == journal;
            assert!(is_as_it_was, "{damage:?} {arguments:?}");
        }
    }

    // As the message says.
    for ending in ["", "-wal", "-shm"] {
        std::fs::rename(beside(ending), beside(&format!(".away{ending}"))).unwrap();
    }
    std::fs::write(&file, backup).unwrap();
    world.fetch().await;
    let daemon = Daemon::serving(&world).await;
    daemon.wait_for("/all.rss", "Release number 61").await;
}

/// It got our tables, whatever it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let world = World::in_file(numbered(1..=3)).await;
    let file = world.path("store/npcc-feeds.db");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let url = format!("sqlite://{}?mode=rwc", file.display());
    sqlx::any::install_default_drivers();
    let mut other = AnyConnection::connect(&url).await.unwrap();
    for sql in ["CREATE TABLE places (url)", "CREATE TABLE releases (name)"] {
        sqlx::query(sql).execute(&mut other).await.unwrap();
    }
    other.close().await.unwrap();
    let before = std::fs::read(&file).unwrap();
    for arguments in [["run"], ["fetch"], ["releases"]] {
        let said = fails(&world, &arguments).await;
        assert!(said.contains("a database of another program"), "{said}");
        assert!(std::fs::read(&file).unwrap() == before);
    }

    // One that keeps account of its tables as this program does, and one that has only begun to.
    let tables = [
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL)",
        "CREATE TABLE places (url)",
        "INSERT INTO _sqlx_migrations VALUES (1, 'users'), (20240102030405, 'places')",
    ];
    for count in [3, 2] {
        std::fs::remove_file(&file).unwrap();
        let mut other = AnyConnection::connect(&url).await.unwrap();
        for sql in &tables[..count] {
            sqlx::query(*sql).execute(&mut other).await.unwrap();
        }
        other.close().await.unwrap();
        let before = std::fs::read(&file).unwrap();
        let said = fails(&world, &["releases"]).await;
        assert!(said.contains("a database of another program"), "{said}");
        assert!(std::fs::read(&file).unwrap() == before);
    }

    // What is left of this program's own first start, when it is killed in it.
    std::fs::remove_file(&file).unwrap();
    let mut own = AnyConnection::connect(&url).await.unwrap();
    let table =
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
        installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
        checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
    sqlx::query(table).execute(&mut own).await.unwrap();
    own.close().await.unwrap();
    assert!(world.run(&["releases"]).await.status.success());
}

/// Each had a lock beside its own name of the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_that_comes_by_a_link_is_refused_too() {
    let mut world = World::in_file(numbered(1..=3)).await;
    world.fetch().await;
    let _daemon = Daemon::serving(&world).await;
    let store = world.path("store/npcc-feeds.db");
    std::os::unix::fs::symlink(store, world.path("link.db")).unwrap();
    world.set("STORE__URL", "sqlite:link.db");
    let said = fails(&world, &["run"]).await;
    assert!(said.contains("another daemon"), "{said}");
}

/// Whoever could not open it went on without it, and two daemons had one store.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_cannot_be_opened_keeps_a_daemon_out() {
    let world = World::in_file(numbered(1..=3)).await;
    world.fetch().await;
    std::fs::create_dir(world.path("store/npcc-feeds.db-daemon")).unwrap();
    let said = fails(&world, &["run"]).await;
    let lock = "npcc-feeds.db-daemon, by which one daemon knows of another, cannot be opened";
    assert!(said.contains(lock), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_configured_no_more_is_told_of() {
    let mut world = World::read(3).await;
    world.set("SOURCES__0__ID", "other");
    world
        .site()
        .set_fault("/", crate::site::Fault::Status(503, None));
    let daemon = Daemon::serving(&world).await;
    let told = "no source npcc is configured: its releases are kept";
    until("it is told", || daemon.log.lock().unwrap().contains(told)).await;
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
