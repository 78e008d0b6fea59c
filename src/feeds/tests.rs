use super::*;
use crate::release::{CanonicalPath, Cause, Guid, Release, Status, Text};

fn site(content: Content) -> Site {
    Site {
        public_url: "https://feeds.example".into(),
        content,
        ttl: 15,
        hub: None,
        topics: vec![
            topic(
                "hate-crime",
                "Hate crime",
                "Hate crime of every strand & tension.",
            ),
            topic("unclassified", "Unclassified", "None."),
        ],
        publishers: vec![Publisher {
            id: "npcc".into(),
            title: "National Police Chiefs' Council".into(),
            url: "https://news.example/feed/rss?a=1&b=2".into(),
            home: "https://news.example/".into(),
        }],
    }
}

fn topic(id: &str, title: &str, scope: &str) -> Topic {
    Topic {
        id: id.into(),
        title: title.into(),
        scope: scope.into(),
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

/// A feed of the topic with these releases.
fn feed(site: &Site, items: &[Item]) -> Feed {
    Feed {
        title: "Hate crime".into(),
        scope: "Hate crime of every strand & tension.".into(),
        page: "/topics/hate-crime".into(),
        path: "/topics/hate-crime".into(),
        query: String::new(),
        is_told: true,
        place: Place::Live { before: None },
        entries: site.entries(items),
    }
}

fn written(content: Content, items: &[Item], format: Format) -> String {
    let site = site(content);
    let document = site.feed(&feed(&site, items), format).unwrap();
    assert_eq!(document.content_type, format.media());
    String::from_utf8(document.bytes).unwrap()
}

fn rss(content: Content, item: &Item) -> String {
    written(content, std::slice::from_ref(item), Format::Rss)
}

#[test]
fn a_feed_says_what_readers_expect() {
    let feed = rss(
        Content::Full,
        &item(
            "Police & “courts” <b>",
            Some("<p>One.</p><p>Two ]]&gt; ]]> x</p>"),
        ),
    );
    let declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
    assert_eq!(feed.matches(declaration).count(), 1);
    for part in [
        "<title>National Police Chiefs&apos; Council: Hate crime (unofficial)</title>",
        "<link>https://feeds.example/topics/hate-crime.html</link>",
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
    // The validator compares them.
    let image = read.image().unwrap();
    assert_eq!((image.title(), image.link()), (read.title(), read.link()));
}

#[test]
fn atom_tells_entries_of_one_second_apart_and_names_whose_they_are() {
    let mut other = item("B", None);
    other.release.guid = Guid::new("npcc", &CanonicalPath::from_stored("/releases/b".into()));
    let feed = written(
        Content::Full,
        &[item("A & <b>", Some("<p>x & y</p>")), other],
        Format::Atom,
    );
    let read = atom_syndication::Feed::read_from(feed.as_bytes()).unwrap();
    assert_eq!(read.id(), "https://feeds.example/topics/hate-crime.atom");
    let rels: Vec<&str> = read.links().iter().map(|link| link.rel()).collect();
    assert_eq!(rels, ["alternate", "self"]);
    let [one, two] = read.entries() else {
        panic!("{feed}")
    };
    assert_ne!(one.updated(), two.updated());
    assert_eq!(one.updated().timestamp(), two.updated().timestamp());
    assert_eq!(one.title().as_str(), "A & <b>");
    assert_eq!(one.authors()[0].name(), "National Police Chiefs' Council");
    assert_eq!(one.content().unwrap().value(), Some("<p>x & y</p>"));
    // An entry without content needs a summary (RFC 4287, 4.1.2).
    assert!(two.content().is_none() && two.summary().is_some());
}

#[test]
fn a_json_feed_has_what_its_rules_demand() {
    let mut edited = item("B", None);
    edited.release.text.lead = Some("Lead.".into());
    edited.release.updated += chrono::TimeDelta::days(1);
    let text = written(
        Content::Full,
        &[item("A", Some("<p>x</p>")), edited, item("C", None)],
        Format::Json,
    );
    let feed: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(
        feed["feed_url"],
        "https://feeds.example/topics/hate-crime.json"
    );
    let items = feed["items"].as_array().unwrap();
    for item in items {
        assert!(item["id"].as_str().unwrap().starts_with("urn:uuid:"));
        assert!(item["content_html"].is_string() || item["content_text"].is_string());
        assert_eq!(item["tags"][0], "Hate crime");
        assert_eq!(
            item["authors"][0]["name"],
            "National Police Chiefs' Council"
        );
    }
    assert_eq!(items[0]["content_html"], "<p>x</p>");
    assert_eq!(
        items[0]["date_modified"],
        serde_json::Value::Null,
        "it was never edited"
    );
    assert_eq!(items[1]["date_modified"], "2026-07-02T08:09:10Z");
    assert_eq!(
        items[1]["content_text"],
        "Lead. [Changed by its publisher on 2 July 2026.]"
    );
    assert_eq!(items[2]["content_text"], "C");
}

#[test]
fn an_edited_release_keeps_its_place_and_carries_a_note() {
    let mut edited = item("A", Some("<p>x</p>"));
    edited.release.updated += chrono::TimeDelta::days(1);
    let feed = rss(Content::Full, &edited);
    let read = ::rss::Channel::read_from(feed.as_bytes()).unwrap();
    assert_eq!(
        read.items()[0].pub_date(),
        Some("Wed, 01 Jul 2026 08:09:10 GMT")
    );
    let content = read.items()[0].content().unwrap();
    let id = edited.release.guid.id();
    let note = format!(
        "<p><em>Changed by its publisher on 2 July 2026: <a href=\"https://feeds.example/releases/{id}.html\">"
    );
    assert!(content.starts_with(&note), "{content}");
    assert_eq!(
        read.last_build_date(),
        Some("Thu, 02 Jul 2026 08:09:10 GMT")
    );
    edited.release.status = Status::Withdrawn;
    edited.release.text.body = None;
    assert!(!rss(Content::Full, &edited).contains("Changed by"));
}

#[test]
fn an_archive_says_so_and_leads_on() {
    let mut site = site(Content::Full);
    site.hub = Some("https://hub.example/".into());
    let live = Feed {
        place: Place::Live {
            before: Some("/topics/hate-crime/archive/r/50".into()),
        },
        ..feed(&site, &[item("A", None)])
    };
    let archive = Feed {
        path: "/topics/hate-crime/archive/r/50".into(),
        is_told: false,
        place: Place::Archive {
            before: Some("/topics/hate-crime/archive/q/20".into()),
            current: "/topics/hate-crime".into(),
        },
        ..live.clone()
    };
    let text =
        |feed: &Feed, format| String::from_utf8(site.feed(feed, format).unwrap().bytes).unwrap();
    for format in [Format::Rss, Format::Atom] {
        let (live, archive) = (text(&live, format), text(&archive, format));
        let link = |text: &str, rel: &str, path: &str| {
            let address = format!("https://feeds.example{path}.{}", format.ending());
            let links: Vec<&str> = text
                .split('<')
                .filter(|tag| tag.contains(&format!("rel=\"{rel}\"")))
                .collect();
            assert!(
                links.len() == 1 && links[0].contains(&format!("href=\"{address}\"")),
                "{rel}: {links:?}"
            );
        };
        link(&live, "self", "/topics/hate-crime");
        link(&live, "prev-archive", "/topics/hate-crime/archive/r/50");
        link(&archive, "self", "/topics/hate-crime/archive/r/50");
        link(&archive, "current", "/topics/hate-crime");
        link(&archive, "prev-archive", "/topics/hate-crime/archive/q/20");
        assert!(
            archive.contains("<fh:archive/>") || archive.contains("<fh:archive></fh:archive>"),
            "{archive}"
        );
        assert!(archive.contains("xmlns:fh=\"http://purl.org/syndication/history/1.0\""));
        assert!(!live.contains("fh:"));
        // A hub that is not told must not be named.
        assert!(live.contains("https://hub.example/") && !archive.contains("hub.example"));
    }
    let json: serde_json::Value = serde_json::from_str(&text(&live, Format::Json)).unwrap();
    assert_eq!(
        json["next_url"],
        "https://feeds.example/topics/hate-crime/archive/r/50.json"
    );
    assert_eq!(json["hubs"][0]["url"], "https://hub.example/");
}

#[test]
fn what_xml_forbids_is_left_out_and_emoji_stay() {
    let item = item("A\u{b}B 🚓 شرطة", Some("<p>\u{1}x</p>"));
    for format in [Format::Rss, Format::Atom] {
        let feed = written(Content::Full, std::slice::from_ref(&item), format);
        assert!(feed.contains("<title>AB 🚓 شرطة</title>"));
        assert!(!feed.contains(['\u{b}', '\u{1}']));
    }
}

#[test]
fn a_summary_feed_holds_no_text() {
    for format in Format::ALL {
        let item = item("A", Some("<p>One.</p><p>Two.</p>"));
        let feed = written(Content::Summary, &[item], format);
        assert!(feed.contains("One.") && !feed.contains("Two."));
    }
}

#[test]
fn an_empty_feed_is_a_feed() {
    let feed = written(Content::Full, &[], Format::Rss);
    let read = ::rss::Channel::read_from(feed.as_bytes()).unwrap();
    assert!(read.items().is_empty());
    assert!(!feed.contains("lastBuildDate"));
    let feed = written(Content::Full, &[], Format::Atom);
    atom_syndication::Feed::read_from(feed.as_bytes()).unwrap();
}

#[test]
fn subscriptions_are_all_feeds_or_those_picked() {
    let site = site(Content::Full);
    let text = |picked: &[&Topic], format| {
        String::from_utf8(site.subscriptions(picked, format).bytes).unwrap()
    };
    let all = text(&[], Format::Rss);
    for feed in [
        "/all.rss",
        "/topics/hate-crime.rss",
        "/topics/unclassified.rss",
        "/revisions.rss",
    ] {
        assert!(
            all.contains(&format!("xmlUrl=\"https://feeds.example{feed}\"")),
            "{all}"
        );
    }
    let picked = text(&[&site.topics[0]], Format::Atom);
    assert_eq!(picked.matches("<outline").count(), 1);
    assert!(picked.contains("xmlUrl=\"https://feeds.example/topics/hate-crime.atom\" htmlUrl=\"https://feeds.example/topics/hate-crime.html\""));
}

#[test]
fn edits_are_told_word_by_word_and_escaped() {
    use crate::difference::Difference;
    let site = site(Content::Full);
    let text = |body: &str| Text {
        title: "A".into(),
        lead: None,
        body: Some(body.into()),
    };
    let difference = Difference::between(
        &text("<p>One arrest &lt;b&gt;.</p><p>End.</p>"),
        &text("<p>Two arrests &lt;b&gt;.</p><p>End.</p>"),
    );
    let edit = |number, cause: Cause, item: &Item| Edit {
        item: item.clone(),
        number,
        at: "2026-07-02T00:00:00Z".parse().unwrap(),
        cause: cause.as_str().into(),
        parts: if cause == Cause::Edited {
            difference.parts.clone()
        } else {
            Vec::new()
        },
    };
    let item = item("A & B", Some("<p>x</p>"));
    let entries = site.edits(&[
        edit(3, Cause::Withdrawn, &item),
        edit(2, Cause::Edited, &item),
    ]);
    assert_ne!(entries[0].id, entries[1].id);
    assert_ne!(entries[0].id, item.release.guid.to_string());
    assert_eq!(entries[0].title, "Withdrawn: A & B");
    assert_eq!(
        entries[1].preview,
        "Changed by its publisher: the text; seen on 2 July 2026."
    );
    let content = entries[1].content.as_deref().unwrap();
    for part in [
        "<del>One arrest</del>",
        "<ins>Two arrests</ins>",
        "&lt;b&gt;",
    ] {
        assert!(content.contains(part), "{part} is not in {content}");
    }
    assert!(entries[1].url.ends_with(".html#revision-2"));
}

#[test]
fn exports_hold_a_release_a_line() {
    let site = site(Content::Full);
    let item = item("A, \"B\"", Some("<p>One.</p><p>Two, \"three\".</p>"));
    let line = json_line(&site, &item, None).unwrap();
    assert_eq!(line.matches('\n').count(), 1);
    let read: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(read["topics"][0], "hate-crime");
    let mut table = csv_head().unwrap();
    table.extend(csv_row(&site, &item).unwrap());
    let mut reader = csv::Reader::from_reader(table.as_slice());
    let row: std::collections::HashMap<String, String> =
        reader.deserialize().next().unwrap().unwrap();
    assert_eq!(row["title"], "A, \"B\"");
    assert_eq!(row["text"], "One.\n\nTwo, \"three\".");
    assert_eq!(row["topics"], "hate-crime");
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let site = site(Content::Full);
    let row = |title: &str, lead: &str, body: &str| {
        let mut item = item(title, Some(body));
        item.release.text.lead = Some(lead.to_owned());
        let mut table = csv_head().unwrap();
        table.extend(csv_row(&site, &item).unwrap());
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let row: std::collections::HashMap<String, String> =
            reader.deserialize().next().unwrap().unwrap();
        let line = json_line(&site, &item, None).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        // What is no table has it as it is.
        assert_eq!(line["title"], title);
        (
            row["title"].clone(),
            row["lead"].clone(),
            row["text"].clone(),
        )
    };
    let formula = "=HYPERLINK(\"https://a.example/\",\"a, b\")";
    for begin in ["=", "+", "-", "@", "\t=", "\r=", "\n=", "\u{FF1D}"] {
        let hostile = format!("{begin}{formula}");
        let (title, lead, _) = row(&hostile, &hostile, "<p>x</p>");
        assert_eq!(title, format!("'{hostile}"));
        assert_eq!(lead, format!("'{hostile}"));
    }
    let (title, lead, text) = row("A = B", "", "<p>- Ends -</p><p>=1</p>");
    assert_eq!((title.as_str(), lead.as_str()), ("A = B", ""));
    assert_eq!(text, "'- Ends -\n\n=1");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// Any text gives well-formed feeds that read back equal, but for what XML has no room for.
    #[test]
    fn any_text_reads_back_equal(
        title in ".*",
        lead in proptest::option::of("(?s).*"),
        body in "(?s)(.|<p>|</p>|]]>|<!\\[CDATA\\[|&amp;|&#0;|<script>|\u{0}|\u{ffff}|\r\n|<b a=\"){0,40}",
    ) {
        let mut item = item(&title, Some(&body));
        item.release.text.lead.clone_from(&lead);
        let plain = |text: &str| text.chars().filter(|c| crate::text::is_xml_char(*c)).collect::<String>();
        // A parser gives every end of a line as one character (XML 1.0, 2.11), and readers trim what stands around.
        let read_as = |text: &str| plain(text).replace("\r\n", "\n").replace('\r', "\n").trim().to_owned();
        let items = std::slice::from_ref(&item);
        let text = written(Content::Full, items, Format::Rss);
        let read = ::rss::Channel::read_from(text.as_bytes()).unwrap();
        let one = &read.items()[0];
        proptest::prop_assert_eq!(read_as(one.title().unwrap_or_default()), read_as(&title));
        proptest::prop_assert_eq!(read_as(one.content().unwrap_or_default()), read_as(&body));
        proptest::prop_assert_eq!(one.guid().unwrap().value(), item.release.guid.to_string());
        let feed = feed_rs::parser::parse(text.as_bytes()).unwrap();
        proptest::prop_assert_eq!(&feed.entries[0].id, &item.release.guid.to_string());

        let text = written(Content::Full, items, Format::Atom);
        let read = atom_syndication::Feed::read_from(text.as_bytes()).unwrap();
        let one = &read.entries()[0];
        proptest::prop_assert_eq!(read_as(one.title().as_str()), read_as(&title));
        proptest::prop_assert_eq!(read_as(one.content().unwrap().value().unwrap_or_default()), read_as(&body));
        feed_rs::parser::parse(text.as_bytes()).unwrap();

        // JSON has room for everything.
        let text = written(Content::Full, items, Format::Json);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        proptest::prop_assert_eq!(read["items"][0]["title"].as_str(), Some(title.as_str()));
        proptest::prop_assert_eq!(read["items"][0]["content_html"].as_str(), Some(body.as_str()));
        feed_rs::parser::parse(text.as_bytes()).unwrap();
    }
}
