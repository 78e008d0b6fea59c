//! The rules of the trade, on every feed that is published: what the W3C's validator and readers stumble over.
//!
//! Sources: the RSS Advisory Board's specification and best practices profile, RFC 4287 (Atom), RFC 5005 (archives), JSON
//! Feed 1.1, OPML 2.0.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use roxmltree::{Document, Node};
use serde_json::Value;

use crate::harness::{World, examples};

const ATOM: &str = "http://www.w3.org/2005/Atom";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const HISTORY: &str = "http://purl.org/syndication/history/1.0";
const BASE: &str = "http://feeds.example";

fn children<'a>(
    node: Node<'a, 'a>,
    namespace: Option<&'a str>,
    name: &'a str,
) -> Vec<Node<'a, 'a>> {
    let elements = node.children().filter(move |child| child.is_element());
    let named = elements.filter(|child| {
        child.tag_name().name() == name && child.tag_name().namespace() == namespace
    });
    named.collect()
}

/// The text of the one child of this name.
fn one<'a>(node: Node<'a, 'a>, namespace: Option<&'a str>, name: &'a str) -> &'a str {
    let found = children(node, namespace, name);
    assert_eq!(found.len(), 1, "{name}");
    found[0].text().unwrap_or_default()
}

/// RFC 822 with a year of four digits, the right weekday and a zone that every parser knows; not in the future.
fn rfc822(text: &str) -> DateTime<Utc> {
    let read = DateTime::parse_from_rfc2822(text).unwrap().to_utc();
    assert_eq!(read.format("%a, %d %b %Y %H:%M:%S GMT").to_string(), text);
    assert!(read <= Utc::now(), "{text} is in the future");
    read
}

/// What a description or a text may hold: no scripts, and addresses that mean something anywhere.
fn is_safe(html: &str) {
    let dom = scraper::Html::parse_fragment(html);
    for element in dom.tree.values().filter_map(|node| node.as_element()) {
        let bad = ["script", "style", "iframe", "form", "object", "embed"];
        assert!(!bad.contains(&element.name()), "{html}");
        for (name, value) in element.attrs() {
            assert!(!name.starts_with("on") && name != "style", "{html}");
            assert!(!value.trim_start().starts_with("javascript:"), "{html}");
        }
    }
    for name in ["href", "src"] {
        let all = scraper::Selector::parse(&format!("[{name}]")).unwrap();
        for element in dom.select(&all) {
            let address = element.attr(name).unwrap();
            let is_absolute = url::Url::parse(address).is_ok();
            assert!(is_absolute, "{address} is relative");
        }
    }
}

fn is_plain(title: &str) {
    assert!(
        !title.trim().is_empty() && title.trim() == title,
        "{title:?}"
    );
    for bad in ["&amp;", "&lt;", "&#", "\n", "  "] {
        assert!(!title.contains(bad), "{bad} in {title}");
    }
}

