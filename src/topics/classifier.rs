//! Finds the taxonomy's phrases in a release and weighs them.

use std::cmp::Reverse;
use std::collections::HashSet;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Serialize;

use super::taxonomy::{Phrase, Taxonomy};
use crate::release::{Evidence, Tag};
use crate::text;

/// In so many paragraphs of the body a phrase counts in full.
const PARAGRAPHS_FOR_ALL: f64 = 3.0;

/// What a release is about, and what it nearly was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classification {
    /// The topics given, in the taxonomy's order.
    #[serde(rename = "topics")]
    pub tags: Vec<Tag>,
    /// Topics with evidence whose score stays below the threshold.
    pub missed: Vec<Tag>,
}

/// The taxonomy, made ready to be looked for in one pass over a text.
#[derive(Debug, Clone)]
pub struct Classifier {
    taxonomy: Taxonomy,
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
}

#[derive(Debug, Clone)]
struct Pattern {
    topic: usize,
    /// As the taxonomy has it.
    written: String,
    /// Nothing for a mask.
    weight: Option<f64>,
    is_prefix: bool,
}

/// A place of a release with its sentences.
struct Place<'a> {
    name: &'static str,
    factor: f64,
    sentences: Vec<&'a str>,
}

/// A phrase in one place.
#[derive(Debug, Clone, Copy)]
struct Found {
    pattern: usize,
    place: usize,
    sentence: usize,
}

impl Classifier {
    /// A classifier of `taxonomy`.
    ///
    /// # Errors
    /// When the phrases are too many for one automaton (some two thousand million bytes of them).
    pub fn new(taxonomy: Taxonomy) -> Result<Classifier, aho_corasick::BuildError> {
        let mut patterns = Vec::new();
        let mut needles = Vec::new();
        for (topic, entry) in taxonomy.topics.iter().enumerate() {
            let classes = [
                (&entry.strong, Some(taxonomy.scoring.strong)),
                (&entry.medium, Some(taxonomy.scoring.medium)),
                (&entry.weak, Some(taxonomy.scoring.weak)),
                (&entry.masks, None),
            ];
            for (phrases, weight) in classes {
                for written in phrases {
                    let phrase = Phrase::new(written);
                    // Sentences are searched with a space at both ends, so spaces stand for word boundaries.
                    let end = if phrase.is_prefix { "" } else { " " };
                    needles.push(format!(" {}{end}", phrase.words));
                    patterns.push(Pattern {
                        topic,
                        written: written.clone(),
                        weight,
                        is_prefix: phrase.is_prefix,
                    });
                }
            }
        }
        // Standard matching finds overlapping phrases: "crime" inside "knife crime" may be another topic's.
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(needles)?;
        Ok(Classifier {
            taxonomy,
            automaton,
            patterns,
        })
    }

