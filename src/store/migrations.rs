//! The steps that bring the tables up to date, built into the binary.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, Row, SqlStr};

use super::place::Place;
use super::{Error, Result};

/// A step: its version and name, and its statements for SQLite and for PostgreSQL.
struct Step {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! step {
    ($version:literal, $name:expr, $file:literal) => {
        Step {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("migrations/sqlite/", $file)),
            postgres: include_str!(concat!("migrations/postgres/", $file)),
        }
    };
}

/// The name of the first step, by which this program's stores are known.
pub(super) const FIRST: &str = "first";

const STEPS: [Step; 10] = [
    step!(1, FIRST, "0001_first.sql"),
    step!(2, "fetching", "0002_fetching.sql"),
    step!(3, "duplicates", "0003_duplicates.sql"),
    step!(4, "copies", "0004_copies.sql"),
    step!(5, "topics", "0005_topics.sql"),
    step!(6, "feeds", "0006_feeds.sql"),
    step!(7, "alarms", "0007_alarms.sql"),
    step!(8, "receivers", "0008_receivers.sql"),
    step!(9, "cycles", "0009_cycles.sql"),
    step!(10, "statistics", "0010_statistics.sql"),
];

/// The version of the tables that this program knows.
pub(super) const VERSION: u64 = STEPS.len() as u64;

