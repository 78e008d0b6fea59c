//! The past, filled page by page of the listing, between the cycles and by `backfill`.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::cycle::Cycle;
use super::report::Report;
use super::scheduled::Scheduled;
use super::walk::{MOST_PAGES, Walked, is_of_before};
use super::{By, Error, Ingest};
use crate::config::Source;
use crate::release;

/// After a failed step into the past.
const PAST_AGAIN: TimeDelta = TimeDelta::minutes(15);

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

impl Ingest {
    /// One step into the past of a source, under the lease, for which it waits as long as `patience` lasts.
    ///
    /// # Errors
    /// As [`Ingest::cycle`].
    pub async fn step_back(
        &self,
        source: &Source,
        since: Option<DateTime<Utc>>,
        by: By,
        patience: Duration,
    ) -> Result<Step, Error> {
        let step = self
            .under_lease("filling the past", source, by, patience, async |cycle| {
                cycle.step_back(since).await
            })
            .await?;
        self.count_verdicts(source, &step.report);
        Ok(step)
    }

    /// One step into the past, if it is not complete; gives whether there may be more to do at once.
    pub(super) async fn fill_past(&self, one: &mut Scheduled<'_>) -> bool {
        let now = self.clock.now();
        if one.source.listing.is_empty() || one.past_at.is_none_or(|at| at > now) {
            return false;
        }
        let id = one.source.id.as_str();
        let since = TimeDelta::from_std(self.config.fetch.history)
            .ok()
            .and_then(|span| now.checked_sub_signed(span));
        match self.store.progress(id).await {
            Ok(progress) if progress.history_reaches(since) => {
                one.past_at = None;
                return false;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(source = id, %error, "the past waits");
                one.past_at = Some(now + PAST_AGAIN);
                return false;
            }
        }
        match self
            .step_back(one.source, since, By::Schedule, Duration::ZERO)
            .await
        {
            Ok(step) if step.was_read => {
                tracing::info!(
                    source = id,
                    new = step.report.new,
                    merged = step.report.merged,
                    done = step.done,
                    "filled a page of the past"
                );
                one.past_at = (!step.done).then_some(now);
                !step.done
            }
            Ok(_) => {
                one.past_at = Some(now + PAST_AGAIN);
                false
            }
            Err(error) => {
                tracing::warn!(source = id, %error, "the past waits");
                one.past_at = Some(now + PAST_AGAIN);
                false
            }
        }
    }
}

impl Cycle<'_> {
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
                Walked::End if page == 1 || self.ends_before(&listing, page).await? => {}
                Walked::End | Walked::Failed => step.was_read = false,
                Walked::Releases(releases) => {
                    let days = || releases.iter().filter_map(|one| one.draft.published.day());
                    step.back_to = step.back_to.into_iter().chain(days()).min();
                    // Over several listings the record is whole only as far as all of them have been read.
                    whole_to = whole_to.max(days().next_back());
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
        step.last_page = self.last_pages.values().copied().max();
        step.report = self.report;
        Ok(step)
    }
}
