//! The index: what there is to subscribe to.

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Europe::London;

use super::{Error, Feed, Site};
use crate::release::Item;

/// As many of the newest releases are listed.
const NEWEST: usize = 12;

#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    name: String,
    public_url: &'a str,
    publishers: &'a [super::Publisher],
    feeds: &'a [Feed],
    newest: Vec<Line<'a>>,
}

struct Line<'a> {
    title: &'a str,
    url: &'a str,
    day: String,
    machine_day: String,
    topics: Vec<&'a Feed>,
}

pub(super) fn page(site: &Site, all: &[Item], feeds: &[Feed]) -> Result<String, Error> {
    let newest = all.iter().take(NEWEST).map(|item| Line {
        title: &item.release.text.title,
        url: &item.release.url,
        day: day(item.release.published, "%-d %B %Y"),
        machine_day: day(item.release.published, "%Y-%m-%d"),
        topics: feeds
            .iter()
            .filter(|feed| item.topics.contains(&feed.id))
            .collect(),
    });
    let index = Index {
        name: site.name(),
        public_url: &site.public_url,
        publishers: &site.publishers,
        feeds,
        newest: newest.collect(),
    };
    Ok(index.render()?)
}

fn day(instant: DateTime<Utc>, format: &str) -> String {
    instant.with_timezone(&London).format(format).to_string()
}
