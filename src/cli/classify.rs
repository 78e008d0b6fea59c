//! `classify`: the topics of a text, with the evidence.

use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::Outcome;
use super::output::{self, Format};
use super::setup::Setup;
use crate::release::Tag;
use crate::text;
use crate::topics::Missed;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The text's file; standard input if left out
    file: Option<PathBuf>,
    #[command(flatten)]
    output: output::Output,
}

pub(super) fn run(setup: &Setup, arguments: &Arguments) -> Outcome {
    let bytes = match &arguments.file {
        Some(file) => {
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?
        }
        None => {
            let mut bytes = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            bytes
        }
    };
    let paragraphs = text::paragraphs(&String::from_utf8_lossy(&bytes));
    let (title, body) = match paragraphs.split_first() {
        Some((title, body)) => (title.as_str(), body),
        None => ("", [].as_slice()),
    };
    let classification = setup.classifier.classify(title, None, body);
    if arguments.output.format == Format::Json {
        return output::json(&classification);
    }
    let mut out = String::new();
    if classification.tags.is_empty() {
        out.push_str("unclassified: no topic reaches the threshold\n");
    }
    for tag in &classification.tags {
        out.push_str(&explained(tag));
    }
    if !classification.missed.is_empty() {
        out.push_str("\nnot given:\n");
        for missed in &classification.missed {
            out.push_str(&not_given(missed));
        }
    }
    output::print(&out)
}

/// A topic with its evidence, one phrase a line.
pub(super) fn explained(tag: &Tag) -> String {
    let mut out = match &tag.implied_by {
        Some(topic) => format!("{} (implied by {topic})\n", tag.topic),
        None => format!("{} {}\n", tag.topic, tag.score),
    };
    for evidence in &tag.evidence {
        // Writing to a string never fails.
        let _ = write!(
            out,
            "  {:>5}  \"{}\" in the {}",
            evidence.weight, evidence.phrase, evidence.r#where
        );
        if let Some(why) = &evidence.ignored {
            let _ = write!(out, " (does not count: {why})");
        }
        // A removed or withdrawn text's are for nobody.
        let _ = match evidence.sentence.as_str() {
            "" => writeln!(out),
            sentence => writeln!(out, ": {sentence}"),
        };
    }
    out
}

/// A topic that is not given, with the reason and its evidence.
pub(super) fn not_given(missed: &Missed) -> String {
    let told = explained(&missed.tag);
    let (topic, evidence) = told.split_once('\n').unwrap_or((&told, ""));
    format!("{topic}: {}\n{evidence}", missed.why)
}
