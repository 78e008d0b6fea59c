//! Every document that is published, made from the store: the one place that knows what stands at which address.
//!
//! The daemon holds the feeds that are subscribed to and makes the rest when it is asked for; `publish` writes them all.

mod address;
mod changed;
pub mod folder;

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{Stream, stream};
use xxhash_rust::xxh3::xxh3_64;

use crate::config::{Config, Source};
use crate::feeds::pages::{
    self, Change, For, Index, Months, Neighbour, PAGE, ReleasePage, SearchPage, TopicPage,
    numbered_pages,
};
use crate::feeds::{
    self, Document, Edit, Feed, Format, Place, Publisher, Site, Topic, csv_head, csv_row,
    json_line, media,
};
use crate::release::{Guid, Item};
use crate::schedule::Schedule;
use crate::store::{self, ALL, Selection, ShownRelease, Store};
use crate::topics::{Classifier, UNCLASSIFIED};

pub use address::{Address, Export, Meaning};
pub use changed::Changed;

/// So many of the newest releases stand on the front page.
const NEWEST: i64 = 6;
/// So many months are charted.
const MONTHS: usize = 24;
/// So many neighbours of a topic are named.
const NEIGHBOURS: i64 = 5;
/// So many releases of an export are held at once.
const AT_ONCE: usize = 100;

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It cannot be written.
    #[error(transparent)]
    Feeds(#[from] feeds::Error),
    /// The thread that wrote it failed.
    #[error("a thread failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// What stands at an address.
#[derive(Debug)]
pub enum Found {
    /// A document.
    Document(Document),
    /// It is at another path by now.
    Elsewhere(String),
    /// Nothing.
    Nothing,
}

/// Makes documents.
#[derive(Debug, Clone)]
pub struct Edition {
    store: Store,
    site: Arc<Site>,
    /// How many releases a feed has, and an archive.
    items: usize,
    /// Another number once something that all documents have is different.
    print: u64,
}

impl Edition {
    /// What publishes a store by a configuration.
    pub fn new(config: &Config, classifier: &Classifier, store: Store) -> Edition {
        let site = site(config, classifier);
        let items = config.publish.items.max(1);
        let version = (env!("CARGO_PKG_VERSION"), classifier.version());
        let look = pages::print();
        let print = xxh3_64(format!("{site:?} {items} {version:?} {look}").as_bytes());
        Edition {
            store,
            site: Arc::new(site),
            items,
            print,
        }
    }

    /// What is the same in all documents.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The store that they are made from.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A number that is another once all documents may be different, though no release is.
    pub fn print(&self) -> u64 {
        self.print
    }

    /// The feeds that are subscribed to.
    pub fn feeds(&self) -> Vec<Address> {
        let mut feeds = self.feeds_of(ALL);
        feeds.extend(
            self.site
                .topics
                .iter()
                .flat_map(|topic| self.feeds_of(&topic.id)),
        );
        feeds.push(Address::Revisions);
        feeds
    }

    /// Whether it is one of [`Edition::feeds`], of which there are only so many.
    pub fn is_standing(&self, address: &Address) -> bool {
        match address {
            Address::Feed { of, .. } => of.feeds().len() == 1,
            address => *address == Address::Revisions,
        }
    }

    /// The feeds that change with one of [`Store::feeds_changed_since`].
    pub fn feeds_of(&self, feed: &str) -> Vec<Address> {
        let of = match feed {
            ALL => Selection::All,
            store::REVISIONS => return vec![Address::Revisions],
            id if self.site.topic(id).is_some() => Some(id).into(),
            // The store knows topics that the taxonomy has no more.
            _ => return Vec::new(),
        };
        let formats = Format::ALL.into_iter();
        formats
            .map(|format| Address::Feed {
                of: of.clone(),
                format,
            })
            .collect()
    }

    /// The document at an address; neither the status, which is the server's, nor an export, which is a stream.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn document(&self, address: &Address, made_for: For) -> Result<Found, Error> {
        Ok(match address {
            Address::Icon => Found::Document(Document {
                content_type: media::PNG,
                bytes: include_bytes!("feeds/icon.png").to_vec(),
            }),
            Address::Style => Found::Document(pages::style()),
            Address::Script => Found::Document(pages::script()),
            Address::Subscriptions { topics, format } => {
                let picked: Vec<&Topic> =
                    topics.iter().filter_map(|id| self.site.topic(id)).collect();
                Found::Document(self.site.subscriptions(&picked, *format))
            }
            Address::Index => self.index(made_for).await?,
            Address::List { topic, number } => {
                self.list(topic.as_deref(), *number, made_for).await?
            }
            Address::Feed { of, format } => self.live(of, *format).await?,
            Address::Archive { .. } => self.archive(address).await?,
            Address::Revisions => self.revisions().await?,
            Address::Release(guid) => self.release(*guid, made_for).await?,
            Address::Search { query, number } => self.search(query, *number).await?,
            Address::SearchFeed { query } => self.search_feed(query).await?,
            Address::Status | Address::Export(_) => Found::Nothing,
        })
    }

    async fn write(
        &self,
        work: impl FnOnce(&Site) -> Result<Document, feeds::Error> + Send + 'static,
    ) -> Result<Found, Error> {
        let site = self.site.clone();
        // Dozens of whole texts take a while, and requests must not wait for that.
        let written = tokio::task::spawn_blocking(move || work(&site)).await?;
        Ok(Found::Document(written?))
    }

    async fn live(&self, of: &Selection, format: Format) -> Result<Found, Error> {
        let items = self.store.live(of, self.items as i64).await?;
        let is_union = matches!(of, Selection::Topics(ids) if ids.len() > 1);
        let before = if is_union {
            // It is a window on several records.
            None
        } else {
            let record = self.store.record(of, self.items).await?;
            let end = record.whole(self.items).max(record.newest_not_live);
            self.archive_at(of, end).await?
        };
        let (title, scope) = self.title_and_scope(of);
        let page = match of {
            Selection::Topics(_) if !is_union => address::feed_path(of),
            _ => "/".to_owned(),
        };
        let feed = Feed {
            title,
            scope,
            page,
            path: address::feed_path(of),
            query: String::new(),
            is_told: !is_union,
            place: Place::Live { before },
            entries: self.site.entries(&items),
        };
        self.write(move |site| site.feed(&feed, format)).await
    }

    /// The path of the archive whose newest release is at place `end`, counted from the oldest as 1.
    async fn archive_at(&self, of: &Selection, end: usize) -> Result<Option<String>, Error> {
        if end == 0 {
            return Ok(None);
        }
        let stamp = self.store.stamp(of, end).await?;
        let revision = self.revision(stamp.max(self.store.last_loss(of).await?));
        let topic = match of {
            Selection::All => None,
            Selection::Topics(ids) => ids.first().map(String::as_str),
        };
        Ok(Some(address::archive_path(topic, &revision, end)))
    }

    /// What stands in an archive's address: another once a release in it, or before it, is another, or the rules on topics
    /// are.
    fn revision(&self, stamp: i64) -> String {
        let print = self.print;
        format!(
            "{:012x}",
            xxh3_64(format!("{print} {stamp}").as_bytes()) >> 16
        )
    }

    async fn archive(&self, address: &Address) -> Result<Found, Error> {
        let Address::Archive {
            topic, end, format, ..
        } = address
        else {
            return Ok(Found::Nothing);
        };
        let (end, format) = (*end, *format);
        let of = Selection::from(topic.as_deref());
        let begin = (end - 1) / self.items * self.items;
        let items = self
            .store
            .recorded(&of, begin as i64, (end - begin) as i64)
            .await?;
        if items.len() < end - begin {
            return Ok(Found::Nothing);
        }
        let Some(path) = self.archive_at(&of, end).await? else {
            return Ok(Found::Nothing);
        };
        let now = format!("{path}.{}", format.ending());
        if now != address.path() {
            return Ok(Found::Elsewhere(now));
        }
        let before = self.archive_at(&of, begin).await?;
        let (title, scope) = self.title_and_scope(&of);
        let current = address::feed_path(&of);
        let feed = Feed {
            title,
            scope,
            page: address::list_path(topic.as_deref()),
            path,
            query: String::new(),
            is_told: false,
            place: Place::Archive { before, current },
            entries: self.site.entries(&items),
        };
        self.write(move |site| site.feed(&feed, format)).await
    }

    fn title_and_scope(&self, of: &Selection) -> (String, String) {
        let Selection::Topics(ids) = of else {
            let scope = "Every release, whatever its topic.";
            return ("All releases".to_owned(), scope.to_owned());
        };
        let topics: Vec<&Topic> = ids.iter().filter_map(|id| self.site.topic(id)).collect();
        match topics.as_slice() {
            [one] => (one.title.clone(), one.scope.clone()),
            several => {
                let titles: Vec<&str> = several.iter().map(|topic| topic.title.as_str()).collect();
                let scope = "Releases of any of these topics, each once.";
                (titles.join(" + "), scope.to_owned())
            }
        }
    }

    async fn index(&self, made_for: For) -> Result<Found, Error> {
        let newest = self.store.newest(&Selection::All, 0, NEWEST).await?;
        let counts = self.store.topic_counts().await?;
        let months = self.months(&newest).await?;
        self.write(move |site| {
            let index = Index {
                newest: &newest,
                counts: &counts,
                months: &months,
            };
            index.page(site, made_for)
        })
        .await
    }

    /// How many releases each topic had in the last months, up to the newest release of all.
    async fn months(&self, newest: &[Item]) -> Result<HashMap<String, Months>, Error> {
        let Some(newest) = newest.first().map(|item| item.release.published) else {
            return Ok(HashMap::new());
        };
        let since = Months::since(newest, MONTHS);
        let published = self.store.published_since(since).await?;
        let mut months: HashMap<String, Months> = HashMap::new();
        let topics = self.site.topics.iter().map(|topic| topic.id.as_str());
        for feed in topics.chain([ALL]) {
            let published = published.get(feed).map(Vec::as_slice).unwrap_or_default();
            months.insert(feed.to_owned(), Months::until(newest, MONTHS, published));
        }
        Ok(months)
    }

    async fn list(
        &self,
        topic: Option<&str>,
        number: Option<usize>,
        made_for: For,
    ) -> Result<Found, Error> {
        let of = Selection::from(topic);
        let total = self.store.record(&of, self.items).await?.total;
        let items = match number {
            None => self.store.newest(&of, 0, PAGE as i64).await?,
            Some(number) if number <= numbered_pages(total) => {
                let past = ((number - 1) * PAGE) as i64;
                self.store.recorded(&of, past, PAGE as i64).await?
            }
            Some(_) => return Ok(Found::Nothing),
        };
        let neighbours = match topic {
            Some(id) if number.is_none() && id != UNCLASSIFIED => {
                self.store.neighbours(id, NEIGHBOURS).await?
            }
            _ => Vec::new(),
        };
        let months = match number {
            None => {
                let newest = self.store.newest(&Selection::All, 0, 1).await?;
                self.months(&newest).await?.remove(topic.unwrap_or(ALL))
            }
            Some(_) => None,
        };
        let topic = topic.map(str::to_owned);
        self.write(move |site| {
            let neighbours = neighbours.iter().filter_map(|(id, count)| {
                let topic = site.topic(id)?;
                Some(Neighbour {
                    topic,
                    count: *count,
                })
            });
            let page = TopicPage {
                topic: topic.as_deref().and_then(|id| site.topic(id)),
                total,
                number,
                items: &items,
                neighbours: neighbours.collect(),
                months: months.as_ref(),
            };
            page.page(site, made_for)
        })
        .await
    }

    async fn release(&self, guid: Guid, made_for: For) -> Result<Found, Error> {
        let Some(shown) = self.store.show(guid).await? else {
            // A release that became part of another is found there.
            let found = self.store.find(&guid.id()).await?;
            return Ok(match found.as_slice() {
                [other] if *other != guid => Found::Elsewhere(Address::Release(*other).path()),
                _ => Found::Nothing,
            });
        };
        self.write(move |site| {
            let corrected = shown.corrections.iter().filter(|one| one.wanted);
            let corrected: Vec<String> = corrected.map(|one| one.topic.clone()).collect();
            let page = ReleasePage {
                item: &shown.item,
                tags: &shown.tags,
                corrected: &corrected,
                merges: &shown.merges,
                related: &shown.related,
                changes: &changes(&shown),
            };
            page.page(site, made_for)
        })
        .await
    }

    async fn revisions(&self) -> Result<Found, Error> {
        let newest = self.store.newest_edits(self.items as i64).await?;
        let mut shown: HashMap<Guid, ShownRelease> = HashMap::new();
        for (guid, _) in &newest {
            if !shown.contains_key(guid)
                && let Some(one) = self.store.show(*guid).await?
            {
                shown.insert(*guid, one);
            }
        }
        self.write(move |site| {
            let mut edits: HashMap<Guid, HashMap<i64, Edit>> = HashMap::new();
            for (guid, one) in &shown {
                let changes = changes(one).into_iter().map(|change| {
                    let edit = Edit {
                        item: one.item.clone(),
                        number: change.number,
                        at: change.at,
                        cause: change.cause,
                        parts: change.parts,
                    };
                    (change.number, edit)
                });
                edits.insert(*guid, changes.collect());
            }
            let edit = |(guid, number): &(Guid, i64)| edits.get_mut(guid)?.remove(number);
            let edits: Vec<Edit> = newest.iter().filter_map(edit).collect();
            let feed = Feed {
                title: "Edits".to_owned(),
                scope: "What the publisher changed, withdrew and showed again, word by word."
                    .to_owned(),
                page: "/".to_owned(),
                path: "/revisions".to_owned(),
                query: String::new(),
                is_told: true,
                place: Place::Live { before: None },
                entries: site.edits(&edits),
            };
            site.feed(&feed, Format::Rss)
        })
        .await
    }

    async fn search(&self, query: &str, number: usize) -> Result<Found, Error> {
        let words = address::words(query);
        let past = ((number - 1) * PAGE) as i64;
        let (items, total) = self.store.search(&words, past, PAGE as i64).await?;
        if items.is_empty() && number > 1 {
            return Ok(Found::Nothing);
        }
        let (query, total) = (query.to_owned(), usize::try_from(total).unwrap_or_default());
        self.write(move |site| {
            let page = SearchPage {
                query: &query,
                items: &items,
                total,
                number,
            };
            page.page(site)
        })
        .await
    }

    async fn search_feed(&self, query: &str) -> Result<Found, Error> {
        let words = address::words(query);
        let (items, _) = self.store.search(&words, 0, self.items as i64).await?;
        // As forms write it, so that the feed's own address is the one that was asked for.
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let query_string = format!("?q={encoded}");
        let feed = Feed {
            title: format!("“{query}”"),
            scope: format!("Releases that have all the words of “{query}”."),
            page: format!("/search{query_string}"),
            path: "/search".to_owned(),
            query: query_string,
            is_told: false,
            place: Place::Live { before: None },
            entries: self.site.entries(&items),
        };
        self.write(move |site| site.feed(&feed, Format::Rss)).await
    }

    /// The whole record, oldest first, some releases at a time.
    ///
    /// # Errors
    /// [`Error`], at its beginning; each piece may fail as well.
    pub async fn export(
        &self,
        format: Export,
    ) -> Result<impl Stream<Item = Result<Vec<u8>, Error>> + Send + 'static, Error> {
        let all = self.store.stamps(&Selection::All).await?;
        let guids: Vec<Guid> = all.into_iter().map(|(guid, _)| guid).collect();
        let mut head = match format {
            Export::Jsonl => Vec::new(),
            Export::Csv => csv_head()?,
        };
        let (store, site) = (self.store.clone(), self.site.clone());
        let chunks: Vec<Vec<Guid>> = guids.chunks(AT_ONCE).map(<[Guid]>::to_vec).collect();
        // A table without releases has its head all the same.
        let chunks = if chunks.is_empty() {
            vec![Vec::new()]
        } else {
            chunks
        };
        let pieces = stream::iter(chunks.into_iter().enumerate());
        Ok(futures_util::StreamExt::then(pieces, move |(at, guids)| {
            let (store, site) = (store.clone(), site.clone());
            let head = if at == 0 {
                std::mem::take(&mut head)
            } else {
                Vec::new()
            };
            async move {
                let mut items = store.these(&guids).await?;
                items.reverse();
                let mut bytes = head;
                for item in &items {
                    match format {
                        Export::Jsonl => bytes.extend(json_line(&site, item)?.into_bytes()),
                        Export::Csv => bytes.extend(csv_row(&site, item)?),
                    }
                }
                Ok(bytes)
            }
        }))
    }
}

