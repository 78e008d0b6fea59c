//! How far each source has come: its cycles, its troubles, its gap and its history.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Row;

use super::{Result, Store, json_in, json_of, optional_time_in};

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
    /// How many have begun since the last that came to its end: one while one is under way, or was cut.
    pub unfinished: u32,
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
            unfinished: u32::try_from(row.try_get::<i64, _>("unfinished")?).unwrap_or(u32::MAX),
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
        sqlx::query(
            "UPDATE sources SET last_cycle_at = $1, unfinished = unfinished + 1 WHERE id = $2",
        )
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
            "UPDATE sources SET unfinished = 0, trouble = $1, last_success_at = $2, failing_since = NULL, alarms = $4
             WHERE id = $3"
        } else {
            "UPDATE sources SET unfinished = 0, trouble = $1, failing_since = COALESCE(failing_since, $2), alarms = $4
             WHERE id = $3"
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
}
