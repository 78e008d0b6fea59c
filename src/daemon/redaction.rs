//! A person removes a text for good.

use std::iter;

use super::cycle::Cycle;
use super::{Error, Ingest, apart, paragraphs};
use crate::layout;
use crate::release::{Guid, Text};
use crate::store::{Extent, PartText, Print};

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
            let own = prints.into_iter().map(|(_, print)| (guid, print));
            let all: Vec<(Guid, Print)> = own
                .chain(parts.into_iter().map(|(print, part)| (part.guid, print)))
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
        let same = parts
            .into_iter()
            .filter(|(print, _)| print == unwanted && !print.paragraphs.is_empty());
        let parts: Vec<PartText> = same.map(|(_, part)| part).collect();
        let extent = Extent::Revisions {
            numbers: &numbers,
            current,
            parts: &parts,
            whole: unwanted.whole,
        };
        let had_by = iter::once(guid).chain(parts.iter().map(|part| part.guid));
        let removed: Vec<(Guid, Print)> = had_by.map(|of| (of, unwanted.clone())).collect();
        self.store.redact(guid, extent, &removed, at).await?;
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
    /// Whether nothing may be stored of a release that has this text. A lead alone tells nothing, so it waits for its page.
    pub(super) async fn is_closed(&self, guid: Guid, text: &Text) -> Result<bool, Error> {
        Ok(self.store.is_redacted_whole(guid).await?
            || text.body.is_none() && self.store.is_redacted(guid).await?)
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
