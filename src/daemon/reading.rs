//! How a cycle reads an address: asks, parses where that may take its time, and notes what fails.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::Error;
use super::cycle::Cycle;
use crate::fetch::{Answer, Failure, Wanted};
use crate::newsroom::{Page, Reader, Unreadable};
use crate::release::{Article, CanonicalPath};
use crate::store::{Alarm, Kept, LONGEST_FRESH, Trouble};

/// What an address gave.
#[derive(Debug)]
pub(super) enum Read<T> {
    /// What was stored of it still holds; what of it could not be taken.
    Unchanged(Vec<String>),
    /// It was not asked for: what was stored of it holds until then, by its publisher's word.
    Fresh(Vec<String>, DateTime<Utc>),
    /// Something new, and what to keep once it is stored.
    Changed(T, Receipt),
    /// Nothing; why stands in the report.
    Failed(Failure),
}

/// The validators of the address that answered. They are kept only when what they cover is stored, since they hide it
/// from the next reading.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    url: Url,
    kept: Kept,
}

impl Receipt {
    /// The receipt of a document that asks for a freshness of its own, and of which some could not be taken.
    pub(super) fn lasting(
        mut self,
        ttl: Option<Duration>,
        broken: Vec<String>,
        now: DateTime<Utc>,
    ) -> Receipt {
        self.kept.ttl = ttl
            .and_then(|ttl| TimeDelta::from_std(ttl).ok())
            .map(|ttl| ttl.min(LONGEST_FRESH));
        let own = self.kept.ttl.map(|ttl| now + ttl);
        self.kept.fresh_until = self.kept.fresh_until.max(own);
        self.kept.broken = broken;
        self
    }
}

impl Cycle<'_> {
    /// Reads an address. What fails goes into the report, unless it is our own failure: then it ends the cycle.
    pub(super) async fn read<T: Send + 'static>(
        &mut self,
        url: &Url,
        wanted: Wanted,
        parse: fn(&Reader, &Page) -> Result<T, Unreadable>,
    ) -> Result<Read<T>, Error> {
        let read = self.try_to_read(url, wanted, parse).await?;
        if let Read::Failed(failure) = &read {
            self.note(url, failure.to_string());
        }
        Ok(read)
    }

    /// Reads an address, and leaves it to the caller what a failure means.
    pub(super) async fn try_to_read<T: Send + 'static>(
        &mut self,
        url: &Url,
        wanted: Wanted,
        parse: fn(&Reader, &Page) -> Result<T, Unreadable>,
    ) -> Result<Read<T>, Error> {
        let answer = self.client.get(url, wanted).await;
        self.take_answer(answer, parse).await
    }

    /// Reads a release's own page, and leaves it to the caller what a failure means. A page that the address only leads
    /// to is another release's, or none's.
    pub(super) async fn read_article(
        &mut self,
        url: &Url,
        wanted: Wanted,
    ) -> Result<Read<Article>, Error> {
        let path = CanonicalPath::of(url);
        let is_its_own = |target: &Url| CanonicalPath::of(target) == path;
        let answer = self.client.get_within(url, wanted, is_its_own).await;
        self.take_answer(answer, Reader::article).await
    }

    async fn take_answer<T: Send + 'static>(
        &mut self,
        answer: Result<Answer, Failure>,
        parse: fn(&Reader, &Page) -> Result<T, Unreadable>,
    ) -> Result<Read<T>, Error> {
        for moved in self.client.take_moved() {
            let text = format!(
                "{} has moved for good to {}: write the new address into the configuration",
                moved.from, moved.to
            );
            // A release that has moved is followed; only the ways in are a person's to change.
            if self.source.ways_in().any(|way| way == moved.from.as_str()) {
                self.alarm("moved", text);
            }
        }
        let failure = match answer {
            Ok(Answer::Unchanged(kept)) => return Ok(Read::Unchanged(kept.broken)),
            Ok(Answer::Fresh(kept, until)) => return Ok(Read::Fresh(kept.broken, until)),
            Ok(Answer::Changed(page, kept)) => {
                let receipt = Receipt {
                    url: page.url.clone(),
                    kept,
                };
                match self.parse(page, parse).await {
                    Ok(read) => {
                        // Only what can be read shows that all is well: junk comes with 200 too.
                        self.client.is_well(&receipt.url).await?;
                        return Ok(Read::Changed(read, receipt));
                    }
                    Err(failure) => failure,
                }
            }
            Err(failure) => failure,
        };
        if failure.ends_the_cycle() {
            return Err(failure.into());
        }
        Ok(Read::Failed(failure))
    }

    /// Parses a page where it may take its time, and where a parser's panic costs this page alone.
    async fn parse<T: Send + 'static>(
        &mut self,
        page: Page,
        parse: fn(&Reader, &Page) -> Result<T, Unreadable>,
    ) -> Result<T, Failure> {
        let (reader, url) = (self.reader.clone(), page.url.clone());
        match tokio::task::spawn_blocking(move || parse(&reader, &page)).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Unreadable::Challenge(marker))) => {
                let failure = Failure::Challenged(format!("a page with \"{marker}\""));
                self.client.challenged(&url, &failure).await?;
                Err(failure)
            }
            Ok(Err(unreadable)) => Err(Failure::Unreadable(unreadable.to_string())),
            Err(panic) => Err(Failure::Unreadable(format!("the parser failed: {panic}"))),
        }
    }

    /// Keeps what an address gave to be asked conditionally with.
    pub(super) async fn keep(&self, receipt: &Receipt) -> Result<(), Error> {
        let Receipt { url, kept } = receipt;
        Ok(self
            .store
            .keep_validators(&self.source.id, url.as_str(), self.rules, kept)
            .await?)
    }

    /// Notes in the log and in the report what could not be read.
    pub(super) fn note(&mut self, url: impl fmt::Display, cause: String) {
        let url = url.to_string();
        tracing::warn!(source = %self.source.id, url, "{cause}");
        self.report.failed.push(Trouble { url, cause });
    }

    /// Notes in the report what a person should know. The log has it once.
    pub(super) fn alarm(&mut self, kind: &'static str, text: String) {
        let alarm = Alarm {
            kind: kind.to_owned(),
            text,
        };
        if !self.alarms_before.contains(&alarm) {
            tracing::warn!(source = %self.source.id, kind, "{}", alarm.text);
        }
        if !self.report.alarms.contains(&alarm) {
            self.report.alarms.push(alarm);
        }
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
}

