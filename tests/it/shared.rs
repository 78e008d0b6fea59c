//! Several daemons on one store, which is on a PostgreSQL server. Without one (`NPCC_FEEDS_TEST_POSTGRES`) there is nothing to
//! share, and these say so.

use std::time::{Duration, Instant};

use crate::harness::{World, field, numbered, release};
use crate::running::Daemon;
use crate::store;

/// How soon every daemon shows what one has read.
const SOON: Duration = Duration::from_secs(2);

async fn shared(last: u32) -> Option<World> {
    if store::server().is_none() {
        println!("not run: NPCC_FEEDS_TEST_POSTGRES names no PostgreSQL server");
        return None;
    }
    let world = World::new(numbered(1..=last)).await;
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
        let read = Instant::now();
        for daemon in &daemons {
            daemon
                .wait_for("/all.rss", &format!("Release number {n}<"))
                .await;
        }
        assert!(read.elapsed() < SOON, "{:?}", read.elapsed());
        let [one, other] = &daemons;
        for path in ["/all.rss", "/topics/unclassified.atom", "/all.json"] {
            assert_eq!(one.text(path).await, other.text(path).await, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_goes_on_when_the_one_that_fetches_is_killed() {
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
    world.forget_cycles().await;
    let asked = || {
        let asked = world.asked();
        asked
            .iter()
            .filter(|path| path.starts_with("/feed/rss"))
            .count()
    };
    let before = asked();
    let daemons = [Daemon::start(&world).await, Daemon::start(&world).await];
    for daemon in &daemons {
        daemon.wait_for("/all.rss", "Release number 5<").await;
    }
    crate::running::until("one has read it", || asked() > before).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(asked(), before + 1, "the other saw that it was done");
}
