//! The taxonomy's file: topics, their phrases, and what is checked before they are used.

use std::collections::HashSet;

use serde::Deserialize;

use super::UNCLASSIFIED;
use crate::document::{Document, Problem, Problems, Step};
use crate::text;

/// The shipped taxonomy, used where the configuration names no file and the default one is missing.
pub const SHIPPED: &str = include_str!("../../config/topics.toml");

/// The shortest stem that may stand before a `*`.
const SHORTEST_STEM: usize = 3;

/// All topics, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taxonomy {
    /// How evidence is weighed.
    pub scoring: Scoring,
    /// The topics.
    pub topics: Vec<Topic>,
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
        let problems = taxonomy.problems(document);
        if problems.is_empty() {
            Ok(taxonomy)
        } else {
            Err(Problems(problems))
        }
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

    /// The place of the topic called `id`; behind all others when there is none.
    pub fn position(&self, id: &str) -> usize {
        self.topics
            .iter()
            .position(|topic| topic.id == id)
            .unwrap_or(self.topics.len())
    }

    fn problems(&self, document: &Document) -> Vec<Problem> {
        let mut found = Vec::new();
        let scoring = &self.scoring;
        let numbers = [
            ("threshold", scoring.threshold),
            ("title", scoring.title),
            ("lead", scoring.lead),
            ("body", scoring.body),
            ("strong", scoring.strong),
            ("medium", scoring.medium),
            ("weak", scoring.weak),
        ];
        for (key, number) in numbers {
            if !number.is_finite() || number <= 0.0 {
                let path = [Step::Key("scoring"), Step::Key(key)];
                let what = format!("{key} is {number}");
                found.push(document.problem(&path, what, "write a number above 0"));
            }
        }
        if self.topics.is_empty() {
            let advice = "write at least one [[topics]]";
            found.push(document.problem(&[Step::Key("topics")], "there is no topic", advice));
        }
        let mut ids = HashSet::new();
        for (index, topic) in self.topics.iter().enumerate() {
            let at = |key: &'static str| [Step::Key("topics"), Step::Index(index), Step::Key(key)];
            let id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if topic.id.is_empty() || !topic.id.chars().all(id_char) || topic.id == UNCLASSIFIED {
                let what = format!("\"{}\" cannot be a topic's id", topic.id);
                let advice = "use lower-case letters, digits and hyphens; unclassified is taken";
                found.push(document.problem(&at("id"), what, advice));
            }
            if !ids.insert(topic.id.as_str()) {
                let what = format!("the topic \"{}\" stands here a second time", topic.id);
                found.push(document.problem(&at("id"), what, "give every topic an id of its own"));
            }
            if text::line(&topic.title).is_empty() {
                let advice = "readers see it: write a short name";
                found.push(document.problem(&at("title"), "the title is empty", advice));
            }
            self.implied_problems(document, index, &mut found);
            phrase_problems(document, index, topic, &mut found);
        }
        found
    }

    fn implied_problems(&self, document: &Document, index: usize, found: &mut Vec<Problem>) {
        let topic = &self.topics[index];
        for (n, id) in topic.implies.iter().enumerate() {
            let path = [
                Step::Key("topics"),
                Step::Index(index),
                Step::Key("implies"),
                Step::Index(n),
            ];
            if *id == topic.id {
                let what = format!("\"{id}\" implies itself");
                found.push(document.problem(&path, what, "remove it"));
            } else if self.topic(id).is_none() {
                let what = format!("\"{id}\" is no topic's id");
                let advice = match self.nearest(id) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => "write the id of one of the [[topics]]".to_owned(),
                };
                found.push(document.problem(&path, what, advice));
            }
        }
    }

    /// The id that shares most of its words with `id`.
    fn nearest(&self, id: &str) -> Option<&str> {
        let shared = |other: &str| other.split('-').filter(|w| id.contains(*w)).count();
        self.topics
            .iter()
            .map(|topic| topic.id.as_str())
            .filter(|other| shared(other) > 0)
            .max_by_key(|other| shared(other))
    }
}

