//! How results are shown: for people as lines, for programs as JSON with times in RFC 3339 and UTC.

use std::io::{self, Write};

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Europe::London;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Outcome;
use crate::text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// Lines for people
    #[default]
    Text,
    /// JSON for programs
    Json,
}

#[derive(Debug, Clone, Args)]
pub(super) struct Output {
    /// How the result is shown
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

pub(super) fn json(value: &impl Serialize) -> Outcome {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// What stands in a result may be from outside, and a terminal must not take it for orders.
pub(super) fn print(text: &str) -> Outcome {
    write(text::visible_lines(text).as_bytes())
}

/// Writes what is for programs, as it is.
pub(super) fn write(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    // A disk that is full there is not the store's.
    Ok(written.context("standard output cannot be written")?)
}

pub(super) fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn local(instant: DateTime<Utc>) -> String {
    instant
        .with_timezone(&London)
        .format("%Y-%m-%d %H:%M")
        .to_string()
}

pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
