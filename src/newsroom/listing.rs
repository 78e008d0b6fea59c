//! One page of the listing of all releases.

use std::collections::HashSet;

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::{
    Announced, MOST_ANNOUNCED, Page, Reader, Unreadable, challenge, decode, headline, lead, pager,
    text_of,
};
use crate::html;
use crate::release::{CanonicalPath, Draft, Published};

/// As much of a card is searched; real ones hold ten elements. Cards may stand inside one another.
const MOST_IN_CARD: usize = 1_000;

pub(super) fn read(reader: &Reader, page: &Page) -> Result<Announced, Unreadable> {
    let text = decode::decode(&page.bytes, page.content_type.as_deref());
    let document = html::document(&text).ok_or(Unreadable::TooMuch)?;
    read_document(reader, &document, &text, page)
}

/// Without a card it is the end, if the page links to the listing itself, as the newsroom's navigation does.
pub(super) fn read_further(reader: &Reader, page: &Page) -> Result<Announced, Unreadable> {
    let text = decode::decode(&page.bytes, page.content_type.as_deref());
    let document = html::document(&text).ok_or(Unreadable::TooMuch)?;
    match read_document(reader, &document, &text, page) {
        Err(Unreadable::Listing { .. }) if pager::links_to_itself(&document, &page.url) => {
            Ok(announced(reader, &document, page, Announced::default()))
        }
        read => read,
    }
}

fn read_document(
    reader: &Reader,
    document: &Html,
    text: &str,
    page: &Page,
) -> Result<Announced, Unreadable> {
    let mut read = Announced::default();
    let mut paths = HashSet::new();
    for card in document.select(&reader.card).take(MOST_ANNOUNCED) {
        match draft(reader, card, &page.url) {
            Ok(Some(draft)) if paths.insert(draft.path.clone()) => read.drafts.push(draft),
            Ok(_) => {}
            Err(why) => read.broken.push(why),
        }
    }
    if read.drafts.is_empty() {
        let select = &reader.source.select;
        let nothing = Unreadable::Listing {
            card: select.card.clone(),
            link: select.link.clone(),
        };
        return Err(challenge::or(text, document, nothing));
    }
    Ok(announced(reader, document, page, read))
}

/// What was read of a page, with what it tells of others.
fn announced(reader: &Reader, document: &Html, page: &Page, read: Announced) -> Announced {
    let source = &reader.source;
    Announced {
        last_page: pager::last_page(document, &page.url, &source.listing, &source.page),
        ..read
    }
}

/// The first match in a card.
fn find<'a>(card: ElementRef<'a>, selector: &Selector) -> Option<ElementRef<'a>> {
    card.descendent_elements()
        .skip(1)
        .take(MOST_IN_CARD)
        .find(|element| selector.matches_with_scope(element, Some(card)))
}

/// The release of a card; nothing where it links elsewhere, as that is another thing than a release.
fn draft(reader: &Reader, card: ElementRef<'_>, base: &Url) -> Result<Option<Draft>, String> {
    let link = find(card, &reader.link);
    let Some((link, href)) = link.and_then(|link| Some((link, link.attr("href")?))) else {
        return Ok(None);
    };
    let Some(url) = reader.release_url(href, base) else {
        return reader.too_long(href, base).map_or(Ok(None), Err);
    };
    let title = headline(&text_of(link));
    if title.is_empty() {
        return Ok(None);
    }
    let day = find(card, &reader.date).and_then(|date| reader.day(date));
    let summary = find(card, &reader.summary).map(text_of);
    Ok(Some(Draft {
        path: CanonicalPath::of(&url),
        url,
        lead: summary.and_then(|summary| lead(summary, &title)),
        title,
        published: day.map_or(Published::Unknown, Published::On),
        upstream_guid: None,
    }))
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
    fn a_card_whose_address_no_store_could_look_up_is_told_of() {
        let card = |path: &str| {
            format!("<div class=card__body><a class=card__link href='{path}'>A</a></div>")
        };
        let long = "x".repeat(crate::release::LONGEST_ADDRESS);
        let cards = [
            "/releases/a",
            &format!("/releases/{long}"),
            &format!("/about/{long}"),
        ];
        let read = read_page(&cards.map(card).concat()).unwrap();
        assert_eq!(read.drafts.len(), 1);
        assert_eq!(read.broken.len(), 1);
        assert!(
            read.broken[0].contains("its link has 2"),
            "{:?}",
            read.broken
        );
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
        let told = read_page("<html><body>Nothing here")
            .unwrap_err()
            .to_string();
        assert!(
            told.contains(".card__body") && told.contains("a.card__link"),
            "{told}"
        );
    }

    #[test]
    fn the_pager_tells_how_far_the_listing_goes() {
        let card = "<div class=card__body><a class=card__link href='/releases/a'>A</a></div>";
        let read = |html: String| read_page(&html).unwrap().last_page;
        assert_eq!(read(card.to_owned()), None);
        assert_eq!(
            read(format!(
                "{card}<a href='?page=3'>Next</a><a href='?page=90'>Last</a>"
            )),
            Some(90)
        );
    }

    #[test]
    fn a_day_that_cannot_be_read_may_stand_in_an_attribute() {
        let day = |date: &str| {
            let card = format!(
                "<div class=card__body>{date}<a class=card__link href='/releases/a'>A</a></div>"
            );
            read_page(&card).unwrap().drafts[0].published
        };
        let expected = Published::On(chrono::NaiveDate::from_ymd_opt(2026, 9, 25).unwrap());
        for date in [
            "<time class=card__date datetime='2026-09-25T00:01:00+01:00'>2 hours ago</time>",
            "<time class=card__date datetime='2026-09-24T23:01:00Z'></time>",
            "<time class=card__date datetime='2020-01-01'>25 Sep 2026</time>",
        ] {
            assert_eq!(day(date), expected, "{date}");
        }
    }

    #[test]
    fn a_challenge_is_named() {
        let read = read_page(
            "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/x'></script>",
        );
        assert!(matches!(read, Err(Unreadable::Challenge(_))));
    }

    #[test]
    fn only_the_beginning_of_a_card_is_searched() {
        let card = |before: usize| {
            format!(
                "<div class=card__body>{}<a class=card__link href='/releases/a'>A</a></div>",
                "<i></i>".repeat(before)
            )
        };
        assert!(read_page(&card(MOST_IN_CARD - 1)).is_ok());
        assert!(read_page(&card(MOST_IN_CARD)).is_err());
    }

    #[test]
    fn a_page_of_absurdly_many_cards_is_cut() {
        let cards: String = (0..2_000)
            .map(|n| {
                format!(
                    "<div class=card__body><a class=card__link href='/releases/{n}'>A</a></div>"
                )
            })
            .collect();
        assert_eq!(read_page(&cards).unwrap().drafts.len(), MOST_ANNOUNCED);
    }

    #[test]
    fn an_absurdly_long_link_is_not_followed() {
        let link = |length| {
            let slug = "a".repeat(length);
            read_page(&format!(
                "<div class=card__body><a class=card__link href='/releases/{slug}'>A</a></div>"
            ))
        };
        assert!(link(2_000).is_ok());
        assert!(link(5_000).is_err());
    }
}
