//! The addresses under which documents are published, and what is meant by a path.

use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::feeds::pages::page_path;
use crate::feeds::{Format, Site};
use crate::release::Guid;
use crate::store::Selection;

/// A union has no more topics.
pub const LONGEST_UNION: usize = 8;
/// A search has no more letters, and no more words.
const LONGEST_QUERY: usize = 200;

/// The address of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// The front page.
    Index,
    /// The icon.
    Icon,
    /// The style sheet.
    Style,
    /// The script.
    Script,
    /// The list of subscriptions: of all feeds, or of those of some topics.
    Subscriptions {
        /// The ids of the topics that were picked.
        topics: Vec<String>,
        /// The format of the feeds.
        format: Format,
    },
    /// The page of a topic, or of all releases.
    List {
        /// The topic's id.
        topic: Option<String>,
        /// The page's number; none for the newest.
        number: Option<usize>,
    },
    /// A feed to subscribe to.
    Feed {
        /// The releases it is of.
        of: Selection,
        /// Its format.
        format: Format,
    },
    /// A part of a feed's record (RFC 5005).
    Archive {
        /// The topic's id.
        topic: Option<String>,
        /// What is another once the archive holds something else.
        revision: String,
        /// The place of its newest release, counted from the oldest as 1.
        end: usize,
        /// Its format.
        format: Format,
    },
    /// The feed of edits.
    Revisions,
    /// A release's page.
    Release(Guid),
    /// The search page.
    Search {
        /// What is searched for.
        query: String,
        /// The page's number, from 1.
        number: usize,
    },
    /// A search as a feed.
    SearchFeed {
        /// What is searched for.
        query: String,
    },
    /// The status page.
    Status,
    /// The whole record.
    Export(Export),
}

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Export {
    /// JSON lines.
    #[value(alias = "json")]
    Jsonl,
    /// A table.
    Csv,
}

/// What is meant by a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A document, if there is one.
    Document(Address),
    /// The same in another spelling, at this path.
    Elsewhere(String),
    /// What nobody can ask for, and why.
    Refused(String),
    /// Nothing.
    Nothing,
}

impl Address {
    /// What is meant by a path and a query, as they stand in a request.
    pub fn read(site: &Site, path: &str, query: &str) -> Meaning {
        let path = percent_decode_str(path).decode_utf8_lossy();
        let document = |address| Meaning::Document(address);
        match path.as_ref() {
            "/" => document(Address::Index),
            "/icon.png" => document(Address::Icon),
            "/style.css" => document(Address::Style),
            "/copy.js" => document(Address::Script),
            "/subscriptions.opml" => subscriptions(site, query),
            "/revisions.rss" => document(Address::Revisions),
            "/status" => document(Address::Status),
            "/search" => match searched(query) {
                Ok(query_text) => document(Address::Search {
                    number: number(query),
                    query: query_text,
                }),
                Err(why) => Meaning::Refused(why),
            },
            "/search.rss" => match searched(query) {
                Ok(query) => document(Address::SearchFeed { query }),
                Err(why) => Meaning::Refused(why),
            },
            "/export.jsonl" => document(Address::Export(Export::Jsonl)),
            "/export.csv" => document(Address::Export(Export::Csv)),
            // The taxonomy's own address, as categories name it.
            "/topics" => Meaning::Elsewhere("/#topics".to_owned()),
            "/index.html" => Meaning::Elsewhere("/".to_owned()),
            path => below(site, path),
        }
    }