fn changes(shown: &ShownRelease) -> Vec<Change> {
    let revisions = shown.revisions.iter().zip(shown.differences());
    let changes = revisions.map(|(revision, parts)| Change {
        number: revision.number,
        at: revision.at,
        cause: revision.cause.clone(),
        weight: revision.weight.clone(),
        parts,
    });
    changes.collect()
}

fn site(config: &Config, classifier: &Classifier) -> Site {
    let hub = &config.publish.hub;
    Site {
        public_url: config.serve.public_url.clone(),
        content: config.publish.content,
        ttl: config
            .sources
            .iter()
            .filter_map(cadence)
            .min()
            .unwrap_or(60),
        hub: (!hub.is_empty()).then(|| hub.clone()),
        publishers: config.sources.iter().map(publisher).collect(),
        topics: Topic::all(classifier.taxonomy()),
    }
}

fn publisher(source: &Source) -> Publisher {
    let own = source.feed.iter().chain(&source.listing).next();
    let url = own.cloned().unwrap_or_default();
    let home = url::Url::parse(&url).and_then(|url| url.join("/"));
    Publisher {
        id: source.id.clone(),
        title: source.title.clone(),
        home: home.map_or_else(|_| url.clone(), String::from),
        url,
    }
}

/// Minutes between two cycles at noon of one fixed Monday: a feed's bytes must not depend on when it is made.
fn cadence(source: &Source) -> Option<u64> {
    let noon = chrono::DateTime::from_timestamp(1_767_614_400, 0)?;
    let schedule = Schedule::new(&source.schedule, source.timezone()).ok()?;
    let first = schedule.next(noon)?;
    let minutes = (schedule.next(first)? - first).num_minutes();
    u64::try_from(minutes).ok()
}
