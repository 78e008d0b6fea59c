use sqlx::AssertSqlSafe;
use sqlx::pool::PoolConnection;

use super::test_store::{fresh, server};
use super::*;
use crate::difference::Weight;
use crate::duplicates::Reason;
use crate::release::{CanonicalPath, Cause, DatedText, Guid, Tag, Text};
use crate::topics::Relations;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

async fn empty() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh(&folder.path().join("new/store.db")).await;
    (folder, Store::open(&url).await.unwrap())
}

/// For what is SQLite's alone, or needs a clock that is not a server's.
async fn in_file() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/new/store.db", folder.path().display());
    (folder, Store::open(&url).await.unwrap())
}

impl Store {
    /// All connections, so that whoever asks for one waits until they are dropped: a store that hangs.
    pub(crate) async fn hang(&self) -> Vec<PoolConnection<Any>> {
        let all = (0..CONNECTIONS).map(|_| self.pool.acquire());
        futures_util::future::try_join_all(all).await.unwrap()
    }
}

fn address(path: &str, gap: Option<i64>) -> NewAddress {
    NewAddress {
        source: "npcc".into(),
        path: CanonicalPath::from_stored(path.into()),
        url: format!("https://h{path}"),
        upstream_guid: Some(format!("guid of {path}")),
        feed_seen: Some("title".into()),
        listing_seen: None,
        at: at(0),
        gap,
    }
}

fn copy(title: &str) -> DatedText {
    DatedText {
        text: Text {
            title: title.into(),
            lead: None,
            body: Some("<p>Text</p>".into()),
        },
        published: at(-60),
    }
}

fn merged<'a>(into: Guid, path: &'a CanonicalPath, text: &'a DatedText) -> MergedCopy<'a> {
    MergedCopy {
        into,
        source: "npcc",
        path,
        url: "https://h/releases/b",
        text,
        is_redacted: false,
        reason: Reason::EqualText,
        at: at(5),
    }
}

fn derived(topic: &str) -> Derived {
    Derived {
        tags: vec![Tag {
            topic: topic.into(),
            score: 8.5,
            implied_by: None,
            evidence: Vec::new(),
        }],
        sketch: vec![1, 7],
        ..Derived::default()
    }
}

fn newest(text: &Text, (cause, weight): (Cause, Option<Weight>), topic: &str) -> NewRevision {
    NewRevision {
        text: text.clone(),
        cause,
        weight,
        changed: vec!["title"],
        derived: derived(topic),
    }
}

async fn add(store: &Store, path: &str, topic: &str) -> Guid {
    let address = address(path, None);
    let guid = Guid::new("npcc", &address.path);
    let derived = derived(topic);
    store
        .add(guid, &address, &copy(path), &derived, Some(at(60)))
        .await
        .unwrap();
    guid
}

