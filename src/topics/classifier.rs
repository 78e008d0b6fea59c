//! Weighs what the taxonomy's phrases tell of a release.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::Error;
use super::asides::own;
use super::corrections::Relations;
use super::matching::{Group, Ignored, Match, Matcher, Role};
use super::taxonomy::Taxonomy;
use crate::release::{Evidence, Tag};
use crate::text;

/// In so many paragraphs of the body a phrase counts in full.
const PARAGRAPHS_FOR_ALL: f64 = 3.0;
/// A topic with less than this share of the score of the release's first is mentioned by the way.
const BY_THE_WAY: f64 = 0.5;
/// A topic at which headline and opening only hint, if at all, has to reach so many times the threshold: weak phrases stand in
/// many a release by chance, and mentions by the way add up in long ones.
const ONLY_HINTED: f64 = 1.4;
/// A topic that a body of so many paragraphs tells in fewer than [`TAKEN_UP`] of them has to reach [`NOT_TAKEN_UP`] times the
/// threshold: headline and opening named it as a comparison, an example or a figure of speech.
const LONG_BODY: usize = 6;
const TAKEN_UP: usize = 2;
const NOT_TAKEN_UP: f64 = 2.0;
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
    /// Topics of which a phrase was found, and that are not given, the nearest first.
    pub missed: Vec<Missed>,
}

/// A topic that a release just missed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missed {
    /// What speaks for it.
    #[serde(flatten)]
    pub tag: Tag,
    /// Why that is not enough.
    pub why: String,
}

/// The taxonomy, made ready to be looked for in one pass over a text.
#[derive(Debug, Clone)]
pub struct Classifier {
    taxonomy: Taxonomy,
    relations: Arc<Relations>,
    matcher: Matcher,
}

/// A place of a release with its sentences.
struct Place<'a> {
    kind: Kind,
    factor: f64,
    sentences: Vec<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Title,
    Lead,
    /// A paragraph of the body.
    Body,
}

/// A phrase in one place.
#[derive(Debug, Clone, Copy)]
struct Found {
    matched: Match,
    kind: Kind,
    place: usize,
    sentence: usize,
}

impl Classifier {
    /// A classifier of `taxonomy`.
    ///
    /// # Errors
    /// [`Error`].
    pub fn new(taxonomy: Taxonomy) -> Result<Classifier, Error> {
        Ok(Classifier {
            matcher: Matcher::new(&taxonomy)?,
            relations: Arc::new(Relations::of(&taxonomy)),
            taxonomy,
        })
    }

