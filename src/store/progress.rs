//! How far each source has come: its cycles, its troubles, its gap, its history, and the pages that are due.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Result, Store, guid_in, json_in, json_of, optional_time_in, time_in};
use crate::release::{CanonicalPath, Guid, Status};

/// Something that failed in a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The address that was asked.
    pub url: String,
    /// Why it failed, as a person reads it.
    pub cause: String,
}

/// Something that a person should know of a source, though nothing failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What kind it is: `challenged`, `gone`, `layout`, `moved`, `silent`, `withdrawals`.
    pub kind: String,
    /// What is the matter, and what to do.
    pub text: String,
}

/// A span of releases that was not seen: what the last feed showed did not reach back to a known release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Addresses stored up to this change were known before the gap opened.
    pub change: i64,
    /// When it opened.
    pub opened: DateTime<Utc>,
    /// The listings that have been paged back to what was known.
    pub reached: Vec<String>,
}

/// The state of a source; the default is that of one never seen.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// When its last cycle began.
    pub last_cycle: Option<DateTime<Utc>>,
    /// When a cycle last read a way in.
    pub last_success: Option<DateTime<Utc>>,
    /// Since when no cycle has.
    pub failing_since: Option<DateTime<Utc>>,
    /// What failed in the last cycle.
    pub trouble: Vec<Trouble>,
    /// What the last cycle found that a person should know.
    pub alarms: Vec<Alarm>,
    /// From when on the record was without gap, before the gap that is open now.
    pub whole_before: Option<DateTime<Utc>>,
    /// When the listing was last looked through for what surfaced late.
    pub audited: Option<DateTime<Utc>>,
    /// When the pages' layout was last seen to have changed.
    pub layout_changed: Option<DateTime<Utc>>,
    /// When the listing's first page was last read.
    pub listing_read: Option<DateTime<Utc>>,
    /// The open gap.
    pub gap: Option<Gap>,
    /// The last page of the listing that the history has been read to; 0 before the first.
    pub history_page: i64,
    /// A hash of what the history's last page showed.
    pub history_print: Option<i64>,
    /// How far back the history is filled; the epoch is the whole archive.
    pub history_since: Option<DateTime<Utc>>,
}

impl Progress {
    /// From when on the record has no gap: while one is open, only from when it was noticed.
    pub fn whole_since(&self) -> Option<DateTime<Utc>> {
        let gap = self.gap.as_ref().map(|gap| gap.opened);
        gap.or(self.whole_before)
    }

