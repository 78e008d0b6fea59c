//! Which documents may differ from those of an earlier change, so that a release costs what it touches.

use std::collections::HashMap;

use super::{Address, Edition, Error};
use crate::feeds::Format;
use crate::feeds::pages::{PAGE, numbered_pages};
use crate::release::Guid;
use crate::store::{ALL, REVISIONS, Selection};

/// Documents that become files.
#[derive(Debug, Default)]
pub struct Changed {
    /// All that are published now.
    pub all: Vec<Address>,
    /// Those among them that may differ from what was published at the change before.
    pub touched: Vec<Address>,
}

impl Changed {
    fn add(&mut self, address: Address, is_touched: bool) {
        if is_touched {
            self.touched.push(address.clone());
        }
        self.all.push(address);
    }
}

impl Edition {
    /// The documents that become files, and those of them that have to be made again since `since`; all of them where that
    /// is none.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn changed(&self, since: Option<i64>) -> Result<Changed, Error> {
        let mut changed = Changed::default();
        let is_new = since.is_none();
        let since = since.unwrap_or(-1);
        let feeds: HashMap<String, bool> = self
            .store
            .feeds_changed_since(since)
            .await?
            .into_iter()
            .map(|one| (one.feed, one.has_lost))
            .collect();
        let releases = self.store.releases_changed_since(since).await?;
        let is_touched = is_new || !feeds.is_empty();
        for address in [Address::Icon, Address::Style, Address::Script] {
            changed.add(address, is_new);
        }
        let format = Format::Rss;
        let topics = Vec::new();
        changed.add(Address::Subscriptions { topics, format }, is_new);
        changed.add(Address::Index, is_touched);
        changed.add(Address::Revisions, is_new || feeds.contains_key(REVISIONS));
        let topics = self.site.topics.iter().map(|topic| Some(topic.id.as_str()));
        for topic in [None].into_iter().chain(topics) {
            let has_lost = feeds.get(topic.unwrap_or(ALL)).copied();
            self.changed_of(&mut changed, topic, is_new, has_lost, &releases)
                .await?;
        }
        for (guid, _) in self.store.stamps(&Selection::All).await? {
            changed.add(Address::Release(guid), is_new || releases.contains(&guid));
        }
        Ok(changed)
    }

    /// The documents of one topic, or of all releases.
    async fn changed_of(
        &self,
        changed: &mut Changed,
        topic: Option<&str>,
        is_new: bool,
        has_lost: Option<bool>,
        releases: &[Guid],
    ) -> Result<(), Error> {
        let of = Selection::from(topic);
        let is_touched = is_new || has_lost.is_some();
        for address in self.feeds_of(topic.unwrap_or(ALL)) {
            changed.add(address, is_touched);
        }
        let list = |number| Address::List {
            topic: topic.map(str::to_owned),
            number,
        };
        changed.add(list(None), is_touched);
        let stamps = self.store.stamps(&of).await?;
        // What stands before the first release that is another is as it was; what a feed has lost stood nobody knows where.
        let first = match has_lost {
            _ if is_new => 0,
            Some(true) => 0,
            None => stamps.len(),
            Some(false) => stamps
                .iter()
                .position(|(guid, _)| releases.contains(guid))
                .unwrap_or(stamps.len()),
        };
        let pages = numbered_pages(stamps.len());
        for number in 1..=pages {
            // The one before them leads on to the newest page until there is another.
            changed.add(
                list(Some(number)),
                is_new || is_touched && (number + 1) * PAGE >= first,
            );
        }
        let record = self.store.record(&of, self.items).await?;
        let mut end = record.whole(self.items).max(record.newest_not_live);
        let last_loss = self.store.last_loss(&of).await?;
        while end > 0 {
            let stamp = stamps.iter().take(end).map(|(_, stamp)| *stamp).max();
            let revision = self.revision(stamp.unwrap_or(0).max(last_loss));
            for format in Format::ALL {
                let archive = Address::Archive {
                    topic: topic.map(str::to_owned),
                    revision: revision.clone(),
                    end,
                    format,
                };
                // One that is new is missing in the folder, and made for that.
                changed.add(archive, is_new || end > first && is_touched);
            }
            end = (end - 1) / self.items * self.items;
        }
        Ok(())
    }
}

impl Address {
    /// The name of the file that it is published as: `/` is `index.html`, a page `<path>.html`, all else its own path.
    pub fn file_name(&self) -> String {
        let path = self.path();
        match self {
            Address::Index => "index.html".to_owned(),
            Address::List { .. }
            | Address::Release(_)
            | Address::Search { .. }
            | Address::Status => {
                format!("{}.html", &path[1..])
            }
            _ => path[1..].to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_files_that_browsers_know() {
        let list = |topic: &str, number| Address::List {
            topic: Some(topic.to_owned()),
            number,
        };
        assert_eq!(Address::Index.file_name(), "index.html");
        assert_eq!(list("a", None).file_name(), "topics/a.html");
        assert_eq!(list("a", Some(2)).file_name(), "topics/a/page/2.html");
        assert_eq!(Address::Revisions.file_name(), "revisions.rss");
        assert_eq!(
            crate::edition::address::archive_path(None, "r", 50),
            "/all/archive/r/50"
        );
    }
}
