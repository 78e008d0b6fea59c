//! Releases as documents that people and programs read: RSS feeds, a list of subscriptions, the index page.
//!
//! The same releases give the same bytes: no document holds the time at which it was made.

mod index;
mod opml;
mod rss;

use chrono::{DateTime, Utc};

use crate::config::Content;
use crate::release::Item;
use crate::topics::UNCLASSIFIED;

/// The media types that documents are served as.
pub mod media {
    /// RSS 2.0.
    pub const RSS: &str = "application/rss+xml; charset=utf-8";
    /// OPML 2.0.
    pub const OPML: &str = "text/x-opml; charset=utf-8";
    /// A page.
    pub const HTML: &str = "text/html; charset=utf-8";
    /// An image.
    pub const PNG: &str = "image/png";
}

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The index page cannot be made.
    #[error("the index page cannot be made: {0}")]
    Page(#[from] askama::Error),
}

/// A document to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is published, as in `/topics/hate-crime.rss`.
    pub path: String,
    /// What it is.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
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
    /// The newsrooms.
    pub publishers: Vec<Publisher>,
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

/// The releases of one topic.
#[derive(Debug, Clone)]
pub struct Feed {
    /// The topic's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What belongs to it.
    pub scope: String,
    /// How many releases it has in all.
    pub count: i64,
    /// Its newest releases, newest first.
    pub items: Vec<Item>,
}

impl Feed {
    /// The feed of releases that no topic claims.
    pub fn unclassified(count: i64, items: Vec<Item>) -> Feed {
        Feed {
            id: UNCLASSIFIED.to_owned(),
            title: "Unclassified".to_owned(),
            scope: "Releases that belong to none of the topics.".to_owned(),
            count,
            items,
        }
    }

    fn path(&self) -> String {
        format!("/topics/{}.rss", self.id)
    }
}

impl Site {
    /// All documents: of all releases and of each topic, in the taxonomy's order, `unclassified` last.
    ///
    /// # Errors
    /// [`Error`].
    pub fn documents(&self, all: &[Item], feeds: &[Feed]) -> Result<Vec<Document>, Error> {
        let everything = Feed {
            id: "all".to_owned(),
            title: "All releases".to_owned(),
            scope: "Every release, whatever its topic.".to_owned(),
            count: 0,
            items: all.to_vec(),
        };
        let mut documents = vec![
            document("/", media::HTML, index::page(self, all, feeds)?),
            document(
                "/all.rss",
                media::RSS,
                rss::write(self, "/all.rss", &everything, feeds),
            ),
            document(
                "/subscriptions.opml",
                media::OPML,
                opml::subscriptions(self, feeds),
            ),
            Document {
                path: "/icon.png".to_owned(),
                content_type: media::PNG,
                bytes: include_bytes!("feeds/icon.png").to_vec(),
            },
        ];
        documents.extend(feeds.iter().map(|feed| {
            let path = feed.path();
            let feed = rss::write(self, &path, feed, feeds);
            document(&path, media::RSS, feed)
        }));
        Ok(documents)
    }

    fn publisher(&self, id: &str) -> Option<&Publisher> {
        self.publishers.iter().find(|publisher| publisher.id == id)
    }

    /// Whose releases these are, as a title begins with it.
    fn name(&self) -> String {
        let names: Vec<&str> = self
            .publishers
            .iter()
            .map(|publisher| publisher.title.as_str())
            .collect();
        names.join(", ")
    }
}

fn document(path: &str, content_type: &'static str, text: String) -> Document {
    Document {
        path: path.to_owned(),
        content_type,
        bytes: text.into_bytes(),
    }
}

fn newest_change(items: &[Item]) -> Option<DateTime<Utc>> {
    items.iter().map(|item| item.release.updated).max()
}

/// What a reader previews: the lead, else the first paragraph, else nothing.
fn preview(item: &Item) -> String {
    if let Some(notice) = item.release.notice() {
        return notice.to_owned();
    }
    let text = &item.release.text;
    let first = || {
        text.body
            .as_deref()
            .and_then(|body| crate::html::paragraphs(body).into_iter().next())
    };
    text.lead.clone().or_else(first).unwrap_or_default()
}

#[cfg(test)]
mod tests;