    /// Whether the history is filled back to `since`, or the whole archive where that is `None`.
    pub fn history_reaches(&self, since: Option<DateTime<Utc>>) -> bool {
        self.history_since
            .is_some_and(|filled| filled <= since.unwrap_or_default())
    }
}

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
    /// The state of a source; a fresh one if it was never seen.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn progress(&self, source: &str) -> Result<Progress> {
        let row = sqlx::query("SELECT * FROM sources WHERE id = $1")
            .bind(source)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else {
            return Ok(Progress::default());
        };
        let gap = match row.try_get::<Option<i64>, _>("gap_change")? {
            Some(change) => Some(Gap {
                change,
                opened: optional_time_in(&row, "gap_opened_at")?.unwrap_or_default(),
                reached: json_in(
                    &row.try_get::<String, _>("gap_reached")?,
                    "a gap's listings",
                )?,
            }),
            None => None,
        };
        Ok(Progress {
            last_cycle: optional_time_in(&row, "last_cycle_at")?,
            last_success: optional_time_in(&row, "last_success_at")?,
            failing_since: optional_time_in(&row, "failing_since")?,
            trouble: json_in(&row.try_get::<String, _>("trouble")?, "a source's trouble")?,
            alarms: json_in(&row.try_get::<String, _>("alarms")?, "a source's alarms")?,
            whole_before: optional_time_in(&row, "whole_since")?,
            audited: optional_time_in(&row, "audited_at")?,
            layout_changed: optional_time_in(&row, "layout_changed_at")?,
            listing_read: optional_time_in(&row, "listing_read_at")?,
            gap,
            history_page: row.try_get("history_page")?,
            history_print: row.try_get("history_print")?,
            history_since: optional_time_in(&row, "history_since")?,
        })
    }

    /// Makes the row of a source, which all that is noted of it later is written into.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn know(&self, source: &str) -> Result<()> {
        sqlx::query("INSERT INTO sources (id) VALUES ($1) ON CONFLICT (id) DO NOTHING")
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes that a cycle begins.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn cycle_began(&self, source: &str, at: DateTime<Utc>) -> Result<()> {
        self.know(source).await?;
        sqlx::query("UPDATE sources SET last_cycle_at = $1 WHERE id = $2")
            .bind(at.timestamp())
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes how a cycle ended: what failed, and whether a way in could be read.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn cycle_ended(
        &self,
        source: &str,
        at: DateTime<Utc>,
        read: bool,
        trouble: &[Trouble],
        alarms: &[Alarm],
    ) -> Result<()> {
        let sql = if read {
            "UPDATE sources SET trouble = $1, last_success_at = $2, failing_since = NULL, alarms = $4 WHERE id = $3"
        } else {
            "UPDATE sources SET trouble = $1, failing_since = COALESCE(failing_since, $2), alarms = $4 WHERE id = $3"
        };
        sqlx::query(sql)
            .bind(json_of(&trouble, "a source's trouble")?)
            .bind(at.timestamp())
            .bind(source)
            .bind(json_of(&alarms, "a source's alarms")?)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes from when on the record is without gap.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn record_begins(&self, source: &str, at: DateTime<Utc>) -> Result<()> {
        self.note_time(
            "UPDATE sources SET whole_since = $1 WHERE id = $2",
            source,
            at,
        )
        .await
    }

    /// Notes that the record without gap reaches back to a time, if it does not already.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn record_reaches(&self, source: &str, at: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE sources SET whole_since = $1 WHERE id = $2 AND (whole_since IS NULL OR whole_since > $1)";
        self.note_time(sql, source, at).await
    }

    /// Notes that the listing was looked through for what surfaced late.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn audited(&self, source: &str, at: DateTime<Utc>) -> Result<()> {
        self.note_time(
            "UPDATE sources SET audited_at = $1 WHERE id = $2",
            source,
            at,
        )
        .await
    }

    async fn note_time(&self, sql: &'static str, source: &str, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(sql)
            .bind(at.timestamp())
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The dates of a source's releases, newest first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn published_of(&self, source: &str, most: i64) -> Result<Vec<DateTime<Utc>>> {
        let rows = sqlx::query(
            "SELECT published FROM releases WHERE source = $1 ORDER BY published DESC LIMIT $2",
        )
        .bind(source)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| time_in(row, "published")).collect()
    }

    /// Notes that the listing's first page was read.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn listing_read(&self, source: &str, at: DateTime<Utc>) -> Result<()> {
        self.note_time(
            "UPDATE sources SET listing_read_at = $1 WHERE id = $2",
            source,
            at,
        )
        .await
    }

    /// Notes which listings have been paged back to what was known, while the gap stays open for others.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn gap_reached(&self, source: &str, listings: &[String]) -> Result<()> {
        sqlx::query("UPDATE sources SET gap_reached = $1 WHERE id = $2")
            .bind(json_of(&listings, "a gap's listings")?)
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Closes the gap: paging has reached a whole page of releases known from before.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn close_gap(&self, source: &str) -> Result<()> {
        sqlx::query("UPDATE sources SET gap_change = NULL, gap_opened_at = NULL, gap_reached = '[]' WHERE id = $1")
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes to which page of the listing the history has been read, and a hash of what that page showed.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn history_read(&self, source: &str, page: i64, print: Option<i64>) -> Result<()> {
        sqlx::query("UPDATE sources SET history_page = $1, history_print = $2 WHERE id = $3")
            .bind(page)
            .bind(print)
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes that the history is filled back to a time; the epoch is the whole archive.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn history_filled(&self, source: &str, since: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE sources SET history_since = $1 WHERE id = $2")
            .bind(since.timestamp())
            .bind(source)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The date of the oldest release of a source among those stored up to a change.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn oldest(&self, source: &str, change: i64) -> Result<Option<DateTime<Utc>>> {
        let row = sqlx::query(
            "SELECT MIN(r.published) AS oldest FROM addresses a JOIN releases r ON r.guid = a.guid
             WHERE a.source = $1 AND a.change <= $2",
        )
        .bind(source)
        .bind(change)
        .fetch_one(&self.pool)
        .await?;
        optional_time_in(&row, "oldest")
    }

    /// Whether a source has no release yet.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn is_empty(&self, source: &str) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM addresses WHERE source = $1 LIMIT 1")
            .bind(source)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_none())
    }

    /// The pages of a source that are due, the longest due first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn due(&self, source: &str, now: DateTime<Utc>, most: i64) -> Result<Vec<Due>> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "{DUE} WHERE a.source = $1 AND a.page_due <= $2 ORDER BY a.page_due, a.path LIMIT $3"
        )))
        .bind(source)
        .bind(now.timestamp())
        .bind(most)
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
