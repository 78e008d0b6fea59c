//! What of a release is compared: its words, its word 3-shingles, its figures and dates.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use xxhash_rust::xxh3::xxh3_64;

use super::figures::Figures;
use crate::text;

/// One shingle in so many is kept in a release's sketch, chosen by its hash, so that two texts sample the same ones.
const SAMPLED: u64 = 8;

/// A release as the comparison sees it: the subject of its body, without embargo lines, notes and contacts.
#[derive(Debug, Clone)]
pub struct Fingerprint {
    title: String,
    words: String,
    shingles: Vec<u64>,
    figures: Figures,
    published: DateTime<Utc>,
}

impl Fingerprint {
    /// The fingerprint of a release; `paragraphs` are those of its body, without markup.
    pub fn new(title: &str, paragraphs: &[String], published: DateTime<Utc>) -> Fingerprint {
        let (kept, normal): (Vec<&str>, Vec<String>) = text::subject(paragraphs)
            .iter()
            .map(|paragraph| (paragraph.as_str(), fold(&text::normalise(paragraph))))
            .filter(|(_, words)| !words.is_empty() && !words.starts_with("embargo"))
            .unzip();
        let words = normal.join(" ");
        let shingles = shingles(&words);
        let figures = Figures::new(std::iter::once(title).chain(kept));
        Fingerprint {
            title: fold(&text::normalise(title)),
            words,
            shingles,
            figures,
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

    pub(super) fn title(&self) -> &str {
        &self.title
    }

    pub(super) fn words(&self) -> &str {
        &self.words
    }

    pub(super) fn shingles(&self) -> &[u64] {
        &self.shingles
    }

    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }

    pub(super) fn published(&self) -> DateTime<Utc> {
        self.published
    }

    pub(super) fn shared_shingles(&self, other: &Fingerprint) -> usize {
        self.shingles
            .iter()
            .filter(|hash| other.shingles.binary_search(hash).is_ok())
            .count()
    }
}

/// The distinct word 3-shingles as xxh3 with seed 0, in ascending order; a shorter text is one shingle.
fn shingles(words: &str) -> Vec<u64> {
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
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

/// Letters of other alphabets that look like Latin ones, as texts pasted from elsewhere hold them.
fn fold(words: &str) -> String {
    words
        .chars()
        .map(|c| match c {
            'а' | 'α' => 'a',
            'е' | 'ε' => 'e',
            'о' | 'ο' => 'o',
            'р' | 'ρ' => 'p',
            'с' => 'c',
            'у' | 'υ' => 'y',
            'х' | 'χ' => 'x',
            'і' | 'ι' => 'i',
            'ѕ' => 's',
            'ј' => 'j',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(text: &str) -> Fingerprint {
        Fingerprint::new("T", &[text.to_owned()], DateTime::UNIX_EPOCH)
    }

    #[test]
    fn look_alike_letters_are_one_letter() {
        assert_eq!(
            print("Pоlice сhiefs").words(),
            print("police chiefs").words()
        );
    }

    #[test]
    fn every_text_has_a_sketch() {
        assert_eq!(print("one").sketch().len(), 1);
        assert!(!print("one two three four").sketch().is_empty());
        assert!(print(" ").sketch().is_empty());
    }
}
