//! Paging the listing back: to close a gap, and to fill the past.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use reqwest::StatusCode;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::Error;
use super::announcements::{self, Announcement};
use super::cycle::Cycle;
use super::reading::Read;
use super::report::Report;
use crate::fetch::{Failure, Wanted};
use crate::newsroom::Reader;
use crate::release::{self, CanonicalPath};
use crate::store::{Gap, Progress};

/// A listing has some ninety pages; beyond this something is wrong with it.
const MOST_PAGES: i64 = 2_000;
/// As long as this a listing that lags behind the feed is waited for.
const STALE: TimeDelta = TimeDelta::hours(24);
/// So often the listing is looked through for what surfaced late, with an older date, behind its first page.
const AUDIT_EVERY: TimeDelta = TimeDelta::days(7);
/// And so far back.
const AUDITED: TimeDelta = TimeDelta::days(60);
const MOST_AUDITED: i64 = 20;
/// As far back it is looked whether a release is still announced.
const MOST_LISTED: i64 = 30;

/// What a page of the listing gave.
enum Walked {
    Releases(Vec<Announcement>),
    /// The page holds none, and it is behind the last one.
    End,
    Failed,
}

/// How the paging of one listing ended.
enum Ended {
    /// At a whole page of what was known before, or is older than the record; or behind the last page, which ends in
    /// what was known before.
    Reached,
    /// Behind the last page, or at a page seen already, without having come to what was known.
    Lost,
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
    /// How many releases it announced that were known.
    pub known: u64,
    /// The number of the page that was read, and of the last one where the listing tells.
    pub page: i64,
    /// See `page`.
    pub last_page: Option<i64>,
}

