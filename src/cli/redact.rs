//! `redact`: a text is removed for good.

use clap::Args;
use serde_json::json;

use super::output::{self, Format};
use super::show::find;
use super::{Outcome, Stop};
use crate::daemon::{Ingest, Redacted};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The guid, a unique beginning of it, or any address of the release
    #[arg(value_name = "ID")]
    id: String,
    /// Only this revision's text, by its number in `show`; all of the release's if left out
    #[arg(value_name = "REVISION")]
    revision: Option<i64>,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let guid = find(ingest, &arguments.id).await?;
    let what = match ingest.redact(guid, arguments.revision).await? {
        Redacted::Whole => "all texts are removed; none is stored again, the title stays",
        Redacted::Current => {
            "the text that readers saw is removed, until the publisher has another"
        }
        Redacted::Past => "that revision's text is removed; readers see the current one",
        Redacted::NoRevision => {
            let number = arguments.revision.unwrap_or_default();
            return Err(Stop::WrongUse(format!(
                "the release has no revision {number}; `npcc-feeds show {}` lists them",
                guid.id()
            )));
        }
    };
    for backup in ingest.store.backups() {
        tracing::warn!(
            "{} was made before and may hold the text: remove that file as well",
            backup.display()
        );
    }
    if arguments.output.format == Format::Json {
        return output::json(&json!({"guid": guid.to_string(), "redacted": what}));
    }
    output::print(&format!("{}: {what}\n", guid.id()))
}
