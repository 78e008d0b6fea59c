//! Finds the taxonomy's phrases in a release and weighs them.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use serde::Serialize;

use super::offices::offices;
use super::taxonomy::{Phrase, Taxonomy, parts};
use crate::release::{Evidence, Tag};
use crate::text;

/// In so many paragraphs of the body a phrase counts in full.
const PARAGRAPHS_FOR_ALL: f64 = 3.0;
/// A topic with less than this share of the score of the release's first is mentioned by the way.
const BY_THE_WAY: f64 = 0.4;
/// What a phrase counts in the lead behind its first sentence.
const LATER_IN_LEAD: f64 = 0.7;
/// A topic that is told in this share of the body's paragraphs counts in full there; in fewer, it is mentioned by the way.
const SHARE_FOR_ALL: f64 = 0.3;

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
    groups: Vec<Group>,
}

#[derive(Debug, Clone)]
struct Pattern {
    topic: usize,
    /// As the taxonomy has it.
    written: String,
    role: Role,
    is_prefix: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    /// It counts by itself.
    Phrase(f64),
    /// It means something else, and so does what stands inside it.
    Mask,
    /// It counts only together with others.
    Part,
    /// It tells that a release is about crime at large, and lists more than it is about.
    Overview,
}

/// Phrases that count only together.
#[derive(Debug, Clone)]
struct Group {
    topic: usize,
    /// As the taxonomy has it.
    written: String,
    parts: Vec<usize>,
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
        let mut groups = Vec::new();
        let mut add = |topic, written: &str, role| {
            let phrase = Phrase::new(written);
            // Sentences are searched with a space at both ends, so spaces stand for word boundaries.
            let end = if phrase.is_prefix { "" } else { " " };
            needles.push(format!(" {}{end}", phrase.words));
            patterns.push(Pattern {
                topic,
                written: written.to_owned(),
                role,
                is_prefix: phrase.is_prefix,
            });
            patterns.len() - 1
        };
        for (topic, entry) in taxonomy.topics.iter().enumerate() {
            let classes = [
                (&entry.strong, Role::Phrase(taxonomy.scoring.strong)),
                (&entry.medium, Role::Phrase(taxonomy.scoring.medium)),
                (&entry.weak, Role::Phrase(taxonomy.scoring.weak)),
                (&entry.masks, Role::Mask),
                (&entry.overview, Role::Overview),
            ];
            for (phrases, role) in classes {
                for written in phrases {
                    add(topic, written, role);
                }
            }
            for written in &entry.together {
                let parts = parts(written).map(|part| add(topic, part, Role::Part));
                groups.push(Group {
                    topic,
                    written: written.clone(),
                    parts: parts.collect(),
                });
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
            groups,
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
                let patterns = self.patterns_in(words, at.name == "body");
                found.extend(patterns.into_iter().map(|pattern| Found {
                    pattern,
                    place,
                    sentence,
                }));
            }
        }
        let overview = self.overview(&found, &places);
        let mut tags = Vec::new();
        let mut missed = Vec::new();
        for topic in 0..self.taxonomy.topics.len() {
            let mut evidence = self.evidence(topic, &found, &places);
            if overview.is_some_and(|of| of != topic) {
                evidence.retain(|one| one.r#where == "title");
            }
            if evidence.is_empty() {
                continue;
            }
            let tag = Tag {
                topic: self.taxonomy.topics[topic].id.clone(),
                score: rounded(evidence.iter().map(|e| e.weight).sum()),
                implied_by: None,
                evidence,
            };
            let enough = tag.score >= self.taxonomy.scoring.threshold
                && self.is_more_than_hints(topic, &found);
            if enough { &mut tags } else { &mut missed }.push(tag);
        }
        self.leave_by_the_way(&mut tags, &mut missed);
        self.add_implied(&mut tags, &mut missed);
        Classification { tags, missed }
    }

