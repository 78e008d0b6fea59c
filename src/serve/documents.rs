//! The documents that answer requests. The feeds are held compressed, once each: those in RSS from the start, those in other
//! formats once somebody has asked for them. Their other forms, and all that is made when it is asked for, share a bounded
//! cache.

use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use http::HeaderValue;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::{Semaphore, SetOnce};
use xxhash_rust::xxh3::xxh3_128;

use super::body::Content;
use super::conditional::http_date;
use crate::compression::{brotli, gunzip, gzip};
use crate::feeds::Document;

/// The cache holds no more bytes.
const KEPT_BYTES: u64 = 6 * 1024 * 1024;
/// What an entry of the cache costs beside its bytes.
const ENTRY: u64 = 200;
/// A page has some ten thousand bytes.
const KEPT_DOCUMENTS: usize = 600;

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As they are.
    Identity,
    /// By gzip.
    Gzip,
    /// By brotli.
    Brotli,
}

impl Encoding {
    /// What `Content-Encoding` says.
    pub(super) fn header(self) -> Option<HeaderValue> {
        match self {
            Encoding::Identity => None,
            Encoding::Gzip => Some(HeaderValue::from_static("gzip")),
            Encoding::Brotli => Some(HeaderValue::from_static("br")),
        }
    }
}

/// A document ready to be sent.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its media type.
    pub content_type: &'static str,
    /// When its bytes last changed.
    pub modified: DateTime<Utc>,
    /// The same as a header.
    pub(super) last_modified: HeaderValue,
    hash: u128,
    /// The bytes, and whether they are packed by gzip, as they are wherever that makes them fewer.
    stored: Content,
    is_packed: bool,
    etags: [HeaderValue; 3],
}

impl Held {
    /// A document that last changed at `modified`.
    pub fn new(document: Document, modified: DateTime<Utc>) -> Held {
        let hash = xxh3_128(&document.bytes);
        let packed = gzip(&document.bytes).ok();
        let packed = packed.filter(|packed| packed.len() < document.bytes.len());
        // Each encoding is other bytes, and needs a tag of its own (RFC 9110, 8.8.3.3).
        let etag = |end: &str| text_header(&format!("\"{hash:032x}{end}\""));
        Held {
            content_type: document.content_type,
            modified,
            last_modified: text_header(&http_date(modified)),
            hash,
            is_packed: packed.is_some(),
            stored: packed.unwrap_or(document.bytes).into(),
            etags: [etag(""), etag("-gzip"), etag("-br")],
        }
    }

    /// The same, made ready to be sent to many.
    pub fn subscribed(self) -> Held {
        Held {
            stored: self.stored.sealed(),
            ..self
        }
    }

    /// The hash of a document's bytes, as it is put on record.
    pub fn hash_of(document: &Document) -> String {
        format!("{:032x}", xxh3_128(&document.bytes))
    }

    /// The hash of the bytes that it was made from.
    pub fn hash(&self) -> String {
        format!("{:032x}", self.hash)
    }

    /// Whether it was made from bytes with this hash.
    pub fn is_of(&self, hash: &str) -> bool {
        self.hash() == hash
    }

    /// The encoding that a client gets which takes these.
    pub(super) fn encoding(&self, accepted: Accepted) -> Encoding {
        match accepted {
            Accepted { brotli: true, .. } if self.is_packed => Encoding::Brotli,
            Accepted { gzip: true, .. } if self.is_packed => Encoding::Gzip,
            _ => Encoding::Identity,
        }
    }

    pub(super) fn etag(&self, encoding: Encoding) -> &HeaderValue {
        match encoding {
            Encoding::Identity => &self.etags[0],
            Encoding::Gzip => &self.etags[1],
            Encoding::Brotli => &self.etags[2],
        }
    }

    /// The bytes in an encoding, where that is the one that they are stored in.
    pub(super) fn content(&self, encoding: Encoding) -> Option<&Content> {
        let is_stored = match encoding {
            Encoding::Gzip => self.is_packed,
            Encoding::Identity => !self.is_packed,
            Encoding::Brotli => false,
        };
        is_stored.then_some(&self.stored)
    }

