//! `evaluate`: scores against labelled examples.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use super::Outcome;
use super::output::{self, Format};
use super::setup::Setup;
use crate::daemon::Ingest;
use crate::duplicates::evaluation::{Judged, Pair, Scores};
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How well copies are told from look-alikes: JSON lines of {"same", "a", "b"}
    Pairs(Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The pairs' file
    file: PathBuf,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(setup: Setup, command: Command) -> Outcome {
    let Command::Pairs(arguments) = command;
    let pairs = read(&arguments.file)?;
    // Each pair has a store of its own.
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let open = async |n: usize| {
        let file = folder.path().join(format!("{n}.db"));
        Store::open(&format!("sqlite:{}", file.display())).await
    };
    let mut ingest = Ingest::new(setup.config, open(0).await?, setup.classifier);
    let mut judged = Vec::new();
    for (n, pair) in pairs.iter().enumerate() {
        judged.push(ingest.judge_pair(pair).await?);
        ingest.store.close().await;
        ingest.store = open(n + 1).await?;
    }
    ingest.store.close().await;
    let scores = Scores::of(&judged);
    match arguments.output.format {
        Format::Json => output::json(&scores),
        Format::Text => output::print(&told(&scores, &judged)),
    }
}

fn read(file: &Path) -> Result<Vec<Pair>, anyhow::Error> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            serde_json::from_str(line).map_err(|error| {
                anyhow!(
                    "{name}:{}: {error}; a line is {{\"same\": true, \"a\": {{\"title\", \"date\", \"url\", \"body\"}}, \"b\": {{…}}}}",
                    at + 1
                )
            })
        })
        .collect()
}

/// The scores, and each pair that was judged wrongly with the reason.
fn told(scores: &Scores, judged: &[Judged]) -> String {
    let mut out = String::new();
    // Writing to a string never fails.
    let _ = writeln!(
        out,
        "{} pairs: {} true merges, {} wrong merges, {} missed\nprecision {:.3}, recall {:.3}, F1 {:.3}",
        scores.pairs,
        scores.true_merges,
        scores.wrong_merges,
        scores.missed,
        scores.precision,
        scores.recall,
        scores.f1
    );
    for one in judged.iter().filter(|one| one.same != one.merged) {
        let what = if one.merged {
            "wrongly merged"
        } else {
            "missed"
        };
        let [a, b] = &one.titles;
        let _ = writeln!(out, "\n{what} {}\n  {a}\n  {b}\n  {}", one.kind, one.reason);
    }
    out
}
