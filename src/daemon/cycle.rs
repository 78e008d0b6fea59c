//! One cycle of one source: the only place that knows the whole line from the newsroom to the store.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::announcements::{self, Announcement};
use super::reading::{Read, Receipt};
use super::report::Report;
use super::rulings::unless_overruled;
use super::{By, Error, Ingest, silence};
use crate::config::Source;
use crate::fetch::{Client, Tools, Wanted};
use crate::newsroom::{Announced, Page, Reader, Unreadable};
use crate::release::Draft;
use crate::store::{self, Alarm, Lease, Progress, Store};

/// The listing's first page is read at least so often: it shows what the feed never did.
const LISTING_EVERY: TimeDelta = TimeDelta::hours(24);
/// As often a release is begun anew, since a person's word came between.
const MOST_TIMES: u32 = 9;
/// As many of the newest releases tell what silence is usual.
const TELLING: i64 = 300;

/// One cycle under way.
pub struct Cycle<'a> {
    pub(super) ingest: &'a Ingest,
    /// Within a piece of work ([`Cycle::begin_piece`]) it takes nothing in that a person's word has overtaken.
    pub(super) store: Store,
    pub(super) source: &'a Source,
    pub(super) reader: std::sync::Arc<Reader>,
    pub(super) client: Client<'a>,
    pub(super) report: Report,
    /// The alarms of the cycle before, which the log has had already.
    pub(super) alarms_before: Vec<Alarm>,
    /// What to keep once everything that it covers is stored.
    receipts: Vec<Receipt>,
    /// What the listings' first pages announce, where they were read in this cycle.
    pub(super) first_pages: HashMap<String, Vec<Draft>>,
    /// The number of each listing's last page, where a page that was read tells.
    pub(super) last_pages: HashMap<String, i64>,
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
        by: By,
    ) -> Result<Cycle<'a>, Error> {
        let tools = Tools {
            config: &ingest.config.fetch,
            store: &ingest.store,
            lease,
            turns: &ingest.turns,
            clock: &ingest.clock,
            metrics: &ingest.metrics,
        };
        let rules = rules(source);
        Ok(Cycle {
            ingest,
            store: ingest.store.clone(),
            source,
            reader: Ingest::reader(source)?,
            client: Client::new(tools, source, rules, by == By::Person)?,
            report: Report {
                id: source.id.clone(),
                ..Report::default()
            },
            alarms_before: Vec::new(),
            receipts: Vec::new(),
            first_pages: HashMap::new(),
            last_pages: HashMap::new(),
            rules,
            now: ingest.clock.now(),
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
        self.alarms_before.clone_from(&progress.alarms);

        let feed = self.read_feed().await?;
        let listings = if self.listing_is_wanted(&progress, feed.is_some()) {
            self.read_listings().await?
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
        let begin = announcements::beginning(feed.as_ref(), &listings, self.now);
        let announced = announcements::combine(feed.unwrap_or_default(), listings.concat());
        self.take_all(announced, gap).await?;
        if is_first && let Some(begin) = begin {
            self.store.record_begins(id, begin).await?;
        }
        if every_listing_was_read && !self.source.listing.is_empty() {
            self.store.listing_read(id, self.now).await?;
            if is_first && self.report.failed.is_empty() {
                // The first page is stored, so the history goes on behind it.
                self.store.history_read(id, 1, None).await?;
            }
        }

        let is_whole = self.close_gap().await?;
        if is_whole && was_read {
            self.audit(&progress).await?;
        }
        self.read_due_pages().await?;
        self.tell_of_layout().await?;
        for receipt in &self.receipts {
            self.keep(receipt).await?;
        }
        self.finish(was_read).await
    }

    /// Ends the work: notes what failed and gives the report.
    async fn finish(mut self, was_read: bool) -> Result<Report, Error> {
        self.report.requests = self.client.requests();
        let id = self.source.id.as_str();
        let published = self.store.published_of(id, TELLING).await?;
        if let Some((silent, usual)) = silence::of(&published, self.now) {
            let days = |time: TimeDelta| time.num_days().max(1);
            // Whole days, so that one silence is one alarm a day at most.
            let text = format!(
                "nothing new has come for {} days, where {} between two releases are usual: look whether the newsroom \
                 has moved",
                days(silent),
                days(usual)
            );
            self.alarm("silent", text);
        }
        self.store
            .cycle_ended(
                id,
                self.now,
                was_read,
                &self.report.failed,
                &self.report.alarms,
            )
            .await?;
        self.report.whole_since = self.store.progress(id).await?.whole_since();
        Ok(self.report)
    }

    /// What the feed announces; none when there is no feed or it cannot be read, nothing when it is unchanged.
    async fn read_feed(&mut self) -> Result<Option<Vec<Draft>>, Error> {
        let Some(feed) = &self.source.feed else {
            return Ok(None);
        };
        let read = self.announced(feed, Reader::feed).await?;
        Ok(read.map(|(drafts, receipt)| {
            self.receipts.extend(receipt);
            drafts
        }))
    }

    fn listing_is_wanted(&self, progress: &Progress, feed_was_read: bool) -> bool {
        // A reading "in the future" is a clock that was set back: it counts as none.
        let is_due = progress
            .listing_read
            .is_none_or(|read| self.now - read >= LISTING_EVERY || read > self.now);
        !self.source.listing.is_empty() && (!feed_was_read || is_due)
    }

    /// What each listing's first page announces, without those that cannot be read.
    async fn read_listings(&mut self) -> Result<Vec<Vec<Draft>>, Error> {
        let mut all = Vec::new();
        for listing in &self.source.listing {
            let read = self.announced(listing, Reader::listing).await?;
            if let Some((drafts, receipt)) = read {
                if let Some(receipt) = receipt {
                    self.first_pages.insert(listing.clone(), drafts.clone());
                    self.receipts.push(receipt);
                }
                all.push(drafts);
            }
        }
        Ok(all)
    }

    /// Reads an address that announces releases, with the receipt to keep at the end of the cycle where it has changed.
    /// What fails is left alone for a while.
    async fn announced(
        &mut self,
        address: &str,
        parse: fn(&Reader, &Page) -> Result<Announced, Unreadable>,
    ) -> Result<Option<(Vec<Draft>, Option<Receipt>)>, Error> {
        let Some(url) = self.address(address) else {
            return Ok(None);
        };
        match self.read(&url, Wanted::IfChanged, parse).await? {
            Read::Failed(failure) => {
                self.client.back_off(&url, &failure).await?;
                if let Some(kind) = failure.alarm() {
                    self.alarm(kind, failure.cause());
                }
                Ok(None)
            }
            Read::Unchanged(broken) | Read::Fresh(broken, _) => {
                self.note_broken(&url, &broken);
                Ok(Some((Vec::new(), None)))
            }
            Read::Changed(announced, receipt) => {
                self.note_broken(&url, &announced.broken);
                self.note_last_page(address, announced.last_page);
                let receipt = receipt.lasting(announced.ttl, announced.broken, self.now);
                Ok(Some((announced.drafts, Some(receipt))))
            }
        }
    }

    fn note_broken(&mut self, url: &Url, broken: &[String]) {
        for cause in broken {
            self.note(url, format!("an item cannot be taken: {cause}"));
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
        for one in &arriving {
            let mut times = 0;
            loop {
                self.begin_piece().await?;
                let done = self.take(one, gap).await;
                if self.end_piece(done)? {
                    break;
                }
                times += 1;
                if times >= MOST_TIMES {
                    return Err(store::Error::Overruled.into());
                }
            }
        }
        Ok(())
    }

    async fn take(&mut self, one: &Announcement, gap: Option<i64>) -> Result<(), Error> {
        let path = std::slice::from_ref(&one.draft.path);
        let known = self.store.known(&self.source.id, path).await?;
        match known.get(&one.draft.path) {
            Some(address) => self.see_again(one, address).await,
            None => self.arrive(one, gap).await,
        }
    }

    /// Begins a piece of work that reads texts and writes what it made of them: once a person has removed, merged or split
    /// something, what was read before does not count any more.
    pub(super) async fn begin_piece(&mut self) -> Result<(), Error> {
        self.store = self.ingest.store.from_now().await?;
        Ok(())
    }

    /// Ends it. Gives whether it was done, and not overtaken by a person's word.
    pub(super) fn end_piece(&mut self, done: Result<(), Error>) -> Result<bool, Error> {
        self.store = self.ingest.store.clone();
        Ok(unless_overruled(done)?.is_some())
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
