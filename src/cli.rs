//! The command line: one file a command. Results go to standard output, everything else to standard error.

mod backfill;
mod check;
mod classify;
mod evaluate;
mod export;
mod fetch;
mod import;
mod label;
mod labels;
mod live;
mod log;
mod merge;
mod output;
mod publish;
mod reclassify;
mod redact;
mod rededuplicate;
mod releases;
mod run;
mod setup;
mod show;
mod split;
mod topics;

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand};
use tracing::Level;

use crate::document::Problems;
use crate::memory;
use crate::store::Store;
use crate::text;
use log::LogFormat;

/// What the store may take to close.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Something failed.
const FAILED: u8 = 1;
/// The program was called wrongly.
const WRONG_USE: u8 = 2;
/// The configuration is bad (`EX_CONFIG` of sysexits.h).
const BAD_CONFIGURATION: u8 = 78;

/// Reads the National Police Chiefs' Council's newsroom on a schedule, keeps every release, and republishes one RSS
/// feed per topic.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
struct Arguments {
    /// The configuration's file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then
    /// /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]
    #[arg(long, global = true, value_name = "LEVEL")]
    log: Option<Level>,
    /// How the log is written [default: journal where standard error is the journal, else text]
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    log_format: Option<LogFormat>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon: fetches by schedule and serves all the while (the default)
    Run,
    /// One cycle now
    Fetch(fetch::Arguments),
    /// Walks the listing back into the past
    Backfill(backfill::Arguments),
    /// Writes every feed and page as files
    Publish(publish::Arguments),
    /// The whole record, a release a line, to standard output
    Export(export::Arguments),
    /// Takes what `export` wrote into the store, all of it or nothing; of known releases what a person has said
    Import(import::Arguments),
    /// The topics, and how many releases each has
    Topics(output::Output),
    /// The releases, newest first
    Releases(releases::Arguments),
    /// One release with its topics, copies and history explained
    Show(show::Arguments),
    /// A person's word on the topics of a release
    Label(label::Arguments),
    /// The releases on whose topics a person has spoken
    #[command(subcommand)]
    Labels(labels::Command),
    /// Sorts the whole store anew, with today's rules on topics
    Reclassify(reclassify::Arguments),
    /// Makes a release part of another, for ever
    Merge(merge::Arguments),
    /// Frees a merged copy, for ever
    Split(split::Arguments),
    /// Looks through the whole store with today's rules on copies
    Rededuplicate(rededuplicate::Arguments),
    /// Removes a release's text for good, or one revision's
    Redact(redact::Arguments),
    /// The topics of a text, with the evidence; the first line is the title
    Classify(classify::Arguments),
    /// Scores against labelled examples
    #[command(subcommand)]
    Evaluate(evaluate::Command),
    /// Reads configuration and taxonomy, says what is wrong and where
    Check(output::Output),
    /// Whether the daemon of this configuration serves; for health checks
    Live,
}

impl Command {
    /// Whether it writes to the store as soon as that is open, which has to be well then. `run` first sees that the store is no other
    /// daemon's. The others give what can still be read of one that is damaged.
    fn writes(&self) -> bool {
        match self {
            Command::Fetch(_)
            | Command::Backfill(_)
            | Command::Import(_)
            | Command::Label(_)
            | Command::Merge(_)
            | Command::Split(_)
            | Command::Redact(_)
            | Command::Reclassify(_)
            | Command::Rededuplicate(_) => true,
            Command::Run
            | Command::Publish(_)
            | Command::Export(_)
            | Command::Topics(_)
            | Command::Releases(_)
            | Command::Show(_)
            | Command::Labels(_)
            | Command::Classify(_)
            | Command::Evaluate(_)
            | Command::Check(_)
            | Command::Live => false,
        }
    }
}

/// Why a command ends without having done its work.
#[derive(Debug)]
enum Stop {
    /// Said already, or part of the result.
    Failed,
    WrongUse(String),
    Configuration(Problems),
    Error(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Error(error.into())
    }
}

impl Stop {
    fn exit_code(&self) -> u8 {
        match self {
            Stop::Failed | Stop::Error(_) => FAILED,
            Stop::WrongUse(_) => WRONG_USE,
            Stop::Configuration(_) => BAD_CONFIGURATION,
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Failed => Ok(()),
            Stop::WrongUse(what) => f.write_str(what),
            Stop::Configuration(problems) => problems.fmt(f),
            Stop::Error(error) => f.write_str(&whole(error)),
        }
    }
}

