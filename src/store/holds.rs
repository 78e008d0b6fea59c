//! What is not to be asked, and until when: by the server's word, and by our own.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::{Result, Store, time_in};

/// Longer than this nothing is held, whatever a server asks for: what the store has beyond it is from a clock that was
/// wrong.
pub const LONGEST_HOLD: TimeDelta = TimeDelta::hours(24);

/// Why a host or an address is left alone by us, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackOff {
    /// Until when.
    pub until: DateTime<Utc>,
    /// What kind of failure it was.
    pub kind: String,
    /// How it failed.
    pub cause: String,
}

impl BackOff {
    /// The kind of what may be better soon.
    pub const TROUBLE: &str = "trouble";
    /// The kind of what a person has to mend: we are not wanted.
    pub const REFUSAL: &str = "refusal";
    /// The kind of what is gone for good.
    pub const GONE: &str = "gone";
}

impl Store {
    /// Until when a host or an address is not to be asked, and why.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn hold(
        &self,
        host: &str,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(DateTime<Utc>, String)>> {
        let row = self.in_force("holds", host, address, now).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some((time_in(&row, "until")?, row.try_get("reason")?)))
    }

    /// Holds a host or an address until a time.
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

    /// Until when a host or an address is left alone since it failed, and how it failed.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn back_off(
        &self,
        host: &str,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<BackOff>> {
        let row = self.in_force("back_offs", host, address, now).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(BackOff {
            until: time_in(&row, "until")?,
            kind: row.try_get("kind")?,
            cause: row.try_get("cause")?,
        }))
    }

    /// How often in a row a host or an address has failed.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn back_off_failures(&self, address: &str) -> Result<i64> {
        let row = sqlx::query("SELECT failures FROM back_offs WHERE address = $1")
            .bind(address)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
    }

    /// Leaves a host or an address alone until a time.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn keep_back_off(
        &self,
        address: &str,
        failures: i64,
        back_off: &BackOff,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO back_offs (address, until, failures, kind, cause) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (address) DO UPDATE SET until = $2, failures = $3, kind = $4, cause = $5",
        )
        .bind(address)
        .bind(back_off.until.timestamp())
        .bind(failures)
        .bind(&back_off.kind)
        .bind(&back_off.cause)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A host has answered well at an address: what failed there in a row is over, and so are holds that have run out.
    ///
    /// What is in force stays, unless `is_eager`, whom our own back-off did not keep from asking: it was told to somebody
    /// else since this one asked. What would come into force only when the time gets there is from a clock that was wrong.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn end_back_off(
        &self,
        host: &str,
        address: &str,
        now: DateTime<Utc>,
        is_eager: bool,
    ) -> Result<()> {
        for (table, all) in [("back_offs", is_eager), ("holds", false)] {
            let sql = format!(
                "DELETE FROM {table} WHERE address IN ($1, $2) AND ($3 = 1 OR until <= $4 OR until > $5)"
            );
            sqlx::query(AssertSqlSafe(sql))
                .bind(host)
                .bind(address)
                .bind(i64::from(all))
                .bind(now.timestamp())
                .bind(latest(now))
                .execute(&self.pool)
                .await?;
        }
        Ok(())
    }

    /// The row of a host or an address that ends last, of those that are in force.
    async fn in_force(
        &self,
        table: &'static str,
        host: &str,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<AnyRow>> {
        let sql = format!(
            "SELECT * FROM {table} WHERE address IN ($1, $2) AND until > $3 AND until <= $4
             ORDER BY until DESC, address LIMIT 1"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(host)
            .bind(address)
            .bind(now.timestamp())
            .bind(latest(now))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row)
    }
}

/// The latest second that something may be held until.
fn latest(now: DateTime<Utc>) -> i64 {
    // A hold is kept to the end of the second that it was asked in.
    (now + LONGEST_HOLD).timestamp() + 1
}