    /// Its path, without a query.
    pub fn path(&self) -> String {
        match self {
            Address::Index => "/".to_owned(),
            Address::Icon => "/icon.png".to_owned(),
            Address::Style => "/style.css".to_owned(),
            Address::Script => "/copy.js".to_owned(),
            Address::Subscriptions { .. } => "/subscriptions.opml".to_owned(),
            Address::List { topic, number } => page_path(&list_path(topic.as_deref()), *number),
            Address::Feed { of, format } => format!("{}.{}", feed_path(of), format.ending()),
            Address::Archive {
                topic,
                revision,
                end,
                format,
            } => {
                let archive = archive_path(topic.as_deref(), revision, *end);
                format!("{archive}.{}", format.ending())
            }
            Address::Revisions => "/revisions.rss".to_owned(),
            Address::Release(guid) => format!("/releases/{}", guid.id()),
            Address::Search { .. } => "/search".to_owned(),
            Address::SearchFeed { .. } => "/search.rss".to_owned(),
            Address::Status => "/status".to_owned(),
            Address::Export(Export::Jsonl) => "/export.jsonl".to_owned(),
            Address::Export(Export::Csv) => "/export.csv".to_owned(),
        }
    }

    /// Whether it is subscribed to, so that a hub is told when it changes.
    pub fn is_feed(&self) -> bool {
        matches!(self, Address::Feed { .. } | Address::Revisions)
    }
}

/// The path of a topic's page, or of that of all releases; with an ending, that of its feed.
pub(super) fn list_path(topic: Option<&str>) -> String {
    match topic {
        None => "/all".to_owned(),
        Some(id) => format!("/topics/{id}"),
    }
}

/// The path of a feed, without ending.
pub(super) fn feed_path(of: &Selection) -> String {
    match of {
        Selection::All => list_path(None),
        Selection::Topics(ids) => list_path(Some(&ids.join("+"))),
    }
}

/// The path of an archive, without ending.
pub(super) fn archive_path(topic: Option<&str>, revision: &str, end: usize) -> String {
    format!("{}/archive/{revision}/{end}", list_path(topic))
}

/// What is meant by a path below `/all`, `/topics/` or `/releases/`.
fn below(site: &Site, path: &str) -> Meaning {
    if let Some(page) = path.strip_suffix(".html") {
        // As it is called among published files, so that links work there and here.
        return match below(site, page) {
            Meaning::Document(Address::List { .. } | Address::Release(_)) => {
                Meaning::Elsewhere(page.to_owned())
            }
            _ if page == "/status" || page == "/search" => Meaning::Elsewhere(page.to_owned()),
            _ => Meaning::Nothing,
        };
    }
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["releases", id] => match id.parse::<Guid>() {
            Ok(guid) if guid.id() == *id => Meaning::Document(Address::Release(guid)),
            Ok(guid) => Meaning::Elsewhere(Address::Release(guid).path()),
            Err(_) => Meaning::Nothing,
        },
        ["topics", name, rest @ ..] => {
            let (ids, format) = split_format(name);
            match (format, rest) {
                (Some(format), []) => union(site, ids, format),
                (None, rest) if site.topic(name).is_some() => list(Some(name), rest),
                _ => Meaning::Nothing,
            }
        }
        ["all", rest @ ..] => list(None, rest),
        [name] => match split_format(name) {
            ("all", Some(format)) => Meaning::Document(Address::Feed {
                of: Selection::All,
                format,
            }),
            _ => Meaning::Nothing,
        },
        _ => Meaning::Nothing,
    }
}

/// What is meant by what stands behind the path of a list's page.
fn list(topic: Option<&str>, rest: &[&str]) -> Meaning {
    let topic = topic.map(str::to_owned);
    match rest {
        [] => Meaning::Document(Address::List {
            topic,
            number: None,
        }),
        ["page", number] => match plain_number(number) {
            Some(number) => Meaning::Document(Address::List {
                topic,
                number: Some(number),
            }),
            None => Meaning::Nothing,
        },
        ["archive", revision, name] => match split_format(name) {
            (end, Some(format)) => plain_number(end).map_or(Meaning::Nothing, |end| {
                Meaning::Document(Address::Archive {
                    topic,
                    revision: (*revision).to_owned(),
                    end,
                    format,
                })
            }),
            _ => Meaning::Nothing,
        },
        _ => Meaning::Nothing,
    }
}