#[cfg(test)]
mod tests {
    use std::thread::{self, ThreadId};

    use super::*;
    use crate::config::Config;
    use crate::daemon::{By, Ingest};
    use crate::document::Document;
    use crate::store::Store;
    use crate::topics::{Classifier, Taxonomy};

    /// What comes of parsing a page in one way.
    async fn parsed<T: Send + 'static>(
        parse: fn(&Reader, &Page) -> Result<T, Unreadable>,
    ) -> Result<T, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let text = "[[sources]]\nid = \"one\"\nfeed = \"http://127.0.0.1/feed\"\nhosts = [\"127.0.0.1\"]\n";
        let config = Config::read(&Document::new("test", text), &[]).unwrap();
        let classifier = Classifier::new(Taxonomy::shipped().unwrap()).unwrap();
        let ingest = Ingest::new(config, Store::open(&url).await.unwrap(), classifier);
        let lease = ingest
            .store
            .lease("a test", ingest.clock.now())
            .await
            .unwrap();
        let source = &ingest.config.sources[0];
        let mut cycle = Cycle::new(&ingest, source, &lease, By::Schedule).unwrap();
        let page = Page {
            url: "http://127.0.0.1/feed".parse().unwrap(),
            content_type: None,
            bytes: Vec::new(),
        };
        cycle.parse(page, parse).await
    }

    #[tokio::test]
    async fn pages_are_not_parsed_on_the_threads_that_wait_for_others() {
        fn whose(_: &Reader, _: &Page) -> Result<ThreadId, Unreadable> {
            Ok(thread::current().id())
        }
        // This test's runtime has one thread, its own.
        assert_ne!(parsed(whose).await.unwrap(), thread::current().id());
    }

    #[tokio::test]
    async fn a_parsers_panic_costs_its_page_alone() {
        fn panics(_: &Reader, _: &Page) -> Result<(), Unreadable> {
            panic!("as some parsers do")
        }
        let told = parsed(panics).await.unwrap_err().to_string();
        assert!(told.starts_with("the parser failed"), "{told}");
    }
}
