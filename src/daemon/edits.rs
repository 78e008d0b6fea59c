//! What becomes of an address that is known: nothing, an edit, or the text that was missing.

use std::sync::Arc;

use super::announcements::Announcement;
use super::arrivals::dated_text;
use super::cycle::Cycle;
use super::judging::fingerprint;
use super::reading::Read;
use super::{Error, Judged, apart, pages};
use crate::difference::{Difference, Part, Weight};
use crate::duplicates::Reason;
use crate::fetch::Wanted;
use crate::html;
use crate::release::{Cause, DatedText, Draft, Guid, Reading, Text};
use crate::store::{self, Address, Derived, Folding, NewRevision, Redaction, Way};

/// What became of a text that was read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A reader would see no difference.
    Unchanged,
    /// It is the release's newest revision.
    Revised,
    /// The release turned out to be a copy of another, and is part of it now.
    Folded,
}

impl Cycle<'_> {
    /// Looks at a known address again: when a way in says something new of it, its page is read at once.
    pub(super) async fn see_again(
        &mut self,
        one: &Announcement,
        address: &Address,
    ) -> Result<(), Error> {
        // Nothing that is said of it may be stored any more.
        if address.redacted == Some(Redaction::Whole) {
            return Ok(());
        }
        let one = one.without(&self.store.removed_leads(address.guid).await?);
        // An edited lead may still be much the same.
        let one = match address.redacted {
            Some(_) => one.noted_by_headline(),
            None => one,
        };
        let is_new = |now: &Option<String>, before: &Option<String>| {
            now.is_some() && before.is_some() && now != before
        };
        let feed_changed = is_new(&one.feed_seen, &address.feed_seen);
        // The listing's word counts only where there is no feed: it cuts leads as it likes.
        let listing_changed = address.feed_seen.is_none()
            && one.feed_seen.is_none()
            && is_new(&one.listing_seen, &address.listing_seen);
        let (before, now) = if feed_changed {
            (&address.feed_seen, &one.feed_seen)
        } else {
            (&address.listing_seen, &one.listing_seen)
        };
        if (feed_changed || listing_changed)
            && !address.is_copy
            && !address.is_withdrawn
            && let (Some(before), Some(now)) = (before, now)
        {
            self.edited(address.guid, &one.draft, (before, now)).await?;
        } else if one.feed_seen.is_some() && address.feed_seen.is_none() && !address.is_copy {
            self.complete_lead(address.guid, &one.draft).await?;
        }
        if address.is_withdrawn && (feed_changed || listing_changed) {
            // It is announced anew, so its page may be back.
            let (source, path) = (&self.source.id, &one.draft.path);
            self.store.plan(source, path, Some(self.now), 0).await?;
        }
        let upstream = one.draft.upstream_guid.as_deref();
        for (way, now, before) in [
            (Way::Feed, &one.feed_seen, &address.feed_seen),
            (Way::Listing, &one.listing_seen, &address.listing_seen),
        ] {
            if let Some(seen) = now
                && now != before
            {
                let (source, path) = (&self.source.id, &one.draft.path);
                self.store.saw(source, path, way, seen, upstream).await?;
            }
        }
        Ok(())
    }

    /// Gives a release the lead that the way in that saw it first did not have.
    async fn complete_lead(&mut self, guid: Guid, draft: &Draft) -> Result<(), Error> {
        let Some(before) = self.store.own_text(guid).await? else {
            return Ok(());
        };
        if before.text.lead.is_none() && draft.lead.is_some() {
            let text = Text {
                lead: draft.lead.clone(),
                ..before.text.clone()
            };
            let url = draft.url.as_str();
            self.revise((guid, url), &before, text, None).await?;
        }
        Ok(())
    }

    /// Takes in what an announcement now says otherwise of a release.
    pub(super) async fn edited(
        &mut self,
        guid: Guid,
        draft: &Draft,
        said: (&str, &str),
    ) -> Result<(), Error> {
        let Some(before) = self.store.own_text(guid).await? else {
            return Ok(());
        };
        let read = self.read_article(&draft.url, Wanted::Now).await?;
        if let Read::Failed(failure) = &read {
            self.note(&draft.url, failure.to_string());
        }
        let lead = draft.lead.clone().or_else(|| before.text.lead.clone());
        let text = match &read {
            Read::Changed(article, _) => {
                let layout = self.store.layout(&self.source.id).await?;
                Text {
                    lead,
                    body: Some(self.body(article, &layout).await?),
                    ..dated_text(draft, Some(article), self.now).text
                }
            }
            // The page stands by its headline and its text.
            Read::Unchanged(_) | Read::Fresh(..) => Text {
                lead,
                ..before.text.clone()
            },
            // The page may be read again soon. Until then what the announcement changed is shown with the text that we
            // have; its other words may differ from the page's for ever, so they are not news.
            Read::Failed(_) => {
                let title_changed = said.0.lines().next() != said.1.lines().next();
                let title = if title_changed {
                    &draft.title
                } else {
                    &before.text.title
                };
                Text {
                    title: title.clone(),
                    lead,
                    body: before.text.body.clone(),
                }
            }
        };
        let url = draft.url.as_str();
        let reading = match &read {
            Read::Changed(article, _) => Some(article.reading),
            _ => None,
        };
        let outcome = self.revise((guid, url), &before, text, reading).await?;
        if let Read::Changed(_, receipt) = &read
            && outcome != Outcome::Folded
        {
            self.keep(receipt).await?;
        }
        // A page that failed, or that a cache still gives as it was, is looked at again.
        if !matches!(read, Read::Changed(..)) || outcome == Outcome::Unchanged {
            let due = Some(pages::next_attempt(self.now, 0));
            self.store
                .plan(&self.source.id, &draft.path, due, 0)
                .await?;
        }
        Ok(())
    }

    /// Keeps a text that differs from the one that the release itself had `before`, whatever copy's is shown in its place;
    /// a late one may turn out to be a copy.
    pub(super) async fn revise(
        &mut self,
        (guid, url): (Guid, &str),
        before: &DatedText,
        text: Text,
        reading: Option<Reading>,
    ) -> Result<Outcome, Error> {
        let known = self.store.reading(guid).await?;
        let is_found_otherwise =
            before.text.body.is_some() && reading.is_some() && known != reading;
        let is_shown = self
            .store
            .item(guid)
            .await?
            .is_some_and(|item| item.release.notice().is_none());
        if is_found_otherwise && is_shown && reading == Some(Reading::Readability) {
            // The better reading stays; that it cannot be had now is the layout's change, not the release's.
            self.layout_has_changed().await?;
            return Ok(Outcome::Unchanged);
        }
        let both = (before.text.clone(), text.clone());
        let difference = apart(move || Difference::between(&both.0, &both.1)).await?;
        if difference.is_empty() {
            let reading = reading.filter(|_| is_found_otherwise);
            self.same_words(guid, &before.text, &text, reading).await?;
            return Ok(Outcome::Unchanged);
        }
        if self.is_closed(guid, &text).await? {
            return Ok(Outcome::Unchanged);
        }
        let of_copy = self.text_of_copy(guid).await?;
        // Where a copy tells the release better, it is not hidden by another lead, nor by what an announcement alone says.
        let is_lead = difference.parts.iter().all(|one| one.part == Part::Lead);
        let is_beneath = of_copy.is_some() && (reading.is_none() || is_lead);
        let difference = match of_copy {
            // Readers see what changes against the text that they have.
            Some(shown) if !is_beneath => {
                let now = text.clone();
                apart(move || Difference::between(&shown, &now)).await?
            }
            _ => difference,
        };
        let changed = difference.parts.iter().map(|one| one.part.as_str());
        let changed: Vec<&'static str> = changed.collect();
        let now = DatedText {
            text,
            published: before.published,
        };
        // Where a person has removed a text, the release had one, whatever is there now.
        let is_completed = before.text.body.is_none()
            && now.text.body.is_some()
            && !self.store.is_redacted(guid).await?;
        if let Some(of) = self.ingest.redacted_from(guid, &now.text).await? {
            return self.not_again(guid, url, is_completed, of).await;
        }
        let judged = match is_completed {
            true => Some(self.ingest.judge(guid, &now).await?),
            false => None,
        };
        let fingerprint = match (&judged, &now.text.body) {
            (Some(judged), _) => Some(judged.fingerprint.clone()),
            (None, Some(_)) => Some(Arc::new(fingerprint(&now).await?)),
            (None, None) => None,
        };
        let is_lead_alone = changed == ["lead"] && before.text.lead.is_none();
        let (cause, weight) = if is_completed || is_lead_alone {
            (Cause::Completed, None)
        } else if is_found_otherwise && known.is_some() {
            (Cause::Reread, None)
        } else {
            (Cause::Edited, Some(difference.weight))
        };
        let text = &now.text;
        let derived = self.ingest.derive(text, fingerprint.as_deref(), reading);
        let new = NewRevision {
            text: text.clone(),
            cause,
            weight,
            changed,
            derived: Derived {
                related: judged.as_ref().map(Judged::related).unwrap_or_default(),
                ..derived.await?
            },
        };
        if is_beneath {
            let now = self.ingest.clock.now();
            self.store.revise_beneath(guid, &new, now).await?;
            return Ok(Outcome::Unchanged);
        }
        if let Some((other, reason)) = judged.and_then(|judged| judged.judgement.known) {
            if self.ingest.redacted_from(other, text).await?.is_some() {
                return self.not_again(guid, url, is_completed, other).await;
            }
            return self
                .completed_as_copy((guid, url), &new, (other, reason))
                .await;
        }
        self.store
            .revise(guid, &new, self.ingest.clock.now())
            .await?;
        let weight = weight.map(Weight::as_str);
        tracing::info!(
            source = self.source.id,
            id = guid.id(),
            cause = cause.as_str(),
            weight,
            changed = ?new.changed,
            "revised"
        );
        self.report.revised += 1;
        Ok(Outcome::Revised)
    }

    /// The text that a release shows, where it is a copy's.
    async fn text_of_copy(&self, guid: Guid) -> Result<Option<Text>, Error> {
        let shown = self.store.dated_text(guid).await?;
        let own = self.store.own_text(guid).await?;
        let is_own = shown == own;
        Ok(shown.filter(|_| !is_own).map(|shown| shown.text))
    }

    /// A text that a person has removed `of` a release is on this one's page.
    async fn not_again(
        &mut self,
        guid: Guid,
        url: &str,
        is_completed: bool,
        of: Guid,
    ) -> Result<Outcome, Error> {
        tracing::info!(
            id = guid.id(),
            "a text that was removed by a person was not stored again"
        );
        let is_apart = self.store.rulings(guid).await?.apart.contains(&of);
        if !is_completed || is_apart || of == guid {
            return Ok(Outcome::Unchanged);
        }
        // Its lead was shown as a release of its own, until its page told what it is.
        let folding = Folding {
            from: guid,
            into: of,
            reason: Reason::Redacted,
            completed: None,
            better: None,
            relations: self.ingest.classifier.relations(),
            at: self.ingest.clock.now(),
        };
        if !self.store.fold(&folding).await? {
            return Err(store::Error::Overruled.into());
        }
        self.count_merged(of, url, &Reason::Redacted);
        Ok(Outcome::Folded)
    }

    /// What of a text changes without its words: how it was found, and where its links lead.
    async fn same_words(
        &self,
        guid: Guid,
        before: &Text,
        now: &Text,
        reading: Option<Reading>,
    ) -> Result<(), Error> {
        if let Some(reading) = reading {
            self.store.found_by(guid, reading).await?;
        }
        let (Some(old), Some(new)) = (before.body.clone(), now.body.clone()) else {
            return Ok(());
        };
        let mended = move || (html::links(&old) != html::links(&new)).then_some(new);
        if let Some(body) = apart(mended).await?
            && !self.is_closed(guid, now).await?
            && self.ingest.redacted_from(guid, now).await?.is_none()
        {
            // No reader of the words sees it, but who follows a link does.
            self.store.mend_links(guid, &body).await?;
        }
        Ok(())
    }
}
