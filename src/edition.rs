//! Every document that is published, made from the store: the one place that knows what stands at which address.
//!
//! The daemon holds the feeds that are subscribed to and makes the rest when it is asked for; `publish` writes them all.

mod address;
mod changed;
mod export;
mod feeds;
pub mod folder;
mod pages;
mod site;

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::config::Config;
use crate::feeds::pages::{self as looks, For};
use crate::feeds::{self as written, Document, Format, Site, Topic, media};
use crate::store::{self, ALL, Selection, Store};
use crate::topics::Classifier;

pub use address::{Address, Export, Meaning};
pub use changed::Changed;
pub use export::Records;

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It cannot be written.
    #[error(transparent)]
    Feeds(#[from] written::Error),
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
        let site = site::site(config, classifier);
        let items = config.publish.items.max(1);
        let version = (env!("CARGO_PKG_VERSION"), classifier.version());
        let look = looks::print();
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
            Address::Style => Found::Document(looks::style()),
            Address::Script => Found::Document(looks::script()),
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
        work: impl FnOnce(&Site) -> Result<Document, written::Error> + Send + 'static,
    ) -> Result<Found, Error> {
        let site = self.site.clone();
        // Dozens of whole texts take a while, and requests must not wait for that.
        let written = tokio::task::spawn_blocking(move || work(&site)).await?;
        Ok(Found::Document(written?))
    }
}
