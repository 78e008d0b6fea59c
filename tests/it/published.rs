//! What becomes files: all that is served, with its compressed forms, whole and up to date whichever way it is written.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::harness::{World, numbered, of_today, release};
use crate::inside::Inside;
use crate::running::{Daemon, until, until_within};

/// The files of a folder, but for the list of what was written.
fn published(world: &World, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = world.files(folder);
    files.remove(".npcc-feeds");
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_their_compressed_forms_beside_them() {
    let world = World::read(5).await;
    world.json(&["publish", "out"]).await;
    let files = published(&world, "out");
    for name in [
        "index.html",
        "all.html",
        "all.rss",
        "all.atom",
        "all.json",
        "topics/hate-crime.html",
        "topics/hate-crime.rss",
        "style.css",
        "copy.js",
        "revisions.rss",
        "subscriptions.opml",
    ] {
        let bytes = &files[name];
        assert_eq!(
            &npcc_feeds::compression::gunzip(&files[&format!("{name}.gz")]).unwrap(),
            bytes,
            "{name}"
        );
        assert!(files[&format!("{name}.br")].len() < bytes.len());
    }
    assert_eq!(
        files
            .keys()
            .filter(|name| name.starts_with("releases/") && name.ends_with(".html"))
            .count(),
        5
    );
    // Links between pages work wherever the folder lies.
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let page = String::from_utf8_lossy(bytes);
        for link in page
            .split(" href=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
        {
            let is_elsewhere = link.contains(':') || link.starts_with('#');
            let mut target = std::path::Path::new(name).parent().unwrap().to_owned();
            for part in link.split('#').next().unwrap().split('/') {
                match part {
                    ".." => assert!(target.pop(), "{name}: {link}"),
                    part => target.push(part),
                }
            }
            let target = target.display().to_string();
            assert!(
                is_elsewhere || files.contains_key(&target),
                "{name} links to {link}"
            );
        }
    }
}

/// However many topics there are: a release costs its own.
#[tokio::test]
async fn a_release_touches_the_files_of_its_own_topics_alone() {
    let world = Inside::new(numbered(1..=60)).await;
    world.good_cycle().await;
    world.fill_past().await;
    let since = world.ingest.store.change().await.unwrap();

    let mut one = release(61);
    one.title = "Police chiefs on hate crime".to_owned();
    one.lead = "Hate crime is a crime, say chief constables.".to_owned();
    world.site().publish(one);
    world.turn_minutes(16);
    world.good_cycle().await;

    let newest = &world.items().await[0];
    assert_eq!(newest.topics, ["hate-crime"]);
    let changed = world.ingest.edition().changed(Some(since)).await.unwrap();
    let touched = changed.touched.iter().map(|address| address.file_name());
    let mut touched: Vec<String> = touched.collect();
    touched.sort();
    let page = format!("releases/{}.html", newest.release.guid.id());
    let mut wanted = vec![page, "index.html".to_owned()];
    for feed in ["all", "topics/hate-crime"] {
        wanted.extend(["html", "rss", "atom", "json"].map(|end| format!("{feed}.{end}")));
    }
    // Sixty releases fill one archive and one page, which leads on to the newest.
    wanted.push("all/page/1.html".to_owned());
    wanted.sort();
    assert_eq!(touched, wanted);
    assert!(changed.all.len() > 200, "{}", changed.all.len());
}

/// The daemon writes what a change touches, and that is all there is to write.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_daemon_writes_bit_by_bit_is_what_is_written_at_once() {
    let mut world = World::read(13).await;
    world.set("PUBLISH__ITEMS", "3");
    world.set("PUBLISH__TO", "bits");
    let of = |n: u32| format!("http://127.0.0.1/releases/release-number-{n}");
    let daemon = Daemon::serving(&world).await;
    let mut steps = 0;
    loop {
        let step = steps;
        steps += 1;
        match step {
            0 => {}
            1 => {
                world
                    .json(&["label", &of(2), "+hate-crime", "+roads-policing"])
                    .await;
            }
            2 => {
                world.site().publish(of_today(14..=14).remove(0));
                world.site().publish(of_today(15..=15).remove(0));
                world.fetch().await;
            }
            3 => {
                world.site().edit("release-number-1", |item| {
                    item.body += "\n\nCorrection: seven, not nine."
                });
                world.make_pages_due().await;
                world.fetch().await;
            }
            4 => {
                world.json(&["merge", &of(4), &of(9)]).await;
            }
            5 => world.let_withdraw(5).await,
            6 => {
                world.json(&["redact", &of(6)]).await;
            }
            7 => {
                world.json(&["label", &of(2), "-hate-crime"]).await;
            }
            8 => {
                world.json(&["split", &of(4)]).await;
            }
            9 => {
                // Two of one template, whose pages name each other.
                for (n, count) in [(20, "417"), (21, "902")] {
                    let mut one = of_today(20..=20).remove(0);
                    one.id = format!("release-number-{n}");
                    one.body += &format!("\n\nIn all {count} drivers were stopped.");
                    world.site().publish(one);
                }
                world.fetch().await;
            }
            10 => {
                world.json(&["redact", &of(20)]).await;
            }
            11 => {
                world.json(&["label", &of(2), "+roads-policing"]).await;
            }
            12 => {
                // It moves to another address.
                world
                    .site()
                    .set_renamed(Some(("release-number-7", "release-seven")));
                world.make_pages_due().await;
                world.fetch().await;
            }
            _ => break,
        }
        world.json(&["publish", "whole"]).await;
        let whole = published(&world, "whole");
        until(&format!("the daemon has written step {step}"), || {
            let bits = std::panic::catch_unwind(|| published(&world, "bits"));
            bits.is_ok_and(|bits| bits == whole)
        })
        .await;
    }
    assert_eq!(steps, 14);
    let log = daemon.log.lock().unwrap().clone();
    assert!(!log.contains("ERROR"), "{log}");
}