impl Cycle<'_> {
    /// Pages the listing from its beginning until a whole page was known before the gap opened, or lies before the
    /// beginning of the record: what is older still is the history's. What fails keeps the gap open, for the next cycle.
    /// Gives whether no gap is open then.
    pub(super) async fn close_gap(&mut self) -> Result<bool, Error> {
        let Some(mut gap) = self.store.progress(&self.source.id).await?.gap else {
            return Ok(true);
        };
        if self.source.listing.is_empty() {
            tracing::warn!(
                source = %self.source.id,
                "releases may have been missed: the feed does not reach back to a known one, and no listing is configured"
            );
            // What was missed is lost, so the record begins anew.
            self.store
                .record_begins(&self.source.id, gap.opened)
                .await?;
            self.store.close_gap(&self.source.id).await?;
            return Ok(true);
        }
        if let Some(failure) = self.gap_waits().await? {
            self.note(&self.source.listing[0], failure.to_string());
            return Ok(false);
        }
        tracing::info!(source = %self.source.id, since = %gap.opened, "paging the listing to close a gap");
        let oldest = self.store.oldest(&self.source.id, gap.change).await?;
        let first_day = oldest.map(release::london_day);
        let mut has_failed = false;
        for listing in self.source.listing.clone() {
            if gap.reached.contains(&listing) {
                continue;
            }
            match self.page_back(&listing, &gap, first_day).await? {
                Ended::Reached => gap.reached.push(listing),
                Ended::Lost => {}
                Ended::Failed => has_failed = true,
            }
        }
        let id = &self.source.id;
        if has_failed {
            self.store.gap_reached(id, &gap.reached).await?;
            self.let_gap_wait("the listing could not be paged to the end of the gap")
                .await?;
            return Ok(false);
        }
        if gap.reached.is_empty() {
            let url = self.source.listing[0].clone();
            let cause = "releases may be missing: the listing ends before it comes to one that was known (its further \
                         pages may have another address: compare `page` of the source)";
            self.note(url, cause.to_owned());
            self.let_gap_wait(cause).await?;
            return Ok(false);
        }
        self.store.close_gap(id).await?;
        self.client.is_well(&self.gap_address()?).await?;
        Ok(true)
    }

    /// What stands for the paging of a gap among what is backed off from: the listing's address, marked.
    fn gap_address(&self) -> Result<Url, Error> {
        let mut url = Url::parse(&self.source.listing[0])
            .map_err(|error| Error::Fetch(Failure::Broken(error.to_string())))?;
        url.set_fragment(Some("gap"));
        Ok(url)
    }

    /// Whether the gap is not paged now, since that failed a short while ago.
    async fn gap_waits(&self) -> Result<Option<Failure>, Error> {
        match self.client.check_holds(&self.gap_address()?).await {
            Err(failure) if failure.is_a_wait() => Ok(Some(failure)),
            Err(failure) => Err(failure.into()),
            Ok(()) => Ok(None),
        }
    }

    /// Pages that were read are not read again and again, since one of them or what lies behind them failed.
    async fn let_gap_wait(&self, cause: &str) -> Result<(), Error> {
        let failure = Failure::Broken(cause.to_owned());
        Ok(self.client.back_off(&self.gap_address()?, &failure).await?)
    }

    async fn page_back(
        &mut self,
        listing: &str,
        gap: &Gap,
        first_day: Option<NaiveDate>,
    ) -> Result<Ended, Error> {
        let mut ends_in_the_known = false;
        let mut before: Vec<CanonicalPath> = Vec::new();
        for page in 1..=MOST_PAGES {
            let releases = match self.walk(listing, page).await? {
                Walked::Failed => return Ok(Ended::Failed),
                Walked::End if ends_in_the_known => return Ok(Ended::Reached),
                Walked::End => return Ok(Ended::Lost),
                Walked::Releases(releases) => releases,
            };
            let paths: Vec<_> = releases.iter().map(|one| one.draft.path.clone()).collect();
            // Some sites show their first or last page for every number that they do not know.
            if paths == before {
                return Ok(Ended::Lost);
            }
            let known = self.store.known(&self.source.id, &paths).await?;
            let is_known = |one: &Announcement| {
                let address = known.get(&one.draft.path);
                address.is_some_and(|address| address.change <= gap.change)
            };
            // A cache may still give the listing from before whatever opened the gap: that is no proof of anything.
            if page == 1 && self.now - gap.opened < STALE && releases.iter().all(is_known) {
                let cause = "the listing does not show yet what the feed does: it is read again in the next cycle";
                self.note(listing, cause.to_owned());
                return Ok(Ended::Failed);
            }
            // One alone may be pinned there.
            let at_the_end = releases.iter().rev().take_while(|one| is_known(one));
            ends_in_the_known = at_the_end.count() >= 2.min(releases.len());
            let reaches_back = releases.iter().all(|one| {
                is_known(one) || first_day.is_some_and(|first| is_of_before(one, first))
            });
            self.take_all(releases, None).await?;
            if reaches_back {
                return Ok(Ended::Reached);
            }
            before = paths;
        }
        Ok(Ended::Lost)
    }

    /// Looks through the listing's recent pages for releases that surfaced late behind its first page, once in a while.
    pub(super) async fn audit(&mut self, progress: &Progress) -> Result<(), Error> {
        let id = self.source.id.as_str();
        let Some(audited) = progress.audited else {
            // What has just been read for the first time is fresh enough.
            return Ok(self.store.audited(id, self.now).await?);
        };
        // One "in the future" is from a clock that was set back.
        if self.now - audited < AUDIT_EVERY && audited <= self.now {
            return Ok(());
        }
        let first_day = release::london_day(self.now - AUDITED);
        for listing in self.source.listing.clone() {
            for page in 2..=MOST_AUDITED {
                let releases = match self.walk(&listing, page).await? {
                    Walked::Releases(releases) => releases,
                    Walked::End => break,
                    // It is tried again in the next cycle.
                    Walked::Failed => return Ok(()),
                };
                let is_past = releases.iter().all(|one| is_of_before(one, first_day));
                self.take_all(releases, None).await?;
                if is_past {
                    break;
                }
            }
        }
        Ok(self.store.audited(&self.source.id, self.now).await?)
    }

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

    /// Fills the past by one page of each listing, and notes how far it came.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn step_back(mut self, since: Option<DateTime<Utc>>) -> Result<Step, Error> {
        let id = self.source.id.clone();
        self.store.know(&id).await?;
        let progress = self.store.progress(&id).await?;
        let page = progress.history_page + 1;
        let first_day = since.map(release::london_day);
        let mut step = Step {
            report: Report::default(),
            done: true,
            was_read: true,
            back_to: None,
            known: 0,
            page,
            last_page: None,
        };
        let mut ended = true;
        let mut paths = Vec::new();
        let mut whole_to = None;
        for listing in self.source.listing.clone() {
            match self.walk(&listing, page).await? {
                Walked::End if page == 1 || self.is_well(&listing).await? => {}
                Walked::End | Walked::Failed => step.was_read = false,
                Walked::Releases(releases) => {
                    let days = || releases.iter().filter_map(|one| one.draft.published.day());
                    step.back_to = step.back_to.into_iter().chain(days()).min();
                    // Over several listings the record is whole only as far as all of them have been read.
                    whole_to = whole_to.max(days().last());
                    let is_older = |one| first_day.is_some_and(|first| is_of_before(one, first));
                    step.done &= releases.iter().all(is_older);
                    let these: Vec<_> = releases.iter().map(|one| one.draft.path.clone()).collect();
                    let known = self.store.known(&id, &these).await?.len();
                    step.known += u64::try_from(known).unwrap_or(u64::MAX);
                    paths.extend(these.iter().map(ToString::to_string));
                    self.take_all(releases, None).await?;
                    ended = false;
                }
            }
        }
        // Some sites show their first or last page for every number that they do not know.
        let print = xxh3_64(paths.join("\n").as_bytes()).cast_signed();
        ended |= !paths.is_empty() && progress.history_print == Some(print);
        step.done = step.was_read && (step.done || ended || page >= MOST_PAGES);
        if step.was_read
            && let Some(day) = whole_to
        {
            let back_to = release::Published::On(day).date(self.now);
            self.store.record_reaches(&id, back_to).await?;
        }
        if step.done {
            // Behind the last page there is nothing, whatever was asked for.
            let since = since.filter(|_| !ended).unwrap_or_default();
            self.store.history_filled(&id, since).await?;
        } else if step.was_read {
            self.store.history_read(&id, page, Some(print)).await?;
        }
        self.report.requests = self.client.requests();
        step.last_page = self.last_page;
        step.report = self.report;
        Ok(step)
    }

    /// Whether the listing's first page holds releases: if not, a page without any is no end, but a changed layout.
    async fn is_well(&mut self, listing: &str) -> Result<bool, Error> {
        let Some(url) = self.address(listing) else {
            return Ok(false);
        };
        let read = self.read(&url, Wanted::Now, Reader::listing).await?;
        Ok(!matches!(read, Read::Failed(_)))
    }

    async fn walk(&mut self, listing: &str, number: i64) -> Result<Walked, Error> {
        let address = match number {
            1 => listing.to_owned(),
            _ => format!(
                "{listing}{}",
                self.source.page.replace("{n}", &number.to_string())
            ),
        };
        let Some(url) = self.address(&address) else {
            return Ok(Walked::Failed);
        };
        if number == 1 {
            return self.walk_first(listing, &url).await;
        }
        let read = self
            .try_to_read(&url, Wanted::Whole, Reader::further_listing)
            .await?;
        Ok(match read {
            Read::Changed(announced, _) if announced.drafts.is_empty() => self.end(&url, number),
            Read::Changed(announced, _) => {
                self.last_page = self.last_page.max(announced.last_page);
                Walked::Releases(announcements::combine(Vec::new(), announced.drafts))
            }
            Read::Failed(Failure::Status(StatusCode::NOT_FOUND)) => self.end(&url, number),
            Read::Failed(failure) => {
                self.client.back_off(&url, &failure).await?;
                self.note(&url, failure.to_string());
                Walked::Failed
            }
            Read::Unchanged(_) | Read::Fresh(..) => Walked::Failed,
        })
    }

    /// The listing's end, unless one of its pages says that it goes on.
    fn end(&mut self, url: &Url, number: i64) -> Walked {
        match self.last_page {
            Some(last) if number <= last => {
                let cause = format!("the listing ends at page {number}, though it has {last}");
                self.note(url, cause);
                Walked::Failed
            }
            _ => Walked::End,
        }
    }

    /// The listing's first page: as this cycle has read it, or else read whole.
    async fn walk_first(&mut self, listing: &str, url: &Url) -> Result<Walked, Error> {
        if let Some(drafts) = self.first_pages.remove(listing) {
            return Ok(Walked::Releases(announcements::combine(Vec::new(), drafts)));
        }
        self.store
            .forget_validators(&self.source.id, listing)
            .await?;
        match self.read(url, Wanted::Whole, Reader::listing).await? {
            Read::Changed(announced, _) => {
                self.last_page = self.last_page.max(announced.last_page);
                let releases = announcements::combine(Vec::new(), announced.drafts);
                Ok(Walked::Releases(releases))
            }
            Read::Failed(failure) => {
                self.client.back_off(url, &failure).await?;
                Ok(Walked::Failed)
            }
            Read::Unchanged(_) | Read::Fresh(..) => Ok(Walked::Failed),
        }
    }
}

/// Whether a release is surely of a day before `first`, in London.
fn is_of_before(one: &Announcement, first: NaiveDate) -> bool {
    one.draft.published.day().is_some_and(|day| day < first)
}
