//! The archive's releases arrive one by one, each judged as a cycle judges it and stored as a cycle stores it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use npcc_feeds::daemon::{Error, Ingest, Judged};
use npcc_feeds::duplicates::{Judgement, Reason};
use npcc_feeds::release::{CanonicalPath, DatedText, Guid, Text};
use npcc_feeds::store::{Derived, MergedCopy, NewAddress};

use super::{Archive, Simulated};

/// What became of an archive's releases.
#[derive(Default)]
pub struct Arrived {
    pub copies: usize,
    /// Releases that became part of another than the one that they are, each told.
    pub wrong_merges: Vec<String>,
    /// Copies that were taken for new, each told.
    pub missed: Vec<String>,
    /// What each edit was done to, and how many of those copies were missed.
    pub by_edit: HashMap<&'static str, (usize, usize)>,
    pub judging: Duration,
    pub storing: Duration,
    /// The releases that are part of others, by their numbers.
    homes: HashMap<usize, usize>,
}

impl Arrived {
    /// Lets all arrive, each judged.
    pub async fn all(ingest: &Ingest, archive: &Archive) -> Result<Arrived, Error> {
        let mut arrived = Arrived::default();
        ingest.store.know(SOURCE).await?;
        for number in 0..archive.len() {
            let one = archive.release(number);
            let began = Instant::now();
            let judged = ingest.judge(guid(number), &dated_text(&one)).await?;
            arrived.judging += began.elapsed();
            arrived.count(number, &one, &judged.judgement);
            arrived.store(ingest, number, &one, &judged).await?;
        }
        Ok(arrived)
    }

    /// Stores all as what they are, for what comes after them to be judged.
    pub async fn unjudged(ingest: &Ingest, archive: &Archive) -> Result<Arrived, Error> {
        let mut arrived = Arrived::default();
        ingest.store.know(SOURCE).await?;
        for number in 0..archive.len() {
            let one = archive.release(number);
            let mut judged = ingest.unjudged(&dated_text(&one)).await?;
            if one.original != number {
                judged.judgement.known = Some((guid(one.original), Reason::Ruled));
            }
            arrived.store(ingest, number, &one, &judged).await?;
        }
        Ok(arrived)
    }

    async fn store(
        &mut self,
        ingest: &Ingest,
        number: usize,
        one: &Simulated,
        judged: &Judged,
    ) -> Result<(), Error> {
        let text = dated_text(one);
        let path = path(number);
        let address = NewAddress {
            source: SOURCE.to_owned(),
            path: path.clone(),
            url: format!("https://news.example{path}"),
            upstream_guid: None,
            feed_seen: None,
            listing_seen: None,
            at: one.published,
            gap: None,
        };
        let began = Instant::now();
        if let Some((into, reason)) = judged.judgement.known.clone() {
            let copy = MergedCopy {
                into,
                source: SOURCE,
                path: &path,
                url: &address.url,
                text: &text,
                is_redacted: false,
                reason,
                at: one.published,
            };
            ingest.store.merge(&address, &copy, None).await?;
        } else {
            let derived = Derived {
                sketch: judged.sketch(),
                related: judged.related(),
                ..Derived::default()
            };
            let store = &ingest.store;
            store
                .add(guid(number), &address, &text, &derived, None)
                .await?;
        }
        self.storing += began.elapsed();
        Ok(())
    }

    /// Counts what one was taken for against what it is.
    pub fn count(&mut self, number: usize, one: &Simulated, judgement: &Judgement) {
        let is_copy = one.original != number;
        let home = self
            .homes
            .get(&one.original)
            .copied()
            .unwrap_or(one.original);
        self.copies += usize::from(is_copy);
        let told = |what: &str| format!("{} {:?} {what}: {}", one.kind, one.edits, one.title);
        let mut is_missed = false;
        match &judgement.known {
            None => {
                is_missed = is_copy;
                if is_copy {
                    let related = judgement.related.iter().find(|(of, _)| *of == guid(home));
                    let why = related
                        .map_or("not found, or too little shared".to_owned(), |(_, why)| {
                            why.to_string()
                        });
                    self.missed.push(told(&format!("missed, {why}")));
                }
            }
            Some((guid_of, _)) if is_copy && *guid_of == guid(home) => {
                self.homes.insert(number, home);
            }
            Some((guid_of, reason)) => {
                let into = (0..number).find(|n| guid(*n) == *guid_of);
                self.wrong_merges
                    .push(told(&format!("{number} is in {into:?}, {reason}")));
                self.homes.insert(number, into.unwrap_or(number));
            }
        }
        for edit in &one.edits {
            let (all, missed) = self.by_edit.entry(edit).or_default();
            *all += 1;
            *missed += usize::from(is_missed);
        }
    }
}

/// Where the archive comes from.
pub const SOURCE: &str = "npcc";

fn path(number: usize) -> CanonicalPath {
    CanonicalPath::from_stored(format!("/releases/{number}"))
}

/// The guid of the release of a number.
pub fn guid(number: usize) -> Guid {
    Guid::new(SOURCE, &path(number))
}

/// A release as a cycle has it.
pub fn dated_text(one: &Simulated) -> DatedText {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let paragraphs = one.paragraphs.iter();
    let body = paragraphs.map(|paragraph| format!("<p>{}</p>", escaped(paragraph)));
    DatedText {
        text: Text {
            title: one.title.clone(),
            lead: None,
            body: Some(body.collect()),
        },
        published: one.published,
    }
}
