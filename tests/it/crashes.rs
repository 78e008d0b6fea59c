//! The daemon is killed at any moment of cycles full of news, edits and copies, again and again. Sometimes it stands still for a
//! while before; with `CRASH_DISK` it sometimes finds that disk full.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use npcc_feeds::release::{CanonicalPath, Guid};
use url::Url;

use sqlx::Connection;

use crate::harness::{World, field, of_today};
use crate::running::signal;
use crate::store;

/// How often, unless `CRASHES` says otherwise.
const CRASHES: u32 = 40;
/// For how many milliseconds it stands still, unless `STANDS_STILL` says otherwise.
const STANDS_STILL: u64 = 500;

/// How long a subscriber waits for an answer beyond that.
const PATIENCE: Duration = Duration::from_secs(30);

/// A number of the environment.
fn set(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap())
}

/// Takes all room there is in a folder, as long as it lives.
struct Filler(PathBuf);

impl Filler {
    fn new(folder: &Path) -> Filler {
        let path = folder.join("filler");
        let mut file = File::create(&path).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        Filler(path)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// A server that found its disk full may have to be started again.
async fn reach(world: &World) {
    for _ in 0..600 {
        if let Ok(store) = world.try_store().await {
            return store.close().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the store cannot be reached");
}

/// What a subscriber has got.
#[derive(Default)]
struct Got {
    /// How many feeds.
    whole: usize,
    /// The releases that stood in them, each with the feed in which it was seen first.
    guids: BTreeMap<String, usize>,
}

/// Reads a feed in one form after the other for ever: whatever comes as a whole answer is a whole feed, with no release twice.
async fn subscribe(base: String, stands_still: Duration, is_over: Arc<AtomicBool>) -> Got {
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        // One that is killed while it is asked may never be heard of again.
        .timeout(stands_still + PATIENCE)
        .build()
        .unwrap();
    let mut got = Got::default();
    for form in ["rss", "json", "atom"].into_iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let answer = async {
            let asked = client.get(format!("{base}/all.{form}")).send();
            asked.await?.error_for_status()?.bytes().await
        };
        let Ok(bytes) = answer.await else {
            // Nobody serves, or not yet, or was killed in the middle.
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let guids: Vec<String> = match form {
            "rss" => {
                let feed = rss::Channel::read_from(&bytes[..]).unwrap();
                let guids = feed.items.iter().map(|item| item.guid().unwrap().value());
                guids.map(str::to_owned).collect()
            }
            "json" => {
                let feed: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                field(feed["items"].as_array().unwrap(), "id")
            }
            _ => {
                let feed = feed_rs::parser::parse(&bytes[..]).unwrap();
                feed.entries.into_iter().map(|entry| entry.id).collect()
            }
        };
        let unique: BTreeSet<String> = guids.iter().cloned().collect();
        assert_eq!(unique.len(), guids.len(), "none twice in {form}");
        got.whole += 1;
        for guid in unique {
            got.guids.entry(guid).or_insert(got.whole);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    got
}

/// The guid of a release at the newsroom of these tests.
fn guid_of(id: &str) -> String {
    let url = Url::parse(&format!("http://127.0.0.1/releases/{id}")).unwrap();
    Guid::new("npcc", &CanonicalPath::of(&url)).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_a_daemon_loses_and_repeats_nothing() {
    let crashes = set("CRASHES").map_or(CRASHES, |count| u32::try_from(count).unwrap());
    let stands_still = Duration::from_millis(set("STANDS_STILL").unwrap_or(STANDS_STILL));
    let disk = std::env::var("CRASH_DISK").map(PathBuf::from).ok();
    let seed = set("SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("SEED={seed} CRASHES={crashes}");
    let mut dice = fastrand::Rng::with_seed(seed);

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    drop(port);
    let mut world = World::new(of_today(1..=5)).await;
    world.set("SERVE__LISTEN", &address);
    world.set("FETCH__PAUSE", "0ms");
    if let Some(disk) = &disk
        && store::server().is_none()
    {
        let url = format!("sqlite:{}", disk.join("npcc-feeds.db").display());
        world.set("STORE__URL", &url);
    }
    world.fetch().await;
    let is_over = Arc::new(AtomicBool::new(false));
    let base = format!("http://{address}");
    let subscriber = tokio::spawn(subscribe(base, stands_still, is_over.clone()));

    let mut last = 5;
    // What each release says at last, and the address under which it came again.
    let mut edits: BTreeMap<u32, u32> = BTreeMap::new();
    let mut copies: BTreeMap<u32, String> = BTreeMap::new();
    let (mut begins, mut fills, mut fills_in_cycle, mut stops) = (0, 0, 0, 0);
    for crash in 1..=crashes {
        for _ in 0..dice.u32(0..=3) {
            last += 1;
            world.site().publish(of_today(last..=last).remove(0));
        }
        let one = dice.u32(1..=last);
        world.site().edit(&format!("release-number-{one}"), |item| {
            // It stays shorter than a text that would be another.
            let body = item.body.split("\n\nCorrection").next().unwrap().to_owned();
            item.body = format!("{body}\n\nCorrection: it was {crash}.");
        });
        edits.insert(one, crash);
        if dice.u32(0..4) == 0 {
            let one = dice.u32(1..=last);
            copies.entry(one).or_insert_with(|| {
                let mut again = of_today(one..=one).remove(0);
                again.id = format!("release-number-{one}-again");
                let id = again.id.clone();
                world.site().publish(again);
                id
            });
        }
        reach(&world).await;
        world.make_pages_due().await;
        world.forget_cycles().await;
        world.site().clear_asked();
        let to_fill = disk.as_deref().filter(|_| dice.u32(0..3) == 0);
        let is_full_at_start = dice.bool();
        let mut full = to_fill.filter(|_| is_full_at_start).map(Filler::new);
        let mut command = world.command(&["run"]);
        let mut daemon = command.stderr(Stdio::null()).spawn().unwrap();
        // Most of the time goes by before it asks for anything.
        let begun = tokio::time::timeout(Duration::from_secs(10), async {
            while world.site().asked().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let begun = begun.await;
        assert!(begun.is_ok() || full.is_some(), "a cycle begins");
        if let Some(disk) = to_fill
            && full.is_none()
        {
            tokio::time::sleep(Duration::from_millis(dice.u64(0..200))).await;
            full = Some(Filler::new(disk));
            fills_in_cycle += 1;
        }
        begins += u32::from(begun.is_ok());
        fills += u32::from(full.is_some());
        if dice.u32(0..8) == 0 {
            stops += 1;
            tokio::time::sleep(Duration::from_millis(dice.u64(0..300))).await;
            signal(&daemon, "STOP");
            tokio::time::sleep(stands_still).await;
            signal(&daemon, "CONT");
        }
        tokio::time::sleep(Duration::from_millis(dice.u64(0..1000))).await;
        daemon.kill().unwrap();
        daemon.wait().unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    let got = subscriber.await.unwrap();
    assert!(got.whole > 0, "no feed was ever read");
    println!(
        "{crashes} kills, {begins} of them in a cycle, {fills} with the disk full, {fills_in_cycle} since the cycle began, {stops} after standing still; {} whole feeds were read meanwhile",
        got.whole
    );
    let is_to_be_filled = disk.is_some() && crashes > CRASHES;
    assert!(
        fills_in_cycle > 0 || !is_to_be_filled,
        "no cycle found the disk full"
    );
    reach(&world).await;

    // Cycles that nobody kills, by the validators that are there: they bring all that is new, and then each page once more.
    for _ in 0..last.div_ceil(10) + 5 {
        world.fetch().await;
    }
    // A copy whose page could not be read in time stands there by itself until it is.
    let known: BTreeSet<String> = field(&world.releases().await, "guid").into_iter().collect();
    for n in 1..=last {
        let copy = copies.get(&n).map(|copy| guid_of(copy));
        let guids = [Some(guid_of(&format!("release-number-{n}"))), copy];
        let is_there = guids.iter().flatten().any(|guid| known.contains(guid));
        assert!(is_there, "release {n} is not there");
    }
    world.make_pages_due().await;
    for _ in 0..last.div_ceil(10) + 5 {
        world.fetch().await;
    }
    let releases = world.releases().await;
    assert_eq!(releases.len(), last as usize);
    // Feeds and the command line call a release by the same guid.
    let known: BTreeSet<String> = field(&releases, "guid").into_iter().collect();
    let mut lost = got.guids.clone();
    lost.retain(|guid, _| !known.contains(guid));
    let export = world.run(&["export"]).await.stdout;
    let bodies: BTreeMap<String, String> = String::from_utf8(export)
        .unwrap()
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let word = |name: &str| line[name].as_str().unwrap().to_owned();
            (word("guid"), word("body"))
        })
        .collect();
    // Of two that are one release, the one that came first stays.
    for (n, copy) in &copies {
        let (one, copy) = (guid_of(&format!("release-number-{n}")), guid_of(copy));
        let seen = |guid: &String| got.guids.get(guid).copied().unwrap_or(usize::MAX);
        if seen(&one) <= seen(&copy) {
            lost.remove(&copy);
        }
        if seen(&copy) <= seen(&one) {
            lost.remove(&one);
        }
    }
    assert!(lost.is_empty(), "these were shown and are gone: {lost:?}");
    for n in 1..=last {
        let id = format!("release-number-{n}");
        // Where both came in one cycle, or the copy alone before a kill, the copy's may be the one that stays.
        let guids = [Some(guid_of(&id)), copies.get(&n).map(|id| guid_of(id))];
        let found: Vec<&serde_json::Value> = releases
            .iter()
            .filter(|one| {
                guids
                    .iter()
                    .flatten()
                    .any(|guid| one["guid"] == guid.as_str())
            })
            .collect();
        assert_eq!(found.len(), 1, "{id}: {found:?}");
        let guid = found[0]["guid"].as_str().unwrap();
        if copies.contains_key(&n) {
            assert_eq!(found[0]["duplicates"].as_array().unwrap().len(), 1, "{id}");
            continue;
        }
        assert_eq!(guid, guid_of(&id));
        if let Some(crash) = edits.get(&n) {
            let body = &bodies[guid];
            assert!(body.contains(&format!("it was {crash}.")), "{id}: {body}");
        }
    }
    let feed = world.feed("all").await.items;
    let guids: BTreeSet<&str> = feed
        .iter()
        .map(|item| item.guid().unwrap().value())
        .collect();
    assert_eq!(feed.len(), releases.len().min(50));
    assert_eq!(guids.len(), feed.len(), "none twice");
}
