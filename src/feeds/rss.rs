//! RSS 2.0 (the RSS Advisory Board's specification and best practices profile), with `atom:link`, `content:encoded`
//! and `dc:creator`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::{Category, Channel, Guid, Image, Source};

use super::{Feed, Site, media, newest_change, preview};
use crate::config::Content;
use crate::release::Item;
use crate::text;

const DOCS: &str = "https://www.rssboard.org/rss-specification";

/// The feed of a feed, as published at `path`.
pub(super) fn write(site: &Site, path: &str, feed: &Feed, topics: &[Feed]) -> String {
    let title = format!("{}: {} (unofficial)", site.name(), feed.title);
    let channel = Channel {
        link: format!("{}/", site.public_url),
        description: feed.scope.clone(),
        language: Some("en-GB".to_owned()),
        last_build_date: newest_change(&feed.items).map(date),
        generator: Some(concat!("npcc-feeds/", env!("CARGO_PKG_VERSION")).to_owned()),
        docs: Some(DOCS.to_owned()),
        ttl: Some(site.ttl.to_string()),
        image: Some(Image {
            url: format!("{}/icon.png", site.public_url),
            title: title.clone(),
            link: format!("{}/", site.public_url),
            width: Some("144".to_owned()),
            height: Some("144".to_owned()),
            description: None,
        }),
        items: feed
            .items
            .iter()
            .map(|item| entry(site, item, topics))
            .collect(),
        atom_ext: Some(AtomExtension {
            links: vec![Link {
                href: format!("{}{path}", site.public_url),
                rel: "self".to_owned(),
                mime_type: media::RSS.split(';').next().map(str::to_owned),
                ..Link::default()
            }],
        }),
        namespaces: BTreeMap::from([
            ("atom".to_owned(), "http://www.w3.org/2005/Atom".to_owned()),
            (
                "content".to_owned(),
                "http://purl.org/rss/1.0/modules/content/".to_owned(),
            ),
            (
                "dc".to_owned(),
                "http://purl.org/dc/elements/1.1/".to_owned(),
            ),
        ]),
        title,
        ..Channel::default()
    };
    // The rss crate writes what XML forbids as it stands, and nothing can be done about it but to leave it out.
    let written = channel.to_string();
    let mut text: String = written.chars().filter(|c| text::is_xml_char(*c)).collect();
    text.push('\n');
    text
}

fn entry(site: &Site, item: &Item, topics: &[Feed]) -> rss::Item {
    let release = &item.release;
    let publisher = site.publisher(&release.source);
    let carried = topics
        .iter()
        .filter(|topic| item.topics.contains(&topic.id));
    // A description is HTML, so a plain lead is escaped once more than the XML needs.
    let preview = htmlize::escape_text(preview(item)).into_owned();
    let content = match (&release.text.body, site.content) {
        (Some(body), Content::Full) => Some(body.clone()),
        _ => None,
    };
    rss::Item {
        title: Some(release.text.title.clone()),
        link: Some(release.url.clone()),
        description: (!preview.is_empty()).then_some(preview),
        categories: carried
            .map(|topic| Category {
                name: topic.title.clone(),
                domain: Some(format!("{}/topics", site.public_url)),
            })
            .collect(),
        guid: Some(Guid {
            value: release.guid.to_string(),
            permalink: false,
        }),
        pub_date: Some(date(release.published)),
        source: publisher.map(|publisher| Source {
            url: publisher.url.clone(),
            title: Some(publisher.title.clone()),
        }),
        content,
        dublin_core_ext: publisher.map(|publisher| DublinCoreExtension {
            creators: vec![publisher.title.clone()],
            ..DublinCoreExtension::default()
        }),
        ..rss::Item::default()
    }
}

/// RFC 822 with a year of four digits and a padded day, which `chrono`'s RFC 2822 does not pad.
fn date(instant: DateTime<Utc>) -> String {
    instant.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
