//! Releases as documents that people and programs read: feeds in three formats, a list of subscriptions, pages, exports.
//!
//! The same releases give the same bytes: no document holds the time at which it was made.

mod atom;
mod entry;
mod export;
mod json;
mod opml;
pub mod pages;
mod revisions;
mod rss;

use chrono::{DateTime, Utc};

use crate::config::Content;
use crate::release::Item;
use crate::topics::{Taxonomy, UNCLASSIFIED};

pub use entry::Entry;
pub use export::{csv_head, csv_row, json_line};
pub use revisions::Edit;

/// The media types that documents are served as.
pub mod media {
    /// RSS 2.0.
    pub const RSS: &str = "application/rss+xml; charset=utf-8";
    /// Atom (RFC 4287).
    pub const ATOM: &str = "application/atom+xml; charset=utf-8";
    /// JSON Feed 1.1.
    pub const JSON_FEED: &str = "application/feed+json; charset=utf-8";
    /// OPML 2.0.
    pub const OPML: &str = "text/x-opml; charset=utf-8";
    /// A page.
    pub const HTML: &str = "text/html; charset=utf-8";
    /// A style sheet.
    pub const CSS: &str = "text/css; charset=utf-8";
    /// A script.
    pub const SCRIPT: &str = "text/javascript; charset=utf-8";
    /// An image.
    pub const PNG: &str = "image/png";
    /// JSON, one value a line.
    pub const JSON_LINES: &str = "application/jsonl; charset=utf-8";
    /// Comma-separated values with a line of names (RFC 4180).
    pub const CSV: &str = "text/csv; charset=utf-8; header=present";
}

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A page cannot be made.
    #[error("a page cannot be made: {0}")]
    Page(#[from] askama::Error),
    /// JSON cannot be written.
    #[error("a feed cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A table cannot be written.
    #[error("a release cannot be written as CSV: {0}")]
    Csv(#[from] csv::Error),
}

/// A document to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Document {
    /// A document of text.
    pub fn text(content_type: &'static str, text: String) -> Document {
        Document {
            content_type,
            bytes: text.into_bytes(),
        }
    }
}

/// What is the same in all documents.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where subscribers reach the feeds, without a slash at the end.
    pub public_url: String,
    /// Whether feeds carry whole texts.
    pub content: Content,
    /// Minutes between two looks at the newsroom.
    pub ttl: u64,
    /// The hub that is told of changes (WebSub), if there is one.
    pub hub: Option<String>,
    /// The newsrooms.
    pub publishers: Vec<Publisher>,
    /// The topics in the taxonomy's order, [`UNCLASSIFIED`] last.
    pub topics: Vec<Topic>,
}

/// A newsroom as feeds credit it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// The source's id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Its own feed, or its listing where it has none.
    pub url: String,
    /// Its front page.
    pub home: String,
}

/// A topic as readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What belongs to it.
    pub scope: String,
}

impl Topic {
    /// The topics of a taxonomy, and that of the releases which none of them claims.
    pub fn all(taxonomy: &Taxonomy) -> Vec<Topic> {
        let topics = taxonomy.topics.iter().map(|topic| Topic {
            id: topic.id.clone(),
            title: topic.title.clone(),
            scope: topic.scope.clone(),
        });
        let unclassified = Topic {
            id: UNCLASSIFIED.to_owned(),
            title: "Unclassified".to_owned(),
            scope: "Releases that belong to none of the topics.".to_owned(),
        };
        topics.chain([unclassified]).collect()
    }
}

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// RSS 2.0.
    Rss,
    /// Atom.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// All of them, the one that most readers take first.
    pub const ALL: [Format; 3] = [Format::Rss, Format::Atom, Format::Json];

    /// The end of the addresses, without its dot.
    pub fn ending(self) -> &'static str {
        match self {
            Format::Rss => "rss",
            Format::Atom => "atom",
            Format::Json => "json",
        }
    }

    /// The media type.
    pub fn media(self) -> &'static str {
        match self {
            Format::Rss => media::RSS,
            Format::Atom => media::ATOM,
            Format::Json => media::JSON_FEED,
        }
    }

    /// The media type as links give it, without parameters.
    pub fn link_type(self) -> &'static str {
        self.media().split(';').next().unwrap_or_default()
    }
}

