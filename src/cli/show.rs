//! `show`: one release, with its topics, copies and history explained.

use clap::Args;
use serde::Serialize;

use super::output::{self, Format, local};
use super::releases::Row;
use super::{Outcome, Stop, classify};
use crate::daemon::Ingest;
use crate::release::{Guid, Merge, Revision, Tag};
use crate::store::ShownRelease;

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
    merges: Vec<Merge>,
    revisions: Vec<Revision>,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let guid = find(ingest, &arguments.id).await?;
    let Some(shown) = ingest.store.show(guid).await? else {
        return Err(not_found(&arguments.id));
    };
    if arguments.output.format == Format::Text {
        return output::print(&explained(&shown));
    }
    output::json(&Shown {
        row: Row::new(ingest, shown.item),
        tags: shown.tags,
        merges: shown.merges,
        revisions: shown.revisions,
    })
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

fn explained(shown: &ShownRelease) -> String {
    let release = &shown.item.release;
    let mut out = format!(
        "{}\n{}\n{}\npublished {}, first seen {}, {}\n\nTopics\n",
        release.text.title,
        release.url,
        release.guid,
        local(release.published),
        local(release.first_seen),
        release.status.as_str(),
    );
    if shown.tags.is_empty() {
        out.push_str("unclassified\n");
    }
    for tag in &shown.tags {
        out.push_str(&classify::explained(tag));
    }
    if !shown.merges.is_empty() {
        out.push_str("\nCopies\n");
    }
    for merge in &shown.merges {
        out += &format!(
            "{}  {}\n  {}\n  {}\n",
            local(merge.at),
            merge.title,
            merge.url,
            merge.reason
        );
    }
    out.push_str("\nHistory\n");
    for revision in &shown.revisions {
        let changed = match revision.changed.as_slice() {
            [] => String::new(),
            changed => format!(" ({})", changed.join(", ")),
        };
        out += &format!(
            "{}  {}  {}{changed}\n",
            local(revision.at),
            revision.number,
            revision.cause
        );
    }
    out
}
