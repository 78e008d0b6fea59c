//! `import`: what `export` wrote becomes part of the store.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use anyhow::Context;
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
    record: Option<Value>,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let file = arguments.file.display().to_string();
    let mut lines = read(&arguments.file)
        .with_context(|| format!("cannot read {file}"))?
        .lines();
    let mut at = 0;
    let next = || -> anyhow::Result<Option<Value>> {
        for line in lines.by_ref() {
            at += 1;
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let exported: Exported = serde_json::from_str(&line)?;
            let record = exported.record.context(
                "the line has no record: `npcc-feeds export` writes what can be imported, /export.jsonl only what is shown",
            )?;
            return Ok(Some(record));
        }
        Ok(None)
    };
    let imported = ingest.import(next).await;
    let imported = imported.with_context(|| match at {
        0 => format!("nothing was imported of {file}"),
        _ => format!("{file}, line {at}; nothing was imported"),
    })?;
    ingest.heed(&imported).await?;
    let left_out = imported.left_out.len();
    if imported.new + imported.known + left_out == 0 {
        tracing::warn!("{file} holds no release");
    }
    ingest.warn_of_sources_left().await;
    for (guid, other) in &imported.left_out {
        tracing::warn!(
            "{} was left out: {} stands at an address of it or is a part of it; what a person said of it has to be said again",
            guid.id(),
            other.id()
        );
    }
    if imported.is_ruled() {
        tracing::warn!(
            "a person said elsewhere of releases that are known here that they are one, or two: `npcc-feeds rededuplicate` does it"
        );
    }
    if arguments.output.format == Format::Json {
        return output::json(&json!({
            "new": imported.new, "known": imported.known, "left_out": left_out
        }));
    }
    let new = output::count(imported.new as u64, "release", "releases");
    output::print(&format!(
        "{new} imported, {} known before, {left_out} left out\n",
        imported.known
    ))
}

/// All of the input. What may keep us waiting is read to its end before the store is locked.
fn read(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => {
            let opened = File::open(path)?;
            if opened.metadata()?.is_file() {
                return Ok(Box::new(BufReader::new(opened)));
            }
            Box::new(opened)
        }
    };
    let mut spool = tempfile::tempfile()?;
    io::copy(&mut input, &mut spool)?;
    spool.rewind()?;
    Ok(Box::new(BufReader::new(spool)))
}
