//! `publish`: every feed and page as files.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::Outcome;
use super::output::{self, Format};
use crate::daemon::Ingest;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The folder to write into; made if it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let published = ingest.edition().publish(&arguments.folder, false).await;
    let written = published.context("cannot publish")?;
    if arguments.output.format == Format::Json {
        return output::json(&json!({"documents": written.documents, "changed": written.changed}));
    }
    output::print(&format!(
        "{}: {} documents, {} changed\n",
        arguments.folder.display(),
        written.documents,
        written.changed
    ))
}
