//! Texts that a person has removed for good.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Result, Store, Tx, bump, guid_in, json_in, json_of};
use crate::release::{Evidence, Guid, Text};

/// No text of the release is ever stored again.
pub(super) const REDACTED_WHOLE: &str = "whole";
/// The current text is removed, until the publisher has another.
const REDACTED_CURRENT: &str = "current";

/// One state of a release's text, by its number.
#[derive(Debug, Clone)]
pub struct NumberedText {
    /// The revision's number.
    pub number: i64,
    /// Its text; lead and body are missing where they were removed.
    pub text: Text,
}

impl Store {
    /// The texts of a release's revisions, oldest first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn revision_texts(&self, guid: Guid) -> Result<Vec<NumberedText>> {
        let rows = sqlx::query(
            "SELECT number, title, lead, body FROM revisions WHERE guid = $1 ORDER BY number",
        )
        .bind(guid.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(NumberedText {
                    number: row.try_get("number")?,
                    text: Text {
                        title: row.try_get("title")?,
                        lead: row.try_get("lead")?,
                        body: row.try_get("body")?,
                    },
                })
            })
            .collect()
    }

    /// Removes texts of a release for good: those of some revisions, and the current one where `current` says so; all,
    /// with its copies', and for ever, where `revisions` is none. Texts with one of `hashes` are never stored again.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn redact(
        &self,
        guid: Guid,
        revisions: Option<&[i64]>,
        current: bool,
        hashes: &[i64],
        at: DateTime<Utc>,
    ) -> Result<()> {
        let id = guid.to_string();
        let mut tx = self.begin().await?;
        for hash in hashes {
            sqlx::query("INSERT INTO redactions (guid, hash, at) VALUES ($1, $2, $3) ON CONFLICT (guid, hash) DO NOTHING")
                .bind(&id)
                .bind(*hash)
                .bind(at.timestamp())
                .execute(&mut *tx)
                .await?;
        }
        let whole = [
            "UPDATE revisions SET lead = NULL, body = NULL WHERE guid = $1",
            "UPDATE merges SET lead = NULL, body = NULL WHERE guid = $1",
            // What the ways in said of it holds the lead; nothing that they say is taken in any more.
            "UPDATE addresses SET page_due = NULL, feed_seen = NULL, listing_seen = NULL WHERE guid = $1",
        ];
        for sql in whole.iter().filter(|_| revisions.is_none()) {
            sqlx::query(*sql).bind(&id).execute(&mut *tx).await?;
        }
        for number in revisions.unwrap_or_default() {
            sqlx::query(
                "UPDATE revisions SET lead = NULL, body = NULL WHERE guid = $1 AND number = $2",
            )
            .bind(&id)
            .bind(*number)
            .execute(&mut *tx)
            .await?;
        }
        if current || revisions.is_none() {
            let extent = match revisions {
                None => REDACTED_WHOLE,
                Some(_) => REDACTED_CURRENT,
            };
            sqlx::query("UPDATE releases SET lead = NULL, body = NULL, redacted = $1, updated = $2 WHERE guid = $3")
                .bind(extent)
                .bind(at.timestamp())
                .bind(&id)
                .execute(&mut *tx)
                .await?;
            sqlx::query("DELETE FROM sketches WHERE guid = $1")
                .bind(&id)
                .execute(&mut *tx)
                .await?;
            hide_sentences(&mut tx, &id).await?;
        }
        bump(&mut tx).await?;
        tx.commit().await?;
        // The journal holds what the pages no longer do.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The release whose text with this hash was removed.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn redacted_from(&self, hash: i64) -> Result<Option<Guid>> {
        let row = sqlx::query("SELECT guid FROM redactions WHERE hash = $1 LIMIT 1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| guid_in(&row)).transpose()
    }

    /// Whether no text of a release may ever be stored again.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn is_redacted_whole(&self, guid: Guid) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM releases WHERE guid = $1 AND redacted = $2")
            .bind(guid.to_string())
            .bind(REDACTED_WHOLE)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }
}

/// The phrases that a topic was given for may stay; the sentences around them are the text's.
async fn hide_sentences(tx: &mut Tx, guid: &str) -> Result<()> {
    let rows = sqlx::query("SELECT topic, evidence FROM tags WHERE guid = $1")
        .bind(guid)
        .fetch_all(&mut **tx)
        .await?;
    for row in rows {
        let mut evidence: Vec<Evidence> =
            json_in(&row.try_get::<String, _>("evidence")?, "evidence")?;
        evidence.iter_mut().for_each(|one| one.sentence.clear());
        sqlx::query("UPDATE tags SET evidence = $1 WHERE guid = $2 AND topic = $3")
            .bind(json_of(&evidence, "evidence")?)
            .bind(guid)
            .bind(row.try_get::<String, _>("topic")?)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
