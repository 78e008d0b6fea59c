//! Which words of two texts are the same ones: sentences first, then the words of the sentences that differ.
//!
//! Sentences first, since a word-by-word comparison of a new paragraph with an old one finds the same "the" and "of" in
//! both, and nobody can read what comes of that.
//!
//! Myers' algorithm takes up to the square of both lengths together, so a text may spend [`MOST_STEPS`], on sentences
//! and words. What lies beyond is not compared any closer: it counts as replaced, whole. A release of four thousand
//! words, entirely rewritten, stays below that, and long ones with some sentences changed stay far below.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;

use similar::algorithms::{DiffHook, myers};

/// The sum of the squares of the lengths that are compared, for one text.
const MOST_STEPS: usize = 64_000_000;

/// A kept run of so few words between two longer changes is chance, and only makes both harder to read.
const CHANCE: usize = 3;

/// Numbers of words, with the places where sentences begin; the first place is always one.
#[derive(Debug, Default)]
pub(crate) struct Sequence {
    pub(crate) words: Vec<u32>,
    pub(crate) opens: Vec<bool>,
}

/// Ranges of two texts that correspond: the same words, or what was there and what replaced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) before: Range<usize>,
    pub(crate) after: Range<usize>,
    pub(crate) is_kept: bool,
}

/// The runs of two texts from beginning to end; kept ones and changed ones alternate.
pub(crate) fn align(before: &Sequence, after: &Sequence) -> Vec<Run> {
    let (old, new) = (before.sentences(), after.sentences());
    let mut names = HashMap::new();
    let old_numbers = numbered(before, &old, &mut names);
    let new_numbers = numbered(after, &new, &mut names);

    let mut left = MOST_STEPS;
    let mut runs = Runs::default();
    let words =
        |sentences: &[Range<usize>], range: &Range<usize>| match sentences.get(range.clone()) {
            Some([first, .., last]) => first.start..last.end,
            Some([only]) => only.clone(),
            _ => {
                let at = sentences.get(range.start).map(|s| s.start);
                let at = at.unwrap_or_else(|| sentences.last().map_or(0, |s| s.end));
                at..at
            }
        };
    for run in matches(&old_numbers, &new_numbers, &mut left) {
        let (from, to) = (words(&old, &run.before), words(&new, &run.after));
        if run.is_kept {
            runs.push(from, to, true);
            continue;
        }
        for inner in matches(
            &before.words[from.clone()],
            &after.words[to.clone()],
            &mut left,
        ) {
            let shift = |range: Range<usize>, by: usize| range.start + by..range.end + by;
            runs.push(
                shift(inner.before, from.start),
                shift(inner.after, to.start),
                inner.is_kept,
            );
        }
    }
    let mut runs = without_chance(runs.0);
    slide(&mut runs, before, after);
    runs
}

/// What two sequences have in common and what they have not, from beginning to end.
pub(crate) fn common(before: &[u32], after: &[u32]) -> Vec<Run> {
    matches(before, after, &mut { MOST_STEPS })
}

/// Numbers for sentences, the same number for the same words.
fn numbered<'a>(
    sequence: &'a Sequence,
    sentences: &[Range<usize>],
    names: &mut HashMap<&'a [u32], u32>,
) -> Vec<u32> {
    let words = sentences.iter().map(|range| &sequence.words[range.clone()]);
    words
        .map(|words| {
            let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
            *names.entry(words).or_insert(next)
        })
        .collect()
}

impl Sequence {
    fn sentences(&self) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for (at, opens) in self.opens.iter().enumerate() {
            match found.last_mut() {
                Some(last) if !opens => last.end = at + 1,
                _ => found.push(at..at + 1),
            }
        }
        found
    }
}

/// The common beginning and end cost nothing; what lies between is compared while there are steps left.
fn matches(before: &[u32], after: &[u32], left: &mut usize) -> Vec<Run> {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (old, new) = (&before[start..], &after[start..]);
    let end = old.iter().rev().zip(new.iter().rev());
    let end = end.take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);

    let mut found = Matches(Vec::new());
    let both = old.len() + new.len();
    let steps = both.saturating_mul(both);
    if !old.is_empty() && !new.is_empty() && steps <= *left {
        *left -= steps;
        let Ok(()) = myers::diff(&mut found, old, 0..old.len(), new, 0..new.len());
    }
    let mut runs = Runs::default();
    runs.push(0..start, 0..start, true);
    let (mut old_at, mut new_at) = (start, start);
    let rest = (old.len(), new.len(), end);
    for (from, to, length) in found.0.into_iter().chain([rest]) {
        let (from, to) = (from + start, to + start);
        runs.push(old_at..from, new_at..to, false);
        runs.push(from..from + length, to..to + length, true);
        (old_at, new_at) = (from + length, to + length);
    }
    runs.0
}

/// Collects what two sequences share: where in the first, where in the second, how long.
struct Matches(Vec<(usize, usize, usize)>);

