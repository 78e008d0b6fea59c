//! A release's own page.

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Selector};

use super::{Page, Reader, Unreadable, headline, parse_html, text_of};
use crate::html;
use crate::release::Article;

pub(super) fn read(reader: &Reader, page: &Page) -> Result<Article, Unreadable> {
    let mut document = parse_html(page)?;
    let first = |selector: &Selector| {
        document
            .select(selector)
            .map(text_of)
            .find(|text| !text.is_empty())
    };
    let title = first(&reader.title).map(|title| headline(&title));
    let published = first(&reader.published).and_then(|day| reader.day(&day));

    // What stands inside the text without being part of it. Title and day may stand there in some layouts.
    let unwanted: Vec<NodeId> = reader
        .drop
        .iter()
        .chain([&reader.title, &reader.published])
        .flat_map(|selector| {
            document
                .select(selector)
                .map(|e| e.id())
                .collect::<Vec<_>>()
        })
        .collect();
    for id in unwanted {
        if let Some(mut node) = document.tree.get_mut(id) {
            node.detach();
        }
    }
    let body = html::sanitise(&inner(&document, &reader.body), &page.url);
    if html::paragraphs(&body).is_empty() {
        return Err(Unreadable::Body(reader.source.select.body.clone()));
    }
    Ok(Article {
        title,
        published,
        body,
    })
}

/// The content of all matches that do not stand inside another match.
fn inner(document: &Html, selector: &Selector) -> String {
    let outermost = |element: &ElementRef<'_>| {
        !element
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|ancestor| selector.matches(&ancestor))
    };
    document
        .select(selector)
        .filter(outermost)
        .map(|element| element.inner_html())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;
    use url::Url;

    fn read_page(html: &str) -> Result<Article, Unreadable> {
        let page = Page {
            url: Url::parse("https://news.example/releases/a").unwrap(),
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
}
