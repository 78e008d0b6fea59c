//! Bytes from a newsroom become drafts and articles: feed, listing, a release's own page.
//!
//! Nothing here asks the network or the clock. What stands where in the pages comes from the configuration.

mod article;
mod clean;
mod dates;
mod decode;
mod feed;
mod listing;

use chrono::NaiveDate;
use scraper::{ElementRef, Html, Selector};
use thiserror::Error;
use url::Url;

use crate::config::Source;
use crate::html;
use crate::release::{Article, CanonicalPath, Draft};
use crate::text;

/// What was fetched from one address.
#[derive(Debug, Clone)]
pub struct Page {
    /// The address that answered, after redirects.
    pub url: Url,
    /// The `Content-Type` of the answer.
    pub content_type: Option<String>,
    /// The body, decompressed.
    pub bytes: Vec<u8>,
}

/// The releases that a feed or a listing's page announces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announced {
    /// In the order of the page, newest first.
    pub drafts: Vec<Draft>,
    /// Why items could not be taken, one reason each.
    pub broken: Vec<String>,
    /// How long the document itself says that it stays fresh, as a feed does with `ttl`.
    pub ttl: Option<std::time::Duration>,
    /// The number of the listing's last page, where this page links to it.
    pub last_page: Option<i64>,
}

/// As many releases are taken from one page; the newsroom's own shows ten or twenty.
const MOST_ANNOUNCED: usize = 500;

/// Why a page gave nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Unreadable {
    /// The feed is not one, or none of its items is a release.
    #[error(
        "the feed holds no release: {0} (look at it in a browser: it may have moved, or a challenge page stands in front)"
    )]
    Feed(String),
    /// The listing's page holds no card with a release's link.
    #[error(
        "the listing holds no release: nothing matches card \"{card}\" with link \"{link}\" (the page's layout may have changed: compare [sources.select])"
    )]
    Listing {
        /// The selector of a card.
        card: String,
        /// The selector of its link.
        link: String,
    },
    /// The release's page has no text where it should be.
    #[error(
        "the page holds no text: nothing matches body \"{0}\" (its layout may have changed: compare [sources.select])"
    )]
    Body(String),
    /// A page that wants to see a browser stands before the site.
    #[error("a page with \"{0}\" challenges us instead of the document")]
    Challenge(String),
    /// The page nests deeper or holds more than any honest page.
    #[error(
        "the page nests its elements more than 512 deep, or holds more than 200,000, and was not parsed"
    )]
    TooMuch,
    /// A selector that the configuration's checks would have refused.
    #[error("\"{0}\" is no CSS selector")]
    Selector(String),
}

/// Reads the pages of one source.
#[derive(Debug, Clone)]
pub struct Reader {
    source: Source,
    card: Selector,
    link: Selector,
    date: Selector,
    summary: Selector,
    title: Selector,
    published: Selector,
    body: Selector,
    drop: Vec<Selector>,
}

impl Reader {
    /// A reader with the source's selectors.
    ///
    /// # Errors
    /// [`Unreadable::Selector`] for a selector that is none; the configuration's checks find it first.
    pub fn new(source: &Source) -> Result<Reader, Unreadable> {
        let compile =
            |text: &str| Selector::parse(text).map_err(|_| Unreadable::Selector(text.to_owned()));
        let select = &source.select;
        Ok(Reader {
            card: compile(&select.card)?,
            link: compile(&select.link)?,
            date: compile(&select.date)?,
            summary: compile(&select.summary)?,
            title: compile(&select.title)?,
            published: compile(&select.published)?,
            body: compile(&select.body)?,
            drop: select
                .drop
                .iter()
                .map(|s| compile(s))
                .collect::<Result<_, _>>()?,
            source: source.clone(),
        })
    }

    /// The releases in the newsroom's own feed.
    ///
    /// # Errors
    /// [`Unreadable::Feed`] when not one release can be read.
    pub fn feed(&self, page: &Page) -> Result<Announced, Unreadable> {
        feed::read(self, page)
    }

    /// The releases on one page of the listing.
    ///
    /// # Errors
    /// [`Unreadable::Listing`] when there is none.
    pub fn listing(&self, page: &Page) -> Result<Announced, Unreadable> {
        listing::read(self, page)
    }

