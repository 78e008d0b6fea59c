//! A person's word on the topics of a release, and how it goes together with what the rules say.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Taxonomy;
use crate::release::Tag;

/// A person's word on a topic of a release. It outlives every run of the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// The topic's id.
    #[serde(rename = "id")]
    pub topic: String,
    /// Whether the release has it.
    pub wanted: bool,
    /// When it was said.
    pub at: DateTime<Utc>,
}

/// How topics hang together: which bring which along, and which were once called otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relations {
    /// Every topic with those that it implies.
    implied: HashMap<String, Vec<String>>,
    /// Ids of before, with those of today.
    renamed: HashMap<String, String>,
}

impl Relations {
    /// Those of a taxonomy.
    pub fn of(taxonomy: &Taxonomy) -> Relations {
        let topics = taxonomy.topics.iter();
        let retired = taxonomy.retired.iter();
        let renamed = retired.filter_map(|one| Some((one.id.clone(), one.to.clone()?)));
        Relations {
            implied: topics
                .map(|topic| (topic.id.clone(), topic.implies.clone()))
                .collect(),
            renamed: renamed.collect(),
        }
    }

    /// Today's id of a topic; none where there is no such topic any more.
    pub fn today<'a>(&'a self, topic: &'a str) -> Option<&'a str> {
        let today = self.renamed.get(topic).map_or(topic, String::as_str);
        // Where nothing is known of topics, all of them are there.
        (self.implied.is_empty() || self.implied.contains_key(today)).then_some(today)
    }

    /// The ids that a topic had before.
    pub fn before<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a str> {
        let renamed = self.renamed.iter();
        renamed.filter_map(move |(old, new)| (new == topic).then_some(old.as_str()))
    }

    /// What a release has by the rules' topics and a person's word, which wins; of several on a topic, the first. A topic that a person gives brings along
    /// what it implies, and one that a person takes away takes along what only it implied.
    pub fn corrected(&self, tags: Vec<Tag>, corrections: &[Correction]) -> Vec<Tag> {
        let word = |topic: &str| {
            let mut corrections = corrections.iter();
            let on = corrections.find(|one| self.today(&one.topic) == Some(topic));
            on.map(|one| one.wanted)
        };
        let today = tags.into_iter().filter_map(|tag| {
            let topic = self.today(&tag.topic)?.to_owned();
            Some(Tag { topic, ..tag })
        });
        let (mut kept, mut implied): (Vec<Tag>, Vec<Tag>) = today
            .filter(|tag| word(&tag.topic) != Some(false))
            .partition(|tag| tag.implied_by.is_none());
        let wanted = corrections.iter().filter_map(|one| self.today(&one.topic));
        for topic in wanted.filter(|topic| word(topic) == Some(true)) {
            if kept.iter().all(|tag| tag.topic != topic) {
                let rules = take(&mut implied, topic);
                let own = rules.map(|tag| Tag {
                    implied_by: None,
                    ..tag
                });
                kept.push(own.unwrap_or_else(|| bare(topic)));
            }
        }
        let mut next = 0;
        while let Some(by) = kept.get(next).map(|tag| tag.topic.clone()) {
            next += 1;
            for topic in self.implied.get(&by).into_iter().flatten() {
                if word(topic) == Some(false) || kept.iter().any(|tag| tag.topic == *topic) {
                    continue;
                }
                let tag = take(&mut implied, topic).unwrap_or_else(|| bare(topic));
                let implied_by = Some(by.clone());
                kept.push(Tag { implied_by, ..tag });
            }
        }
        kept
    }
}

fn take(tags: &mut Vec<Tag>, topic: &str) -> Option<Tag> {
    let at = tags.iter().position(|tag| tag.topic == topic)?;
    Some(tags.remove(at))
}

fn bare(topic: &str) -> Tag {
    Tag {
        topic: topic.to_owned(),
        score: 0.0,
        implied_by: None,
        evidence: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn relations() -> Relations {
        let text = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
            [[retired]]\nid = \"violence\"\nto = \"women\"\n[[retired]]\nid = \"dogs\"\n\
            [[topics]]\nid = \"women\"\ntitle = \"W\"\nscope = \"s\"\nweak = [\"w\"]\n\
            [[topics]]\nid = \"home\"\ntitle = \"H\"\nscope = \"s\"\nimplies = [\"women\"]\nweak = [\"h\"]\n\
            [[topics]]\nid = \"rape\"\ntitle = \"R\"\nscope = \"s\"\nimplies = [\"women\"]\nweak = [\"r\"]\n";
        Relations::of(&Taxonomy::read(&Document::new("t", text)).unwrap())
    }

    fn topics(given: &[(&str, Option<&str>)], words: &str) -> Vec<String> {
        let tags = given.iter().map(|(topic, by)| Tag {
            implied_by: by.map(str::to_owned),
            ..bare(topic)
        });
        let words = words.split_whitespace();
        let corrections: Vec<Correction> = words
            .map(|word| Correction {
                topic: word[1..].to_owned(),
                wanted: word.starts_with('+'),
                at: DateTime::UNIX_EPOCH,
            })
            .collect();
        let tags = relations().corrected(tags.collect(), &corrections);
        let told = tags.into_iter().map(|tag| match tag.implied_by {
            Some(by) => format!("{} by {by}", tag.topic),
            None => tag.topic,
        });
        told.collect()
    }

    #[test]
    fn a_person_takes_away_and_gives() {
        assert_eq!(topics(&[("home", None)], "-home"), [""; 0]);
        assert_eq!(topics(&[], "+women"), ["women"]);
        assert_eq!(topics(&[("women", None)], "+women"), ["women"]);
        assert_eq!(topics(&[], "-women +women"), [""; 0]);
    }

    #[test]
    fn what_is_implied_comes_and_goes_with_what_implies_it() {
        let home = [("home", None), ("women", Some("home"))];
        assert_eq!(topics(&[], "+home"), ["home", "women by home"]);
        assert_eq!(topics(&home, "-home"), [""; 0]);
        assert_eq!(topics(&home, "-women"), ["home"]);
        assert_eq!(topics(&home, "-home +rape"), ["rape", "women by rape"]);
        assert_eq!(topics(&home, "-home +women"), ["women"]);
        let both = [("home", None), ("rape", None), ("women", Some("home"))];
        assert_eq!(topics(&both, "-home"), ["rape", "women by rape"]);
    }

    #[test]
    fn a_word_on_a_topic_that_was_renamed_or_retired_follows_it() {
        assert_eq!(topics(&[], "+violence"), ["women"]);
        assert_eq!(topics(&[("women", None)], "-violence"), [""; 0]);
        assert_eq!(topics(&[("women", None)], "+women -violence"), ["women"]);
        assert_eq!(
            topics(&[("dogs", None), ("violence", None)], "+dogs"),
            ["women"]
        );
    }
}
