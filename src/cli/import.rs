//! `import`: what `export` wrote becomes part of the store.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Outcome;
use super::output::{self, Format};
use crate::daemon::Ingest;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What `export` wrote; - for standard input
    file: PathBuf,
    #[command(flatten)]
    output: output::Output,
}

/// What is read of a line: all else in it follows from the record.
#[derive(Deserialize)]
struct Exported {
    source: Option<String>,
    record: Option<Value>,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let file = arguments.file.display().to_string();
    let input: Box<dyn BufRead> = match file.as_str() {
        "-" => Box::new(io::stdin().lock()),
        _ => {
            let opened = File::open(&arguments.file);
            Box::new(BufReader::new(
                opened.with_context(|| format!("cannot read {file}"))?,
            ))
        }
    };
    ingest.store.check().await?;
    let mut import = ingest.store.import().await?;
    let (mut new, mut known, mut sources) = (0, 0, BTreeSet::new());
    for (at, line) in input.lines().enumerate() {
        let place = || format!("{file}, line {}; nothing was imported", at + 1);
        let line = line.with_context(place)?;
        if line.trim().is_empty() {
            continue;
        }
        let exported: Exported = serde_json::from_str(&line).with_context(place)?;
        let record = exported.record.ok_or_else(|| {
            anyhow!("the line has no record: `npcc-feeds export` writes what can be imported, /export.jsonl only what is shown")
        });
        match import
            .take(&record.with_context(place)?)
            .await
            .with_context(place)?
        {
            Some(_) => new += 1,
            None => known += 1,
        }
        sources.extend(exported.source);
    }
    import.finish().await?;
    for source in &ingest.config.sources {
        sources.remove(&source.id);
    }
    for source in sources {
        tracing::warn!(
            "no source {source} is configured: its releases are kept, and nothing new is read"
        );
    }
    if arguments.output.format == Format::Json {
        return output::json(&json!({"new": new, "known": known}));
    }
    let new = output::count(new, "release", "releases");
    output::print(&format!("{new} imported, {known} known before\n"))
}
