//! The front page: what there is to subscribe to, and what is new.

use std::collections::HashMap;

use askama::Template;

use super::{Feeds, For, Frame, Line, Months, rendered, topic_path};
use crate::feeds::{Document, Error, Site, Topic};
use crate::release::Item;

/// What the front page shows.
#[derive(Debug)]
pub struct Index<'a> {
    /// The newest releases, newest first.
    pub newest: &'a [Item],
    /// How many releases each topic has.
    pub counts: &'a HashMap<String, i64>,
    /// How many each had in the last months, by its id.
    pub months: &'a HashMap<String, Months>,
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    frame: Frame<'a>,
    all: Feeds,
    opml: String,
    everything: String,
    topics: Vec<Card<'a>>,
    newest: Vec<Line<'a>>,
}

struct Card<'a> {
    topic: &'a Topic,
    page: String,
    feeds: Feeds,
    count: i64,
    chart: Option<&'a Months>,
}

impl Index<'_> {
    /// The page.
    ///
    /// # Errors
    /// [`Error`].
    pub fn page(&self, site: &Site, made_for: For) -> Result<Document, Error> {
        let name = site.name();
        let title = format!("{name} by topic (unofficial)");
        let description =
            format!("Every release of the {name}, sorted by topic, as feeds to subscribe to.");
        let frame =
            Frame::new(site, "/", made_for, title, &description).with_feeds("All releases", "/all");
        let links = &frame.links;
        let topics = site.topics.iter().map(|topic| Card {
            topic,
            page: links.page(&topic_path(topic)),
            feeds: Feeds::new(site, links, &topic.title, &topic_path(topic)),
            count: self.counts.get(&topic.id).copied().unwrap_or(0),
            chart: self.months.get(&topic.id),
        });
        let page = Page {
            all: Feeds::new(site, links, "All releases", "/all"),
            opml: links.to("/subscriptions.opml"),
            everything: links.page("/all"),
            topics: topics.collect(),
            newest: Line::all(site, links, self.newest),
            frame,
        };
        rendered(&page)
    }
}
