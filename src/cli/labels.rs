//! `labels`: the releases on whose topics a person has spoken.

use clap::Subcommand;

use super::Outcome;
use super::output;
use crate::daemon::Ingest;
use crate::html;
use crate::topics::evaluation::Labelled;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Writes them as JSON lines, in the form that `evaluate topics` reads
    Export,
}

pub(super) async fn run(ingest: &Ingest, command: &Command) -> Outcome {
    match command {
        Command::Export => export(ingest).await,
    }
}

async fn export(ingest: &Ingest) -> Outcome {
    let taxonomy = ingest.classifier.taxonomy();
    let mut hidden = 0;
    for guid in ingest.store.corrected().await? {
        let Some(item) = ingest.store.item(guid).await? else {
            continue;
        };
        if item.release.notice().is_some() {
            hidden += 1;
            continue;
        }
        let mut topics = item.topics;
        topics.retain(|topic| taxonomy.topic(topic).is_some());
        topics.sort_by_key(|topic| taxonomy.position(topic));
        let text = item.release.text;
        let body = text.body.map(|body| html::paragraphs(&body).join("\n"));
        let labelled = Labelled {
            id: Some(guid.id().into()),
            title: Some(text.title),
            lead: text.lead,
            body,
            topics: Some(topics),
            optional: Some(Vec::new()),
        };
        output::print(&(serde_json::to_string(&labelled)? + "\n"))?;
    }
    if hidden > 0 {
        let left_out = output::count(hidden, "release is", "releases are");
        tracing::warn!("{left_out} left out, as the text is withdrawn or removed");
    }
    Ok(())
}
