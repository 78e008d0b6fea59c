//! What of a release is compared: its words, its runs of three words, its day.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::background::is_common;
use super::terms::{Kind, Term, in_latin, terms};
use crate::difference::{self, readable};
use crate::text;

/// What [`Fingerprint::sketch`] gives is of this version: it goes up with every change of the sketch, or of the words that
/// it is made of, so that a store makes its own anew.
pub const SKETCH_VERSION: i64 = 2;
/// As many hashes has a sketch.
const SKETCHED: usize = 32;
/// As many of them are of runs with a name, a figure or a date, where there are so many: those are a release's own, while
/// the others may be its template's.
const SKETCHED_TELLING: usize = 24;
/// A sketch keeps so many bits of a hash: enough that two runs hardly ever share one, and less to store.
const SKETCHED_BITS: u32 = 48;

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
        let paragraphs: Vec<String> = paragraphs
            .iter()
            .map(|one| in_latin(&readable(one)))
            .collect();
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
            title: terms(&[in_latin(&readable(title))]),
            shingles: shingles(&body),
            body,
            is_corrected,
            published,
        }
    }

    /// The hashes by which a copy is found again, in ascending order: the smallest of all, so that two texts which share
    /// most of their runs of words share most of these. None where the text is empty.
    pub fn sketch(&self) -> Vec<i64> {
        let mut telling = BTreeSet::new();
        let mut plain = BTreeSet::new();
        for three in self.body.windows(3) {
            let tells = |term: &Term| matches!(term.kind, Kind::Figure | Kind::Date | Kind::Name);
            let hash = hash(three);
            if !is_common(hash) {
                let of_its_kind = if three.iter().any(tells) {
                    &mut telling
                } else {
                    &mut plain
                };
                of_its_kind.insert(hash);
            }
        }
        let telling = telling.into_iter().take(SKETCHED_TELLING);
        let mut hashes: BTreeSet<u64> = telling.collect();
        let free = SKETCHED - hashes.len();
        hashes.extend(plain.into_iter().take(free));
        if hashes.is_empty() {
            hashes.extend(self.shingles.first());
        }
        let short = |hash: u64| (hash >> (u64::BITS - SKETCHED_BITS)).cast_signed();
        hashes.into_iter().map(short).collect()
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
    let hashes: BTreeSet<u64> = match terms.len() {
        0 => BTreeSet::new(),
        1 | 2 => [hash(terms)].into(),
        _ => terms.windows(3).map(hash).collect(),
    };
    hashes.into_iter().collect()
}

fn hash(run: &[Term]) -> u64 {
    let words: Vec<&str> = run.iter().map(|term| term.folded.as_str()).collect();
    xxh3_64(words.join(" ").as_bytes())
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
    fn every_text_has_a_sketch_of_a_bounded_size() {
        assert_eq!(print("one").sketch().len(), 1);
        assert!(!print("one two three four").sketch().is_empty());
        assert!(print(" ").sketch().is_empty());
        let letters = |n: u8| format!("{}{}", char::from(b'a' + n / 26), char::from(b'a' + n % 26));
        let long: Vec<String> = (0..200)
            .map(|n| format!("hear word{0} and other{0} words of Name{0}", letters(n)))
            .collect();
        let sketch = print(&long.join(" ")).sketch();
        assert_eq!(sketch.len(), SKETCHED);
        assert!(
            sketch.is_sorted()
                && sketch
                    .iter()
                    .all(|hash| (0..1 << SKETCHED_BITS).contains(hash))
        );
    }

    #[test]
    fn what_is_a_releases_own_stands_in_its_sketch() {
        let template = "Chiefs have said that nobody should have to fear the way home at night after work in any town.\n";
        let of = |figure: &str| {
            print(&format!(
                "{}Officers made {figure} arrests there.",
                template.repeat(3)
            ))
        };
        let (first, second) = (of("4,112").sketch(), of("5,207").sketch());
        let own = first.iter().filter(|hash| !second.contains(hash));
        assert_eq!(own.count(), 3, "each run of words with the figure");
    }
}
