//! Releases that come again: what becomes part of a release, and which of two texts it shows.

use super::Error;
use super::cycle::Cycle;
use super::edits::Outcome;
use crate::duplicates::{Reason, Verdict};
use crate::release::{DatedText, Guid};
use crate::store::{Folding, MergedCopy, NewAddress, NewRevision};

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
        self.count_merged(into, copy.url, reason);
        if better.is_some() {
            tracing::info!(id = into.id(), "revised: the copy's text is the better one");
            self.report.revised += 1;
        }
        Ok(())
    }

    pub(super) fn count_merged(&mut self, into: Guid, url: &str, reason: &Reason) {
        tracing::info!(
            id = into.id(),
            url,
            verdict = reason.verdict().as_str(),
            %reason,
            "part of a release that is known"
        );
        self.report.merged += 1;
    }

    /// A release of which the lead alone was shown turns out to be one that we have: the one that was stored first stays,
    /// and the other leaves the feeds.
    pub(super) async fn completed_as_copy(
        &mut self,
        (guid, url): (Guid, &str),
        completed: &NewRevision,
        (other, reason): (Guid, Reason),
    ) -> Result<Outcome, Error> {
        let Some(before) = self.store.dated_text(guid).await? else {
            return Ok(Outcome::Unchanged);
        };
        let text = DatedText {
            text: completed.text.clone(),
            ..before
        };
        let is_later = self.store.number(other).await? <= self.store.number(guid).await?;
        let better = match is_later {
            true => self.ingest.better(other, &text).await?,
            false => None,
        };
        let (from, into) = if is_later {
            (guid, other)
        } else {
            (other, guid)
        };
        let folding = Folding {
            from,
            into,
            reason,
            completed: Some((guid, completed)),
            better: better.as_ref(),
            at: self.ingest.clock.now(),
        };
        if !self.store.fold(&folding).await? {
            return Ok(Outcome::Unchanged);
        }
        if is_later {
            self.count_merged(into, url, &folding.reason);
            return Ok(Outcome::Folded);
        }
        self.count_merged(into, &from.to_string(), &folding.reason);
        self.report.revised += 1;
        Ok(Outcome::Revised)
    }
}
