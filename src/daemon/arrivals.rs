//! What the ways in announce together, and what becomes of one announcement: a new release, a copy, or one seen again.

use chrono::{DateTime, Utc};

use super::cycle::Cycle;
use super::{Error, paragraphs};
use crate::duplicates::{self, Comparison, Fingerprint, Reason};
use crate::fetch::Answer;
use crate::release::{Article, Cause, Draft, Guid, Published, Text};
use crate::store::{Address, Arrival, Copy, Validators, Way};

use super::pages;

/// One announced release, with what each way in said of it.
#[derive(Debug, Clone)]
pub struct Arriving {
    /// The release; the feed's word counts before the listing's, which knows only the day.
    pub draft: Draft,
    /// What the feed said.
    pub feed_seen: Option<String>,
    /// What the listing said.
    pub listing_seen: Option<String>,
}

/// Joins what the feed and the listing announce, in the feed's order and then the listing's.
pub fn combine(feed: Vec<Draft>, listing: Vec<Draft>) -> Vec<Arriving> {
    let mut all: Vec<Arriving> = Vec::new();
    let ways = feed.into_iter().map(|draft| (Way::Feed, draft));
    for (way, draft) in ways.chain(listing.into_iter().map(|draft| (Way::Listing, draft))) {
        let seen = Some(seen(&draft));
        let known = all.iter_mut().find(|one| one.draft.path == draft.path);
        match (known, way) {
            (Some(one), Way::Feed) => one.feed_seen = one.feed_seen.take().or(seen),
            (Some(one), Way::Listing) => {
                one.listing_seen = one.listing_seen.take().or(seen);
                one.draft.lead = one.draft.lead.take().or(draft.lead);
                if one.draft.published == Published::Unknown {
                    one.draft.published = draft.published;
                }
            }
            (None, Way::Feed) => all.push(Arriving {
                draft,
                feed_seen: seen,
                listing_seen: None,
            }),
            (None, Way::Listing) => all.push(Arriving {
                draft,
                feed_seen: None,
                listing_seen: seen,
            }),
        }
    }
    all
}

/// What of an announcement would change if the release were edited.
fn seen(draft: &Draft) -> String {
    format!(
        "{}\n{}",
        draft.title,
        draft.lead.as_deref().unwrap_or_default()
    )
}

/// What becomes of a new text.
pub(super) enum Judgement {
    New(Fingerprint),
    CopyOf(Guid, Reason),
}

