//! Several daemons on one store, which is on a PostgreSQL server. Without one (`NPCC_FEEDS_TEST_POSTGRES`) there is nothing to
//! share, and these say so.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::{Connection, Row};

use crate::harness::{World, field, numbered, release, word};
use crate::inside::Inside;
use crate::running::{Daemon, until, until_within};
use crate::store;
use crate::websub::Hub;

/// How soon every daemon shows what one has read.
const SOON: Duration = Duration::from_secs(2);
/// How soon another has read the rest when the one that fetches is gone or stands still: within a minute it begins.
const READ_WITHIN: Duration = Duration::from_secs(75);

/// Whether there is a server; says so where there is none, also of a test that passes, of which what it prints is not shown.
fn can_share() -> bool {
    let is_there = store::server().is_some();
    if !is_there {
        let said = "not run, as NPCC_FEEDS_TEST_POSTGRES names no PostgreSQL server: several daemons on one store\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    is_there
}

async fn shared(last: u32) -> Option<World> {
    if !can_share() {
        return None;
    }
    let mut world = World::new(numbered(1..=last)).await;
    // The cycles are the tests' own: no day that they come to is a 29 February.
    world.set("SOURCES__0__SCHEDULE", "[\"0 0 29 2 *\"]");
    world.fetch().await;
    world.forget_history().await;
    Some(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn all_show_within_two_seconds_what_one_has_read() {
    let Some(world) = shared(5).await else { return };
    let daemons = [Daemon::serving(&world).await, Daemon::serving(&world).await];
    for n in 6..9 {
        world.site().publish(release(n));
        world.fetch().await;
        all_show(&daemons, n).await;
    }
}

/// Every one shows a release soon, and then all the same.
async fn all_show(daemons: &[Daemon], last: u32) {
    let read = Instant::now();
    let title = format!("Release number {last}<");
    join_all(daemons.iter().map(|one| one.wait_for("/all.rss", &title))).await;
    // The other forms are of the same edition.
    assert!(read.elapsed() < SOON, "{:?}", read.elapsed());
    for path in ["/all.rss", "/topics/unclassified.atom", "/all.json"] {
        let texts = join_all(daemons.iter().map(|one| one.text(path))).await;
        assert!(texts.iter().all(|text| *text == texts[0]), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_goes_on_when_the_one_that_fetches_is_killed() {
    let Some(mut world) = shared(5).await else {
        return;
    };
    // So that all have started before the first is done.
    world.set("FETCH__PAUSE", "300ms");
    let rounds = std::env::var("KILLED").map_or(2, |count| count.parse().unwrap());
    for round in 0..rounds {
        let new = publish_eight(&world, round).await;
        let (killed, others) = with_the_fetching_one_apart(&world, 2 + round % 2).await;
        killed.signal("KILL");
        wait_until_read(&world, *new.end()).await;
        all_show(&others, *new.end()).await;
        assert_read_once(&world, new);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_goes_on_when_the_one_that_fetches_stands_still() {
    let Some(mut world) = shared(5).await else {
        return;
    };
    world.set("FETCH__PAUSE", "300ms");
    let new = publish_eight(&world, 0).await;
    let (stopped, mut all) = with_the_fetching_one_apart(&world, 2).await;
    stopped.signal("STOP");
    wait_until_read(&world, *new.end()).await;
    all_show(&all, *new.end()).await;
    let asked = world.asked();
    // It has lost the lease, and does nothing of what it was about to.
    stopped.signal("CONT");
    stopped
        .wait_for("/all.rss", &format!("Release number {}<", new.end()))
        .await;
    all.push(stopped);
    all_show(&all, *new.end()).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(world.asked(), asked);
    assert_read_once(&world, new);
}

/// News, and a cycle that is due.
async fn publish_eight(world: &World, round: u32) -> RangeInclusive<u32> {
    let new = 6 + round * 8..=13 + round * 8;
    world.publish_numbered(new.clone());
    world.forget_cycles().await;
    world.site().clear_asked();
    new
}

/// Starts so many at once, and gives the one that is in the midst of its pages, and the others.
async fn with_the_fetching_one_apart(world: &World, count: u32) -> (Daemon, Vec<Daemon>) {
    let mut daemons = join_all((0..count).map(|_| Daemon::start(world))).await;
    until("pages are read", || world.asked().len() >= 5).await;
    let mut store = world.open_store().await;
    let row = sqlx::query("SELECT holder FROM leases");
    let row = row.fetch_one(&mut store).await.unwrap();
    store.close().await.unwrap();
    let holder: String = row.get(0);
    let is_holder = |one: &Daemon| holder.starts_with(&format!("{} ", one.child.id()));
    let fetching = daemons.iter().position(is_holder).unwrap();
    (daemons.remove(fetching), daemons)
}

async fn wait_until_read(world: &World, last: u32) {
    // The newest is read last.
    let newest = format!("/releases/release-number-{last}");
    let read = || world.asked().contains(&newest);
    until_within(READ_WITHIN, "another reads the rest", read).await;
    let asked = Instant::now();
    let mut store = world.open_store().await;
    let sql = "SELECT COUNT(*) FROM releases";
    loop {
        let row = sqlx::query(sql).fetch_one(&mut store).await.unwrap();
        match row.get::<i64, _>(0).cmp(&i64::from(last)) {
            Ordering::Less => {}
            Ordering::Equal => break,
            Ordering::Greater => panic!("something was stored twice"),
        }
        assert!(asked.elapsed() < READ_WITHIN, "what was read is stored");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.close().await.unwrap();
}

/// Every page was read once, but for the one that was under way when its reader was stopped.
fn assert_read_once(world: &World, new: RangeInclusive<u32>) {
    let mut times = BTreeMap::new();
    for path in world.asked() {
        *times.entry(path).or_insert(0) += 1;
    }
    let times = new.map(|n| times[&format!("/releases/release-number-{n}")]);
    let mut times: Vec<u32> = times.collect();
    times.sort_unstable();
    assert!(times[times.len() - 1] <= 2, "{times:?}");
    assert_eq!(times[times.len() - 2], 1, "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_goes_on_where_one_was_killed() {
    let Some(world) = shared(5).await else { return };
    for round in 0..5 {
        let first = 6 + round * 8;
        world.publish_numbered(first..=first + 7);
        // In the midst of its pages.
        world.kill_after(&["fetch"], 3 + round as usize).await;
        let report = world.fetch().await;
        assert_eq!(
            report["failed"].as_array().map(Vec::len),
            Some(0),
            "{report}"
        );
        let releases = world.releases().await;
        assert_eq!(releases.len(), first as usize + 7);
        let mut titles = field(&releases, "title");
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), releases.len(), "none twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_are_due_at_once_read_once() {
    let Some(world) = shared(5).await else { return };
    world.site().publish(release(6));
    world.forget_cycles().await;
    world.site().clear_asked();
    // So that both find that they have to wait.
    let store = npcc_feeds::store::Store::open(&world.settings["STORE__URL"]);
    let store = store.await.unwrap();
    let lease = store.lease("a test", chrono::Utc::now()).await.unwrap();
    let daemons = join_all([Daemon::serving(&world), Daemon::serving(&world)]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(world.asked().is_empty());
    lease.release().await.unwrap();
    until("the other saw that it was done", || {
        let said = |one: &Daemon| one.log.lock().unwrap().contains("another has read it");
        daemons.iter().any(said)
    })
    .await;
    all_show(&daemons, 6).await;
    let asked = world.asked();
    let feeds = asked.iter().filter(|path| path.starts_with("/feed/rss"));
    assert_eq!(feeds.count(), 1, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_hears_once_of_what_several_show() {
    let Some(mut world) = shared(5).await else {
        return;
    };
    let hub = Hub::default();
    let url = hub.start().await;
    world.set("PUBLISH__HUB", &url);
    world.set("SERVE__PUBLIC_URL", "http://feeds.example");
    let daemons = join_all([Daemon::serving(&world), Daemon::serving(&world)]).await;
    *hub.base.lock().unwrap() = daemons[0].base.clone();
    let path = "/topics/unclassified.json";
    until("the first edition", || hub.was_told(path) > 0).await;
    world.site().publish(release(6));
    world.fetch().await;
    until("the new release", || hub.was_told(path) > 1).await;
    // Time for the other.
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!((hub.was_told(path), hub.was_told("/all.rss")), (2, 2));
}

/// Rows that somebody may still read are kept when a table is written anew, so a removed text stayed in the server's files.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_while_somebody_reads_is_gone_all_the_same() {
    let Some(world) = shared(3).await else { return };
    let mut reader = world.open_store().await;
    let read = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT value FROM counters";
    sqlx::raw_sql(read).execute(&mut reader).await.unwrap();
    assert!(world.store_holds(&word(2)));
    let mut redact = world.command(&["redact", "http://127.0.0.1/releases/release-number-2"]);
    let mut redact = redact.spawn().unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(redact.try_wait().unwrap().is_none(), "it waits");
    reader.close().await.unwrap();
    assert!(redact.wait().unwrap().success());
    assert!(!world.store_holds(&word(2)));
}

/// A machine that was lost in the midst of a transaction kept all others from writing until the network gave it up.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_stands_still_gives_way() {
    let Some(world) = shared(3).await else { return };
    let still = npcc_feeds::store::Store::open(&world.settings["STORE__URL"])
        .await
        .unwrap();
    // What has begun to write, and does nothing more.
    let import = still.import().await.unwrap();
    world.site().publish(release(4));
    assert_eq!(world.fetch().await["new"], 1);
    drop(import);
}

/// The lease ended before the import did. A daemon whose cycle was due took it, waited for the store, and called that locked.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_takes_long_keeps_the_lease() {
    if !can_share() {
        return;
    }
    let world = Inside::new(numbered(1..=2)).await;
    world.good_cycle().await;
    let guid = world.items().await[0].release.guid;
    let records = world.ingest.store.records(&[guid], true).await.unwrap();
    let record = serde_json::to_value(&records[&guid]).unwrap();
    let mut left = 151;
    let importing = world.ingest.import::<npcc_feeds::daemon::Error>(|| {
        std::thread::sleep(Duration::from_millis(100));
        left -= 1;
        Ok((left > 0).then(|| record.clone()))
    });
    let (mut holders, mut ends) = (BTreeSet::new(), BTreeSet::new());
    let watching = async {
        let mut store = world.open_store().await;
        loop {
            let lease =
                sqlx::query("SELECT holder, expires_at FROM leases").fetch_optional(&mut store);
            if let Some(lease) = lease.await.unwrap() {
                holders.insert(lease.get::<String, _>(0));
                ends.insert(lease.get::<i64, _>(1));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        imported = importing => assert_eq!(imported.unwrap().known, 150),
        () = watching => {}
    }
    assert!(holders.len() == 1 && ends.len() > 1, "{holders:?} {ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_whose_lease_was_taken_says_so() {
    let Some(mut world) = shared(3).await else {
        return;
    };
    let export = world.run(&["export"]).await.stdout;
    std::fs::write(world.path("all.jsonl"), export).unwrap();
    world.begin_another_store().await;
    assert_eq!(world.releases().await.len(), 0);
    let mut store = world.open_store().await;
    let mut held = store.begin().await.unwrap();
    sqlx::query("LOCK TABLE addresses IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *held)
        .await
        .unwrap();
    let script = "exec \"$0\" import all.jsonl 2>told";
    let mut importing = world.shell(script).spawn().unwrap();
    let mut beside = world.open_store().await;
    let taking = async {
        while sqlx::query("UPDATE leases SET holder = 'elsewhere'")
            .execute(&mut beside)
            .await
            .unwrap()
            .rows_affected()
            == 0
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taking)
        .await
        .unwrap();
    let told = || {
        std::fs::read_to_string(world.path("told"))
            .is_ok_and(|told| told.contains("another process has taken the fetch lease"))
    };
    until("the import says so", told).await;
    held.rollback().await.unwrap();
    let ended = tokio::task::spawn_blocking(move || importing.wait().unwrap());
    assert!(ended.await.unwrap().success());
    assert_eq!(world.releases().await.len(), 3);
}
