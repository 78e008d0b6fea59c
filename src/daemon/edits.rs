//! What becomes of an address that is known: nothing, an edit, or the text that was missing.

use chrono::Utc;

use super::announcements::Announcement;
use super::arrivals::{Judgement, dated_text, fingerprint};
use super::cycle::Cycle;
use super::{Error, pages, paragraphs};
use crate::release::{CanonicalPath, Cause, DatedText, Draft, Guid, Text};
use crate::store::{Address, MergedCopy, Way};

impl Cycle<'_> {
    /// Looks at a known address again: when a way in says something new of it, its page is read at once.
    pub(super) async fn see_again(
        &mut self,
        one: &Announcement,
        address: &Address,
    ) -> Result<(), Error> {
        let is_new = |now: &Option<String>, before: &Option<String>| {
            now.is_some() && before.is_some() && now != before
        };
        let feed_changed = is_new(&one.feed_seen, &address.feed_seen);
        // The listing's word counts only where there is no feed: it cuts leads as it likes.
        let listing_changed = address.feed_seen.is_none()
            && one.feed_seen.is_none()
            && is_new(&one.listing_seen, &address.listing_seen);
        if (feed_changed || listing_changed) && !address.is_copy {
            self.edited(address.guid, &one.draft).await?;
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

    async fn edited(&mut self, guid: Guid, draft: &Draft) -> Result<(), Error> {
        let Some(before) = self.store.dated_text(guid).await? else {
            return Ok(());
        };
        let read = self.read_page(draft).await?;
        let text = match &read {
            Some((article, _)) => dated_text(draft, Some(article), self.now).text,
            // The page may be read again soon; until then the new title and lead are shown with the text that we have.
            None => Text {
                body: before.text.body.clone(),
                ..dated_text(draft, None, self.now).text
            },
        };
        if read.is_none() {
            let due = Some(pages::next_attempt(self.now, 0));
            self.store
                .plan(&self.source.id, &draft.path, due, 0)
                .await?;
        }
        let text = Text {
            lead: text.lead.or_else(|| before.text.lead.clone()),
            ..text
        };
        let url = draft.url.as_str();
        self.revise(guid, &draft.path, url, &before, text).await?;
        if let Some((_, validators)) = &read {
            self.store.keep_validators(url, validators).await?;
        }
        Ok(())
    }

    /// Keeps a text that differs from the one we have; a late one may turn out to be a copy.
    pub(super) async fn revise(
        &mut self,
        guid: Guid,
        path: &CanonicalPath,
        url: &str,
        before: &DatedText,
        text: Text,
    ) -> Result<(), Error> {
        let changed = changes(&before.text, &text);
        if changed.is_empty() {
            return Ok(());
        }
        let at = Utc::now();
        let now = DatedText {
            text,
            published: before.published,
        };
        let is_completed = before.text.body.is_none() && now.text.body.is_some();
        if is_completed && let Judgement::CopyOf(into, reason) = self.judge(guid, &now).await? {
            let copy = MergedCopy {
                into,
                source: &self.source.id,
                path,
                url,
                text: &now,
                reason: reason.to_string(),
                at,
            };
            self.store.fold(guid, &copy).await?;
            self.count_merged(&copy);
            return Ok(());
        }
        let fingerprint = now.text.body.is_some().then(|| fingerprint(&now));
        let derived = self.ingest.derive(&now.text, fingerprint.as_ref());
        let cause = if is_completed {
            Cause::Completed
        } else {
            Cause::Edited
        };
        self.store
            .revise(guid, &now.text, cause, &changed, &derived, at)
            .await?;
        tracing::info!(id = guid.id(), cause = cause.as_str(), ?changed, "revised");
        self.report.revised += 1;
        Ok(())
    }
}

/// What differs between two texts as a reader sees it; other markup alone is no change.
fn changes(before: &Text, after: &Text) -> Vec<&'static str> {
    [
        ("title", before.title != after.title),
        ("lead", before.lead != after.lead),
        ("body", paragraphs(before) != paragraphs(after)),
    ]
    .into_iter()
    .filter_map(|(what, differs)| differs.then_some(what))
    .collect()
}
