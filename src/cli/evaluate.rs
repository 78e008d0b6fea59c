//! `evaluate`: scores against labelled examples.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Outcome;
use super::classify::{explained, not_given};
use super::output::{self, Format};
use super::setup::Setup;
use crate::daemon::Ingest;
use crate::duplicates::evaluation::{Judged, Pair, Scores};
use crate::store::Store;
use crate::topics::Classifier;
use crate::topics::evaluation::{self as topics, Judged as Labels, Labelled, TopicScore};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// How well copies are told from look-alikes: JSON lines of {"same", "a", "b"}
    Pairs(Pairs),
    /// How well topics are given: JSON lines of {"title", "lead", "body", "topics", "optional"}
    Topics(Topics),
}

#[derive(Debug, Args)]
pub(super) struct Pairs {
    /// The pairs' file
    file: PathBuf,
    #[command(flatten)]
    output: output::Output,
}

#[derive(Debug, Args)]
pub(super) struct Topics {
    /// The labelled releases' file
    file: PathBuf,
    /// Each topic that is wrong or missing, with the evidence
    #[arg(long)]
    misses: bool,
    /// Another taxonomy's file: its scores, and the releases that would get other topics by it
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(setup: Setup, command: Command) -> Outcome {
    match command {
        Command::Pairs(arguments) => pairs(setup, arguments).await,
        Command::Topics(arguments) => topics(&setup.classifier, &arguments),
    }
}

async fn pairs(setup: Setup, arguments: Pairs) -> Outcome {
    let form = r#"{"same": true, "a": {"title", "date", "url", "body"}, "b": {…}}"#;
    let pairs: Vec<Pair> = read(&arguments.file, form)?;
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

fn topics(classifier: &Classifier, arguments: &Topics) -> Outcome {
    let form = r#"{"title", "lead", "body", "topics": ["id"], "optional": ["id"]}"#;
    let labelled: Vec<Labelled> = read(&arguments.file, form)?;
    let mut unknown: BTreeSet<&String> = BTreeSet::new();
    for one in &labelled {
        unknown.extend(one.unknown(classifier.taxonomy()));
    }
    if !unknown.is_empty() {
        let unknown: Vec<&str> = unknown.iter().map(|id| id.as_str()).collect();
        let what = anyhow!(
            "{} labels releases with {}, which the taxonomy does not have; `npcc-feeds topics` lists its ids",
            arguments.file.display(),
            unknown.join(", ")
        );
        return Err(what.into());
    }
    let evaluated = Evaluated::new(classifier, &labelled);
    let other = match &arguments.against {
        Some(file) => Some(Evaluated::new(&super::setup::classifier(file)?, &labelled)),
        None => None,
    };
    let changes = match &other {
        Some(other) => changes(&evaluated.judged, &other.judged),
        None => Vec::new(),
    };
    let misses = evaluated.judged.iter().filter(|one| !one.is_right());
    let misses: Vec<&Labels> = misses.filter(|_| arguments.misses).collect();
    if arguments.output.format == Format::Json {
        let mut told =
            serde_json::to_value(&evaluated.scores).context("cannot write the scores")?;
        if arguments.misses {
            told["misses"] = json!(misses);
        }
        if let Some(other) = &other {
            told["against"] = json!({"scores": other.scores, "changes": changes});
        }
        return output::json(&told);
    }
    let mut out = scores_told(&evaluated.scores);
    for one in misses {
        out += &miss_told(one);
    }
    if let Some(other) = &other {
        let (micro, mean) = (other.scores.micro.f1, other.scores.mean.f1);
        // Writing to a string never fails.
        let _ = writeln!(
            out,
            "\nby the other: micro-F1 {micro:.3}, macro-F1 {mean:.3}"
        );
        for change in &changes {
            let _ = writeln!(out, "  {}: {}", change.title, change.told());
        }
        if changes.is_empty() {
            out += "  no release gets other topics\n";
        }
    }
    output::print(&out)
}

/// What a taxonomy makes of some labelled releases.
struct Evaluated {
    judged: Vec<Labels>,
    scores: topics::Scores,
}

impl Evaluated {
    fn new(classifier: &Classifier, labelled: &[Labelled]) -> Evaluated {
        let judged: Vec<Labels> = labelled.iter().map(|one| one.judge(classifier)).collect();
        Evaluated {
            scores: topics::Scores::of(&judged, classifier.taxonomy()),
            judged,
        }
    }
}

/// A release that gets other topics by another taxonomy.
#[derive(Debug, Serialize)]
struct Change {
    title: String,
    gets: Vec<String>,
    loses: Vec<String>,
}

impl Change {
    fn told(&self) -> String {
        let gets = self.gets.iter().map(|id| format!("+{id}"));
        let loses = self.loses.iter().map(|id| format!("-{id}"));
        gets.chain(loses).collect::<Vec<_>>().join(" ")
    }
}

fn changes(ours: &[Labels], theirs: &[Labels]) -> Vec<Change> {
    let pairs = ours.iter().zip(theirs);
    let changes = pairs.map(|(ours, theirs)| {
        let without = |given: &[String], others: &[String]| -> Vec<String> {
            let kept = given.iter().filter(|id| !others.contains(id));
            kept.cloned().collect()
        };
        Change {
            title: ours.title.clone(),
            gets: without(&theirs.given, &ours.given),
            loses: without(&ours.given, &theirs.given),
        }
    });
    changes
        .filter(|change| !change.gets.is_empty() || !change.loses.is_empty())
        .collect()
}

fn scores_told(scores: &topics::Scores) -> String {
    let mut out = format!("{} releases\n", scores.releases);
    for (name, score) in [("micro", scores.micro), ("macro", scores.mean)] {
        // Writing to a string never fails.
        let _ = writeln!(
            out,
            "{name}: precision {:.3}, recall {:.3}, F1 {:.3}",
            score.precision, score.recall, score.f1
        );
    }
    let width = scores.topics.iter().map(|one| one.id.len()).max();
    let width = width.unwrap_or_default();
    let _ = writeln!(
        out,
        "\n{:width$}  support  precision  recall     F1",
        "topic"
    );
    for TopicScore { id, support, score } in &scores.topics {
        let _ = writeln!(
            out,
            "{id:width$}  {support:7}  {:9.3}  {:6.3}  {:5.3}",
            score.precision, score.recall, score.f1
        );
    }
    out
}

fn miss_told(one: &Labels) -> String {
    let mut out = format!("\n{}\n", one.title);
    let wrong = one.wrong.iter().map(|tag| ("wrong", explained(tag)));
    let missing = one.missing.iter().map(|one| ("missing", not_given(one)));
    for (what, told) in wrong.chain(missing) {
        let indented: String = told.lines().map(|line| format!("  {line}\n")).collect();
        out += &format!("  {what}: {}", indented.trim_start());
    }
    out
}

/// The lines of a file, each in the form given.
fn read<T: DeserializeOwned>(file: &Path, form: &str) -> Result<Vec<T>, anyhow::Error> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let lines = text.lines().enumerate();
    let mut lines = lines.filter(|(_, line)| !line.trim().is_empty()).peekable();
    // It would be all right, and none of it looked at.
    anyhow::ensure!(
        lines.peek().is_some(),
        "{name} holds no example; a line is {form}"
    );
    lines
        .map(|(at, line)| {
            serde_json::from_str(line)
                .map_err(|error| anyhow!("{name}:{}: {error}; a line is {form}", at + 1))
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
