//! One spelling for words that are written in several: singular and plural, and what an editor says is the same.

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, Input, MatchKind};
use serde::Deserialize;

use crate::text;

/// A shorter word is no plural: "gas", "was", "its".
const SHORTEST_PLURAL: usize = 4;

/// `[spelling]`: what makes no difference between a phrase and a text.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spellings {
    /// Lists of words that are the same, as "cyber crime" and "cybercrime" are.
    pub same: Vec<Vec<String>>,
    /// Plurals that mean something else than their singulars, as "arms" and "honours" do.
    pub apart: Vec<String>,
}

/// [`Spellings`], made ready for use.
#[derive(Debug, Clone)]
pub(super) struct Spelling {
    apart: HashSet<String>,
    /// Every word that has another in its place, between spaces.
    written: AhoCorasick,
    /// What stands in the place of each, without the space behind it.
    instead: Vec<String>,
}

impl Spelling {
    /// # Errors
    /// When there are too many for one automaton.
    pub(super) fn new(spellings: &Spellings) -> Result<Spelling, BuildError> {
        let apart = spellings.apart.iter().map(|word| text::normalise(word));
        let mut spelling = Spelling {
            apart: apart.collect(),
            written: AhoCorasick::new::<[&str; 0], &str>([])?,
            instead: Vec::new(),
        };
        let mut written = Vec::new();
        for same in &spellings.same {
            let folded = same.iter().map(|word| spelling.padded(word));
            let folded: Vec<String> = folded.filter(|word| word != " ").collect();
            for other in folded.iter().skip(1) {
                written.push(other.clone());
                spelling.instead.push(folded[0].clone());
            }
        }
        spelling.written = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // There are few of them, and all begin with the space that is everywhere.
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(written)?;
        // What stands in the place of a word may hold others that have another in theirs.
        let instead = spelling.instead.iter();
        let instead: Vec<String> = instead
            .map(|words| spelling.replaced(words.clone()).trim_end().to_owned())
            .collect();
        spelling.instead = instead;
        Ok(spelling)
    }

    /// A phrase in the one spelling; the last word of one that may go on stays as it is written.
    pub(super) fn phrase(&self, written: &str, is_prefix: bool) -> String {
        let normal = text::normalise(written);
        let (whole, last) = match normal.rsplit_once(' ') {
            Some((whole, last)) if is_prefix => (whole, last),
            None if is_prefix => ("", normal.as_str()),
            _ => (normal.as_str(), ""),
        };
        (self.padded(whole) + last).trim().to_owned()
    }

    /// A text in the one spelling, with a space at both ends, so that spaces stand for the boundaries of all words.
    pub(super) fn padded(&self, written: &str) -> String {
        let normal = text::normalise(written);
        let mut words = String::with_capacity(normal.len() + 2);
        words.push(' ');
        for word in normal.split(' ').filter(|word| !word.is_empty()) {
            let (stem, end) = match singular(word) {
                one if one.0.len() < word.len() && self.apart.contains(word) => (word, ""),
                one => one,
            };
            words.push_str(stem);
            words.push_str(end);
            words.push(' ');
        }
        self.replaced(words)
    }

    fn replaced(&self, words: String) -> String {
        let mut out = String::new();
        let mut done = 0;
        let mut from = 0;
        while let Some(found) = self.written.find(Input::new(&words).range(from..)) {
            out.push_str(&words[done..found.start()]);
            out.push_str(self.instead[found.pattern().as_usize()].trim_end());
            // The space behind a word is also the one before the next.
            done = found.end() - 1;
            from = done;
        }
        if done == 0 {
            return words;
        }
        out + &words[done..]
    }
}

/// A word without the ending of its plural, in two parts. What is no word by then is none in the same way everywhere.
fn singular(word: &str) -> (&str, &'static str) {
    const NO_PLURALS: [&str; 3] = ["ss", "us", "is"];
    const WITH_E: [&str; 4] = ["ches", "shes", "sses", "xes"];
    let is_plural = word.len() >= SHORTEST_PLURAL
        && word.ends_with('s')
        && !NO_PLURALS.iter().any(|end| word.ends_with(end))
        && word.chars().all(char::is_alphabetic);
    if !is_plural {
        return (word, "");
    }
    match word.strip_suffix("ies") {
        // "ties" has "tie" as its singular.
        Some(stem) if stem.chars().count() > 1 => (stem, "y"),
        _ if WITH_E.iter().any(|end| word.ends_with(end)) => (&word[..word.len() - 2], ""),
        _ => (&word[..word.len() - 1], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_and_possessives_are_their_singulars() {
        let spelling = Spelling::new(&Spellings::default()).unwrap();
        for (written, folded) in [
            ("Knife amnesties", " knife amnesty "),
            ("Women\u{2019}s churches", " women church "),
            ("Offences, ties", " offence tie "),
            (
                "This crisis: less gas, police bus",
                " this crisis less gas police bus ",
            ),
            ("The 1980s", " the 1980s "),
            ("", " "),
        ] {
            assert_eq!(spelling.padded(written), folded);
        }
    }

    #[test]
    fn an_editors_word_on_spellings_wins() {
        let spellings = Spellings {
            same: vec![
                vec!["cyber crime".into(), "cybercrime".into()],
                vec!["anti-social".into(), "antisocial".into()],
            ],
            apart: vec!["Arms".into()],
        };
        let spelling = Spelling::new(&spellings).unwrap();
        assert_eq!(
            spelling.padded("Antisocial cybercrimes, cybercrime and small arms"),
            " anti social cyber crime cyber crime and small arms "
        );
        assert_eq!(spelling.padded("Cybercriminals"), " cybercriminal ");
        assert_eq!(
            spelling.phrase("small arms cours*", true),
            "small arms cours"
        );
        assert_eq!(spelling.phrase("cybercrimes*", true), "cybercrimes");
    }

    #[test]
    fn a_spelling_that_is_no_word_is_left_out() {
        let spellings = Spellings {
            same: vec![vec!["and".into(), "&".into(), String::new()]],
            apart: Vec::new(),
        };
        let spelling = Spelling::new(&spellings).unwrap();
        assert_eq!(spelling.padded("This & that"), " this that ");
    }

    #[test]
    fn what_is_the_same_is_so_in_all_its_forms() {
        let shipped = crate::topics::Taxonomy::shipped().unwrap().spelling;
        let spelling = Spelling::new(&shipped).unwrap();
        for same in &shipped.same {
            for form in same {
                assert_eq!(spelling.padded(form), spelling.padded(&same[0]), "{form}");
            }
        }
    }
}
