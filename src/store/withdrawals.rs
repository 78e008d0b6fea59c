//! Releases that their publisher took down: first suspected, then withdrawn, perhaps restored.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::merges::{MergedCopy, add_merge, must_be_shown};
use super::shown::{Touch, touch};
use super::{Error, Result, Store, Tx};
use crate::release::{CanonicalPath, Cause, Guid, Status};

impl Store {
    /// Notes that a release's page was answered as gone; the first time counts until the page is back.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn gone(&self, source: &str, path: &CanonicalPath, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "UPDATE addresses SET gone_at = CASE WHEN gone_at <= $1 THEN gone_at ELSE $1 END
             WHERE source = $2 AND path = $3",
        )
        .bind(at.timestamp())
        .bind(source)
        .bind(path.as_str())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// How many pages of a source are gone whose releases are not withdrawn.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn gone_count(&self, source: &str) -> Result<i64> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS pages FROM addresses a JOIN releases r ON r.guid = a.guid
             WHERE a.source = $1 AND a.gone_at IS NOT NULL AND r.status = $2
             AND NOT EXISTS (SELECT 1 FROM merges m WHERE m.source = a.source AND m.path = a.path)",
        )
        .bind(source)
        .bind(Status::Current.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get("pages")?)
    }

    /// Notes that a release's page is there again; a release that was withdrawn is restored. Gives whether it was.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn back(
        &self,
        guid: Guid,
        source: &str,
        path: &CanonicalPath,
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE addresses SET gone_at = NULL WHERE source = $1 AND path = $2")
            .bind(source)
            .bind(path.as_str())
            .execute(&mut *tx)
            .await?;
        let restored = turn(&mut tx, guid, Status::Current, Cause::Restored, at).await?;
        tx.commit().await?;
        Ok(restored)
    }

    /// The paths and addresses of a release's copies in a source.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn copies(&self, guid: Guid, source: &str) -> Result<Vec<(CanonicalPath, String)>> {
        let rows = sqlx::query(
            "SELECT path, url FROM merges WHERE guid = $1 AND source = $2 ORDER BY at, path",
        )
        .bind(guid.to_string())
        .bind(source)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let path = CanonicalPath::from_stored(row.try_get("path")?);
                Ok((path, row.try_get("url")?))
            })
            .collect()
    }

    /// Lets a release stand at the address of one of its copies, since its own is gone; that becomes the copy's. The new
    /// one is read at once.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn stand_at(&self, copy: (&CanonicalPath, &str), old: &MergedCopy<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        must_be_shown(&mut tx, old.into).await?;
        // What came by way of the release that stood there before is the release's directly now.
        sqlx::query(
            "UPDATE merges SET via = NULL WHERE guid = $1
             AND via = (SELECT m.folded FROM merges m WHERE m.source = $2 AND m.path = $3)",
        )
        .bind(old.into.to_string())
        .bind(old.source)
        .bind(copy.0.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE releases SET absorbed_by = $1
             WHERE guid = (SELECT m.folded FROM merges m WHERE m.source = $2 AND m.path = $3)",
        )
        .bind(old.into.to_string())
        .bind(old.source)
        .bind(copy.0.as_str())
        .execute(&mut *tx)
        .await?;
        let done = sqlx::query("DELETE FROM merges WHERE source = $1 AND path = $2 AND guid = $3")
            .bind(old.source)
            .bind(copy.0.as_str())
            .bind(old.into.to_string())
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(Error::Overruled);
        }
        // So are the texts that it has from there.
        sqlx::query(
            "UPDATE revisions SET copy_source = NULL, copy_path = NULL
             WHERE guid = $1 AND copy_source = $2 AND copy_path = $3",
        )
        .bind(old.into.to_string())
        .bind(old.source)
        .bind(copy.0.as_str())
        .execute(&mut *tx)
        .await?;
        add_merge(&mut tx, old).await?;
        sqlx::query("UPDATE releases SET url = $1 WHERE guid = $2")
            .bind(copy.1)
            .bind(old.into.to_string())
            .execute(&mut *tx)
            .await?;
        for (path, due) in [(old.path, None), (copy.0, Some(old.at.timestamp()))] {
            sqlx::query("UPDATE addresses SET page_due = $1, gone_at = NULL WHERE source = $2 AND path = $3")
                .bind(due)
                .bind(old.source)
                .bind(path.as_str())
                .execute(&mut *tx)
                .await?;
        }
        touch(&mut tx, old.into, Touch::Changed).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Withdraws a release: its title stays, its text is shown nowhere. Gives whether it was there.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn withdraw(&self, guid: Guid, at: DateTime<Utc>) -> Result<bool> {
        let mut tx = self.begin().await?;
        let withdrawn = turn(&mut tx, guid, Status::Withdrawn, Cause::Withdrawn, at).await?;
        tx.commit().await?;
        Ok(withdrawn)
    }
}

/// Gives a release a status, with a revision that says when and why; gives whether it had another.
async fn turn(
    tx: &mut Tx,
    guid: Guid,
    status: Status,
    cause: Cause,
    at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE releases SET status = $1, updated = $2 WHERE guid = $3 AND status <> $1 AND merged_into IS NULL",
    )
    .bind(status.as_str())
    .bind(at.timestamp())
    .bind(guid.to_string())
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    // Its text is the one before it, with all that is known of that.
    sqlx::query(
        "INSERT INTO revisions (guid, number, at, cause, title, lead, body, changed, copy_source, copy_path, redacted_at)
         SELECT guid, number + 1, $1, $2, title, lead, body, '[]', copy_source, copy_path, redacted_at
         FROM revisions WHERE guid = $3 ORDER BY number DESC LIMIT 1",
    )
    .bind(at.timestamp())
    .bind(cause.as_str())
    .bind(guid.to_string())
    .execute(&mut **tx)
    .await?;
    touch(tx, guid, Touch::Hidden).await?;
    Ok(true)
}
