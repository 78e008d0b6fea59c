//! One page of a listing, and what it means when there is none.

use chrono::NaiveDate;
use reqwest::StatusCode;
use url::Url;

use super::Error;
use super::announcements::{self, Announcement};
use super::cycle::Cycle;
use super::reading::Read;
use crate::fetch::{Failure, Wanted};
use crate::newsroom::{Announced, Reader};
use crate::release::CanonicalPath;

/// A listing has some ninety pages; beyond this something is wrong with it.
pub(super) const MOST_PAGES: i64 = 2_000;
/// As far back it is looked whether a release is still announced.
const MOST_LISTED: i64 = 30;

/// What a page of the listing gave.
pub(super) enum Walked {
    Releases(Vec<Announcement>),
    /// The page holds none, and it is behind the last one.
    End,
    Failed,
}

impl Cycle<'_> {
    /// The paths that a listing shows back to a day; none where it cannot be read so far.
    pub(super) async fn listed_since(
        &mut self,
        listing: &str,
        first_day: NaiveDate,
    ) -> Result<Option<Vec<CanonicalPath>>, Error> {
        let mut paths = Vec::new();
        for page in 1..=MOST_LISTED {
            let releases = match self.walk(listing, page).await? {
                Walked::Failed => return Ok(None),
                Walked::End => return Ok(Some(paths)),
                Walked::Releases(releases) => releases,
            };
            paths.extend(releases.iter().map(|one| one.draft.path.clone()));
            if releases.iter().all(|one| is_of_before(one, first_day)) {
                return Ok(Some(paths));
            }
        }
        Ok(None)
    }

    /// Reads one page of a listing.
    pub(super) async fn walk(&mut self, listing: &str, number: i64) -> Result<Walked, Error> {
        if number == 1 {
            return self.walk_first(listing).await;
        }
        let suffix = self.source.page.replace("{n}", &number.to_string());
        let Some(url) = self.address(&format!("{listing}{suffix}")) else {
            return Ok(Walked::Failed);
        };
        let read = self
            .try_to_read(&url, Wanted::Whole, Reader::further_listing)
            .await?;
        Ok(match read {
            Read::Changed(announced, _) if announced.drafts.is_empty() => {
                self.end(listing, &url, number)
            }
            Read::Changed(announced, _) => Walked::Releases(self.listed(listing, announced)),
            Read::Failed(Failure::Status(StatusCode::NOT_FOUND)) => self.end(listing, &url, number),
            Read::Failed(failure) => {
                self.client.back_off(&url, &failure).await?;
                self.note(&url, failure.to_string());
                Walked::Failed
            }
            Read::Unchanged(_) | Read::Fresh(..) => Walked::Failed,
        })
    }

    /// The listing's first page: as this cycle has read it, or else read whole.
    async fn walk_first(&mut self, listing: &str) -> Result<Walked, Error> {
        if let Some(drafts) = self.first_pages.remove(listing) {
            let releases = announcements::combine(Vec::new(), drafts);
            return Ok(Walked::Releases(releases));
        }
        let Some(url) = self.address(listing) else {
            return Ok(Walked::Failed);
        };
        self.store
            .forget_validators(&self.source.id, listing)
            .await?;
        match self.read(&url, Wanted::Whole, Reader::listing).await? {
            Read::Changed(announced, _) => Ok(Walked::Releases(self.listed(listing, announced))),
            Read::Failed(failure) => {
                self.client.back_off(&url, &failure).await?;
                Ok(Walked::Failed)
            }
            Read::Unchanged(_) | Read::Fresh(..) => Ok(Walked::Failed),
        }
    }

    fn listed(&mut self, listing: &str, announced: Announced) -> Vec<Announcement> {
        self.note_last_page(listing, announced.last_page);
        announcements::combine(Vec::new(), announced.drafts)
    }

    /// Notes which page of a listing is its last, as its pages tell.
    pub(super) fn note_last_page(&mut self, listing: &str, last: Option<i64>) {
        if let Some(last) = last {
            let known = self.last_pages.entry(listing.to_owned()).or_insert(last);
            *known = last.max(*known);
        }
    }

    /// The listing's end, unless one of its pages says that it goes on.
    fn end(&mut self, listing: &str, url: &Url, number: i64) -> Walked {
        match self.last_pages.get(listing) {
            Some(last) if number <= *last => {
                let cause = format!("the listing ends at page {number}, though it has {last}");
                self.note(url, cause);
                Walked::Failed
            }
            _ => Walked::End,
        }
    }

    /// Whether a listing ends before a page: its first one holds releases, and does not say that it goes on. If it holds
    /// none, a page without any is no end, but a changed layout.
    pub(super) async fn ends_before(&mut self, listing: &str, number: i64) -> Result<bool, Error> {
        let Walked::Releases(_) = self.walk_first(listing).await? else {
            return Ok(false);
        };
        let Some(url) = self.address(listing) else {
            return Ok(false);
        };
        Ok(matches!(self.end(listing, &url, number), Walked::End))
    }
}

/// Whether a release is surely of a day before `first`, in London.
pub(super) fn is_of_before(one: &Announcement, first: NaiveDate) -> bool {
    one.draft.published.day().is_some_and(|day| day < first)
}
