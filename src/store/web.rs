//! What is kept about addresses on the web: validators, robots.txt, and when a host was last asked.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderValue;
use sqlx::Row;

use super::{Result, Store, json_in, json_of, optional_time_in};

/// The longest that an answer is taken to be fresh: a default that nobody thought about must not keep news back for days.
pub const LONGEST_FRESH: TimeDelta = TimeDelta::hours(6);

/// What a server gave us to ask again conditionally (RFC 9110, 8.8), byte for byte as [`header_text`] has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What is kept of an answer, beside what it said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The validators.
    pub validators: Validators,
    /// Until when it is fresh.
    pub fresh_until: Option<DateTime<Utc>>,
    /// The freshness that the document itself asks for, as a feed does with `ttl`: 304 has no body to say it again.
    pub ttl: Option<TimeDelta>,
    /// Why parts of the document could not be taken.
    pub broken: Vec<String>,
}

impl Kept {
    /// Whether the document need not be asked for. A freshness beyond all measure is from a clock that was set back.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.fresh_until
            .is_some_and(|until| now < until && until <= now + LONGEST_FRESH)
    }
}

/// A header's bytes as text, each byte a character: they need not be ASCII, nor UTF-8.
pub fn header_text(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// The header that a text was made of.
pub fn header_value(text: &str) -> Option<HeaderValue> {
    let bytes: std::result::Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
    HeaderValue::from_bytes(&bytes.ok()?).ok()
}

impl Store {
    /// What is kept of an address, if it was read by the same rules.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn validators(&self, source: &str, url: &str, rules: i64) -> Result<Kept> {
        let row = sqlx::query(
            "SELECT etag, last_modified, fresh_until, ttl, broken FROM validators
             WHERE source = $1 AND url = $2 AND rules = $3",
        )
        .bind(source)
        .bind(url)
        .bind(rules)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else {
            return Ok(Kept::default());
        };
        Ok(Kept {
            validators: Validators {
                etag: row.try_get("etag")?,
                last_modified: row.try_get("last_modified")?,
            },
            fresh_until: optional_time_in(&row, "fresh_until")?,
            ttl: row
                .try_get::<Option<i64>, _>("ttl")?
                .and_then(TimeDelta::try_seconds),
            broken: json_in(&row.try_get::<String, _>("broken")?, "what was broken")?,
        })
    }

    /// Keeps the validators of an address. Only to be called when what they cover is stored.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn keep_validators(
        &self,
        source: &str,
        url: &str,
        rules: i64,
        kept: &Kept,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO validators (source, url, rules, etag, last_modified, fresh_until, ttl, broken)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (source, url) DO UPDATE
             SET rules = $3, etag = $4, last_modified = $5, fresh_until = $6, ttl = $7, broken = $8",
        )
        .bind(source)
        .bind(url)
        .bind(rules)
        .bind(kept.validators.etag.as_deref())
        .bind(kept.validators.last_modified.as_deref())
        .bind(kept.fresh_until.map(|until| until.timestamp()))
        .bind(kept.ttl.map(|ttl| ttl.num_seconds()))
        .bind(json_of(&kept.broken, "what was broken")?)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes until when what is stored of an address is fresh.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn keep_fresh(
        &self,
        source: &str,
        url: &str,
        until: Option<DateTime<Utc>>,
    ) -> Result<()> {
        sqlx::query("UPDATE validators SET fresh_until = $1 WHERE source = $2 AND url = $3")
            .bind(until.map(|until| until.timestamp()))
            .bind(source)
            .bind(url)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets the validators of an address, so that it is read whole.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn forget_validators(&self, source: &str, url: &str) -> Result<()> {
        sqlx::query("DELETE FROM validators WHERE source = $1 AND url = $2")
            .bind(source)
            .bind(url)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// When a host was last asked, in milliseconds since the epoch.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn last_request_ms(&self, host: &str) -> Result<i64> {
        let row = sqlx::query("SELECT last_request_ms FROM hosts WHERE host = $1")
            .bind(host)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
    }

    /// Notes a request to a host.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn asked(&self, host: &str, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO hosts (host, last_request_ms) VALUES ($1, $2)
             ON CONFLICT (host) DO UPDATE SET last_request_ms = $2",
        )
        .bind(host)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_goes_back_byte_for_byte() {
        for bytes in [&b"\"a b\""[..], b"W/\"caf\xe9\"", "\"\u{20ac}\"".as_bytes()] {
            let value = HeaderValue::from_bytes(bytes).unwrap();
            assert_eq!(header_value(&header_text(&value)), Some(value));
        }
        assert_eq!(header_value("\u{20ac}"), None);
    }
}
