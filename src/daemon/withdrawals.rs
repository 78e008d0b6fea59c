//! Releases that their publisher takes down. A page that is gone may be a slip; gone twice, a day apart, while the
//! newsroom reads well and announces it no more, it is withdrawn.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Error;
use super::cycle::Cycle;
use super::reading::Read;
use crate::duplicates::Reason;
use crate::fetch::{Failure, Wanted};
use crate::newsroom::Reader;
use crate::release::{self, CanonicalPath};
use crate::store::{Due, MergedCopy};

/// Two answers that a page is gone must lie so far apart.
const APART: TimeDelta = TimeDelta::hours(24);
/// More pages gone at once are a fault of the site, or its move.
const MOST_AT_ONCE: i64 = 3;
/// How rarely a withdrawn release is looked for at last.
const RAREST: TimeDelta = TimeDelta::days(30);

/// When a page that is gone is looked at again: in a day, then ever more rarely, for ever. It may come back.
fn next_look(gone: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    now + ((now - gone) / 2).clamp(APART, RAREST)
}

impl Cycle<'_> {
    /// Notes that a release's page is gone; gives whether it has been for long enough to be taken for withdrawn.
    pub(super) async fn stays_gone(&mut self, due: &Due, failure: &Failure) -> Result<bool, Error> {
        let (source, now) = (self.source.id.as_str(), self.now);
        // A first time "in the future" is from before the clock was set back.
        let gone = due.gone.filter(|gone| *gone <= now).unwrap_or(now);
        self.store.gone(source, &due.path, now).await?;
        let next = Some(next_look(gone, now));
        self.store
            .plan(source, &due.path, next, due.failures)
            .await?;
        if due.is_withdrawn {
            return Ok(false);
        }
        let is_leaving = now - gone >= APART;
        if !is_leaving {
            let cause = format!(
                "{failure}: if it is still so in a day, the release is taken for withdrawn"
            );
            self.note(&due.url, cause);
        }
        Ok(is_leaving)
    }

    /// Notes that a release's page is there; one that was withdrawn is shown again.
    pub(super) async fn is_there(&mut self, due: &Due) -> Result<(), Error> {
        if due.gone.is_none() && !due.is_withdrawn {
            return Ok(());
        }
        let (source, now) = (self.source.id.as_str(), self.now);
        if self.store.back(due.guid, source, &due.path, now).await? {
            tracing::info!(id = due.guid.id(), "restored: its publisher shows it again");
            self.report.revised += 1;
        }
        Ok(())
    }

    /// Withdraws releases whose pages stay gone, if that can be believed.
    pub(super) async fn withdraw(&mut self, leaving: Vec<Due>) -> Result<(), Error> {
        let gone = self.store.gone_count(&self.source.id).await?;
        if gone > MOST_AT_ONCE {
            let text = format!(
                "{gone} releases' pages are gone at once, which is taken for a fault of the site and not for as many \
                 withdrawals: look whether they have moved"
            );
            self.alarm("withdrawals", text);
            for due in leaving {
                self.note(&due.url, "the page is gone, with others at once".to_owned());
            }
            return Ok(());
        }
        if leaving.is_empty() {
            return Ok(());
        }
        let Some(announced) = self.announced_now(&leaving).await? else {
            return Ok(());
        };
        for due in leaving {
            if announced.contains(&due.path) {
                let cause = "the page is gone, but the newsroom still announces it".to_owned();
                self.note(&due.url, cause);
                continue;
            }
            // It is looked at again another day, so what was disturbed is done then.
            self.begin_piece().await?;
            let done = self.withdraw_one(&due).await;
            self.end_piece(done)?;
        }
        Ok(())
    }

    async fn withdraw_one(&mut self, due: &Due) -> Result<(), Error> {
        match self.stands_elsewhere(due).await? {
            Copies::There => self.report.merged += 1,
            // Whether one is there will be known another day.
            Copies::Unknown => {}
            Copies::Gone => {
                let now = self.ingest.clock.now();
                if !self.store.withdraw(due.guid, now).await? {
                    return Ok(());
                }
                tracing::info!(
                    id = due.guid.id(),
                    url = due.url,
                    "withdrawn by its publisher"
                );
                self.report.withdrawn += 1;
            }
        }
        Ok(())
    }

    /// Whether one of a release's copies is still there; then the release stands at that address.
    async fn stands_elsewhere(&mut self, due: &Due) -> Result<Copies, Error> {
        let source = self.source.id.as_str();
        let Some(text) = self.store.own_text(due.guid).await? else {
            return Ok(Copies::Gone);
        };
        let mut copies = Copies::Gone;
        for (path, url) in self.store.copies(due.guid, source).await? {
            let Some(address) = self.address(&url) else {
                continue;
            };
            match self.read_article(&address, Wanted::Whole).await? {
                Read::Changed(..) => {}
                Read::Failed(failure) if failure.is_gone() => continue,
                _ => {
                    copies = Copies::Unknown;
                    continue;
                }
            }
            let old = MergedCopy {
                into: due.guid,
                source,
                path: &due.path,
                url: &due.url,
                text: &text,
                is_redacted: self.store.is_redacted(due.guid).await?,
                reason: Reason::Gone,
                at: self.ingest.clock.now(),
            };
            self.store.stand_at((&path, &url), &old).await?;
            tracing::info!(
                id = due.guid.id(),
                from = due.url,
                to = url,
                "stands at another address"
            );
            return Ok(Copies::There);
        }
        Ok(copies)
    }

    /// What the newsroom announces at this moment, in its feed and in its listing back to the day of the oldest of some
    /// releases; none if that cannot be read.
    async fn announced_now(
        &mut self,
        releases: &[Due],
    ) -> Result<Option<HashSet<CanonicalPath>>, Error> {
        let mut oldest = self.now;
        for due in releases {
            if let Some(text) = self.store.dated_text(due.guid).await? {
                oldest = oldest.min(text.published);
            }
        }
        let mut announced = HashSet::new();
        if let Some(feed) = self.source.feed.clone() {
            let Some(url) = self.address(&feed) else {
                return Ok(None);
            };
            // What is read here is not stored, so the validators must not hide it from the next cycle.
            self.store.forget_validators(&self.source.id, &feed).await?;
            match self.read(&url, Wanted::Whole, Reader::feed).await? {
                Read::Changed(page, _) => {
                    announced.extend(page.drafts.into_iter().map(|draft| draft.path));
                }
                _ => return Ok(None),
            }
        }
        let first_day = release::london_day(oldest);
        for listing in self.source.listing.clone() {
            let Some(paths) = self.listed_since(&listing, first_day).await? else {
                return Ok(None);
            };
            announced.extend(paths);
        }
        Ok(Some(announced))
    }
}

/// What is known of a release's copies.
enum Copies {
    There,
    Gone,
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_gone_is_looked_for_for_ever_but_rarely() {
        let gone = DateTime::UNIX_EPOCH;
        let mut now = gone;
        let mut waits = Vec::new();
        for _ in 0..12 {
            let next = next_look(gone, now);
            waits.push((next - now).num_days());
            now = next;
        }
        assert_eq!(waits, [1, 1, 1, 1, 2, 3, 5, 7, 11, 17, 25, 30]);
    }
}