/// A feed to write.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Its title, without the newsroom's name.
    pub title: String,
    /// What belongs to it.
    pub scope: String,
    /// The path of the page that shows the same, as `/topics/hate-crime`.
    pub page: String,
    /// Its own path, without the format's ending.
    pub path: String,
    /// What stands behind the ending in its address, as `?q=knife`.
    pub query: String,
    /// Whether the hub is told when it changes: others do not name it.
    pub is_told: bool,
    /// Its place in the record (RFC 5005).
    pub place: Place,
    /// What it holds, newest first.
    pub entries: Vec<Entry>,
}

/// Where a feed stands in the whole record of what it is on (RFC 5005, 4). Paths are without ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The newest: what is subscribed to; with the archive that goes on behind it, if there is one.
    Live {
        /// The archive behind it.
        before: Option<String>,
    },
    /// An archive.
    Archive {
        /// The older archive behind it.
        before: Option<String>,
        /// What is subscribed to.
        current: String,
    },
}

impl Place {
    /// The path of the archive that goes on behind it.
    pub fn before(&self) -> Option<&str> {
        match self {
            Place::Live { before } | Place::Archive { before, .. } => before.as_deref(),
        }
    }
}

impl Feed {
    /// When what it holds last changed.
    pub fn updated(&self) -> Option<DateTime<Utc>> {
        self.entries.iter().map(|entry| entry.updated).max()
    }

    fn address(&self, site: &Site, format: Format) -> String {
        let address = site.address(&self.path, format);
        format!("{address}{}", self.query)
    }

    /// The hub that is told when it changes.
    fn hub<'a>(&self, site: &'a Site) -> Option<&'a String> {
        site.hub.as_ref().filter(|_| self.is_told)
    }

    /// The page that shows the same, as it is called among files as well; at the daemon the one leads to the other.
    fn page_address(&self, site: &Site) -> String {
        site.page_address(&self.page)
    }

    fn full_title(&self, site: &Site) -> String {
        format!("{}: {} (unofficial)", site.name(), self.title)
    }
}

impl Site {
    /// A feed as a document.
    ///
    /// # Errors
    /// [`Error`].
    pub fn feed(&self, feed: &Feed, format: Format) -> Result<Document, Error> {
        let text = match format {
            Format::Rss => rss::write(self, feed),
            Format::Atom => atom::write(self, feed),
            Format::Json => json::write(self, feed)?,
        };
        Ok(Document::text(format.media(), text))
    }

    /// The list of all feeds in a format, or of those of some topics.
    pub fn subscriptions(&self, picked: &[&Topic], format: Format) -> Document {
        Document::text(media::OPML, opml::subscriptions(self, picked, format))
    }

    /// The releases as a feed's entries.
    pub fn entries(&self, items: &[Item]) -> Vec<Entry> {
        items.iter().map(|item| Entry::of(self, item)).collect()
    }

    /// A topic by its id.
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == id)
    }

    /// Whose releases these are, as a title begins with it.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self
            .publishers
            .iter()
            .map(|publisher| publisher.title.as_str())
            .collect();
        names.join(", ")
    }

    /// The whole address of a feed at a path without ending.
    pub fn address(&self, path: &str, format: Format) -> String {
        format!("{}{path}.{}", self.public_url, format.ending())
    }

    /// The whole address of a page.
    fn page_address(&self, path: &str) -> String {
        let is_file = path != "/" && !path.contains('?');
        format!(
            "{}{path}{}",
            self.public_url,
            if is_file { ".html" } else { "" }
        )
    }

    fn publisher(&self, id: &str) -> Option<&Publisher> {
        self.publishers.iter().find(|publisher| publisher.id == id)
    }

    /// The topics of a release, in the taxonomy's order.
    fn topics_of<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Topic> {
        let topics = self.topics.iter();
        topics.filter(|topic| item.topics.contains(&topic.id))
    }
}

#[cfg(test)]
mod tests;
