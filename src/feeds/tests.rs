use super::*;
use crate::release::{CanonicalPath, Guid, Release, Status, Text};

fn site(content: Content) -> Site {
    Site {
        public_url: "https://feeds.example".into(),
        content,
        ttl: 15,
        publishers: vec![Publisher {
            id: "npcc".into(),
            title: "National Police Chiefs' Council".into(),
            url: "https://news.example/feed/rss?a=1&b=2".into(),
            home: "https://news.example/".into(),
        }],
    }
}

fn item(title: &str, body: Option<&str>) -> Item {
    let at = "2026-07-01T08:09:10Z".parse().unwrap();
    Item {
        release: Release {
            guid: Guid::new("npcc", &CanonicalPath::from_stored("/releases/a".into())),
            source: "npcc".into(),
            url: "https://news.example/releases/a".into(),
            text: Text {
                title: title.into(),
                lead: None,
                body: body.map(str::to_owned),
            },
            published: at,
            first_seen: at,
            updated: at,
            status: Status::Current,
            is_redacted: false,
        },
        topics: vec!["hate-crime".into()],
        duplicates: Vec::new(),
    }
}

fn feed(items: Vec<Item>) -> Feed {
    Feed {
        id: "hate-crime".into(),
        title: "Hate crime".into(),
        scope: "Hate crime of every strand & tension.".into(),
        count: 1,
        items,
    }
}

fn published(content: Content, item: &Item) -> Vec<Document> {
    let feeds = [feed(vec![item.clone()]), Feed::unclassified(0, Vec::new())];
    site(content)
        .documents(std::slice::from_ref(item), &feeds)
        .unwrap()
}

fn text_at<'a>(documents: &'a [Document], path: &str) -> &'a str {
    let document = documents
        .iter()
        .find(|document| document.path == path)
        .unwrap();
    std::str::from_utf8(&document.bytes).unwrap()
}

#[test]
fn a_feed_says_what_readers_expect() {
    let documents = published(
        Content::Full,
        &item(
            "Police & “courts” <b>",
            Some("<p>One.</p><p>Two ]]&gt; ]]> x</p>"),
        ),
    );
    let feed = text_at(&documents, "/topics/hate-crime.rss");
    assert_eq!(
        feed.matches("<?xml version=\"1.0\" encoding=\"utf-8\"?>")
            .count(),
        1
    );
    for part in [
        "<title>National Police Chiefs&apos; Council: Hate crime (unofficial)</title>",
        "<atom:link href=\"https://feeds.example/topics/hate-crime.rss\" rel=\"self\" type=\"application/rss+xml\"",
        "<lastBuildDate>Wed, 01 Jul 2026 08:09:10 GMT</lastBuildDate>",
        "<pubDate>Wed, 01 Jul 2026 08:09:10 GMT</pubDate>",
        "<guid isPermaLink=\"false\">urn:uuid:",
        "<category domain=\"https://feeds.example/topics\">Hate crime</category>",
        "<dc:creator>National Police Chiefs&apos; Council</dc:creator>",
        "Police &amp; “courts” &lt;b&gt;",
        "<ttl>15</ttl>",
    ] {
        assert!(feed.contains(part), "{part} is not in {feed}");
    }
    assert!(
        feed.find("<description><![CDATA[One.").unwrap() < feed.find("<content:encoded>").unwrap()
    );
    let read = ::rss::Channel::read_from(feed.as_bytes()).unwrap();
    assert_eq!(
        read.items()[0].content(),
        Some("<p>One.</p><p>Two ]]&gt; ]]> x</p>")
    );
}

#[test]
fn what_xml_forbids_is_left_out_and_emoji_stay() {
    let documents = published(
        Content::Full,
        &item("A\u{b}B 🚓 شرطة", Some("<p>\u{1}x</p>")),
    );
    let feed = text_at(&documents, "/all.rss");
    assert!(feed.contains("<title>AB 🚓 شرطة</title>"));
    assert!(!feed.contains(['\u{b}', '\u{1}']));
}

#[test]
fn a_summary_feed_holds_no_text() {
    let documents = published(Content::Summary, &item("A", Some("<p>One.</p><p>Two.</p>")));
    let feed = text_at(&documents, "/all.rss");
    assert!(feed.contains("One.") && !feed.contains("Two."));
}

#[test]
fn an_empty_feed_is_a_feed() {
    let documents = published(Content::Full, &item("A", None));
    let feed = text_at(&documents, "/topics/unclassified.rss");
    assert!(
        ::rss::Channel::read_from(feed.as_bytes())
            .unwrap()
            .items()
            .is_empty()
    );
    assert!(!feed.contains("lastBuildDate"));
}

#[test]
fn the_index_and_the_subscriptions_lead_to_every_feed() {
    let documents = published(Content::Full, &item("A <script> & more", None));
    let index = text_at(&documents, "/");
    assert!(index.contains("A &#60;script&#62; &#38; more"), "{index}");
    for feed in [
        "/all.rss",
        "/topics/hate-crime.rss",
        "/topics/unclassified.rss",
    ] {
        let address = format!("https://feeds.example{feed}\"");
        assert!(index.contains(&address));
        assert!(
            text_at(&documents, "/subscriptions.opml").contains(&format!("xmlUrl=\"{address}"))
        );
    }
}
