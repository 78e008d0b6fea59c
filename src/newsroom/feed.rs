//! The newsroom's own feed, read by feed-rs behind our own decoding, cleaning and salvage.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model::Entry;
use url::Url;

use super::{
    Announced, MOST_ANNOUNCED, Page, Reader, Unreadable, clean, dates, decode, headline, lead,
};
use crate::html;
use crate::release::{CanonicalPath, Draft, Published};
use crate::text;

/// A shorter guid is a counter or a slip, and would make one release of two.
const SHORTEST_GUID: usize = 8;
/// No honest feed's first tag is longer; it is repeated for each item that is read apart.
const LONGEST_ROOT: usize = 4 * 1024;

pub(super) fn read(reader: &Reader, page: &Page) -> Result<Announced, Unreadable> {
    let text = clean::clean(&decode::decode(&page.bytes, page.content_type.as_deref()));
    let (entries, lost) = match parse(&text, &page.url) {
        Ok(entries) => (entries, 0),
        Err(cause) => salvage(&text, &page.url).ok_or(Unreadable::Feed(cause))?,
    };
    let items = entries.len();
    let mut drafts = Vec::new();
    let mut broken = vec!["it is no XML".to_owned(); lost];
    for entry in entries.iter().take(MOST_ANNOUNCED) {
        match draft(reader, entry, &page.url) {
            Ok(draft) => drafts.extend(draft),
            Err(cause) => broken.push(cause),
        }
    }
    drop_ambiguous_guids(&mut drafts);
    if drafts.is_empty() {
        let first = broken.first().map(|cause| format!("; {cause}"));
        let cause = format!(
            "of its {items} items none links to a release on the source's hosts{}",
            first.unwrap_or_default()
        );
        return Err(Unreadable::Feed(cause));
    }
    if items > MOST_ANNOUNCED {
        broken.push(format!("it is behind the first {MOST_ANNOUNCED}"));
    }
    Ok(Announced {
        drafts,
        broken,
        ..Announced::default()
    })
}

/// feed-rs panics on some inputs; a panic is a failure like another here.
fn parse(text: &str, base: &Url) -> Result<Vec<Entry>, String> {
    let parser = feed_rs::parser::Builder::new()
        .base_uri(Some(base.as_str()))
        // No id of feed-rs's own making: a guess from link and title would change with the title.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(dates::instant)
        .build();
    match catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes()))) {
        Ok(Ok(feed)) => Ok(feed.entries),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the parser gave up on it".to_owned()),
    }
}

/// Reads item by item where the whole cannot be read; gives the entries and how many items were lost.
fn salvage(text: &str, base: &Url) -> Option<(Vec<Entry>, usize)> {
    let root = &text[text.find("<rss")?..];
    let root = &root[..=root.find('>').filter(|end| *end <= LONGEST_ROOT)?];
    let mut entries = Vec::new();
    let mut broken = 0;
    let mut rest = text;
    while let Some(start) = rest.find("<item") {
        rest = &rest[start..];
        // An item that is never closed ends where the next one begins.
        let next = rest[1..].find("<item").map_or(rest.len(), |at| at + 1);
        let end = rest[..next].find("</item>").map(|at| at + "</item>".len());
        let item = &rest[..end.unwrap_or(next)];
        match parse(&format!("{root}<channel>{item}</channel></rss>"), base) {
            Ok(read) if !read.is_empty() => entries.extend(read),
            _ => broken += 1,
        }
        rest = &rest[next..];
    }
    (!entries.is_empty()).then_some((entries, broken))
}

