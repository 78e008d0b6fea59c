//! What a fault is proved on: a daemon that serves, a newsroom that fails it, and a clock to turn.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use npcc_feeds::clock::Clock;
use npcc_feeds::config::{self, Config};
use npcc_feeds::daemon::Report;
use npcc_feeds::daemon::{By, Ingest, Leases, Pulses};
use npcc_feeds::edition::{Address, Found, Meaning};
use npcc_feeds::feeds::pages::For;
use npcc_feeds::fetch::Turns;
use npcc_feeds::store::Store;
use npcc_feeds::topics::{Classifier, Taxonomy};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{examples, numbered, release};
use crate::site::{Item, Newsroom, Site};
use crate::store;

/// The first release that is published after the daemon has started.
pub const NEW: u32 = 11;
/// A topic that one of the first releases has.
const TOPIC: &str = "/topics/roads-policing.rss";
/// Behind every back-off, hold and freshness.
pub const A_DAY_LATER: TimeDelta = TimeDelta::hours(25);

static CLASSIFIER: LazyLock<Arc<Classifier>> = LazyLock::new(|| {
    let mut taxonomy = Taxonomy::shipped().unwrap();
    // Thirty feeds more would prove nothing more, and take their time.
    taxonomy.topics.retain(|topic| topic.id == "roads-policing");
    Arc::new(Classifier::new(taxonomy).unwrap())
});

/// What a fault is proved on.
pub struct Stage {
    pub newsroom: Newsroom,
    pub clock: Clock,
    pub store: Store,
    /// What the cycles from now on work with; the daemon that serves has its own.
    pub config: Config,
    ingest: Ingest,
    daemon: SocketAddr,
    /// How many releases the newsroom has published.
    pub published: usize,
    _stop: DropGuard,
    _folder: TempDir,
}

/// An item of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub guid: String,
    pub link: String,
    pub title: String,
    pub date: DateTime<Utc>,
    /// The whole text.
    pub text: String,
}

impl Stage {
    /// A daemon that serves a few releases, whose past passes for filled.
    pub async fn set() -> Stage {
        let mut items = numbered(1..=2);
        let on_a_topic = examples().into_iter().next().unwrap();
        items.push(on_a_topic);
        let published = items.len();
        let newsroom = Newsroom::start(Site::new(items), "127.0.0.1:0")
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = config::shipped(&[]).unwrap();
        config.fetch.pause = Duration::from_millis(1);
        config.fetch.timeout = Duration::from_secs(20);
        let source = &mut config.sources[0];
        source.feed = Some(newsroom.base() + "/feed/rss");
        source.listing = vec![newsroom.base() + "/releases"];
        source.hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        // The cycles are the test's own: no day that it comes to is a 29 February.
        source.schedule = vec!["0 0 29 2 *".to_owned()];
        let url = store::fresh(&folder.path().join("npcc-feeds.db")).await;
        let store = Store::open(&url).await.unwrap();
        let clock = Clock::simulated("2026-11-25T09:00:00Z".parse().unwrap());
        let ingest = Ingest {
            config: Arc::new(config.clone()),
            store: store.clone(),
            classifier: CLASSIFIER.clone(),
            clock: clock.clone(),
            turns: Turns::default(),
            leases: Leases::default(),
            pulses: Pulses::default(),
            metrics: npcc_feeds::metrics::Metrics::default(),
        };
        let source = &ingest.config.sources[0];
        let first = ingest.cycle(source, By::Schedule).await.unwrap();
        assert_eq!((first.new, first.failed.len()), (3, 0), "{first:?}");
        store
            .history_filled(&source.id, DateTime::UNIX_EPOCH)
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let daemon = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn({
            let (ingest, stop) = (ingest.clone(), stop.clone());
            async move {
                let reloads = mpsc::channel(1).1;
                ingest.run(vec![listener], reloads, stop).await.unwrap();
            }
        });
        let stage = Stage {
            newsroom,
            clock,
            store,
            config,
            ingest,
            daemon,
            published,
            _stop: stop.drop_guard(),
            _folder: folder,
        };
        while stage.get("/all.rss").await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stage
    }

