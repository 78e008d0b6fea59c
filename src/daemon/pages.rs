//! Pages that are read again: those that failed, until they are there, and those of recent releases, which are edited
//! most in their first days.

use chrono::{DateTime, TimeDelta, Utc};

use super::Error;
use super::cycle::Cycle;
use super::edits::Outcome;
use super::reading::Read;
use crate::fetch::{Failure, Wanted};
use crate::newsroom::Reader;
use crate::release::Text;
use crate::store::Due;

/// When a release's page is read again, counted from first sight.
const READINGS: [TimeDelta; 6] = [
    TimeDelta::hours(1),
    TimeDelta::hours(6),
    TimeDelta::days(1),
    TimeDelta::days(3),
    TimeDelta::days(7),
    TimeDelta::days(30),
];
/// A release that is found when it is this old is not watched for edits.
const WATCHED: TimeDelta = TimeDelta::days(30);
const FIRST_ATTEMPT: TimeDelta = TimeDelta::minutes(10);
const MOST_A_CYCLE: i64 = 20;

/// When a release that has its text is read for the next time.
pub(super) fn next_reading(
    published: DateTime<Utc>,
    first_seen: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let planned = READINGS.map(|wait| first_seen + wait);
    let is_watched = first_seen - published < WATCHED;
    planned.into_iter().find(|at| *at > now && is_watched)
}

/// When a page that failed is tried again, after so many failures: soon, then ever more rarely, at least daily.
pub(super) fn next_attempt(now: DateTime<Utc>, failures: i64) -> DateTime<Utc> {
    let doublings = u32::try_from(failures.clamp(0, 7)).unwrap_or(0);
    now + (FIRST_ATTEMPT * 2_i32.pow(doublings)).min(TimeDelta::days(1))
}

impl Cycle<'_> {
    /// Reads the pages that are due, the longest due first.
    pub(super) async fn read_due_pages(
        &mut self,
        _ways_are_well: bool,
        _shown: &std::collections::HashSet<crate::release::CanonicalPath>,
    ) -> Result<(), Error> {
        let due = self
            .store
            .due(&self.source.id, self.now, MOST_A_CYCLE)
            .await?;
        for page in due {
            self.read_again(&page).await?;
        }
        Ok(())
    }

    async fn read_again(&mut self, due: &Due) -> Result<(), Error> {
        let (Some(before), Some(url)) = (
            self.store.dated_text(due.guid).await?,
            self.address(&due.url),
        ) else {
            return Ok(());
        };
        let read = self
            .try_to_read(&url, Wanted::IfChanged, Reader::article)
            .await?;
        let mut has_text = before.text.body.is_some();
        if let Read::Changed(article, receipt) = &read {
            let text = Text {
                title: article.title.as_ref().unwrap_or(&before.text.title).clone(),
                lead: before.text.lead.clone(),
                body: Some(article.body.clone()),
            };
            let outcome = self
                .revise(due.guid, &due.path, &due.url, &before, text)
                .await?;
            if outcome == Outcome::Folded {
                // A copy's page is never read again: its words are not the release's.
                return Ok(());
            }
            self.keep(receipt).await?;
            has_text = true;
        }
        let reading = next_reading(before.published, due.first_seen, self.now);
        let (next, failures) = match read {
            Read::Changed(..) | Read::Unchanged(_) => (reading, 0),
            // Nothing was asked, so nothing has failed: what the server asked for is waited for.
            Read::Failed(Failure::Held { until, .. } | Failure::BackingOff { until, .. }) => {
                (Some(until), due.failures)
            }
            Read::Failed(Failure::Stopped { .. }) => return Ok(()),
            Read::Failed(failure) => {
                self.note(&url, failure.to_string());
                // What has its text is given up when its last reading is past; what has none never is.
                if has_text && reading.is_none() {
                    (None, 0)
                } else {
                    let next = next_attempt(self.now, due.failures);
                    (Some(next), due.failures + 1)
                }
            }
        };
        self.store
            .plan(&self.source.id, &due.path, next, failures)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_thin_out_and_attempts_never_end() {
        let seen = DateTime::UNIX_EPOCH;
        let next = |hours| {
            let now = seen + TimeDelta::hours(hours);
            next_reading(seen, seen, now).map(|then| (then - seen).num_hours())
        };
        assert_eq!(next(0), Some(1));
        assert_eq!(next(1), Some(6));
        // What an outage covered is not made up for one by one.
        assert_eq!(next(30), Some(72));
        assert_eq!(next(7 * 24), Some(30 * 24));
        assert_eq!(next(30 * 24), None);
        assert_eq!(next_reading(seen - TimeDelta::days(31), seen, seen), None);
        assert_eq!((next_attempt(seen, 0) - seen).num_minutes(), 10);
        assert_eq!((next_attempt(seen, 1_000) - seen).num_hours(), 21);
    }
}
