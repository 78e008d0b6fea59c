//! The taxonomy's file: topics, their phrases, and what is checked before they are used.

mod checks;

use serde::Deserialize;

use super::spelling::{Spelling, Spellings};
use crate::document::{Document, Problem, Problems};

/// The shipped taxonomy, used where the configuration names no file and the default one is missing.
pub const SHIPPED: &str = include_str!("../../config/topics.toml");

/// All topics, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    /// How evidence is weighed.
    pub scoring: Scoring,
    /// What makes no difference between a phrase and a text.
    #[serde(default)]
    pub spelling: Spellings,
    /// The topics.
    pub topics: Vec<Topic>,
    /// Topics of before, whose addresses readers may still have.
    #[serde(default)]
    pub retired: Vec<Retired>,
}

/// `[[retired]]`: a topic that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retired {
    /// Its id.
    pub id: String,
    /// The topic in its place; without one its addresses tell that it is gone.
    #[serde(default)]
    pub to: Option<String>,
}

/// `[scoring]`: the weights of the phrases' classes and the factors of the places they stand in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// The score from which a topic is given.
    pub threshold: f64,
    /// The factor for a phrase in the title.
    pub title: f64,
    /// The factor for a phrase in the lead.
    pub lead: f64,
    /// The factor for a phrase in three or more paragraphs of the body; for fewer, its share.
    pub body: f64,
    /// The weight of a strong phrase.
    pub strong: f64,
    /// The weight of a medium phrase.
    pub medium: f64,
    /// The weight of a weak phrase.
    pub weak: f64,
}

/// `[[topics]]`: one topic.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Part of the feed's address; it never changes.
    pub id: String,
    /// The name that readers see.
    pub title: String,
    /// One sentence on what belongs to it.
    pub scope: String,
    /// Topics that every release of this one carries as well.
    #[serde(default)]
    pub implies: Vec<String>,
    /// Phrases that nearly make the topic by themselves.
    #[serde(default)]
    pub strong: Vec<String>,
    /// Phrases that speak for the topic.
    #[serde(default)]
    pub medium: Vec<String>,
    /// Phrases that support it beside others.
    #[serde(default)]
    pub weak: Vec<String>,
    /// Phrases, parted by ` + `, that count only together, and then as one strong phrase.
    #[serde(default)]
    pub together: Vec<String>,
    /// Phrases that tell, in a title or a lead, that a release is about crime at large: of other topics it is only about those
    /// that its title names.
    #[serde(default)]
    pub overview: Vec<String>,
    /// Phrases that mean something else: what stands inside them does not count.
    #[serde(default)]
    pub masks: Vec<String>,
}

impl Taxonomy {
    /// Reads a taxonomy and checks all of it.
    ///
    /// # Errors
    /// All [`Problems`] that were found, each with file, line and advice.
    pub fn read(document: &Document) -> Result<Taxonomy, Problems> {
        let taxonomy: Taxonomy = document.parse()?;
        let problems = checks::problems(&taxonomy, document);
        if problems.is_empty() {
            Ok(taxonomy)
        } else {
            Err(Problems(problems))
        }
    }

    /// What works, and yet cannot be meant: phrases that others shadow, masks that hide nothing.
    pub fn warnings(&self, document: &Document) -> Vec<Problem> {
        checks::warnings(self, document)
    }

    /// The shipped taxonomy.
    ///
    /// # Errors
    /// None, as a test reads it; the type is that of [`Taxonomy::read`].
    pub fn shipped() -> Result<Taxonomy, Problems> {
        Taxonomy::read(&Document::new("the built-in taxonomy", SHIPPED))
    }

    /// The topic called `id`.
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == id)
    }

    /// The id that shares most of its words with `id`.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        let shared = |other: &str| other.split('-').filter(|word| id.contains(*word)).count();
        let ids = self.topics.iter().map(|topic| topic.id.as_str());
        ids.filter(|other| shared(other) > 0)
            .max_by_key(|other| shared(other))
    }

    /// The place of the topic called `id`; behind all others when there is none.
    pub fn position(&self, id: &str) -> usize {
        self.topics
            .iter()
            .position(|topic| topic.id == id)
            .unwrap_or(self.topics.len())
    }
}

/// The phrases that count only together.
pub(super) fn parts(written: &str) -> impl Iterator<Item = &str> {
    written.split(" + ").map(str::trim)
}

/// A phrase in the spelling in which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Phrase {
    /// Normalised words, parted by single spaces.
    pub words: String,
    /// Whether the last word may go on.
    pub is_prefix: bool,
}

impl Phrase {
    pub fn new(written: &str, spelling: &Spelling) -> Phrase {
        let is_prefix = written.trim_end().ends_with('*');
        Phrase {
            words: spelling.phrase(written, is_prefix),
            is_prefix,
        }
    }

    /// Whether it matches all the words wherever `other` matches.
    fn covers(&self, other: &Phrase) -> bool {
        let count = |phrase: &Phrase| phrase.words.split(' ').count();
        let is_longer = self.is_prefix && other.words.starts_with(&self.words);
        let is_same = self.words == other.words && !other.is_prefix;
        count(self) == count(other) && (is_longer || is_same)
    }

    /// Whether it may match some of the words that `mask` matches.
    fn fits_into(&self, mask: &Phrase) -> bool {
        let ours: Vec<&str> = self.words.split(' ').collect();
        let theirs: Vec<&str> = mask.words.split(' ').collect();
        (0..theirs.len()).any(|from| {
            ours.iter().enumerate().all(|(at, word)| {
                let Some(there) = theirs.get(from + at) else {
                    return false;
                };
                let may_go_on =
                    |phrase: &Phrase, at: usize, count: usize| phrase.is_prefix && at + 1 == count;
                word == there
                    || may_go_on(self, at, ours.len()) && there.starts_with(word)
                    || may_go_on(mask, from + at, theirs.len()) && word.starts_with(there)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_taxonomy_has_the_thirty_topics_in_order() {
        let taxonomy = Taxonomy::shipped().unwrap();
        assert_eq!(taxonomy.topics.len(), 30);
        assert_eq!(taxonomy.topics[0].id, "violence-against-women-and-girls");
        assert_eq!(taxonomy.topics[29].id, "emergencies-and-major-events");
        for id in ["domestic-abuse", "rape-and-sexual-offences"] {
            let implied = &taxonomy.topic(id).unwrap().implies;
            assert_eq!(implied, &["violence-against-women-and-girls"]);
        }
    }

    #[test]
    fn the_shipped_taxonomy_holds_nothing_that_cannot_be_meant() {
        let document = Document::new("config/topics.toml", SHIPPED);
        let warnings = Taxonomy::shipped().unwrap().warnings(&document);
        assert!(warnings.is_empty(), "{}", Problems(warnings));
    }
}
