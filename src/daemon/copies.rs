//! Releases that come again: what becomes part of a release, and which of two texts it shows.

use chrono::{DateTime, Utc};

use super::cycle::Cycle;
use super::edits::Outcome;
use super::{Error, apart};
use crate::config::Source;
use crate::difference::Difference;
use crate::duplicates::{Reason, Verdict};
use crate::release::{CanonicalPath, DatedText, Guid, Text};
use crate::store::{MergedCopy, NewAddress, NewRevision};

impl Cycle<'_> {
    /// Makes a new address part of a release.
    pub(super) async fn merge(
        &mut self,
        into: Guid,
        address: &NewAddress,
        text: &DatedText,
        reason: &Reason,
    ) -> Result<(), Error> {
        let copy = MergedCopy {
            into,
            source: &address.source,
            path: &address.path,
            url: &address.url,
            text,
            reason: reason.clone(),
            at: address.at,
        };
        let better = match reason.verdict() {
            // What a text says decides only where texts were compared.
            Verdict::Same | Verdict::IssuedAgain => self.ingest.better(into, text).await?,
            _ => None,
        };
        self.store.merge(address, &copy, better.as_ref()).await?;
        self.count_merged(&copy);
        if better.is_some() {
            tracing::info!(id = into.id(), "revised: the copy's text is the better one");
            self.report.revised += 1;
        }
        Ok(())
    }

    pub(super) fn count_merged(&mut self, copy: &MergedCopy<'_>) {
        let MergedCopy {
            into, url, reason, ..
        } = copy;
        tracing::info!(
            id = into.id(),
            url,
            verdict = reason.verdict().as_str(),
            %reason,
            "part of a release that is known"
        );
        self.report.merged += 1;
    }

    /// Whether a page still says what it said before the release took a better text from a copy: that is no edit.
    pub(super) async fn is_own_still(
        &self,
        guid: Guid,
        shown: &DatedText,
        text: &Text,
    ) -> Result<bool, Error> {
        let Some(own) = self.store.own_text(guid).await? else {
            return Ok(false);
        };
        let mut text = text.clone();
        if text.lead == shown.text.lead {
            // The page tells no lead, so this is the copy's.
            text.lead.clone_from(&own.lead);
        }
        apart(move || Difference::between(&own, &text).is_empty()).await
    }

    /// A release of which the lead alone was shown turns out to be one that we have: the one that was stored first stays,
    /// and the other leaves the feeds.
    pub(super) async fn completed_as_copy(
        &mut self,
        guid: Guid,
        (path, url): (&CanonicalPath, &str),
        completed: NewRevision,
        published: DateTime<Utc>,
        (other, reason): (Guid, Reason),
    ) -> Result<Outcome, Error> {
        let text = DatedText {
            text: completed.text.clone(),
            published,
        };
        if self.store.number(other).await? <= self.store.number(guid).await? {
            let better = self.ingest.better(other, &text).await?;
            let copy = self.copy(other, (path, url), &text, reason);
            if !self.store.fold(guid, &copy, better.as_ref()).await? {
                return Ok(Outcome::Unchanged);
            }
            self.count_merged(&copy);
            return Ok(Outcome::Folded);
        }
        let reason = (reason, Some(&completed));
        if !self.ingest.fold(other, guid, reason).await? {
            return Ok(Outcome::Unchanged);
        }
        self.report.merged += 1;
        self.report.revised += 1;
        Ok(Outcome::Revised)
    }
}

impl<'a> Cycle<'a> {
    /// What is stored of an address that is part of a release.
    pub(super) fn copy<'b>(
        &self,
        into: Guid,
        (path, url): (&'b CanonicalPath, &'b str),
        text: &'b DatedText,
        reason: Reason,
    ) -> MergedCopy<'b>
    where
        'a: 'b,
    {
        let source: &'a Source = self.source;
        MergedCopy {
            into,
            source: &source.id,
            path,
            url,
            text,
            reason,
            at: self.ingest.clock.now(),
        }
    }
}
