//! What is wrong in a taxonomy, and what cannot be meant.

use std::collections::{HashMap, HashSet};

use aho_corasick::BuildError;

use super::{Phrase, Taxonomy, Topic, parts};
use crate::document::{Document, Problem, Step};
use crate::text;
use crate::topics::UNCLASSIFIED;
use crate::topics::spelling::Spelling;

/// The shortest stem that may stand before a `*`.
const SHORTEST_STEM: usize = 3;

/// What keeps a taxonomy from being used.
pub(super) fn problems(taxonomy: &Taxonomy, document: &Document) -> Vec<Problem> {
    let mut found = scoring_problems(taxonomy, document);
    found.extend(spelling_problems(taxonomy, document));
    if taxonomy.topics.is_empty() {
        let advice = "write at least one [[topics]]";
        found.push(document.problem(&[Step::Key("topics")], "there is no topic", advice));
    }
    let spelling = match Spelling::new(&taxonomy.spelling) {
        Ok(spelling) => spelling,
        Err(error) => return told_too_large(document, found, &error),
    };
    let mut ids = HashSet::new();
    for (index, topic) in taxonomy.topics.iter().enumerate() {
        let at = |key: &'static str| [Step::Key("topics"), Step::Index(index), Step::Key(key)];
        if !is_id(&topic.id) {
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
        implied_problems(taxonomy, document, index, &mut found);
        Entry::new(topic, index, &spelling).problems(document, &mut found);
    }
    for (index, retired) in taxonomy.retired.iter().enumerate() {
        let at = |key: &'static str| [Step::Key("retired"), Step::Index(index), Step::Key(key)];
        if !is_id(&retired.id) {
            let what = format!("\"{}\" cannot be a topic's id", retired.id);
            let advice = "use lower-case letters, digits and hyphens; unclassified is taken";
            found.push(document.problem(&at("id"), what, advice));
        }
        if !ids.insert(&retired.id) {
            let what = format!("the topic \"{}\" stands here a second time", retired.id);
            let advice = "a topic that is retired stands under [[retired]] alone";
            found.push(document.problem(&at("id"), what, advice));
        }
        let to = retired.to.as_deref();
        if let Some(to) = to.filter(|to| taxonomy.topic(to).is_none()) {
            let what = format!("\"{to}\" is no topic's id");
            let advice = "write the id of one of the [[topics]], or leave it out";
            found.push(document.problem(&at("to"), what, advice));
        }
    }
    found
}

/// What works, and yet cannot be meant.
pub(super) fn warnings(taxonomy: &Taxonomy, document: &Document) -> Vec<Problem> {
    let Ok(spelling) = Spelling::new(&taxonomy.spelling) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let scoring = &taxonomy.scoring;
    let weights = [
        ("strong", scoring.strong),
        ("medium", scoring.medium),
        ("weak", scoring.weak),
    ];
    for pair in weights.windows(2) {
        let [(stronger, more), (weaker, less)] = [pair[0], pair[1]];
        if more < less {
            let path = [Step::Key("scoring"), Step::Key(stronger)];
            let what = format!("{stronger} phrases weigh less than {weaker} ones");
            found.push(document.problem(&path, what, "give them more points"));
        }
    }
    if scoring.strong * scoring.title < scoring.threshold {
        let path = [Step::Key("scoring"), Step::Key("threshold")];
        let what = "a strong phrase in the headline is not enough for its topic";
        found.push(document.problem(&path, what, "lower the threshold"));
    }
    for (index, topic) in taxonomy.topics.iter().enumerate() {
        Entry::new(topic, index, &spelling).warnings(document, &mut found);
    }
    found
}

fn is_id(id: &str) -> bool {
    let id_char = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !id.is_empty() && id.chars().all(id_char) && id != UNCLASSIFIED
}

fn told_too_large(
    document: &Document,
    mut found: Vec<Problem>,
    error: &BuildError,
) -> Vec<Problem> {
    let what = format!("the spellings cannot be used: {error}");
    found.push(document.problem(&[Step::Key("spelling")], what, "write fewer"));
    found
}

fn scoring_problems(taxonomy: &Taxonomy, document: &Document) -> Vec<Problem> {
    let scoring = &taxonomy.scoring;
    let numbers = [
        ("threshold", scoring.threshold),
        ("title", scoring.title),
        ("lead", scoring.lead),
        ("body", scoring.body),
        ("strong", scoring.strong),
        ("medium", scoring.medium),
        ("weak", scoring.weak),
    ];
    let wrong = numbers
        .into_iter()
        .filter(|(_, number)| !number.is_finite() || *number <= 0.0);
    wrong
        .map(|(key, number)| {
            let path = [Step::Key("scoring"), Step::Key(key)];
            document.problem(
                &path,
                format!("{key} is {number}"),
                "write a number above 0",
            )
        })
        .collect()
}

fn spelling_problems(taxonomy: &Taxonomy, document: &Document) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for (index, same) in taxonomy.spelling.same.iter().enumerate() {
        let at = [Step::Key("spelling"), Step::Key("same"), Step::Index(index)];
        let forms: Vec<String> = same.iter().map(|form| text::normalise(form)).collect();
        if forms.len() < 2 || forms.iter().any(String::is_empty) {
            let advice = "write them as in [\"cyber crime\", \"cybercrime\"]";
            found.push(document.problem(&at, "there are no two spellings", advice));
        }
        for form in forms.into_iter().filter(|form| !form.is_empty()) {
            if let Some(form) = seen.replace(form.clone()) {
                let what = format!("\"{form}\" stands among the spellings a second time");
                let advice = "write all that is the same into one list";
                found.push(document.problem(&at, what, advice));
            }
        }
    }
    found
}

