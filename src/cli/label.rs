//! `label`: a person's word on the topics of a release.

use std::collections::HashMap;
use std::ffi::OsString;

use clap::Args;
use serde_json::json;

use super::output::{self, Format};
use super::show::find;
use super::{Outcome, Stop};
use crate::daemon::Ingest;
use crate::store::Word;
use crate::topics::Taxonomy;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The guid, a unique beginning of it, or any address of the release
    #[arg(value_name = "ID")]
    id: String,
    /// +topic gives a topic, -topic takes it away, =topic leaves it to the rules again
    #[arg(value_name = "+TOPIC|-TOPIC|=TOPIC", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    output: output::Output,
}

/// What no option begins with.
const MINUS: char = '\u{2212}';

/// The command line of `label` with the hyphen before a topic made a minus, as clap takes `-topic` for an option wherever it
/// stands.
pub(super) fn as_words(written: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut is_label = false;
    let mut is_value = false;
    written.map(move |one| {
        is_label |= one == "label" && !is_value;
        is_value = one == "--config" || one == "--log";
        let topic = one.to_str().and_then(|one| one.strip_prefix('-'));
        match topic {
            Some(topic)
                if is_label && !topic.starts_with('-') && !matches!(topic, "" | "h" | "V") =>
            {
                format!("{MINUS}{topic}").into()
            }
            _ => one,
        }
    })
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let words = words(&arguments.words, ingest.classifier.taxonomy())?;
    let guid = find(ingest, &arguments.id).await?;
    let done = ingest.label(guid, &words).await?;
    if arguments.output.format == Format::Json {
        return output::json(&json!({
            "id": guid.id(), "topics": done.now, "gets": done.gets(), "loses": done.loses()
        }));
    }
    let topics = match done.now.as_slice() {
        [] => "no topic".to_owned(),
        now => now.join(", "),
    };
    output::print(&format!("{} has {topics}\n", guid.id()))
}

/// Each topic with what is said of it.
fn words(written: &[String], taxonomy: &Taxonomy) -> Result<Vec<(String, Word)>, Stop> {
    let mut said: HashMap<&str, Word> = HashMap::new();
    let mut words = Vec::new();
    for one in written {
        let mut rest = one.chars();
        let word = match rest.next() {
            Some('+') => Word::Give,
            Some('-' | MINUS) => Word::Take,
            Some('=') => Word::Unsay,
            _ => {
                let what = format!("\"{one}\": write +{one}, -{one} or ={one}");
                return Err(Stop::WrongUse(what));
            }
        };
        let topic = rest.as_str();
        if taxonomy.topic(topic).is_none() {
            let near = taxonomy.nearest(topic);
            let near = near.map(|id| format!("; did you mean \"{id}\"?"));
            let what = format!(
                "there is no topic \"{topic}\"{}; `npcc-feeds topics` lists them",
                near.unwrap_or_default()
            );
            return Err(Stop::WrongUse(what));
        }
        if said
            .insert(topic, word)
            .is_some_and(|before| before != word)
        {
            let what = format!("\"{topic}\" stands there twice, with different signs");
            return Err(Stop::WrongUse(what));
        }
        words.push((topic.to_owned(), word));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_taken_away_is_no_option() {
        let spelled = |written: &str| {
            let words = as_words(written.split(' ').map(OsString::from));
            let words: Vec<String> = words.map(|word| word.into_string().unwrap()).collect();
            words.join(" ")
        };
        assert_eq!(
            spelled("npcc-feeds --log warn label ID -a-topic --format json -h"),
            "npcc-feeds --log warn label ID \u{2212}a-topic --format json -h"
        );
        for other in ["npcc-feeds show -x", "npcc-feeds --config label show -x"] {
            assert_eq!(spelled(other), other);
        }
    }
}
