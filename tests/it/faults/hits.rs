//! What a newsroom can be made to do.

use std::time::Duration;

use super::engine::{NEW, Stage};
use crate::harness::release;
use crate::site::Fault;
use crate::site::wire::{Then, Wire};

pub const FEED: &str = "/feed/rss";
pub const LISTING: &str = "/releases";

/// An answer of this status.
pub fn status(status: u16) -> Fault {
    Fault::Status(status, None)
}

/// An answer of this status, with a header.
pub fn with(status: u16, name: &'static str, value: &str) -> Fault {
    Fault::Status(status, Some((name, value.to_owned())))
}

impl Stage {
    /// The feed is the only way in.
    pub fn feed_alone(&mut self) {
        self.config.sources[0].listing.clear();
    }

    /// The listing is the only way in.
    pub fn listing_alone(&mut self) {
        self.config.sources[0].feed = None;
    }

    /// The feed is the only way in, and fails.
    pub fn feed(&mut self, fault: Fault) {
        self.feed_alone();
        self.newsroom.site.set_fault(FEED, fault);
    }

    /// The same, byte for byte.
    pub fn feed_wire(&mut self, says: impl Into<Vec<u8>>, then: Then) {
        self.feed_alone();
        self.wire(FEED, says, then);
    }

    /// The feed, the only way in, is this document.
    pub fn feed_is(&mut self, content_type: &str, bytes: impl Into<Vec<u8>>) {
        self.feed_alone();
        self.newsroom.site.set_raw(FEED, content_type, bytes.into());
    }

    /// The feed, the only way in, is changed on its way.
    pub fn feed_with(&mut self, change: impl FnOnce(String) -> String) {
        let feed = change(self.text_of(FEED));
        self.feed_is("application/rss+xml", feed);
    }

    /// The date of the new release in the feed, the only way in, is written like this.
    pub fn feed_dated(&mut self, date: &str) {
        self.feed_with(|feed| {
            let (head, rest) = feed.split_once("<pubDate>").unwrap();
            let (_, tail) = rest.split_once("</pubDate>").unwrap();
            format!("{head}<pubDate>{date}</pubDate>{tail}")
        });
    }

    /// The listing is the only way in, and fails.
    pub fn listing(&mut self, fault: Fault) {
        self.listing_alone();
        self.newsroom.site.set_fault(LISTING, fault);
    }

    /// The listing, the only way in, is changed on its way.
    pub fn listing_with(&mut self, change: impl FnOnce(String) -> String) {
        self.listing_alone();
        let listing = change(self.text_of(LISTING));
        self.newsroom.site.set_raw(LISTING, "text/html", listing);
    }

    /// All that the newsroom has fails.
    pub fn everything(&mut self, fault: Fault) {
        self.newsroom.site.set_fault("/", fault);
    }

    /// The new release's page fails.
    pub fn page(&mut self, fault: Fault) {
        self.newsroom.site.set_fault(&page_of(NEW), fault);
    }

    /// The new release's page is changed on its way.
    pub fn page_with(&mut self, change: impl FnOnce(String) -> String) {
        let page = change(self.text_of(&page_of(NEW)));
        self.newsroom
            .site
            .set_raw(&page_of(NEW), "text/html; charset=utf-8", page);
    }

    /// No copy of robots.txt is young enough to stand in for it.
    pub fn robots_forgotten(&mut self) {
        self.clock.turn(chrono::TimeDelta::days(31));
    }

    /// robots.txt, of which no copy is left, fails.
    pub fn robots(&mut self, fault: Fault) {
        self.robots_forgotten();
        self.newsroom.site.set_fault("/robots.txt", fault);
    }

    /// robots.txt, of which no copy is left, says this.
    pub fn robots_say(&mut self, text: impl Into<Vec<u8>>) {
        self.robots_forgotten();
        self.newsroom
            .site
            .set_raw("/robots.txt", "text/plain", text.into());
    }

    /// An address leads to a server that answers byte for byte.
    pub fn wire(&mut self, prefix: &str, says: impl Into<Vec<u8>>, then: Then) {
        let wire = Wire::new(says.into(), then);
        self.newsroom.set_wire(prefix, wire).unwrap();
    }

    /// Silence is not borne for long.
    pub fn impatient(&mut self) {
        self.config.fetch.timeout = Duration::from_millis(400);
    }

    /// Another release is published as soon as pages are read.
    pub fn publish_while_read(&mut self, n: u32) {
        self.expect_one_more();
        let site = self.newsroom.site.clone();
        site.clear_asked();
        tokio::spawn(async move {
            while !site
                .asked()
                .iter()
                .any(|asked| asked.path.starts_with("/releases/"))
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            site.publish(release(n));
        });
    }

    pub fn minutes_pass(&mut self, minutes: i64) {
        self.clock.turn(chrono::TimeDelta::minutes(minutes));
    }

    /// A port at which nothing listens.
    pub fn closed_port(&self) -> u16 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    }

    /// Redirects from the feed, the only way in, over so many addresses to where the feed is.
    pub fn redirected(&mut self, status: u16, times: usize) {
        self.feed_alone();
        let site = &self.newsroom.site;
        let feed = self.newsroom.base() + FEED;
        self.config.sources[0].feed = Some(self.newsroom.base() + "/hop/1");
        for hop in 1..=times {
            let to = if hop == times {
                feed.clone()
            } else {
                format!("/hop/{}", hop + 1)
            };
            site.set_fault(&format!("/hop/{hop}"), Fault::Redirect(status, to));
        }
    }

    /// What the newsroom shows at a path.
    pub fn text_of(&self, path: &str) -> String {
        let bytes = self.newsroom.site.shows(path, &self.newsroom.base());
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    }
}

/// The path of a release.
pub fn page_of(n: u32) -> String {
    format!("/releases/release-number-{n}")
}
