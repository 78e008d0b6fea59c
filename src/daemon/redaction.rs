//! A person removes a text for good.

use super::cycle::Cycle;
use super::{Error, Ingest, apart, paragraphs};
use crate::layout;
use crate::release::{Guid, Text};
use crate::store::{Extent, Print};

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
        let mut parts = Vec::new();
        for one in self.store.part_texts(guid).await? {
            parts.push((print(one.text.clone()).await?, one));
        }
        let Some(revision) = revision else {
            let own = prints.into_iter().map(|(_, print)| print);
            let all: Vec<Print> = own
                .chain(parts.into_iter().map(|(print, _)| print))
                .collect();
            self.store.redact(guid, Extent::Whole, &all, at).await?;
            return Ok(Redacted::Whole);
        };
        let Some((_, unwanted)) = prints.iter().find(|(number, _)| *number == revision) else {
            return Ok(Redacted::NoRevision);
        };
        // The same text may stand under several numbers, as where it was withdrawn and restored, and in copies.
        let is_unwanted =
            |(number, print): &&(i64, Print)| *number == revision || print == unwanted;
        let numbers: Vec<i64> = prints
            .iter()
            .filter(is_unwanted)
            .map(|(number, _)| *number)
            .collect();
        let current = prints.last().is_some_and(|last| is_unwanted(&last));
        let same = parts.into_iter().filter(|(print, _)| print == unwanted);
        let extent = Extent::Revisions {
            numbers: &numbers,
            current,
            parts: &same.map(|(_, part)| part).collect::<Vec<_>>(),
        };
        let removed = std::slice::from_ref(unwanted);
        self.store.redact(guid, extent, removed, at).await?;
        Ok(if current {
            Redacted::Current
        } else {
            Redacted::Past
        })
    }
}

impl Ingest {
    /// The release from which a person has removed a text that is all in this one: the release `of` itself, or another.
    pub(super) async fn redacted_from(&self, of: Guid, text: &Text) -> Result<Option<Guid>, Error> {
        let print = print(text.clone()).await?;
        Ok(self.store.redacted_from(of, &print).await?)
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
        self.ingest.redacted_from(of, text).await
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
