//! `merge`: a person says that two releases are one.

use clap::Args;
use serde_json::json;

use super::output::{self, Format};
use super::show::find;
use super::{Outcome, Stop};
use crate::daemon::{Ingest, Ruled};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The release that becomes part of the other: its guid, a unique beginning of it, or any of its addresses
    #[arg(value_name = "ID")]
    id: String,
    /// The release that stays, with its guid, its date and its text
    #[arg(value_name = "INTO")]
    into: String,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let from = find(ingest, &arguments.id).await?;
    let into = find(ingest, &arguments.into).await?;
    let item = ingest.store.item(from).await?;
    match ingest.merge(from, into).await? {
        Ruled::Done(_) => {}
        Ruled::IsOne => {
            return Err(Stop::WrongUse(format!(
                "both are the release {} already; `npcc-feeds split ADDRESS` frees one of its copies",
                into.id()
            )));
        }
        Ruled::Changed => return Err(changed()),
        Ruled::IsRedacted => {
            return Err(Stop::Error(anyhow::anyhow!(
                "the text of {} was removed for good, and a merge would remove the other's; merge it the other way round",
                into.id()
            )));
        }
    }
    if arguments.output.format == Format::Json {
        return output::json(&json!({"guid": into.to_string(), "merged": from.to_string()}));
    }
    let url = item.map(|item| item.release.url).unwrap_or_default();
    output::print(&format!(
        "{} is part of {} now; `npcc-feeds split {url}` undoes it\n",
        from.id(),
        into.id()
    ))
}

/// What a release is can change at any time beside a command.
pub(super) fn changed() -> Stop {
    Stop::Error(anyhow::anyhow!(
        "the release was changed by somebody else in this moment; look at it with `npcc-feeds show` and try again"
    ))
}