    /// The taxonomy in use.
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }

    /// How its topics hang together.
    pub fn relations(&self) -> &Arc<Relations> {
        &self.relations
    }

    /// Another number for other rules, whether the taxonomy differs or the program.
    pub fn version(&self) -> i64 {
        let mut taxonomy = self.taxonomy.clone();
        for topic in &mut taxonomy.topics {
            // What readers see of a topic sorts nothing.
            topic.title.clear();
            topic.scope.clear();
        }
        let program = (env!("CARGO_PKG_VERSION"), ONLY_HINTED, BY_THE_WAY);
        let places = (PARAGRAPHS_FOR_ALL, SHARE_FOR_ALL, LATER_IN_LEAD);
        let long = (LONG_BODY, TAKEN_UP, NOT_TAKEN_UP);
        let rules = format!("{program:?} {places:?} {long:?} {taxonomy:?}");
        xxh3_64(rules.as_bytes()).cast_signed()
    }

    /// The topics of a release; `paragraphs` are those of its body, without markup.
    pub fn classify(
        &self,
        title: &str,
        lead: Option<&str>,
        paragraphs: &[String],
    ) -> Classification {
        let places = self.places(title, lead, own(paragraphs));
        let mut by_topic = self.found(&places);
        if let Some((of, phrase)) = self.overview(&by_topic) {
            leave_to_title(&mut by_topic, of, phrase);
        }
        let mut tags = Vec::new();
        let mut missed = Vec::new();
        for (topic, found) in by_topic.iter().enumerate() {
            if found.is_empty() {
                continue;
            }
            let told = Told::new(self, topic, &places, found);
            let evidence = told.evidence();
            if evidence.is_empty() {
                continue;
            }
            let tag = Tag {
                topic: self.taxonomy.topics[topic].id.clone(),
                score: rounded(evidence.iter().map(|one| one.weight).sum()),
                implied_by: None,
                evidence,
            };
            match self.lacks(&tag, &told) {
                Some(why) => missed.push(Missed { tag, why }),
                None => tags.push(tag),
            }
        }
        leave_by_the_way(&mut tags, &mut missed);
        for tag in &mut tags {
            tag.evidence.retain(|one| one.ignored.is_none());
        }
        self.add_implied(&mut tags, &mut missed);
        missed.sort_by(|a, b| b.tag.score.total_cmp(&a.tag.score));
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
        let place = |kind, factor, words| Place {
            kind,
            factor,
            sentences: text::sentences(words),
        };
        let mut places = vec![place(Kind::Title, scoring.title, title)];
        places.extend(lead.map(|lead| place(Kind::Lead, lead_factor, lead)));
        places.extend(body.iter().map(|p| place(Kind::Body, scoring.body, p)));
        places
    }

    /// The phrases that stand in a release, by the place of their topic in the taxonomy.
    fn found(&self, places: &[Place<'_>]) -> Vec<Vec<Found>> {
        let mut by_topic = vec![Vec::new(); self.taxonomy.topics.len()];
        for (place, at) in places.iter().enumerate() {
            for (sentence, words) in at.sentences.iter().enumerate() {
                for matched in self.matcher.matches(words, at.kind == Kind::Body) {
                    by_topic[self.matcher.pattern(matched.pattern).topic].push(Found {
                        matched,
                        kind: at.kind,
                        place,
                        sentence,
                    });
                }
            }
        }
        by_topic
    }

    /// The topic of which a release is an overview by its title or its lead, with the phrase that tells so.
    fn overview(&self, by_topic: &[Vec<Found>]) -> Option<(usize, usize)> {
        let tells = |one: &&Found| {
            self.matcher.pattern(one.matched.pattern).role == Role::Overview
                && one.matched.ignored.is_none()
                && one.kind != Kind::Body
        };
        let mut topics = by_topic.iter().enumerate();
        topics.find_map(|(topic, found)| Some((topic, found.iter().find(tells)?.matched.pattern)))
    }

    /// What a topic lacks to be given.
    fn lacks(&self, tag: &Tag, told: &Told<'_>) -> Option<String> {
        if tag.evidence.iter().all(|one| one.ignored.is_some()) {
            return Some("nothing that was found counts".to_owned());
        }
        let (times, why) = if !told.is_taken_up() {
            (NOT_TAKEN_UP, ", as the text does not take it up")
        } else if told.is_only_hinted() {
            (ONLY_HINTED, ", as headline and opening only hint at it")
        } else {
            (1.0, "")
        };
        let needed = rounded(self.taxonomy.scoring.threshold * times);
        let less = rounded(needed - tag.score);
        (less > 0.0).then(|| format!("{less} less than the {needed} that are needed{why}"))
    }

    fn add_implied(&self, tags: &mut Vec<Tag>, missed: &mut Vec<Missed>) {
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
                let nearly = missed.iter().position(|one| one.tag.topic == id);
                let mut tag = match nearly {
                    Some(at) => missed.remove(at).tag,
                    None => Tag {
                        topic: id,
                        score: 0.0,
                        implied_by: None,
                        evidence: Vec::new(),
                    },
                };
                tag.evidence.retain(|one| one.ignored.is_none());
                tag.implied_by = Some(by.clone());
                tags.push(tag);
            }
        }
        tags.sort_by_key(|tag| self.taxonomy.position(&tag.topic));
    }
}

/// Of a release about crime at large, other topics are told by the title alone.
fn leave_to_title(by_topic: &mut [Vec<Found>], of: usize, overview: usize) {
    let others = by_topic.iter_mut().enumerate();
    let others = others.filter(|(topic, _)| *topic != of);
    for one in others.flat_map(|(_, found)| found) {
        if one.kind != Kind::Title {
            one.matched
                .ignored
                .get_or_insert(Ignored::Overview(overview));
        }
    }
}

