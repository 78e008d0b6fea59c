//! RSS 2.0 (the RSS Advisory Board's specification and best practices profile), with `atom:link`, `content:encoded` and
//! `dc:creator`; archives by RFC 5005.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid, Image, Source};

use super::{Entry, Feed, Format, Place, Site};
use crate::text;

const DOCS: &str = "https://www.rssboard.org/rss-specification";
/// The namespace of RFC 5005.
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";

pub(super) fn write(site: &Site, feed: &Feed) -> String {
    let title = feed.full_title(site);
    let page = feed.page_address(site);
    let mut namespaces = BTreeMap::from([
        ("atom".to_owned(), "http://www.w3.org/2005/Atom".to_owned()),
        (
            "content".to_owned(),
            "http://purl.org/rss/1.0/modules/content/".to_owned(),
        ),
        (
            "dc".to_owned(),
            "http://purl.org/dc/elements/1.1/".to_owned(),
        ),
    ]);
    let mut extensions = ExtensionMap::default();
    if matches!(feed.place, Place::Archive { .. }) {
        namespaces.insert("fh".to_owned(), HISTORY.to_owned());
        let archive = Extension {
            name: "fh:archive".to_owned(),
            ..Extension::default()
        };
        let archive = BTreeMap::from([("archive".to_owned(), vec![archive])]);
        extensions.insert("fh".to_owned(), archive);
    }
    let channel = Channel {
        link: page.clone(),
        description: feed.scope.clone(),
        language: Some("en-GB".to_owned()),
        last_build_date: feed.updated().map(date),
        generator: Some(concat!("npcc-feeds/", env!("CARGO_PKG_VERSION")).to_owned()),
        docs: Some(DOCS.to_owned()),
        ttl: Some(site.ttl.to_string()),
        image: Some(Image {
            url: format!("{}/icon.png", site.public_url),
            title: title.clone(),
            link: page,
            width: Some("144".to_owned()),
            height: Some("144".to_owned()),
            description: None,
        }),
        items: feed.entries.iter().map(|one| item(site, one)).collect(),
        atom_ext: Some(AtomExtension {
            links: links(site, feed),
        }),
        extensions,
        namespaces,
        title,
        ..Channel::default()
    };
    // The rss crate writes what XML forbids as it stands, and nothing can be done about it but to leave it out.
    let written = channel.to_string();
    let mut text: String = written.chars().filter(|c| text::is_xml_char(*c)).collect();
    text.push('\n');
    text
}

fn links(site: &Site, feed: &Feed) -> Vec<Link> {
    let link = |rel: &str, href: String| Link {
        href,
        rel: rel.to_owned(),
        mime_type: Some(Format::Rss.link_type().to_owned()),
        ..Link::default()
    };
    let mut links = vec![link("self", feed.address(site, Format::Rss))];
    links.extend(feed.hub(site).map(|hub| Link {
        href: hub.clone(),
        rel: "hub".to_owned(),
        ..Link::default()
    }));
    if let Place::Archive { current, .. } = &feed.place {
        links.push(link("current", site.address(current, Format::Rss)));
    }
    let before = feed.place.before();
    links.extend(before.map(|path| link("prev-archive", site.address(path, Format::Rss))));
    links
}

fn item(site: &Site, entry: &Entry) -> rss::Item {
    let publisher = entry.publisher.as_ref();
    // A description is HTML, so a plain lead is escaped once more than the XML needs.
    let preview = htmlize::escape_text(&entry.preview).into_owned();
    rss::Item {
        title: Some(entry.title.clone()),
        link: Some(entry.url.clone()),
        // Content without a description before it puzzles readers.
        description: if preview.is_empty() {
            entry
                .content
                .is_some()
                .then(|| htmlize::escape_text(&entry.title).into_owned())
        } else {
            Some(preview)
        },
        categories: entry
            .topics
            .iter()
            .map(|topic| Category {
                name: topic.clone(),
                domain: Some(format!("{}/topics", site.public_url)),
            })
            .collect(),
        guid: Some(Guid {
            value: entry.id.clone(),
            permalink: false,
        }),
        pub_date: Some(date(entry.published)),
        source: publisher.map(|(title, url)| Source {
            url: url.clone(),
            title: Some(title.clone()),
        }),
        content: entry.content.clone(),
        dublin_core_ext: publisher.map(|(title, _)| DublinCoreExtension {
            creators: vec![title.clone()],
            ..DublinCoreExtension::default()
        }),
        ..rss::Item::default()
    }
}

/// RFC 822 with a year of four digits and a padded day, which `chrono`'s RFC 2822 does not pad.
fn date(instant: DateTime<Utc>) -> String {
    instant.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
