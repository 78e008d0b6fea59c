//! `show`: one release, with its topics, copies and history explained.

use clap::Args;
use serde::Serialize;

use super::output::{self, Format, local};
use super::releases::Row;
use super::{Outcome, Stop, classify};
use crate::daemon::Ingest;
use crate::difference::{Kind, PartDifference};
use crate::release::{Guid, Merge, Reading, Related, Revision, Tag};
use crate::store::ShownRelease;
use crate::text;
use crate::topics::{Correction, Missed};

/// A topic has just been missed with this share of the threshold.
const NEARLY: f64 = 0.5;
/// So many unchanged words are told around a change.
const AROUND: usize = 8;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The guid, a unique beginning of it, or any address of the release
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    output: output::Output,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    row: Row,
    tags: Vec<Tag>,
    missed: Vec<Missed>,
    corrections: Vec<Correction>,
    merges: Vec<Merge>,
    related: Vec<Related>,
    revisions: Vec<Told>,
    reading: Option<&'static str>,
}

/// A revision with what it changed.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    revision: Revision,
    difference: Vec<PartDifference>,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let guid = find(ingest, &arguments.id).await?;
    let Some(shown) = ingest.store.show(guid).await? else {
        return Err(not_found(&arguments.id));
    };
    // What is for nobody is told by nothing that was found in it either.
    let missed = match shown.item.release.notice() {
        None => ingest.classify(guid).await?.map(|found| found.missed),
        Some(_) => None,
    };
    let has = |one: &Missed| shown.item.topics.contains(&one.tag.topic);
    let missed: Vec<Missed> = missed
        .into_iter()
        .flatten()
        .filter(|one| !has(one))
        .collect();
    if arguments.output.format == Format::Text {
        let least = ingest.classifier.taxonomy().scoring.threshold * NEARLY;
        return output::print(&explained(&shown, &missed, least));
    }
    let revisions = told(&shown);
    output::json(&Shown {
        row: Row::new(ingest, shown.item),
        tags: shown.tags,
        missed,
        corrections: shown.corrections,
        merges: shown.merges,
        related: shown.related,
        revisions,
        reading: shown.reading.map(Reading::as_str),
    })
}

/// The revisions, each with its difference from the one before.
fn told(shown: &ShownRelease) -> Vec<Told> {
    let revisions = shown.revisions.iter().zip(shown.differences());
    let told = revisions.map(|(revision, parts)| Told {
        revision: revision.clone(),
        difference: parts.iter().map(|part| part.shortened(AROUND)).collect(),
    });
    told.collect()
}

/// The one release that an id means.
pub(super) async fn find(ingest: &Ingest, id: &str) -> Result<Guid, Stop> {
    match ingest.store.find(id).await?.as_slice() {
        [] => Err(not_found(id)),
        [guid] => Ok(*guid),
        several => {
            let ids: Vec<String> = several.iter().map(Guid::id).collect();
            Err(Stop::WrongUse(format!(
                "\"{id}\" may mean {}",
                ids.join(", ")
            )))
        }
    }
}

fn not_found(id: &str) -> Stop {
    Stop::Error(anyhow::anyhow!(
        "there is no release \"{id}\"; `npcc-feeds releases` lists them"
    ))
}

fn explained(shown: &ShownRelease, missed: &[Missed], least: f64) -> String {
    let release = &shown.item.release;
    let mut out = format!(
        "{}\n{}\n{}\npublished {}, first seen {}, {}\n{}\nTopics\n",
        release.text.title,
        release.url,
        release.guid,
        local(release.published),
        local(release.first_seen),
        release.status.as_str(),
        match (release.notice(), shown.reading) {
            (Some(notice), _) => format!("{notice}\n"),
            (None, None) => "the lead alone: its own page could not be read yet\n".to_owned(),
            (None, Some(Reading::Selectors)) => String::new(),
            (None, Some(Reading::Readability)) => {
                "the text was read by the readability fallback, as the selectors found none\n"
                    .to_owned()
            }
        },
    );
    if shown.tags.is_empty() {
        out.push_str("unclassified\n");
    }
    for tag in &shown.tags {
        out.push_str(&classify::explained(tag));
    }
    for Correction { topic, wanted, at } in &shown.corrections {
        let word = if *wanted { "given" } else { "taken away" };
        out += &format!("{topic}: {word} by a person, {}\n", local(*at));
    }
    let mut nearly = missed
        .iter()
        .filter(|one| one.tag.score >= least)
        .peekable();
    if nearly.peek().is_some() {
        out.push_str("\nJust missed\n");
    }
    for one in nearly {
        out.push_str(&classify::not_given(one));
    }
    if !shown.merges.is_empty() {
        out.push_str("\nCopies\n");
    }
    for merge in &shown.merges {
        out += &format!(
            "{}  {}\n  {}\n  {}: {}\n",
            local(merge.at),
            merge.title,
            merge.url,
            merge.verdict,
            merge.reason
        );
    }
    if !shown.related.is_empty() {
        out.push_str("\nRelated\n");
    }
    for related in &shown.related {
        out += &format!(
            "{}  {}\n  {}\n  {}\n",
            &related.id[..8],
            related.title,
            related.url,
            related.why
        );
    }
    out.push_str("\nHistory\n");
    for Told {
        revision,
        difference,
    } in told(shown)
    {
        let changed = match revision.changed.as_slice() {
            [] => String::new(),
            changed => format!(" ({})", changed.join(", ")),
        };
        let weight = revision.weight.map(|weight| format!(", {weight}"));
        out += &format!(
            "{}  {}  {}{}{changed}\n",
            local(revision.at),
            revision.number,
            revision.cause,
            weight.unwrap_or_default()
        );
        for part in difference {
            out += &format!("  {}: {}\n", part.part.as_str(), marked(&part));
        }
    }
    out
}

/// A difference on one line: `[-what went-]` and `{+what came+}`, as `git diff --word-diff` writes them.
fn marked(part: &PartDifference) -> String {
    let marked = part.pieces.iter().map(|piece| match piece.kind {
        Kind::Kept => piece.text.clone(),
        Kind::Deleted => format!("[-{}-]", piece.text),
        Kind::Inserted => format!("{{+{}+}}", piece.text),
    });
    text::line(&marked.collect::<String>().replace('\n', " \u{b6} "))
}
