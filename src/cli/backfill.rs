//! `backfill`: walks the listing back into the past. It can be stopped at any time and goes on from there.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Outcome, Stop, fetch, output};
use crate::config::Source;
use crate::daemon::{By, Ingest, Step};
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
    /// Releases that the pages announced: known ones, and those that were new or copies.
    read: u64,
    known: u64,
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
            "{}: {} with {}: {} known, {} new, {} merged, {} failed; {end}",
            self.id,
            output::count(self.pages, "page", "pages"),
            output::count(self.read, "release", "releases"),
            self.known,
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
    let progress = ingest.store.progress(&source.id).await?;
    let bar = bar()?;
    let mut back_to = None;
    let length = Length {
        begun_at: progress.history_page,
        max_pages,
        since: since.map(|since| since.date_naive()),
        today: ingest.clock.now().date_naive(),
    };
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
        walked.known += step.known;
        walked.read = walked.known + walked.new + walked.merged;
        walked.done = step.done;
        walked.failed.extend_from_slice(&step.report.failed);
        if !step.was_read {
            break;
        }
        walked.pages += 1;
        // The page behind the last has no day.
        back_to = step.back_to.or(back_to);
        let day = back_to.map(|day| day.format("%-d %B %Y").to_string());
        let day = day.unwrap_or_else(|| "an unknown day".to_owned());
        let pages = output::count(walked.pages, "page", "pages");
        bar.set_message(format!("{pages} back to {day}, {} new", walked.new));
        if let Some((done, whole)) = length.of(walked.pages, &step) {
            bar.set_style(with_end()?);
            bar.set_length(whole);
            bar.set_position(done);
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// How far the walk goes, where that is known: in pages that were asked for, in days, or in the listing's own pages.
struct Length {
    /// The page that an earlier walk came to.
    begun_at: i64,
    max_pages: Option<u64>,
    since: Option<NaiveDate>,
    today: NaiveDate,
}

impl Length {
    /// What is done, and what is to be done in all.
    fn of(&self, pages: u64, step: &Step) -> Option<(u64, u64)> {
        if let Some(most) = self.max_pages {
            return Some((pages, most));
        }
        if let (Some(since), Some(day)) = (self.since, step.back_to) {
            let days = |day: NaiveDate| u64::try_from((self.today - day).num_days()).unwrap_or(0);
            return Some((days(day), days(since)));
        }
        let of_listing = |page: i64| u64::try_from(page - self.begun_at).ok();
        Some((of_listing(step.page)?, of_listing(step.last_page?)?))
    }
}

/// What shows that the walk goes on; its end is not known yet. Hidden unless standard error is a terminal.
fn bar() -> Result<ProgressBar, Stop> {
    let style = ProgressStyle::with_template("{spinner} {msg}, for {elapsed}")?;
    let bar = ProgressBar::no_length().with_style(style);
    bar.set_message("first page");
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

fn with_end() -> Result<ProgressStyle, Stop> {
    let template = "{bar:40} {percent}%, {msg}, {eta} to go";
    Ok(ProgressStyle::with_template(template)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(page: i64, last_page: Option<i64>, back_to: &str) -> Step {
        Step {
            report: crate::daemon::Report::default(),
            done: false,
            was_read: true,
            back_to: back_to.parse().ok(),
            known: 0,
            page,
            last_page,
        }
    }

    #[test]
    fn the_length_is_that_of_what_was_asked_for() {
        let mut length = Length {
            begun_at: 10,
            max_pages: None,
            since: None,
            today: "2026-11-25".parse().unwrap(),
        };
        assert_eq!(
            length.of(1, &step(11, Some(90), "2026-01-01")),
            Some((1, 80))
        );
        assert_eq!(length.of(1, &step(11, None, "2026-01-01")), None);
        length.since = "2026-11-05".parse().ok();
        assert_eq!(
            length.of(1, &step(11, Some(90), "2026-11-20")),
            Some((5, 20))
        );
        length.max_pages = Some(3);
        assert_eq!(
            length.of(1, &step(11, Some(90), "2026-11-20")),
            Some((1, 3))
        );
    }
}
