//! One cycle of one source: the only place that knows the whole line from the newsroom to the store.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::announcements::{self, Announcement};
use super::{Error, Ingest};
use crate::config::Source;
use crate::fetch::{Answer, Client, Failure};
use crate::newsroom::{Announced, Page, Reader, Unreadable};
use crate::release::Draft;
use crate::store::{Lease, Progress, Store, Trouble, Validators};

/// The listing's first page is read at least so often: it shows what the feed never did.
const LISTING_EVERY: TimeDelta = TimeDelta::hours(24);

/// What a cycle did, as `fetch` reports it.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Report {
    /// The source's id.
    pub id: String,
    /// Requests made, robots.txt included.
    pub requests: u64,
    /// Releases stored.
    pub new: u64,
    /// Releases whose text changed or was completed.
    pub revised: u64,
    /// Addresses that became part of a release.
    pub merged: u64,
    /// Releases taken down by the newsroom.
    pub withdrawn: u64,
    /// What could not be read.
    pub failed: Vec<Trouble>,
}

impl fmt::Display for Report {
    /// The counts on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            id,
            requests,
            new,
            revised,
            merged,
            failed,
            ..
        } = self;
        let plural = if *requests == 1 { "" } else { "s" };
        let failed = failed.len();
        write!(
            f,
            "{id}: {requests} request{plural}, {new} new, {revised} revised, {merged} merged, {failed} failed"
        )
    }
}

