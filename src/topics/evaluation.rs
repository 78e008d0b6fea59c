//! Scores: releases of which a person has said what they are about, against the topics that they are given.

use serde::{Deserialize, Serialize};

use super::{Classification, Classifier, Missed, Taxonomy, UNCLASSIFIED};
use crate::release::Tag;
use crate::score::{f1, share};
use crate::text;

/// A release with the topics that a person gives it. What is missing is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labelled {
    /// What to call it by; nothing is done with it.
    pub id: Option<serde_json::Value>,
    /// The headline.
    pub title: Option<String>,
    /// The summary.
    pub lead: Option<String>,
    /// The text: paragraphs parted by empty lines, or one a line.
    pub body: Option<String>,
    /// The ids of its topics.
    pub topics: Option<Vec<String>>,
    /// Topics of which the person cannot say: they count neither way.
    pub optional: Option<Vec<String>>,
}

impl Labelled {
    /// What it is given, beside what a person gives it.
    pub fn judge(&self, classifier: &Classifier) -> Judged {
        let paragraphs = text::unwrapped(self.body.as_deref().unwrap_or_default());
        let title = text::line(self.title.as_deref().unwrap_or_default());
        let lead = self.lead.as_deref().map(text::line);
        let lead = lead.as_deref().filter(|lead| !lead.is_empty());
        let Classification { tags, missed } = classifier.classify(&title, lead, &paragraphs);
        let given = tags.iter().map(|tag| tag.topic.clone()).collect();
        let has =
            |ids: &Option<Vec<String>>, topic: &str| ids.iter().flatten().any(|id| id == topic);
        let (mut right, mut wrong, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for tag in tags {
            if has(&self.topics, &tag.topic) {
                right.push(tag.topic);
            } else if !has(&self.optional, &tag.topic) {
                wrong.push(tag);
            }
        }
        for topic in self.wanted() {
            if right.contains(topic) || has(&self.optional, topic) {
                continue;
            }
            let nearly = missed.iter().find(|one| one.tag.topic == *topic).cloned();
            missing.push(nearly.unwrap_or_else(|| Missed {
                tag: Tag {
                    topic: topic.clone(),
                    score: 0.0,
                    implied_by: None,
                    evidence: Vec::new(),
                },
                why: "no phrase of it was found".to_owned(),
            }));
        }
        right.retain(|topic| !has(&self.optional, topic));
        Judged {
            title,
            given,
            right,
            wrong,
            missing,
        }
    }

    /// Its topics; `unclassified` is none.
    fn wanted(&self) -> impl Iterator<Item = &String> {
        let ids = self.topics.iter().flatten();
        ids.filter(|id| *id != UNCLASSIFIED)
    }

    /// Those of its ids that are no topic's.
    pub fn unknown<'a>(&'a self, taxonomy: &'a Taxonomy) -> impl Iterator<Item = &'a String> {
        let all = self.wanted().chain(self.optional.iter().flatten());
        all.filter(|id| taxonomy.topic(id).is_none() && *id != UNCLASSIFIED)
    }
}

/// What became of a labelled release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Its headline.
    pub title: String,
    /// The topics that it is given.
    pub given: Vec<String>,
    /// Those of them that it should have.
    pub right: Vec<String>,
    /// Those of them that it should not have, with the evidence for them.
    pub wrong: Vec<Tag>,
    /// Those that it lacks, with the evidence that there is.
    pub missing: Vec<Missed>,
}

impl Judged {
    /// Whether it is as the person has it.
    pub fn is_right(&self) -> bool {
        self.wrong.is_empty() && self.missing.is_empty()
    }
}

/// How well topics are given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// How many releases there are.
    pub releases: usize,
    /// Over all that is given and wanted.
    pub micro: Score,
    /// The mean of the topics that at least two releases should have.
    #[serde(rename = "macro")]
    pub mean: Score,
    /// Of each topic, in the taxonomy's order.
    pub topics: Vec<TopicScore>,
}

/// Precision, recall and their harmonic mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    /// What is right of what is given; 1 where nothing is given.
    pub precision: f64,
    /// What is right of what is wanted; 1 where nothing is wanted.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
}

/// The score of a topic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TopicScore {
    /// Its id.
    pub id: String,
    /// How many releases should have it.
    pub support: usize,
    /// Its score.
    #[serde(flatten)]
    pub score: Score,
}