/// What a command gives.
type Outcome = Result<(), Stop>;

/// The command line, for manual pages and completions.
pub fn command_line() -> clap::Command {
    Arguments::command()
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse_from(label::as_words(std::env::args_os()));
    let has_bar = matches!(arguments.command, Some(Command::Backfill(_)));
    let level = match arguments.log {
        Some(level) => level,
        None if has_bar && io::stderr().is_terminal() => Level::WARN,
        None => Level::INFO,
    };
    let format = log::begin(level, arguments.log_format);
    memory::be_frugal();
    let done = tokio::runtime::Runtime::new()
        .map_err(Stop::from)
        .and_then(|runtime| {
            let outcome = runtime.block_on(command(arguments));
            // A parser that still runs must not keep the program from ending.
            runtime.shutdown_background();
            outcome
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Error(error)) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(stop) => {
            let told = stop.to_string();
            let told = text::visible_lines(&told);
            let name = match &stop {
                Stop::Configuration(_) => "",
                Stop::Failed | Stop::WrongUse(_) | Stop::Error(_) => "npcc-feeds: ",
            };
            match (&stop, format) {
                (Stop::Failed, _) => {}
                // Where nobody reads it, there is nothing to be done; `eprintln!` would panic.
                (_, LogFormat::Text) => drop(writeln!(io::stderr(), "{name}{told}")),
                (_, LogFormat::Json | LogFormat::Journal) => tracing::error!("{told}"),
            }
            stop.exit_code().into()
        }
    }
}

async fn command(arguments: Arguments) -> Outcome {
    let file = arguments.config.as_deref();
    match arguments.command.unwrap_or(Command::Run) {
        Command::Run => run::run(file).await,
        Command::Check(output) => check::run(file, output.format),
        Command::Live => live::run(&setup::config(file)?).await,
        Command::Classify(classify) => classify::run(&setup::read(file)?, &classify),
        Command::Evaluate(evaluate) => evaluate::run(setup::read(file)?, evaluate).await,
        other => {
            let ingest = setup::read(file)?.open().await?;
            let writes = other.writes();
            if writes {
                ingest.store.check().await?;
            }
            let outcome = match other {
                Command::Fetch(fetch) => fetch::run(&ingest, &fetch).await,
                Command::Backfill(backfill) => backfill::run(&ingest, &backfill).await,
                Command::Export(export) => export::run(&ingest, &export).await,
                Command::Import(import) => import::run(&ingest, &import).await,
                Command::Publish(publish) => publish::run(&ingest, &publish).await,
                Command::Topics(output) => topics::run(&ingest, output.format).await,
                Command::Releases(releases) => releases::run(&ingest, &releases).await,
                Command::Show(show) => show::run(&ingest, &show).await,
                Command::Merge(merge) => merge::run(&ingest, &merge).await,
                Command::Split(split) => split::run(&ingest, &split).await,
                Command::Rededuplicate(all) => rededuplicate::run(&ingest, &all).await,
                Command::Redact(redact) => redact::run(&ingest, &redact).await,
                Command::Label(label) => label::run(&ingest, &label).await,
                Command::Labels(labels) => labels::run(&ingest, &labels).await,
                Command::Reclassify(all) => reclassify::run(&ingest, &all).await,
                Command::Run
                | Command::Check(_)
                | Command::Classify(_)
                | Command::Evaluate(_)
                | Command::Live => Ok(()),
            };
            if outcome.is_err() && !writes {
                abandon(&ingest.store).await;
            } else {
                close(&ingest.store).await;
            }
            outcome
        }
    }
}

/// Closes a store that may be why the command failed: of one that is damaged the journal stays as it is, too.
async fn abandon(store: &Store) {
    // Why it failed is known already.
    let _ = store.check().await;
    close(store).await;
}

/// What another process holds the store's lock for must not keep this one from ending.
async fn close(store: &Store) {
    let _ = tokio::time::timeout(LAST_WORDS, store.close()).await;
}

/// An error with those of its causes that it does not tell itself.
fn whole(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| {
        let cause = cause.to_string();
        match told.as_str() {
            "" => cause,
            _ if told.contains(&cause) => told,
            _ => format!("{told}: {cause}"),
        }
    })
}

/// Whoever read our output has gone, as `head` does: that is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command_line().debug_assert();
    }
}
