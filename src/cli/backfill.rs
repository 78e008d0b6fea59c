//! `backfill`: walks the listing back into the past. It can be stopped at any time and goes on from there.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, Stop, fetch, output};
use crate::config::Source;
use crate::daemon::Ingest;
use crate::store::Trouble;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only this source
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Until releases are older than this day; the whole past if left out
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// At most so many pages of the listing
    #[arg(long, value_name = "N")]
    max_pages: Option<u64>,
    #[command(flatten)]
    output: output::Output,
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    let since = arguments
        .since
        .map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let mut all = Vec::new();
    for source in fetch::sources(ingest, arguments.source.as_deref())? {
        if source.listing.is_empty() {
            let what = format!("source {} has no listing to walk back", source.id);
            return Err(Stop::WrongUse(what));
        }
        let walked = tokio::select! {
            walked = walk(ingest, source, since, arguments.max_pages) => walked?,
            _ = tokio::signal::ctrl_c() => {
                ingest.store.release_leases().await?;
                eprintln!("stopped; the same command goes on from here");
                return Err(Stop::Failed);
            }
        };
        all.push(walked);
    }
    if arguments.output.format == output::Format::Json {
        output::json(&serde_json::json!({"sources": all}))?;
    } else {
        for walked in &all {
            let pages = output::count(walked.pages, "page", "pages");
            let end = if walked.done {
                "complete"
            } else {
                "not complete: the same command goes on"
            };
            output::print(&format!(
                "{}: {pages}, {} new, {} merged, {} failed, {end}\n",
                walked.id,
                walked.new,
                walked.merged,
                walked.failed.len()
            ))?;
        }
    }
    if all.iter().any(|walked| !walked.failed.is_empty()) {
        return Err(Stop::Failed);
    }
    Ok(())
}

#[derive(Debug, Default, serde::Serialize)]
struct Walked {
    id: String,
    pages: u64,
    new: u64,
    merged: u64,
    done: bool,
    failed: Vec<Trouble>,
}

async fn walk(
    ingest: &Ingest,
    source: &Source,
    since: Option<DateTime<Utc>>,
    max_pages: Option<u64>,
) -> Result<Walked, Stop> {
    // Hidden unless standard error is a terminal.
    let bar = match max_pages {
        Some(pages) => ProgressBar::new(pages).with_style(ProgressStyle::with_template(
            "{bar:40} {pos}/{len} pages, {msg}",
        )?),
        None => ProgressBar::no_length().with_style(ProgressStyle::with_template(
            "{spinner} {pos} pages, {msg}",
        )?),
    };
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let progress = ingest.store.progress(&source.id).await?;
    let mut walked = Walked {
        id: source.id.clone(),
        done: progress.history_reaches(since),
        ..Walked::default()
    };
    while !walked.done && max_pages.is_none_or(|most| walked.pages < most) {
        let step = ingest.step_back(source, since).await?;
        walked.new += step.report.new;
        walked.merged += step.report.merged;
        walked.done = step.done;
        walked.failed.extend(step.report.failed);
        if !step.was_read {
            break;
        }
        walked.pages += 1;
        bar.set_position(walked.pages);
        bar.set_message(format!("{} new", walked.new));
    }
    bar.finish_and_clear();
    Ok(walked)
}