/// One release alone says little of how well its topic is given.
const LEAST_SUPPORT: usize = 2;

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    right: usize,
    wrong: usize,
    missing: usize,
}

impl Counts {
    fn support(self) -> usize {
        self.right + self.missing
    }

    fn score(self) -> Score {
        let precision = share(self.right, self.right + self.wrong);
        let recall = share(self.right, self.right + self.missing);
        let f1 = f1(precision, recall);
        Score {
            precision,
            recall,
            f1,
        }
    }
}

impl Scores {
    /// The scores of what became of some releases.
    pub fn of(judged: &[Judged], taxonomy: &Taxonomy) -> Scores {
        let mut all = Counts::default();
        let mut topics = Vec::new();
        let mut used = Vec::new();
        for topic in &taxonomy.topics {
            let mut counts = Counts::default();
            for one in judged {
                counts.right += one.right.iter().filter(|id| **id == topic.id).count();
                let wrong = one.wrong.iter().filter(|tag| tag.topic == topic.id);
                counts.wrong += wrong.count();
                let missing = one.missing.iter().filter(|one| one.tag.topic == topic.id);
                counts.missing += missing.count();
            }
            all.right += counts.right;
            all.wrong += counts.wrong;
            all.missing += counts.missing;
            if counts.support() >= LEAST_SUPPORT {
                used.push(counts.score());
            }
            topics.push(TopicScore {
                id: topic.id.clone(),
                support: counts.support(),
                score: counts.score(),
            });
        }
        Scores {
            releases: judged.len(),
            micro: all.score(),
            mean: mean(&used),
            topics,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are few topics")]
fn mean(scores: &[Score]) -> Score {
    let of = |part: fn(&Score) -> f64| match scores.len() {
        0 => 1.0,
        count => scores.iter().map(part).sum::<f64>() / count as f64,
    };
    Score {
        precision: of(|one| one.precision),
        recall: of(|one| one.recall),
        f1: of(|one| one.f1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    #[test]
    fn scores_count_each_label_once_and_what_is_open_neither_way() {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[topics]]\nid = \"a\"\ntitle = \"A\"\nscope = \"s\"\nstrong = [\"apple\"]\n\
            [[topics]]\nid = \"b\"\ntitle = \"B\"\nscope = \"s\"\nstrong = [\"berry\"]\n\
            [[topics]]\nid = \"c\"\ntitle = \"C\"\nscope = \"s\"\nstrong = [\"cherry\"]\n";
        let classifier =
            Classifier::new(Taxonomy::read(&Document::new("t", text)).unwrap()).unwrap();
        let labelled: Vec<Labelled> = [
            r#"{"id": 17, "title": "Apple and berry", "topics": ["a"], "optional": null}"#,
            r#"{"title": "Apple and berry", "topics": ["a"], "optional": ["b"]}"#,
            r#"{"title": null, "lead": "Apple.", "topics": ["b", "a"]}"#,
            r#"{"body": "Plum", "topics": ["unclassified"]}"#,
        ]
        .map(|line| serde_json::from_str(line).unwrap())
        .into();
        let judged: Vec<Judged> = labelled.iter().map(|one| one.judge(&classifier)).collect();
        assert_eq!(judged[0].wrong[0].topic, "b");
        assert_eq!(judged[0].wrong[0].evidence[0].phrase, "berry");
        assert_eq!(judged[2].missing[0].tag.topic, "b");
        assert!(judged[1].is_right() && judged[3].is_right());
        let scores = Scores::of(&judged, classifier.taxonomy());
        assert_eq!(scores.releases, 4);
        assert_eq!(scores.micro.precision, 0.75);
        assert_eq!(scores.micro.recall, 0.75);
        // Of a all is right; of b one is wanted, which is too few for the mean.
        assert_eq!(scores.mean.f1, 1.0);
        let told = serde_json::to_value(&scores).unwrap();
        assert_eq!(told["topics"][0]["support"], 3);
        assert_eq!(told["topics"][1]["f1"], 0.0);
        assert_eq!(told["macro"]["f1"], 1.0);
        let unknown = Labelled {
            topics: Some(vec!["d".into()]),
            ..Labelled::default()
        };
        let unknown: Vec<&String> = unknown.unknown(classifier.taxonomy()).collect();
        assert_eq!(unknown, ["d"]);
    }
}
