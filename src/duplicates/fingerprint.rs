//! What of a release is compared: its words, its runs of three words, its day.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::terms::{Term, terms};
use crate::difference::{self, readable};
use crate::text;

/// One shingle in so many is kept in a release's sketch, chosen by its hash, so that two texts sample the same ones.
const SAMPLED: u64 = 8;

/// A release as the comparison sees it: what its text says, without embargo lines, correction notes, notes to editors,
/// contacts, and paragraphs that it has twice.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    pub(super) title: Vec<Term>,
    pub(super) body: Vec<Term>,
    /// Whether a note says that something in it was corrected or added.
    pub(super) is_corrected: bool,
    /// Word 3-shingles as xxh3 with seed 0, in ascending order.
    pub(super) shingles: Vec<u64>,
    pub(super) published: DateTime<Utc>,
}

impl Fingerprint {
    /// The fingerprint of a release; `paragraphs` are those of its body, without markup.
    pub fn new(title: &str, paragraphs: &[String], published: DateTime<Utc>) -> Fingerprint {
        let paragraphs: Vec<String> = paragraphs.iter().map(|one| readable(one)).collect();
        let mut seen = HashSet::new();
        let mut is_corrected = false;
        let mut said = Vec::new();
        for paragraph in rejoined(difference::telling(&paragraphs, &[])) {
            let normal = text::normalise(&paragraph);
            if difference::is_correction(&normal) {
                is_corrected = true;
            } else if seen.insert(normal) {
                said.push(paragraph);
            }
        }
        let body = terms(&said);
        Fingerprint {
            title: terms(&[readable(title)]),
            shingles: shingles(&body),
            body,
            is_corrected,
            published,
        }
    }

    /// The hashes by which a copy is found again: about one shingle in eight, and always the smallest.
    pub fn sketch(&self) -> Vec<i64> {
        let smallest = self.shingles.first().copied();
        let sampled = self
            .shingles
            .iter()
            .copied()
            .filter(|hash| hash % SAMPLED == 0);
        let hashes: BTreeSet<u64> = smallest.into_iter().chain(sampled).collect();
        hashes.into_iter().map(u64::cast_signed).collect()
    }

    /// Whether another says the same in the same words.
    pub(super) fn says_the_same(&self, other: &Fingerprint) -> bool {
        are_the_same(&self.body, &other.body)
    }
}

/// Whether two texts have the same words in the same order.
pub(super) fn are_the_same(a: &[Term], b: &[Term]) -> bool {
    let pairs = a.iter().zip(b);
    a.len() == b.len() && pairs.into_iter().all(|(a, b)| a.folded == b.folded)
}

/// Lines that were wrapped hard, put together again: a paragraph ends in a mark, or where the next begins with a capital.
fn rejoined(lines: Vec<String>) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    for line in lines {
        match paragraphs.last_mut() {
            Some(last)
                if line.starts_with(char::is_lowercase)
                    && last.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | '-')) =>
            {
                last.push(' ');
                last.push_str(&line);
            }
            _ => paragraphs.push(line),
        }
    }
    paragraphs
}

/// The distinct word 3-shingles; a shorter text is one shingle.
pub(super) fn shingles(terms: &[Term]) -> Vec<u64> {
    let words: Vec<&str> = terms.iter().map(|term| term.folded.as_str()).collect();
    let hashes: BTreeSet<u64> = match words.len() {
        0 => BTreeSet::new(),
        1 | 2 => [xxh3_64(words.join(" ").as_bytes())].into(),
        _ => words
            .windows(3)
            .map(|three| xxh3_64(three.join(" ").as_bytes()))
            .collect(),
    };
    hashes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> Fingerprint {
        let paragraphs: Vec<String> = text.lines().map(str::to_owned).collect();
        Fingerprint::new("T", &paragraphs, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn what_is_no_news_is_not_compared() {
        let plain = print("Chiefs met today.\nThey agreed.");
        for other in [
            "EMBARGOED until 00:01\nChiefs met today.\nThey agreed.\nENDS\nPress office: 020",
            "Chiefs met today.\nChiefs met today.\nThey agreed.",
            "Chiefs met\ntoday.\nThey agreed.",
            "UPDATE: they meet again.\nChiefs met today.\nThey agreed.",
            "Сhiefs met\u{A0}to\u{AD}day.\nThey agreed.",
        ] {
            assert!(plain.says_the_same(&print(other)), "{other}");
        }
        assert!(!plain.says_the_same(&print("Chiefs met today.\nThey differed.")));
    }

    #[test]
    fn every_text_has_a_sketch() {
        assert_eq!(print("one").sketch().len(), 1);
        assert!(!print("one two three four").sketch().is_empty());
        assert!(print(" ").sketch().is_empty());
    }
}
