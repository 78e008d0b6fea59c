//! What today's rules would change in the whole store: copies that are two releases by them, and releases that are one.

use std::collections::HashSet;

use super::judging::Among;
use super::rulings::unless_overruled;
use super::{Error, Ingest};
use crate::duplicates::Reason;
use crate::release::{DatedText, Guid};
use crate::store::{Store, StoredCopy};

/// As many are looked at with one question to the store.
const AT_ONCE: i64 = 100;

/// Something that today's rules change.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A release becomes part of another that was stored before it.
    Merge {
        /// The release that leaves the feeds.
        from: Guid,
        /// Its headline.
        title: String,
        /// The one that stays.
        into: Guid,
        /// Its headline, before it takes a better text.
        into_title: String,
        /// Why they are one.
        reason: Reason,
    },
    /// A copy becomes a release by itself.
    Split {
        /// The copy.
        copy: Box<StoredCopy>,
        /// The headline of the release that it was part of.
        of_title: String,
        /// What speaks against its being one with the release.
        why: String,
    },
}

/// One look through the whole store, a change at a time.
#[derive(Debug)]
pub struct Rededuplication<'a> {
    ingest: &'a Ingest,
    is_dry: bool,
    /// Where the copies were looked at up to.
    copy: Option<StoredCopy>,
    copies_done: bool,
    /// Where the releases were looked at up to, in the order in which they were stored.
    number: i64,
    waiting: Vec<Found>,
    /// What would be part of another by now, if it were done.
    merged: HashSet<Guid>,
}

#[derive(Debug)]
enum Found {
    Copy(StoredCopy),
    Release(i64, Guid),
}

impl Ingest {
    /// Looks through the store with today's rules. What they change is changed as it is told, unless `is_dry`.
    pub fn rededuplicate(&self, is_dry: bool) -> Rededuplication<'_> {
        Rededuplication {
            ingest: self,
            is_dry,
            copy: None,
            copies_done: false,
            number: 0,
            waiting: Vec::new(),
            merged: HashSet::new(),
        }
    }
}

impl Rededuplication<'_> {
    /// The next change; none when all has been looked at. First copies are freed, so that a release which was hidden by one
    /// is among those that others may be one with.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn next(&mut self) -> Result<Option<Change>, Error> {
        while let Some(found) = self.found().await? {
            let store = self.ingest.store.from_now().await?;
            let change = match found {
                Found::Copy(copy) => self.reconsider(copy).await?,
                Found::Release(number, guid) => self.rejudge(number, guid).await?,
            };
            let Some(change) = change else { continue };
            if let Change::Merge { from, .. } = change {
                self.merged.insert(from);
            }
            if self.is_dry || unless_overruled(self.apply(&store, &change).await)? == Some(true) {
                return Ok(Some(change));
            }
        }
        Ok(None)
    }

    async fn found(&mut self) -> Result<Option<Found>, Error> {
        let store = &self.ingest.store;
        if self.waiting.is_empty() && !self.copies_done {
            if self.copy.is_none() {
                self.ingest.sketch_anew().await?;
            }
            let copies = store.copies_by_text(self.copy.as_ref(), AT_ONCE).await?;
            self.copies_done = copies.is_empty();
            self.copy = copies.last().cloned().or(self.copy.take());
            self.waiting = copies.into_iter().rev().map(Found::Copy).collect();
        }
        if self.waiting.is_empty() {
            let releases = store.in_order(self.number, AT_ONCE).await?;
            self.number = releases.last().map_or(self.number, |(number, _)| *number);
            let found = releases.into_iter().rev();
            self.waiting = found
                .map(|(number, guid)| Found::Release(number, guid))
                .collect();
        }
        Ok(self.waiting.pop())
    }

    /// Whether a copy is one with the release that it is part of, in any state that the release had without it.
    async fn reconsider(&self, copy: StoredCopy) -> Result<Option<Change>, Error> {
        let store = &self.ingest.store;
        let (Some(shown), Some(item)) =
            (store.dated_text(copy.of).await?, store.item(copy.of).await?)
        else {
            return Ok(None);
        };
        // With what was removed nothing can be compared.
        if item.release.notice().is_some() || store.is_redacted(copy.of).await? {
            return Ok(None);
        }
        let own = Guid::new(&copy.source, &copy.path);
        let mut why = String::new();
        let revisions = store.revisions(copy.of).await?.into_iter().rev();
        // Its own text there speaks for nothing.
        for state in revisions.filter(|one| !(one.is_copys && one.text == copy.text.text)) {
            let text = DatedText {
                text: state.text,
                published: shown.published,
            };
            let among = Among {
                with: Some((copy.of, text)),
                without: self.merged.clone(),
            };
            let judgement = self
                .ingest
                .judge_among(own, &copy.text, &among)
                .await?
                .judgement;
            if judgement.known.is_some() {
                return Ok(None);
            }
            let refusal = judgement
                .related
                .into_iter()
                .find(|(guid, _)| *guid == copy.of);
            if let Some((_, refusal)) = refusal.filter(|_| why.is_empty()) {
                why = refusal.to_string();
            }
        }
        if why.is_empty() {
            "the texts share too little".clone_into(&mut why);
        }
        Ok(Some(Change::Split {
            of_title: self.title(copy.of).await?,
            copy: Box::new(copy),
            why,
        }))
    }

    /// Whether a release is one with another that was stored before it.
    async fn rejudge(&self, number: i64, guid: Guid) -> Result<Option<Change>, Error> {
        let store = &self.ingest.store;
        let (Some(text), Some(item)) = (store.dated_text(guid).await?, store.item(guid).await?)
        else {
            return Ok(None);
        };
        if item.release.notice().is_some() || text.text.body.is_none() {
            return Ok(None);
        }
        let among = Among {
            without: self.merged.clone(),
            ..Among::default()
        };
        let judged = self.ingest.judge_among(guid, &text, &among).await?;
        let Some((into, reason)) = judged.judgement.known else {
            if !self.is_dry {
                store.relate(guid, &judged.related()).await?;
            }
            return Ok(None);
        };
        // Of two that are one, the later looks for the earlier.
        let is_later = store
            .number(into)
            .await?
            .is_some_and(|other| other < number);
        Ok(is_later.then_some(Change::Merge {
            from: guid,
            title: text.text.title,
            into,
            into_title: self.title(into).await?,
            reason,
        }))
    }

    async fn title(&self, guid: Guid) -> Result<String, Error> {
        let item = self.ingest.store.item(guid).await?;
        Ok(item.map(|item| item.release.text.title).unwrap_or_default())
    }

    async fn apply(&self, store: &Store, change: &Change) -> Result<bool, Error> {
        match change {
            Change::Split { copy, .. } => Ok(self.ingest.free(store, copy, false).await?.is_some()),
            Change::Merge {
                from, into, reason, ..
            } => {
                let Some(text) = store.dated_text(*from).await? else {
                    return Ok(false);
                };
                let better = self.ingest.better(*into, &text).await?;
                let reason = (reason.clone(), better.as_ref());
                self.ingest.fold(store, (*from, *into), reason).await
            }
        }
    }
}
