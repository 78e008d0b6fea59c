//! The pages of releases that are read again.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::redactions::Redaction;
use super::{Result, Store, guid_in, optional_time_in, time_in};
use crate::release::{CanonicalPath, Guid, Status};

/// No page is planned to be read later than this.
const LONGEST_PLAN: TimeDelta = TimeDelta::days(31);

/// A release page that is to be read again.
#[derive(Debug, Clone)]
pub struct Due {
    /// The release.
    pub guid: Guid,
    /// Its path.
    pub path: CanonicalPath,
    /// Its address.
    pub url: String,
    /// When the address was first seen.
    pub first_seen: DateTime<Utc>,
    /// How often in a row it could not be read.
    pub failures: i64,
    /// When it was first answered that the page is gone, while it still is.
    pub gone: Option<DateTime<Utc>>,
    /// Whether the release is withdrawn.
    pub is_withdrawn: bool,
}

impl Store {
    /// The pages of a source that are due, the longest due first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn due(&self, source: &str, now: DateTime<Utc>, most: i64) -> Result<Vec<Due>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{DUE} WHERE a.source = $1 AND (a.page_due <= $2 OR a.page_due > $3) AND COALESCE(r.redacted, '') <> $5
             AND NOT EXISTS (SELECT 1 FROM merges m WHERE m.source = a.source AND m.path = a.path) ORDER BY a.page_due, a.path LIMIT $4"
        )))
        .bind(source)
        .bind(now.timestamp())
        // What is planned later than anything ever is comes from a clock that was ahead.
        .bind((now + LONGEST_PLAN).timestamp())
        .bind(most)
        .bind(Redaction::Whole.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(due_in).collect()
    }

    /// Plans the next reading of a release's page, after so many failures in a row.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn plan(
        &self,
        source: &str,
        path: &CanonicalPath,
        due: Option<DateTime<Utc>>,
        failures: i64,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE addresses SET page_due = $1, page_failures = $2 WHERE source = $3 AND path = $4",
        )
        .bind(due.map(|due| due.timestamp()))
        .bind(failures)
        .bind(source)
        .bind(path.as_str())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// The pages of releases; a condition follows.
pub(super) const DUE: &str =
    "SELECT a.guid, a.path, a.url, a.first_seen, a.page_failures, a.gone_at, r.status
    FROM addresses a JOIN releases r ON r.guid = a.guid";

pub(super) fn due_in(row: &AnyRow) -> Result<Due> {
    Ok(Due {
        guid: guid_in(row)?,
        path: CanonicalPath::from_stored(row.try_get("path")?),
        url: row.try_get("url")?,
        first_seen: time_in(row, "first_seen")?,
        failures: row.try_get("page_failures")?,
        gone: optional_time_in(row, "gone_at")?,
        is_withdrawn: row.try_get::<String, _>("status")? == Status::Withdrawn.as_str(),
    })
}
