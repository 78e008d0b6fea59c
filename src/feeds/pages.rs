//! The pages: what a person sees with a browser. They work without scripts, and link with relative addresses, so that they
//! work under any base address.

mod chart;
mod index;
mod release;
mod search;
mod status;
mod topic;

use chrono::{DateTime, Utc};
use chrono_tz::Europe::London;

pub use chart::Months;
pub use index::Index;
pub use release::{Change, ReleasePage};
pub use search::SearchPage;
pub use status::{SourceStatus, Status};
pub use topic::{Neighbour, TopicPage};

use super::entry::preview;
use super::{Document, Error, Format, Site, Topic, media};
use crate::release::Item;

/// So many releases stand on a page of a list.
pub const PAGE: usize = 50;

/// What stands at `/style.css`.
pub fn style() -> Document {
    Document::text(media::CSS, include_str!("style.css").to_owned())
}

/// What stands at `/copy.js`: the buttons that copy an address. Without it the addresses can be selected.
pub fn script() -> Document {
    Document::text(media::SCRIPT, include_str!("copy.js").to_owned())
}

/// Another number once pages look otherwise, though what they show is the same.
pub fn print() -> u64 {
    let parts = [
        include_str!("style.css"),
        include_str!("copy.js"),
        include_str!("templates/base.html"),
        include_str!("templates/parts.html"),
        include_str!("templates/index.html"),
        include_str!("templates/topic.html"),
        include_str!("templates/release.html"),
    ];
    xxhash_rust::xxh3::xxh3_64(parts.concat().as_bytes())
}

/// Whom a page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// The daemon serves it.
    Daemon,
    /// It becomes a file: pages end in `.html`, and there is neither search nor status.
    Files,
}

/// How a page links to others.
#[derive(Debug, Clone)]
pub(super) struct Links {
    /// What leads to the front page's folder, as `../`.
    root: String,
    made_for: For,
}

impl Links {
    /// The links of a page at `path`.
    fn at(path: &str, made_for: For) -> Links {
        let depth = path.matches('/').count().saturating_sub(1);
        Links {
            root: "../".repeat(depth),
            made_for,
        }
    }

    /// A document that is no page: a feed, a style sheet.
    fn to(&self, path: &str) -> String {
        format!("{}{}", self.root, path.trim_start_matches('/'))
    }

    /// A page.
    fn page(&self, path: &str) -> String {
        match (path, self.made_for) {
            ("/", For::Daemon) if self.root.is_empty() => "./".to_owned(),
            ("/", For::Daemon) => self.root.clone(),
            ("/", For::Files) => self.to("index.html"),
            (path, For::Daemon) => self.to(path),
            (path, For::Files) => format!("{}.html", self.to(path)),
        }
    }

    fn is_daemon(&self) -> bool {
        self.made_for == For::Daemon
    }
}

/// What every page has.
struct Frame<'a> {
    site: &'a Site,
    name: String,
    title: String,
    description: String,
    links: Links,
    /// Feeds of what the page shows: media type, title, address.
    alternates: Vec<(&'static str, String, String)>,
    /// The publisher's own page, for search engines.
    canonical: Option<&'a str>,
    /// What was searched for.
    query: &'a str,
}

impl<'a> Frame<'a> {
    fn new(site: &'a Site, path: &str, made_for: For, title: String, description: &str) -> Self {
        Frame {
            site,
            name: site.name(),
            title,
            description: description.to_owned(),
            links: Links::at(path, made_for),
            alternates: Vec::new(),
            canonical: None,
            query: "",
        }
    }

    /// The same with links to the feeds at a path, for readers that are given the page's address.
    fn with_feeds(mut self, title: &str, path: &str) -> Self {
        for format in Format::ALL {
            let address = self.links.to(&format!("{path}.{}", format.ending()));
            let title = format!("{}: {title} (unofficial)", self.name);
            self.alternates.push((format.link_type(), title, address));
        }
        self
    }
}

/// The feeds of one thing, to subscribe to.
struct Feeds {
    title: String,
    rss: String,
    atom: String,
    json: String,
    /// The whole address of the RSS feed.
    address: String,
}

impl Feeds {
    fn new(site: &Site, links: &Links, title: &str, path: &str) -> Feeds {
        let to = |format: Format| links.to(&format!("{path}.{}", format.ending()));
        Feeds {
            title: title.to_owned(),
            rss: to(Format::Rss),
            atom: to(Format::Atom),
            json: to(Format::Json),
            address: site.address(path, Format::Rss),
        }
    }
}

/// A release in a list.
struct Line<'a> {
    title: &'a str,
    page: String,
    day: String,
    machine_day: String,
    preview: String,
    topics: Vec<(&'a str, String)>,
}

impl<'a> Line<'a> {
    fn all(site: &'a Site, links: &Links, items: &'a [Item]) -> Vec<Line<'a>> {
        items
            .iter()
            .map(|item| Line::new(site, links, item))
            .collect()
    }

    fn new(site: &'a Site, links: &Links, item: &'a Item) -> Line<'a> {
        let release = &item.release;
        Line {
            title: &release.text.title,
            page: links.page(&format!("/releases/{}", release.guid.id())),
            day: crate::text::day(release.published),
            machine_day: machine_day(release.published),
            preview: preview(item),
            topics: topics(site, links, item),
        }
    }
}

fn topics<'a>(site: &'a Site, links: &Links, item: &'a Item) -> Vec<(&'a str, String)> {
    site.topics_of(item)
        .map(|topic| (topic.title.as_str(), links.page(&topic_path(topic))))
        .collect()
}

fn topic_path(topic: &Topic) -> String {
    format!("/topics/{}", topic.id)
}

/// The pages of a long list.
struct Pager {
    said: String,
    newer: Option<String>,
    older: Option<String>,
}

/// The path of a page of the list at `path`: the newest, or one by its number. They are counted from the first release on,
/// so that each keeps what it holds when others are added.
pub fn page_path(path: &str, number: Option<usize>) -> String {
    match number {
        None => path.to_owned(),
        Some(number) => format!("{path}/page/{number}"),
    }
}

/// How many numbered pages a list of so many releases has: what is newer than the last stands on the newest page alone.
pub fn numbered_pages(total: usize) -> usize {
    total.saturating_sub(1) / PAGE
}

fn machine_day(instant: DateTime<Utc>) -> String {
    let local = instant.with_timezone(&London);
    local.format("%Y-%m-%d").to_string()
}

/// An instant as people in London write it.
fn moment(instant: DateTime<Utc>) -> String {
    let local = instant.with_timezone(&London);
    local.format("%-d %B %Y, %H:%M").to_string()
}

fn html(text: String) -> Document {
    Document::text(media::HTML, text + "\n")
}

fn rendered(template: &impl askama::Template) -> Result<Document, Error> {
    Ok(html(template.render()?))
}

/// The page for an address at which there is nothing.
///
/// # Errors
/// [`Error`].
pub fn not_found(site: &Site, path: &str, said: &str) -> Result<Document, Error> {
    #[derive(askama::Template)]
    #[template(path = "not_found.html")]
    struct NotFound<'a> {
        frame: Frame<'a>,
        said: &'a str,
    }
    let title = format!("Not found – {} by topic (unofficial)", site.name());
    rendered(&NotFound {
        frame: Frame::new(site, path, For::Daemon, title, said),
        said,
    })
}
