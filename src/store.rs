//! The store: SQL on SQLite through sqlx's `AnyPool`, written so that PostgreSQL would understand it.
//!
//! Several processes may use one store. A writer takes SQLite's write lock before it reads (`BEGIN IMMEDIATE`), since a
//! read that turns into a write fails at once when somebody else wrote in between. Whatever changes what is shown
//! raises the change counter in the same transaction, and the daemon looks at the counter each second.

mod documents;
mod episodes;
mod error;
mod feeds;
mod history;
mod holds;
mod ingest;
mod layouts;
mod lease;
mod lookup;
mod merges;
mod migrations;
mod ownership;
mod pages;
mod process;
mod progress;
mod read;
mod records;
mod redactions;
mod related;
mod shown;
mod sketches;
mod sqlite;
mod tags;
mod web;
mod withdrawals;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Row, Transaction};

use crate::release::{DatedText, Guid, Text};

pub use episodes::Episode;
pub use error::Error;
pub use feeds::{Record, Selection};
pub use holds::{BackOff, LONGEST_HOLD};
pub use ingest::{Derived, NewAddress, NewRevision, Way};
pub use lease::Lease;
pub use lookup::Address;
pub use merges::{Folding, Freeing, Left, MergedCopy, StoredCopy};
pub use pages::Due;
pub use progress::{Alarm, Gap, Progress, Trouble};
pub use read::ShownRelease;
pub use records::{Import, Said, Taken};
pub use redactions::{Extent, NumberedText, PartText, Print, Redaction, RemovedLeads};
pub use related::Rulings;
pub use shown::{ALL, FeedChange, REVISIONS};
pub use tags::{Retagged, Word};
pub use web::{Kept, LONGEST_FRESH, Validators, header_text, header_value};

/// Reads need not wait for one another; there is one writer at a time in any case.
const CONNECTIONS: u32 = 4;

/// A connection that is not used for so long is closed: each has a thread, a cache and the tables' description.
const IDLE: Duration = Duration::from_secs(30);

/// How long a daemon that ends may take to leave the store to the next.
const HAND_OVER: Duration = Duration::from_secs(3);

/// The result of the store's work.
pub type Result<T> = std::result::Result<T, Error>;

/// An open store. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    options: AnyConnectOptions,
    file: PathBuf,
    /// How many of a person's words there were when the work began; none where they do not matter.
    ruling: Option<i64>,
}

impl Store {
    /// Opens the store at an address like `sqlite:state/npcc-feeds.db`, makes it if it is not there, and brings its
    /// tables up to date, with a backup of it as it was.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Folder`], [`Error::File`], [`Error::Owner`], [`Error::Open`], [`Error::Newer`],
    /// [`Error::Backup`], [`Error::Migrate`].
    pub async fn open(url: &str) -> Result<Store> {
        sqlx::any::install_default_drivers();
        let file = sqlite::file(url)?;
        sqlite::make(&file)?;
        let failed = |source| Error::Open {
            url: url.to_owned(),
            source,
        };
        let options = AnyConnectOptions::from_str(&sqlite::as_url(&file)).map_err(failed)?;
        // A pool tries again for half a minute, and then tells only that it did: what cannot be opened shows here.
        let mut first = AnyConnection::connect_with(&options)
            .await
            .map_err(failed)?;
        sqlite::prepare(&mut first).await.map_err(failed)?;
        if let Some(version) = migrations::version(&mut first).await?
            && version < migrations::VERSION
        {
            sqlite::back_up(&mut first, &file, version).await?;
        }
        first.close().await.map_err(failed)?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .idle_timeout(IDLE)
            .after_connect(|connection, _| Box::pin(sqlite::prepare(connection)))
            .after_release(|connection, _| {
                Box::pin(async move {
                    // A full disk makes SQLite roll back by itself. sqlx's own rollback then fails, and the connection
                    // would pass for one within a transaction for ever: it is closed instead.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        migrations::run(&pool).await?;
        let store = Store {
            pool,
            options,
            file,
            ruling: None,
        };
        store.make_searchable().await?;
        Ok(store)
    }

    /// How many bytes it takes, without what a journal holds for a moment.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn size(&self) -> Result<i64> {
        sqlite::size(&mut *self.pool.acquire().await?).await
    }

    /// Looks whether the store is damaged; reads all of it.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Sql`].
    pub async fn check(&self) -> Result<()> {
        sqlite::check(&mut *self.pool.acquire().await?).await
    }

    /// Keeps every other daemon from this store as long as what it gives lives. One that is about to end is waited for.
    ///
    /// # Errors
    /// [`Error::Daemon`] when another has it.
    pub async fn keep(&self) -> Result<sqlite::Kept> {
        let until = Instant::now() + HAND_OVER;
        loop {
            match sqlite::keep(&self.file) {
                Err(Error::Daemon { .. }) if Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                kept => return kept,
            }
        }
    }

    /// The backups that were made of the store before its tables became others: they hold what was removed since.
    pub fn backups(&self) -> Vec<PathBuf> {
        sqlite::backups(&self.file)
    }

    /// The same store for a piece of work that no person's word may cross: once somebody has removed, merged or split a
    /// release, its transactions fail with [`Error::Overruled`]. So what was read of a release is not written after a person
    /// has removed it.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn from_now(&self) -> Result<Store> {
        let mut connection = self.pool.acquire().await?;
        Ok(Store {
            ruling: Some(counter(&mut connection, RULING).await?),
            ..self.clone()
        })
    }

    /// The store as it is now, to be read from while others go on writing.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn snapshot(&self) -> Result<Store> {
        // One connection within one transaction, which no rollback of the pool's own ends.
        let pool = AnyPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlite::prepare(connection).await?;
                    sqlx::query("BEGIN").execute(&mut *connection).await?;
                    // SQLite begins with the first thing that is read.
                    sqlx::query("SELECT value FROM counters")
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            .connect_with(self.options.clone())
            .await?;
        Ok(Store {
            pool,
            ..self.clone()
        })
    }

    /// The change counter: higher than before when anything that is shown has changed.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn change(&self) -> Result<i64> {
        let mut connection = self.pool.acquire().await?;
        counter(&mut connection, CHANGE).await
    }

