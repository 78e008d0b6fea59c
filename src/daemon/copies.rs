//! Releases that come again: what becomes part of a release, and which of two texts it shows.

use super::Error;
use super::cycle::Cycle;
use super::edits::Outcome;
use crate::duplicates::{Reason, Verdict};
use crate::release::{DatedText, Guid, seen};
use crate::store::{self, Folding, MergedCopy, NewAddress, NewRevision};

impl Cycle<'_> {
    /// Makes a new address part of a release.
    pub(super) async fn merge(
        &mut self,
        into: Guid,
        address: &NewAddress,
        text: &DatedText,
        reason: &Reason,
    ) -> Result<(), Error> {
        let removed = self.store.removed_leads(into).await?;
        let said = |seen: &Option<String>| seen.as_deref().map(|seen| removed.out_of(seen));
        let address = NewAddress {
            feed_seen: said(&address.feed_seen),
            listing_seen: said(&address.listing_seen),
            ..address.clone()
        };
        let mut text = text.clone();
        text.text.lead = removed.unless(&text.text.lead);
        let better = match reason.verdict() {
            // What a text says decides only where texts were compared.
            Verdict::Same | Verdict::IssuedAgain => self.ingest.better(into, &text).await?,
            _ => None,
        };
        let copy = copy_of(into, &address, &text, reason);
        self.store.merge(&address, &copy, better.as_ref()).await?;
        self.count_merged(into, copy.url, reason);
        if better.is_some() {
            tracing::info!(id = into.id(), "revised: the copy's text is the better one");
            self.report.revised += 1;
        }
        Ok(())
    }

    /// What a person has removed comes again at another address, which becomes part of that release; its words are not
    /// stored.
    pub(super) async fn arrive_unworded(
        &mut self,
        into: Guid,
        address: &NewAddress,
        text: &DatedText,
        reason: &Reason,
    ) -> Result<(), Error> {
        let headline = |seen: &Option<String>| seen.as_deref().map(seen::headline);
        let address = NewAddress {
            feed_seen: headline(&address.feed_seen),
            listing_seen: headline(&address.listing_seen),
            ..address.clone()
        };
        let copy = MergedCopy {
            is_redacted: true,
            ..copy_of(into, &address, text, reason)
        };
        self.store.merge(&address, &copy, None).await?;
        self.count_merged(into, copy.url, reason);
        Ok(())
    }

    pub(super) fn count_merged(&mut self, into: Guid, url: &str, reason: &Reason) {
        tracing::info!(
            source = self.source.id,
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
            relations: self.ingest.classifier.relations(),
            at: self.ingest.clock.now(),
        };
        if !self.store.fold(&folding).await? {
            return Err(store::Error::Overruled.into());
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

fn copy_of<'a>(
    into: Guid,
    address: &'a NewAddress,
    text: &'a DatedText,
    reason: &Reason,
) -> MergedCopy<'a> {
    MergedCopy {
        into,
        source: &address.source,
        path: &address.path,
        url: &address.url,
        text,
        is_redacted: false,
        reason: reason.clone(),
        at: address.at,
    }
}