/// Beside a topic that is told much more of, one that a single phrase of the lead names is mentioned by the way.
fn leave_by_the_way(tags: &mut Vec<Tag>, missed: &mut Vec<Missed>) {
    let first = tags.iter().max_by(|a, b| a.score.total_cmp(&b.score));
    let Some(first) = first.map(|tag| (tag.topic.clone(), tag.score)) else {
        return;
    };
    let is_by_the_way = |tag: &Tag| {
        let mut counting = tag.evidence.iter().filter(|one| one.ignored.is_none());
        let is_of_lead = counting.next().is_some_and(|one| one.r#where == "lead");
        is_of_lead && counting.next().is_none() && tag.score < first.1 * BY_THE_WAY
    };
    let (by_the_way, kept) = tags.drain(..).partition(is_by_the_way);
    *tags = kept;
    let by_the_way: Vec<Tag> = by_the_way;
    missed.extend(by_the_way.into_iter().map(|tag| Missed {
        tag,
        why: format!(
            "one phrase of the opening, beside {} with {}",
            first.0, first.1
        ),
    }));
}

/// A phrase in one kind of place.
struct Standing<'a> {
    first: &'a Found,
    /// How many places of the kind hold it.
    places: usize,
}

/// What a release tells of one topic.
struct Told<'a> {
    classifier: &'a Classifier,
    places: &'a [Place<'a>],
    found: &'a [Found],
    /// The evidence for all that counts only together.
    groups: Vec<Evidence>,
}