    /// The releases on a page of the listing behind the first; none behind the last.
    ///
    /// # Errors
    /// [`Unreadable::Listing`] when there is none and the page is not one of the newsroom's: a challenge page must not
    /// pass for the end.
    pub fn further_listing(&self, page: &Page) -> Result<Announced, Unreadable> {
        listing::read_further(self, page)
    }

    /// A release's own page.
    ///
    /// # Errors
    /// [`Unreadable::Body`] when there is no text.
    pub fn article(&self, page: &Page) -> Result<Article, Unreadable> {
        article::read(self, page)
    }

    /// The address of a release, when `link` is one of this source's: its path under `articles`, its host among
    /// `hosts`. Never http where the page that holds the link came by https.
    fn release_url(&self, link: &str, base: &Url) -> Option<Url> {
        let mut url = base.join(link.trim()).ok()?;
        let is_ours = matches!(url.scheme(), "http" | "https")
            && self
                .source
                .hosts
                .iter()
                .any(|host| Some(host.as_str()) == url.host_str());
        if !is_ours {
            return None;
        }
        url.set_fragment(None);
        url.set_query(None);
        if base.scheme() == "https" && url.scheme() == "http" {
            // These fail only for addresses without a host.
            url.set_scheme("https").ok()?;
            url.set_port(None).ok()?;
        }
        self.is_article(&CanonicalPath::of(&url)).then_some(url)
    }

    /// The host of a link that would be a release's if that host were one of the source's.
    fn foreign_host(&self, link: &str, base: &Url) -> Option<String> {
        let url = base.join(link.trim()).ok()?;
        let host = url.host_str()?.to_owned();
        let is_ours = self.source.hosts.contains(&host);
        (!is_ours && self.is_article(&CanonicalPath::of(&url))).then_some(host)
    }

    fn is_article(&self, path: &CanonicalPath) -> bool {
        let path = path.as_str();
        self.source.articles.iter().any(|prefix| {
            // Canonical paths are in lower case.
            let prefix = prefix.to_ascii_lowercase();
            path.len() > prefix.len() && path.starts_with(&prefix)
        })
    }

    fn day(&self, text: &str) -> Option<NaiveDate> {
        dates::day(&text::line(text), &self.source.select.date_format)
    }
}

/// A headline as plain text: entities that were escaped twice and stray markup resolved.
fn headline(text: &str) -> String {
    let text = resolve_entities(text);
    let is_tag = |(at, _): (usize, &str)| {
        text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
    };
    if text.match_indices('<').any(is_tag) {
        // Every entity is resolved by now.
        html::plain(&text.replace('&', "&amp;"))
    } else {
        text::line(&text)
    }
}

/// Resolves what is left of entities in a text that was decoded once. HTML knows some without their semicolon, but here
/// "stop&regulate" is what was written.
fn resolve_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '#';
        let end = rest[1..].find(|c| !is_name(c)).map(|end| end + 1);
        let length = match end {
            Some(end) if end > 1 && rest[end..].starts_with(';') => {
                out.push_str(&htmlize::unescape(&rest[..=end]));
                end + 1
            }
            _ => {
                out.push('&');
                1
            }
        };
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// A lead that says more than the title.
fn lead(text: String, title: &str) -> Option<String> {
    let says_more = !text.is_empty() && text::normalise(&text) != text::normalise(title);
    says_more.then_some(text)
}

fn parse_html(page: &Page) -> Result<Html, Unreadable> {
    let text = decode::decode(&page.bytes, page.content_type.as_deref());
    if html::is_too_much(&text) {
        return Err(Unreadable::TooMuch);
    }
    Ok(Html::parse_document(&text))
}

fn text_of(element: ElementRef<'_>) -> String {
    html::line_in(*element)
}

#[cfg(test)]
mod tests {
    use super::headline;

    #[test]
    fn a_bare_ampersand_is_no_entity() {
        assert_eq!(
            headline("Stop&regulate: Q&section &amp; R&D &rsquo;25 &#8217; <b>bold</b> &"),
            "Stop&regulate: Q&section & R&D \u{2019}25 \u{2019} bold &"
        );
    }
}
