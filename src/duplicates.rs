//! Is this draft a release that we have? With the reason, and with what spoke against it.
//!
//! A wrong merge hides news and a wrong split shows it twice, so in doubt both are kept. The published guid and the path
//! are compared where the rows are; this room compares texts.

mod background;
mod conflicts;
pub mod evaluation;
mod fingerprint;
mod judgement;
mod reason;
mod terms;

use chrono::TimeDelta;

use background::Weights;
use conflicts::Conflicts;
use fingerprint::are_the_same;
pub use fingerprint::{Fingerprint, SKETCH_VERSION};
pub use judgement::{Candidate, Judgement, is_better, judge};
pub use reason::{Comparison, Reason, Refusal, Verdict};

/// Copies are looked for among releases published within so many days of each other: yearly campaigns reuse whole
/// texts, and no release is known to have been issued again later.
pub const WINDOW_DAYS: i64 = 400;
/// As many candidates are compared in full; those that share the most of the sketch come first.
pub const MOST_CANDIDATES: usize = 8;

/// So much of the shorter text must stand in the longer, by the weight of its runs of three words.
const CONTAINMENT: f64 = 0.6;
/// A short text inside a long one is a quotation rather than a copy, so the shorter must be this part of the longer.
const SIZE_RATIO: f64 = 0.4;
/// Below so many shingles, likeness says little: two answers to two reports can thank in the same words. Only equal texts
/// under equal titles, published within days, are one.
const FEWEST_SHINGLES: usize = 30;
const SHORT_ONES_WITHIN: TimeDelta = TimeDelta::days(7);

/// Within so many days a figure may differ without a note: somebody corrected it.
const CORRECTED_WITHIN: TimeDelta = TimeDelta::days(7);
/// As much a note explains: a figure in headline and text, and what was reckoned from it.
const MOST_CORRECTED: usize = 3;
/// As many words may be worded otherwise in their place, of every hundred that tell something, and in a short text.
const REWORDED_PERCENT: usize = 6;
const FEW_REWORDED: usize = 2;
/// As many words of every hundred that tell something may each text have of its own. A copy is cut or added to, seldom both.
const OWN_PERCENT: usize = 15;

/// Compares two releases by their texts, as a store compares them that has no other. Which of them came first makes no
/// difference.
pub fn compare(a: &Fingerprint, b: &Fingerprint) -> Comparison {
    compare_among(a, b, &Weights::default())
}

/// Compares two releases where it is known what others say too.
fn compare_among(a: &Fingerprint, b: &Fingerprint, weights: &Weights) -> Comparison {
    // Where a place of one text can stand for several of the other, which it is depends on the side it is seen from.
    if a.shingles <= b.shingles {
        return compare_in_order(a, b, weights);
    }
    let swap = |pairs: &mut Vec<(String, String)>| {
        for (first, second) in pairs {
            std::mem::swap(first, second);
        }
    };
    let mut comparison = compare_in_order(b, a, weights);
    match &mut comparison {
        Comparison::One(Reason::Shingles { corrected, .. }) => swap(corrected),
        Comparison::Template(refusal) => swap(&mut refusal.instead),
        _ => {}
    }
    comparison
}

fn compare_in_order(a: &Fingerprint, b: &Fingerprint, weights: &Weights) -> Comparison {
    let (fewer, more) = {
        let (a, b) = (a.shingles.len(), b.shingles.len());
        (a.min(b), a.max(b))
    };
    let apart = (a.published - b.published).abs();
    if apart > TimeDelta::days(WINDOW_DAYS) {
        return Comparison::Two;
    }
    if fewer < FEWEST_SHINGLES {
        let is_one = fewer > 0
            && a.says_the_same(b)
            && are_the_same(&a.title, &b.title)
            && apart <= SHORT_ONES_WITHIN;
        return if is_one {
            Comparison::One(Reason::EqualText)
        } else {
            Comparison::Two
        };
    }
    let overlap = Overlap::of(&a.shingles, &b.shingles, weights);
    if overlap.containment < CONTAINMENT || ratio(fewer, more) < SIZE_RATIO {
        return Comparison::Two;
    }
    let conflicts = Conflicts::between(a, b);
    let figures_and_names = conflicts.figures.len() + conflicts.names.len();
    let has_note = a.is_corrected != b.is_corrected;
    let words = telling_words(a, weights).min(telling_words(b, weights));
    let reworded = FEW_REWORDED.max(words * REWORDED_PERCENT / 100);
    // Who corrects a figure writes nothing new beside it; who tells what came of an event since does.
    let is_corrected = apart <= CORRECTED_WITHIN && conflicts.own_words <= reworded;
    let tolerated = match has_note {
        true => MOST_CORRECTED,
        false => usize::from(is_corrected && conflicts.names.is_empty()),
    };
    let is_template = !conflicts.times.is_empty()
        || figures_and_names > tolerated
        || conflicts.subjects.len() > reworded
        || conflicts.own_words > words * OWN_PERCENT / 100;
    let corrected: Vec<_> = conflicts
        .figures
        .into_iter()
        .chain(conflicts.names)
        .collect();
    if is_template {
        let times = conflicts.times.into_iter();
        let instead = times.chain(corrected).chain(conflicts.subjects).collect();
        return Comparison::Template(Refusal { instead });
    }
    if a.says_the_same(b) {
        return Comparison::One(Reason::EqualText);
    }
    Comparison::One(Reason::Shingles {
        jaccard: overlap.jaccard,
        containment: overlap.containment,
        corrected,
    })
}

/// How many words of a text tell something. Those of sentences that every release has count for as little as their runs.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of words are small"
)]
fn telling_words(of: &Fingerprint, weights: &Weights) -> usize {
    let tells = |term: &&terms::Term| term.kind != terms::Kind::Common;
    let count = of.body.iter().filter(tells).count();
    let weight = weights.sum(&of.shingles) / of.shingles.len().max(1) as f64;
    (count as f64 * weight) as usize
}

/// How much two texts share, by the weight of what they share.
struct Overlap {
    jaccard: f64,
    containment: f64,
}

impl Overlap {
    /// Both in ascending order.
    fn of(a: &[u64], b: &[u64], weights: &Weights) -> Overlap {
        let shared: Vec<u64> = a
            .iter()
            .copied()
            .filter(|hash| b.binary_search(hash).is_ok())
            .collect();
        let (a, b, shared) = (weights.sum(a), weights.sum(b), weights.sum(&shared));
        Overlap {
            jaccard: shared / (a + b - shared).max(f64::MIN_POSITIVE),
            containment: shared / a.min(b).max(f64::MIN_POSITIVE),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests;