/// What is meant by the feed of several topics, or of one.
fn union(site: &Site, ids: &str, format: Format) -> Meaning {
    let asked: Vec<&str> = ids.split('+').collect();
    if !asked.iter().all(|id| site.topic(id).is_some()) {
        return Meaning::Nothing;
    }
    let ids: Vec<String> = site
        .topics
        .iter()
        .filter(|topic| asked.contains(&topic.id.as_str()))
        .map(|topic| topic.id.clone())
        .collect();
    if ids.len() > LONGEST_UNION {
        return Meaning::Refused(format!(
            "A feed joins at most {LONGEST_UNION} topics, and this one {}; /all.{} has everything",
            ids.len(),
            format.ending()
        ));
    }
    let is_in_order = ids.iter().map(String::as_str).eq(asked);
    let feed = Address::Feed {
        of: Selection::Topics(ids),
        format,
    };
    if is_in_order {
        Meaning::Document(feed)
    } else {
        Meaning::Elsewhere(feed.path())
    }
}

fn subscriptions(site: &Site, query: &str) -> Meaning {
    let mut topics = Vec::new();
    let mut format = Format::Rss;
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "topic" if site.topic(&value).is_some() => topics.push(value.into_owned()),
            "topic" => {
                return Meaning::Refused(format!("There is no topic {value}; / lists them"));
            }
            "format" => match Format::ALL.into_iter().find(|one| one.ending() == value) {
                Some(one) => format = one,
                None => return Meaning::Refused("format is rss, atom or json".to_owned()),
            },
            _ => {}
        }
    }
    topics.sort();
    topics.dedup();
    Meaning::Document(Address::Subscriptions { topics, format })
}

/// What is searched for by a query.
fn searched(query: &str) -> Result<String, String> {
    let mut values = form_urlencoded::parse(query.as_bytes());
    let text = values.find(|(key, _)| key == "q").map(|(_, value)| value);
    let text = crate::text::line(&text.unwrap_or_default());
    if text.chars().count() > LONGEST_QUERY {
        return Err(format!(
            "A search has at most {LONGEST_QUERY} letters, and this one {}",
            text.chars().count()
        ));
    }
    Ok(text)
}

fn number(query: &str) -> usize {
    let mut values = form_urlencoded::parse(query.as_bytes());
    let text = values
        .find(|(key, _)| key == "page")
        .map(|(_, value)| value);
    text.and_then(|text| plain_number(&text)).unwrap_or(1)
}

/// A number above nought in its only spelling.
fn plain_number(text: &str) -> Option<usize> {
    let number = text.parse().ok().filter(|number| *number > 0)?;
    // Beyond this there is nothing, and sums must not overflow.
    (number < 1_000_000_000 && text == usize::to_string(&number)).then_some(number)
}

/// A name without its ending, and the format that the ending stands for.
fn split_format(name: &str) -> (&str, Option<Format>) {
    let split = name.rsplit_once('.');
    let format = |ending| Format::ALL.into_iter().find(|one| one.ending() == ending);
    match split.and_then(|(name, ending)| Some((name, format(ending)?))) {
        Some((name, format)) => (name, Some(format)),
        None => (name, None),
    }
}

