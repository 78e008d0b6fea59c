//! Scores: pairs of releases of which a person has said whether they are one, against what became of them.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::score::{f1, share};

/// Two releases, and whether they are one.
#[derive(Debug, Clone, Deserialize)]
pub struct Pair {
    /// Whether a person takes them for one release.
    pub same: bool,
    /// What kind of pair it is, for whoever reads the scores.
    #[serde(default)]
    pub kind: String,
    /// The one that is stored when the other arrives.
    pub a: Side,
    /// The one that arrives.
    pub b: Side,
}

/// A release of a pair.
#[derive(Debug, Clone, Deserialize)]
pub struct Side {
    /// The headline.
    pub title: String,
    /// The day of publication, in London.
    pub date: NaiveDate,
    /// The address.
    pub url: Url,
    /// The text: paragraphs parted by empty lines, or one a line.
    pub body: String,
}

/// What became of a pair.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// Whether a person takes them for one.
    pub same: bool,
    /// Whether they were merged.
    pub merged: bool,
    /// The verdict in words.
    pub verdict: &'static str,
    /// The pair's kind.
    pub kind: String,
    /// The headlines.
    pub titles: [String; 2],
    /// Why, where a reason is known.
    pub reason: String,
}

/// The scores of all pairs: a merge is right where a person takes the two for one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// How many pairs there are.
    pub pairs: usize,
    /// Merged, and one release.
    pub true_merges: usize,
    /// Merged, and two releases.
    pub wrong_merges: usize,
    /// Not merged, and one release.
    pub missed: usize,
    /// True merges by all merges; 1 where nothing was merged.
    pub precision: f64,
    /// True merges by all that are one release; 1 where none is.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
}

impl Scores {
    /// The scores of what became of some pairs.
    pub fn of(judged: &[Judged]) -> Scores {
        let count = |same: bool, merged: bool| {
            let these = judged.iter();
            these
                .filter(|one| one.same == same && one.merged == merged)
                .count()
        };
        let (right, wrong, missed) = (count(true, true), count(false, true), count(true, false));
        let (precision, recall) = (share(right, right + wrong), share(right, right + missed));
        let f1 = f1(precision, recall);
        Scores {
            pairs: judged.len(),
            true_merges: right,
            wrong_merges: wrong,
            missed,
            precision,
            recall,
            f1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_count_what_was_merged_and_what_should_have_been() {
        let judged = |same, merged| Judged {
            verdict: "",
            same,
            merged,
            kind: String::new(),
            titles: Default::default(),
            reason: String::new(),
        };
        let all = [
            judged(true, true),
            judged(true, true),
            judged(true, false),
            judged(false, true),
            judged(false, false),
        ];
        let scores = Scores::of(&all);
        assert_eq!(
            (scores.true_merges, scores.wrong_merges, scores.missed),
            (2, 1, 1)
        );
        assert!((scores.f1 - 2.0 / 3.0).abs() < 1e-9, "{scores:?}");
        assert_eq!(Scores::of(&[]).precision, 1.0);
    }
}
