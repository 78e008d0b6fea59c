//! `reclassify`: what today's rules on topics change in the whole store.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::Outcome;
use super::output::{self, Format};
use crate::daemon::Ingest;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only tells what would change
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: output::Output,
}

/// A release whose topics change.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    url: String,
    title: String,
    gets: Vec<String>,
    loses: Vec<String>,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let mut rows = Vec::new();
    let mut work = ingest.reclassify(arguments.dry_run);
    let outcome = loop {
        let moved = match work.next().await {
            Ok(Some(moved)) => moved,
            Ok(None) => break Ok(()),
            // What has moved by then is told all the same.
            Err(error) => break Err(error),
        };
        let owned = |topics: Vec<&str>| topics.into_iter().map(str::to_owned).collect();
        rows.push(Row {
            id: moved.item.release.guid.id(),
            gets: owned(moved.topics.gets()),
            loses: owned(moved.topics.loses()),
            url: moved.item.release.url,
            title: moved.item.release.text.title,
        });
    };
    match arguments.output.format {
        // "Nothing" would be said too early.
        _ if outcome.is_err() && rows.is_empty() => {}
        Format::Json => output::json(&rows)?,
        Format::Text => output::print(&told(&rows, arguments.dry_run))?,
    }
    Ok(outcome?)
}

fn told(rows: &[Row], is_dry: bool) -> String {
    if rows.is_empty() {
        return "nothing changes: every release has the topics of today's rules\n".to_owned();
    }
    let mut out = String::new();
    let mut by_topic: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let gets = row.gets.iter().map(|topic| format!("+{topic}"));
        let loses = row.loses.iter().map(|topic| format!("-{topic}"));
        let all: Vec<String> = gets.chain(loses).collect();
        out += &format!("{}  {}\n  {}\n", &row.id[..8], row.title, all.join(" "));
        for topic in &row.gets {
            by_topic.entry(topic).or_default().0 += 1;
        }
        for topic in &row.loses {
            by_topic.entry(topic).or_default().1 += 1;
        }
    }
    out.push('\n');
    for (topic, (gets, loses)) in by_topic {
        out += &format!("{topic}: +{gets} -{loses}\n");
    }
    let done = if is_dry { "would change" } else { "changed" };
    let releases = output::count(rows.len() as u64, "release", "releases");
    out + &format!("{releases} {done}\n")
}