impl Cycle<'_> {
    /// Takes in an address that was never seen.
    pub(super) async fn arrive(&mut self, one: &Arriving, gap: Option<i64>) -> Result<(), Error> {
        let draft = &one.draft;
        let guid = Guid::new(&self.source.id, &draft.path);
        let arrival = Arrival {
            source: self.source.id.clone(),
            path: draft.path.clone(),
            url: draft.url.to_string(),
            upstream_guid: draft.upstream_guid.clone(),
            feed_seen: one.feed_seen.clone(),
            listing_seen: one.listing_seen.clone(),
            at: Utc::now(),
            gap,
        };
        if let Some(upstream) = &draft.upstream_guid
            && let Some(into) = self
                .store
                .by_upstream_guid(&self.source.id, upstream)
                .await?
        {
            let copy = copy_of(draft, None, arrival.at);
            return self
                .merge(
                    into,
                    &arrival,
                    &copy,
                    &Reason::UpstreamGuid(upstream.clone()),
                )
                .await;
        }
        let read = self.read_page(draft).await?;
        let article = read.as_ref().map(|(article, _)| article);
        let copy = copy_of(draft, article, arrival.at);
        // A lead alone is too little to tell a copy by; it is judged when its page has been read.
        let fingerprint = match article {
            None => None,
            Some(_) => match self.judge(guid, &copy).await? {
                Judgement::CopyOf(into, reason) => {
                    return self.merge(into, &arrival, &copy, &reason).await;
                }
                Judgement::New(fingerprint) => Some(fingerprint),
            },
        };
        let kept = self.ingest.kept(&copy.text, fingerprint.as_ref());
        let due = match fingerprint {
            Some(_) => pages::next_reading(copy.published, arrival.at, 0),
            None => Some(pages::next_attempt(arrival.at, 0)),
        };
        self.store.add(guid, &arrival, &copy, &kept, due).await?;
        if let Some((_, validators)) = &read {
            self.store.keep_validators(&arrival.url, validators).await?;
        }
        let topics: Vec<&str> = kept.tags.iter().map(|tag| tag.topic.as_str()).collect();
        tracing::info!(id = guid.id(), ?topics, title = %copy.text.title, "new release");
        self.report.new += 1;
        Ok(())
    }

    async fn merge(
        &mut self,
        into: Guid,
        arrival: &Arrival,
        copy: &Copy,
        reason: &Reason,
    ) -> Result<(), Error> {
        self.store
            .merge(into, arrival, copy, &reason.to_string())
            .await?;
        tracing::info!(id = into.id(), url = %arrival.url, %reason, "part of a release that is known");
        self.report.merged += 1;
        Ok(())
    }

    /// Whether a text is a copy of a release that the feeds show.
    pub(super) async fn judge(&self, guid: Guid, copy: &Copy) -> Result<Judgement, Error> {
        let fingerprint = fingerprint(copy);
        let candidates = self
            .store
            .candidates(&fingerprint.sketch(), copy.published, guid)
            .await?;
        for candidate in candidates {
            let Some(other) = self.store.copy(candidate).await? else {
                continue;
            };
            match duplicates::compare(&self::fingerprint(&other), &fingerprint) {
                Comparison::One(reason) => return Ok(Judgement::CopyOf(candidate, reason)),
                Comparison::Template(refusal) => {
                    tracing::info!(id = guid.id(), other = candidate.id(), %refusal, "kept apart");
                }
                Comparison::Two => {}
            }
        }
        Ok(Judgement::New(fingerprint))
    }

    /// Looks at a known address again: when a way in says something new of it, its page is read at once.
    pub(super) async fn see_again(
        &mut self,
        one: &Arriving,
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
        let Some(before) = self.store.copy(guid).await? else {
            return Ok(());
        };
        let read = self.read_page(draft).await?;
        let text = match &read {
            Some((article, _)) => copy_of(draft, Some(article), self.now).text,
            // The page may be read again soon; until then the new title and lead are shown with the text that we have.
            None => Text {
                body: before.text.body.clone(),
                ..copy_of(draft, None, self.now).text
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
        path: &crate::release::CanonicalPath,
        url: &str,
        before: &Copy,
        text: Text,
    ) -> Result<(), Error> {
        let changed = changes(&before.text, &text);
        if changed.is_empty() {
            return Ok(());
        }
        let at = Utc::now();
        let copy = Copy {
            text,
            published: before.published,
        };
        let is_completed = before.text.body.is_none() && copy.text.body.is_some();
        if is_completed && let Judgement::CopyOf(into, reason) = self.judge(guid, &copy).await? {
            self.store
                .fold(
                    guid,
                    into,
                    &self.source.id,
                    path,
                    url,
                    &copy,
                    &reason.to_string(),
                    at,
                )
                .await?;
            tracing::info!(id = into.id(), url, %reason, "part of a release that is known");
            self.report.merged += 1;
            return Ok(());
        }
        let fingerprint = copy.text.body.is_some().then(|| fingerprint(&copy));
        let kept = self.ingest.kept(&copy.text, fingerprint.as_ref());
        let cause = if is_completed {
            Cause::Completed
        } else {
            Cause::Edited
        };
        self.store
            .revise(guid, &copy.text, cause, &changed, &kept, at)
            .await?;
        tracing::info!(id = guid.id(), cause = cause.as_str(), ?changed, "revised");
        self.report.revised += 1;
        Ok(())
    }

    /// A release's own page, with the validators to keep once it is stored.
    async fn read_page(&mut self, draft: &Draft) -> Result<Option<(Article, Validators)>, Error> {
        match self.get(&draft.url, &Validators::default()).await? {
            Some(Answer::Changed(page, validators)) => {
                let article = self
                    .parse(&draft.url, page, crate::newsroom::Reader::article)
                    .await;
                Ok(article.map(|article| (article, validators)))
            }
            _ => Ok(None),
        }
    }
}

pub(super) fn fingerprint(copy: &Copy) -> Fingerprint {
    Fingerprint::new(&copy.text.title, &paragraphs(&copy.text), copy.published)
}

/// The text and date of a draft with its own page, whose headline counts before an announcement's.
fn copy_of(draft: &Draft, article: Option<&Article>, first_seen: DateTime<Utc>) -> Copy {
    let published = match (
        draft.published,
        article.and_then(|article| article.published),
    ) {
        (Published::Unknown, Some(day)) => Published::On(day),
        (said, _) => said,
    };
    Copy {
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
