//! Pages that are read again: those that failed, until they are there, and those of recent releases, which are edited
//! most in their first days.

use chrono::{DateTime, TimeDelta, Utc};

use super::Error;
use super::cycle::Cycle;
use super::reading::{Read, Receipt};
use crate::fetch::{Failure, Wanted};
use crate::release::{Article, DatedText};
use crate::store::{BackOff, Due};

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

/// When a page that failed is tried again, after so many failures: soon, then ever more rarely, at least daily. Jitter
/// takes up to a quarter off, so that pages which failed together do not come back together.
pub(super) fn next_attempt(now: DateTime<Utc>, failures: i64) -> DateTime<Utc> {
    let doublings = u32::try_from(failures.clamp(0, 8)).unwrap_or(0);
    let wait = (FIRST_ATTEMPT * 2_i32.pow(doublings)).min(TimeDelta::days(1));
    now + wait - wait / 4 * fastrand::i32(0..=100) / 100
}

impl Cycle<'_> {
    /// Reads the pages that are due, the longest due first.
    pub(super) async fn read_due_pages(&mut self) -> Result<(), Error> {
        let due = self
            .store
            .due(&self.source.id, self.now, MOST_A_CYCLE)
            .await?;
        let mut reread = Vec::new();
        let mut leaving = Vec::new();
        for page in due {
            match self.read_again(page).await? {
                Looked::Read(page) => reread.push(*page),
                Looked::Gone(page) => leaving.push(page),
                Looked::Planned => {}
            }
        }
        self.take_reread(reread).await?;
        self.withdraw(leaving).await
    }

    async fn read_again(&mut self, due: Due) -> Result<Looked, Error> {
        let (Some(before), Some(url)) =
            (self.store.own_text(due.guid).await?, self.address(&due.url))
        else {
            return Ok(Looked::Planned);
        };
        let read = self.read_article(&url, Wanted::IfChanged).await?;
        let reading = next_reading(before.published, due.first_seen, self.now);
        let (next, failures) = match read {
            Read::Changed(article, receipt) => {
                return Ok(Looked::Read(Box::new(Reread {
                    due,
                    before,
                    changed: Some((article, receipt)),
                })));
            }
            Read::Unchanged(_) => {
                self.is_there(&due).await?;
                self.plan_reading(&due, before.published).await?;
                return Ok(Looked::Read(Box::new(Reread {
                    due,
                    before,
                    changed: None,
                })));
            }
            Read::Failed(failure) if failure.is_gone() => {
                let is_leaving = self.stays_gone(&due, &failure).await?;
                return Ok(if is_leaving {
                    Looked::Gone(due)
                } else {
                    Looked::Planned
                });
            }
            // Nothing was asked, so nothing has failed: what the server asked for is waited for.
            Read::Fresh(_, until) => (Some(until), due.failures),
            Read::Failed(
                Failure::Held { until, .. } | Failure::BackingOff(BackOff { until, .. }),
            ) => (Some(until), due.failures),
            Read::Failed(Failure::Stopped { .. }) => return Ok(Looked::Planned),
            Read::Failed(failure) => {
                self.note(&url, failure.to_string());
                // What has its text is given up when its last reading is past; what has none never is.
                if before.text.body.is_some() && reading.is_none() && !due.is_withdrawn {
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
        Ok(Looked::Planned)
    }

    /// Plans the next reading of a page that was read well.
    pub(super) async fn plan_reading(
        &self,
        due: &Due,
        published: DateTime<Utc>,
    ) -> Result<(), Error> {
        let next = next_reading(published, due.first_seen, self.now);
        Ok(self.store.plan(&self.source.id, &due.path, next, 0).await?)
    }
}

/// What came of looking at a page again.
enum Looked {
    /// It was read.
    Read(Box<Reread>),
    /// It has been gone for long.
    Gone(Due),
    /// Nothing more is to be done now.
    Planned,
}

/// A page that was read again.
pub(super) struct Reread {
    pub(super) due: Due,
    /// What was stored of it, by its own page.
    pub(super) before: DatedText,
    /// What is there now, where that is not the same document.
    pub(super) changed: Option<(Article, Receipt)>,
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
        for _ in 0..100 {
            let minutes = |failures| (next_attempt(seen, failures) - seen).num_minutes();
            assert!((7..=10).contains(&minutes(0)), "{}", minutes(0));
            assert!((30..=40).contains(&minutes(2)));
            assert!((18 * 60..=24 * 60).contains(&minutes(1_000)));
        }
    }
}
