//! The feeds: what is subscribed to, the record behind it, edits, and searches.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::{Address, Edition, Error, Found, address, pages::changes};
use crate::feeds::{Edit, Feed, Format, Place, Topic};
use crate::release::Guid;
use crate::store::{Selection, ShownRelease};

impl Edition {
    pub(super) async fn live(&self, of: &Selection, format: Format) -> Result<Found, Error> {
        let items = self.store.live(of, self.items as i64).await?;
        let is_union = matches!(of, Selection::Topics(ids) if ids.len() > 1);
        let before = if is_union {
            // It is a window on several records.
            None
        } else {
            let record = self.store.record(of, self.items).await?;
            let end = record.whole(self.items).max(record.newest_not_live);
            self.archive_at(of, end).await?
        };
        let (title, scope) = self.title_and_scope(of);
        let page = match of {
            Selection::Topics(_) if !is_union => address::feed_path(of),
            _ => "/".to_owned(),
        };
        let feed = Feed {
            title,
            scope,
            page,
            path: address::feed_path(of),
            query: String::new(),
            is_told: !is_union,
            place: Place::Live { before },
            entries: self.site.entries(&items),
        };
        self.write(move |site| site.feed(&feed, format)).await
    }

    /// The path of the archive whose newest release is at place `end`, counted from the oldest as 1.
    async fn archive_at(&self, of: &Selection, end: usize) -> Result<Option<String>, Error> {
        if end == 0 {
            return Ok(None);
        }
        let stamp = self.store.stamp(of, end).await?;
        let revision = self.revision(stamp.max(self.store.last_loss(of).await?));
        let topic = match of {
            Selection::All => None,
            Selection::Topics(ids) => ids.first().map(String::as_str),
        };
        Ok(Some(address::archive_path(topic, &revision, end)))
    }

    /// What stands in an archive's address: another once a release in it, or before it, is another, or the rules on topics
    /// are.
    pub(super) fn revision(&self, stamp: i64) -> String {
        let print = self.print;
        format!(
            "{:012x}",
            xxh3_64(format!("{print} {stamp}").as_bytes()) >> 16
        )
    }

    pub(super) async fn archive(&self, address: &Address) -> Result<Found, Error> {
        let Address::Archive {
            topic, end, format, ..
        } = address
        else {
            return Ok(Found::Nothing);
        };
        let (end, format) = (*end, *format);
        let of = Selection::from(topic.as_deref());
        let begin = (end - 1) / self.items * self.items;
        let items = self
            .store
            .recorded(&of, begin as i64, (end - begin) as i64)
            .await?;
        if items.len() < end - begin {
            return Ok(Found::Nothing);
        }
        let Some(path) = self.archive_at(&of, end).await? else {
            return Ok(Found::Nothing);
        };
        let now = format!("{path}.{}", format.ending());
        if now != address.path() {
            return Ok(Found::Elsewhere(now));
        }
        let before = self.archive_at(&of, begin).await?;
        let (title, scope) = self.title_and_scope(&of);
        let current = address::feed_path(&of);
        let feed = Feed {
            title,
            scope,
            page: address::list_path(topic.as_deref()),
            path,
            query: String::new(),
            is_told: false,
            place: Place::Archive { before, current },
            entries: self.site.entries(&items),
        };
        self.write(move |site| site.feed(&feed, format)).await
    }

    fn title_and_scope(&self, of: &Selection) -> (String, String) {
        let Selection::Topics(ids) = of else {
            let scope = "Every release, whatever its topic.";
            return ("All releases".to_owned(), scope.to_owned());
        };
        let topics: Vec<&Topic> = ids.iter().filter_map(|id| self.site.topic(id)).collect();
        match topics.as_slice() {
            [one] => (one.title.clone(), one.scope.clone()),
            several => {
                let titles: Vec<&str> = several.iter().map(|topic| topic.title.as_str()).collect();
                let scope = "Releases of any of these topics, each once.";
                (titles.join(" + "), scope.to_owned())
            }
        }
    }

    pub(super) async fn revisions(&self) -> Result<Found, Error> {
        let newest = self.store.newest_edits(self.items as i64).await?;
        let mut shown: HashMap<Guid, ShownRelease> = HashMap::new();
        for (guid, _) in &newest {
            if !shown.contains_key(guid)
                && let Some(one) = self.store.show(*guid).await?
            {
                shown.insert(*guid, one);
            }
        }
        self.write(move |site| {
            let mut edits: HashMap<Guid, HashMap<i64, Edit>> = HashMap::new();
            for (guid, one) in &shown {
                let changes = changes(one).into_iter().map(|change| {
                    let edit = Edit {
                        item: one.item.clone(),
                        number: change.number,
                        at: change.at,
                        cause: change.cause,
                        parts: change.parts,
                    };
                    (change.number, edit)
                });
                edits.insert(*guid, changes.collect());
            }
            let edit = |(guid, number): &(Guid, i64)| edits.get_mut(guid)?.remove(number);
            let edits: Vec<Edit> = newest.iter().filter_map(edit).collect();
            let feed = Feed {
                title: "Edits".to_owned(),
                scope: "What the publisher changed, withdrew and showed again, word by word."
                    .to_owned(),
                page: "/".to_owned(),
                path: "/revisions".to_owned(),
                query: String::new(),
                is_told: true,
                place: Place::Live { before: None },
                entries: site.edits(&edits),
            };
            site.feed(&feed, Format::Rss)
        })
        .await
    }

    pub(super) async fn search_feed(&self, query: &str) -> Result<Found, Error> {
        let words = address::words(query);
        let (items, _) = self.store.search(&words, 0, self.items as i64).await?;
        // As forms write it, so that the feed's own address is the one that was asked for.
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let query_string = format!("?q={encoded}");
        let feed = Feed {
            title: format!("“{query}”"),
            scope: format!("Releases that have all the words of “{query}”."),
            page: format!("/search{query_string}"),
            path: "/search".to_owned(),
            query: query_string,
            is_told: false,
            place: Place::Live { before: None },
            entries: self.site.entries(&items),
        };
        self.write(move |site| site.feed(&feed, Format::Rss)).await
    }
}
