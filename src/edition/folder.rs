//! Documents as files, for a web server, a CDN or object storage: each whole or not at all, only those that changed, with
//! the compressed forms beside them.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Edition, Error, Found};
use crate::compression::{brotli, gzip};
use crate::feeds::Document;
use crate::feeds::pages::For;

/// The list of what was written into a folder, so that what is no longer published can be removed, and nothing else. Its
/// first line tells at which change.
const WRITTEN: &str = ".npcc-feeds";
/// The end of the name of a file that is being written.
const PART: &str = ".npcc-feeds-part";
/// How many files this process has begun to write.
static PARTS: AtomicU64 = AtomicU64::new(0);
/// What is not written by then was left by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(600);
/// The forms of a file beside itself.
const FORMS: [&str; 2] = [".gz", ".br"];

/// Who writes into each folder. A file that is under way when its writer is dropped, as a reload does, is whole before the next
/// begins. A folder whose file system hangs keeps no other waiting.
static TURNS: LazyLock<std::sync::Mutex<HashMap<PathBuf, Arc<Mutex<()>>>>> =
    LazyLock::new(Default::default);

async fn turn(folder: &Path) -> OwnedMutexGuard<()> {
    let turn = {
        let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(folder.to_owned()).or_default().clone()
    };
    turn.lock_owned().await
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// How many documents are published.
    pub documents: usize,
    /// How many files changed, compressed forms not counted.
    pub changed: usize,
}

/// Why nothing, or not all, could be written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// A document cannot be made.
    #[error(transparent)]
    Made(#[from] Error),
    /// What the system says, with the file's name.
    #[error("{0}")]
    Files(#[from] io::Error),
}

impl Edition {
    /// Writes every document into a folder; only what has changed since the folder was last written where `is_quick`, if
    /// that can be told.
    ///
    /// # Errors
    /// [`Unwritten`].
    pub async fn publish(&self, folder: &Path, is_quick: bool) -> Result<Written, Unwritten> {
        let turn = Arc::new(turn(folder).await);
        let change = self.store.change().await.map_err(Error::from)?;
        let before = Before::read(folder);
        let since = before
            .change
            .filter(|(print, at)| is_quick && *print == self.print && *at <= change)
            .map(|(_, at)| at);
        if since == Some(change) {
            return Ok(Written {
                documents: before.names.len(),
                changed: 0,
            });
        }
        let documents = self.changed(since).await?;
        let mut names: BTreeSet<String> = documents.all.iter().map(|one| one.file_name()).collect();
        let touched: BTreeSet<String> = documents
            .touched
            .iter()
            .map(|one| one.file_name())
            .collect();
        // Each time: what is left by one who was killed a moment ago is too young to tell.
        let removed = tokio::task::spawn_blocking({
            let folder = folder.to_owned();
            move || remove_left_behind(&folder)
        });
        removed.await.map_err(Error::from)??;
        // Who is killed now leaves no file that is on no list.
        let mut either = before.names.clone();
        either.extend(names.iter().cloned());
        write_list(folder, None, &either)?;
        let mut changed = 0;
        for address in &documents.all {
            let name = address.file_name();
            if !touched.contains(&name)
                && before.names.contains(&name)
                && folder.join(&name).is_file()
            {
                continue;
            }
            match self.document(address, For::Files).await? {
                Found::Document(document) => {
                    let (folder, turn) = (folder.to_owned(), turn.clone());
                    let put = tokio::task::spawn_blocking(move || {
                        let put = put(&folder, &name, &document);
                        drop(turn);
                        put
                    });
                    changed += usize::from(put.await.map_err(Error::from)??);
                }
                // It went while the others were made; the next edition knows.
                Found::Elsewhere(_) | Found::Nothing => {
                    names.remove(&name);
                }
            }
        }
        changed += before.remove(folder, &names)?;
        write_list(folder, Some((self.print, change)), &names)?;
        Ok(Written {
            documents: names.len(),
            changed,
        })
    }
}

/// What stands in a folder's list.
#[derive(Debug, Default)]
struct Before {
    /// The print of what all documents have, and the change at which they were written.
    change: Option<(u64, i64)>,
    names: BTreeSet<String>,
}

impl Before {
    fn read(folder: &Path) -> Before {
        let text = read(&folder.join(WRITTEN)).unwrap_or_default();
        let text = String::from_utf8(text).unwrap_or_default();
        let change = text.lines().next().and_then(|line| {
            let (print, change) = line.strip_prefix("# ")?.split_once(' ')?;
            Some((print.parse().ok()?, change.parse().ok()?))
        });
        let names = text.lines().filter(|name| is_plain(name));
        Before {
            change,
            names: names.map(str::to_owned).collect(),
        }
    }

    /// Removes what was written before and is published no more.
    fn remove(&self, folder: &Path, now: &BTreeSet<String>) -> io::Result<usize> {
        let mut removed = 0;
        for name in self.names.difference(now) {
            if link_on_the_way(folder, name).is_some() {
                continue;
            }
            let file = folder.join(name);
            removed += usize::from(remove(&file)?);
            for form in FORMS {
                remove(&with(&file, form))?;
            }
            let mut inside = file.parent();
            // Folders of archives that are no more.
            while let Some(empty) = inside.filter(|inside| *inside != folder) {
                if std::fs::remove_dir(empty).is_err() {
                    break;
                }
                inside = empty.parent();
            }
        }
        Ok(removed)
    }
}

fn remove(file: &Path) -> io::Result<bool> {
    match std::fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(named(file, &error)),
    }
}

