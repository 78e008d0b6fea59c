//! An edition: all documents as the store has them now, for memory and for folders.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;
use xxhash_rust::xxh3::xxh3_128;

use super::{Error, Ingest};
use crate::config::{Config, Source};
use crate::feeds::{self, Document, Publisher, Site};
use crate::release::Item;
use crate::schedule::Schedule;
use crate::serve::{Documents, Served};
use crate::topics::UNCLASSIFIED;

/// The list of what was written into a folder, so that what is no longer published can be removed, and nothing else.
const WRITTEN: &str = ".npcc-feeds";
/// The end of the name of a file that is being written.
const PART: &str = ".npcc-feeds-part";
/// What is not written by then was left by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(600);

impl Ingest {
    /// Makes all documents.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn documents(&self) -> Result<Vec<Document>, Error> {
        let most = i64::try_from(self.config.publish.items).unwrap_or(i64::MAX);
        let counts = self.store.topic_counts().await?;
        let count = |id: &str| counts.get(id).copied().unwrap_or(0);
        let all = self.store.newest(None, most).await?;
        let mut feeds = Vec::new();
        for topic in &self.classifier.taxonomy().topics {
            feeds.push(feeds::Feed {
                id: topic.id.clone(),
                title: topic.title.clone(),
                scope: topic.scope.clone(),
                count: count(&topic.id),
                items: self.store.live(&topic.id, most).await?,
            });
        }
        let rest: Vec<Item> = self.store.live(UNCLASSIFIED, most).await?;
        feeds.push(feeds::Feed::unclassified(count(UNCLASSIFIED), rest));
        let site = site(&self.config);
        // Dozens of feeds with whole texts take a while, and requests must not wait for that.
        let made = tokio::task::spawn_blocking(move || site.documents(&all, &feeds)).await;
        Ok(made??)
    }

    /// The documents ready to be served, each dated by when its bytes last changed. What is served already with the
    /// same bytes stays as it is. Where the store cannot be written now, the date is `now` and not put on record: an
    /// edition that is there is worth more than its date.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn served(
        &self,
        documents: &[Document],
        before: &Documents,
        now: DateTime<Utc>,
    ) -> Result<HashMap<String, Arc<Served>>, Error> {
        let mut served = HashMap::new();
        let mut can_date = true;
        for document in documents {
            let path = &document.path;
            let hash = format!("{:032x}", xxh3_128(&document.bytes));
            let ready = match before.get(path).filter(|before| before.is_of(&hash)) {
                Some(before) => before,
                None => {
                    let mut modified = now;
                    if can_date {
                        match self.store.document_changed(path, &hash, now).await {
                            Ok(at) => modified = at,
                            Err(error) => {
                                tracing::warn!(%error, "when the feeds last changed cannot be put on record");
                                // The next would wait for the store's lock as long as this one did.
                                can_date = false;
                            }
                        }
                    }
                    let document = document.clone();
                    let packed =
                        tokio::task::spawn_blocking(move || Served::new(document, &hash, modified));
                    Arc::new(packed.await?)
                }
            };
            served.insert(path.clone(), ready);
        }
        Ok(served)
    }
}

fn site(config: &Config) -> Site {
    Site {
        public_url: config.serve.public_url.clone(),
        content: config.publish.content,
        ttl: config
            .sources
            .iter()
            .filter_map(cadence)
            .min()
            .unwrap_or(60),
        publishers: config.sources.iter().map(publisher).collect(),
    }
}

fn publisher(source: &Source) -> Publisher {
    let own = source.feed.iter().chain(&source.listing).next();
    let url = own.cloned().unwrap_or_default();
    let home = Url::parse(&url).and_then(|url| url.join("/"));
    Publisher {
        id: source.id.clone(),
        title: source.title.clone(),
        home: home.map_or_else(|_| url.clone(), String::from),
        url,
    }
}

/// Minutes between two cycles at noon of one fixed Monday: a feed's bytes must not depend on when it is made.
fn cadence(source: &Source) -> Option<u64> {
    let noon = DateTime::from_timestamp(1_767_614_400, 0)?;
    let schedule = Schedule::new(&source.schedule, source.timezone()).ok()?;
    let first = schedule.next(noon)?;
    let minutes = (schedule.next(first)? - first).num_minutes();
    u64::try_from(minutes).ok()
}

