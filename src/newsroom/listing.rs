//! One page of the listing of all releases.

use std::collections::HashSet;

use scraper::{ElementRef, Html};
use url::Url;

use super::{
    Announced, MOST_ANNOUNCED, Page, Reader, Unreadable, headline, lead, parse_html, text_of,
};
use crate::release::{CanonicalPath, Draft, Published};

pub(super) fn read(reader: &Reader, page: &Page) -> Result<Announced, Unreadable> {
    read_document(reader, &parse_html(page)?, page)
}

/// Without a card it is the end, if the page links to the listing itself, as the newsroom's navigation does.
pub(super) fn read_further(reader: &Reader, page: &Page) -> Result<Announced, Unreadable> {
    let document = parse_html(page)?;
    match read_document(reader, &document, page) {
        Err(Unreadable::Listing { .. }) if links_to_itself(&document, &page.url) => Ok(Announced {
            drafts: Vec::new(),
            broken: Vec::new(),
            ..Announced::default()
        }),
        read => read,
    }
}

fn links_to_itself(document: &Html, url: &Url) -> bool {
    let path = CanonicalPath::of(url);
    document.tree.nodes().any(|node| {
        let link = node.value().as_element().and_then(|e| e.attr("href"));
        link.and_then(|link| url.join(link).ok())
            .is_some_and(|link| CanonicalPath::of(&link) == path && link.host() == url.host())
    })
}

fn read_document(reader: &Reader, document: &Html, page: &Page) -> Result<Announced, Unreadable> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut paths = HashSet::new();
    for card in document.select(&reader.card).take(MOST_ANNOUNCED) {
        if let Some(draft) = draft(reader, card, &page.url)
            && paths.insert(draft.path.clone())
        {
            drafts.push(draft);
        }
    }
    if drafts.is_empty() {
        let select = &reader.source.select;
        return Err(Unreadable::Listing {
            card: select.card.clone(),
            link: select.link.clone(),
        });
    }
    // A card that links elsewhere is another thing than a release, so none counts as broken.
    Ok(Announced {
        drafts,
        broken: Vec::new(),
        ..Announced::default()
    })
}

fn draft(reader: &Reader, card: ElementRef<'_>, base: &Url) -> Option<Draft> {
    let link = card.select(&reader.link).next()?;
    let url = reader.release_url(link.value().attr("href")?, base)?;
    let title = headline(&text_of(link));
    if title.is_empty() {
        return None;
    }
    let day = card
        .select(&reader.date)
        .next()
        .and_then(|date| reader.day(&text_of(date)));
    let summary = card.select(&reader.summary).next().map(text_of);
    Some(Draft {
        path: CanonicalPath::of(&url),
        url,
        lead: summary.and_then(|summary| lead(summary, &title)),
        title,
        published: day.map_or(Published::Unknown, Published::On),
        upstream_guid: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;

    fn read_page(html: &str) -> Result<Announced, Unreadable> {
        let source = Source {
            hosts: vec!["news.example".to_owned()],
            ..Source::default()
        };
        let page = Page {
            url: Url::parse("https://news.example/releases?page=2").unwrap(),
            content_type: Some("text/html; charset=utf-8".to_owned()),
            bytes: html.as_bytes().to_vec(),
        };
        read(&Reader::new(&source).unwrap(), &page)
    }

    #[test]
    fn cards_become_drafts_and_other_cards_do_not() {
        let read = read_page(
            "<div class=card__body><time class=card__date>25 Sep 2026</time>\
             <a class=card__link href='/releases/A-b?x=1#y'> Police &amp;\n chiefs </a><p class=card__summary>More.</p></div>\
             <div class=card__body><a class=card__link href='/editorial/blog'>Blog</a></div>\
             <div class=card__body><a class=card__link href='/releases/a-b'>Again</a></div>\
             <div class=card__body><a class=card__link href='/about'>About us</a></div>\
             <div class=card__body><a class=card__link href='https://x.example/releases/z'>Elsewhere</a></div>",
        )
        .unwrap();
        assert_eq!(read.drafts.len(), 2);
        let first = &read.drafts[0];
        assert_eq!(
            (first.title.as_str(), first.lead.as_deref()),
            ("Police & chiefs", Some("More."))
        );
        assert_eq!(first.path.as_str(), "/releases/a-b");
        assert_eq!(
            first.published,
            Published::On(chrono::NaiveDate::from_ymd_opt(2026, 9, 25).unwrap())
        );
        assert_eq!(read.drafts[1].published, Published::Unknown);
    }

    #[test]
    fn behind_the_last_page_is_the_end_and_a_challenge_is_not() {
        let source = Source::default();
        let further = |html: &str| {
            let page = Page {
                url: Url::parse("https://news.example/releases?page=9").unwrap(),
                content_type: None,
                bytes: html.as_bytes().to_vec(),
            };
            read_further(&Reader::new(&source).unwrap(), &page)
        };
        let end = further("<nav><a href='/releases'>All</a></nav><p>Nothing here.").unwrap();
        assert!(end.drafts.is_empty());
        assert!(further("<p>Checking your browser <a href='/help'>?</a>").is_err());
    }

    #[test]
    fn markup_inside_a_word_does_not_part_it() {
        let read = read_page(
            "<div class=card__body><a class=card__link href='/releases/a'>Police chief<em>s</em> on the 25<sup>th</sup><br>of May</a></div>",
        )
        .unwrap();
        assert_eq!(read.drafts[0].title, "Police chiefs on the 25th of May");
    }

    #[test]
    fn a_page_without_a_release_says_which_selectors_found_nothing() {
        let told = read_page("<html><body>Checking your browser")
            .unwrap_err()
            .to_string();
        assert!(
            told.contains(".card__body") && told.contains("a.card__link"),
            "{told}"
        );
    }
}
