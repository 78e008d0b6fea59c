//! What is kept about addresses on the web: validators, holds, robots.txt, and when an origin was last asked.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;

use super::{Result, Store, optional_time_in, time_in};

/// What a server gave us to ask again conditionally (RFC 9110, 8.8), byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// Longer than this nothing is held, whatever a server asks for: what the store has beyond it is from a clock that was
/// wrong.
pub const LONGEST_HOLD: TimeDelta = TimeDelta::hours(24);

impl Store {
    /// The validators of an address, if what they came with was read by the same rules.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn validators(&self, url: &str, rules: i64) -> Result<Validators> {
        let row =
            sqlx::query("SELECT etag, last_modified FROM validators WHERE url = $1 AND rules = $2")
                .bind(url)
                .bind(rules)
                .fetch_optional(&self.pool)
                .await?;
        match row {
            Some(row) => Ok(Validators {
                etag: row.try_get("etag")?,
                last_modified: row.try_get("last_modified")?,
            }),
            None => Ok(Validators::default()),
        }
    }

    /// Keeps the validators of an address. Only to be called when what they cover is stored.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn keep_validators(
        &self,
        url: &str,
        rules: i64,
        validators: &Validators,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO validators (url, rules, etag, last_modified) VALUES ($1, $2, $3, $4)
             ON CONFLICT (url) DO UPDATE SET rules = $2, etag = $3, last_modified = $4",
        )
        .bind(url)
        .bind(rules)
        .bind(validators.etag.as_deref())
        .bind(validators.last_modified.as_deref())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// When an origin was last asked, in milliseconds since the epoch.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn last_request_ms(&self, origin: &str) -> Result<i64> {
        let row = sqlx::query("SELECT last_request_ms FROM origins WHERE origin = $1")
            .bind(origin)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
    }

    /// Notes a request to an origin.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn asked(&self, origin: &str, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO origins (origin, last_request_ms) VALUES ($1, $2)
             ON CONFLICT (origin) DO UPDATE SET last_request_ms = $2",
        )
        .bind(origin)
        .bind(at.timestamp_millis())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// An origin's robots.txt and when it was read; an empty text allows everything.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn robots(&self, origin: &str) -> Result<Option<(String, DateTime<Utc>)>> {
        let row = sqlx::query("SELECT robots, robots_at FROM origins WHERE origin = $1")
            .bind(origin)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let text: Option<String> = row.try_get("robots")?;
        Ok(text.zip(optional_time_in(&row, "robots_at")?))
    }

    /// Keeps an origin's robots.txt.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn keep_robots(&self, origin: &str, text: &str, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO origins (origin, robots, robots_at) VALUES ($1, $2, $3)
             ON CONFLICT (origin) DO UPDATE SET robots = $2, robots_at = $3",
        )
        .bind(origin)
        .bind(text)
        .bind(at.timestamp())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Until when an origin or an address is not to be asked, and why.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn hold(
        &self,
        origin: &str,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(DateTime<Utc>, String)>> {
        let row = sqlx::query(
            "SELECT until, reason FROM holds WHERE address IN ($1, $2) AND until > $3 AND until <= $4
             ORDER BY until DESC LIMIT 1",
        )
        .bind(origin)
        .bind(address)
        .bind(now.timestamp())
        .bind((now + LONGEST_HOLD).timestamp() + 1)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((time_in(&row, "until")?, row.try_get("reason")?)))
    }

    /// Holds an origin or an address until a time.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn keep_hold(&self, address: &str, until: DateTime<Utc>, reason: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO holds (address, until, reason) VALUES ($1, $2, $3)
             ON CONFLICT (address) DO UPDATE SET until = $2, reason = $3",
        )
        .bind(address)
        // The second that has begun is waited for to its end.
        .bind(until.timestamp() + 1)
        .bind(reason)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

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
}