    /// Lets the newsroom publish a release, on top.
    pub fn publish(&mut self, item: Item) {
        self.newsroom.site.publish(item);
        self.published += 1;
    }

    /// The newsroom publishes one that [`Stage::publish`] does not know of.
    pub fn expect_one_more(&mut self) {
        self.published += 1;
    }

    /// Lets the newsroom publish so many releases more, the last on top.
    pub fn publish_numbered(&mut self, range: std::ops::RangeInclusive<u32>) {
        for n in range {
            self.publish(release(n));
        }
    }

    /// One cycle by schedule.
    pub async fn cycle(&self) -> Report {
        let mut ingest = self.ingest.clone();
        ingest.config = Arc::new(self.config.clone());
        let source = &ingest.config.sources[0];
        ingest.cycle(source, By::Schedule).await.unwrap()
    }

    /// Lets no validator hide what the newsroom does.
    pub async fn forget_validators(&self) {
        for way in self.ingest.config.sources[0].ways_in() {
            let source = &self.ingest.config.sources[0].id;
            self.store.forget_validators(source, way).await.unwrap();
        }
    }

    /// The newsroom is itself again, a day later.
    pub async fn recover(&mut self) {
        self.newsroom.site.clear_faults();
        self.newsroom.site.clear_raw();
        self.config.fetch = self.ingest.config.fetch.clone();
        if let Some(feed) = &mut self.config.sources[0].feed {
            feed.clone_from(self.ingest.config.sources[0].feed.as_ref().unwrap());
        }
        self.clock.turn(A_DAY_LATER);
    }

    /// What the daemon answers: status and body.
    pub async fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.daemon).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let head = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let status = std::str::from_utf8(&answer[9..12]).unwrap();
        (status.parse().unwrap(), answer.split_off(head + 4))
    }

    /// A feed with one topic and the feed of all, as they are served.
    pub async fn served(&self) -> [Vec<u8>; 2] {
        [self.get("/all.rss").await.1, self.get(TOPIC).await.1]
    }

    /// The same as they would be made now: what the daemon puts up with the next change.
    pub async fn made(&self) -> [Vec<u8>; 2] {
        let edition = self.ingest.edition();
        let of = async |path: &str| {
            let Meaning::Document(address) = Address::read(edition.site(), path, "") else {
                panic!("{path} is no address");
            };
            match edition.document(&address, For::Daemon).await.unwrap() {
                Found::Document(document) => document.bytes,
                other => panic!("{path}: {other:?}"),
            }
        };
        [of("/all.rss").await, of(TOPIC).await]
    }

    /// What the feed of all shows now.
    pub async fn shown(&self) -> Vec<Shown> {
        read(&self.made().await[0])
    }

    /// What `/health` says of the source.
    pub async fn health(&self) -> Vec<String> {
        let body = self.get("/health").await.1;
        let health: Value = serde_json::from_slice(&body).unwrap();
        let source = &health["sources"][0];
        let told = |list: &str, key: &str| -> Vec<String> {
            let rows = source[list].as_array().unwrap().iter();
            rows.map(|row| row[key].as_str().unwrap().to_owned())
                .collect()
        };
        [told("trouble", "cause"), told("alarms", "text")].concat()
    }
}

fn read(feed: &[u8]) -> Vec<Shown> {
    let channel = rss::Channel::read_from(feed).unwrap();
    let items = channel.into_items().into_iter();
    items
        .map(|item| Shown {
            guid: item.guid.unwrap().value,
            link: item.link.unwrap(),
            title: item.title.unwrap(),
            date: DateTime::parse_from_rfc2822(&item.pub_date.unwrap())
                .unwrap()
                .to_utc(),
            text: item.content.unwrap_or_default(),
        })
        .collect()
}
