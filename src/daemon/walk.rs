//! Paging the listing back: to close a gap, and to fill the past.

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use super::Error;
use super::announcements::{self, Announcement};
use super::cycle::{Cycle, Report};
use crate::fetch::{Answer, Failure};
use crate::newsroom::{Announced, Page, Reader, Unreadable};
use crate::release::{self, CanonicalPath};
use crate::store::Validators;

/// A listing has some ninety pages; beyond this something is wrong with it.
const MOST_PAGES: i64 = 2_000;

/// What a page of the listing gave.
enum Walked {
    Releases(Vec<Announcement>),
    End,
    Failed,
}

/// How far a step into the past came.
#[derive(Debug)]
pub struct Step {
    /// What it did.
    pub report: Report,
    /// Whether the past is filled as far as was wanted.
    pub done: bool,
    /// Whether the page could be read at all.
    pub was_read: bool,
    /// The day of the oldest release on the page, in London.
    pub back_to: Option<NaiveDate>,
}

impl Cycle<'_> {
    /// Pages the listing from its beginning until a whole page was known before the gap opened, or lies before the
    /// beginning of the record: what is older still is the history's. What fails keeps the gap open, for the next cycle.
    pub(super) async fn close_gap(&mut self) -> Result<(), Error> {
        let Some(gap) = self.store.progress(&self.source.id).await?.gap else {
            return Ok(());
        };
        if self.source.listing.is_empty() {
            tracing::warn!(
                source = %self.source.id,
                "releases may have been missed: the feed does not reach back to a known one, and no listing is configured"
            );
            self.store.close_gap(&self.source.id).await?;
            return Ok(());
        }
        tracing::info!(source = %self.source.id, since = %gap.opened, "paging the listing to close a gap");
        let oldest = self.store.oldest(&self.source.id, gap.change).await?;
        let first_day = oldest.map(release::london_day);
        for listing in self.source.listing.clone() {
            let mut before: Vec<CanonicalPath> = Vec::new();
            for page in 1..=MOST_PAGES {
                let releases = match self.walk(&listing, page).await? {
                    Walked::Failed => return Ok(()),
                    Walked::End => break,
                    Walked::Releases(releases) => releases,
                };
                let paths: Vec<_> = releases.iter().map(|one| one.draft.path.clone()).collect();
                // Some sites show their last page for every number behind it.
                if paths == before {
                    break;
                }
                let known = self.store.known(&self.source.id, &paths).await?;
                let reaches_back = releases.iter().all(|one| {
                    let address = known.get(&one.draft.path);
                    address.is_some_and(|address| address.change <= gap.change)
                        || first_day.is_some_and(|first| is_of_before(one, first))
                });
                self.take_all(releases, None).await?;
                if reaches_back {
                    break;
                }
                before = paths;
            }
        }
        self.store.close_gap(&self.source.id).await?;
        Ok(())
    }

    /// Fills the past by one page of each listing, and notes how far it came.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn step_back(mut self, since: Option<DateTime<Utc>>) -> Result<Step, Error> {
        let id = self.source.id.clone();
        let page = self.store.progress(&id).await?.history_page;
        let mut done = true;
        let mut ended = true;
        let mut back_to = None;
        for listing in self.source.listing.clone() {
            match self.walk(&listing, page).await? {
                Walked::End => {}
                Walked::Failed => {
                    self.report.requests = self.client.requests();
                    return Ok(Step {
                        report: self.report,
                        done: false,
                        was_read: false,
                        back_to,
                    });
                }
                Walked::Releases(releases) => {
                    ended = false;
                    let first = since.map(release::london_day);
                    done &= first
                        .is_some_and(|first| releases.iter().all(|one| is_of_before(one, first)));
                    let days = releases.iter().filter_map(|one| one.draft.published.day());
                    back_to = back_to.into_iter().chain(days).min();
                    self.take_all(releases, None).await?;
                }
            }
        }
        let done = done || page >= MOST_PAGES;
        if done {
            // Behind the last page there is nothing, whatever was asked for.
            let since = since.filter(|_| !ended).unwrap_or_default();
            self.store.history_filled(&id, since).await?;
        } else {
            self.store.history_needs(&id, page + 1).await?;
        }
        self.report.requests = self.client.requests();
        Ok(Step {
            report: self.report,
            done,
            was_read: true,
            back_to,
        })
    }

    async fn walk(&mut self, listing: &str, page: i64) -> Result<Walked, Error> {
        let address = match page {
            1 => listing.to_owned(),
            _ => format!(
                "{listing}{}",
                self.source.page.replace("{n}", &page.to_string())
            ),
        };
        let Some(url) = self.address(&address) else {
            return Ok(Walked::Failed);
        };
        let page_or_end = match self.client.get(&url, &Validators::default()).await {
            Ok(Answer::Changed(page, _)) => page,
            Err(Failure::Status(status)) if status.as_u16() == 404 && page > 1 => {
                return Ok(Walked::End);
            }
            Err(Failure::Store(error)) => return Err(Error::Store(error)),
            Err(failure) if failure.ends_the_cycle() => return Err(Error::Fetch(failure)),
            Err(failure) => {
                self.fails(&url, failure.to_string());
                return Ok(Walked::Failed);
            }
            Ok(Answer::Unchanged) => return Ok(Walked::Failed),
        };
        let read = if page > 1 {
            read_further
        } else {
            Reader::listing
        };
        Ok(match self.parse(&url, page_or_end, read).await {
            None => Walked::Failed,
            Some(announced) if announced.drafts.is_empty() => Walked::End,
            Some(announced) => {
                Walked::Releases(announcements::combine(Vec::new(), announced.drafts))
            }
        })
    }
}

/// A page of the listing behind the first. Without a card it is the end, if it is a page of the newsroom at all: one that
/// links to the listing itself. A challenge page must not pass for the end, or a gap would be closed unread.
fn read_further(reader: &Reader, page: &Page) -> Result<Announced, Unreadable> {
    match reader.listing(page) {
        Err(Unreadable::Listing { .. }) if links_to_itself(page) => Ok(Announced {
            drafts: Vec::new(),
            broken: 0,
        }),
        read => read,
    }
}

fn links_to_itself(page: &Page) -> bool {
    let text = String::from_utf8_lossy(&page.bytes);
    let path = page.url.path();
    let link = |url: &Url| format!("href=\"{url}");
    let mut absolute = page.url.clone();
    absolute.set_query(None);
    text.contains(&format!("href=\"{path}")) || text.contains(&link(&absolute))
}

/// Whether a release is surely of a day before `first`, in London.
fn is_of_before(one: &Announcement, first: NaiveDate) -> bool {
    one.draft.published.day().is_some_and(|day| day < first)
}
