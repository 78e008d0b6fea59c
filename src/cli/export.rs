//! `export`: the whole record to standard output, oldest first.

use std::io::{self, Write};

use clap::Args;
use futures_util::StreamExt;

use super::Outcome;
use crate::daemon::Ingest;
use crate::edition::Export;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// JSON lines with whole texts as HTML, or a table with plain text
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Export,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let pieces = ingest.edition().export(arguments.format).await?;
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.next().await {
        io::stdout().lock().write_all(&piece?)?;
    }
    io::stdout().lock().flush()?;
    Ok(())
}
