//! What is the matter with a source, as far as somebody is told: once when it begins, and once when it is over.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Row};

use super::{Alarm, Result, Store, optional_time_in, time_in};

/// What has been well for so long is over: one good cycle among bad ones is no all-clear.
const OVER_AFTER: TimeDelta = TimeDelta::hours(1);
/// Whoever is about to tell has done it by then, or is tried again.
const TOLD_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// Who is told. Each is told for itself: one that does not hear keeps nothing from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// The command of `[alarm]`.
    Command,
    /// The webhook of `[alarm]`.
    Webhook,
}

impl Receiver {
    fn name(self) -> &'static str {
        match self {
            Receiver::Command => "command",
            Receiver::Webhook => "webhook",
        }
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that a receiver has to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// The source's id.
    pub source: String,
    /// What kind of trouble it is.
    pub kind: String,
    /// Who is told.
    pub receiver: Receiver,
    /// What is the matter, and what to do.
    pub text: String,
    /// When it began.
    pub began: DateTime<Utc>,
    /// When it was over; none where its beginning is told, which is told even when it is over by then.
    pub ended: Option<DateTime<Utc>>,
}

impl Store {
    /// Notes what is the matter with a source now, for these receivers.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn note_episodes(
        &self,
        source: &str,
        alarms: &[Alarm],
        receivers: &[Receiver],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        for receiver in receivers {
            note(&mut tx, source, alarms, *receiver, now).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The next thing that has to be told to a receiver, to one caller alone: whoever gets it tells it and says so with
    /// [`Store::episode_told`]. What somebody has begun to tell shortly before `since`, or after it, is nobody else's yet.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn take_episode(
        &self,
        receiver: Receiver,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Episode>> {
        // As nearly always there is none, and nobody has to wait for the store's lock.
        if next(&self.pool, receiver, since, now).await?.is_none() {
            return Ok(None);
        }
        let mut tx = self.begin().await?;
        let episode = next(&mut *tx, receiver, since, now).await?;
        if let Some(episode) = &episode {
            sqlx::query(
                "UPDATE episodes SET telling_at = $1 WHERE source = $2 AND kind = $3 AND receiver = $4",
            )
            .bind(now.timestamp())
            .bind(&episode.source)
            .bind(&episode.kind)
            .bind(receiver.name())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(episode)
    }

    /// Forgets what a receiver was told that is none any more: if it comes back, it hears of all that is the matter then.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn forget_receiver(&self, receiver: Receiver) -> Result<()> {
        sqlx::query("DELETE FROM episodes WHERE receiver = $1")
            .bind(receiver.name())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// An episode's beginning, or its end, has been told.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn episode_told(&self, episode: &Episode) -> Result<()> {
        let sql = match episode.ended {
            None => {
                "UPDATE episodes SET is_told = 1, telling_at = NULL WHERE source = $1 AND kind = $2 AND receiver = $3"
            }
            Some(_) => "DELETE FROM episodes WHERE source = $1 AND kind = $2 AND receiver = $3",
        };
        let mut tx = self.begin().await?;
        sqlx::query(sql)
            .bind(&episode.source)
            .bind(&episode.kind)
            .bind(episode.receiver.name())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn note(
    tx: &mut sqlx::AnyConnection,
    source: &str,
    alarms: &[Alarm],
    receiver: Receiver,
    now: DateTime<Utc>,
) -> Result<()> {
    let rows =
        sqlx::query("SELECT kind, ended_at FROM episodes WHERE source = $1 AND receiver = $2")
            .bind(source)
            .bind(receiver.name())
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
                "UPDATE episodes SET ended_at = NULL WHERE source = $1 AND kind = $2 AND receiver = $3",
            )
            .bind(source)
            .bind(&alarm.kind)
            .bind(receiver.name()),
            // Of one kind there may be several; the first tells of it.
            None => sqlx::query(
                "INSERT INTO episodes (source, kind, receiver, text, began_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (source, kind, receiver) DO NOTHING",
            )
            .bind(source)
            .bind(&alarm.kind)
            .bind(receiver.name())
            .bind(&alarm.text)
            .bind(now.timestamp()),
        };
        change.execute(&mut *tx).await?;
    }
    let over = before.into_iter().filter(|(_, ended)| ended.is_none());
    for (kind, _) in over {
        sqlx::query(
            "UPDATE episodes SET ended_at = $1 WHERE source = $2 AND kind = $3 AND receiver = $4",
        )
        .bind(now.timestamp())
        .bind(source)
        .bind(&kind)
        .bind(receiver.name())
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

async fn next(
    store: impl Executor<'_, Database = Any>,
    receiver: Receiver,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<Episode>> {
    let row = sqlx::query(
        "SELECT source, kind, text, began_at, ended_at, is_told FROM episodes
         WHERE receiver = $1 AND (is_told = 0 OR ended_at <= $2)
         AND (telling_at IS NULL OR telling_at <= $3 OR telling_at > $4)
         ORDER BY began_at, source, kind LIMIT 1",
    )
    .bind(receiver.name())
    .bind((now - OVER_AFTER).timestamp())
    .bind((since - TOLD_WITHIN).timestamp())
    // A clock that was set back since; those of several daemons differ by less.
    .bind((now + TOLD_WITHIN).timestamp())
    .fetch_optional(store)
    .await?;
    row.map(|row| episode_in(&row, receiver)).transpose()
}

fn episode_in(row: &AnyRow, receiver: Receiver) -> Result<Episode> {
    let is_told = row.try_get::<i64, _>("is_told")? != 0;
    let ended = optional_time_in(row, "ended_at")?;
    Ok(Episode {
        source: row.try_get("source")?,
        kind: row.try_get("kind")?,
        receiver,
        text: row.try_get("text")?,
        began: time_in(row, "began_at")?,
        ended: ended.filter(|_| is_told),
    })
}