    /// Closes the connections, so that the journal is folded into the database.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn begin(&self) -> Result<Tx> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(ruling) = self.ruling
            && counter(&mut tx, RULING).await? != ruling
        {
            return Err(Error::Overruled);
        }
        Ok(tx)
    }
}

type Tx = Transaction<'static, Any>;

/// Goes up with every transaction that changes what is shown.
const CHANGE: &str = "change";
/// Goes up with every release that is stored.
const RELEASE: &str = "release";
/// Goes up when a person removes, merges or splits.
const RULING: &str = "ruling";

/// Raises the change counter within a transaction and gives its new value.
async fn bump(tx: &mut Tx) -> Result<i64> {
    raise(tx, CHANGE).await
}

/// Raises a counter within a transaction and gives its new value.
async fn raise(tx: &mut Tx, name: &str) -> Result<i64> {
    sqlx::query("UPDATE counters SET value = value + 1 WHERE name = $1")
        .bind(name)
        .execute(&mut **tx)
        .await?;
    counter(tx, name).await
}

async fn counter(connection: &mut AnyConnection, name: &str) -> Result<i64> {
    let row = sqlx::query("SELECT value FROM counters WHERE name = $1")
        .bind(name)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
}

fn instant(seconds: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| Error::Row {
        what: "a time",
        why: format!("{seconds} is out of range"),
    })
}

fn time_in(row: &AnyRow, column: &str) -> Result<DateTime<Utc>> {
    instant(row.try_get(column)?)
}

fn optional_time_in(row: &AnyRow, column: &str) -> Result<Option<DateTime<Utc>>> {
    row.try_get::<Option<i64>, _>(column)?
        .map(instant)
        .transpose()
}

fn json_in<T: serde::de::DeserializeOwned>(text: &str, what: &'static str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Error::Row {
        what,
        why: error.to_string(),
    })
}

fn json_of<T: serde::Serialize>(value: &T, what: &'static str) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Row {
        what,
        why: error.to_string(),
    })
}

fn guid_in(row: &AnyRow) -> Result<Guid> {
    guid_of(&row.try_get::<String, _>("guid")?)
}

fn guid_of(text: &str) -> Result<Guid> {
    text.parse().map_err(|error: uuid::Error| Error::Row {
        what: "a guid",
        why: error.to_string(),
    })
}

fn dated_text_in(row: &AnyRow) -> Result<DatedText> {
    Ok(DatedText {
        text: Text {
            title: row.try_get("title")?,
            lead: row.try_get("lead")?,
            body: row.try_get("body")?,
        },
        published: time_in(row, "published")?,
    })
}

/// `$first, $first+1, …` for `count` values.
fn placeholders(first: usize, count: usize) -> String {
    let all: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests;
