//! Links from one page of a listing to others.

use scraper::Html;
use url::Url;

use crate::release::CanonicalPath;

/// The highest page that is believed.
const LAST: i64 = 1_000_000;

/// How a source writes the addresses of a listing's further pages.
enum Pattern<'a> {
    /// By a parameter of this name.
    Parameter(&'a str),
    /// In the path, behind one of the beginnings and before the end.
    Path(Vec<String>, String),
}

impl<'a> Pattern<'a> {
    fn of(page: &'a str, listings: &[String]) -> Option<Pattern<'a>> {
        let (before, after) = page.split_once("{n}")?;
        if let Some((_, parameter)) = before.rsplit_once(['?', '&']) {
            return Some(Pattern::Parameter(parameter.strip_suffix('=')?));
        }
        let beginnings = listings
            .iter()
            .filter_map(|listing| Url::parse(listing).ok())
            .map(|listing| format!("{}{before}", listing.path()).to_ascii_lowercase())
            .collect();
        Some(Pattern::Path(beginnings, after.to_ascii_lowercase()))
    }
}

/// The highest number among the pages of the listing that `document` links to, by the pattern `page` with its `{n}`.
pub(super) fn last_page(
    document: &Html,
    url: &Url,
    listings: &[String],
    page: &str,
) -> Option<i64> {
    let pattern = Pattern::of(page, listings)?;
    let path = CanonicalPath::of(url);
    let number = |link: &str| {
        let link = url.join(link).ok()?;
        match &pattern {
            Pattern::Parameter(name) if CanonicalPath::of(&link) == path => {
                let value = link.query_pairs().find(|(key, _)| key == name)?.1;
                value.parse().ok()
            }
            Pattern::Parameter(_) => None,
            Pattern::Path(beginnings, end) => {
                let path = link.path().to_ascii_lowercase();
                let number = beginnings
                    .iter()
                    .find_map(|b| path.strip_prefix(b.as_str()))?;
                number.strip_suffix(end.as_str())?.parse().ok()
            }
        }
    };
    links(document)
        .filter_map(number)
        .filter(|number| (1..=LAST).contains(number))
        .max()
}

/// Whether the page links to the listing itself, as the newsroom's navigation does.
pub(super) fn links_to_itself(document: &Html, url: &Url) -> bool {
    let path = CanonicalPath::of(url);
    links(document).any(|link| {
        url.join(link)
            .is_ok_and(|link| CanonicalPath::of(&link) == path && link.host() == url.host())
    })
}

fn links(document: &Html) -> impl Iterator<Item = &str> {
    document
        .tree
        .values()
        .filter_map(|node| node.as_element()?.attr("href"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(html: &str, url: &str, page: &str) -> Option<i64> {
        let listings = ["https://news.example/Releases".to_owned()];
        last_page(
            &Html::parse_document(html),
            &Url::parse(url).unwrap(),
            &listings,
            page,
        )
    }

    #[test]
    fn the_highest_page_of_this_listing_counts() {
        let html = "<a href='?page=2'>2</a><a href='/releases?size=20&amp;page=88'>Last</a><a href='?page=-4'>x</a>\
                    <a href='/releases/t/crime?page=99'>Crime</a><a href='?page=99999999999999999999'>y</a><a href='?p=90'>z</a>";
        for url in [
            "https://news.example/releases",
            "https://other.example/releases/?page=3",
        ] {
            assert_eq!(last(html, url, "?page={n}"), Some(88), "{url}");
        }
        assert_eq!(
            last(html, "https://news.example/releases", "&p={n}"),
            Some(90)
        );
        assert_eq!(
            last(
                "<a href='/releases'>All</a>",
                "https://news.example/releases",
                "?page={n}"
            ),
            None
        );
    }

    #[test]
    fn a_page_may_be_part_of_the_path() {
        let html = "<a href='/releases/page/7/'>7</a><a href='https://news.example/releases/page/12/'>12</a><a href='/releases/page/x/'>x</a>";
        assert_eq!(
            last(html, "https://news.example/releases/page/6/", "/page/{n}/"),
            Some(12)
        );
    }
}