impl DiffHook for Matches {
    type Error = Infallible;

    fn equal(&mut self, old: usize, new: usize, length: usize) -> Result<(), Infallible> {
        self.0.push((old, new, length));
        Ok(())
    }
}

/// Runs in which no two neighbours are of one kind.
#[derive(Default)]
struct Runs(Vec<Run>);

impl Runs {
    fn push(&mut self, before: Range<usize>, after: Range<usize>, is_kept: bool) {
        if before.is_empty() && after.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.is_kept == is_kept => {
                last.before.end = before.end;
                last.after.end = after.end;
            }
            _ => self.0.push(Run {
                before,
                after,
                is_kept,
            }),
        }
    }
}

fn without_chance(runs: Vec<Run>) -> Vec<Run> {
    let length = |run: Option<&Run>| run.map_or(0, |run| run.before.len().max(run.after.len()));
    let is_chance = |at: usize| {
        let kept = runs[at].after.len();
        let before = at.checked_sub(1).and_then(|at| runs.get(at));
        kept <= CHANCE && length(before) > kept && length(runs.get(at + 1)) > kept
    };
    let mut out = Runs::default();
    for (at, run) in runs.iter().enumerate() {
        let is_kept = run.is_kept && !is_chance(at);
        out.push(run.before.clone(), run.after.clone(), is_kept);
    }
    out.0
}

/// Where "The cat sat. The dog ran." lost its first sentence, "cat sat. The" could be what went. The same words are told
/// to begin with a sentence where they can.
fn slide(runs: &mut [Run], before: &Sequence, after: &Sequence) {
    for at in 1..runs.len().saturating_sub(1) {
        let run = &runs[at];
        let (sequence, range) = match (run.before.is_empty(), run.after.is_empty()) {
            (false, true) => (before, run.before.clone()),
            (true, false) => (after, run.after.clone()),
            _ => continue,
        };
        // The runs at both sides are kept ones. The first keeps a word at least, so that the kinds go on alternating.
        let most = runs[at - 1].after.len().saturating_sub(1).min(range.len());
        let found = (0..=most)
            .take_while(|by| {
                *by == 0 || sequence.words[range.start - by] == sequence.words[range.end - by]
            })
            .find(|by| sequence.opens[range.start - by]);
        if let Some(by) = found
            && by > 0
        {
            runs[at - 1].before.end -= by;
            runs[at - 1].after.end -= by;
            runs[at].before = runs[at].before.start - by..runs[at].before.end - by;
            runs[at].after = runs[at].after.start - by..runs[at].after.end - by;
            runs[at + 1].before.start -= by;
            runs[at + 1].after.start -= by;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(words: impl IntoIterator<Item = u32>) -> Sequence {
        let words: Vec<u32> = words.into_iter().collect();
        let opens = words.iter().map(|word| word % 10 == 0).collect();
        Sequence { words, opens }
    }

    /// The runs cover both texts, alternate, and what is kept is the same.
    fn checked(before: &Sequence, after: &Sequence) -> Vec<Run> {
        let runs = align(before, after);
        let (mut old, mut new) = (0, 0);
        for (at, run) in runs.iter().enumerate() {
            assert_eq!((run.before.start, run.after.start), (old, new));
            (old, new) = (run.before.end, run.after.end);
            assert!(at == 0 || runs[at - 1].is_kept != run.is_kept);
            if run.is_kept {
                let kept = &before.words[run.before.clone()];
                assert_eq!(kept, &after.words[run.after.clone()]);
            }
        }
        assert_eq!((old, new), (before.words.len(), after.words.len()));
        runs
    }

    #[test]
    fn runs_cover_both_texts_whatever_they_are() {
        // A small generator, so that the same texts come each time.
        let mut seed = 1_u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..2_000 {
            let (old, new, words) = (next(40), next(40), 1 + next(25));
            let before = sequence((0..old).map(|_| next(words)));
            let after = sequence((0..new).map(|_| next(words)));
            checked(&before, &after);
        }
        assert!(checked(&sequence([]), &sequence([])).is_empty());
    }

    #[test]
    fn what_is_too_unlike_is_replaced_and_what_is_alike_is_not() {
        let unlike = checked(&sequence(0..50_000), &sequence(100_000..150_000));
        assert_eq!(unlike.len(), 1);
        // Far more words than can be compared one by one, but few sentences changed.
        let edited = |n: u32| if n % 9_000 == 5 { n + 1_000_000 } else { n };
        let alike = checked(&sequence(0..30_000), &sequence((0..30_000).map(edited)));
        let changed = || alike.iter().filter(|run| !run.is_kept);
        assert_eq!(changed().count(), 4);
        assert!(changed().all(|run| run.before.len() == 1));
        // One word against many is no cheaper to compare.
        let uneven = checked(
            &sequence([1, 7, 2]),
            &sequence((3..100_000).chain([7]).chain(3..100_000)),
        );
        assert_eq!(uneven.len(), 1);
    }
}
