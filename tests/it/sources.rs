//! Several newsrooms at once.

use std::time::{Duration, Instant};

use npcc_feeds::daemon::By;

use crate::harness::{World, numbered, release};
use crate::inside::Inside;
use crate::site::{Fault, Newsroom, Site};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_source_needs_configuration_alone() {
    let only_feed = "[[sources]]\nid = \"npcc\"\nfeed = \"{base}/feed/rss\"\nlisting = \"{base}/releases\"\n\
                     [[sources]]\nid = \"feed\"\nfeed = \"{base}/feed/rss\"\n\
                     [[sources]]\nid = \"listing\"\nlisting = \"{base}/releases\"\n";
    let world = Inside::with_sources(numbered(1..=15), only_feed).await;
    for (source, new) in world.ingest.config.sources.iter().zip([15, 10, 15]) {
        let report = world.ingest.cycle(source, By::Schedule).await.unwrap();
        // The same text in another source is a copy of it.
        assert_eq!(
            (report.new + report.merged, report.failed.len()),
            (new, 0),
            "{report:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_hangs_delays_no_other() {
    let mut world = World::new(numbered(1..=3)).await;
    let second = Newsroom::start(Site::new(numbered(11..=13)), "127.0.0.1:0")
        .await
        .unwrap();
    let base = second.base().replace("127.0.0.1", "localhost");
    std::fs::write(
        world.path("two.toml"),
        format!(
            "[[sources]]\nid = \"hangs\"\nfeed = \"{0}/feed/rss\"\nlisting = \"{0}/releases\"\nhosts = [\"127.0.0.1\"]\n\
             [[sources]]\nid = \"well\"\nfeed = \"{base}/feed/rss\"\nhosts = [\"localhost\"]\n",
            world.newsroom.base()
        ),
    )
    .unwrap();
    world.settings.retain(|key, _| !key.starts_with("SOURCES"));
    world.set("FETCH__TIMEOUT", "4s");
    world.site().set_fault("/", Fault::Hang);
    let began = Instant::now();
    let output = world
        .run(&["--config", "two.toml", "fetch", "--format", "json"])
        .await;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["sources"][1]["new"], 3, "{report}");
    let asked = second.site.asked();
    let last = asked.last().unwrap().answered;
    assert!(
        last.duration_since(began) < Duration::from_secs(4),
        "it waited for the other"
    );
    assert_eq!(output.status.code(), Some(1));

    // The same in the daemon, where the well one goes on by its schedule.
    world.forget_cycles().await;
    second.site.publish(release(14));
    world.site().clear_asked();
    let mut daemon = world.command(&["--config", "two.toml"]).spawn().unwrap();
    for _ in 0..200 {
        if second
            .site
            .asked()
            .iter()
            .any(|asked| asked.path.ends_with("number-14"))
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let asked = second.site.asked();
    assert!(
        asked.iter().any(|asked| asked.path.ends_with("number-14")),
        "{asked:?}"
    );
}
