//! What two texts that look alike say otherwise than each other, place by place.
//!
//! A copy loses a section or gains one, and its words are mended; a template keeps its sentences and changes what they
//! tell. So what counts is what stands in one text where the other has something else in its place.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Fingerprint;
use super::terms::{Kind, Term, is_office, is_one_phase};
use crate::difference::{Numbers, Sequence, align, common, distance};

/// What two texts say otherwise than each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Conflicts {
    /// Numbers that stand for one another.
    pub(super) figures: BTreeSet<(String, String)>,
    /// Days, months and years, and beginnings for ends.
    pub(super) times: BTreeSet<(String, String)>,
    /// Names.
    pub(super) names: BTreeSet<(String, String)>,
    /// Other words.
    pub(super) subjects: Vec<(String, String)>,
    /// The smaller of what only the one says and only the other, in words that tell something.
    pub(super) own_words: usize,
}

impl Conflicts {
    /// The conflicts of two texts.
    pub(super) fn between(a: &Fingerprint, b: &Fingerprint) -> Conflicts {
        let (of_a, of_b) = (all(a), all(b));
        let mut found = Conflicts::default();
        let (mut own_a, mut own_b) = (0, 0);
        for (only_a, only_b) in places(a, b) {
            let (short, long) = (
                only_a.len().min(only_b.len()),
                only_a.len().max(only_b.len()),
            );
            let (own_of_a, own_of_b) = (own(&only_a, &of_b), own(&only_b, &of_a));
            own_a += own_of_a.len();
            own_b += own_of_b.len();
            if long <= SHORT_PLACE {
                // One word for another. That it stands elsewhere too says nothing: the 11th, and 11 o'clock.
                found.add(
                    instead(&only_a, &only_b, &of_b),
                    instead(&only_b, &only_a, &of_a),
                    true,
                );
            } else if short * ALIKE >= long {
                found.add(own_of_a, own_of_b, true);
            }
        }
        found.own_words = own_a.min(own_b);
        // A headline is worded anew as its editor likes, but of whom and of when it speaks stays.
        let title_a = own(&a.title.iter().collect::<Vec<_>>(), &of_b);
        let title_b = own(&b.title.iter().collect::<Vec<_>>(), &of_a);
        found.add(title_a, title_b, false);
        found
    }

    fn add<'a>(&mut self, mut a: Vec<&'a Term>, mut b: Vec<&'a Term>, with_subjects: bool) {
        without_mended(&mut a, &mut b);
        let pairs = |kind: Kind| -> Vec<(String, String)> {
            let of = |terms: &[&Term]| -> Vec<String> {
                let these = terms.iter().filter(|term| term.kind == kind);
                these.map(|term| term.folded.clone()).collect()
            };
            of(&a).into_iter().zip(of(&b)).collect()
        };
        self.figures.extend(pairs(Kind::Figure));
        self.times.extend(pairs(Kind::Date));
        self.times.extend(pairs(Kind::Phase));
        self.names.extend(pairs(Kind::Name));
        if with_subjects {
            self.subjects.extend(pairs(Kind::Subject));
        }
    }
}

/// The words that one text has where the other has others.
fn places<'a>(a: &'a Fingerprint, b: &'a Fingerprint) -> Vec<(Vec<&'a Term>, Vec<&'a Term>)> {
    let (a, b) = without_moved(&a.body, &b.body);
    let mut numbers = Numbers::default();
    let mut sequence = |terms: &[&'a Term]| Sequence {
        words: terms.iter().map(|term| numbers.of(&term.folded)).collect(),
        opens: terms.iter().map(|term| term.opens).collect(),
    };
    let (before, after) = (sequence(&a), sequence(&b));
    align(&before, &after)
        .into_iter()
        .filter(|run| !run.is_kept)
        .map(|run| (a[run.before].to_vec(), b[run.after].to_vec()))
        .collect()
}

