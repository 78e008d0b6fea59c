//! Releases that their publisher took down: first suspected, then withdrawn, perhaps restored.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::ingest::add_revision;
use super::{Result, Store, bump, dated_text_in};
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
             WHERE a.source = $1 AND a.gone_at IS NOT NULL AND r.status = $2",
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
    tx: &mut super::Tx,
    guid: Guid,
    status: Status,
    cause: Cause,
    at: DateTime<Utc>,
) -> Result<bool> {
    let row = sqlx::query(
        "SELECT title, lead, body, published FROM releases WHERE guid = $1 AND status <> $2",
    )
    .bind(guid.to_string())
    .bind(status.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let text = dated_text_in(&row)?.text;
    sqlx::query("UPDATE releases SET status = $1, updated = $2 WHERE guid = $3")
        .bind(status.as_str())
        .bind(at.timestamp())
        .bind(guid.to_string())
        .execute(&mut **tx)
        .await?;
    add_revision(tx, guid, &text, (cause, None), &[], at).await?;
    bump(tx).await?;
    Ok(true)
}