/// The version of a store's tables; none where there are none yet.
pub(super) async fn version(connection: &mut AnyConnection, place: &Place) -> Result<Option<u64>> {
    // The table is sqlx's.
    let table = match place {
        Place::File(_) => "SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations'",
        Place::Server => {
            "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = '_sqlx_migrations'"
        }
    };
    let is_there = sqlx::query(table).fetch_optional(&mut *connection).await?;
    if is_there.is_none() {
        return Ok(None);
    }
    let row = sqlx::query("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await?;
    let found = u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default();
    if found > VERSION {
        return Err(Error::Newer {
            found,
            known: VERSION,
        });
    }
    Ok((found > 0).then_some(found))
}

/// Takes all steps that were not taken yet; `pool` has one connection, which is closed after it.
pub(super) async fn run(pool: &AnyPool, place: &Place) -> Result<()> {
    run_first(pool, place, STEPS.len()).await
}

async fn run_first(pool: &AnyPool, place: &Place, count: usize) -> Result<()> {
    let steps = STEPS.into_iter().take(count).map(|step| {
        let sql = SqlStr::from_static(match place {
            Place::File(_) => step.sqlite,
            Place::Server => step.postgres,
        });
        let (name, kind) = (step.name.into(), MigrationType::Simple);
        Migration::new(step.version, name, kind, sql, false)
    });
    let migrator = Migrator::with_migrations(steps.collect());
    // sqlx takes no lock on SQLite: of two processes that start on an empty store where their folder cannot be locked, one finds
    // the other's tables half way. By the next try they are there. On a server they wait for each other.
    let mut tries = 0;
    loop {
        match migrator.run(pool).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))
                if tries < 5 && *place != Place::Server =>
            {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(100 * tries)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::super::{Store, test_store};
    use super::*;

    #[tokio::test]
    async fn merges_of_before_are_told_by_whose_text_it_is() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/store.db?mode=rwc", folder.path().display());
        let store = AnyPool::connect(&url).await.unwrap();
        let place = Place::File(folder.path().join("store.db"));
        run_first(&store, &place, 3).await.unwrap();
        // `a` has the text of a copy, was withdrawn and restored, and is part of `b` with the copy; `late` had a lead alone
        // until it was part of `b`; `gone` is removed for ever.
        for sql in [
            "INSERT INTO releases (guid, source, url, title, body, published, first_seen, updated, status, number, merged_into, redacted)
             VALUES ('a', 's', '/a', 'C', 'c', 0, 0, 0, 'current', 1, 'b', NULL), ('b', 's', '/b', 'B', 'b', 0, 0, 0, 'current', 2, NULL, NULL),
             ('late', 's', '/l', 'Lead', NULL, 0, 0, 0, 'current', 3, 'b', NULL), ('gone', 's', '/g', 'G', NULL, 0, 0, 0, 'current', 4, NULL, 'whole'),
             ('part', 's', '/q', 'Q', NULL, 0, 0, 0, 'current', 5, 'b', 'current')",
            "INSERT INTO revisions (guid, number, at, cause, title, body, changed)
             VALUES ('a', 1, 0, 'first', 'A', 'a', '[]'), ('a', 2, 0, 'reissued', 'C', 'c', '[]'), ('a', 3, 0, 'withdrawn', 'C', 'c', '[]'),
             ('a', 4, 0, 'restored', 'C', 'c', '[]'), ('a', 5, 0, 'edited', 'E', 'e', '[]'), ('b', 1, 0, 'first', 'B', 'b', '[]'),
             ('late', 1, 0, 'first', 'Lead', NULL, '[]'), ('gone', 1, 0, 'first', 'G', NULL, '[]'), ('part', 1, 0, 'first', 'Q', NULL, '[]')",
            "INSERT INTO redactions (guid, text, paragraph, at) VALUES ('b', 7, 8, 0)",
            "INSERT INTO addresses (source, path, url, guid, feed_seen, listing_seen, change, first_seen)
             VALUES ('s', '/q', '/q', 'b', 'Q' || char(10) || 'Removed', NULL, 1, 0),
             ('s', '/b', '/b', 'b', 'B' || char(10) || 'Lead', 'B', 1, 0)",
            "INSERT INTO merges (source, path, guid, url, title, body, published, reason, at, folded, via, revision, updated_before)
             VALUES ('s', '/c', 'b', '/c', 'C', 'c', 0, '', 0, NULL, 'a', 2, 0), ('s', '/a', 'b', '/a', 'C', 'c', 0, '', 0, 'a', NULL, NULL, NULL),
             ('s', '/l', 'b', '/l', 'Late', 'whole', 0, '', 7, 'late', NULL, NULL, NULL), ('s', '/h', 'gone', '/h', 'H', NULL, 0, '', 0, NULL, NULL, NULL, NULL),
             ('s', '/q', 'b', '/q', 'Q', NULL, 0, '', 0, 'part', NULL, NULL, NULL)",
        ] {
            sqlx::query(sql).execute(&store).await.unwrap();
        }
        run(&store, &place).await.unwrap();
        for (sql, expected) in [
            (
                "SELECT group_concat(number) FROM revisions WHERE guid = 'a' AND copy_source = 's' AND copy_path = '/c'",
                "2,3,4",
            ),
            (
                "SELECT title || ' ' || body FROM releases WHERE guid = 'late'",
                "Late whole",
            ),
            (
                "SELECT number || cause || at || body FROM revisions WHERE guid = 'late' AND number > 1",
                "2completed7whole",
            ),
            (
                "SELECT group_concat(path) FROM merges WHERE body IS NOT NULL",
                "/c",
            ),
            (
                "SELECT group_concat(guid) FROM revisions WHERE redacted_at IS NOT NULL",
                "gone,part",
            ),
            (
                "SELECT guid || text || paragraph FROM redactions WHERE guid <> 'b'",
                "part78",
            ),
            (
                "SELECT group_concat(feed_seen, '') FROM addresses",
                "Q\nB\nLead",
            ),
            (
                "SELECT path || redacted FROM merges WHERE redacted IS NOT NULL",
                "/hwhole",
            ),
        ] {
            let row = sqlx::query(sql).fetch_one(&store).await.unwrap();
            assert_eq!(row.get::<String, _>(0), expected, "{sql}");
        }
    }

    #[tokio::test]
    async fn an_episode_that_was_told_is_not_told_again() {
        let folder = tempfile::tempdir().unwrap();
        let url = test_store::fresh(&folder.path().join("store.db")).await;
        let (place, options) = Place::of(&url).unwrap();
        let store = AnyPool::connect_with(options).await.unwrap();
        run_first(&store, &place, 7).await.unwrap();
        sqlx::query("INSERT INTO episodes (source, kind, text, began_at, is_told) VALUES ('s', 'gone', 'Gone.', 7, 1)")
            .execute(&store)
            .await
            .unwrap();
        run(&store, &place).await.unwrap();
        let rows = sqlx::query("SELECT receiver, text, began_at, is_told FROM episodes ORDER BY 1");
        let rows = rows.fetch_all(&store).await.unwrap();
        let rows: Vec<(String, String, i64, i64)> = rows
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
            .collect();
        let row = |receiver: &str| (receiver.to_owned(), "Gone.".to_owned(), 7, 1);
        assert_eq!(rows, [row("command"), row("webhook")]);
    }

    #[tokio::test]
    async fn one_program_at_a_time_brings_the_tables_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let url = format!("sqlite:{}", file.display());
        let (place, options) = Place::of(&url).unwrap();
        let store = AnyPool::connect_with(options).await.unwrap();
        run_first(&store, &place, 5).await.unwrap();
        store.close().await;
        let other = std::fs::File::open(folder.path()).unwrap();
        other.try_lock().unwrap();
        let opening = tokio::spawn(async move { Store::open(&url).await });
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!opening.is_finished());
        let raw = format!("sqlite://{}", file.display());
        let mut connection = AnyConnection::connect(&raw).await.unwrap();
        let found = version(&mut connection, &place).await.unwrap();
        assert_eq!(found, Some(5));
        drop(other);
        opening.await.unwrap().unwrap();
        let found = version(&mut connection, &place).await.unwrap();
        assert_eq!(found, Some(VERSION));
    }

    #[tokio::test]
    async fn there_is_a_backup_of_a_store_before_its_tables_become_others() {
        use std::os::unix::fs::PermissionsExt;
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a store.db");
        let url = format!("sqlite:{}", file.display());
        let raw = format!("sqlite://{}?mode=rwc", file.display());
        let store = AnyPool::connect(&raw).await.unwrap();
        let place = Place::File(file.clone());
        run_first(&store, &place, 5).await.unwrap();
        sqlx::query("INSERT INTO counters (name, value) VALUES ('mine', 7)")
            .execute(&store)
            .await
            .unwrap();
        store.close().await;
        let backup = folder.path().join("a store.db-version-5");

        // Without one, the tables stay.
        std::fs::create_dir_all(backup.join("in the way")).unwrap();
        let error = Store::open(&url).await.unwrap_err();
        assert!(matches!(error, Error::Backup { .. }), "{error}");
        assert!(!folder.path().join("a store.db-version-5.half").exists());
        std::fs::remove_dir_all(&backup).unwrap();

        let store = Store::open(&url).await.unwrap();
        assert_eq!(store.backups(), std::slice::from_ref(&backup));
        let mode = backup.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        store.close().await;
        for (file, expected) in [(&backup, Some(5)), (&file, Some(VERSION))] {
            let url = format!("sqlite://{}", file.display());
            let mut connection = AnyConnection::connect(&url).await.unwrap();
            assert_eq!(version(&mut connection, &place).await.unwrap(), expected);
            let row = sqlx::query("SELECT value FROM counters WHERE name = 'mine'");
            let row = row.fetch_one(&mut connection).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), 7);
        }
        // What is up to date is opened without.
        std::fs::remove_file(&backup).unwrap();
        let store = Store::open(&url).await.unwrap();
        assert!(store.backups().is_empty());
    }

    #[tokio::test]
    async fn an_older_store_that_is_damaged_is_neither_copied_nor_brought_up_to_date() {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let raw = format!("sqlite://{}?mode=rwc", file.display());
        let store = AnyPool::connect(&raw).await.unwrap();
        let place = Place::File(file.clone());
        run_first(&store, &place, 5).await.unwrap();
        for sql in [
            "PRAGMA journal_mode = WAL",
            "CREATE TABLE filler (text)",
            "INSERT INTO filler VALUES (hex(randomblob(100000)))",
            "CREATE INDEX fillers ON filler (text)",
        ] {
            sqlx::query(sql).execute(&store).await.unwrap();
        }
        store.close().await;
        let mut bytes = std::fs::read(&file).unwrap();
        let end = bytes.len();
        bytes[end - 40_960..].fill(0x5a);
        std::fs::write(&file, &bytes).unwrap();

        let error = Store::open(&format!("sqlite:{}", file.display())).await;
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Damaged(_)), "{error}");
        assert!(std::fs::read(&file).unwrap() == bytes);
        assert!(!folder.path().join("store.db-version-5").exists());
    }
}
