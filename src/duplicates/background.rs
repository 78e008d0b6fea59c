//! How common a run of three words is in releases at large: what every second one says tells little of any.

use std::collections::HashSet;
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

/// The weight of a word 3-shingle.
pub(super) fn weight(shingle: u64) -> f64 {
    if SHINGLES.contains(&shingle) {
        COMMON
    } else {
        1.0
    }
}
