//! A release's own page.

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Selector};

use super::{Page, Reader, Unreadable, challenge, decode, readable, title};
use crate::html;
use crate::release::{Article, Reading};

/// As many days are looked at for one that can be read. Empty elements may hold one another.
const MOST_DAYS: usize = 20;

pub(super) fn read(reader: &Reader, page: &Page) -> Result<Article, Unreadable> {
    let text = decode::decode(&page.bytes, page.content_type.as_deref());
    let mut document = html::document(&text).ok_or(Unreadable::TooMuch)?;
    let slug = page.url.path().rsplit('/').find(|part| !part.is_empty());
    let title = title::read(&document, &reader.title, slug.unwrap_or_default())?;
    let published = document
        .select(&reader.published)
        .take(MOST_DAYS)
        .find_map(|element| reader.day(element));

    drop_unwanted(reader, &mut document);
    let select = &reader.source.select;
    let body = html::sanitise(&inner(&document, &reader.body), &page.url);
    let (body, reading) = if html::paragraphs(&body).is_empty() {
        let nothing = Unreadable::Body(select.body.clone());
        let nothing = challenge::or(&text, &document, nothing);
        let found = match (&nothing, &title) {
            (Unreadable::Body(_), Some(title)) => readable::body(&document, title, &page.url),
            _ => None,
        };
        (found.ok_or(nothing)?, Reading::Readability)
    } else {
        (body, Reading::Selectors)
    };
    if title.is_none() {
        return Err(Unreadable::Title(select.title.clone()));
    }
    Ok(Article {
        title,
        published,
        body,
        reading,
    })
}

/// Takes out what stands inside the text without being part of it. Title and day may stand there in some layouts.
fn drop_unwanted(reader: &Reader, document: &mut Html) {
    let unwanted: Vec<NodeId> = reader
        .drop
        .iter()
        .chain([&reader.title, &reader.published])
        .flat_map(|selector| document.select(selector).map(|e| e.id()))
        .collect();
    for id in unwanted {
        if let Some(mut node) = document.tree.get_mut(id) {
            node.detach();
        }
    }
}

/// The content of all matches that do not stand inside another match.
fn inner(document: &Html, selector: &Selector) -> String {
    let mut content = String::new();
    let mut outermost = None;
    for edge in document.tree.root().traverse() {
        match edge {
            Edge::Open(node) if outermost.is_none() => {
                if let Some(element) = ElementRef::wrap(node).filter(|e| selector.matches(e)) {
                    content.push_str(&element.inner_html());
                    outermost = Some(node.id());
                }
            }
            Edge::Close(node) if outermost == Some(node.id()) => outermost = None,
            _ => {}
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;
    use url::Url;

    fn read_page(html: &str) -> Result<Article, Unreadable> {
        let page = Page {
            url: Url::parse("https://news.example/releases/chiefs-set-out-a-plan").unwrap(),
            content_type: None,
            bytes: html.as_bytes().to_vec(),
        };
        read(&Reader::new(&Source::default()).unwrap(), &page)
    }

    #[test]
    fn the_text_without_what_stands_around_it() {
        let article = read_page(
            "<nav>Home</nav><h1 class=content-title>Police &amp; chiefs</h1><p class=date>20 Nov 2026</p>\
             <div class=content-body><p>One.</p><div class=content-body><p>Two.</p></div>\
             <div class=contact-info>Press office</div></div><div class=content-body><p>Three.</p></div><footer>x</footer>",
        )
        .unwrap();
        assert_eq!(article.title.as_deref(), Some("Police & chiefs"));
        assert_eq!(
            article.published,
            chrono::NaiveDate::from_ymd_opt(2026, 11, 20)
        );
        assert_eq!(html::paragraphs(&article.body), ["One.", "Two.", "Three."]);
    }

    #[test]
    fn a_page_without_text_is_an_error() {
        for html in [
            "",
            "<h1 class=content-title>A</h1>",
            "<div class=content-body> <p>&nbsp;</p></div>",
        ] {
            assert!(
                matches!(read_page(html), Err(Unreadable::Body(_))),
                "{html}"
            );
        }
        assert_eq!(read_page(&"<div>".repeat(9999)), Err(Unreadable::TooMuch));
    }

    /// A page in a layout that the selectors do not know.
    fn unknown(title: &str, sentence: &str) -> String {
        format!(
            "<title>{title} | NPCC</title><main>{}</main>",
            format!("<p>{sentence}</p>").repeat(6)
        )
    }

    const SENTENCE: &str =
        "Chiefs have set out a plan, and it says what each force will do and by when, at last.";

    #[test]
    fn a_text_in_an_unknown_layout_is_read_and_says_so() {
        let page = unknown("Chiefs set out a plan", SENTENCE).replace(
            "<main>",
            "<main><div class=contact-info>Ring the press office, any time, day or night, and ask.</div>",
        );
        let article = read_page(&page).unwrap();
        assert_eq!(article.reading, Reading::Readability);
        assert_eq!(article.title.as_deref(), Some("Chiefs set out a plan"));
        assert_eq!(html::paragraphs(&article.body), [SENTENCE; 6]);
        let known =
            read_page("<h1 class=content-title>A</h1><div class=content-body>x</div>").unwrap();
        assert_eq!(known.reading, Reading::Selectors);
    }

    #[test]
    fn an_error_page_and_a_challenge_never_become_a_release() {
        let sorry = unknown(
            "Page not found",
            "Sorry, the page that you asked for is not here, try another one.",
        );
        assert!(matches!(read_page(&sorry), Err(Unreadable::Body(_))));
        let challenge = unknown("Chiefs set out a plan", SENTENCE).replace(
            "<main>",
            "<script src='https://x.awswaf.com/challenge.js'></script><main>",
        );
        assert!(matches!(
            read_page(&challenge),
            Err(Unreadable::Challenge(_))
        ));
    }

    #[test]
    fn a_text_without_any_title_is_an_error() {
        let read = read_page("<div class=content-body><p>Text.</p></div>");
        assert!(matches!(read, Err(Unreadable::Title(_))));
    }

    #[test]
    fn the_day_may_stand_in_an_attribute() {
        let day = |date: &str| {
            let page = format!("<h1>A</h1>{date}<div class=content-body>x</div>");
            read_page(&page).unwrap().published
        };
        let expected = chrono::NaiveDate::from_ymd_opt(2026, 9, 25);
        assert_eq!(
            day("<p class=date>Friday 25th September 2026</p>"),
            expected
        );
        assert_eq!(
            day("<p class=date datetime=2026-09-25T00:01:00+01:00>last week</p>"),
            expected
        );
        assert_eq!(
            day("<p class=date>soon</p><p class=date>25/09/2026</p>"),
            expected
        );
    }

    #[test]
    fn matches_inside_one_another_cost_no_more_than_one() {
        // Each level would be read again for all above it.
        let page = format!(
            "<h1>A</h1><p class=date>x</p>{}{}",
            "<div class=content-body>".repeat(60),
            "<b>x</b>".repeat(5_000)
        );
        let article = read_page(&page).unwrap();
        assert_eq!(html::paragraphs(&article.body).concat().len(), 5_000);
    }
}
