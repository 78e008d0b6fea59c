//! How much an edit matters.

use std::collections::HashSet;

use serde::Serialize;

use super::Readable;
use super::alignment::{Run, Sequence, align};
use super::essence::{self, Word};
use super::pieces;
use super::tokens::Numbers;
use super::typing;

/// So many mended typing errors are minor in a text of any length; in a long one, so many of every hundred words.
/// Where more words are mended, something else than typing is.
const MOST_MENDED: usize = 5;
const MOST_MENDED_PERCENT: usize = 2;

/// A run of so many words is told twice by mistake; a longer one is something that was said again.
const LONGEST_DOUBLED: usize = 4;

/// How much an edit matters to who has read the release before. In doubt, it is material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// The release says what it said: typing, punctuation, layout, boilerplate.
    Minor,
    /// It says something else, more, or less.
    Material,
}

impl Weight {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Weight::Minor => "minor",
            Weight::Material => "material",
        }
    }
}

/// The weight of what became of a text: its short parts, and the paragraphs of its body.
pub(super) fn weigh(before: (&Readable, &[String]), after: (&Readable, &[String])) -> Weight {
    let is_long = |one: (&Readable, &[String])| {
        [&one.0.title[..], &one.0.lead, one.1]
            .into_iter()
            .any(pieces::is_long)
    };
    if is_long(before) || is_long(after) {
        return Weight::Material;
    }
    let merged = |one: (&Readable, &[String]), other: (&Readable, &[String])| {
        let is_own = !one.0.lead.is_empty();
        let lead = if is_own { &one.0.lead } else { &other.0.lead };
        essence::words(lead, is_own, one.1, other.1)
    };
    let read = |of: fn(&Readable) -> &Vec<String>| {
        (essence::read(of(before.0)), essence::read(of(after.0)))
    };
    let (titles, leads) = (read(|text| &text.title), read(|text| &text.lead));
    let whole = (merged(before, after), merged(after, before));
    let bodies = (
        essence::words(&[], false, before.1, after.1),
        essence::words(&[], false, after.1, before.1),
    );
    let length = titles.1.len() + whole.1.len();
    let most = MOST_MENDED.max(length.saturating_mul(MOST_MENDED_PERCENT) / 100);
    let names = names([&titles.0, &titles.1, &whole.0, &whole.1]);
    let is_minor = |texts: &[&(Vec<Word>, Vec<Word>)]| {
        let mut left = most;
        texts.iter().all(|(before, after)| {
            let edit = Edit {
                before,
                after,
                names: &names,
            };
            edit.is_minor(&mut left)
        })
    };
    // A lead that is told elsewhere too is looked for in the whole. Where only one of its places was mended it is not
    // found there; then each part says what it said.
    if is_minor(&[&titles, &whole]) || is_minor(&[&titles, &leads, &bodies]) {
        Weight::Minor
    } else {
        Weight::Material
    }
}

/// The words that are written as names where no sentence begins.
fn names(texts: [&Vec<Word>; 4]) -> HashSet<String> {
    let words = texts.into_iter().flatten();
    words
        .filter(|word| word.is_capital && !word.opens)
        .map(|word| word.folded.clone())
        .collect()
}

struct Edit<'a> {
    before: &'a [Word],
    after: &'a [Word],
    names: &'a HashSet<String>,
}