impl Told<'_> {
    /// What these phrases tell of the topic at this place in the taxonomy.
    fn new<'a>(
        classifier: &'a Classifier,
        topic: usize,
        places: &'a [Place<'a>],
        found: &'a [Found],
    ) -> Told<'a> {
        let told = Told {
            classifier,
            places,
            found,
            groups: Vec::new(),
        };
        let groups = told.groups(topic);
        Told { groups, ..told }
    }

    /// One piece of evidence for each phrase and each kind of place it stands in.
    fn evidence(&self) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        for standing in self.standing() {
            let Standing { first, places } = standing;
            let Role::Phrase(weight) = self.role(first) else {
                continue;
            };
            let weight = match first.matched.ignored {
                None => self.weight(weight, first, places),
                Some(_) => 0.0,
            };
            let written = self.classifier.matcher.written(first.matched.pattern);
            let ignored = first.matched.ignored.map(|ignored| self.why(ignored));
            evidence.push(self.one(written, first, weight, ignored));
        }
        let share = self.share_of_body();
        for one in evidence.iter_mut().filter(|one| one.r#where == "body") {
            one.weight = rounded(one.weight * share);
        }
        // What stands together in a paragraph is that paragraph's subject.
        evidence.extend(self.groups.iter().cloned());
        evidence
    }

    /// Each phrase that stands in each kind of place, in the order in which they come first.
    fn standing(&self) -> Vec<Standing<'_>> {
        // What is found comes in the order of the places, and a stable sort leaves it so.
        let key = |one: &&Found| {
            let Match { pattern, ignored } = one.matched;
            (pattern, one.kind, ignored.is_some())
        };
        let mut found: Vec<(usize, &Found)> = self.found.iter().enumerate().collect();
        found.sort_by_key(|(_, one)| key(one));
        let same = found.chunk_by(|(_, one), (_, other)| key(one) == key(other));
        let mut standing: Vec<(usize, Standing<'_>)> = same
            .map(|same| {
                let places = same.chunk_by(|(_, one), (_, other)| one.place == other.place);
                let (at, first) = same[0];
                let places = places.count();
                (at, Standing { first, places })
            })
            .collect();
        standing.sort_by_key(|(at, _)| *at);
        standing.into_iter().map(|(_, one)| one).collect()
    }

    /// The evidence for all that counts only together.
    fn groups(&self, topic: usize) -> Vec<Evidence> {
        let parts = self.counting().filter(|one| self.role(one) == Role::Part);
        let parts: Vec<usize> = parts.map(|one| one.matched.pattern).collect();
        if parts.is_empty() {
            return Vec::new();
        }
        let groups = self.classifier.matcher.groups(topic).iter();
        groups
            .filter(|group| group.parts.iter().all(|part| parts.contains(part)))
            .flat_map(|group| self.together(group))
            .collect()
    }

    /// The evidence that phrases stand together: in the title and the lead, which are one, and in paragraphs of the body.
    fn together(&self, group: &Group) -> Vec<Evidence> {
        let strong = self.classifier.taxonomy.scoring.strong;
        // What is found comes in the order of the places.
        let head = self.found.partition_point(|one| one.kind != Kind::Body);
        let (head, body) = self.found.split_at(head);
        let head = last_of(group, head).map(|last| (last, 1));
        let paragraphs = body.chunk_by(|one, other| one.place == other.place);
        let mut holding = paragraphs.filter_map(|found| last_of(group, found));
        let body = holding.next().map(|first| (first, 1 + holding.count()));
        let both = head.into_iter().chain(body);
        both.map(|(last, places)| {
            let weight = self.weight(strong, last, places);
            self.one(&group.written, last, weight, None)
        })
        .collect()
    }

    /// Whether headline and opening have no more than weak phrases of it.
    fn is_only_hinted(&self) -> bool {
        let mut telling = self.counting().filter(|one| self.is_telling(one));
        let mut groups = self.groups.iter();
        telling.all(|one| one.kind == Kind::Body)
            && groups.all(|one| one.r#where == Kind::Body.as_str())
    }

    /// Whether it is a phrase that is more than a hint.
    fn is_telling(&self, one: &Found) -> bool {
        let weak = self.classifier.taxonomy.scoring.weak;
        matches!(self.role(one), Role::Phrase(weight) if weight > weak)
    }

    /// Whether a body that is long enough to say more on the topic does.
    fn is_taken_up(&self) -> bool {
        self.paragraphs() < LONG_BODY || self.telling_paragraphs() >= TAKEN_UP
    }

    /// How much of what the body tells counts, by how many of its paragraphs do.
    fn share_of_body(&self) -> f64 {
        let telling = self.telling_paragraphs() as f64;
        if telling == 0.0 {
            return 1.0;
        }
        let paragraphs = self.paragraphs() as f64;
        let enough = (paragraphs * SHARE_FOR_ALL).max(PARAGRAPHS_FOR_ALL.min(paragraphs));
        (telling / enough).min(1.0)
    }

    fn paragraphs(&self) -> usize {
        let body = self.places.iter().filter(|place| place.kind == Kind::Body);
        body.count()
    }

    /// The paragraphs of the body with a phrase that is more than a hint.
    fn telling_paragraphs(&self) -> usize {
        let tells = |one: &&Found| self.is_telling(one) && one.kind == Kind::Body;
        let mut telling: Vec<usize> = self.counting().filter(tells).map(|one| one.place).collect();
        telling.dedup();
        telling.len()
    }

    fn counting(&self) -> impl Iterator<Item = &Found> {
        let found = self.found.iter();
        found.filter(|one| one.matched.ignored.is_none())
    }

    fn weight(&self, weight: f64, first: &Found, holding: usize) -> f64 {
        let place = self.place(first);
        rounded(weight * place.factor * share(place.kind, holding) * early(place, first.sentence))
    }

    fn one(&self, phrase: &str, at: &Found, weight: f64, ignored: Option<String>) -> Evidence {
        let place = self.place(at);
        Evidence {
            phrase: phrase.to_owned(),
            r#where: Cow::Borrowed(place.kind.as_str()),
            sentence: text::excerpt(place.sentences[at.sentence]),
            weight,
            ignored,
        }
    }

    fn why(&self, ignored: Ignored) -> String {
        match ignored {
            Ignored::Masked(mask) => {
                format!("inside \"{}\"", self.classifier.matcher.written(mask))
            }
            Ignored::Office => "a speaker's office".to_owned(),
            Ignored::Overview(phrase) => {
                let phrase = self.classifier.matcher.written(phrase);
                format!("\"{phrase}\": of crime at large, only the headline tells")
            }
        }
    }

    fn place(&self, one: &Found) -> &Place<'_> {
        &self.places[one.place]
    }

    fn role(&self, one: &Found) -> Role {
        self.classifier.matcher.pattern(one.matched.pattern).role
    }
}

/// The last that is needed of the phrases that count only together, where all of them were found.
fn last_of<'a>(group: &Group, found: &'a [Found]) -> Option<&'a Found> {
    let first = |part: &usize| {
        let mut counting = found.iter().filter(|one| one.matched.ignored.is_none());
        counting.find(|one| one.matched.pattern == *part)
    };
    let firsts: Option<Vec<&Found>> = group.parts.iter().map(first).collect();
    firsts?
        .into_iter()
        .max_by_key(|one| (one.place, one.sentence))
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Title => "title",
            Kind::Lead => "lead",
            Kind::Body => "body",
        }
    }
}

