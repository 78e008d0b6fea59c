//! New editions whenever anything has changed, whoever changed it: in memory, and as files where that is wanted.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::hub::Hub;
use super::systemd::Notice;
use super::{Error, Ingest};
use crate::edition::{Address, Edition, Found};
use crate::feeds::Format;
use crate::feeds::pages::For;
use crate::memory;
use crate::serve::{AsOf, Held, Server, Shelf};

/// How often the change counter is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest between two tries while editions cannot be made.
const LOOK_AFTER_FAILURE: Duration = Duration::from_secs(60);
/// All files of an archive are written in less than this, on a slow disk as well.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1800);

impl Ingest {
    /// Puts an edition up, and a new one whenever the change counter has moved. What fails leaves the last edition up. Files are written
    /// beside that: a folder that is full, or hangs, keeps nothing from those who are served.
    pub(super) async fn keep_publishing(&self, server: &Server) {
        let hub = Hub::of(self);
        let is_up = Notify::new();
        tokio::select! {
            () = self.keep_editing(server, &is_up) => {}
            () = self.keep_writing(server, &is_up, hub.as_ref()) => {}
            () = async {
                match &hub {
                    Some(hub) => hub.keep_telling(self).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }

    async fn keep_editing(&self, server: &Server, is_up: &Notify) {
        let print = server.edition.print();
        let shown = || {
            let shelf = server.documents.shelf();
            shelf.as_ref().as_ref().map(|shelf| shelf.as_of)
        };
        let mut wait = LOOK_EVERY;
        let mut due = Due {
            ready: true,
            edition: true,
            // What was up before a reload may not be on record.
            record: shown().is_some(),
        };
        loop {
            self.pulses.editing.beat();
            let shown = shown();
            let outcome = match self.store.change().await {
                Ok(change) if Some(AsOf { change, print }) == shown && !due.edition => Ok(()),
                Ok(_) => {
                    due.edition = true;
                    self.edit(server, &mut due).await
                }
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(()) => {
                    if due.edition {
                        is_up.notify_one();
                        memory::give_back();
                    }
                    due.edition = false;
                    wait = LOOK_EVERY;
                }
                Err(error) => {
                    // A full disk stays full for a while, and need not fill the log as well.
                    wait = (wait * 2).min(LOOK_AFTER_FAILURE);
                    tracing::error!(%error, "publishing failed; the last edition that could be made stays up");
                    // What was up before a reload is served on.
                    self.tell_ready(server, &mut due).await;
                }
            }
            if due.record {
                due.record = !self.record(server).await;
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes what has changed since the last edition and puts it up.
    async fn edit(&self, server: &Server, due: &mut Due) -> Result<(), Error> {
        due.record |= !self.put_up(server).await?;
        self.tell_ready(server, due).await;
        Ok(())
    }

    /// Writes each edition into the folder of `[publish] to`, where there is one, and has the hub told of what is up then.
    async fn keep_writing(&self, server: &Server, is_up: &Notify, hub: Option<&Hub>) {
        loop {
            is_up.notified().await;
            let mut shelf = server.documents.shelf();
            if !self.config.publish.to.is_empty() {
                let mut wait = LOOK_EVERY;
                while let Err(error) = self.write_files(server).await {
                    server.files_failing.store(true, Ordering::Relaxed);
                    wait = (wait * 2).min(LOOK_AFTER_FAILURE);
                    tracing::error!(%error, "publishing as files failed; tried again in {wait:?}, and the feeds are served meanwhile");
                    tokio::time::sleep(wait).await;
                    shelf = server.documents.shelf();
                }
                memory::give_back();
            }
            server.files_failing.store(false, Ordering::Relaxed);
            if let Some(hub) = hub {
                // What is up by now may not be in the folder yet, which the hub may read.
                hub.look(shelf);
            }
        }
    }

    /// Writes what is not in the folder yet: on a thread of its own, which a file system that does not answer, as that of another machine
    /// which is gone, may keep for ever. That is told, and a reload that names another folder goes on with that.
    async fn write_files(&self, server: &Server) -> Result<(), Error> {
        let folder = PathBuf::from(&self.config.publish.to);
        let (edition, runtime) = (server.edition.clone(), Handle::current());
        let dropped = CancellationToken::new();
        let _drops = dropped.clone().drop_guard();
        let mut writing = tokio::task::spawn_blocking(move || {
            runtime.block_on(dropped.run_until_cancelled(edition.publish(&folder, true)))
        });
        loop {
            match timeout(WRITTEN_WITHIN, &mut writing).await {
                Ok(written) => {
                    let written = written?.transpose()?;
                    let files = written.map_or(0, |written| written.changed);
                    tracing::info!(files, "published as files");
                    return Ok(());
                }
                Err(_) => {
                    server.files_failing.store(true, Ordering::Relaxed);
                    tracing::error!(
                        folder = self.config.publish.to,
                        "the files of [publish] to are not written yet: look whether the folder's file system answers"
                    );
                }
            }
        }
    }

    /// Tells the service manager, once, that there is something to serve.
    async fn tell_ready(&self, server: &Server, due: &mut Due) {
        if due.ready && server.documents.shelf().is_some() {
            due.ready = false;
            self.pulses.is_awaited.store(false, Ordering::Relaxed);
            Notice::Ready.send();
            self.tell_status(server).await;
        }
    }

    /// Puts on record since when what is up is up, where that could not be done before. Gives whether all is.
    async fn record(&self, server: &Server) -> bool {
        let shelf = server.documents.shelf();
        let held = shelf.as_ref().as_ref().map(|shelf| &shelf.held);
        for (path, held) in held.into_iter().flatten() {
            let hash = held.hash();
            let kept = self.store.document_changed(path, &hash, held.modified);
            if kept.await.is_err() {
                return false;
            }
        }
        true
    }

    /// Makes what has changed since the last edition and puts it up. Gives whether it is on record when.
    ///
    /// # Errors
    /// [`Error`]; then the last edition stays up.
    pub async fn put_up(&self, server: &Server) -> Result<bool, Error> {
        let edition = &server.edition;
        let (change, print) = (self.store.change().await?, edition.print());
        let as_of = AsOf { change, print };
        let before = server.documents.shelf();
        let before = before.as_ref().as_ref();
        if before.is_some_and(|shelf| shelf.as_of == as_of) {
            return Ok(true);
        }
        let touched: Vec<Address> = match before {
            Some(shelf) if shelf.as_of.print == print => {
                let feeds = self.store.feeds_changed_since(shelf.as_of.change).await?;
                let touched = feeds.iter().flat_map(|one| edition.feeds_of(&one.feed));
                touched.collect()
            }
            _ => edition.feeds(),
        };
        let mut dates = Dates {
            ingest: self,
            now: self.clock.now(),
            can_be_kept: true,
        };
        let mut held: HashMap<String, Arc<Held>> =
            before.map(|shelf| shelf.held.clone()).unwrap_or_default();
        // A hub is told of each feed, whether anybody has asked for it here or not.
        let is_held = |address: &&Address| {
            edition.site().hub.is_some()
                || !matches!(
                    address,
                    Address::Feed {
                        format: Format::Atom | Format::Json,
                        ..
                    }
                )
                || server.documents.is_wanted(&address.path())
        };
        let touched: Vec<&Address> = touched.iter().filter(is_held).collect();
        if before.is_some_and(|shelf| shelf.as_of.print != print) {
            // Topics may be no more, nor a hub that is told of what nobody asks for.
            let paths: HashSet<String> = touched.iter().map(|address| address.path()).collect();
            held.retain(|path, _| paths.contains(path));
        }
        for address in &touched {
            if let Some(one) = self.held(edition, address, &held, &mut dates).await? {
                held.insert(address.path(), one);
            }
        }
        let anything = format!("{change} {print:016x}");
        let modified = dates.changed("", &anything).await;
        tracing::debug!(change, feeds = touched.len(), "new edition");
        server.documents.put(Shelf {
            as_of,
            modified,
            held,
        });
        Ok(dates.can_be_kept)
    }

    /// A feed made anew; none where it has the same bytes as the one that is held.
    async fn held(
        &self,
        edition: &Edition,
        address: &Address,
        held: &HashMap<String, Arc<Held>>,
        dates: &mut Dates<'_>,
    ) -> Result<Option<Arc<Held>>, Error> {
        let Found::Document(document) = edition.document(address, For::Daemon).await? else {
            return Ok(None);
        };
        let (path, hash) = (address.path(), Held::hash_of(&document));
        if held.get(&path).is_some_and(|before| before.is_of(&hash)) {
            return Ok(None);
        }
        let modified = dates.changed(&path, &hash).await;
        let packing = move || Held::new(document, modified).subscribed();
        let packed = tokio::task::spawn_blocking(packing).await?;
        Ok(Some(Arc::new(packed)))
    }
}

/// What is still to be done for the edition that is up.
struct Due {
    /// The service manager is to be told that it is there.
    ready: bool,
    /// It is to be made, or has been made and nobody who writes it down knows.
    edition: bool,
    /// Since when it is up is to be put on record.
    record: bool,
}

/// When documents last changed, as it is on record.
struct Dates<'a> {
    ingest: &'a Ingest,
    now: DateTime<Utc>,
    can_be_kept: bool,
}

impl Dates<'_> {
    /// When the bytes at a path became those with this hash. Where the store cannot be written now, that is now and is not
    /// put on record: an edition that is there is worth more than its date.
    async fn changed(&mut self, path: &str, hash: &str) -> DateTime<Utc> {
        if !self.can_be_kept {
            return self.now;
        }
        match self
            .ingest
            .store
            .document_changed(path, hash, self.now)
            .await
        {
            Ok(at) => at,
            Err(error) => {
                tracing::warn!(%error, "when the feeds last changed cannot be put on record");
                // The next would wait for the store's lock as long as this one did.
                self.can_be_kept = false;
                self.now
            }
        }
    }
}
