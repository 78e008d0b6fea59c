//! Pages that are read again: those that failed, until they are there, and those of recent releases, which are edited
//! most in their first days.

use chrono::{DateTime, TimeDelta, Utc};

use super::Error;
use super::cycle::Cycle;
use crate::fetch::Answer;
use crate::newsroom::Reader;
use crate::release::Text;
use crate::store::Due;

/// When a release's page is read again, counted from each reading before.
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

/// When a release that has its text is read for the next time, after so many readings.
pub(super) fn next_reading(
    published: DateTime<Utc>,
    now: DateTime<Utc>,
    reads: i64,
) -> Option<DateTime<Utc>> {
    let wait = READINGS.get(usize::try_from(reads).ok()?)?;
    (now - published < WATCHED || reads > 0).then(|| now + *wait)
}

/// When a page that failed is tried again, after so many attempts: soon, then ever more rarely, at least daily.
pub(super) fn next_attempt(now: DateTime<Utc>, attempts: i64) -> DateTime<Utc> {
    let doublings = u32::try_from(attempts.clamp(0, 7)).unwrap_or(0);
    now + (FIRST_ATTEMPT * 2_i32.pow(doublings)).min(TimeDelta::days(1))
}

impl Cycle<'_> {
    /// Reads the pages that are due, the longest due first.
    pub(super) async fn read_due_pages(&mut self) -> Result<(), Error> {
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
        let known = self.store.validators(&due.url).await?;
        let (article, validators) = match self.get(&url, &known).await? {
            Some(Answer::Changed(page, validators)) => (
                self.parse(&url, page, Reader::article).await,
                Some(validators),
            ),
            Some(Answer::Unchanged) => (None, Some(known)),
            None => (None, None),
        };
        let has_text = before.text.body.is_some() || article.is_some();
        if let Some(article) = article {
            let text = Text {
                title: article.title.unwrap_or_else(|| before.text.title.clone()),
                lead: before.text.lead.clone(),
                body: Some(article.body),
            };
            self.revise(due.guid, &due.path, &due.url, &before, text)
                .await?;
            if let Some(validators) = &validators {
                self.store.keep_validators(&due.url, validators).await?;
            }
        }
        let next = if has_text {
            next_reading(before.published, self.now, due.reads + 1)
        } else {
            Some(next_attempt(self.now, due.reads + 1))
        };
        self.store
            .plan(&self.source.id, &due.path, next, due.reads + 1)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_thin_out_and_attempts_never_end() {
        let now = DateTime::UNIX_EPOCH;
        let hours = |then: Option<DateTime<Utc>>| then.map(|then| (then - now).num_hours());
        assert_eq!(hours(next_reading(now, now, 0)), Some(1));
        assert_eq!(hours(next_reading(now, now, 5)), Some(30 * 24));
        assert_eq!(next_reading(now, now, 6), None);
        assert_eq!(next_reading(now - TimeDelta::days(31), now, 0), None);
        assert_eq!((next_attempt(now, 0) - now).num_minutes(), 10);
        assert_eq!((next_attempt(now, 1_000) - now).num_hours(), 21);
    }
}