    /// The taxonomy in use.
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }

    /// The topics of a release; `paragraphs` are those of its body, without markup.
    pub fn classify(
        &self,
        title: &str,
        lead: Option<&str>,
        paragraphs: &[String],
    ) -> Classification {
        let places = self.places(title, lead, text::subject(paragraphs));
        let mut found = Vec::new();
        for (place, at) in places.iter().enumerate() {
            for (sentence, words) in at.sentences.iter().enumerate() {
                let patterns = self.patterns_in(words);
                found.extend(patterns.into_iter().map(|pattern| Found {
                    pattern,
                    place,
                    sentence,
                }));
            }
        }
        let mut tags = Vec::new();
        let mut missed = Vec::new();
        for topic in 0..self.taxonomy.topics.len() {
            let evidence = self.evidence(topic, &found, &places);
            if evidence.is_empty() {
                continue;
            }
            let tag = Tag {
                topic: self.taxonomy.topics[topic].id.clone(),
                score: rounded(evidence.iter().map(|e| e.weight).sum()),
                implied_by: None,
                evidence,
            };
            let enough = tag.score >= self.taxonomy.scoring.threshold;
            if enough { &mut tags } else { &mut missed }.push(tag);
        }
        self.add_implied(&mut tags, &mut missed);
        Classification { tags, missed }
    }

    fn places<'a>(
        &self,
        title: &'a str,
        lead: Option<&'a str>,
        paragraphs: &'a [String],
    ) -> Vec<Place<'a>> {
        let scoring = &self.taxonomy.scoring;
        let (lead, body) = match (lead, paragraphs) {
            // Pages print the lead again as the first paragraph.
            (Some(lead), [first, rest @ ..]) if text::normalise(first) == text::normalise(lead) => {
                (Some(lead), rest)
            }
            (None, [first, rest @ ..]) => (Some(first.as_str()), rest),
            (lead, all) => (lead, all),
        };
        // Where there is no title, the lead is all that a reader sees first.
        let lead_factor = if text::normalise(title).is_empty() {
            scoring.title
        } else {
            scoring.lead
        };
        let place = |name, factor, words| Place {
            name,
            factor,
            sentences: text::sentences(words),
        };
        let mut places = vec![place("title", scoring.title, title)];
        places.extend(lead.map(|lead| place("lead", lead_factor, lead)));
        places.extend(body.iter().map(|p| place("body", scoring.body, p)));
        places
    }

    /// The patterns in one sentence, without those that lie inside a longer match of the same topic or a mask.
    fn patterns_in(&self, sentence: &str) -> Vec<usize> {
        let words = format!(" {} ", text::normalise(sentence));
        let spans: Vec<(usize, usize, usize)> = self
            .automaton
            .find_overlapping_iter(&words)
            .map(|found| {
                let pattern = found.pattern().as_usize();
                let start = found.start() + 1;
                let end = if self.patterns[pattern].is_prefix {
                    found.end() + words[found.end()..].find(' ').unwrap_or_default()
                } else {
                    found.end() - 1
                };
                (pattern, start, end)
            })
            .collect();
        self.outermost(spans)
    }

    /// The patterns of the spans that lie inside no longer span of the same topic and inside no mask of it.
    fn outermost(&self, mut spans: Vec<(usize, usize, usize)>) -> Vec<usize> {
        let topic = |pattern: usize| self.patterns[pattern].topic;
        // Of one topic from left to right, the longer first and of equal ones the mask first, so that whatever holds a
        // span comes before it: one pass, however often a sentence repeats a phrase.
        spans.sort_by_key(|&(pattern, start, end)| {
            let is_mask = self.patterns[pattern].weight.is_none();
            (topic(pattern), start, Reverse(end), !is_mask)
        });
        let mut kept = Vec::new();
        let mut reached = (usize::MAX, 0);
        let mut last = None;
        for (pattern, start, end) in spans {
            if reached.0 != topic(pattern) {
                reached = (topic(pattern), 0);
                last = None;
            }
            let is_mask = self.patterns[pattern].weight.is_none();
            // Two phrases that match the very same words both count, unless one of them is a mask.
            let is_inside = end <= reached.1 && last != Some((start, end, false));
            if !is_inside && !is_mask {
                kept.push(pattern);
            }
            if !is_inside {
                last = Some((start, end, is_mask));
            }
            reached.1 = reached.1.max(end);
        }
        kept
    }

    /// One piece of evidence for each phrase of `topic` and each kind of place it stands in.
    fn evidence(&self, topic: usize, found: &[Found], places: &[Place<'_>]) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let mut done = HashSet::new();
        for first in found {
            let pattern = &self.patterns[first.pattern];
            let place = &places[first.place];
            let (Some(weight), true) = (pattern.weight, pattern.topic == topic) else {
                continue;
            };
            if !done.insert((first.pattern, place.name)) {
                continue;
            }
            let holding: HashSet<usize> = found
                .iter()
                .filter(|f| f.pattern == first.pattern && places[f.place].name == place.name)
                .map(|f| f.place)
                .collect();
            let share = match place.name {
                "body" => (holding.len() as f64 / PARAGRAPHS_FOR_ALL).min(1.0),
                _ => 1.0,
            };
            evidence.push(Evidence {
                phrase: pattern.written.clone(),
                r#where: place.name.to_owned(),
                sentence: text::excerpt(place.sentences[first.sentence]),
                weight: rounded(weight * place.factor * share),
            });
        }
        evidence
    }

    fn add_implied(&self, tags: &mut Vec<Tag>, missed: &mut Vec<Tag>) {
        let mut next = 0;
        // Implied topics are put behind, so what they imply is followed as well.
        while next < tags.len() {
            let by = tags[next].topic.clone();
            next += 1;
            let implied = self.taxonomy.topic(&by).map(|topic| topic.implies.clone());
            for id in implied.unwrap_or_default() {
                if tags.iter().any(|tag| tag.topic == id) {
                    continue;
                }
                let nearly = missed.iter().position(|tag| tag.topic == id);
                let mut tag = match nearly {
                    Some(at) => missed.remove(at),
                    None => Tag {
                        topic: id,
                        score: 0.0,
                        implied_by: None,
                        evidence: Vec::new(),
                    },
                };
                tag.implied_by = Some(by.clone());
                tags.push(tag);
            }
        }
        tags.sort_by_key(|tag| self.taxonomy.position(&tag.topic));
    }
}

