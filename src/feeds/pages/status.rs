//! The status page: whether the newsrooms are read, for people.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{For, Frame, moment, rendered};
use crate::feeds::{Document, Error, Site};

/// How a source is doing.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    /// Its name.
    pub title: String,
    /// When it was last read.
    pub last: Option<DateTime<Utc>>,
    /// When it is read next.
    pub next: Option<DateTime<Utc>>,
    /// When it was last read without a failure.
    pub success: Option<DateTime<Utc>>,
    /// Since when something fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// From when on the record has no gap.
    pub whole_since: Option<DateTime<Utc>>,
    /// What fails, and what a person should know, in plain words.
    pub troubles: Vec<String>,
}

/// What the status page shows.
#[derive(Debug, Clone)]
pub struct Status {
    /// The sources.
    pub sources: Vec<SourceStatus>,
    /// What the store cannot do.
    pub store: Option<String>,
    /// What of the published files cannot be written.
    pub files: Option<&'static str>,
    /// How many releases there are.
    pub releases: usize,
    /// The version of the rules on topics.
    pub version: String,
}

#[derive(Template)]
#[template(path = "status.html")]
struct Page<'a> {
    frame: Frame<'a>,
    is_well: bool,
    sources: Vec<Told<'a>>,
    store: Option<&'a str>,
    files: Option<&'static str>,
    releases: usize,
    rules: &'a str,
    version: &'static str,
}

struct Told<'a> {
    title: &'a str,
    last: String,
    next: String,
    success: String,
    failing: Option<String>,
    whole: String,
    troubles: &'a [String],
}

impl Status {
    /// The page.
    ///
    /// # Errors
    /// [`Error`].
    pub fn page(&self, site: &Site) -> Result<Document, Error> {
        let title = format!("Status – {} by topic (unofficial)", site.name());
        let description = "When each newsroom was read and will be, and what fails.";
        let sources = self.sources.iter().map(|source| Told {
            title: &source.title,
            last: source.last.map_or("never yet".to_owned(), moment),
            next: source.next.map_or("never".to_owned(), moment),
            success: source.success.map_or("never yet".to_owned(), moment),
            failing: source.failing_since.map(moment),
            whole: match source.whole_since {
                Some(since) if since <= DateTime::UNIX_EPOCH => "the first release on".to_owned(),
                Some(since) => moment(since),
                None => "not known yet".to_owned(),
            },
            troubles: &source.troubles,
        });
        let fails =
            |source: &SourceStatus| source.failing_since.is_some() || !source.troubles.is_empty();
        rendered(&Page {
            frame: Frame::new(site, "/status", For::Daemon, title, description),
            is_well: self.store.is_none()
                && self.files.is_none()
                && !self.sources.iter().any(fails),
            sources: sources.collect(),
            store: self.store.as_deref(),
            files: self.files,
            releases: self.releases,
            rules: &self.version,
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}