fn phrase_problems(document: &Document, index: usize, topic: &Topic, found: &mut Vec<Problem>) {
    let mut seen = HashSet::new();
    let classes = [
        ("strong", &topic.strong),
        ("medium", &topic.medium),
        ("weak", &topic.weak),
        ("masks", &topic.masks),
    ];
    for (key, phrases) in classes {
        for (n, written) in phrases.iter().enumerate() {
            let path = [
                Step::Key("topics"),
                Step::Index(index),
                Step::Key(key),
                Step::Index(n),
            ];
            let phrase = Phrase::new(written);
            if phrase.words.is_empty() {
                let advice = "remove it, or write the words to look for";
                found.push(document.problem(&path, "the phrase is empty", advice));
            } else if written.trim_end_matches('*').contains('*') {
                let what = format!("\"{written}\" holds a * that is not its end");
                found.push(document.problem(&path, what, "a * stands only at the end of a phrase"));
            } else if phrase.is_prefix && phrase.last_word() < SHORTEST_STEM {
                let what = format!("\"{written}\" matches too many words");
                let advice = "write at least three letters before the *";
                found.push(document.problem(&path, what, advice));
            } else if !seen.insert(phrase) {
                let what = format!("\"{written}\" stands in this topic a second time");
                let advice = "capitals, hyphens and apostrophes make no difference: remove one";
                found.push(document.problem(&path, what, advice));
            }
        }
    }
    for (n, written) in topic.together.iter().enumerate() {
        let path = [
            Step::Key("topics"),
            Step::Index(index),
            Step::Key("together"),
            Step::Index(n),
        ];
        let all: Vec<Phrase> = parts(written).map(Phrase::new).collect();
        let is_short = |phrase: &Phrase| phrase.is_prefix && phrase.last_word() < SHORTEST_STEM;
        if all.len() < 2 || all.iter().any(|part| part.words.is_empty()) {
            let what = format!("\"{written}\" does not name two phrases");
            let advice = "write them with a + between, as in \"salon + passports\"";
            found.push(document.problem(&path, what, advice));
        } else if all.iter().any(is_short) {
            let what = format!("\"{written}\" matches too many words");
            let advice = "write at least three letters before the *";
            found.push(document.problem(&path, what, advice));
        }
    }
    let classes = [&topic.strong, &topic.medium, &topic.weak, &topic.together];
    if classes.iter().all(|phrases| phrases.is_empty()) {
        let path = [Step::Key("topics"), Step::Index(index)];
        let what = format!(
            "the topic \"{}\" has no phrase, so no release could get it",
            topic.id
        );
        found.push(document.problem(
            &path,
            what,
            "write some under strong, medium, weak or together",
        ));
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
    pub fn new(written: &str) -> Phrase {
        Phrase {
            words: text::normalise(written),
            is_prefix: written.trim_end().ends_with('*'),
        }
    }

    fn last_word(&self) -> usize {
        let last = self.words.rsplit(' ').next().unwrap_or_default();
        last.chars().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORING: &str = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n";

    fn complaints(topics: &str) -> String {
        let text = format!("{SCORING}{topics}");
        match Taxonomy::read(&Document::new("t.toml", text)) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    }

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
    fn mistakes_are_told_with_line_and_advice() {
        let told = complaints(
            "[[topics]]\nid = \"a-topic\"\ntitle = \"A\"\nscope = \"s\"\nimplies = [\"b-topik\"]\nstrong = [\n  \"one\",\n  \" - \",\n  \"One\",\n  \"x*\",\n  \"a * b\",\n]\n\
             [[topics]]\nid = \"b-topic\"\ntitle = \"\"\nscope = \"s\"\n",
        );
        for expected in [
            "t.toml:13: \"b-topik\" is no topic's id (did you mean",
            "t.toml:16: the phrase is empty",
            "t.toml:17: \"One\" stands in this topic a second time",
            "t.toml:18: \"x*\" matches too many words",
            "t.toml:19: \"a * b\" holds a * that is not its end",
            "t.toml:23: the title is empty",
            "the topic \"b-topic\" has no phrase",
        ] {
            assert!(told.contains(expected), "{expected} in {told}");
        }
        assert!(
            complaints(
                "[[topics]]\nid = \"unclassified\"\ntitle = \"U\"\nscope = \"s\"\nweak = [\"u\"]\n"
            )
            .contains("is taken")
        );
        assert!(complaints("[[topics]]\nid = \"a\"\ntitel = \"U\"\n").contains("titel"));
    }
}
