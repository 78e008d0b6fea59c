//! Atom (RFC 4287), with archives by RFC 5005.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{Category, Content, Entry as AtomEntry, Feed as AtomFeed};
use atom_syndication::{FixedDateTime, Generator, Link, Person, Text};
use chrono::{DateTime, TimeDelta, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::{Entry, Feed, Format, Place, Site, rss::HISTORY};
use crate::text;

pub(super) fn write(site: &Site, feed: &Feed) -> String {
    let mut written = AtomFeed {
        title: Text::plain(feed.full_title(site)),
        subtitle: Some(Text::plain(feed.scope.clone())),
        // An archive is a part of the feed that it belongs to, so it has its id.
        id: match &feed.place {
            Place::Live { .. } => feed.address(site, Format::Atom),
            Place::Archive { current, .. } => site.address(current, Format::Atom),
        },
        updated: fixed(
            feed.entries
                .iter()
                .map(updated)
                .max()
                .unwrap_or(DateTime::UNIX_EPOCH),
        ),
        generator: Some(Generator {
            value: "npcc-feeds".to_owned(),
            uri: None,
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        icon: Some(format!("{}/icon.png", site.public_url)),
        links: links(site, feed),
        lang: Some("en-GB".to_owned()),
        entries: feed.entries.iter().map(|one| entry(site, one)).collect(),
        ..AtomFeed::default()
    };
    if matches!(feed.place, Place::Archive { .. }) {
        let archive = Extension {
            name: "fh:archive".to_owned(),
            ..Extension::default()
        };
        let archive = BTreeMap::from([("archive".to_owned(), vec![archive])]);
        written.extensions.insert("fh".to_owned(), archive);
        written
            .namespaces
            .insert("fh".to_owned(), HISTORY.to_owned());
    }
    // The crate writes what XML forbids as it stands.
    let written = written.to_string();
    let mut text: String = written.chars().filter(|c| text::is_xml_char(*c)).collect();
    text.push('\n');
    text
}

fn links(site: &Site, feed: &Feed) -> Vec<Link> {
    let link = |rel: &str, href: String, mime_type: Option<&str>| Link {
        href,
        rel: rel.to_owned(),
        mime_type: mime_type.map(str::to_owned),
        ..Link::default()
    };
    let atom = Some(Format::Atom.link_type());
    let page = feed.page_address(site);
    let mut links = vec![
        link("alternate", page, Some("text/html")),
        link("self", feed.address(site, Format::Atom), atom),
    ];
    links.extend(feed.hub(site).map(|hub| link("hub", hub.clone(), None)));
    if let Place::Archive { current, .. } = &feed.place {
        links.push(link("current", site.address(current, Format::Atom), atom));
    }
    let before = feed.place.before();
    links.extend(before.map(|path| link("prev-archive", site.address(path, Format::Atom), atom)));
    links
}

fn entry(site: &Site, entry: &Entry) -> AtomEntry {
    let author = entry
        .publisher
        .as_ref()
        .map_or_else(|| site.name(), |(title, _)| title.clone());
    AtomEntry {
        title: Text::plain(entry.title.clone()),
        id: entry.id.clone(),
        updated: fixed(updated(entry)),
        published: Some(fixed(entry.published)),
        authors: vec![Person {
            name: author,
            ..Person::default()
        }],
        categories: entry
            .topics
            .iter()
            .map(|topic| Category {
                term: topic.clone(),
                scheme: Some(format!("{}/topics", site.public_url)),
                label: None,
            })
            .collect(),
        links: vec![Link {
            href: entry.url.clone(),
            rel: "alternate".to_owned(),
            mime_type: Some("text/html".to_owned()),
            ..Link::default()
        }],
        summary: (!entry.preview.is_empty() || entry.content.is_none())
            .then(|| Text::plain(entry.preview.clone())),
        content: entry.content.clone().map(|content| Content {
            content_type: Some("html".to_owned()),
            value: Some(content),
            ..Content::default()
        }),
        ..AtomEntry::default()
    }
}

/// Two entries with the same time draw a warning, and the store keeps seconds: the identity gives the parts of one.
fn updated(entry: &Entry) -> DateTime<Utc> {
    let part = xxh3_64(entry.id.as_bytes()) % 1_000_000;
    entry.updated + TimeDelta::microseconds(part.cast_signed())
}

fn fixed(instant: DateTime<Utc>) -> FixedDateTime {
    instant.fixed_offset()
}
