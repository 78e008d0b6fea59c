//! What becomes of an address that was never seen: a new release, or a copy of one that we have.

use chrono::{DateTime, Utc};

use super::announcements::Announcement;
use super::cycle::Cycle;
use super::reading::Read;
use super::{Error, Judged, pages};
use crate::duplicates::Reason;
use crate::fetch::Wanted;
use crate::release::{
    Article, CanonicalPath, DatedText, Draft, Guid, Published, Reading, Status, Text,
};
use crate::store::{Address, Derived, MergedCopy, NewAddress, Redaction, Way};

impl Cycle<'_> {
    /// Takes in an address that was never seen.
    pub(super) async fn arrive(
        &mut self,
        one: &Announcement,
        gap: Option<i64>,
    ) -> Result<(), Error> {
        let draft = &one.draft;
        let guid = Guid::new(&self.source.id, &draft.path);
        let address = self.new_address(one, gap);
        if let Some(upstream) = &draft.upstream_guid {
            let source = &self.source.id;
            if let Some(known) = self.store.by_upstream_guid(source, upstream).await? {
                let reason = Reason::UpstreamGuid(upstream.clone());
                let announced = dated_text(draft, None, address.at);
                match (known.redacted, known.is_copy) {
                    (Some(Redaction::Whole), _) | (Some(Redaction::Current), true) => {
                        return self
                            .arrive_unworded(known.guid, &address, &announced, &reason)
                            .await;
                    }
                    // A copy that moves is still a copy: the release itself stays where it is.
                    (None, true) => {
                        return self.merge(known.guid, &address, &announced, &reason).await;
                    }
                    (_, false) => {
                        let removed = self.store.removed_leads(known.guid).await?;
                        let one = one.without(&removed);
                        return self.moved(&known, &one, gap, upstream).await;
                    }
                }
            }
        }
        let read = self.read_article(&draft.url, Wanted::Whole).await?;
        if let Read::Failed(failure) = &read {
            self.note(&draft.url, failure.to_string());
        }
        let article = match &read {
            Read::Changed(article, _) => Some(article),
            _ => None,
        };
        let mut first = dated_text(draft, article, address.at);
        if let Some(article) = article {
            let layout = self.store.layout(&self.source.id).await?;
            first.text.body = Some(self.body(article, &layout).await?);
        }
        if let Some(redacted) = self.ingest.redacted_from(guid, &first.text).await? {
            return self
                .arrive_unworded(redacted, &address, &first, &Reason::Redacted)
                .await;
        }
        // A lead alone is too little to tell a copy by; it is judged when its page has been read.
        let judged = match article {
            None => None,
            Some(_) => Some(self.ingest.judge(guid, &first).await?),
        };
        if let Some(judged) = &judged
            && let Some((into, reason)) = &judged.judgement.known
        {
            if self
                .ingest
                .redacted_from(*into, &first.text)
                .await?
                .is_some()
            {
                return self
                    .arrive_unworded(*into, &address, &first, &Reason::Redacted)
                    .await;
            }
            return self.merge(*into, &address, &first, reason).await;
        }
        let reading = article.map(|article| article.reading);
        if reading == Some(Reading::Readability) {
            self.layout_has_changed().await?;
        }
        let fingerprint = judged.as_ref().map(|judged| &*judged.fingerprint);
        let derived = Derived {
            related: judged.as_ref().map(Judged::related).unwrap_or_default(),
            ..self
                .ingest
                .derive(&first.text, fingerprint, reading)
                .await?
        };
        let due = match judged {
            Some(_) => pages::next_reading(first.published, address.at, address.at),
            None => Some(pages::next_attempt(address.at, 0)),
        };
        self.store
            .add(guid, &address, &first, &derived, due)
            .await?;
        if let Read::Changed(_, receipt) = &read {
            self.keep(receipt).await?;
        }
        let topics: Vec<&str> = derived.tags.iter().map(|tag| tag.topic.as_str()).collect();
        let source = &self.source.id;
        tracing::info!(source, id = guid.id(), ?topics, title = %first.text.title, "new release");
        self.report.new += 1;
        Ok(())
    }

    fn new_address(&self, one: &Announcement, gap: Option<i64>) -> NewAddress {
        NewAddress {
            source: self.source.id.clone(),
            path: one.draft.path.clone(),
            url: one.draft.url.to_string(),
            upstream_guid: one.draft.upstream_guid.clone(),
            feed_seen: one.feed_seen.clone(),
            listing_seen: one.listing_seen.clone(),
            at: self.ingest.clock.now(),
            gap,
        }
    }

    /// The newsroom shows a release that we have at another address: its headline was changed together with its slug. The
    /// item stays; its link and its words follow.
    async fn moved(
        &mut self,
        known: &Address,
        one: &Announcement,
        gap: Option<i64>,
        upstream: &str,
    ) -> Result<(), Error> {
        let guid = known.guid;
        let (Some(item), Some(text)) = (
            self.store.item(guid).await?,
            self.store.own_text(guid).await?,
        ) else {
            return Ok(());
        };
        let Some(url) = self.address(&item.release.url) else {
            return Ok(());
        };
        let is_redacted = self.store.is_redacted(guid).await?;
        let noted = match is_redacted {
            // An edited lead may still be much the same.
            true => one.noted_by_headline(),
            false => one.clone(),
        };
        // What was announced is noted last, so that a kill in between leaves it to be taken in by the next cycle.
        let address = NewAddress {
            feed_seen: Some(String::new()),
            ..self.new_address(&noted, gap)
        };
        let old = MergedCopy {
            into: guid,
            source: &self.source.id,
            path: &CanonicalPath::of(&url),
            url: url.as_str(),
            text: &text,
            is_redacted,
            reason: Reason::UpstreamGuid(upstream.to_owned()),
            at: address.at,
        };
        let due = match item.release.status {
            Status::Withdrawn => address.at,
            Status::Current => pages::next_attempt(address.at, 0),
        };
        self.store.move_to(&address, &old, due).await?;
        self.count_merged(guid, old.url, &old.reason);
        if item.release.status == Status::Withdrawn {
            // It stays so until its new page has been read.
            return Ok(());
        }
        let (Some(now), Some(noted)) = (&one.feed_seen, &noted.feed_seen) else {
            return Ok(());
        };
        self.edited(guid, &one.draft, ("", now)).await?;
        let (source, path) = (&address.source, &address.path);
        self.store
            .saw(source, path, Way::Feed, noted, Some(upstream))
            .await?;
        Ok(())
    }
}

/// The text and date of a draft with its own page, whose headline counts before an announcement's.
pub(super) fn dated_text(
    draft: &Draft,
    article: Option<&Article>,
    first_seen: DateTime<Utc>,
) -> DatedText {
    let published = match (
        draft.published,
        article.and_then(|article| article.published),
    ) {
        (Published::Unknown, Some(day)) => Published::On(day),
        (said, _) => said,
    };
    DatedText {
        text: Text {
            title: article
                .and_then(|article| article.title.clone())
                .unwrap_or_else(|| draft.title.clone()),
            lead: draft.lead.clone(),
            body: article.map(|article| article.body.clone()),
        },
        published: published.date(first_seen),
    }
}
