//! The library itself against a newsroom on real sockets, on a simulated clock: hours and days pass in a moment.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use npcc_feeds::clock::Clock;
use npcc_feeds::config::{Config, Source};
use npcc_feeds::daemon::Report;
use npcc_feeds::daemon::{By, Ingest};
use npcc_feeds::document::Document;
use npcc_feeds::release::Item;
use npcc_feeds::store::{Progress, Store};
use npcc_feeds::topics::{Classifier, Taxonomy};
use sqlx::{AnyConnection, Connection};
use tempfile::TempDir;

use crate::site::{self, Newsroom, Site};
use crate::store;

/// What a test works with.
pub struct Inside {
    pub newsroom: Newsroom,
    /// Kept as long as the store in it is used.
    _folder: TempDir,
    pub clock: Clock,
    pub ingest: Ingest,
    sources: String,
    url: String,
}

impl Inside {
    /// A newsroom with feed and listing.
    pub async fn new(items: Vec<site::Item>) -> Inside {
        let sources = "[[sources]]\nid = \"npcc\"\nfeed = \"{base}/feed/rss\"\nlisting = \"{base}/releases\"\n";
        Inside::with_sources(items, sources).await
    }

    /// Sources as the configuration has them, in which `{base}` is the newsroom's address.
    pub async fn with_sources(items: Vec<site::Item>, sources: &str) -> Inside {
        let clock = Clock::simulated(Utc::now());
        let site = Site::new(items);
        site.set_clock(&clock);
        let newsroom = Newsroom::start(site, "127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let hosts = "hosts = [\"127.0.0.1\"]\n[[sources]]\n";
        let sources = sources.replace("{base}", &newsroom.base());
        let sources = sources.replace("\n[[sources]]\n", &format!("\n{hosts}"));
        let sources = format!("{sources}hosts = [\"127.0.0.1\"]\n");
        let url = store::fresh(&folder.path().join("store.db")).await;
        let ingest = open(&sources, &url, &clock).await;
        Inside {
            newsroom,
            _folder: folder,
            clock,
            ingest,
            sources,
            url,
        }
    }

    /// Ends the process, so to speak, and starts another.
    pub async fn restart(&mut self) {
        self.ingest.store.close().await;
        self.ingest = open(&self.sources, &self.url, &self.clock).await;
    }

    pub fn site(&self) -> &Site {
        &self.newsroom.site
    }

    pub fn source(&self) -> &Source {
        &self.ingest.config.sources[0]
    }

    /// The store, beside whoever else uses it.
    pub async fn open_store(&self) -> AnyConnection {
        let url = self.url.replacen("sqlite:", "sqlite://", 1);
        AnyConnection::connect(&url).await.unwrap()
    }

    /// A cycle of the first source by the schedule's wish.
    pub async fn cycle(&self) -> Report {
        let cycle = self.ingest.cycle(self.source(), By::Schedule);
        cycle.await.unwrap()
    }

    /// A cycle in which nothing fails.
    pub async fn good_cycle(&self) -> Report {
        let report = self.cycle().await;
        assert!(report.failed.is_empty(), "{report:?}");
        report
    }

    /// Fills the past of the first source to its end.
    pub async fn fill_past(&self) {
        loop {
            let step = self
                .ingest
                .step_back(self.source(), None, By::Schedule, Duration::ZERO);
            if step.await.unwrap().done {
                return;
            }
        }
    }

    pub fn turn_minutes(&self, minutes: i64) {
        self.clock.turn(TimeDelta::minutes(minutes));
    }

    pub async fn progress(&self) -> Progress {
        self.ingest.store.progress(&self.source().id).await.unwrap()
    }

    /// All releases, newest first.
    pub async fn items(&self) -> Vec<Item> {
        self.ingest
            .store
            .newest(&npcc_feeds::store::Selection::All, 0, 100_000)
            .await
            .unwrap()
    }

    /// The addresses that the newsroom was asked for since this was last called.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.site().asked();
        self.site().clear_asked();
        asked.into_iter().map(|asked| asked.path).collect()
    }
}

async fn open(sources: &str, url: &str, clock: &Clock) -> Ingest {
    let text = format!(
        "[store]\nurl = \"{url}\"\n[fetch]\ncontact = \"tests\"\ntimeout = \"1s\"\n{sources}"
    );
    let config = Config::read(&Document::new("test", &text), &[]).unwrap();
    let store = Store::open(&config.store.url).await.unwrap();
    let classifier = Classifier::new(Taxonomy::shipped().unwrap()).unwrap();
    Ingest {
        clock: clock.clone(),
        ..Ingest::new(config, store, classifier)
    }
}
