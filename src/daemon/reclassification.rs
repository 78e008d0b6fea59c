//! The topics of stored releases: what today's rules and a person's word make of them.

use super::rulings::unless_overruled;
use super::{Error, Ingest, apart, paragraphs};
use crate::release::{Guid, Item, Tag, Text};
use crate::store::{Retagged, Word};
use crate::topics::Classification;

/// As many are looked at with one question to the store.
const AT_ONCE: i64 = 100;
/// A text that changes while it is sorted is sorted again; one that goes on changing is left to whoever changes it.
const MOST_TRIES: usize = 5;

/// A release whose topics change.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// The release.
    pub item: Item,
    /// Its topics before and now.
    pub topics: Retagged,
}

/// One look through the whole store, a changed release at a time.
#[derive(Debug)]
pub struct Reclassification<'a> {
    ingest: &'a Ingest,
    is_dry: bool,
    /// Where the releases were looked at up to, in the order in which they were stored.
    number: i64,
    waiting: Vec<(i64, Guid)>,
}

impl Ingest {
    /// Sorts all releases anew by today's rules. What they change is changed as it is told, unless `is_dry`.
    pub fn reclassify(&self, is_dry: bool) -> Reclassification<'_> {
        Reclassification {
            ingest: self,
            is_dry,
            number: 0,
            waiting: Vec::new(),
        }
    }

    /// Keeps a person's word on topics of a release, and gives what that changes.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn label(&self, guid: Guid, words: &[(String, Word)]) -> Result<Retagged, Error> {
        let retagged = self.retag(guid, words).await?;
        tracing::info!(id = guid.id(), now = ?retagged.now, "a person has spoken on topics");
        Ok(retagged)
    }

    /// What the rules say of a release by its text of now; none where a person has removed the text.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn classify(&self, guid: Guid) -> Result<Option<Classification>, Error> {
        match self.store.text_for_topics(guid).await? {
            Some(text) => Ok(Some(self.sort(&text).await?)),
            None => Ok(None),
        }
    }

    /// Whether all releases were sorted by today's rules.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn is_sorted_by_todays_rules(&self) -> Result<bool, Error> {
        Ok(self.store.is_sorted_by(self.classifier.version()).await?)
    }

    /// Keeps a person's words, and gives a release the topics of today's rules with all that a person has said on them.
    pub(super) async fn retag(
        &self,
        guid: Guid,
        words: &[(String, Word)],
    ) -> Result<Retagged, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let store = self.store.from_now().await?;
            let (text, tags) = self.rules_topics(guid).await?;
            let relations = self.classifier.relations();
            let found = (text.as_ref(), tags);
            let now = self.clock.now();
            let done = store.retag(guid, words, found, relations, now).await;
            match unless_overruled(done.map_err(Error::from)) {
                Ok(Some(retagged)) => return Ok(retagged),
                Ok(None) if tries < MOST_TRIES => {}
                Ok(None) => return Err(crate::store::Error::Overruled.into()),
                Err(error) => return Err(error),
            }
        }
    }

    /// The text that the rules sort by, and the topics that they give. Of a removed text they would know no more than the
    /// headline, so it keeps the topics that it has.
    async fn rules_topics(&self, guid: Guid) -> Result<(Option<Text>, Vec<Tag>), Error> {
        match self.store.text_for_topics(guid).await? {
            Some(text) => {
                let tags = self.sort(&text).await?.tags;
                Ok((Some(text), tags))
            }
            None => Ok((None, self.store.tags(guid).await?)),
        }
    }

    async fn sort(&self, text: &Text) -> Result<Classification, Error> {
        let (classifier, text) = (self.classifier.clone(), text.clone());
        apart(move || {
            let paragraphs = paragraphs(&text);
            classifier.classify(&text.title, text.lead.as_deref(), &paragraphs)
        })
        .await
    }
}

impl Reclassification<'_> {
    /// The next release whose topics change; none when all have been looked at.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn next(&mut self) -> Result<Option<Moved>, Error> {
        let store = &self.ingest.store;
        loop {
            if self.waiting.is_empty() {
                self.waiting = store.in_order(self.number, AT_ONCE).await?;
                self.waiting.reverse();
            }
            let Some((number, guid)) = self.waiting.pop() else {
                if !self.is_dry {
                    store
                        .has_sorted_by(self.ingest.classifier.version())
                        .await?;
                }
                return Ok(None);
            };
            self.number = number;
            let topics = if self.is_dry {
                let (_, tags) = self.ingest.rules_topics(guid).await?;
                let relations = self.ingest.classifier.relations();
                store.would_have(guid, tags, relations).await?
            } else {
                match unless_overruled(self.ingest.retag(guid, &[]).await)? {
                    Some(topics) => topics,
                    // Whoever goes on changing it sorts it as well.
                    None => continue,
                }
            };
            // What is part of another is sorted with the rest, and shown nowhere.
            if topics.before != topics.now
                && let Some(item) = store.item(guid).await?
            {
                return Ok(Some(Moved { item, topics }));
            }
        }
    }
}
