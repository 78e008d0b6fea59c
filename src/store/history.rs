//! How far back the record of a source reaches, and how far it has been looked through.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Result, Store, optional_time_in, time_in};

impl Store {
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

    pub(super) async fn note_time(
        &self,
        sql: &'static str,
        source: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
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
            "SELECT published FROM releases WHERE source = $1 AND merged_into IS NULL ORDER BY published DESC LIMIT $2",
        )
        .bind(source)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| time_in(row, "published")).collect()
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

    /// How many addresses of a source were stored up to a change, and the date of the oldest release among theirs.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn known_before(
        &self,
        source: &str,
        change: i64,
    ) -> Result<(i64, Option<DateTime<Utc>>)> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS known, MIN(r.published) AS oldest
             FROM addresses a JOIN releases r ON r.guid = a.guid WHERE a.source = $1 AND a.change <= $2",
        )
        .bind(source)
        .bind(change)
        .fetch_one(&self.pool)
        .await?;
        Ok((row.try_get("known")?, optional_time_in(&row, "oldest")?))
    }
}
