//! Leases: one process at a time asks the newsroom, and one at a time tells the hub. Rows with an expiry, so that a killed
//! holder blocks nobody for long.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AnyConnection, Row};
use tokio::time::Instant;

use super::place::Place;
use super::{Error, Result, Store, postgres, process, time_in};
use crate::clock::Clock;

/// How long a lease lasts unless it is renewed, so that another goes on within a minute; a holder that is seen to be gone
/// loses it at once.
const LENGTH: TimeDelta = TimeDelta::seconds(50);
const FETCH: &str = "fetch";
const HUB: &str = "hub";
/// How often one that waits for the lease asks for it.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// What giving it back may take when the process is to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The right to ask the newsroom, or to tell the hub, until it is released or expires.
#[derive(Debug)]
pub struct Lease {
    store: Store,
    name: &'static str,
    holder: String,
    renewed: Mutex<Instant>,
}

impl Store {
    /// Takes the fetch lease for a purpose, as in `a cycle`. Within one process all that fetches shares one lease, so what
    /// this process holds already is left over from work that failed, and is taken again.
    ///
    /// # Errors
    /// [`Error::Leased`] with its holder when it is taken, [`Error::Sql`].
    pub async fn lease(&self, purpose: &str, now: DateTime<Utc>) -> Result<Lease> {
        self.take_lease(FETCH, purpose, now).await
    }

    /// Takes the right to tell the hub of what has changed.
    ///
    /// # Errors
    /// As [`Store::lease`].
    pub async fn hub_lease(&self, now: DateTime<Utc>) -> Result<Lease> {
        self.take_lease(HUB, "telling the hub", now).await
    }

    async fn take_lease(
        &self,
        name: &'static str,
        purpose: &str,
        now: DateTime<Utc>,
    ) -> Result<Lease> {
        let holder = process::this();
        let mut connection = self.pool.acquire().await?;
        let asked = self.lease_time(&mut connection, now).await?;
        // Who waits for it asks often, and keeps no writer waiting meanwhile.
        let _ = before(&mut connection, name, &holder, asked).await?;
        drop(connection);
        let mut tx = self.begin().await?;
        let now = self.lease_time(&mut tx, now).await?;
        let before = before(&mut tx, name, &holder, now).await?;
        // Whoever was read above must have left it as it was: one that wakes up renews it without the store's lock.
        let taken = sqlx::query(
            "INSERT INTO leases (name, holder, purpose, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET holder = $2, purpose = $3, expires_at = $4
             WHERE leases.holder = $5 AND leases.expires_at = $6",
        )
        .bind(name)
        .bind(&holder)
        .bind(purpose)
        .bind((now + LENGTH).timestamp())
        .bind(before.as_ref().map_or("", |(holder, _)| holder))
        .bind(before.as_ref().map_or(0, |(_, until)| until.timestamp()))
        .execute(&mut *tx)
        .await?;
        if taken.rows_affected() == 0 {
            return Err(Error::Leased {
                holder: "another process".to_owned(),
                purpose: purpose.to_owned(),
                until: now + LENGTH,
            });
        }
        tx.commit().await?;
        Ok(Lease {
            store: self.clone(),
            name,
            holder,
            renewed: Mutex::new(Instant::now()),
        })
    }
}

/// Who had the lease before and until when, if it is free for `holder` now.
async fn before(
    connection: &mut AnyConnection,
    name: &str,
    holder: &str,
    now: DateTime<Utc>,
) -> Result<Option<(String, DateTime<Utc>)>> {
    let held = sqlx::query("SELECT holder, purpose, expires_at FROM leases WHERE name = $1")
        .bind(name)
        .fetch_optional(connection)
        .await?;
    let Some(row) = held else { return Ok(None) };
    let until = time_in(&row, "expires_at")?;
    let other: String = row.try_get("holder")?;
    // One that ends far later than any lease lasts is from a clock that was set back since. Who waits for the store's lock has
    // an old `now` meanwhile.
    let holds = until > now && until <= now + LENGTH * 2;
    if holds && other != holder && !process::is_gone(&other) {
        return Err(Error::Leased {
            holder: process::name(&other),
            purpose: row.try_get("purpose")?,
            until,
        });
    }
    Ok(Some((other, until)))
}

impl Store {
    /// The time by which leases end: those who share a server go by its clock, as theirs may differ.
    async fn lease_time(
        &self,
        connection: &mut AnyConnection,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>> {
        match self.place {
            Place::File(_) => Ok(now),
            Place::Server => postgres::now(connection).await,
        }
    }

    /// Takes the fetch lease as soon as it is free, waiting as long as `patience` lasts.
    ///
    /// # Errors
    /// As [`Store::lease`], when patience has run out.
    pub async fn lease_within(
        &self,
        purpose: &str,
        patience: Duration,
        clock: &Clock,
    ) -> Result<Lease> {
        let started = Instant::now();
        loop {
            match self.lease(purpose, clock.now()).await {
                Err(Error::Leased { .. }) if started.elapsed() < patience => {
                    tokio::time::sleep(ASK_EVERY).await;
                }
                done => return done,
            }
        }
    }

    /// Gives back whatever lease this process holds, when its work was dropped. Another process may hold the store's
    /// lock for long: then the lease is left behind, and ends by itself.
    pub async fn release_leases(&self) {
        let release = sqlx::query("DELETE FROM leases WHERE holder = $1")
            .bind(process::this())
            .execute(&self.pool);
        match tokio::time::timeout(LAST_WORDS, release).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the fetch lease could not be given back"),
            Err(_) => tracing::warn!("the fetch lease could not be given back in time"),
        }
    }
}

impl Lease {
    /// Keeps the lease for another while; gives whether it is still ours.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn renew(&self, now: DateTime<Utc>) -> Result<bool> {
        let mut connection = self.store.pool.acquire().await?;
        let now = self.store.lease_time(&mut connection, now).await?;
        let done = sqlx::query("UPDATE leases SET expires_at = $1 WHERE name = $2 AND holder = $3")
            .bind((now + LENGTH).timestamp())
            .bind(self.name)
            .bind(&self.holder)
            .execute(&mut *connection)
            .await?;
        *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(done.rows_affected() == 1)
    }

    /// How long ago it was taken or renewed.
    pub fn unrenewed_for(&self) -> Duration {
        let renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.elapsed()
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn release(self) -> Result<()> {
        sqlx::query("DELETE FROM leases WHERE name = $1 AND holder = $2")
            .bind(self.name)
            .bind(&self.holder)
            .execute(&self.store.pool)
            .await?;
        Ok(())
    }
}
