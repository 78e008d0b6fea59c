//! The headline on a release's own page, wherever it stands.

use scraper::{Html, Selector};

use super::{Unreadable, headline, text_of};
use crate::text;

/// As many matches of one selector are looked at for one with a text. Empty ones may hold one another.
const MOST_TRIED: usize = 20;

/// Where headlines stand when the configured selector finds none: a selector, and the attribute that holds the text.
const ELSEWHERE: [(&str, Option<&str>); 3] = [
    ("h1", None),
    ("meta[property=\"og:title\"]", Some("content")),
    ("title", None),
];

/// Words that say nothing about which release a title belongs to.
const COMMON: [&str; 24] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "has", "in", "is", "it", "its",
    "new", "of", "on", "or", "that", "the", "this", "to", "with",
];

/// The headline by the configured selector, else another one: the first that belongs to the slug, or the first.
pub(super) fn read(
    document: &Html,
    configured: &Selector,
    slug: &str,
) -> Result<Option<String>, Unreadable> {
    if let Some(title) = first(document, configured, None) {
        return Ok(Some(title));
    }
    let mut others = Vec::new();
    for (selector, attribute) in ELSEWHERE {
        let compiled =
            Selector::parse(selector).map_err(|_| Unreadable::Selector(selector.to_owned()))?;
        let title = first(document, &compiled, attribute);
        // Only the page's own title carries the site's name.
        others.extend(title.map(|title| match selector {
            "title" => without_site(&title),
            _ => title,
        }));
    }
    let belongs = others.iter().position(|title| belongs_to(title, slug));
    Ok(others.into_iter().nth(belongs.unwrap_or(0)))
}

fn first(document: &Html, selector: &Selector, attribute: Option<&str>) -> Option<String> {
    document
        .select(selector)
        .take(MOST_TRIED)
        .map(|element| match attribute {
            Some(name) => element.attr(name).unwrap_or_default().to_owned(),
            None => text_of(element),
        })
        .map(|title| headline(&title))
        .find(|title| !title.is_empty())
}

fn without_site(title: &str) -> String {
    [" | ", " - ", " \u{2013} "]
        .iter()
        .find_map(|mark| title.rsplit_once(mark))
        .map_or(title, |(title, _)| title)
        .trim()
        .to_owned()
}

/// Whether most of a title's telling words stand in the slug. A slug can be cut, and keeps the title of the first day;
/// but an error page's title shares nothing with it.
pub(super) fn belongs_to(title: &str, slug: &str) -> bool {
    let slug = text::normalise(slug);
    let slug: Vec<&str> = slug.split(' ').collect();
    let title = text::normalise(title);
    let telling: Vec<&str> = title
        .split(' ')
        .filter(|word| !word.is_empty() && !COMMON.contains(word))
        .collect();
    let shared = telling.iter().filter(|word| slug.contains(word)).count();
    2 * shared > telling.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(html: &str) -> Option<String> {
        let configured = Selector::parse("h1.content-title").unwrap();
        read(
            &Html::parse_document(html),
            &configured,
            "police-chiefs-plan",
        )
        .unwrap()
    }

    #[test]
    fn the_selector_then_the_next_best_place() {
        for (html, expected) in [
            (
                "<h1>N</h1><h1 class=content-title> Police\n <b>chiefs</b></h1>",
                "Police chiefs",
            ),
            (
                "<h1 class=content-title></h1><h1>Any &amp;amp; other</h1><title>x</title>",
                "Any & other",
            ),
            (
                "<title>News</title><meta property='og:title' content='Chiefs'>",
                "Chiefs",
            ),
            ("<title>A plan - for all | NPCC</title>", "A plan - for all"),
            ("<title>A plan - NPCC</title>", "A plan"),
            ("<title>Plan</title>", "Plan"),
            // A logo is no headline where another one belongs to the address.
            (
                "<h1>National Council</h1><title>Police chiefs' plan | NPCC</title>",
                "Police chiefs' plan",
            ),
        ] {
            assert_eq!(title(html).as_deref(), Some(expected), "{html}");
        }
        assert_eq!(title("<p>Text"), None);
    }

    #[test]
    fn most_telling_words_have_to_be_in_the_slug() {
        let slug = "police-chiefs-welcome-gbp-5m-for-womens-safety-1";
        assert!(belongs_to(
            "Police chiefs welcome the \u{a3}5m for women\u{2019}s safety",
            slug
        ));
        assert!(belongs_to("Police chiefs welcome funding", slug));
        for wrong in [
            "Page not found",
            "Sorry, something went wrong",
            "Police news and updates",
            "",
            "The",
        ] {
            assert!(!belongs_to(wrong, slug), "{wrong}");
        }
    }
}