fn rss(path: &str, text: &str) -> Vec<String> {
    let document = Document::parse(text).unwrap();
    let rss = document.root_element();
    assert_eq!(
        (rss.tag_name().name(), rss.attribute("version")),
        ("rss", Some("2.0"))
    );
    let [channel] = children(rss, None, "channel")[..] else {
        panic!("{path}: no channel")
    };
    let (title, link) = (one(channel, None, "title"), one(channel, None, "link"));
    assert!(title.ends_with("(unofficial)"));
    assert!(link.starts_with(BASE) && !one(channel, None, "description").is_empty());
    assert_eq!(one(channel, None, "language"), "en-GB");
    assert!(one(channel, None, "generator").starts_with("npcc-feeds/"));
    assert!(one(channel, None, "docs").starts_with("https://www.rssboard.org/"));
    assert!(one(channel, None, "ttl").parse::<u32>().unwrap() > 0);
    let [image] = children(channel, None, "image")[..] else {
        panic!("{path}: no image")
    };
    assert_eq!(
        (one(image, None, "title"), one(image, None, "link")),
        (title, link)
    );
    assert_eq!(one(image, None, "url"), format!("{BASE}/icon.png"));
    assert!(one(image, None, "width").parse::<u32>().unwrap() <= 144);
    // Elements that mean one thing stand once; what readers show for the author must be no e-mail address.
    for never in ["author", "managingEditor", "webMaster", "pubDate"] {
        assert!(children(channel, None, never).is_empty(), "{never}");
    }
    links(path, channel, Some(ATOM));
    let items = children(channel, None, "item");
    let mut guids = Vec::new();
    for item in &items {
        let item = *item;
        is_plain(one(item, None, "title"));
        assert!(url::Url::parse(one(item, None, "link")).is_ok());
        let guid = children(item, None, "guid");
        assert_eq!(
            (guid.len(), guid[0].attribute("isPermaLink")),
            (1, Some("false"))
        );
        guids.push(guid[0].text().unwrap().to_owned());
        rfc822(one(item, None, "pubDate"));
        let order: Vec<&str> = item
            .children()
            .filter(Node::is_element)
            .map(|child| child.tag_name().name())
            .collect();
        let at = |name: &str| order.iter().position(|one| *one == name);
        if let (Some(description), Some(content)) = (at("description"), at("encoded")) {
            assert!(
                description < content,
                "{path}: a reader takes the last for the preview"
            );
        }
        for text in children(item, None, "description").iter().chain(&children(
            item,
            Some(CONTENT),
            "encoded",
        )) {
            is_safe(text.text().unwrap_or_default());
        }
        let categories = children(item, None, "category");
        let names: BTreeSet<&str> = categories.iter().filter_map(Node::text).collect();
        assert_eq!(names.len(), categories.len());
        assert!(
            categories
                .iter()
                .all(|one| one.attribute("domain") == Some(&*format!("{BASE}/topics")))
        );
        assert!(
            children(item, None, "source")[0]
                .attribute("url")
                .unwrap()
                .ends_with("/feed/rss")
        );
        assert_eq!(
            one(item, Some(DC), "creator"),
            "National Police Chiefs' Council"
        );
        assert!(children(item, None, "enclosure").len() <= 1);
        for never in [(None, "author"), (Some(DC), "date"), (Some(DC), "subject")] {
            assert!(children(item, never.0, never.1).is_empty(), "{never:?}");
        }
    }
    match children(channel, None, "lastBuildDate")[..] {
        [] => assert!(items.is_empty()),
        [built] => {
            rfc822(built.text().unwrap());
        }
        _ => panic!("{path}: built twice"),
    }
    assert_eq!(
        path.contains("/archive/"),
        !children(channel, Some(HISTORY), "archive").is_empty()
    );
    guids
}

/// The links of a feed: itself, absolute, as it is subscribed to; and for an archive what it belongs to.
fn links(path: &str, node: Node<'_, '_>, namespace: Option<&str>) {
    let elements = node
        .children()
        .filter(|child| child.is_element() && child.tag_name().name() == "link");
    let links = elements
        .filter(|link| link.tag_name().namespace() == namespace && link.attribute("rel").is_some());
    let mut by_rel: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for link in links {
        let address = link.attribute("href").unwrap();
        assert!(url::Url::parse(address).is_ok());
        by_rel
            .entry(link.attribute("rel").unwrap())
            .or_default()
            .push(address);
    }
    assert!(
        by_rel.values().all(|of| of.len() == 1),
        "{path}: {by_rel:?}"
    );
    assert_eq!(by_rel["self"], [format!("{BASE}/{path}")]);
    assert_eq!(by_rel.contains_key("current"), path.contains("/archive/"));
    assert_eq!(by_rel.contains_key("hub"), !path.contains("/archive/"));
}

fn atom(path: &str, text: &str) -> Vec<String> {
    let document = Document::parse(text).unwrap();
    let feed = document.root_element();
    let space = Some(ATOM);
    assert_eq!(
        (feed.tag_name().name(), feed.tag_name().namespace()),
        ("feed", space)
    );
    assert!(url::Url::parse(one(feed, space, "id")).is_ok());
    assert!(one(feed, space, "title").ends_with("(unofficial)"));
    DateTime::parse_from_rfc3339(one(feed, space, "updated")).unwrap();
    links(path, feed, space);
    let entries = children(feed, space, "entry");
    let mut ids = Vec::new();
    let mut updates = BTreeSet::new();
    for entry in &entries {
        let entry = *entry;
        ids.push(one(entry, space, "id").to_owned());
        is_plain(one(entry, space, "title"));
        let updated = DateTime::parse_from_rfc3339(one(entry, space, "updated")).unwrap();
        assert!(updates.insert(updated), "{path}: two entries of one time");
        assert!(DateTime::parse_from_rfc3339(one(entry, space, "published")).unwrap() <= updated);
        let [author] = children(entry, space, "author")[..] else {
            panic!("{path}: no author")
        };
        assert!(!one(author, space, "name").is_empty());
        let alternate = children(entry, space, "link");
        assert_eq!(
            (alternate.len(), alternate[0].attribute("rel")),
            (1, Some("alternate"))
        );
        let content = children(entry, space, "content");
        let summary = children(entry, space, "summary");
        assert!(!content.is_empty() || !summary.is_empty());
        for content in content {
            assert_eq!(content.attribute("type"), Some("html"));
            is_safe(content.text().unwrap_or_default());
        }
    }
    assert_eq!(
        path.contains("/archive/"),
        !children(feed, Some(HISTORY), "archive").is_empty()
    );
    ids
}

