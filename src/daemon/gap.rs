//! A gap, closed by paging the listings back to what was known before it opened.

use chrono::{NaiveDate, TimeDelta};
use url::Url;

use super::Error;
use super::announcements::Announcement;
use super::cycle::Cycle;
use super::walk::{MOST_PAGES, Walked, is_of_before};
use crate::fetch::Failure;
use crate::release::{self, CanonicalPath};
use crate::store::Gap;

/// As long as this a listing that lags behind the feed is waited for.
const STALE: TimeDelta = TimeDelta::hours(24);

/// What of a source was known when a gap opened.
struct KnownBefore {
    count: usize,
    /// The day of the oldest release, in London.
    first_day: Option<NaiveDate>,
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
        let (count, oldest) = self.store.known_before(&self.source.id, gap.change).await?;
        let known = KnownBefore {
            count: usize::try_from(count).unwrap_or(usize::MAX),
            first_day: oldest.map(release::london_day),
        };
        let mut has_failed = false;
        for listing in self.source.listing.clone() {
            if gap.reached.contains(&listing) {
                continue;
            }
            match self.page_back(&listing, &gap, &known).await? {
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
        known_before: &KnownBefore,
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
            // One alone may be pinned there, unless no other was known.
            let at_the_end = releases.iter().rev().take_while(|one| is_known(one));
            let enough = 2.min(releases.len()).min(known_before.count);
            ends_in_the_known = at_the_end.count() >= enough;
            let first_day = known_before.first_day;
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
}
