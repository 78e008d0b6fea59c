//! What is the matter with a source, as far as somebody is told: once when it begins, and once when it is over.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::{Alarm, Result, Store, optional_time_in, time_in};

/// What has been well for so long is over: one good cycle among bad ones is no all-clear.
const OVER_AFTER: TimeDelta = TimeDelta::hours(1);
/// Whoever is about to tell has done it by then, or is tried again.
const TOLD_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// Something that somebody has to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// The source's id.
    pub source: String,
    /// What kind of trouble it is.
    pub kind: String,
    /// What is the matter, and what to do.
    pub text: String,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it was over; none while it lasts.
    pub ended: Option<DateTime<Utc>>,
}

impl Store {
    /// Notes what is the matter with a source now.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn note_episodes(
        &self,
        source: &str,
        alarms: &[Alarm],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let rows = sqlx::query("SELECT kind, ended_at FROM episodes WHERE source = $1")
            .bind(source)
            .fetch_all(&mut *tx)
            .await?;
        let mut before = HashMap::new();
        for row in &rows {
            let ended = optional_time_in(row, "ended_at")?;
            before.insert(row.try_get::<String, _>("kind")?, ended);
        }
        for alarm in alarms {
            let change = match before.remove(&alarm.kind) {
                Some(None) => continue,
                Some(Some(_)) => sqlx::query(
                    "UPDATE episodes SET ended_at = NULL WHERE source = $1 AND kind = $2",
                )
                .bind(source)
                .bind(&alarm.kind),
                // Of one kind there may be several; the first tells of it.
                None => sqlx::query(
                    "INSERT INTO episodes (source, kind, text, began_at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (source, kind) DO NOTHING",
                )
                .bind(source)
                .bind(&alarm.kind)
                .bind(&alarm.text)
                .bind(now.timestamp()),
            };
            change.execute(&mut *tx).await?;
        }
        let over = before.into_iter().filter(|(_, ended)| ended.is_none());
        for (kind, _) in over {
            sqlx::query("UPDATE episodes SET ended_at = $1 WHERE source = $2 AND kind = $3")
                .bind(now.timestamp())
                .bind(source)
                .bind(&kind)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// What has to be told now, each to one caller alone: whoever gets it tells it and says so with [`Store::episode_told`].
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn take_episodes(&self, now: DateTime<Utc>) -> Result<Vec<Episode>> {
        let any = sqlx::query("SELECT 1 FROM episodes LIMIT 1");
        if any.fetch_optional(&self.pool).await?.is_none() {
            // As nearly always; nobody has to wait for the store's lock.
            return Ok(Vec::new());
        }
        let over = (now - OVER_AFTER).timestamp();
        let mut tx = self.begin().await?;
        // What was over before anybody heard of it is nobody's business.
        sqlx::query("DELETE FROM episodes WHERE is_told = 0 AND ended_at <= $1")
            .bind(over)
            .execute(&mut *tx)
            .await?;
        let rows = sqlx::query(
            "SELECT source, kind, text, began_at, ended_at FROM episodes
             WHERE ((is_told = 0 AND ended_at IS NULL) OR (is_told = 1 AND ended_at <= $1))
             AND (telling_at IS NULL OR telling_at <= $2 OR telling_at > $3) ORDER BY began_at, source, kind",
        )
        .bind(over)
        .bind((now - TOLD_WITHIN).timestamp())
        // A clock that was set back since.
        .bind(now.timestamp())
        .fetch_all(&mut *tx)
        .await?;
        let episodes = rows.iter().map(episode_in).collect::<Result<Vec<_>>>()?;
        for episode in &episodes {
            sqlx::query("UPDATE episodes SET telling_at = $1 WHERE source = $2 AND kind = $3")
                .bind(now.timestamp())
                .bind(&episode.source)
                .bind(&episode.kind)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(episodes)
    }

    /// An episode's beginning, or its end, has been told.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn episode_told(&self, episode: &Episode) -> Result<()> {
        let sql = match episode.ended {
            None => {
                "UPDATE episodes SET is_told = 1, telling_at = NULL WHERE source = $1 AND kind = $2"
            }
            Some(_) => "DELETE FROM episodes WHERE source = $1 AND kind = $2",
        };
        let mut tx = self.begin().await?;
        sqlx::query(sql)
            .bind(&episode.source)
            .bind(&episode.kind)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn episode_in(row: &AnyRow) -> Result<Episode> {
    Ok(Episode {
        source: row.try_get("source")?,
        kind: row.try_get("kind")?,
        text: row.try_get("text")?,
        began: time_in(row, "began_at")?,
        ended: optional_time_in(row, "ended_at")?,
    })
}