#[tokio::test]
async fn a_release_comes_back_as_it_was_stored() {
    let (_folder, store) = empty().await;
    let before = store.change().await.unwrap();
    let guid = add(&store, "/releases/a", "roads-policing").await;
    assert!(store.change().await.unwrap() > before);
    let shown = store.show(guid).await.unwrap().unwrap();
    assert_eq!(shown.item.release.text, copy("/releases/a").text);
    assert_eq!(shown.item.topics, ["roads-policing"]);
    assert_eq!(shown.tags, derived("roads-policing").tags);
    assert_eq!(shown.revisions.len(), 1);
    for id in [&guid.id(), &guid.id()[..6], "http://other/Releases/a/"] {
        assert_eq!(store.find(id).await.unwrap(), [guid], "{id}");
    }
    assert!(store.find("%").await.unwrap().is_empty());
    assert_eq!(
        store
            .newest(&Some("roads-policing").into(), 0, 9)
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        store
            .newest(&Some("unclassified").into(), 0, 9)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_copy_is_an_address_and_no_row_of_its_own() {
    let (_folder, store) = empty().await;
    let guid = add(&store, "/releases/a", "x").await;
    let again = address("/releases/b", None);
    store
        .merge(&again, &merged(guid, &again.path, &copy("b")), None)
        .await
        .unwrap();
    let shown = store.show(guid).await.unwrap().unwrap();
    assert_eq!(shown.item.duplicates, ["https://h/releases/b"]);
    assert_eq!(shown.merges[0].verdict, "the same");
    assert_eq!(store.newest(&Selection::All, 0, 9).await.unwrap().len(), 1);
    let known = store
        .known("npcc", std::slice::from_ref(&again.path))
        .await
        .unwrap();
    assert!(known[&again.path].is_copy);
    assert_eq!(store.find("https://h/releases/b").await.unwrap(), [guid]);
    let upstream = "guid of /releases/b";
    let seen_on = store.by_upstream_guid("npcc", upstream).await.unwrap();
    let seen_on = seen_on.unwrap();
    assert_eq!((seen_on.guid, seen_on.is_copy), (guid, true));
}

#[tokio::test]
async fn a_late_page_can_fold_a_release_into_another() {
    let (_folder, store) = empty().await;
    let (a, b) = (
        add(&store, "/releases/a", "x").await,
        add(&store, "/releases/b", "x").await,
    );
    let whole = newest(&copy("whole").text, (Cause::Completed, None), "y");
    let folding = Folding {
        from: b,
        into: a,
        reason: Reason::EqualText,
        completed: Some((b, &whole)),
        better: None,
        relations: &Relations::default(),
        at: at(5),
    };
    assert!(store.fold(&folding).await.unwrap());
    assert!(!store.fold(&folding).await.unwrap(), "it is done");
    assert!(
        !store.withdraw(b, at(6)).await.unwrap(),
        "it is part of another"
    );
    let path = CanonicalPath::from_stored("/releases/b".into());
    let stored = store.copy_at("npcc", &path).await.unwrap().unwrap();
    assert_eq!(stored.text, copy("whole"), "its whole text is kept");
    assert_eq!(store.newest(&Selection::All, 0, 9).await.unwrap().len(), 1);
    assert_eq!(store.show(a).await.unwrap().unwrap().merges.len(), 1);
    assert!(store.show(b).await.unwrap().is_none());
    assert_eq!(store.find(&b.id()).await.unwrap(), [a]);
    assert_eq!(store.due("npcc", at(90), 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_edit_moves_the_update_and_a_completion_does_not() {
    let (_folder, store) = empty().await;
    let guid = add(&store, "/releases/a", "x").await;
    let text = copy("new").text;
    store
        .revise(guid, &newest(&text, (Cause::Completed, None), "y"), at(9))
        .await
        .unwrap();
    let item = store.item(guid).await.unwrap().unwrap();
    assert_eq!(
        (item.release.updated, item.topics),
        (at(0), vec!["y".to_owned()])
    );
    store
        .revise(
            guid,
            &newest(&text, (Cause::Edited, Some(Weight::Material)), "y"),
            at(9),
        )
        .await
        .unwrap();
    let shown = store.show(guid).await.unwrap().unwrap();
    assert_eq!(shown.item.release.updated, at(9));
    let numbers: Vec<i64> = shown
        .revisions
        .iter()
        .map(|revision| revision.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
}

#[tokio::test]
async fn a_correction_outlives_the_rules() {
    let (_folder, store) = empty().await;
    let guid = add(&store, "/releases/a", "x").await;
    for (topic, wanted) in [("x", 0_i64), ("z", 1)] {
        sqlx::query("INSERT INTO corrections (guid, topic, wanted, at) VALUES ($1, $2, $3, 0)")
            .bind(guid.to_string())
            .bind(topic)
            .bind(wanted)
            .execute(&store.pool)
            .await
            .unwrap();
    }
    let text = copy("a").text;
    store
        .revise(
            guid,
            &newest(&text, (Cause::Edited, Some(Weight::Material)), "x"),
            at(9),
        )
        .await
        .unwrap();
    assert_eq!(store.item(guid).await.unwrap().unwrap().topics, ["z"]);
}

#[tokio::test]
async fn a_gap_is_recorded_with_the_first_release_and_kept_until_closed() {
    let (_folder, store) = empty().await;
    assert!(store.progress("npcc").await.unwrap().gap.is_none());
    store.cycle_began("npcc", at(0)).await.unwrap();
    for (path, gap) in [("/releases/a", Some(0)), ("/releases/b", Some(1))] {
        let address = address(path, gap);
        let guid = Guid::new("npcc", &address.path);
        store
            .add(guid, &address, &copy("a"), &Derived::default(), None)
            .await
            .unwrap();
    }
    assert_eq!(store.progress("npcc").await.unwrap().gap.unwrap().change, 0);
    store.close_gap("npcc").await.unwrap();
    assert!(store.progress("npcc").await.unwrap().gap.is_none());
}

#[tokio::test]
async fn candidates_share_a_sketch_within_the_window() {
    let (_folder, store) = empty().await;
    let guid = add(&store, "/releases/a", "x").await;
    let other = Guid::new("npcc", &CanonicalPath::from_stored("/b".into()));
    assert_eq!(store.candidates(&[7], at(0), other).await.unwrap(), [guid]);
    assert!(
        store
            .candidates(&[8], at(0), other)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .candidates(&[7], at(0), guid)
            .await
            .unwrap()
            .is_empty()
    );
    let withdrawn = add(&store, "/releases/w", "x").await;
    assert_eq!(
        store.candidates(&[7], at(0), other).await.unwrap(),
        [guid, withdrawn],
        "of equal ones the first comes first"
    );
    store.withdraw(withdrawn, at(9)).await.unwrap();
    assert_eq!(store.candidates(&[7], at(0), other).await.unwrap(), [guid]);
    let years_later = at(3 * 365 * 24 * 60 * 60);
    assert!(
        store
            .candidates(&[7], years_later, other)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn what_everybody_has_finds_nobody() {
    let (_folder, store) = empty().await;
    for n in 0..40 {
        let address = address(&format!("/releases/{n}"), None);
        let guid = Guid::new("npcc", &address.path);
        let derived = Derived {
            sketch: vec![7, 1000 + n],
            ..Derived::default()
        };
        store
            .add(guid, &address, &copy("a"), &derived, None)
            .await
            .unwrap();
    }
    let other = Guid::new("npcc", &CanonicalPath::from_stored("/b".into()));
    assert!(
        store
            .candidates(&[7], at(0), other)
            .await
            .unwrap()
            .is_empty()
    );
    let found = store.candidates(&[7, 1003], at(0), other).await.unwrap();
    assert_eq!(
        found,
        [Guid::new(
            "npcc",
            &CanonicalPath::from_stored("/releases/3".into())
        )]
    );
}

#[tokio::test]
async fn an_older_sketch_is_made_anew() {
    let (_folder, store) = empty().await;
    let guid = add(&store, "/releases/a", "x").await;
    assert!(store.unsketched(9).await.unwrap().is_empty());
    sqlx::query("UPDATE releases SET sketched = sketched - 1")
        .execute(&store.pool)
        .await
        .unwrap();
    assert_eq!(store.unsketched(9).await.unwrap(), [guid]);
    store.sketch(&[(guid, vec![5])]).await.unwrap();
    assert!(store.unsketched(9).await.unwrap().is_empty());
    let other = Guid::new("npcc", &CanonicalPath::from_stored("/b".into()));
    for (hash, found) in [(5, vec![guid]), (7, vec![])] {
        assert_eq!(
            store.candidates(&[hash], at(0), other).await.unwrap(),
            found
        );
    }
}

/// Gives the lease to a process that may be alive, as far as this one can see.
async fn give_lease_to(store: &Store, holder: &str) {
    sqlx::query("UPDATE leases SET holder = $1")
        .bind(holder)
        .execute(&store.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_a_while_hears_of_what_is_the_matter_then() {
    let (_folder, store) = empty().await;
    let alarm = Alarm {
        kind: "gone".to_owned(),
        text: "Gone.".to_owned(),
    };
    let both = [Receiver::Command, Receiver::Webhook];
    let note = async || {
        let noting = store.note_episodes("npcc", std::slice::from_ref(&alarm), &both, at(0));
        noting.await.unwrap();
    };
    let hears = async |receiver| {
        let episode = store.take_episode(receiver, at(0), at(0)).await.unwrap();
        if let Some(episode) = &episode {
            store.episode_told(episode).await.unwrap();
        }
        episode.is_some()
    };
    note().await;
    assert!(hears(Receiver::Command).await && hears(Receiver::Webhook).await);
    store.forget_receiver(Receiver::Webhook).await.unwrap();
    note().await;
    assert!(!hears(Receiver::Command).await && hears(Receiver::Webhook).await);
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh(&folder.path().join("store.db")).await;
    let store = Store::open(&url).await.unwrap();
    add(&store, "/releases/a", "roads-policing").await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         SELECT 99, description, success, checksum, execution_time FROM _sqlx_migrations WHERE version = 1",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    let error = Store::open(&url).await.unwrap_err();
    assert!(error.is_lasting(), "{error}");
    let Error::Newer { found, known } = error else {
        panic!("{error}");
    };
    assert_eq!((found, known), (99, migrations::VERSION));
    let row = sqlx::query("SELECT COUNT(*), MAX(version) FROM _sqlx_migrations");
    let row = row.fetch_one(&store.pool).await.unwrap();
    let steps = i64::try_from(migrations::VERSION).unwrap() + 1;
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (steps, 99));
}

/// The system tries for two minutes, and who had started the program has given up by then.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_told() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let url = format!("postgres://me:secret@{address}/feeds");
    let error = Store::open(&url).await.unwrap_err();
    assert!(
        matches!(error, Error::Silent { .. }) && !error.is_lasting(),
        "{error}"
    );
    assert!(!error.to_string().contains("secret"), "{error}");
}

/// A connection that broke gave way to another, and the rest of an export was as of then.
#[tokio::test]
async fn a_snapshot_whose_connection_breaks_is_over() {
    let Some(server) = server() else {
        // A file has none that breaks.
        return;
    };
    let (_folder, store) = empty().await;
    add(&store, "/releases/a", "roads-policing").await;
    let snapshot = store.snapshot().await.unwrap();
    add(&store, "/releases/b", "roads-policing").await;
    let newest = || snapshot.newest(&Selection::All, 0, 9);
    assert_eq!(newest().await.unwrap().len(), 1);
    let row = sqlx::query("SELECT pg_backend_pid()");
    let row = row.fetch_one(&snapshot.pool).await.unwrap();
    let mut other = AnyConnection::connect(&server).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)")
        .bind(row.get::<i32, _>(0))
        .execute(&mut other)
        .await
        .unwrap();
    for _ in 0..2 {
        assert!(newest().await.is_err());
    }
}

/// The clocks of those who share a server may differ.
#[tokio::test]
async fn on_a_server_a_lease_ends_by_its_clock() {
    let (_folder, store) = empty().await;
    store.lease("a cycle", Utc::now()).await.unwrap();
    give_lease_to(&store, "7 ? elsewhere").await;
    let later = Utc::now() + chrono::TimeDelta::hours(1);
    let taken = store.lease("a cycle", later).await;
    match store.place {
        Place::File(_) => assert!(taken.is_ok()),
        Place::Server => assert!(matches!(taken, Err(Error::Leased { .. }))),
    }
}

#[tokio::test]
async fn one_process_fetches_at_a_time_and_the_dead_hold_nothing_for_long() {
    let (_folder, store) = in_file().await;
    let lease = store.lease("a cycle", at(0)).await.unwrap();
    assert!(lease.renew(at(49)).await.unwrap());
    give_lease_to(&store, "7 ? elsewhere").await;
    assert!(!lease.renew(at(50)).await.unwrap(), "it is another's now");
    lease.release().await.unwrap();
    // One that asked long ago, and then waited for the store.
    assert!(store.lease("a backfill", at(60)).await.is_err());
    let refused = store.lease("a backfill", at(98)).await.unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("a cycle is under way (process 7)"),
        "{refused}"
    );
    store.lease("a backfill", at(99)).await.unwrap();
    // The number of a holder that was killed went to another process, which started at another time.
    give_lease_to(&store, &process::this().replacen(' ', " 9", 1)).await;
    store.lease("a cycle", at(121)).await.unwrap();
}

#[tokio::test]
async fn what_a_wrong_clock_left_behind_holds_up_nobody() {
    let (_folder, store) = in_file().await;
    store
        .keep_hold("https://h", at(90 * 24 * 3600), "429")
        .await
        .unwrap();
    assert_eq!(store.hold("https://h", "x", at(0)).await.unwrap(), None);
    store.keep_hold("https://h", at(3600), "429").await.unwrap();
    assert!(
        store
            .hold("https://h", "x", at(3600))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(store.hold("https://h", "x", at(3601)).await.unwrap(), None);
    let _lease = store.lease("a cycle", at(90 * 24 * 3600)).await.unwrap();
    give_lease_to(&store, "7 ? elsewhere").await;
    store.lease("a cycle", at(0)).await.unwrap();
}

#[tokio::test]
async fn several_that_start_on_an_empty_store_do_not_collide() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/store.db", folder.path().display());
    let opened: Vec<_> = (0..6)
        .map(|_| {
            tokio::spawn({
                let url = url.clone();
                async move { Store::open(&url).await }
            })
        })
        .collect();
    for one in opened {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_lease_that_could_not_be_given_back_does_not_hold_up_its_own_process() {
    let (_folder, store) = empty().await;
    let _left_over = store.lease("a cycle", at(0)).await.unwrap();
    store.lease("a cycle", at(1)).await.unwrap();
}

/// Lets the database grow to so many pages: the limit is each connection's own.
async fn give_room(store: &Store, pages: usize) {
    let mut all = Vec::new();
    for _ in 0..CONNECTIONS {
        all.push(store.pool.acquire().await.unwrap());
    }
    for connection in &mut all {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        sqlx::query(AssertSqlSafe(pragma))
            .execute(&mut **connection)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_was_full_and_has_room_again_is_written_to() {
    let (_folder, store) = in_file().await;
    let address = address("/releases/a", None);
    let guid = Guid::new("npcc", &address.path);
    let mut long = copy("long");
    long.text.body = Some("x".repeat(1 << 20));
    // Often enough to have met every connection.
    for _ in 0..2 * CONNECTIONS {
        give_room(&store, 60).await;
        let full = store
            .add(guid, &address, &long, &Derived::default(), None)
            .await
            .unwrap_err();
        assert!(full.to_string().contains("full"), "{full}");
    }
    give_room(&store, 100_000).await;
    store
        .add(guid, &address, &long, &Derived::default(), None)
        .await
        .unwrap();
}

/// SQLite commits after the last row that it gives.
#[tokio::test]
async fn a_change_of_a_document_that_cannot_be_committed_is_not_told_as_done() {
    let (_folder, store) = in_file().await;
    store
        .document_changed("/all.rss", "a", at(0))
        .await
        .unwrap();
    let fails =
        "CREATE TABLE ends (guid TEXT REFERENCES releases (guid) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER fails AFTER UPDATE ON documents BEGIN INSERT INTO ends VALUES ('none'); END";
    sqlx::raw_sql(fails).execute(&store.pool).await.unwrap();
    let changed = store.document_changed("/all.rss", "b", at(9)).await;
    assert!(changed.is_err(), "{changed:?}");
    sqlx::raw_sql("DROP TRIGGER fails")
        .execute(&store.pool)
        .await
        .unwrap();
    let changed = store
        .document_changed("/all.rss", "b", at(20))
        .await
        .unwrap();
    assert_eq!(changed, at(20), "nothing was on record");
}

/// As when whoever began it was dropped before the server answered. SQLite's driver ends such a one by itself.
#[tokio::test]
async fn a_transaction_of_the_servers_that_nobody_ended_is_over_when_its_connection_is_given_back()
{
    if server().is_none() {
        return;
    }
    let (_folder, store) = empty().await;
    let writes = "BEGIN; UPDATE counters SET value = value";
    let fails = "BEGIN; UPDATE nowhere SET value = value";
    for (n, sql) in [writes, fails].into_iter().enumerate() {
        let mut connection = store.pool.acquire().await.unwrap();
        let begun = sqlx::raw_sql(sql).execute(&mut *connection).await;
        assert_eq!(begun.is_ok(), sql == writes);
        drop(connection);
        // Often enough to have met every connection.
        for _ in 0..2 * CONNECTIONS {
            let mut connection = store.pool.acquire().await.unwrap();
            let one = sqlx::query("SELECT 1").execute(&mut *connection).await;
            assert!(one.is_ok(), "{sql}: {one:?}");
        }
        let address = address(&format!("/releases/{n}"), None);
        let guid = Guid::new("npcc", &address.path);
        store
            .add(guid, &address, &copy("a"), &Derived::default(), None)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_document_is_dated_by_its_last_change_and_never_back() {
    let (_folder, store) = empty().await;
    // The clock is set back before "c".
    for (etag, now, expected) in [
        ("a", 0, 0),
        ("a", 9, 0),
        ("b", 10, 10),
        ("c", 5, 11),
        ("d", 11, 12),
    ] {
        let changed = store
            .document_changed("/all.rss", etag, at(now))
            .await
            .unwrap();
        assert_eq!(changed, at(expected));
    }
}

#[tokio::test]
async fn of_no_releases_there_are_no_records_on_postgresql_either() {
    let (_folder, store) = empty().await;
    assert!(store.records(&[], false).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_address_of_no_store_is_told() {
    let error = Store::open("mysql://x").await.unwrap_err().to_string();
    assert!(error.contains("sqlite:PATH"), "{error}");
}

#[tokio::test]
async fn what_is_no_database_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    std::fs::write(
        &file,
        "no database at all, and long enough to look like one ".repeat(200),
    )
    .unwrap();
    let url = format!("sqlite:{}", file.display());
    let opened = Store::open(&url);
    let told = tokio::time::timeout(std::time::Duration::from_secs(5), opened).await;
    let told = told.unwrap().unwrap_err().to_string();
    assert!(told.contains("not a database"), "{told}");
}

#[tokio::test]
async fn a_path_is_taken_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("100%20 # of").join("store.db");
    Store::open(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    assert!(file.exists());
}
