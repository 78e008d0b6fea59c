//! `rededuplicate`: what today's rules on copies change in the whole store.

use clap::Args;
use serde::Serialize;

use super::Outcome;
use super::output::{self, Format};
use crate::daemon::{Change, Ingest};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only tells what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: output::Output,
}

#[derive(Debug, Default, Serialize)]
struct Changes {
    /// Releases that leave the feeds.
    merges: Vec<Merged>,
    /// Copies that come into them.
    splits: Vec<Split>,
}

#[derive(Debug, Serialize)]
struct Merged {
    id: String,
    title: String,
    into: String,
    into_title: String,
    verdict: &'static str,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Split {
    address: String,
    title: String,
    from: String,
    from_title: String,
    reason: String,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let mut changes = Changes::default();
    let mut work = ingest.rededuplicate(arguments.dry_run);
    while let Some(change) = work.next().await? {
        match change {
            Change::Merge {
                from,
                title,
                into,
                into_title,
                reason,
            } => changes.merges.push(Merged {
                id: from.id(),
                title,
                into: into.id(),
                into_title,
                verdict: reason.verdict().as_str(),
                reason: reason.to_string(),
            }),
            Change::Split {
                copy,
                of_title,
                why,
            } => changes.splits.push(Split {
                address: copy.url.clone(),
                title: copy.text.text.title.clone(),
                from: copy.of.id(),
                from_title: of_title,
                reason: why,
            }),
        }
    }
    match arguments.output.format {
        Format::Json => output::json(&changes),
        Format::Text => output::print(&told(&changes, arguments.dry_run)),
    }
}

fn told(changes: &Changes, is_dry: bool) -> String {
    let would = if is_dry { "would be" } else { "is" };
    let mut out = String::new();
    for one in &changes.splits {
        out += &format!(
            "{}\n  {}\n  {would} a release by itself, and no part of {}  {}\n  {}\n\n",
            one.title, one.address, one.from, one.from_title, one.reason
        );
    }
    for one in &changes.merges {
        out += &format!(
            "{}\n  {}\n  {would} part of {}  {}\n  {}: {}\n\n",
            one.title, one.id, one.into, one.into_title, one.verdict, one.reason
        );
    }
    let (merges, splits) = (changes.merges.len(), changes.splits.len());
    out + &match (merges, splits) {
        (0, 0) => "nothing changes: every release and copy is what today's rules say\n".to_owned(),
        _ => format!("{merges} merged, {splits} split\n"),
    }
}