impl Edit<'_> {
    /// Takes the mended words from those that are left to mend.
    fn is_minor(&self, left: &mut usize) -> bool {
        let mut numbers = Numbers::default();
        let sequence = |words: &[Word]| Sequence {
            words: Vec::with_capacity(words.len()),
            opens: words.iter().map(|word| word.opens).collect(),
        };
        let (mut from, mut to) = (sequence(self.before), sequence(self.after));
        from.words
            .extend(self.before.iter().map(|word| numbers.of(&word.folded)));
        to.words
            .extend(self.after.iter().map(|word| numbers.of(&word.folded)));
        let runs = align(&from, &to);
        let changed = || runs.iter().filter(|run| !run.is_kept);
        // A word that stays elsewhere in the text was no slip of the finger. (So a slip that an edit brings in is told:
        // it might as well be another word.)
        let kept = || runs.iter().filter(|run| run.is_kept);
        let stay: HashSet<&str> = match changed().next() {
            None => return true,
            Some(_) => kept()
                .flat_map(|run| &self.after[run.after.clone()])
                .map(|word| word.folded.as_str())
                .collect(),
        };
        changed().all(|run| self.is_minor_run(run, &stay, left))
    }

    fn is_minor_run(&self, run: &Run, stay: &HashSet<&str>, left: &mut usize) -> bool {
        let (old, new) = (
            &self.before[run.before.clone()],
            &self.after[run.after.clone()],
        );
        if new.is_empty() {
            return is_doubled(self.before, run.before.start, old.len());
        }
        if old.is_empty() {
            return is_doubled(self.after, run.after.start, new.len());
        }
        if is_rejoined(old, new) {
            return true;
        }
        old.len() == new.len()
            && (0..old.len()).all(|at| {
                let (a, b) = (run.before.start + at, run.after.start + at);
                self.before[a].folded == self.after[b].folded || {
                    let is_mended = self.is_mended(a, b, stay) && *left > 0;
                    *left = left.saturating_sub(1);
                    is_mended
                }
            })
    }

    /// Whether the word at one place became that at another by mending its typing.
    ///
    /// A name counts to the letter: who was "Jon Smith" and is "John Smith" may be somebody else. What differs by case,
    /// accents or an apostrophe alone is not compared here at all.
    fn is_mended(&self, a: usize, b: usize, stay: &HashSet<&str>) -> bool {
        let (old, new) = (&self.before[a], &self.after[b]);
        if matches!(
            (old.folded.as_str(), new.folded.as_str()),
            ("a", "an") | ("an", "a")
        ) {
            return true;
        }
        let is_office = typing::is_common(&old.folded) != typing::is_common(&new.folded);
        let is_name = !is_office && (self.is_name(self.before, a) || self.is_name(self.after, b));
        !is_name
            && !stay.contains(old.folded.as_str())
            && typing::is_mended(&old.folded, &new.folded)
    }

    /// Whether a word is written as a name. Where a sentence begins, a capital alone does not tell; another capital behind
    /// it does, or the same word written so elsewhere.
    fn is_name(&self, words: &[Word], at: usize) -> bool {
        let word = &words[at];
        let is_followed = || {
            words
                .get(at + 1)
                .is_some_and(|next| next.is_capital && !next.opens)
        };
        word.is_capital && (!word.opens || is_followed() || self.names.contains(&word.folded))
    }
}

/// Whether some words only say again what stands right before or behind them. "Very very" is a slip, "ten ten" is a
/// question, and so is "no no".
fn is_doubled(words: &[Word], start: usize, length: usize) -> bool {
    let one = &words[start..start + length];
    let equals = |other: Option<&[Word]>| {
        other.is_some_and(|other| one.iter().zip(other).all(|(a, b)| a.folded == b.folded))
    };
    let before = start
        .checked_sub(length)
        .and_then(|from| words.get(from..start));
    length <= LONGEST_DOUBLED
        && (equals(before) || equals(words.get(start + length..start + 2 * length)))
        && !one
            .iter()
            .any(|word| word.is_exact || typing::makes_sense(&word.folded))
}

/// Whether only spaces or hyphens between the words came or went: "on-line" and "online", "per cent" and "percent",
/// "50 %" and "50%". "Notable" is not "not able", though, nor "1 5" "15", nor "a part" "apart".
fn is_rejoined(old: &[Word], new: &[Word]) -> bool {
    const BOTH: [&str; 2] = ["resigned", "recovered"];
    let joined = |words: &[Word]| words.iter().map(|w| w.folded.as_str()).collect::<String>();
    let (before, after) = (joined(old), joined(new));
    let count =
        |words: &[Word], is: fn(&Word) -> bool| words.iter().filter(|word| is(word)).count();
    let figures = |words: &[Word]| count(words, |w| w.folded.contains(char::is_numeric));
    let negations = |words: &[Word]| count(words, |w| is_negation(&w.folded));
    before == after
        && old.len() != new.len()
        && figures(old) <= 1
        && figures(new) <= 1
        && negations(old) == negations(new)
        && !BOTH.contains(&after.as_str())
        && (after == "alot" || !old.iter().chain(new).any(|word| word.folded == "a"))
}

fn is_negation(word: &str) -> bool {
    matches!(
        word,
        "not"
            | "no"
            | "never"
            | "none"
            | "nor"
            | "cannot"
            | "nowhere"
            | "nothing"
            | "nobody"
            | "noone"
    )
}
