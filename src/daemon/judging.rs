//! Whether a text is a release that we have, asked of the store; and whether it tells that release better.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Error, Ingest, apart, paragraphs};
use crate::difference::Difference;
use crate::duplicates::{self, Candidate, Fingerprint, Judgement, Reason};
use crate::release::{Cause, DatedText, Guid};
use crate::store::{Derived, NewRevision};

/// A release of a series has many that are like it; these few are kept.
const MOST_RELATED: usize = 3;
/// As many sketches are made anew in one transaction.
const SKETCHED_AT_ONCE: i64 = 100;

/// A text that was judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// What it turned out to be.
    pub judgement: Judgement,
    pub(super) fingerprint: Arc<Fingerprint>,
}

impl Judged {
    /// The hashes by which copies of it are found.
    pub fn sketch(&self) -> Vec<i64> {
        self.fingerprint.sketch()
    }

    /// The releases that it is like the most and yet is not, with the reasons in words.
    pub fn related(&self) -> Vec<(Guid, String)> {
        let related = self.judgement.related.iter().take(MOST_RELATED);
        related
            .map(|(guid, refusal)| (*guid, refusal.to_string()))
            .collect()
    }
}

/// Another state of the store, in which a text is judged.
#[derive(Debug, Default)]
pub(super) struct Among {
    /// A release with another text than it has, which counts whatever the index says.
    pub(super) with: Option<(Guid, DatedText)>,
    /// Releases that are not there.
    pub(super) without: HashSet<Guid>,
}

impl Ingest {
    /// Judges the text at `guid` among the releases that the feeds show. A person's word comes before all rules.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn judge(&self, guid: Guid, text: &DatedText) -> Result<Judged, Error> {
        self.judge_among(guid, text, &Among::default()).await
    }

    /// A text that is taken for new without a look.
    ///
    /// # Errors
    /// [`Error`] when a thread fails.
    pub async fn unjudged(&self, text: &DatedText) -> Result<Judged, Error> {
        Ok(Judged {
            judgement: Judgement::default(),
            fingerprint: Arc::new(fingerprint(text).await?),
        })
    }

    /// As [`Ingest::judge`], with the store in another state than it is in.
    pub(super) async fn judge_among(
        &self,
        guid: Guid,
        text: &DatedText,
        among: &Among,
    ) -> Result<Judged, Error> {
        let fingerprint = Arc::new(fingerprint(text).await?);
        let rulings = self.store.rulings(guid).await?;
        for one in rulings.one {
            if !among.without.contains(&one) && self.store.dated_text(one).await?.is_some() {
                let judgement = Judgement {
                    known: Some((one, Reason::Ruled)),
                    ..Judgement::default()
                };
                return Ok(Judged {
                    judgement,
                    fingerprint,
                });
            }
        }
        let (sketch, published) = (fingerprint.sketch(), text.published);
        let mut candidates: Vec<(Guid, DatedText)> = among.with.clone().into_iter().collect();
        for candidate in self.store.candidates(&sketch, published, guid).await? {
            let is_with = among.with.as_ref().is_some_and(|with| with.0 == candidate);
            let is_out = among.without.contains(&candidate) || rulings.apart.contains(&candidate);
            if is_with || is_out {
                continue;
            }
            if let Some(text) = self.store.dated_text(candidate).await? {
                candidates.push((candidate, text));
            }
        }
        if candidates.is_empty() {
            return Ok(Judged {
                judgement: Judgement::default(),
                fingerprint,
            });
        }
        let draft = fingerprint.clone();
        let judgement = apart(move || {
            let candidates: Vec<Candidate> = candidates
                .iter()
                .map(|(guid, text)| Candidate {
                    guid: *guid,
                    fingerprint: print(text),
                })
                .collect();
            duplicates::judge(&draft, &candidates)
        })
        .await?;
        for (other, refusal) in &judgement.related {
            tracing::info!(id = guid.id(), other = other.id(), %refusal, "kept apart");
        }
        Ok(Judged {
            judgement,
            fingerprint,
        })
    }

    /// The revision that a copy's text makes of a release, if it tells it better than the text that is shown. Of a release
    /// whose text is for nobody it makes none.
    pub(super) async fn better(
        &self,
        shown: Guid,
        copy: &DatedText,
    ) -> Result<Option<NewRevision>, Error> {
        let Some(before) = self.store.dated_text(shown).await? else {
            return Ok(None);
        };
        let item = self.store.item(shown).await?;
        let is_public = item.is_some_and(|item| item.release.notice().is_none());
        if !is_public
            || copy.text.body.is_none()
            || self.redacted_from(shown, &copy.text).await?.is_some()
        {
            return Ok(None);
        }
        let mut copy = copy.clone();
        copy.text.lead = self
            .store
            .removed_leads(shown)
            .await?
            .unless(&copy.text.lead);
        let (old, new) = (before.clone(), copy.clone());
        let difference = apart(move || {
            duplicates::is_better(&print(&new), &print(&old))
                .then(|| Difference::between(&old.text, &new.text))
        })
        .await?;
        let Some(difference) = difference.filter(|difference| !difference.is_empty()) else {
            return Ok(None);
        };
        // The date stays the release's, whatever the copy says.
        let now = DatedText {
            text: copy.text,
            published: before.published,
        };
        let changed = difference.parts.iter().map(|one| one.part.as_str());
        Ok(Some(NewRevision {
            changed: changed.collect(),
            cause: Cause::Reissued,
            weight: Some(difference.weight),
            derived: self.beside(&now).await?,
            text: now.text,
        }))
    }

    /// What is kept beside a text.
    pub(super) async fn beside(&self, text: &DatedText) -> Result<Derived, Error> {
        let fingerprint = match text.text.body {
            Some(_) => Some(fingerprint(text).await?),
            None => None,
        };
        self.derive(&text.text, fingerprint.as_ref(), None).await
    }

    /// Makes the sketches anew that an earlier version of the program has made.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn sketch_anew(&self) -> Result<(), Error> {
        let mut made = 0;
        loop {
            let mut sketches = Vec::new();
            for guid in self.store.unsketched(SKETCHED_AT_ONCE).await? {
                let text = self.store.dated_text(guid).await?;
                let sketch = match text.filter(|text| text.text.body.is_some()) {
                    Some(text) => fingerprint(&text).await?.sketch(),
                    None => Vec::new(),
                };
                sketches.push((guid, sketch));
            }
            if sketches.is_empty() {
                break;
            }
            made += sketches.len();
            self.store.sketch(&sketches).await?;
        }
        if made > 0 {
            tracing::info!(releases = made, "made the index of texts anew");
        }
        Ok(())
    }
}

/// What of a text is compared.
pub(super) async fn fingerprint(of: &DatedText) -> Result<Fingerprint, Error> {
    let of = of.clone();
    apart(move || print(&of)).await
}

fn print(of: &DatedText) -> Fingerprint {
    Fingerprint::new(&of.text.title, &paragraphs(&of.text), of.published)
}