    /// The same document with its bytes in another encoding.
    fn form(&self, encoding: Encoding) -> io::Result<Held> {
        let plain = if self.is_packed {
            gunzip(&self.stored)?
        } else {
            self.stored.to_vec()
        };
        let stored = match encoding {
            Encoding::Brotli => brotli(&plain)?,
            Encoding::Identity | Encoding::Gzip => plain,
        };
        Ok(Held {
            stored: stored.into(),
            is_packed: false,
            last_modified: self.last_modified.clone(),
            etags: self.etags.clone(),
            ..*self
        })
    }
}

/// Which encodings a client takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) gzip: bool,
    pub(super) brotli: bool,
}

/// A header of printable ASCII.
pub(super) fn text_header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A document made when it was asked for, by its address.
    Made(AsOf, String),
    /// Another form of a document, by the hash of its bytes.
    Form(u128, Encoding),
}

#[derive(Debug, Clone)]
struct Weigh;

impl Weighter<Key, Arc<Held>> for Weigh {
    fn weight(&self, key: &Key, held: &Arc<Held>) -> u64 {
        let address = match key {
            Key::Made(_, address) => address.len(),
            Key::Form(..) => 0,
        };
        ENTRY + (address + held.stored.len()) as u64
    }
}

/// What documents were made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AsOf {
    /// The store's change.
    pub change: i64,
    /// The edition's print.
    pub print: u64,
}

/// What is held, as of one change.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// What it was made of.
    pub as_of: AsOf,
    /// When anything that is shown last changed.
    pub modified: DateTime<Utc>,
    /// The feeds that are subscribed to, by path.
    pub held: HashMap<String, Arc<Held>>,
}

/// All documents. Readers are never kept waiting while they are exchanged.
#[derive(Debug)]
pub struct Documents {
    shelf: ArcSwap<Option<Shelf>>,
    has_begun: SetOnce<()>,
    /// The paths of feeds that are held because somebody has asked for them.
    wanted: Mutex<HashSet<String>>,
    kept: Cache<Key, Arc<Held>, Weigh>,
    /// Brotli takes ten megabytes for each that is packed at once.
    packing: Arc<Semaphore>,
}

