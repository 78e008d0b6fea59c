//! `split`: a person says that a copy is a release by itself.

use clap::Args;
use serde_json::json;
use url::Url;

use super::merge::changed;
use super::output::{self, Format};
use super::show::find;
use super::{Outcome, Stop};
use crate::daemon::{Ingest, Ruled};
use crate::release::CanonicalPath;
use crate::store::StoredCopy;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The copy's address, as `show` and `releases` list it
    #[arg(value_name = "ADDRESS")]
    address: Url,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let copy = copy(ingest, &arguments.address).await?;
    let Ruled::Done(guid) = ingest.split(&copy).await? else {
        return Err(changed());
    };
    if arguments.output.format == Format::Json {
        return output::json(&json!({"guid": guid.to_string(), "split": copy.of.to_string()}));
    }
    output::print(&format!(
        "{} is a release by itself now, and no part of {} again; `npcc-feeds merge {} {}` undoes it\n",
        guid.id(),
        copy.of.id(),
        guid.id(),
        copy.of.id()
    ))
}

/// The copy that stands at an address.
async fn copy(ingest: &Ingest, address: &Url) -> Result<StoredCopy, Stop> {
    let mut copies = ingest.store.copies_at(&CanonicalPath::of(address)).await?;
    // Two sources may have one path; then the host tells which is meant.
    if copies.len() > 1 {
        copies.retain(|copy| copy.url == address.as_str());
    }
    if let Some(copy) = copies.pop() {
        return Ok(copy);
    }
    let guid = find(ingest, address.as_str()).await?;
    let item = ingest.store.item(guid).await?;
    let copies = item.map(|item| item.duplicates).unwrap_or_default();
    let advice = match copies.as_slice() {
        [] => "it has no copies".to_owned(),
        some => format!("its copies are at {}", some.join(", ")),
    };
    Err(Stop::WrongUse(format!(
        "{address} is the address of the release {} itself: there is nothing to split; {advice}",
        guid.id()
    )))
}
