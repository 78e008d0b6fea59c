//! `export`: the whole record to standard output, oldest first.

use clap::Args;
use futures_util::StreamExt;

use super::{Outcome, output};
use crate::daemon::Ingest;
use crate::edition::{Edition, Export, Records};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// JSON lines with whole texts as HTML, and with all that `import` makes another store from; or a table with plain text
    #[arg(long, value_enum, default_value = "jsonl")]
    format: Export,
    /// Keeps the texts that their publisher has taken down, for a store that takes this one's place: such a file is as
    /// private as the store
    #[arg(long)]
    with_withdrawn: bool,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let records = match arguments.with_withdrawn {
        true => Records::WithWithdrawn,
        false => Records::Public,
    };
    // However long it takes, what comes meanwhile does not tear it.
    let snapshot = ingest.store.snapshot().await?;
    let edition = Edition::new(&ingest.config, &ingest.classifier, snapshot.clone());
    let pieces = edition.export(arguments.format, records).await?;
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.next().await {
        output::write(&piece?)?;
    }
    snapshot.close().await;
    Ok(())
}
