//! The search page: the releases that have all the words, and a feed of the same.

use askama::Template;
use url::form_urlencoded;

use super::{For, Frame, Line, PAGE, Pager, rendered};
use crate::feeds::{Document, Error, Format, Site};
use crate::release::Item;

/// What the search page shows.
#[derive(Debug)]
pub struct SearchPage<'a> {
    /// What is searched for, as it was written.
    pub query: &'a str,
    /// The releases found that stand on this page, newest first.
    pub items: &'a [Item],
    /// How many were found.
    pub total: usize,
    /// Which page of them it is, from 1.
    pub number: usize,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Page<'a> {
    frame: Frame<'a>,
    feed: String,
    address: String,
    total: usize,
    lines: Vec<Line<'a>>,
    pager: Pager,
}

impl SearchPage<'_> {
    /// The page.
    ///
    /// # Errors
    /// [`Error`].
    pub fn page(&self, site: &Site) -> Result<Document, Error> {
        let title = match self.query {
            "" => format!("Search – {} by topic (unofficial)", site.name()),
            query => format!("“{query}” – {} by topic (unofficial)", site.name()),
        };
        let description = "Search titles, openings and texts of all releases.";
        let mut frame = Frame::new(site, "/search", For::Daemon, title, description);
        frame.query = self.query;
        // As forms write it, so that the feed's own address is the one that was asked for.
        let encoded: String = form_urlencoded::byte_serialize(self.query.as_bytes()).collect();
        let feed = frame.links.to(&format!("/search.rss?q={encoded}"));
        if !self.query.is_empty() {
            let title = format!("{}: “{}” (unofficial)", site.name(), self.query);
            frame
                .alternates
                .push((Format::Rss.link_type(), title, feed.clone()));
        }
        let page = Page {
            address: format!("{}?q={encoded}", site.address("/search", Format::Rss)),
            feed,
            total: self.total,
            lines: Line::all(site, &frame.links, self.items),
            pager: self.pager(|number| {
                frame
                    .links
                    .to(&format!("/search?q={encoded}&page={number}"))
            }),
            frame,
        };
        rendered(&page)
    }

    fn pager(&self, address: impl Fn(usize) -> String) -> Pager {
        let last = self.total.div_ceil(PAGE);
        Pager {
            said: format!("Page {} of {last}", self.number),
            newer: (self.number > 1).then(|| address(self.number - 1)),
            older: (self.number < last).then(|| address(self.number + 1)),
        }
    }
}
