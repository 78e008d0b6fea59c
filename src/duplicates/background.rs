//! How common a run of three words is in releases at large: what every second one says tells little of any.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::fingerprint::shingles;
use super::terms::terms;

/// Sentences and phrases that forces and their Council use again and again, one a line.
const SENTENCES: &str = include_str!("background.txt");

/// What a run of words of these sentences weighs, where another weighs one.
const COMMON: f64 = 0.2;

static SHINGLES: LazyLock<HashSet<u64>> = LazyLock::new(|| {
    SENTENCES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| shingles(&terms(&[line.to_owned()])))
        .collect()
});

/// Whether a run of words is one of those that releases of every kind have.
pub(super) fn is_common(shingle: u64) -> bool {
    SHINGLES.contains(&shingle)
}

/// What runs of words weigh: little where releases of every kind have them, or where others of the store do that are
/// near to the two in question.
#[derive(Debug, Default)]
pub(super) struct Weights {
    shared: HashSet<u64>,
}

/// A run of words that stands in so many releases beside the two compared is their campaign's or their template's.
const ELSEWHERE: usize = 2;

impl Weights {
    /// The weights among other releases, none of them one of the two compared.
    pub(super) fn among<'a>(others: impl Iterator<Item = &'a [u64]>) -> Weights {
        let mut counts: HashMap<u64, usize> = HashMap::new();
        for shingle in others.flatten() {
            *counts.entry(*shingle).or_default() += 1;
        }
        let shared = counts.into_iter().filter(|(_, count)| *count >= ELSEWHERE);
        Weights {
            shared: shared.map(|(shingle, _)| shingle).collect(),
        }
    }

    /// What some word 3-shingles weigh together.
    pub(super) fn sum(&self, shingles: &[u64]) -> f64 {
        let weigh = |shingle: &u64| match is_common(*shingle) || self.shared.contains(shingle) {
            true => COMMON,
            false => 1.0,
        };
        shingles.iter().map(weigh).sum()
    }
}