/// Writes the list of what is there, or may be, with the change that all of it is of; none while that is not so.
fn write_list(
    folder: &Path,
    written_at: Option<(u64, i64)>,
    names: &BTreeSet<String>,
) -> io::Result<()> {
    let head = written_at.map(|(print, change)| format!("# {print} {change}\n"));
    let list: String = names.iter().map(|name| format!("{name}\n")).collect();
    let text = head.unwrap_or_default() + &list;
    let file = folder.join(WRITTEN);
    replace(&file, text.as_bytes())
}

/// The link that a name's way leads through, if there is one: somebody who may write into the folder laid it, and what is
/// behind it is not ours.
fn link_on_the_way(folder: &Path, name: &str) -> Option<PathBuf> {
    let parents = Path::new(name).parent()?;
    let ways = parents.ancestors().map(|parent| folder.join(parent));
    ways.filter(|way| way != folder)
        .find(|way| std::fs::symlink_metadata(way).is_ok_and(|there| there.is_symlink()))
}

/// Writes a document and its compressed forms, unless they are there; gives whether it changed.
fn put(folder: &Path, name: &str, document: &Document) -> io::Result<bool> {
    if let Some(link) = link_on_the_way(folder, name) {
        let why = "it is a link, which may lead anywhere; remove it";
        return Err(named(&link, &io::Error::other(why)));
    }
    let file = folder.join(name);
    let is_same = read(&file).as_deref() == Some(&document.bytes);
    if is_same && FORMS.iter().all(|form| with(&file, form).is_file()) {
        return Ok(false);
    }
    let forms = [gzip(&document.bytes)?, brotli(&document.bytes)?];
    // What would grow is not packed.
    let forms = forms.map(|packed| (packed.len() < document.bytes.len()).then_some(packed));
    let forms: Vec<(PathBuf, Option<Vec<u8>>)> = FORMS
        .iter()
        .map(|form| with(&file, form))
        .zip(forms)
        .collect();
    if is_same
        && forms
            .iter()
            .all(|(form, bytes)| form.is_file() == bytes.is_some())
    {
        return Ok(false);
    }
    for (form, bytes) in forms {
        match bytes {
            Some(bytes) => replace(&form, &bytes)?,
            None => {
                remove(&form)?;
            }
        }
    }
    replace(&file, &document.bytes)?;
    Ok(!is_same)
}

/// What is in a file, where it is one: opening a pipe would wait for ever.
fn read(file: &Path) -> Option<Vec<u8>> {
    let is_file = std::fs::metadata(file).is_ok_and(|there| there.is_file());
    is_file.then(|| std::fs::read(file).ok())?
}

fn with(file: &Path, form: &str) -> PathBuf {
    let mut name = file.to_owned();
    name.as_mut_os_string().push(form);
    name
}

/// Removes what a process that was killed had half written.
fn remove_left_behind(folder: &Path) -> io::Result<()> {
    remove_older(folder, LEFT_BEHIND)
}

fn remove_older(folder: &Path, age: Duration) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        // There is nothing yet, or it is no folder, which writing will tell.
        let Ok(entries) = std::fs::read_dir(&inside) else {
            continue;
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let is_part = entry.file_name().to_string_lossy().ends_with(PART);
            let is_old = || {
                let modified = entry.metadata().and_then(|metadata| metadata.modified());
                modified.is_ok_and(|at| at.elapsed().is_ok_and(|since| since >= age))
            };
            if is_part && is_old() {
                remove(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// Whether a name from the list stays within the folder.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('#')
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != ".." && part != ".")
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    // A folder may have two names, and a writer for each.
    let number = PARTS.fetch_add(1, Ordering::Relaxed);
    let half = with(file, &format!(".{}-{number}{PART}", std::process::id()));
    replace_by(&half, file, bytes)
}

/// Writes `half`, then has it take the place of `file`.
fn replace_by(half: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| named(folder, &error))?;
    }
    let written = (|| {
        let mut out = create(half)?;
        out.write_all(bytes)?;
        out.sync_all()?;
        std::fs::rename(half, file)
    })();
    written.map_err(|error| {
        // What is half written helps nobody; the first error is the one to tell.
        let _ = std::fs::remove_file(half);
        named(file, &error)
    })
}

