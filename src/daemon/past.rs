//! The past, filled page by page of the listing, between the cycles and by `backfill`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::run::Scheduled;
use super::walk::Step;
use super::{By, Error, Ingest};
use crate::config::Source;

/// After a failed step into the past.
const PAST_AGAIN: TimeDelta = TimeDelta::minutes(15);

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
        self.under_lease("filling the past", source, by, patience, async |cycle| {
            cycle.step_back(since).await
        })
        .await
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
