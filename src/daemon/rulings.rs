//! A person says of releases that they are one or two.

use super::{Error, Ingest};
use crate::duplicates::Reason;
use crate::release::Guid;
use crate::store::{self, Folding, Freeing, NewRevision, Store, StoredCopy};

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
        let store = self.store.from_now().await?;
        if store.is_redacted_whole(into).await? {
            return Ok(Ruled::IsRedacted);
        }
        let done = self.fold(&store, (from, into), (Reason::Ruled, None));
        Ok(match unless_overruled(done.await)? {
            Some(true) => Ruled::Done(into),
            _ => Ruled::Changed,
        })
    }

    /// Frees the copy at an address by a person's word; the release that it becomes is never part of the other again.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn split(&self, copy: &StoredCopy) -> Result<Ruled, Error> {
        let store = self.store.from_now().await?;
        let freed = self.free(&store, copy, true).await;
        let freed = unless_overruled(freed)?.flatten();
        Ok(freed.map_or(Ruled::Changed, Ruled::Done))
    }

    /// Makes a release part of another, which may take a better text, both as they were read from this store. Gives whether
    /// they were there.
    pub(super) async fn fold(
        &self,
        store: &Store,
        (from, into): (Guid, Guid),
        (reason, better): (Reason, Option<&NewRevision>),
    ) -> Result<bool, Error> {
        let folding = Folding {
            from,
            into,
            reason,
            completed: None,
            better,
            relations: self.classifier.relations(),
            at: self.clock.now(),
        };
        let done = store.fold(&folding).await?;
        if done {
            let (from, reason) = (from.id(), &folding.reason);
            tracing::info!(id = into.id(), from, %reason, "a release is part of another now");
        }
        Ok(done)
    }

    /// Frees a copy as it was read from this store; gives the release that it is now, or none where it was changed in this
    /// moment.
    pub(super) async fn free(
        &self,
        store: &Store,
        copy: &StoredCopy,
        is_ruled: bool,
    ) -> Result<Option<Guid>, Error> {
        // The guid of its path, unless another release had this path first and has that guid.
        let mut guid = Guid::new(&copy.source, &copy.path);
        while copy.folded.is_none() && store.number(guid).await?.is_some() {
            guid = Guid::freed(&copy.source, &copy.path, guid);
        }
        let mut left = Vec::new();
        for one in store.left_by(copy).await? {
            let derived = self.beside(&one.text).await?;
            left.push((one, derived));
        }
        let freeing = Freeing {
            guid,
            freed: &self.beside(&copy.text).await?,
            left: &left,
            is_ruled,
            at: self.clock.now(),
        };
        let is_corrected = !store.corrections(copy.of).await?.is_empty();
        let freed = store.split(copy, &freeing).await?;
        if let Some(freed) = freed.filter(|_| is_corrected) {
            self.retag(freed, &[]).await?;
            self.retag(copy.of, &[]).await?;
        }
        Ok(freed)
    }
}

/// None where a person's word came between.
pub(super) fn unless_overruled<T>(done: Result<T, Error>) -> Result<Option<T>, Error> {
    match done {
        Err(Error::Store(store::Error::Overruled)) => Ok(None),
        done => done.map(Some),
    }
}