/// The words of a search, as the store spells them: those behind which a star stands for any ending keep it.
pub(super) fn words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in query.split_whitespace() {
        let normal = crate::text::normalise(word);
        let mut parts: Vec<String> = normal.split(' ').map(str::to_owned).collect();
        parts.retain(|part| !part.is_empty());
        if let Some(last) = parts.last_mut()
            && word.ends_with('*')
        {
            last.push('*');
        }
        words.append(&mut parts);
    }
    words.sort();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::Topic;

    fn site() -> Site {
        let topic = |id: &str| Topic {
            id: id.to_owned(),
            title: id.to_owned(),
            scope: String::new(),
        };
        let ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "unclassified"];
        Site {
            public_url: "https://feeds.example".to_owned(),
            content: crate::config::Content::Full,
            ttl: 15,
            hub: None,
            publishers: Vec::new(),
            topics: ids.map(topic).to_vec(),
        }
    }

    fn read(path: &str) -> Meaning {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        Address::read(&site(), path, query)
    }

    #[test]
    fn every_address_is_read_as_it_is_written() {
        for path in [
            "/",
            "/icon.png",
            "/style.css",
            "/copy.js",
            "/subscriptions.opml",
            "/all",
            "/all/page/2",
            "/topics/a",
            "/topics/unclassified",
            "/topics/b/page/12",
            "/all.rss",
            "/all.atom",
            "/all.json",
            "/topics/a.rss",
            "/topics/a+c.atom",
            "/topics/a+b+c+d+e+f+g+h.json",
            "/all/archive/f00/50.rss",
            "/topics/a/archive/0/1.json",
            "/revisions.rss",
            "/releases/5c0f1e0e-8a59-4f0b-9d53-6b1f70a7c2d4",
            "/search",
            "/search.rss",
            "/status",
            "/export.jsonl",
            "/export.csv",
        ] {
            match read(path) {
                Meaning::Document(address) => assert_eq!(address.path(), path),
                other => panic!("{path}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_no_address_means_nothing() {
        for path in [
            "/x",
            "/all/",
            "/all.xml",
            "/all/page/0",
            "/all/page/01",
            "/all/page/x",
            "/all/page/99999999999999999999",
            "/topics/",
            "/topics/z",
            "/topics/z.rss",
            "/topics/a+z.rss",
            "/topics/a+.rss",
            "/topics/a+b",
            "/topics/a.rss/x",
            "/topics/a+b/archive/0/1.rss",
            "/releases/x",
            "/releases",
            "/index",
            "/x.html",
            "/topics/../all.rss",
            "/all/archive/0/0.rss",
            "//all.rss",
        ] {
            assert_eq!(read(path), Meaning::Nothing, "{path}");
        }
    }

    #[test]
    fn other_spellings_lead_to_the_one() {
        for (path, to) in [
            ("/topics/c+a.rss", "/topics/a+c.rss"),
            ("/topics/c%2Ba.rss", "/topics/a+c.rss"),
            ("/topics/a+a.atom", "/topics/a.atom"),
            ("/index.html", "/"),
            ("/topics", "/#topics"),
            ("/topics/a.html", "/topics/a"),
            ("/all/page/2.html", "/all/page/2"),
            ("/status.html", "/status"),
            (
                "/releases/5C0F1E0E-8a59-4f0b-9d53-6b1f70a7c2d4",
                "/releases/5c0f1e0e-8a59-4f0b-9d53-6b1f70a7c2d4",
            ),
        ] {
            assert_eq!(read(path), Meaning::Elsewhere(to.to_owned()), "{path}");
        }
        assert!(matches!(read("/topics/a%2Bb.rss"), Meaning::Document(_)));
        assert!(matches!(
            read("/topics/a+b+c+d+e+f+g+h+i.rss"),
            Meaning::Refused(_)
        ));
    }

    #[test]
    fn queries_are_read_as_forms_write_them() {
        let searched = |query: &str, number| {
            Meaning::Document(Address::Search {
                query: query.to_owned(),
                number,
            })
        };
        assert_eq!(
            read("/search?q=knife+crime&page=3"),
            searched("knife crime", 3)
        );
        assert_eq!(read("/search?page=x&q=a%26b"), searched("a&b", 1));
        assert!(matches!(
            read(&format!("/search?q={}", "x".repeat(201))),
            Meaning::Refused(_)
        ));
        assert_eq!(
            read("/subscriptions.opml?topic=c&topic=a&topic=a&format=atom"),
            Meaning::Document(Address::Subscriptions {
                topics: vec!["a".to_owned(), "c".to_owned()],
                format: Format::Atom,
            })
        );
        assert!(matches!(
            read("/subscriptions.opml?topic=z"),
            Meaning::Refused(_)
        ));
        assert_eq!(
            words("Knife-Crime  burglar* O’Brien *"),
            ["burglar*", "crime", "knife", "obrien"]
        );
    }
}
