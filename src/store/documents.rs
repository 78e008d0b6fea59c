//! When published documents last changed, and of what the hub was told.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;

use super::{Result, Store, time_in};

impl Store {
    /// When a published document last changed, given the validator of its bytes now: the time on record if they are the
    /// same, else `now`, which is put on record. It never goes back.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn document_changed(
        &self,
        path: &str,
        etag: &str,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>> {
        let row = sqlx::query("SELECT etag, changed_at FROM documents WHERE path = $1")
            .bind(path)
            .fetch_optional(&self.pool)
            .await?;
        let mut now = now;
        if let Some(row) = row {
            let before = time_in(&row, "changed_at")?;
            if row.try_get::<String, _>("etag")? == etag {
                return Ok(before);
            }
            // Also when the clock was set back, or twice in one second: a reader that has the time alone must see it.
            now = now.max(before + TimeDelta::seconds(1));
        }
        sqlx::query(
            "INSERT INTO documents (path, etag, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (path) DO UPDATE SET etag = $2, changed_at = $3",
        )
        .bind(path)
        .bind(etag)
        .bind(now.timestamp())
        .execute(&self.pool)
        .await?;
        Ok(now)
    }

    /// The paths of published documents of whose bytes the hub was not told, with the validators of these.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn untold(&self) -> Result<Vec<(String, String)>> {
        let rows = sqlx::query(
            "SELECT path, etag FROM documents WHERE path <> '' AND (told IS NULL OR told <> etag) ORDER BY path",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }

    /// Notes that the hub was told of a document's bytes.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn told(&self, path: &str, etag: &str) -> Result<()> {
        sqlx::query("UPDATE documents SET told = $1 WHERE path = $2")
            .bind(etag)
            .bind(path)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