/// A new file. What has its name was left by a process that was killed and had our number, or was laid there by somebody
/// who may write into the folder, to lead to another file of ours: it goes, and a link that comes back is not followed.
fn create(file: &Path) -> io::Result<File> {
    remove(file)?;
    File::create_new(file)
}

fn named(file: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::text("text/plain", text.to_owned())
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn only_what_changed_is_written_with_its_forms_and_only_our_own_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::write(path.join("notes.txt"), "mine").unwrap();
        let long = "a".repeat(500);
        assert!(put(path, "topics/a/archive/r/50.rss", &document(&long)).unwrap());
        assert!(put(path, "index.html", &document("i")).unwrap());
        assert!(!put(path, "topics/a/archive/r/50.rss", &document(&long)).unwrap());
        let forms = |name: &str| [".gz", ".br"].map(|form| with(&path.join(name), form).is_file());
        assert_eq!(forms("topics/a/archive/r/50.rss"), [true, true]);
        // A byte becomes no fewer.
        assert_eq!(forms("index.html"), [false, false]);
        write_list(
            path,
            Some((7, 3)),
            &names(&["index.html", "topics/a/archive/r/50.rss"]),
        )
        .unwrap();

        let before = Before::read(path);
        assert_eq!(before.change, Some((7, 3)));
        assert_eq!(before.remove(path, &names(&["index.html"])).unwrap(), 1);
        assert!(!path.join("topics").exists() && path.join("notes.txt").exists());
        std::fs::remove_file(with(&path.join("index.html"), ".gz")).unwrap_err();
        // A form that is missing comes back.
        put(path, "b.rss", &document(&long)).unwrap();
        std::fs::remove_file(path.join("b.rss.br")).unwrap();
        assert!(!put(path, "b.rss", &document(&long)).unwrap());
        assert_eq!(forms("b.rss"), [true, true]);
    }

    #[test]
    fn what_a_killed_process_half_wrote_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("topics/a");
        std::fs::create_dir_all(&inside).unwrap();
        let part = inside.join(format!("1.rss.7{PART}"));
        std::fs::write(&part, "<rss").unwrap();
        remove_left_behind(folder.path()).unwrap();
        assert!(part.exists(), "another process may be writing it");
        remove_older(folder.path(), Duration::ZERO).unwrap();
        assert!(!part.exists());
    }

    /// As a folder that has two names may see it.
    #[test]
    fn two_that_write_a_file_at_once_both_leave_it_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.rss");
        std::thread::scope(|scope| {
            for text in ["one", "another"] {
                let file = &file;
                scope.spawn(move || {
                    let bytes = text.repeat(10_000).into_bytes();
                    for _ in 0..200 {
                        replace(file, &bytes).unwrap();
                        let read = std::fs::read(file).unwrap();
                        assert!([30_000, 70_000].contains(&read.len()), "{}", read.len());
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_that_somebody_laid_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "mine").unwrap();
        let inside = folder.path().join("feeds");
        std::fs::create_dir(&inside).unwrap();
        let file = inside.join("all.rss");
        let half = with(&file, &format!(".7{PART}"));
        // In the place of the file, and in that of its half.
        for link in [&file, &half] {
            std::os::unix::fs::symlink(&precious, link).unwrap();
        }
        replace_by(&half, &file, b"<rss/>").unwrap();
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "mine");
        assert!(std::fs::symlink_metadata(&file).unwrap().is_file());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "<rss/>");
        assert!(std::fs::symlink_metadata(&half).is_err());
        // In the place of a folder.
        let link = inside.join("topics");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let refused = put(&inside, "topics/precious", &document("<rss/>")).unwrap_err();
        assert!(
            refused.to_string().contains("topics: it is a link"),
            "{refused}"
        );
        assert_eq!(std::fs::read_to_string(&precious).unwrap(), "mine");
        // One that leads to what is not there yet makes nothing there either.
        let absent = folder.path().join("absent");
        std::os::unix::fs::symlink(&absent, &half).unwrap();
        replace_by(&half, &file, b"<rss></rss>").unwrap();
        assert!(!absent.exists());
        // What is there in the meantime is not written to.
        std::os::unix::fs::symlink(&precious, &half).unwrap();
        assert!(File::create_new(&half).is_err());
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
            format!(
                "../outside\n{}\nup/outside\nup/in/outside\n",
                outside.display()
            ),
        )
        .unwrap();
        std::os::unix::fs::symlink("..", inside.join("up")).unwrap();
        Before::read(&inside).remove(&inside, &names(&[])).unwrap();
        assert!(outside.exists());
    }
}
