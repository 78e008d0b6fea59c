//! When published documents last changed, and of what the hub was told.

use chrono::{DateTime, Utc};
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
        if let Some(row) = row
            && row.try_get::<String, _>("etag")? == etag
        {
            return time_in(&row, "changed_at");
        }
        // It goes on also when the clock was set back, or twice in one second: a reader that has the time alone must see it.
        // Another daemon may have put the same bytes on record since: then all tell its time. All is read, as SQLite commits
        // after the last row, and a failure of that shows to nobody who left before.
        let rows = sqlx::query(
            "INSERT INTO documents (path, etag, changed_at) VALUES ($1, $2, $3)
             ON CONFLICT (path) DO UPDATE SET etag = $2, changed_at = CASE
                 WHEN documents.etag = $2 THEN documents.changed_at
                 WHEN documents.changed_at >= $3 THEN documents.changed_at + 1
                 ELSE $3 END
             RETURNING changed_at",
        )
        .bind(path)
        .bind(etag)
        .bind(now.timestamp())
        .fetch_all(&self.pool)
        .await?;
        let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
        time_in(row, "changed_at")
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
