//! A person says of releases that they are one or two.

use super::{Error, Ingest};
use crate::duplicates::Reason;
use crate::release::Guid;
use crate::store::{Derived, Freeing, MergedCopy, NewRevision, StoredCopy};

/// What became of a person's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruled {
    /// It is so now.
    Done(Guid),
    /// Both are one release already.
    IsOne,
    /// Somebody else changed one of them in this moment.
    Changed,
    /// The text of the one that would stay was removed for good, and the other's would be with it.
    IsRedacted,
}

impl Ingest {
    /// Makes a release part of another by a person's word. The other's text stays what it is.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn merge(&self, from: Guid, into: Guid) -> Result<Ruled, Error> {
        if from == into {
            return Ok(Ruled::IsOne);
        }
        if self.store.is_redacted_whole(into).await? {
            return Ok(Ruled::IsRedacted);
        }
        let done = self.fold(from, into, (Reason::Ruled, None)).await?;
        Ok(if done {
            Ruled::Done(into)
        } else {
            Ruled::Changed
        })
    }

    /// Frees the copy at an address by a person's word; the release that it becomes is never part of the other again.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn split(&self, copy: &StoredCopy) -> Result<Ruled, Error> {
        let freed = self.free(copy, true).await?;
        Ok(freed.map_or(Ruled::Changed, Ruled::Done))
    }

    /// Makes a release part of another, which may take a better text. Gives whether both were there.
    pub(super) async fn fold(
        &self,
        from: Guid,
        into: Guid,
        (reason, better): (Reason, Option<&NewRevision>),
    ) -> Result<bool, Error> {
        let (Some(item), Some(text), Some(path)) = (
            self.store.item(from).await?,
            self.store.dated_text(from).await?,
            self.store.path_of(from).await?,
        ) else {
            return Ok(false);
        };
        let copy = MergedCopy {
            into,
            source: &item.release.source,
            path: &path,
            url: &item.release.url,
            text: &text,
            reason,
            at: self.clock.now(),
        };
        let done = self.store.fold(from, &copy, better).await?;
        if done {
            let MergedCopy { url, reason, .. } = &copy;
            tracing::info!(id = into.id(), url, %reason, "a release is part of another now");
        }
        Ok(done)
    }

    /// Frees a copy; gives the release that it is now, or none where it was changed in this moment.
    pub(super) async fn free(
        &self,
        copy: &StoredCopy,
        is_ruled: bool,
    ) -> Result<Option<Guid>, Error> {
        // The guid of its path, unless the release that it leaves had this path first and has that guid.
        let own = Guid::new(&copy.source, &copy.path);
        let guid = match self.store.number(own).await? {
            None => own,
            Some(_) => Guid::freed(&copy.source, &copy.path, copy.of),
        };
        let shown = match copy.folded {
            Some(folded) => self.store.dated_text(folded).await?,
            None => None,
        };
        let freed = self.beside(shown.as_ref().unwrap_or(&copy.text)).await?;
        let left = match copy.revision {
            Some(revision) => self.before(copy.of, revision).await?,
            None => Derived::default(),
        };
        let freeing = Freeing {
            guid,
            freed: &freed,
            left: &left,
            is_ruled,
            at: self.clock.now(),
        };
        Ok(self.store.split(copy, &freeing).await?)
    }

    /// What is kept beside the text that a release had before a revision.
    async fn before(&self, guid: Guid, revision: i64) -> Result<Derived, Error> {
        let texts = self.store.revision_texts(guid).await?;
        let earlier = texts.into_iter().find(|one| one.number == revision - 1);
        let shown = self.store.dated_text(guid).await?;
        let (Some(earlier), Some(mut text)) = (earlier, shown) else {
            return Ok(Derived::default());
        };
        text.text = earlier.text;
        self.beside(&text).await
    }
}
