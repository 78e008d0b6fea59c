//! A person's words on the topics of releases, which outlive every run of the rules.

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Row};

use super::{Result, Store, Tx, guid_in, time_in};
use crate::release::Guid;
use crate::topics::Correction;

/// A person's word on a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// The release has it.
    Give,
    /// The release does not have it.
    Take,
    /// The rules decide again.
    Unsay,
}

impl Store {
    /// A person's word on a release and on what is part of it: on a topic, the first counts.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn corrections(&self, guid: Guid) -> Result<Vec<Correction>> {
        corrections_of(&mut *self.pool.acquire().await?, guid).await
    }

    /// The shown releases on whose topics a person has spoken, in the order in which they were stored.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn corrected(&self) -> Result<Vec<Guid>> {
        let rows = sqlx::query(
            "SELECT s.guid FROM releases s WHERE s.merged_into IS NULL AND EXISTS
             (SELECT 1 FROM corrections c JOIN releases r ON r.guid = c.guid
              WHERE COALESCE(r.merged_into, r.guid) = s.guid) ORDER BY s.number",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(guid_in).collect()
    }
}

pub(super) async fn correct(
    tx: &mut Tx,
    guid: Guid,
    topic: &str,
    word: Word,
    at: DateTime<Utc>,
) -> Result<()> {
    let wanted = match word {
        Word::Give => 1_i64,
        Word::Take => 0,
        Word::Unsay => {
            sqlx::query(
                "DELETE FROM corrections WHERE topic = $1 AND
                 (guid = $2 OR guid IN (SELECT guid FROM releases WHERE merged_into = $2))",
            )
            .bind(topic)
            .bind(guid.to_string())
            .execute(&mut **tx)
            .await?;
            return Ok(());
        }
    };
    sqlx::query(
        "INSERT INTO corrections (guid, topic, wanted, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (guid, topic) DO UPDATE SET wanted = excluded.wanted, at = excluded.at",
    )
    .bind(guid.to_string())
    .bind(topic)
    .bind(wanted)
    .bind(at.timestamp())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The word on a release itself counts before that on its parts, and the later before the earlier.
const CORRECTIONS: &str = "SELECT c.topic, c.wanted, c.at FROM corrections c
    WHERE c.guid = $1 OR c.guid IN (SELECT guid FROM releases WHERE merged_into = $1)
    ORDER BY CASE WHEN c.guid = $1 THEN 0 ELSE 1 END, c.at DESC, c.guid, c.topic";

pub(super) async fn corrections_of(
    connection: &mut AnyConnection,
    guid: Guid,
) -> Result<Vec<Correction>> {
    let rows = sqlx::query(CORRECTIONS)
        .bind(guid.to_string())
        .fetch_all(connection)
        .await?;
    let mut corrections: Vec<Correction> = Vec::new();
    for row in &rows {
        let topic: String = row.try_get("topic")?;
        if corrections.iter().all(|one| one.topic != topic) {
            corrections.push(Correction {
                topic,
                wanted: row.try_get::<i64, _>("wanted")? == 1,
                at: time_in(row, "at")?,
            });
        }
    }
    Ok(corrections)
}
