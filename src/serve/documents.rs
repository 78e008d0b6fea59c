//! The documents in memory: each plain and gzipped, each of the two with an ETag of its own.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::feeds::Document;

/// A document ready to be sent.
#[derive(Debug, Clone)]
pub struct Served {
    /// Its media type.
    pub content_type: &'static str,
    /// When its bytes last changed.
    pub modified: DateTime<Utc>,
    plain: (String, Bytes),
    gzip: Option<(String, Bytes)>,
}

/// The bytes to send.
pub(super) struct Variant<'a> {
    pub(super) etag: &'a str,
    pub(super) bytes: &'a Bytes,
    pub(super) encoding: Option<&'static str>,
}

impl Served {
    /// A document, with the hash of its bytes and when they last changed.
    pub fn new(document: Document, hash: &str, modified: DateTime<Utc>) -> Served {
        let gzip = gzip(&document.bytes).map(|bytes| (format!("\"{hash}-gzip\""), bytes));
        Served {
            content_type: document.content_type,
            modified,
            plain: (format!("\"{hash}\""), document.bytes.into()),
            gzip,
        }
    }

    /// Whether it was made from bytes with this hash.
    pub fn is_of(&self, hash: &str) -> bool {
        self.plain.0.trim_matches('"') == hash
    }

    pub(super) fn variant(&self, headers: &HeaderMap) -> Variant<'_> {
        let chosen = self.gzip.as_ref().filter(|_| accepts_gzip(headers));
        let (etag, bytes) = chosen.unwrap_or(&self.plain);
        Variant {
            etag,
            bytes,
            encoding: chosen.map(|_| "gzip"),
        }
    }
}

/// Compressed bytes, where that makes them fewer.
fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() < bytes.len()).then(|| packed.into())
}

/// `Accept-Encoding` (RFC 9110, 12.5.3): a weight of nought refuses.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter();
    let named = codings
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            (name, weight.and_then(|q| q.parse().ok()).unwrap_or(1.0_f32))
        });
    let mut any = false;
    for (name, weight) in named {
        match name.as_str() {
            "gzip" | "x-gzip" => return weight > 0.0,
            "*" => any = weight > 0.0,
            _ => {}
        }
    }
    any
}

/// All documents by path. Readers are never kept waiting while they are exchanged.
#[derive(Debug, Default)]
pub struct Documents {
    documents: ArcSwap<HashMap<String, Arc<Served>>>,
}

impl Documents {
    /// Puts documents in the place of those before.
    pub fn put(&self, documents: HashMap<String, Arc<Served>>) {
        self.documents.store(Arc::new(documents));
    }

    /// Whether any were put up yet.
    pub fn are_there(&self) -> bool {
        !self.documents.load().is_empty()
    }

    /// The document at a path.
    pub fn get(&self, path: &str) -> Option<Arc<Served>> {
        self.documents.load().get(path).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_accept_it() {
        let document = Document {
            path: "/".into(),
            content_type: "text/plain",
            bytes: vec![b'a'; 1_000],
        };
        let served = Served::new(document, "e", DateTime::UNIX_EPOCH);
        for (accepted, encoding, etag) in [
            ("gzip, br", Some("gzip"), "\"e-gzip\""),
            ("*", Some("gzip"), "\"e-gzip\""),
            ("gzip;q=0, *", None, "\"e\""),
            ("br", None, "\"e\""),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            let variant = served.variant(&headers);
            assert_eq!(
                (variant.encoding, variant.etag),
                (encoding, etag),
                "{accepted}"
            );
        }
    }
}