/// Writes documents into a folder: each whole or not at all, only those that changed; removes what an earlier edition
/// wrote and this one does not hold. Gives how many files changed.
///
/// # Errors
/// What the system says, with the file's name.
pub fn write(folder: &Path, documents: &[Document]) -> io::Result<usize> {
    let mut changed = 0;
    let mut names = BTreeSet::new();
    for inside in ["", "topics"] {
        remove_left_behind(&folder.join(inside), LEFT_BEHIND)?;
    }
    for document in documents {
        let name = file_name(&document.path);
        let file = folder.join(&name);
        if std::fs::read(&file).ok().as_deref() != Some(&document.bytes) {
            replace(&file, &document.bytes).map_err(|error| named(&file, &error))?;
            changed += 1;
        }
        names.insert(name);
    }
    let list = folder.join(WRITTEN);
    let before = std::fs::read_to_string(&list).unwrap_or_default();
    for name in before
        .lines()
        .filter(|name| is_plain(name) && !names.contains(*name))
    {
        let file = folder.join(name);
        match std::fs::remove_file(&file) {
            Ok(()) => changed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(named(&file, &error)),
        }
    }
    let now: String = names.iter().map(|name| format!("{name}\n")).collect();
    if now != before {
        replace(&list, now.as_bytes()).map_err(|error| named(&list, &error))?;
    }
    Ok(changed)
}

/// Removes what a process that was killed had half written, if it is older than `age`.
fn remove_left_behind(folder: &Path, age: Duration) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // There is nothing yet, or it is no folder, which writing will tell.
        Err(_) => return Ok(()),
    };
    for entry in entries {
        let entry = entry?;
        let is_part = entry.file_name().to_string_lossy().ends_with(PART);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|since| since >= age));
        if is_part && is_old {
            std::fs::remove_file(entry.path()).map_err(|error| named(&entry.path(), &error))?;
        }
    }
    Ok(())
}

/// `/` is `index.html`, a page `<path>.html`, all else its own path.
fn file_name(path: &str) -> String {
    match path.trim_start_matches('/') {
        "" => "index.html".to_owned(),
        name if name
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains('.')) =>
        {
            name.to_owned()
        }
        name => format!("{name}.html"),
    }
}

/// Whether a name from the list stays within the folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != ".." && part != ".")
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut half: PathBuf = file.to_owned();
    half.as_mut_os_string()
        .push(format!(".{}{PART}", std::process::id()));
    let written = (|| {
        let mut out = std::fs::File::create(&half)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        std::fs::rename(&half, file)
    })();
    if written.is_err() {
        // What is half written helps nobody; the first error is the one to tell.
        let _ = std::fs::remove_file(&half);
    }
    written
}

fn named(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, text: &str) -> Document {
        Document {
            path: path.into(),
            content_type: "text/plain",
            bytes: text.into(),
        }
    }

    #[test]
    fn only_what_changed_is_written_and_only_our_own_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("notes.txt"), "mine").unwrap();
        let first = [
            document("/", "i"),
            document("/topics/a.rss", "a"),
            document("/topics/a", "p"),
        ];
        assert_eq!(write(path, &first).unwrap(), 3);
        assert_eq!(write(path, &first).unwrap(), 0);
        assert!(path.join("topics/a.html").is_file() && path.join("index.html").is_file());
        assert_eq!(write(path, &first[..1]).unwrap(), 2);
        assert!(!path.join("topics/a.rss").exists() && path.join("notes.txt").exists());
    }

    #[test]
    fn what_a_killed_process_half_wrote_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join(format!("all.rss.7{PART}"));
        std::fs::write(&part, "<rss").unwrap();
        remove_left_behind(folder.path(), LEFT_BEHIND).unwrap();
        assert!(part.exists(), "another process may be writing it");
        remove_left_behind(folder.path(), Duration::ZERO).unwrap();
        assert!(!part.exists());
    }

    #[test]
    fn a_list_that_was_tampered_with_removes_nothing_outside() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        std::fs::write(&outside, "").unwrap();
        let inside = folder.path().join("feeds");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(
            inside.join(WRITTEN),
            format!("../outside\n{}\n", outside.display()),
        )
        .unwrap();
        write(&inside, &[document("/", "i")]).unwrap();
        assert!(outside.exists());
    }
}
