//! Whether the sources are read and what comes of it is kept and written, for a monitor.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;

use super::Server;
use crate::feeds::pages::{SourceStatus, Status};
use crate::schedule::Schedule;
use crate::store::{Alarm, Error, Progress, Selection, Store, Trouble};

/// A source that has failed for so long needs a person.
pub const FAILED_FOR_LONG: TimeDelta = TimeDelta::hours(6);

/// A source to report on.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// When it is read.
    pub schedule: Schedule,
}

/// The answer of `/health`.
#[derive(Debug, Clone, Serialize)]
pub struct Health {
    status: &'static str,
    sources: Vec<SourceHealth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
struct SourceHealth {
    id: String,
    last_cycle: Option<String>,
    next_cycle: Option<String>,
    last_success: Option<String>,
    failing_since: Option<String>,
    trouble: Vec<Trouble>,
    alarms: Vec<Alarm>,
    whole_since: Option<String>,
    #[serde(skip)]
    failed_for_long: bool,
}

impl Health {
    /// Whether nothing needs a person.
    pub fn is_well(&self) -> bool {
        self.status == "ok"
    }
}

/// What the store failed at when each source was last read, by its id.
#[derive(Debug, Default)]
pub struct StoreTroubles(Mutex<HashMap<String, String>>);

impl StoreTroubles {
    /// Takes what the store failed at, or that it did all.
    pub fn note(&self, source: &str, trouble: Option<String>) {
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match trouble {
            Some(trouble) => troubles.insert(source.to_owned(), trouble),
            None => troubles.remove(source),
        };
    }

    fn of(&self, source: &str) -> Option<String> {
        let troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.get(source).cloned()
    }
}

/// What the store failed at in the last cycle of one of the sources that there are.
pub(super) fn store_trouble(server: &Server) -> Option<String> {
    let mut sources = server.watched.iter();
    sources.find_map(|source| server.store_troubles.of(&source.id))
}

/// What is told of the published files, where they cannot be written.
pub(super) fn files_trouble(server: &Server) -> Option<&'static str> {
    let is_failing = server.files_failing.load(Ordering::Relaxed);
    is_failing.then_some("The published files cannot be written; the log says more.")
}

/// What is told of a store that cannot be read now. Everybody may ask, so that the log alone has the database's words.
fn unread(error: &Error) -> String {
    tracing::warn!(%error, "the store cannot be read");
    error.outline().to_owned()
}

/// How all is doing, for people.
pub(super) async fn status(server: &Server, now: DateTime<Utc>) -> Status {
    let store = server.edition.store();
    let mut status = Status {
        sources: Vec::new(),
        store: store_trouble(server),
        files: files_trouble(server),
        releases: 0,
        version: server.rules.clone(),
    };
    match store.record(&Selection::All, 1).await {
        Ok(record) => status.releases = record.total,
        Err(error) => status.store = Some(unread(&error)),
    }
    for source in &server.watched {
        match store.progress(&source.id).await {
            Ok(progress) => status.sources.push(SourceStatus {
                title: source.title.clone(),
                last: progress.last_cycle,
                next: source.schedule.next(now),
                success: progress.last_success,
                failing_since: progress.failing_since,
                whole_since: progress.whole_since(),
                troubles: told(&progress),
            }),
            Err(error) => status.store = Some(unread(&error)),
        }
    }
    status
}

/// What fails, and what a person should know.
fn told(progress: &Progress) -> Vec<String> {
    let troubles = progress.trouble.iter();
    let troubles = troubles.map(|trouble| format!("{}: {}", trouble.url, trouble.cause));
    let alarms = progress.alarms.iter().map(|alarm| alarm.text.clone());
    troubles.chain(alarms).collect()
}

/// Reads the health of all sources and of the store.
pub(super) async fn read(server: &Server, now: DateTime<Utc>) -> Health {
    let mut sources = Vec::new();
    let mut store = store_trouble(server);
    for source in &server.watched {
        match source_health(server.edition.store(), source, now).await {
            Ok(health) => sources.push(health),
            Err(error) => store = Some(unread(&error)),
        }
    }
    let files = files_trouble(server);
    let has_failed = |source: &SourceHealth| source.failed_for_long;
    let is_failing = store.is_some() || files.is_some() || sources.iter().any(has_failed);
    Health {
        status: if is_failing { "failing" } else { "ok" },
        sources,
        store,
        files,
    }
}

async fn source_health(
    store: &Store,
    source: &Watched,
    now: DateTime<Utc>,
) -> Result<SourceHealth, Error> {
    let progress: Progress = store.progress(&source.id).await?;
    let time = |instant: Option<DateTime<Utc>>| {
        instant.map(|instant| instant.to_rfc3339_opts(SecondsFormat::Secs, true))
    };
    Ok(SourceHealth {
        id: source.id.clone(),
        last_cycle: time(progress.last_cycle),
        next_cycle: time(source.schedule.next(now)),
        last_success: time(progress.last_success),
        failing_since: time(progress.failing_since),
        failed_for_long: progress
            .failing_since
            .is_some_and(|since| now - since >= FAILED_FOR_LONG),
        whole_since: time(progress.whole_since()),
        trouble: progress.trouble,
        alarms: progress.alarms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_whose_cycle_went_well_does_not_hide_what_the_store_fails_at_for_another() {
        let troubles = StoreTroubles::default();
        troubles.note("failing", Some("The disk is full.".to_owned()));
        troubles.note("well", None);
        assert_eq!(troubles.of("failing").as_deref(), Some("The disk is full."));
        assert_eq!(troubles.of("well"), None);
        troubles.note("failing", None);
        assert_eq!(troubles.of("failing"), None);
    }
}
