//! Pairs of releases, each judged as a cycle judges them.

use chrono::{DateTime, Utc};

use super::judging::fingerprint;
use super::{Error, Ingest};
use crate::duplicates::evaluation::{Judged, Pair, Side};
use crate::duplicates::{Judgement, Reason, Verdict};
use crate::release::{CanonicalPath, DatedText, Guid, Published, Text};
use crate::store::NewAddress;
use crate::text;

impl Ingest {
    /// Judges a pair, as releases of the first source: `b` arrives at this store, which must be empty, when it holds `a`
    /// alone.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn judge_pair(&self, pair: &Pair) -> Result<Judged, Error> {
        let now = self.clock.now();
        let a = dated_text(&pair.a, now);
        let b = dated_text(&pair.b, now);
        let source = &self.config.sources[0].id;
        let path = self.hold(&pair.a, &a, now).await?;
        let arriving = CanonicalPath::of(&pair.b.url);
        let judgement = if path == arriving {
            Judgement {
                known: Some((Guid::new(source, &path), Reason::Path)),
                ..Judgement::default()
            }
        } else {
            self.judge(Guid::new(source, &arriving), &b)
                .await?
                .judgement
        };
        let reason = match (&judgement.known, judgement.related.first()) {
            (Some((_, reason)), _) => reason.to_string(),
            (None, Some((_, refusal))) => refusal.to_string(),
            (None, None) => "the texts share too little".to_owned(),
        };
        Ok(Judged {
            same: pair.same,
            merged: judgement.verdict() != Verdict::New,
            verdict: judgement.verdict().as_str(),
            kind: pair.kind.clone(),
            titles: [pair.a.title.clone(), pair.b.title.clone()],
            reason,
        })
    }

    /// Stores a release as a cycle does that finds it new.
    async fn hold(
        &self,
        side: &Side,
        text: &DatedText,
        now: DateTime<Utc>,
    ) -> Result<CanonicalPath, Error> {
        let source = &self.config.sources[0].id;
        let path = CanonicalPath::of(&side.url);
        let address = NewAddress {
            source: source.clone(),
            path: path.clone(),
            url: side.url.to_string(),
            upstream_guid: None,
            feed_seen: None,
            listing_seen: None,
            at: now,
            gap: None,
        };
        let fingerprint = fingerprint(text).await?;
        let derived = self.derive(&text.text, Some(&fingerprint), None).await?;
        let guid = Guid::new(source, &path);
        self.store.know(source).await?;
        self.store.add(guid, &address, text, &derived, None).await?;
        Ok(path)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn dated_text(side: &Side, now: DateTime<Utc>) -> DatedText {
    let paragraphs = text::unwrapped(&side.body);
    let body = paragraphs
        .iter()
        .map(|paragraph| format!("<p>{}</p>", escaped(paragraph)))
        .collect();
    DatedText {
        text: Text {
            title: text::line(&side.title),
            lead: None,
            body: Some(body),
        },
        published: Published::On(side.date).date(now),
    }
}