/// How much of its weight a phrase has in a place, by how many paragraphs hold it.
fn share(kind: Kind, holding: usize) -> f64 {
    match kind {
        Kind::Body => (holding as f64 / PARAGRAPHS_FOR_ALL).min(1.0),
        Kind::Title | Kind::Lead => 1.0,
    }
}

/// A lead's first sentence says what a release is about; those behind it may mention more.
fn early(place: &Place<'_>, sentence: usize) -> f64 {
    match (place.kind, sentence) {
        (Kind::Lead, 1..) => LATER_IN_LEAD,
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
        let missed = c.missed.into_iter().map(|one| one.tag);
        let all = c.tags.into_iter().chain(missed);
        all.filter(|tag| tag.score > 0.0)
            .map(|tag| (tag.topic, tag.score))
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
        assert!(scores("Penknives and crimewave. A knifeman", None, "").is_empty());
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
        for foot in ["Notes to editors", "Related links:", "Signed"] {
            let body = format!("C\n{foot}\nKnife crime");
            assert!(scores("A", Some("B"), &body).is_empty(), "{foot}");
        }
        let told = "C\nRelated crime with a knife is told of in this text\nKnife crime";
        assert!(!scores("A", Some("B"), told).is_empty());
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
        let clue = "Officers who followed leads on knife crime";
        assert_eq!(scores("A", Some("B"), clue)[0], ("knives".to_owned(), 1.33));
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
            let missed = given.missed.iter().map(|one| &one.tag);
            let tags = given.tags.iter().chain(missed);
            tags.map(|tag| (tag.score, tag.evidence[0].r#where.clone()))
                .next()
        };
        assert_eq!(score("A salon", "Closed.", "Passports"), None);
        let lead = Some((8.0, "lead".into()));
        assert_eq!(score("A salon", "He held her passport.", ""), lead);
        assert_eq!(score("Salons and passports", "", "").unwrap().0, 12.0);
        let body = Some((2.67, "body".into()));
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
    fn a_topic_that_just_missed_says_why() {
        let missed = |title: &str, lead: &str, body: &str| {
            let given = classifier().classify(title, Some(lead), &text::paragraphs(body));
            let missed = given.missed.into_iter();
            missed
                .map(|one| (one.tag.topic, one.why))
                .collect::<Vec<_>>()
        };
        let told = |topic: &str, why: &str| vec![(topic.to_owned(), why.to_owned())];
        assert_eq!(
            missed("A", "A knife.", ""),
            told("knives", "2 less than the 6 that are needed")
        );
        assert_eq!(
            missed("Crime, crime", "A crime.", "Crime"),
            told(
                "all",
                "3.07 less than the 8.4 that are needed, as headline and opening only hint at it"
            )
        );
        let masked = classifier().classify("Knife crime lead speaks", None, &[]);
        let knives = masked
            .missed
            .iter()
            .find(|one| one.tag.topic == "knives")
            .unwrap();
        assert_eq!(knives.why, "nothing that was found counts");
        let evidence = &knives.tag.evidence[0];
        assert_eq!(
            evidence.ignored.as_deref(),
            Some("inside \"knife crime lead\"")
        );
        assert_eq!(evidence.weight, 0.0);
        let office =
            classifier().classify("A", Some("B"), &["The NPCC knife crime lead".to_owned()]);
        let evidence = &office.missed[0].tag.evidence[0];
        assert_eq!(evidence.ignored.as_deref(), Some("a speaker's office"));
        assert_eq!(evidence.r#where, "body");
        // What does not count is no evidence for a topic that is given.
        let given = classifier().classify("Knife crime: the knife crime lead speaks", None, &[]);
        assert!(given.tags[0].evidence.iter().all(|one| one.weight > 0.0));
    }

    #[test]
    fn weak_phrases_alone_and_a_single_one_by_the_way_say_so() {
        let text = "[scoring]\nthreshold = 2\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"roads\"\ntitle = \"R\"\nscope = \"s\"\nstrong = [\"drink driving\", \"speeding\"]\n\
            [[topics]]\nid = \"dogs\"\ntitle = \"D\"\nscope = \"s\"\nmedium = [\"dog\"]\nweak = [\"lead\"]\n";
        let classifier =
            Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap();
        let given = classifier.classify("A", Some("The lead"), &[]);
        assert_eq!(
            given.missed[0].why,
            "0.8 less than the 2.8 that are needed, as headline and opening only hint at it"
        );
        let given = classifier.classify("Speeding and drink driving", Some("A dog saw it."), &[]);
        assert_eq!(
            given.missed[0].why,
            "one phrase of the opening, beside roads with 24"
        );
    }

    #[test]
    fn many_paragraphs_and_offices_are_read_in_one_pass() {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\ntogether = [\"woman + followed\"]\nstrong = [\"stalking\"]\n";
        let classifier =
            Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap();
        let body = vec!["Woman followed".to_owned(); 100_000];
        let given = classifier.classify("A", Some("B"), &body);
        assert_eq!(given.missed[0].tag.score, 4.0);
        // So many times so many comparisons would take minutes.
        let offices = ["npcc stalking lead ".repeat(50_000)];
        assert!(
            classifier
                .classify("A", Some("B"), &offices)
                .tags
                .is_empty()
        );
    }

    #[test]
    fn what_an_overview_leaves_out_lifts_no_bar() {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\nstrong = [\"stalking\"]\nweak = [\"women\", \"perpetrator\"]\n\
            [[topics]]\nid = \"b\"\ntitle = \"B\"\nscope = \"s\"\nstrong = [\"crime statistics\"]\noverview = [\"crime statistics\"]\n";
        let classifier =
            Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap();
        let title = "Crime statistics: women and perpetrators";
        let given = classifier.classify(title, Some("Stalking rose."), &[]);
        assert_eq!(given.tags.len(), 1);
        assert_eq!(
            given.missed[0].why,
            "2.4 less than the 8.4 that are needed, as headline and opening only hint at it"
        );
        let ignored = given.missed[0].tag.evidence[2].ignored.as_deref();
        assert!(
            ignored
                .unwrap()
                .starts_with("\"crime statistics\": of crime at large")
        );
    }

    #[test]
    fn a_topic_of_the_body_alone_needs_more() {
        let body = "Knife crime.\nKnife crime.\nKnife crime. Stabbings.\nStabbing.\nA stab wound.";
        let given = classifier().classify("A", Some("B"), &text::paragraphs(body));
        let missed = given
            .missed
            .iter()
            .find(|one| one.tag.topic == "knives")
            .unwrap();
        assert_eq!(missed.tag.score, 6.0);
        assert_eq!(
            missed.why,
            "2.4 less than the 8.4 that are needed, as headline and opening only hint at it"
        );
        let given = classifier().classify("A", Some("A stab"), &text::paragraphs(body));
        assert_eq!(given.tags[0].score, 10.0);
    }

    #[test]
    fn what_a_headline_says_and_a_long_text_never_takes_up_is_a_figure_of_speech() {
        let why_not = |paragraphs: &[&str]| {
            let paragraphs: Vec<String> = paragraphs.iter().map(|p| (*p).to_owned()).collect();
            let title = "Stab in the back";
            let told = classifier().classify(title, Some("Chiefs speak."), &paragraphs);
            let missed = told.missed.into_iter().next();
            missed.map(|one| one.why)
        };
        let other = "Officers met the families on Monday and walked with them.";
        let lacks = "6 less than the 12 that are needed, as the text does not take it up";
        assert_eq!(why_not(&[other; 6]).as_deref(), Some(lacks));
        let (once, again) = ("A knife was found.", "A knife kills.");
        assert!(why_not(&[once, other, other, other, other, other]).is_some());
        assert_eq!(why_not(&[once, other, other, again, other, other]), None);
        assert_eq!(why_not(&[other; 5]), None, "a short text need not say more");
    }

    #[test]
    fn phrases_that_are_the_very_same_words_count_once_as_the_strongest() {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\nstrong = [\"neighbourhood officer\"]\n\
            medium = [\"neighbourhood off*\"]\nweak = [\"neighbourhood*\"]\n";
        let classifier =
            Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap();
        let given = classifier.classify("Neighbourhood officers", None, &[]);
        assert_eq!(given.tags[0].score, 12.0);
        assert_eq!(given.tags[0].evidence.len(), 1);
    }

    #[test]
    fn an_implied_topic_says_by_what() {
        let given = classifier().classify("Knife crime", None, &[]);
        assert_eq!(given.tags[1].implied_by.as_deref(), Some("knives"));
        assert_eq!(given.tags[0].evidence[0].sentence, "Knife crime");
        assert!(given.missed.is_empty());
    }
}
