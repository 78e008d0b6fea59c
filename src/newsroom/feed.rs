//! The newsroom's own feed, read by feed-rs behind our own decoding, cleaning and salvage.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model::Entry;
use url::Url;

use super::{
    Announced, MOST_ANNOUNCED, Page, Reader, Unreadable, challenge, clean, dates, decode, headline,
    lead, pace, salvage,
};
use crate::html;
use crate::release::{CanonicalPath, Draft, LONGEST_ADDRESS, Published};
use crate::text;

/// A shorter guid is a counter or a slip, and would make one release of two.
const SHORTEST_GUID: usize = 8;
/// More items are not parsed at once: an item of seven bytes takes a kilobyte.
const MOST_PARSED: usize = 5_000;

pub(super) fn read(reader: &Reader, page: &Page) -> Result<Announced, Unreadable> {
    let written = decode::decode(&page.bytes, page.content_type.as_deref());
    let text = clean::clean(&written);
    let found = if salvage::count(&text) > MOST_PARSED {
        Err(format!("it has more than {MOST_PARSED} items"))
    } else {
        parse(&text, &page.url)
    };
    let found = match found {
        // In a namespace that the parser does not know, as Atom's before it was a standard, it sees no item.
        Ok(none) if none.is_empty() && salvage::count(&text) > 0 => {
            Err("its items cannot be read".to_owned())
        }
        found => found,
    };
    let (entries, lost) = match found {
        Ok(entries) => (entries, 0),
        Err(cause) => salvaged(&text, &page.url).ok_or_else(|| no_feed(&written, cause))?,
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
        return Err(no_feed(&written, cause));
    }
    if items > MOST_ANNOUNCED {
        broken.push(format!("it is behind the first {MOST_ANNOUNCED}"));
    }
    Ok(Announced {
        drafts,
        broken,
        ttl: pace::ttl(&text),
        ..Announced::default()
    })
}

/// Why a text is no feed, or none with a release.
fn no_feed(text: &str, cause: String) -> Unreadable {
    let head = text[..text.floor_char_boundary(1024)].to_ascii_lowercase();
    let holds = |tags: &[&str]| tags.iter().any(|tag| head.contains(tag));
    let is_html = holds(&["<!doctype html", "<html", "<head", "<body", "<script"])
        && !holds(&["<rss", "<feed", "<rdf"]);
    let Some(document) = html::document(text).filter(|_| is_html) else {
        return Unreadable::Feed(cause);
    };
    let told = "it is an HTML page and no feed".to_owned();
    challenge::or(text, &document, Unreadable::Feed(told))
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
fn salvaged(text: &str, base: &Url) -> Option<(Vec<Entry>, usize)> {
    let mut entries = Vec::new();
    let mut broken = 0;
    for item in salvage::items(text) {
        let read = |text: &str| parse(text, base).ok().filter(|read| !read.is_empty());
        match item.and_then(|cut| read(&cut.whole).or_else(|| read(&cut.parts))) {
            Some(read) => entries.extend(read),
            None => broken += 1,
        }
    }
    (!entries.is_empty()).then_some((entries, broken))
}

fn title_of_slug(url: &Url) -> String {
    let slug = url.path_segments().and_then(|mut all| all.next_back());
    let slug = slug.unwrap_or_default();
    let words = text::line(&slug.replace('-', " "));
    let mut letters = words.chars();
    letters.next().map_or_else(
        || slug.to_owned(),
        |first| first.to_uppercase().chain(letters).collect(),
    )
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
        let too_long = addresses
            .iter()
            .find_map(|link| reader.too_long(link, base));
        return match (too_long, elsewhere) {
            _ if addresses.is_empty() => Err("it has no link".to_owned()),
            (Some(why), _) => Err(why),
            (None, Some(host)) => Err(format!(
                "it is on {host}, which is none of the source's hosts; if the newsroom has moved there, add it to `hosts`"
            )),
            (None, None) => Ok(None),
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
        // Atom may give the last change alone.
        published: entry
            .published
            .or(entry.updated)
            .map_or(Published::Unknown, Published::At),
        upstream_guid: Some(text::line(&entry.id))
            .filter(|id| (SHORTEST_GUID..=LONGEST_ADDRESS).contains(&id.len())),
        url,
    }))
}

#[cfg(test)]
mod tests;