fn title_of_slug(url: &Url) -> String {
    let slug = url.path_segments().and_then(|mut all| all.next_back());
    let words = slug.unwrap_or_default().replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A guid that one feed gives to two releases identifies neither: trusting it would hide one behind the other.
fn drop_ambiguous_guids(drafts: &mut [Draft]) {
    let mut paths: HashMap<String, CanonicalPath> = HashMap::new();
    let mut ambiguous = HashSet::new();
    for draft in drafts.iter() {
        let Some(guid) = &draft.upstream_guid else {
            continue;
        };
        let first = paths
            .entry(guid.clone())
            .or_insert_with(|| draft.path.clone());
        if *first != draft.path {
            ambiguous.insert(guid.clone());
        }
    }
    for draft in drafts {
        draft.upstream_guid = draft
            .upstream_guid
            .take()
            .filter(|guid| !ambiguous.contains(guid));
    }
}

/// The release that an item announces; nothing where it is another thing than a release.
fn draft(reader: &Reader, entry: &Entry, base: &Url) -> Result<Option<Draft>, String> {
    let links = entry
        .links
        .iter()
        .filter(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"))
        .map(|link| link.href.as_str());
    // A permalink guid serves where the link is missing.
    let guid = [entry.id.as_str()].into_iter();
    let addresses: Vec<&str> = links
        .chain(guid.filter(|id| id.starts_with("http")))
        .collect();
    let Some(url) = addresses
        .iter()
        .find_map(|link| reader.release_url(link, base))
    else {
        let elsewhere = addresses
            .iter()
            .find_map(|link| reader.foreign_host(link, base));
        return match (addresses.is_empty(), elsewhere) {
            (true, _) => Err("it has no link".to_owned()),
            (_, Some(host)) => Err(format!(
                "it is on {host}, which is none of the source's hosts; if the newsroom has moved there, add it to `hosts`"
            )),
            (_, None) => Ok(None),
        };
    };
    let title = entry.title.as_ref().map(|title| headline(&title.content));
    // The page has a better one; until it is read, the slug says what it is.
    let title = title
        .filter(|title| !title.is_empty())
        .unwrap_or_else(|| title_of_slug(&url));
    let summary = entry
        .summary
        .as_ref()
        .map(|text| html::plain(&text.content));
    Ok(Some(Draft {
        path: CanonicalPath::of(&url),
        lead: summary.and_then(|summary| lead(summary, &title)),
        title,
        published: entry.published.map_or(Published::Unknown, Published::At),
        upstream_guid: Some(text::line(&entry.id)).filter(|id| id.len() >= SHORTEST_GUID),
        url,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;

    fn read_feed(items: &str) -> Result<Announced, Unreadable> {
        let source = Source {
            hosts: vec!["news.example".to_owned()],
            ..Source::default()
        };
        let page = Page {
            url: Url::parse("https://news.example/feed/rss").unwrap(),
            content_type: None,
            bytes: format!("<rss version=\"2.0\"><channel><title>N</title>{items}</channel></rss>")
                .into_bytes(),
        };
        read(&Reader::new(&source).unwrap(), &page)
    }

    fn item(title: &str, slug: &str) -> String {
        format!(
            "<item><title>{title}</title><link>http://news.example/releases/{slug}</link><guid isPermaLink=\"false\">5efdb1a0{slug}</guid>\
             <pubDate>Thu, 02 Jul 2020 23:01:00 Z</pubDate><description><![CDATA[<p><strong>The lead.</strong></p>]]></description></item>"
        )
    }

    #[test]
    fn an_item_as_the_newsroom_writes_it() {
        let read = read_feed(&item("Chiefs&rsquo; R&D&nbsp;plan", "a-b")).unwrap();
        let draft = &read.drafts[0];
        assert_eq!(draft.title, "Chiefs\u{2019} R&D plan");
        assert_eq!(draft.url.as_str(), "https://news.example/releases/a-b");
        assert_eq!(draft.path.as_str(), "/releases/a-b");
        assert_eq!(draft.lead.as_deref(), Some("The lead."));
        assert_eq!(draft.upstream_guid.as_deref(), Some("5efdb1a0a-b"));
        assert_eq!(
            draft.published,
            Published::At("2020-07-02T23:01:00Z".parse().unwrap())
        );
    }

    #[test]
    fn one_broken_item_costs_only_itself() {
        let feed = [
            item("One", "one"),
            "<item><title>Broken <b></title><link>http://news.example/releases/x</link>".to_owned(),
            item("Two", "two"),
        ]
        .concat();
        let read = read_feed(&feed).unwrap();
        let titles: Vec<&str> = read.drafts.iter().map(|d| d.title.as_str()).collect();
        assert_eq!(titles, ["One", "Two"]);
        assert_eq!(read.broken, ["it is no XML"]);
    }

    #[test]
    fn a_guid_given_to_two_releases_identifies_neither() {
        let one_guid = |slug| item("T", slug).replace(&format!("5efdb1a0{slug}"), "5efdb1a0");
        let read = read_feed(&[one_guid("a"), one_guid("b"), item("C", "c")].concat()).unwrap();
        let guids: Vec<_> = read
            .drafts
            .iter()
            .map(|d| d.upstream_guid.as_deref())
            .collect();
        assert_eq!(guids, [None, None, Some("5efdb1a0c")]);
        let twice = read_feed(&[item("T", "a"), item("T", "a")].concat()).unwrap();
        assert!(twice.drafts[0].upstream_guid.is_some());
    }

    #[test]
    fn what_is_missing_stays_missing() {
        let read = read_feed(
            "<item><title>A</title><link>/releases/a</link><description>A</description></item>",
        )
        .unwrap();
        let draft = &read.drafts[0];
        assert_eq!(
            (draft.published, &draft.lead, &draft.upstream_guid),
            (Published::Unknown, &None, &None)
        );
    }

    #[test]
    fn an_item_that_cannot_be_taken_is_told_of() {
        let moved = item("Moved", "m").replace("news.example", "new.example");
        let page = item("About us", "x").replace("/releases/", "/about/");
        let feed = [item("One", "one"), moved, item("", "not-yet-titled"), page].concat();
        let read = read_feed(&feed).unwrap();
        assert_eq!((read.drafts.len(), read.broken.len()), (2, 1));
        assert!(read.broken[0].contains("new.example"), "{:?}", read.broken);
        assert_eq!(read.drafts[1].title, "Not yet titled");
    }

    #[test]
    fn a_feed_of_absurd_length_is_cut() {
        let items: String = (0..2_000).map(|n| item("T", &n.to_string())).collect();
        let read = read_feed(&items).unwrap();
        assert_eq!((read.drafts.len(), read.broken.len()), (MOST_ANNOUNCED, 1));
    }

    #[test]
    fn a_feed_without_a_release_is_an_error() {
        assert!(matches!(read_feed(""), Err(Unreadable::Feed(_))));
        let elsewhere = item("A", "a").replace("news.example", "elsewhere.example");
        assert!(matches!(read_feed(&elsewhere), Err(Unreadable::Feed(_))));
        assert!(matches!(
            read_feed("<html><script>"),
            Err(Unreadable::Feed(_))
        ));
    }

    #[test]
    fn an_author_that_makes_feed_rs_panic_is_survived() {
        let author = "<author>\u{e9}a@b.example (\u{e9})</author>";
        let feed =
            item("One", "one") + &item("Two", "two").replace("<guid", &format!("{author}<guid"));
        let read = read_feed(&feed).unwrap();
        assert_eq!(read.drafts[0].title, "One");
    }
}
