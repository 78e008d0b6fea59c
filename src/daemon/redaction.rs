//! A person removes a text for good.

use super::cycle::Cycle;
use super::{Error, Ingest, apart, paragraphs};
use crate::layout;
use crate::release::{Guid, Text};
use crate::store::Print;

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
        let at = self.clock.now();
        let mut prints = Vec::new();
        for one in self.store.revision_texts(guid).await? {
            prints.push((one.number, print(one.text).await?));
        }
        let Some(revision) = revision else {
            let all: Vec<Print> = prints.into_iter().map(|(_, print)| print).collect();
            self.store.redact(guid, None, true, &all, at).await?;
            return Ok(Redacted::Whole);
        };
        let Some((_, unwanted)) = prints.iter().find(|(number, _)| *number == revision) else {
            return Ok(Redacted::NoRevision);
        };
        // The same text may stand under several numbers, as where it was withdrawn and restored.
        let is_unwanted =
            |(number, print): &&(i64, Print)| *number == revision || print == unwanted;
        let numbers: Vec<i64> = prints
            .iter()
            .filter(is_unwanted)
            .map(|(number, _)| *number)
            .collect();
        let current = prints.last().is_some_and(|last| is_unwanted(&last));
        let removed = std::slice::from_ref(unwanted);
        self.store
            .redact(guid, Some(&numbers), current, removed, at)
            .await?;
        Ok(if current {
            Redacted::Current
        } else {
            Redacted::Past
        })
    }
}

impl Cycle<'_> {
    /// Whether a text of a release must not be stored. A lead alone tells nothing, so it waits for its page.
    pub(super) async fn is_redacted(&self, guid: Guid, text: &Text) -> Result<bool, Error> {
        if self.store.is_redacted_whole(guid).await? {
            return Ok(true);
        }
        if text.body.is_none() {
            return Ok(self.store.is_redacted(guid).await?);
        }
        let redacted = self.redacted_from(guid, text).await? == Some(guid);
        if redacted {
            tracing::info!(
                id = guid.id(),
                "a text that was removed by a person was not stored again"
            );
        }
        Ok(redacted)
    }

    /// The release from which a person has removed a text that is all in this one: the release `of` itself, or another.
    pub(super) async fn redacted_from(&self, of: Guid, text: &Text) -> Result<Option<Guid>, Error> {
        let print = print(text.clone()).await?;
        Ok(self.store.redacted_from(of, &print).await?)
    }
}

/// What a text is known again by. Other markup, case and punctuation do not make it another.
async fn print(text: Text) -> Result<Print, Error> {
    apart(move || {
        let paragraphs = paragraphs(&text);
        Print {
            whole: layout::hash(&paragraphs.join(" ")).unwrap_or_default(),
            paragraphs: paragraphs
                .iter()
                .filter_map(|one| layout::hash(one))
                .collect(),
        }
    })
    .await
}
