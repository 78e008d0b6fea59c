//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::{Entry, Error, Feed, Format, Site};

const VERSION: &str = "https://jsonfeed.org/version/1.1";

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: String,
    home_page_url: String,
    feed_url: String,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    icon: String,
    language: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    /// An item has one of the two at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    language: &'static str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

pub(super) fn write(site: &Site, feed: &Feed) -> Result<String, Error> {
    let before = feed.place.before();
    let written = JsonFeed {
        version: VERSION,
        title: feed.full_title(site),
        home_page_url: feed.page_address(site),
        feed_url: feed.address(site, Format::Json),
        description: &feed.scope,
        next_url: before.map(|path| site.address(path, Format::Json)),
        icon: format!("{}/icon.png", site.public_url),
        language: "en-GB",
        hubs: feed
            .hub(site)
            .into_iter()
            .map(|url| Hub {
                r#type: "WebSub",
                url,
            })
            .collect(),
        items: feed.entries.iter().map(item).collect(),
    };
    Ok(serde_json::to_string_pretty(&written)? + "\n")
}

fn item(entry: &Entry) -> Item<'_> {
    let title_alone = if entry.preview.is_empty() {
        &entry.title
    } else {
        &entry.preview
    };
    Item {
        id: &entry.id,
        url: &entry.url,
        title: &entry.title,
        content_html: entry.content.as_deref(),
        content_text: entry.content.is_none().then_some(title_alone),
        summary: &entry.preview,
        date_published: time(entry.published),
        date_modified: entry.is_edited.then(|| time(entry.updated)),
        authors: entry
            .publisher
            .iter()
            .map(|(name, _)| Author { name })
            .collect(),
        tags: &entry.topics,
        language: "en-GB",
    }
}

fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