/// Two decimals: enough to explain, and the same on every machine.
fn rounded(score: f64) -> f64 {
    (score * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn classifier() -> Classifier {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"knives\"\ntitle = \"K\"\nscope = \"s\"\nimplies = [\"all\"]\nstrong = [\"knife crime\"]\nmedium = [\"knife\", \"stab*\"]\nmasks = [\"knife crime lead\"]\n\
            [[topics]]\nid = \"all\"\ntitle = \"A\"\nscope = \"s\"\nweak = [\"crime\"]\n";
        Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap()
    }

    fn scores(title: &str, lead: Option<&str>, body: &str) -> Vec<(String, f64)> {
        let c = classifier().classify(title, lead, &text::paragraphs(body));
        c.tags
            .into_iter()
            .chain(c.missed)
            .map(|t| (t.topic, t.score))
            .collect()
    }

    #[test]
    fn places_weigh_and_a_longer_phrase_hides_a_shorter_one() {
        assert_eq!(
            scores("Knife-crime falls", None, ""),
            [("knives".to_owned(), 12.0), ("all".to_owned(), 3.0)]
        );
        // Lead: strong 4 × 2. Body: `stab*` in two of three paragraphs, 2 × ⅔.
        assert_eq!(
            scores(
                "A",
                Some("Knife crime."),
                "Knife crime.\nStabbings rose.\nA stab wound."
            ),
            [("knives".to_owned(), 9.33), ("all".to_owned(), 2.0)]
        );
    }

    #[test]
    fn words_are_whole_and_sentences_part_phrases() {
        assert!(scores("Penknives and crimes. A knifeman", None, "").is_empty());
        assert_eq!(
            scores("One knife. Crime falls", None, ""),
            [("knives".to_owned(), 6.0), ("all".to_owned(), 3.0)]
        );
        assert_eq!(
            scores("", Some("One knife"), ""),
            scores("One knife", None, "")
        );
    }

    #[test]
    fn a_sentence_that_repeats_a_phrase_is_read_in_one_pass() {
        let sentence = "knife crime lead knife crime stab ".repeat(20_000);
        let given = classifier().classify(&sentence, None, &[]);
        // Twenty thousand times twenty thousand comparisons would take minutes.
        assert_eq!(given.tags[0].score, 18.0);
    }

    #[test]
    fn masks_and_feet_do_not_count() {
        assert_eq!(
            scores("Knife crime lead speaks", None, ""),
            [("all".to_owned(), 3.0)]
        );
        assert!(scores("A", Some("B"), "Notes to editors\nKnife crime").is_empty());
    }

    #[test]
    fn an_implied_topic_says_by_what() {
        let given = classifier().classify("Knife crime", None, &[]);
        assert_eq!(given.tags[1].implied_by.as_deref(), Some("knives"));
        assert_eq!(given.tags[0].evidence[0].sentence, "Knife crime");
        assert!(given.missed.is_empty());
    }
}
