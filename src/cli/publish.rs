//! `publish`: every feed and page as files.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::Outcome;
use super::output::{self, Format};
use crate::daemon::{Ingest, edition};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder to write into; made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let documents = ingest.documents().await?;
    let changed = edition::write(&arguments.folder, &documents).context("cannot publish")?;
    if arguments.output.format == Format::Json {
        return output::json(&json!({"documents": documents.len(), "changed": changed}));
    }
    output::print(&format!(
        "{}: {} documents, {changed} changed\n",
        arguments.folder.display(),
        documents.len()
    ))
}