fn json(path: &str, text: &str) -> Vec<String> {
    let feed: Value = serde_json::from_str(text).unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert!(feed["title"].as_str().unwrap().ends_with("(unofficial)"));
    assert_eq!(feed["feed_url"], format!("{BASE}/{path}"));
    assert!(feed["home_page_url"].as_str().unwrap().starts_with(BASE));
    assert_ne!(feed["next_url"], feed["feed_url"], "it would never end");
    let mut ids = Vec::new();
    for item in feed["items"].as_array().unwrap() {
        ids.push(item["id"].as_str().expect("ids are strings").to_owned());
        is_plain(item["title"].as_str().unwrap());
        assert!(url::Url::parse(item["url"].as_str().unwrap()).is_ok());
        assert!(item["content_html"].is_string() || item["content_text"].is_string());
        is_safe(item["content_html"].as_str().unwrap_or_default());
        DateTime::parse_from_rfc3339(item["date_published"].as_str().unwrap()).unwrap();
        if let Some(modified) = item["date_modified"].as_str() {
            DateTime::parse_from_rfc3339(modified).unwrap();
        }
        assert!(
            item["authors"][0]["name"].is_string() && item["author"].is_null(),
            "1.0 had one author"
        );
        assert!(
            item["tags"]
                .as_array()
                .is_none_or(|tags| tags.iter().all(Value::is_string))
        );
    }
    ids
}

fn opml(text: &str) {
    let document = Document::parse(text).unwrap();
    let opml = document.root_element();
    assert_eq!(opml.attribute("version"), Some("2.0"));
    let outlines: Vec<Node<'_, '_>> = opml
        .descendants()
        .filter(|node| node.has_tag_name("outline"))
        .collect();
    assert_eq!(outlines.len(), 33);
    for outline in outlines {
        assert!(!outline.attribute("text").unwrap().is_empty());
        assert_eq!(outline.attribute("type"), Some("rss"));
        for address in ["xmlUrl", "htmlUrl"] {
            assert!(outline.attribute(address).unwrap().starts_with(BASE));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_feed_keeps_the_rules_of_the_trade() {
    let mut items = examples();
    items[0].title = "Forces’ “A & B” <br> week: 5 < 6 &amp; more".to_owned();
    items[1].body += "\n\nSee <a href=\"/releases/x\">this</a> <img src=\"y.png\" onerror=\"z\"> <script>1</script>";
    items[2].lead = String::new();
    let mut world = World::new(items).await;
    world.set("PUBLISH__ITEMS", "7");
    world.set("PUBLISH__HUB", "https://hub.example/");
    world.set("SERVE__PUBLIC_URL", BASE);
    world.fetch().await;
    world.json(&["backfill"]).await;
    let ids: Vec<String> = examples().into_iter().map(|item| item.id).collect();
    world.site().edit(&ids[3], |item| {
        item.body += "\n\nCorrection: four arrests were made, not five."
    });
    world.make_pages_due().await;
    world.fetch().await;
    let releases = world.releases().await;
    world
        .json(&["redact", releases[6]["id"].as_str().unwrap()])
        .await;

    let files = world.publish().await;
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for (path, bytes) in &files {
        let (stem, ending) = path.rsplit_once('.').unwrap();
        if !["rss", "atom", "json", "opml"].contains(&ending) {
            continue;
        }
        let text = std::str::from_utf8(bytes).unwrap();
        let ids = match ending {
            "rss" => rss(path, text),
            "atom" => atom(path, text),
            "json" => json(path, text),
            _ => {
                opml(text);
                continue;
            }
        };
        let unique: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(unique.len(), ids.len(), "{path} has one twice");
        // Whatever reads feeds reads these, and the same items.
        let read = feed_rs::parser::parse(bytes.as_slice()).unwrap();
        assert_eq!(
            read.entries
                .iter()
                .map(|entry| entry.id.clone())
                .collect::<Vec<_>>(),
            ids,
            "{path}"
        );
        let same = seen
            .entry(stem.to_owned())
            .or_insert_with(|| unique.clone());
        assert_eq!(*same, unique, "{stem} differs by format");
        *counts.entry(ending.to_owned()).or_insert(0) += 1;
    }
    // 32 feeds, their archives, and the edits.
    assert!(
        counts["rss"] > 35
            && counts["atom"] == counts["json"]
            && counts["rss"] == counts["atom"] + 1,
        "{counts:?}"
    );
    let all: BTreeSet<String> = seen
        .iter()
        .filter(|(stem, _)| stem.starts_with("all"))
        .flat_map(|(_, ids)| ids.clone())
        .collect();
    assert_eq!(all.len(), releases.len(), "the record is whole");
}
