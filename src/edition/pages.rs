//! The pages, with all that they show.

use std::collections::HashMap;

use super::{Address, Edition, Error, Found, address};
use crate::feeds::pages::{
    Change, For, Index, Months, Neighbour, PAGE, ReleasePage, SearchPage, TopicPage, numbered_pages,
};
use crate::release::{Guid, Item};
use crate::store::{ALL, Selection, ShownRelease};
use crate::topics::UNCLASSIFIED;

/// So many of the newest releases stand on the front page.
const NEWEST: i64 = 6;
/// So many months are charted.
const MONTHS: usize = 24;
/// So many neighbours of a topic are named.
const NEIGHBOURS: i64 = 5;

impl Edition {
    pub(super) async fn index(&self, made_for: For) -> Result<Found, Error> {
        let newest = self.store.newest(&Selection::All, 0, NEWEST).await?;
        let counts = self.store.topic_counts().await?;
        let months = self.months(&newest).await?;
        self.write(move |site| {
            let index = Index {
                newest: &newest,
                counts: &counts,
                months: &months,
            };
            index.page(site, made_for)
        })
        .await
    }

    /// How many releases each topic had in the last months, up to the newest release of all.
    async fn months(&self, newest: &[Item]) -> Result<HashMap<String, Months>, Error> {
        let Some(newest) = newest.first().map(|item| item.release.published) else {
            return Ok(HashMap::new());
        };
        let since = Months::since(newest, MONTHS);
        let published = self.store.published_since(since).await?;
        let mut months: HashMap<String, Months> = HashMap::new();
        let topics = self.site.topics.iter().map(|topic| topic.id.as_str());
        for feed in topics.chain([ALL]) {
            let published = published.get(feed).map(Vec::as_slice).unwrap_or_default();
            months.insert(feed.to_owned(), Months::until(newest, MONTHS, published));
        }
        Ok(months)
    }

    pub(super) async fn list(
        &self,
        topic: Option<&str>,
        number: Option<usize>,
        made_for: For,
    ) -> Result<Found, Error> {
        let of = Selection::from(topic);
        let total = self.store.record(&of, self.items).await?.total;
        let items = match number {
            None => self.store.newest(&of, 0, PAGE as i64).await?,
            Some(number) if number <= numbered_pages(total) => {
                let past = ((number - 1) * PAGE) as i64;
                self.store.recorded(&of, past, PAGE as i64).await?
            }
            Some(_) => return Ok(Found::Nothing),
        };
        let neighbours = match topic {
            Some(id) if number.is_none() && id != UNCLASSIFIED => {
                self.store.neighbours(id, NEIGHBOURS).await?
            }
            _ => Vec::new(),
        };
        let months = match items.first().filter(|_| number.is_none()) {
            // Its own newest release, so that another topic's is nothing to this page.
            Some(newest) => {
                let newest = newest.release.published;
                let since = Months::since(newest, MONTHS);
                let published = self.store.published_in(&of, since).await?;
                Some(Months::until(newest, MONTHS, &published))
            }
            None => None,
        };
        let topic = topic.map(str::to_owned);
        self.write(move |site| {
            let neighbours = neighbours.iter().filter_map(|(id, count)| {
                let topic = site.topic(id)?;
                Some(Neighbour {
                    topic,
                    count: *count,
                })
            });
            let page = TopicPage {
                topic: topic.as_deref().and_then(|id| site.topic(id)),
                total,
                number,
                items: &items,
                neighbours: neighbours.collect(),
                months: months.as_ref(),
            };
            page.page(site, made_for)
        })
        .await
    }

    pub(super) async fn release(&self, guid: Guid, made_for: For) -> Result<Found, Error> {
        let Some(shown) = self.store.show(guid).await? else {
            // A release that became part of another is found there.
            let found = self.store.find(&guid.id()).await?;
            return Ok(match found.as_slice() {
                [other] if *other != guid => Found::Elsewhere(Address::Release(*other).path()),
                _ => Found::Nothing,
            });
        };
        self.write(move |site| {
            let corrected = shown.corrections.iter().filter(|one| one.wanted);
            let corrected: Vec<String> = corrected.map(|one| one.topic.clone()).collect();
            let page = ReleasePage {
                item: &shown.item,
                tags: &shown.tags,
                corrected: &corrected,
                merges: &shown.merges,
                related: &shown.related,
                changes: &changes(&shown),
            };
            page.page(site, made_for)
        })
        .await
    }

    pub(super) async fn search(&self, query: &str, number: usize) -> Result<Found, Error> {
        let words = address::words(query);
        let past = ((number - 1) * PAGE) as i64;
        let (items, total) = self.store.search(&words, past, PAGE as i64).await?;
        if items.is_empty() && number > 1 {
            return Ok(Found::Nothing);
        }
        let (query, total) = (query.to_owned(), usize::try_from(total).unwrap_or_default());
        self.write(move |site| {
            let page = SearchPage {
                query: &query,
                items: &items,
                total,
                number,
            };
            page.page(site)
        })
        .await
    }
}

/// The history of a release, with what each revision changed.
pub(super) fn changes(shown: &ShownRelease) -> Vec<Change> {
    let revisions = shown.revisions.iter().zip(shown.differences());
    let changes = revisions.map(|(revision, parts)| Change {
        number: revision.number,
        at: revision.at,
        cause: revision.cause.clone(),
        weight: revision.weight.clone(),
        parts,
    });
    changes.collect()
}
