//! The listings' recent pages, looked through once in a while for releases that surfaced late behind the first.

use chrono::TimeDelta;

use super::Error;
use super::cycle::Cycle;
use super::walk::{Walked, is_of_before};
use crate::release;
use crate::store::Progress;

const EVERY: TimeDelta = TimeDelta::days(7);
/// So far back.
const SPAN: TimeDelta = TimeDelta::days(60);
const MOST_PAGES: i64 = 20;

impl Cycle<'_> {
    /// Looks through the listing's recent pages for releases that surfaced late behind its first page, once in a while.
    pub(super) async fn audit(&mut self, progress: &Progress) -> Result<(), Error> {
        let id = self.source.id.as_str();
        let Some(audited) = progress.audited else {
            // What has just been read for the first time is fresh enough.
            return Ok(self.store.audited(id, self.now).await?);
        };
        // One "in the future" is from a clock that was set back.
        if self.now - audited < EVERY && audited <= self.now {
            return Ok(());
        }
        let first_day = release::london_day(self.now - SPAN);
        for listing in self.source.listing.clone() {
            for page in 2..=MOST_PAGES {
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
}