fn implied_problems(
    taxonomy: &Taxonomy,
    document: &Document,
    index: usize,
    found: &mut Vec<Problem>,
) {
    let topic = &taxonomy.topics[index];
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
        } else if taxonomy.topic(id).is_none() {
            let what = format!("\"{id}\" is no topic's id");
            let advice = match taxonomy.nearest(id) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "write the id of one of the [[topics]]".to_owned(),
            };
            found.push(document.problem(&path, what, advice));
        }
    }
}

/// A topic with its phrases as they are looked for.
struct Entry<'a> {
    topic: &'a Topic,
    index: usize,
    classes: [(&'static str, Vec<Written<'a>>); 5],
    together: Vec<(&'a str, Vec<Phrase>)>,
}

struct Written<'a> {
    written: &'a str,
    phrase: Phrase,
}

impl<'a> Entry<'a> {
    fn new(topic: &'a Topic, index: usize, spelling: &Spelling) -> Entry<'a> {
        let read = |phrases: &'a [String]| -> Vec<Written<'a>> {
            let phrases = phrases.iter().map(|written| Written {
                written,
                phrase: Phrase::new(written, spelling),
            });
            phrases.collect()
        };
        let together = topic.together.iter().map(|written| {
            let parts = parts(written).map(|part| Phrase::new(part, spelling));
            (written.as_str(), parts.collect())
        });
        Entry {
            topic,
            index,
            classes: [
                ("strong", read(&topic.strong)),
                ("medium", read(&topic.medium)),
                ("weak", read(&topic.weak)),
                ("masks", read(&topic.masks)),
                ("overview", read(&topic.overview)),
            ],
            together: together.collect(),
        }
    }

    /// The phrases that count by themselves, the strongest first.
    fn phrases(&self) -> impl Iterator<Item = (&'static str, usize, &Written<'a>)> {
        self.classes[..3]
            .iter()
            .flat_map(|(key, all)| all.iter().enumerate().map(|(n, one)| (*key, n, one)))
    }

    fn masks(&self) -> &[Written<'a>] {
        &self.classes[3].1
    }

    fn at(&self, key: &'static str, n: usize) -> [Step<'static>; 4] {
        let index = Step::Index(self.index);
        [Step::Key("topics"), index, Step::Key(key), Step::Index(n)]
    }

    fn problems(&self, document: &Document, found: &mut Vec<Problem>) {
        let mut seen = HashMap::new();
        for (key, phrases) in &self.classes {
            // What tells of an overview may well be a phrase of the topic.
            if *key == "overview" {
                seen.clear();
            }
            for (n, Written { written, phrase }) in phrases.iter().enumerate() {
                let mut tell = |what: String, advice: &str| {
                    found.push(document.problem(&self.at(key, n), what, advice));
                };
                if phrase.words.is_empty() {
                    let advice = "remove it, or write the words to look for";
                    tell("the phrase is empty".to_owned(), advice);
                } else if let Some((what, advice)) = wording_problem(written, phrase) {
                    tell(what, advice);
                } else if written.contains(" + ") {
                    let what = format!("\"{written}\" can never match");
                    tell(what, "what counts only together stands under together");
                } else if let Some(first) = seen.insert(phrase, *written) {
                    let what = format!("\"{written}\" stands in this topic a second time");
                    let advice = if first == *written {
                        "remove one".to_owned()
                    } else {
                        format!("it is the same as \"{first}\": remove one")
                    };
                    tell(what, &advice);
                } else if *key != "masks"
                    && let Some(mask) = self.masks().iter().find(|one| one.phrase.covers(phrase))
                {
                    let what = format!("\"{written}\" can never count");
                    let advice = format!("the mask \"{}\" hides it: remove one", mask.written);
                    tell(what, &advice);
                }
            }
        }
        for (n, (written, parts)) in self.together.iter().enumerate() {
            let mut tell = |what: String, advice: &str| {
                found.push(document.problem(&self.at("together", n), what, advice));
            };
            let masked = parts.iter().any(|part| {
                let mut masks = self.masks().iter();
                masks.any(|mask| mask.phrase.covers(part))
            });
            if parts.len() < 2 || parts.iter().any(|part| part.words.is_empty()) {
                let what = format!("\"{written}\" does not name two phrases");
                tell(
                    what,
                    "write them with a + between, as in \"salon + passports\"",
                );
            } else if let Some((what, advice)) = super::parts(written)
                .zip(parts)
                .find_map(|(part, phrase)| wording_problem(part, phrase))
            {
                tell(what, advice);
            } else if masked {
                let what = format!("\"{written}\" can never count");
                tell(what, "a mask hides one of its phrases");
            }
        }
        let has_phrases = self.phrases().next().is_some() || !self.together.is_empty();
        if !has_phrases {
            let path = [Step::Key("topics"), Step::Index(self.index)];
            let what = format!(
                "the topic \"{}\" has no phrase, so no release could get it",
                self.topic.id
            );
            let advice = "write some under strong, medium, weak or together";
            found.push(document.problem(&path, what, advice));
        }
    }

    fn warnings(&self, document: &Document, found: &mut Vec<Problem>) {
        for (order, (key, n, one)) in self.phrases().enumerate() {
            let mut stronger = self
                .phrases()
                .enumerate()
                .filter(|(at, (class, _, _))| *at != order && (*at < order || class == &key));
            let shadow = stronger.find(|(_, (_, _, other))| other.phrase.covers(&one.phrase));
            if let Some((_, (_, _, other))) = shadow {
                let what = format!("\"{}\" is shadowed", one.written);
                let advice = format!("\"{}\" matches all that it does: remove it", other.written);
                found.push(document.problem(&self.at(key, n), what, advice));
            }
        }
        for (n, mask) in self.masks().iter().enumerate() {
            let others = self.classes[4].1.iter().map(|one| &one.phrase);
            let parts = self.together.iter().flat_map(|(_, parts)| parts);
            let phrases = self.phrases().map(|(_, _, one)| &one.phrase);
            if !phrases
                .chain(others)
                .chain(parts)
                .any(|one| one.fits_into(&mask.phrase))
            {
                let what = format!("the mask \"{}\" hides nothing", mask.written);
                let advice = "no phrase of the topic stands inside it: remove it";
                found.push(document.problem(&self.at("masks", n), what, advice));
            }
        }
        let strong = &self.classes[0].1;
        for (n, (written, parts)) in self.together.iter().enumerate() {
            let alone = parts
                .iter()
                .find_map(|part| strong.iter().find(|one| one.phrase.covers(part)));
            if let Some(alone) = alone {
                let what = format!("\"{written}\" is shadowed");
                let advice = format!("\"{}\" is strong by itself: remove it", alone.written);
                found.push(document.problem(&self.at("together", n), what, advice));
            }
        }
    }
}

/// What is wrong with the words of a phrase, wherever it stands, and what to do.
fn wording_problem(written: &str, phrase: &Phrase) -> Option<(String, &'static str)> {
    if written.trim_end_matches('*').contains('*') {
        let what = format!("\"{written}\" holds a * that is not its end");
        Some((what, "a * stands only at the end of a phrase"))
    } else if is_too_short(phrase) {
        let what = format!("\"{written}\" matches too many words");
        Some((what, "write at least three letters before the *"))
    } else if text::sentences(written).len() > 1 {
        let what = format!("\"{written}\" can never match");
        Some((what, "a phrase lies within one sentence: write it as two"))
    } else {
        None
    }
}

fn is_too_short(phrase: &Phrase) -> bool {
    let last = phrase.words.rsplit(' ').next().unwrap_or_default();
    phrase.is_prefix && last.chars().count() < SHORTEST_STEM
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

    fn warnings_of(topics: &str) -> Vec<String> {
        let document = Document::new("t.toml", format!("{SCORING}{topics}"));
        let taxonomy = Taxonomy::read(&document).unwrap();
        let warnings = taxonomy.warnings(&document);
        warnings.iter().map(Problem::to_string).collect()
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

    #[test]
    fn a_retired_topic_is_no_topic_and_leads_to_one() {
        let told = complaints(
            "[[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\nweak = [\"a\"]\n\
             [[retired]]\nid = \"a\"\n[[retired]]\nid = \"b\"\nto = \"c\"\n[[retired]]\nid = \"d.e\"\n",
        );
        for expected in [
            "t.toml:15: the topic \"a\" stands here a second time (a topic that is retired",
            "t.toml:18: \"c\" is no topic's id",
            "t.toml:20: \"d.e\" cannot be a topic's id",
        ] {
            assert!(told.contains(expected), "{expected} in {told}");
        }
    }

    #[test]
    fn phrases_that_can_never_count_are_told() {
        let told = complaints(
            "[spelling]\nsame = [[\"cyber crime\", \"cybercrime\"], [\"one\"], [\"Cyber-crime\", \"e crime\"]]\n\
             [[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\nstrong = [\n  \"armed forces\",\n  \"He said. She said\",\n  \"cybercrime\",\n]\nmedium = [\n  \"cyber crimes\",\n]\nmasks = [\"armed forc*\"]\ntogether = [\n  \"salon* + armed forces\",\n  \"salon\",\n  \"a * b + salon\",\n]\nweak = [\"salon + b\"]\n",
        );
        for expected in [
            "t.toml:10: there are no two spellings",
            "t.toml:10: \"cyber crime\" stands among the spellings a second time",
            "t.toml:16: \"armed forces\" can never count (the mask \"armed forc*\" hides it",
            "t.toml:17: \"He said. She said\" can never match",
            "t.toml:21: \"cyber crimes\" stands in this topic a second time (it is the same as \"cybercrime\"",
            "t.toml:25: \"salon* + armed forces\" can never count",
            "t.toml:26: \"salon\" does not name two phrases",
            "t.toml:27: \"a * b\" holds a * that is not its end",
            "t.toml:29: \"salon + b\" can never match (what counts only together",
        ] {
            assert!(told.contains(expected), "{expected} in {told}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_told_and_used_all_the_same() {
        let told = warnings_of(
            "[[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\nstrong = [\n  \"burglar*\",\n  \"knife\",\n]\nmedium = [\n  \"burglaries\",\n  \"robber*\",\n]\nweak = [\"robbery of\"]\nmasks = [\n  \"jack knife\",\n  \"jack of all trades\",\n  \"cat burglar*\",\n]\ntogether = [\n  \"knives + knife\",\n]\n",
        );
        assert_eq!(
            told,
            [
                "t.toml:18: \"burglaries\" is shadowed (\"burglar*\" matches all that it does: remove it)",
                "t.toml:24: the mask \"jack of all trades\" hides nothing (no phrase of the topic stands inside it: remove it)",
                "t.toml:28: \"knives + knife\" is shadowed (\"knife\" is strong by itself: remove it)",
            ]
        );
        // A stronger phrase within a weaker one is meant.
        let topic = "[[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\n";
        let stronger = format!("{topic}strong = [\"reform\"]\nweak = [\"reform*\"]\n");
        assert!(warnings_of(&stronger).is_empty());
        let light = SCORING.replace("strong = 4", "strong = 1");
        let document = Document::new("t.toml", format!("{light}{topic}strong = [\"a\"]\n"));
        let warnings = Taxonomy::read(&document).unwrap().warnings(&document);
        let told: Vec<String> = warnings.iter().map(Problem::to_string).collect();
        assert!(told[0].starts_with("t.toml:6: strong phrases weigh less than medium ones"));
        assert!(told[1].starts_with("t.toml:2: a strong phrase in the headline is not enough"));
    }
}
