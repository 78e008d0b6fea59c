//! `backfill`: walks the listing back into the past. It can be stopped at any time and goes on from there.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, Stop, fetch, output};
use crate::config::Source;
use crate::daemon::{By, Ingest};
use crate::store::Trouble;

/// The rest between two pages, in which the daemon can take the lease for a cycle.
const BREATH: Duration = Duration::from_millis(500);

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
    let sources = fetch::sources(ingest, arguments.source.as_deref())?;
    let (with_listing, without): (Vec<_>, Vec<_>) = sources
        .into_iter()
        .partition(|source| !source.listing.is_empty());
    if let (Some(source), []) = (without.first(), with_listing.as_slice()) {
        let what = format!("source {} has no listing to walk back", source.id);
        return Err(Stop::WrongUse(what));
    }
    let mut all = Vec::new();
    let mut ended = Ok(());
    for source in with_listing {
        let mut walked = Walked {
            id: source.id.clone(),
            ..Walked::default()
        };
        ended = tokio::select! {
            ended = walk(ingest, source, since, arguments.max_pages, &mut walked) => ended,
            _ = tokio::signal::ctrl_c() => {
                ingest.store.release_leases().await;
                eprintln!("stopped; the same command goes on from here");
                Err(Stop::Failed)
            }
        };
        all.push(walked);
        if ended.is_err() {
            break;
        }
    }
    // What was done is told also when the rest could not be.
    if arguments.output.format == output::Format::Json {
        output::json(&serde_json::json!({"sources": all}))?;
    } else {
        for walked in &all {
            output::print(&walked.to_string())?;
        }
    }
    ended?;
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

impl fmt::Display for Walked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.done {
            "complete"
        } else {
            "not complete: the same command goes on"
        };
        writeln!(
            f,
            "{}: {}, {} new, {} merged, {} failed, {end}",
            self.id,
            output::count(self.pages, "page", "pages"),
            self.new,
            self.merged,
            self.failed.len()
        )
    }
}

/// Walks one source back, and notes in `walked` what was done, page by page.
async fn walk(
    ingest: &Ingest,
    source: &Source,
    since: Option<DateTime<Utc>>,
    max_pages: Option<u64>,
    walked: &mut Walked,
) -> Outcome {
    let bar = bar(since, max_pages)?;
    let progress = ingest.store.progress(&source.id).await?;
    walked.done = progress.history_reaches(since);
    while !walked.done && max_pages.is_none_or(|most| walked.pages < most) {
        // Whoever holds the lease when the walk begins is named; later a cycle of the daemon is waited for.
        let patience = if walked.pages == 0 {
            Duration::ZERO
        } else {
            tokio::time::sleep(BREATH).await;
            Duration::MAX
        };
        let step = ingest
            .step_back(source, since, By::Person, patience)
            .await?;
        walked.new += step.report.new;
        walked.merged += step.report.merged;
        walked.done = step.done;
        walked.failed.extend(step.report.failed);
        if !step.was_read {
            break;
        }
        walked.pages += 1;
        let day = step.back_to.map(|day| day.format("%-d %B %Y").to_string());
        let day = day.unwrap_or_else(|| "an unknown day".to_owned());
        let pages = output::count(walked.pages, "page", "pages");
        bar.set_message(format!("{pages} back to {day}, {} new", walked.new));
        bar.set_position(match (max_pages, step.back_to) {
            (Some(_), _) => walked.pages,
            (None, Some(day)) => days_back(day),
            (None, None) => bar.position(),
        });
    }
    bar.finish_and_clear();
    Ok(())
}

/// What shows how far the walk has come: in pages or in days where the end is known, else only that it goes on. Hidden
/// unless standard error is a terminal.
fn bar(since: Option<DateTime<Utc>>, max_pages: Option<u64>) -> Result<ProgressBar, Stop> {
    let length = max_pages.or_else(|| since.map(|since| days_back(since.date_naive())));
    let bar = match length {
        Some(length) => ProgressBar::new(length).with_style(ProgressStyle::with_template(
            "{bar:40} {percent}%, {msg}, {eta} to go",
        )?),
        None => ProgressBar::no_length().with_style(ProgressStyle::with_template(
            "{spinner} {msg}, for {elapsed}",
        )?),
    };
    bar.set_message("first page");
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

fn days_back(day: NaiveDate) -> u64 {
    let days = (Utc::now().date_naive() - day).num_days();
    u64::try_from(days).unwrap_or(0)
}