/// A pipe in the place of a file kept the daemon waiting for ever, and with it the feeds that it serves.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_in_the_place_of_a_file_goes_whatever_it_is() {
    let mut world = World::read(3).await;
    world.set("PUBLISH__TO", "out");
    let daemon = Daemon::serving(&world).await;
    let file = world.path("out/all.rss");
    let all_are_written = || {
        let log = daemon.log.lock().unwrap();
        log.contains("published as files")
    };
    until("files are there", all_are_written).await;
    for name in ["out/all.rss", "out/.npcc-feeds"] {
        std::fs::remove_file(world.path(name)).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(world.path(name))
            .status();
        assert!(made.unwrap().success());
    }
    world.publish_numbered(4..=4);
    world.fetch().await;
    daemon.wait_for("/all.rss", "Release number 4").await;
    let is_new = || {
        let is_file = file.metadata().is_ok_and(|there| there.is_file());
        is_file
            && std::fs::read_to_string(&file)
                .unwrap()
                .contains("Release number 4")
    };
    until("the file is one again", is_new).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_files_cannot_be_written_is_told_and_keeps_nothing_from_those_who_are_served() {
    let mut world = World::read(3).await;
    world.set("PUBLISH__TO", "out");
    std::fs::write(world.path("out"), "no folder").unwrap();
    let daemon = Daemon::serving(&world).await;
    for n in 4..=5 {
        world.publish_numbered(n..=n);
        world.fetch().await;
        daemon
            .wait_for("/all.rss", &format!("Release number {n}"))
            .await;
    }
    daemon
        .wait_for("/health", "The published files cannot be written")
        .await;
    assert_eq!(daemon.get("/health").await.status(), 503);
    daemon
        .wait_for("/status", "The published files cannot be written")
        .await;
    daemon
        .wait_for("/metrics", "npcc_feeds_files_failing 1\n")
        .await;
    let told = || {
        daemon
            .log
            .lock()
            .unwrap()
            .contains("publishing as files failed")
    };
    until("the log says so", told).await;
    let log = daemon.log.lock().unwrap().clone();
    assert!(log.contains("cannot be written: out: File exists"), "{log}");

    std::fs::remove_file(world.path("out")).unwrap();
    let file = world.path("out/all.rss");
    // It may be a minute until it is tried again.
    until_within(Duration::from_secs(120), "the files are written", || {
        std::fs::read_to_string(&file).is_ok_and(|text| text.contains("Release number 5"))
    })
    .await;
    daemon
        .wait_for("/metrics", "npcc_feeds_files_failing 0\n")
        .await;
    assert_eq!(daemon.get("/health").await.status(), 200);
}