    /// The topic of which a release is an overview by its title or its lead, so that of others only the title tells.
    fn overview(&self, found: &[Found], places: &[Place<'_>]) -> Option<usize> {
        let mut head = found.iter().filter(|one| places[one.place].name != "body");
        let one = head.find(|one| self.patterns[one.pattern].role == Role::Overview)?;
        Some(self.patterns[one.pattern].topic)
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

    /// The patterns in one sentence, without those that lie inside a longer match of the same topic or a mask; in the body
    /// also without those that a speaker's office names.
    fn patterns_in(&self, sentence: &str, is_body: bool) -> Vec<usize> {
        let words = format!(" {} ", text::normalise(sentence));
        let offices = if is_body { offices(&words) } else { Vec::new() };
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
            .filter(|(_, start, end)| {
                let holds = |office: &Range<usize>| office.start <= *start && *end <= office.end;
                !offices.iter().any(holds)
            })
            .collect();
        self.outermost(spans)
    }

    /// The patterns of the spans that lie inside no longer span of the same topic and inside no mask of it. What counts only
    /// together with others hides nothing.
    fn outermost(&self, mut spans: Vec<(usize, usize, usize)>) -> Vec<usize> {
        let topic = |pattern: usize| self.patterns[pattern].topic;
        // Of one topic from left to right, the longer first and of equal ones the mask first, so that whatever holds a
        // span comes before it: one pass, however often a sentence repeats a phrase.
        spans.sort_by_key(|&(pattern, start, end)| {
            let is_mask = self.patterns[pattern].role == Role::Mask;
            (topic(pattern), start, Reverse(end), !is_mask)
        });
        let mut kept = Vec::new();
        let mut reached = (usize::MAX, 0);
        let mut masked = 0;
        let mut last = None;
        for (pattern, start, end) in spans {
            if reached.0 != topic(pattern) {
                reached = (topic(pattern), 0);
                masked = 0;
                last = None;
            }
            let role = self.patterns[pattern].role;
            if matches!(role, Role::Part | Role::Overview) {
                if end > masked {
                    kept.push(pattern);
                }
                continue;
            }
            let is_mask = role == Role::Mask;
            if is_mask {
                masked = masked.max(end);
            }
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
        let of_topic = found
            .iter()
            .filter(|one| self.patterns[one.pattern].topic == topic);
        if of_topic.clone().next().is_none() {
            return evidence;
        }
        for first in of_topic.clone() {
            let pattern = &self.patterns[first.pattern];
            let place = &places[first.place];
            let Role::Phrase(weight) = pattern.role else {
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
            evidence.push(Evidence {
                phrase: pattern.written.clone(),
                r#where: place.name.to_owned(),
                sentence: text::excerpt(place.sentences[first.sentence]),
                weight: rounded(
                    weight
                        * place.factor
                        * share(place, holding.len())
                        * early(place, first.sentence),
                ),
            });
        }
        let there: HashSet<usize> = of_topic.clone().map(|one| one.pattern).collect();
        let is_there = |part: &usize| there.contains(part);
        for group in self.groups.iter().filter(|group| group.topic == topic) {
            if group.parts.iter().all(is_there) {
                evidence.extend(self.together(group, found, places));
            }
        }
        let share = self.share_of_body(topic, found, places);
        for one in evidence.iter_mut().filter(|one| one.r#where == "body") {
            one.weight = rounded(one.weight * share);
        }
        evidence
    }

    /// Beside a topic that is told much more of, one that a single phrase of the lead names is mentioned by the way.
    fn leave_by_the_way(&self, tags: &mut Vec<Tag>, missed: &mut Vec<Tag>) {
        let most = tags.iter().map(|tag| tag.score).fold(0.0, f64::max);
        let is_by_the_way = |tag: &Tag| {
            let is_told_once = matches!(tag.evidence.as_slice(), [one] if one.r#where == "lead");
            is_told_once && tag.score < most * BY_THE_WAY
        };
        let (by_the_way, kept) = tags.drain(..).partition(is_by_the_way);
        *tags = kept;
        let by_the_way: Vec<Tag> = by_the_way;
        missed.extend(by_the_way);
    }

    /// Whether a topic has more than weak phrases, which many a release has by chance.
    fn is_more_than_hints(&self, topic: usize, found: &[Found]) -> bool {
        let weak = self.taxonomy.scoring.weak;
        let tells = |one: &Found| match self.patterns[one.pattern].role {
            Role::Phrase(weight) => weight > weak,
            Role::Part => true,
            Role::Mask | Role::Overview => false,
        };
        let mut of_topic = found
            .iter()
            .filter(|one| self.patterns[one.pattern].topic == topic);
        of_topic.any(tells)
    }

    /// How much of what the body tells of a topic counts, by how many of its paragraphs do.
    fn share_of_body(&self, topic: usize, found: &[Found], places: &[Place<'_>]) -> f64 {
        let is_body = |place: usize| places[place].name == "body";
        let paragraphs = (0..places.len()).filter(|place| is_body(*place)).count();
        let tells = |one: &&Found| {
            let pattern = &self.patterns[one.pattern];
            let is_telling =
                matches!(pattern.role, Role::Phrase(weight) if weight > self.taxonomy.scoring.weak);
            pattern.topic == topic && is_telling && is_body(one.place)
        };
        let telling: HashSet<usize> = found.iter().filter(tells).map(|one| one.place).collect();
        let enough =
            (paragraphs as f64 * SHARE_FOR_ALL).max(PARAGRAPHS_FOR_ALL.min(paragraphs as f64));
        if telling.is_empty() {
            return 1.0;
        }
        (telling.len() as f64 / enough).min(1.0)
    }

    /// The evidence that phrases stand together: in the title and the lead, which are one, and in paragraphs of the body.
    fn together(&self, group: &Group, found: &[Found], places: &[Place<'_>]) -> Vec<Evidence> {
        let in_body = |place: usize| places[place].name == "body";
        let of_part = |part: usize, holds: &dyn Fn(usize) -> bool| {
            let mut of_part = found.iter().filter(|one| one.pattern == part);
            of_part.find(|one| holds(one.place)).copied()
        };
        let all = |holds: &dyn Fn(usize) -> bool| -> Option<Vec<Found>> {
            group
                .parts
                .iter()
                .map(|part| of_part(*part, holds))
                .collect()
        };
        let told = |at: &[Found], count: usize| {
            // The last that is needed tells where they are all there.
            let last = at.iter().max_by_key(|one| (one.place, one.sentence));
            last.map(|last| {
                let place = &places[last.place];
                let weight = self.taxonomy.scoring.strong * place.factor * share(place, count);
                Evidence {
                    phrase: group.written.clone(),
                    r#where: place.name.to_owned(),
                    sentence: text::excerpt(place.sentences[last.sentence]),
                    weight: rounded(weight),
                }
            })
        };
        let head = all(&|place| !in_body(place)).and_then(|at| told(&at, 1));
        let paragraphs = (0..places.len()).filter(|place| in_body(*place));
        let holding: Vec<Vec<Found>> = paragraphs
            .filter_map(|one| all(&|place| place == one))
            .collect();
        let body = holding.first().and_then(|at| told(at, holding.len()));
        head.into_iter().chain(body).collect()
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

/// How much of its weight a phrase has in a place, by how many paragraphs hold it.
fn share(place: &Place<'_>, holding: usize) -> f64 {
    match place.name {
        "body" => (holding as f64 / PARAGRAPHS_FOR_ALL).min(1.0),
        _ => 1.0,
    }
}

/// A lead's first sentence says what a release is about; those behind it may mention more.
fn early(place: &Place<'_>, sentence: usize) -> f64 {
    match (place.name, sentence) {
        ("lead", 1..) => LATER_IN_LEAD,
        _ => 1.0,
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
    fn a_speakers_office_tells_nothing_in_the_body() {
        let office = "A. B, NPCC lead for knife crime and stabbing, Deputy Chief Constable, said so.\n\
            The NPCC knife crime lead said so.\nThe lead for knife crime said so.";
        assert!(
            scores("A", Some("B"), office)
                .iter()
                .all(|(topic, _)| topic != "knives")
        );
        let told = "The NPCC lead for roads, Chief Constable B, said that knife crime falls.";
        assert_eq!(scores("A", Some("B"), told)[0], ("knives".to_owned(), 1.33));
    }

    #[test]
    fn an_overview_is_about_what_its_title_names_alone() {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"theft\"\ntitle = \"T\"\nscope = \"s\"\nstrong = [\"burglar*\"]\n\
            [[topics]]\nid = \"all\"\ntitle = \"A\"\nscope = \"s\"\nstrong = [\"crime statistics\"]\noverview = [\"crime statistics\"]\nmasks = [\"hate crime statistics\"]\n";
        let classifier =
            Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap();
        let topics = |title: &str, lead: &str| {
            let given = classifier.classify(title, Some(lead), &[]).tags;
            let ids = given.into_iter().map(|tag| tag.topic);
            ids.collect::<Vec<_>>()
        };
        assert_eq!(topics("Crime statistics", "Burglary fell."), ["all"]);
        assert_eq!(
            topics("Burglary in crime statistics", "It fell."),
            ["theft", "all"]
        );
        assert_eq!(topics("Hate crime statistics", "Burglary fell."), ["theft"]);
    }

    #[test]
    fn phrases_that_count_only_together_need_one_another_nearby() {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"slavery\"\ntitle = \"S\"\nscope = \"s\"\ntogether = [\"salon* + passport*\"]\nmasks = [\"passport office\"]\n";
        let classifier =
            Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap();
        let score = |title: &str, lead: &str, body: &str| {
            let given = classifier.classify(title, Some(lead), &text::paragraphs(body));
            let tags = given.tags.iter().chain(&given.missed);
            tags.map(|tag| (tag.score, tag.evidence[0].r#where.clone()))
                .next()
        };
        assert_eq!(score("A salon", "Closed.", "Passports"), None);
        let lead = Some((8.0, "lead".to_owned()));
        assert_eq!(score("A salon", "He held her passport.", ""), lead);
        assert_eq!(score("Salons and passports", "", "").unwrap().0, 12.0);
        let body = Some((2.67, "body".to_owned()));
        assert_eq!(
            score(
                "A",
                "B",
                "A salon. Her passport.\nSalons\nPassports in salons"
            ),
            body
        );
        assert_eq!(score("A salon", "The passport office", ""), None);
    }

    #[test]
    fn an_implied_topic_says_by_what() {
        let given = classifier().classify("Knife crime", None, &[]);
        assert_eq!(given.tags[1].implied_by.as_deref(), Some("knives"));
        assert_eq!(given.tags[0].evidence[0].sentence, "Knife crime");
        assert!(given.missed.is_empty());
    }
}
