//! A person removes a text for good.

use xxhash_rust::xxh3::xxh3_64;

use super::cycle::Cycle;
use super::{Error, Ingest, apart, paragraphs};
use crate::release::{Guid, Text};
use crate::text;

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redacted {
    /// Every text of the release, for ever.
    Whole,
    /// One revision's, which readers still saw.
    Current,
    /// One revision's, which was history.
    Past,
    /// There is no such revision.
    NoRevision,
}

impl Ingest {
    /// Removes the texts of a release, or one revision's, so that the next fetch does not bring them back.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn redact(&self, guid: Guid, revision: Option<i64>) -> Result<Redacted, Error> {
        let texts = self.store.revision_texts(guid).await?;
        let at = self.clock.now();
        let Some(revision) = revision else {
            let mut hashes = Vec::new();
            for one in texts {
                hashes.extend(hash(one.text).await?);
            }
            self.store.redact(guid, None, true, &hashes, at).await?;
            return Ok(Redacted::Whole);
        };
        let Some(removed) = texts.iter().find(|one| one.number == revision) else {
            return Ok(Redacted::NoRevision);
        };
        // The same text may stand under several numbers, as where it was withdrawn and restored.
        let unwanted = hash(removed.text.clone()).await?;
        let mut numbers = vec![revision];
        let mut last = None;
        for one in &texts {
            last = hash(one.text.clone()).await?;
            if unwanted.is_some() && last == unwanted && one.number != revision {
                numbers.push(one.number);
            }
        }
        let is_last = texts
            .last()
            .is_some_and(|one| numbers.contains(&one.number));
        let current = is_last || last.is_some() && last == unwanted;
        let hashes: Vec<i64> = unwanted.into_iter().collect();
        self.store
            .redact(guid, Some(&numbers), current, &hashes, at)
            .await?;
        Ok(if current {
            Redacted::Current
        } else {
            Redacted::Past
        })
    }
}

impl Cycle<'_> {
    /// Whether a text of a release must not be stored.
    pub(super) async fn is_redacted(&self, guid: Guid, text: &Text) -> Result<bool, Error> {
        if self.store.is_redacted_whole(guid).await? {
            return Ok(true);
        }
        let redacted = self.redacted_from(text).await?;
        if redacted.is_some() {
            tracing::info!(
                id = guid.id(),
                "a text that was removed by a person was not stored again"
            );
        }
        Ok(redacted.is_some())
    }

    /// The release from which a person has removed this very text.
    pub(super) async fn redacted_from(&self, text: &Text) -> Result<Option<Guid>, Error> {
        match hash(text.clone()).await? {
            Some(hash) => Ok(self.store.redacted_from(hash).await?),
            None => Ok(None),
        }
    }
}

/// The hash of a text's words; none where it has no body. Other markup, case and punctuation do not make it another.
async fn hash(text: Text) -> Result<Option<i64>, Error> {
    apart(move || {
        let words = text::normalise(&paragraphs(&text).join(" "));
        (!words.is_empty()).then(|| xxh3_64(words.as_bytes()).cast_signed())
    })
    .await
}