/// Two texts without the sentences that both have, but elsewhere: paragraphs were put in another order, and nothing stands
/// instead of them.
fn without_moved<'a>(a: &'a [Term], b: &'a [Term]) -> (Vec<&'a Term>, Vec<&'a Term>) {
    let (of_a, of_b) = (sentences(a), sentences(b));
    let mut names = HashMap::new();
    let mut numbered = |of: &[&'a [Term]]| -> Vec<u32> {
        let words = |one: &[Term]| -> Vec<String> {
            let words = one.iter().map(|term| term.folded.clone());
            words.collect()
        };
        of.iter()
            .map(|one| {
                let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
                *names.entry(words(one)).or_insert(next)
            })
            .collect()
    };
    let (numbers_a, numbers_b) = (numbered(&of_a), numbered(&of_b));
    let both: HashSet<u32> = numbers_a.iter().copied().collect();
    let both: HashSet<u32> = numbers_b
        .iter()
        .copied()
        .filter(|n| both.contains(n))
        .collect();
    let (mut left_a, mut left_b) = (Vec::new(), Vec::new());
    for run in common(&numbers_a, &numbers_b) {
        for (range, of, numbers, left) in [
            (run.before, &of_a, &numbers_a, &mut left_a),
            (run.after, &of_b, &numbers_b, &mut left_b),
        ] {
            let stay = range.filter(|at| run.is_kept || !both.contains(&numbers[*at]));
            left.extend(stay.flat_map(|at| of[at]));
        }
    }
    (left_a, left_b)
}

fn sentences(terms: &[Term]) -> Vec<&[Term]> {
    terms.chunk_by(|_, next| !next.opens).collect()
}

fn all(text: &Fingerprint) -> HashSet<&str> {
    let terms = text.title.iter().chain(&text.body);
    terms.map(|term| term.folded.as_str()).collect()
}

/// The words that tell something and stand nowhere in the other text.
fn own<'a>(terms: &[&'a Term], other: &HashSet<&str>) -> Vec<&'a Term> {
    let own = terms.iter().filter(|term| is_own(term, other));
    own.copied().collect()
}

fn is_own(term: &Term, other: &HashSet<&str>) -> bool {
    term.kind != Kind::Common && !other.contains(term.folded.as_str()) && !is_office(&term.folded)
}

/// In a place of so few words one stands for the other.
const SHORT_PLACE: usize = 4;
/// Where one text has so many times the words of the other, something was cut or added rather than replaced.
const ALIKE: usize = 6;

/// What one side of a short place says instead of the other side: any other day, figure or name, but only such other words
/// as stand nowhere in the other text.
fn instead<'a>(terms: &[&'a Term], side: &[&Term], other: &HashSet<&str>) -> Vec<&'a Term> {
    let is_instead = |term: &&&Term| match term.kind {
        Kind::Common | Kind::Subject => is_own(term, other),
        Kind::Figure | Kind::Date | Kind::Phase | Kind::Name => {
            side.iter().all(|one| one.folded != term.folded)
        }
    };
    terms.iter().filter(is_instead).copied().collect()
}

/// In longer places each word would find one that is like it, and no end.
const LONGEST_PLACE: usize = 100;

/// Takes out the words that are one word, typed or inflected otherwise.
fn without_mended(a: &mut Vec<&Term>, b: &mut Vec<&Term>) {
    if a.len().max(b.len()) > LONGEST_PLACE {
        return;
    }
    a.retain(|one| {
        let twin = b.iter().position(|other| is_mended(one, other));
        if let Some(at) = twin {
            b.remove(at);
        }
        twin.is_none()
    });
}

fn is_mended(a: &Term, b: &Term) -> bool {
    if is_one_phase(&a.folded, &b.folded) {
        return true;
    }
    let is_word = |term: &Term| matches!(term.kind, Kind::Name | Kind::Subject);
    if !is_word(a) || !is_word(b) {
        return false;
    }
    let (one, other): (Vec<char>, Vec<char>) =
        (a.folded.chars().collect(), b.folded.chars().collect());
    let (short, long) = (one.len().min(other.len()), one.len().max(other.len()));
    let is_longer =
        short >= 4 && (a.folded.starts_with(&b.folded) || b.folded.starts_with(&a.folded));
    one.first() == other.first()
        && short >= 3
        && (is_longer || long <= 64 && distance(&one, &other) <= (long / 4).max(1))
}
