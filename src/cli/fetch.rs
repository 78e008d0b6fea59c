//! `fetch`: one cycle now.

use clap::Args;
use futures_util::future::join_all;
use serde_json::json;

use super::output::{self, Format};
use super::{Outcome, Stop};
use crate::config::Source;
use crate::daemon::{By, Ingest};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only this source
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Leaves alone what is fresh or failed a moment ago, as the daemon does: for timers
    #[arg(long)]
    scheduled: bool,
    #[command(flatten)]
    output: output::Output,
}

/// The sources to work on: the one named, or all.
pub(super) fn sources<'a>(ingest: &'a Ingest, id: Option<&str>) -> Result<Vec<&'a Source>, Stop> {
    match id {
        Some(id) => Ok(vec![ingest.config.source(id).map_err(Stop::WrongUse)?]),
        None => Ok(ingest.config.sources.iter().collect()),
    }
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let sources = sources(ingest, arguments.source.as_deref())?;
    let by = match arguments.scheduled {
        true => By::Schedule,
        false => By::Person,
    };
    // Each for itself: one that is slow keeps no other waiting.
    let cycles = sources.into_iter().map(|source| ingest.cycle(source, by));
    let done = tokio::select! {
        done = join_all(cycles) => done,
        _ = tokio::signal::ctrl_c() => {
            ingest.store.release_leases().await;
            return Err(Stop::Failed);
        }
    };
    if let Err(error) = ingest.tell_alarms().await {
        tracing::warn!(%error, "what is the matter could not be told");
    }
    let mut reports = Vec::new();
    let mut ended = Ok(());
    for report in done {
        match report {
            Ok(report) => reports.push(report),
            Err(error) => ended = Err(Stop::from(error)),
        }
    }
    if reports.is_empty() {
        return ended;
    }
    // What was done is told also when the rest could not be.
    if arguments.output.format == Format::Json {
        output::json(&json!({"sources": reports}))?;
    } else {
        let mut text = String::new();
        for report in &reports {
            text += &format!("{report}\n");
            if let Some(since) = report.whole_since {
                text += &format!(
                    "  the record is without gap since {}\n",
                    output::local(since)
                );
            }
            for alarm in &report.alarms {
                text += &format!("  {}: {}\n", alarm.kind, alarm.text);
            }
            for trouble in &report.failed {
                text += &format!("  {}\n    {}\n", trouble.url, trouble.cause);
            }
        }
        output::print(&text)?;
    }
    ended?;
    if reports.iter().any(|report| !report.failed.is_empty()) {
        return Err(Stop::Failed);
    }
    Ok(())
}
