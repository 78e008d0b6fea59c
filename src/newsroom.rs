//! Bytes from a newsroom become drafts and articles: feed, listing, a release's own page.
//!
//! Nothing here asks the network or the clock. What stands where in the pages comes from the configuration.

mod article;
mod challenge;
mod clean;
pub mod dates;
mod decode;
mod feed;
mod headline;
mod listing;
mod pace;
mod pager;
mod readable;
mod salvage;
mod title;
mod unreadable;

use std::time::Duration;

use chrono::NaiveDate;
use scraper::{ElementRef, Selector};
use url::Url;

use crate::config::Source;
use crate::html;
use crate::release::{Article, CanonicalPath, Draft, LONGEST_ADDRESS};
use crate::text;

use headline::headline;

pub use unreadable::Unreadable;

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
    /// How long the feed asks to be left alone, by `ttl` or `sy:updatePeriod`; as it says, however absurd.
    pub ttl: Option<Duration>,
    /// The highest number among the listing's pages that this one links to.
    pub last_page: Option<i64>,
}

/// As many releases are taken from one page; the newsroom's own shows ten or twenty.
const MOST_ANNOUNCED: usize = 500;

/// A longer link leads nowhere. Many cards of a page may hold the same one.
const LONGEST_LINK: usize = 4 * 1024;

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
    /// [`Unreadable::Feed`] when not one release can be read, [`Unreadable::Challenge`] when that is why.
    pub fn feed(&self, page: &Page) -> Result<Announced, Unreadable> {
        feed::read(self, page)
    }

    /// The releases on one page of the listing.
    ///
    /// # Errors
    /// [`Unreadable::Listing`] when there is none, [`Unreadable::Challenge`] when that is why, [`Unreadable::TooMuch`].
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

    /// A release's own page: by the selectors, or where they find no text, by what a reader would take for it.
    ///
    /// # Errors
    /// [`Unreadable::Body`] when there is no text, [`Unreadable::Title`] when there is no title,
    /// [`Unreadable::Challenge`] when that is why, [`Unreadable::TooMuch`].
    pub fn article(&self, page: &Page) -> Result<Article, Unreadable> {
        article::read(self, page)
    }

    /// The address of a release, when `link` is one of this source's: its path under `articles`, its host among
    /// `hosts`. Never http where the page that holds the link came by https.
    fn release_url(&self, link: &str, base: &Url) -> Option<Url> {
        let url = self.article_url(link, base)?;
        (url.as_str().len() <= LONGEST_ADDRESS).then_some(url)
    }

    /// The same, however long it is.
    fn article_url(&self, link: &str, base: &Url) -> Option<Url> {
        if link.len() > LONGEST_LINK {
            return None;
        }
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

    /// What is the matter with a link that would be a release's if its address were shorter.
    fn too_long(&self, link: &str, base: &Url) -> Option<String> {
        let address = self.article_url(link, base)?;
        let length = address.as_str().len();
        (length > LONGEST_ADDRESS).then(|| format!("its link has {length} bytes"))
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

    /// The day that an element shows, or that its `datetime` attribute gives.
    fn day(&self, element: ElementRef<'_>) -> Option<NaiveDate> {
        let shown = text_of(element);
        let attribute = element
            .attr("datetime")
            .filter(|day| day.len() <= LONGEST_LINK)
            .map(text::line);
        [Some(shown), attribute]
            .into_iter()
            .flatten()
            .find_map(|text| dates::day(&text, &self.source.select.date_format))
    }
}

/// A lead that says more than the title.
fn lead(text: String, title: &str) -> Option<String> {
    let says_more = !text.is_empty() && text::normalise(&text) != text::normalise(title);
    says_more.then_some(text)
}

fn text_of(element: ElementRef<'_>) -> String {
    html::line_in(*element)
}
