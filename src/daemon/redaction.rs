//! A person removes a text for good.

use std::iter;

use super::cycle::Cycle;
use super::{Error, Ingest, apart, paragraphs};
use crate::layout;
use crate::release::{Guid, Text};
use crate::store::{self, Extent, PartText, Print, RemovedLeads};

/// As often a redaction is begun anew, since a text was changed meanwhile.
const MOST_TIMES: u32 = 99;

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
    /// [`Error`] when the store fails, or others change it all the time.
    pub async fn redact(&self, guid: Guid, revision: Option<i64>) -> Result<Redacted, Error> {
        for _ in 0..MOST_TIMES {
            if let Some(done) = self.redact_as_read(guid, revision).await? {
                return Ok(done);
            }
        }
        Err(store::Error::Overruled.into())
    }

    /// Removes the texts of a release that are known to have been removed elsewhere, with whatever holds all of one.
    ///
    /// # Errors
    /// As [`Ingest::redact`].
    pub async fn redact_known(&self, guid: Guid) -> Result<(), Error> {
        for _ in 0..MOST_TIMES {
            let read = (self.store.change().await?, self.clock.now());
            let leads = self.store.removed_leads(guid).await?;
            let mut numbers = Vec::new();
            for one in self.store.revision_texts(guid).await? {
                if self.is_removed(guid, &leads, &one.text).await? {
                    numbers.push(one.number);
                }
            }
            let mut parts = Vec::new();
            for part in self.store.part_texts(guid).await? {
                if self.is_removed(guid, &leads, &part.text).await? {
                    parts.push(part);
                }
            }
            if numbers.is_empty() && parts.is_empty() {
                return Ok(());
            }
            let extent = Extent::Revisions {
                numbers: &numbers,
                parts: &parts,
            };
            if self.store.redact(guid, extent, &[], read).await? {
                return Ok(());
            }
        }
        Err(store::Error::Overruled.into())
    }

    async fn is_removed(&self, of: Guid, leads: &RemovedLeads, text: &Text) -> Result<bool, Error> {
        let print = print(text.clone()).await?;
        // Of a lead alone, the lead tells.
        if print.paragraphs.is_empty() {
            return Ok(text.lead.is_some() && leads.unless(&text.lead).is_none());
        }
        Ok(self.store.redacted_from(of, &print).await? == Some(of))
    }

    /// None where anything was changed while the texts were read.
    async fn redact_as_read(
        &self,
        guid: Guid,
        revision: Option<i64>,
    ) -> Result<Option<Redacted>, Error> {
        let read = (self.store.change().await?, self.clock.now());
        let mut own = Vec::new();
        for one in self.store.revision_texts(guid).await? {
            own.push((one.number, Removable::new(&one.text).await?));
        }
        let mut parts = Vec::new();
        for one in self.store.part_texts(guid).await? {
            parts.push((Removable::new(&one.text).await?, one));
        }
        let Some(revision) = revision else {
            let own = own.into_iter().map(|(_, one)| (guid, one.print));
            let all: Vec<(Guid, Print)> = own
                .chain(parts.into_iter().map(|(one, part)| (part.guid, one.print)))
                .collect();
            let done = self.store.redact(guid, Extent::Whole, &all, read).await?;
            return Ok(done.then_some(Redacted::Whole));
        };
        let Some((_, unwanted)) = own.iter().find(|(number, _)| *number == revision) else {
            return Ok(Some(Redacted::NoRevision));
        };
        // What holds all of it is never stored again, so it goes too: under other numbers, as where it was withdrawn and
        // restored or had a note put before it, and in copies, which have no number to be removed by.
        let numbers: Vec<i64> = own
            .iter()
            .filter(|(number, one)| *number == revision || one.holds(unwanted))
            .map(|(number, _)| *number)
            .collect();
        let parts: Vec<PartText> = parts
            .into_iter()
            .filter(|(one, _)| one.holds(unwanted))
            .map(|(_, part)| part)
            .collect();
        let extent = Extent::Revisions {
            numbers: &numbers,
            parts: &parts,
        };
        let had_by = iter::once(guid).chain(parts.iter().map(|part| part.guid));
        let removed: Vec<(Guid, Print)> = had_by.map(|of| (of, unwanted.print.clone())).collect();
        let done = self.store.redact(guid, extent, &removed, read).await?;
        let is_current = own.last().is_some_and(|(last, _)| numbers.contains(last));
        Ok(done.then_some(match is_current {
            true => Redacted::Current,
            false => Redacted::Past,
        }))
    }
}

/// A text that may be removed, or holds one that is.
struct Removable {
    lead: Option<String>,
    print: Print,
}

impl Removable {
    async fn new(text: &Text) -> Result<Removable, Error> {
        Ok(Removable {
            lead: text.lead.clone(),
            print: print(text.clone()).await?,
        })
    }

    /// Of a lead alone, the lead tells.
    fn holds(&self, other: &Removable) -> bool {
        match other.print.paragraphs.is_empty() {
            true => {
                self.print.paragraphs.is_empty() && self.lead.is_some() && self.lead == other.lead
            }
            false => other.print.paragraphs.is_subset(&self.print.paragraphs),
        }
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