/// One cycle under way.
pub struct Cycle<'a> {
    pub(super) ingest: &'a Ingest,
    pub(super) store: &'a Store,
    pub(super) source: &'a Source,
    pub(super) reader: std::sync::Arc<Reader>,
    pub(super) client: Client<'a>,
    pub(super) report: Report,
    /// Validators to keep once everything that they cover is stored.
    validators: Vec<(Url, Validators)>,
    /// A hash of how pages are read: what was read by other rules is read again, changed or not.
    pub(super) rules: i64,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Cycle<'a> {
    /// Prepares to ask a source, under a lease.
    ///
    /// # Errors
    /// [`Error`].
    pub fn new(
        ingest: &'a Ingest,
        source: &'a Source,
        lease: &'a Lease,
    ) -> Result<Cycle<'a>, Error> {
        Ok(Cycle {
            ingest,
            store: &ingest.store,
            source,
            reader: Ingest::reader(source)?,
            client: Client::new(&ingest.config.fetch, &source.hosts, &ingest.store, lease)?,
            report: Report {
                id: source.id.clone(),
                ..Report::default()
            },
            validators: Vec::new(),
            rules: rules(source),
            now: Utc::now(),
        })
    }

    /// Reads what the newsroom announces, stores what is new, and reads again what is due.
    ///
    /// Whatever is read is stored before the validators that would hide it from the next cycle. Dropping this future
    /// at any point loses nothing: the next cycle begins where this one stopped.
    ///
    /// # Errors
    /// [`Error`] when the store fails; what the newsroom fails at stands in the report.
    pub async fn run(mut self) -> Result<Report, Error> {
        let id = self.source.id.as_str();
        let progress = self.store.progress(id).await?;
        self.store.cycle_began(id, self.now).await?;
        let is_first = self.store.is_empty(id).await?;
        let change = self.store.change().await?;

        let feed = self.read_feed().await?;
        let listings = if self.listing_is_wanted(&progress, feed.is_some()) {
            self.read_listings(&progress).await?
        } else {
            Vec::new()
        };
        let was_read = feed.is_some() || !listings.is_empty();
        let every_listing_was_read = listings.len() == self.source.listing.len();

        let mut reaches_back = true;
        for announced in feed.iter().chain(&listings) {
            reaches_back &= self.reaches_back(announced).await?;
        }
        let gap = (!is_first && !reaches_back).then_some(change);
        let announced = announcements::combine(feed.unwrap_or_default(), listings.concat());
        self.take_all(announced, gap).await?;
        if every_listing_was_read && !self.source.listing.is_empty() {
            self.store.listing_read(id, self.now).await?;
            if is_first && self.report.failed.is_empty() {
                // The first page is stored, so the history goes on behind it.
                self.store.history_read(id, 1, None).await?;
            }
        }

        self.close_gap().await?;
        self.read_due_pages().await?;
        self.keep_validators().await?;
        self.finish(was_read).await
    }

    /// Ends the work: notes what failed and gives the report.
    pub(super) async fn finish(mut self, was_read: bool) -> Result<Report, Error> {
        self.report.requests = self.client.requests();
        let failed = &self.report.failed;
        self.store
            .cycle_ended(&self.source.id, self.now, was_read, failed)
            .await?;
        Ok(self.report)
    }

    /// What the feed announces; none when there is no feed or it cannot be read, nothing when it is unchanged.
    async fn read_feed(&mut self) -> Result<Option<Vec<Draft>>, Error> {
        let Some(feed) = &self.source.feed else {
            return Ok(None);
        };
        let announced = self.announced(feed, true, Reader::feed).await?;
        Ok(announced.map(|announced| announced.drafts))
    }

    fn listing_is_wanted(&self, progress: &Progress, feed_was_read: bool) -> bool {
        // A reading "in the future" is a clock that was set back: it counts as none.
        let is_due = progress
            .listing_read
            .is_none_or(|read| self.now - read >= LISTING_EVERY || read > self.now);
        !self.source.listing.is_empty() && (!feed_was_read || is_due)
    }

    /// What each listing's first page announces, without those that cannot be read.
    async fn read_listings(&mut self, progress: &Progress) -> Result<Vec<Vec<Draft>>, Error> {
        let mut all = Vec::new();
        // While a gap is open, a page that has not changed is wanted as well.
        let conditionally = progress.gap.is_none();
        for listing in &self.source.listing {
            let announced = self.announced(listing, conditionally, Reader::listing);
            all.extend(announced.await?.map(|announced| announced.drafts));
        }
        Ok(all)
    }

    /// Reads an address that announces releases. Its validators are kept at the end of the cycle.
    async fn announced(
        &mut self,
        address: &str,
        conditionally: bool,
        read: fn(&Reader, &Page) -> Result<Announced, Unreadable>,
    ) -> Result<Option<Announced>, Error> {
        let Some(url) = self.address(address) else {
            return Ok(None);
        };
        let known = if conditionally {
            self.store.validators(url.as_str(), self.rules).await?
        } else {
            Validators::default()
        };
        let (page, validators) = match self.get(&url, &known).await? {
            None => return Ok(None),
            Some(Answer::Unchanged) => {
                return Ok(Some(Announced::default()));
            }
            Some(Answer::Changed(page, validators)) => (page, validators),
        };
        let Some(announced) = self.parse(&url, page, read).await else {
            return Ok(None);
        };
        if announced.broken.is_empty() {
            self.validators.push((url.clone(), validators));
        }
        // With the validators, the next cycle would not see the broken ones, and not tell of them.
        for cause in &announced.broken {
            self.note(&url, format!("an item cannot be taken: {cause}"));
        }
        Ok(Some(announced))
    }

    /// Asks for an address; what fails goes into the report, unless it is our own failure.
    pub(super) async fn get(
        &mut self,
        url: &Url,
        validators: &Validators,
    ) -> Result<Option<Answer>, Error> {
        match self.client.get(url, validators).await {
            Ok(answer) => Ok(Some(answer)),
            Err(failure) => self.note_failure(url, failure).map(|()| None),
        }
    }

    /// Notes a failure in the report, unless it is our own: then it ends the cycle.
    pub(super) fn note_failure(&mut self, url: &Url, failure: Failure) -> Result<(), Error> {
        match failure {
            Failure::Store(error) => Err(Error::Store(error)),
            failure if failure.ends_the_cycle() => Err(Error::Fetch(failure)),
            failure => {
                self.note(url, failure.to_string());
                Ok(())
            }
        }
    }

    /// Parses a page where it may take its time, and where a parser's panic costs this page alone.
    pub(super) async fn parse<T: Send + 'static>(
        &mut self,
        url: &Url,
        page: Page,
        read: fn(&Reader, &Page) -> Result<T, Unreadable>,
    ) -> Option<T> {
        let reader = self.reader.clone();
        let parsed = tokio::task::spawn_blocking(move || read(&reader, &page)).await;
        let cause = match parsed {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(unreadable)) => unreadable.to_string(),
            Err(panic) => format!("the parser failed: {panic}"),
        };
        self.note(url, cause);
        None
    }

    /// Notes in the log and in the report what could not be read.
    pub(super) fn note(&mut self, url: impl fmt::Display, cause: String) {
        let url = url.to_string();
        tracing::warn!(source = %self.source.id, url, "{cause}");
        self.report.failed.push(Trouble { url, cause });
    }

    pub(super) fn address(&mut self, address: &str) -> Option<Url> {
        match Url::parse(address) {
            Ok(url) => Some(url),
            Err(error) => {
                // The configuration's checks refuse such an address; a stored one could only come from elsewhere.
                self.note(address, error.to_string());
                None
            }
        }
    }

    /// Whether what a way in announces goes back to what is known, so that nothing was missed between two looks: it ends
    /// in known releases, newest first as it is. One alone at the end may be pinned there, or a late one of an old date,
    /// so where a listing can tell, two are asked for.
    async fn reaches_back(&self, drafts: &[Draft]) -> Result<bool, Error> {
        let paths: Vec<_> = drafts.iter().map(|draft| draft.path.clone()).collect();
        let known = self.store.known(&self.source.id, &paths).await?;
        let known_at_the_end = paths
            .iter()
            .rev()
            .take_while(|path| known.contains_key(path));
        let enough = if self.source.listing.is_empty() { 1 } else { 2 };
        Ok(known.len() == drafts.len() || known_at_the_end.count() >= enough)
    }

    /// Takes in what is announced, oldest first, so that of two copies the older is the release.
    pub(super) async fn take_all(
        &mut self,
        mut arriving: Vec<Announcement>,
        gap: Option<i64>,
    ) -> Result<(), Error> {
        arriving.reverse();
        let paths: Vec<_> = arriving.iter().map(|one| one.draft.path.clone()).collect();
        let known = self.store.known(&self.source.id, &paths).await?;
        for one in &arriving {
            match known.get(&one.draft.path) {
                Some(address) => self.see_again(one, address).await?,
                None => self.arrive(one, gap).await?,
            }
        }
        Ok(())
    }

    async fn keep_validators(&mut self) -> Result<(), Error> {
        for (url, validators) in self.validators.drain(..) {
            self.store
                .keep_validators(url.as_str(), self.rules, &validators)
                .await?;
        }
        Ok(())
    }
}

fn rules(source: &Source) -> i64 {
    let version = env!("CARGO_PKG_VERSION");
    let rules = format!(
        "{version} {:?} {:?} {:?}",
        source.articles, source.hosts, source.select
    );
    xxh3_64(rules.as_bytes()).cast_signed()
}