impl Default for Documents {
    fn default() -> Documents {
        Documents {
            shelf: ArcSwap::default(),
            has_begun: SetOnce::new(),
            wanted: Mutex::default(),
            kept: Cache::with_weighter(KEPT_DOCUMENTS, KEPT_BYTES, Weigh),
            packing: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Documents {
    /// Puts documents in the place of those before.
    pub fn put(&self, shelf: Shelf) {
        let _wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        self.shelf.store(Arc::new(Some(shelf)));
        // All but the first find it set.
        let _ = self.has_begun.set(());
    }

    /// Waits for the first edition.
    pub(super) async fn first(&self) {
        self.has_begun.wait().await;
    }

    /// What is held now; nothing before the first edition.
    pub fn shelf(&self) -> Arc<Option<Shelf>> {
        self.shelf.load_full()
    }

    /// Holds a feed that somebody has asked for from now on.
    pub(super) fn hold(&self, as_of: AsOf, path: &str, feed: &Arc<Held>) {
        if self.held(path).is_some_and(|held| held.hash == feed.hash) {
            // Whoever waited for the same has come before.
            return;
        }
        let feed = Arc::new(Held::clone(feed).subscribed());
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.insert(path.to_owned());
        // Under the lock, so that no two take the same shelf and one of them is lost.
        let shelf = self.shelf.load_full();
        if let Some(shelf) = shelf.as_ref().as_ref().filter(|shelf| shelf.as_of == as_of) {
            let mut shelf = shelf.clone();
            shelf.held.insert(path.to_owned(), feed);
            self.shelf.store(Arc::new(Some(shelf)));
        }
    }

    /// Whether somebody has asked for a feed.
    pub fn is_wanted(&self, path: &str) -> bool {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.contains(path)
    }

    /// The document that is held at a path.
    pub(super) fn held(&self, path: &str) -> Option<Arc<Held>> {
        self.shelf.load().as_ref().as_ref()?.held.get(path).cloned()
    }

    /// A document from the cache, or by `make`, once for all who ask for it at the same time.
    pub(super) async fn made<E>(
        &self,
        as_of: AsOf,
        address: &str,
        make: impl Future<Output = Result<Held, E>>,
    ) -> Result<Arc<Held>, E> {
        let key = Key::Made(as_of, address.to_owned());
        let make = async { make.await.map(Arc::new) };
        self.kept.get_or_insert_async(&key, make).await
    }

    /// A document's bytes in an encoding.
    pub(super) async fn content(
        &self,
        held: &Arc<Held>,
        encoding: Encoding,
    ) -> io::Result<Content> {
        if let Some(content) = held.content(encoding) {
            return Ok(content.clone());
        }
        let key = Key::Form(held.hash, encoding);
        let make = async {
            let held = held.clone();
            let turn = self.packing.clone().acquire_owned().await;
            // Who hangs up does not give the turn to another before the work is done.
            let packing = tokio::task::spawn_blocking(move || {
                let form = held.form(encoding).map(Arc::new);
                drop(turn);
                form
            });
            packing.await.map_err(io::Error::other)?
        };
        let form = self.kept.get_or_insert_async(&key, make).await?;
        Ok(form.stored.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_is_asked_for_what_is_kept_of_it_has_a_bound() {
        let documents = Documents::default();
        let as_of = AsOf {
            change: 1,
            print: 2,
        };
        let mut bytes = 0;
        for n in 0..100_u64 {
            // Nothing packs it.
            let text: Vec<u8> = (0..20_000)
                .flat_map(|at| {
                    xxhash_rust::xxh3::xxh3_64(&[n, at].map(u64::to_le_bytes).concat())
                        .to_le_bytes()
                })
                .collect();
            bytes += text.len() as u64;
            let document = Document {
                content_type: "text/plain",
                bytes: text,
            };
            let held = Held::new(document, DateTime::UNIX_EPOCH);
            let make = async { Ok::<_, io::Error>(held) };
            // The address is of somebody else's making as well.
            let address = format!("/search?q={n}{}", " ".repeat(2000));
            let made = documents.made(as_of, &address, make).await.unwrap();
            documents.content(&made, Encoding::Identity).await.unwrap();
            assert!(documents.kept.weight() <= KEPT_BYTES);
        }
        assert!(bytes > 2 * KEPT_BYTES);
        assert!(documents.kept.weight() > KEPT_BYTES / 2);
    }

    #[test]
    fn a_feed_that_many_waited_for_is_sealed_once() {
        let documents = Documents::default();
        let (now, as_of) = (
            DateTime::UNIX_EPOCH,
            AsOf {
                change: 1,
                print: 2,
            },
        );
        documents.put(Shelf {
            as_of,
            modified: now,
            held: HashMap::new(),
        });
        let feed = |text: &str| {
            let document = Document {
                content_type: "text/plain",
                bytes: text.as_bytes().to_vec(),
            };
            Arc::new(Held::new(document, now))
        };
        documents.hold(as_of, "/all.atom", &feed("a feed"));
        let first = documents.held("/all.atom").unwrap();
        documents.hold(as_of, "/all.atom", &feed("a feed"));
        assert!(Arc::ptr_eq(&first, &documents.held("/all.atom").unwrap()));

        // One that is another takes its place, but not one that was made before all was exchanged.
        documents.hold(as_of, "/all.atom", &feed("another"));
        let second = documents.held("/all.atom").unwrap();
        assert!(!Arc::ptr_eq(&first, &second));
        let before = AsOf {
            change: 0,
            print: 2,
        };
        documents.hold(before, "/all.atom", &feed("an old one"));
        assert!(Arc::ptr_eq(&second, &documents.held("/all.atom").unwrap()));
        assert!(documents.is_wanted("/all.atom"));
    }
}
