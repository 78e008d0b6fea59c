//! The store: SQL through sqlx's `AnyPool`, in a file of SQLite or on a PostgreSQL server, whose statements are the same.
//!
//! Several processes may use one store, on a server also from several machines. A writer takes the store's write lock before
//! it reads: what it read would not be so any more where somebody else wrote in between. Whatever changes what is shown raises
//! the change counter in the same transaction, and the daemon looks at the counter each second.

mod corrections;
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
mod place;
mod postgres;
mod process;
mod progress;
mod read;
mod records;
mod redactions;
mod related;
mod rules;
mod shown;
mod sketches;
mod sqlite;
mod tags;
mod web;
mod withdrawals;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Row, Transaction};

use crate::release::{DatedText, Guid, Text};
use place::Place;

pub use corrections::Word;
pub use episodes::{Episode, Receiver};
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
pub use sqlite::DaemonLock;
pub use tags::Retagged;
pub use web::{Kept, LONGEST_FRESH, Validators, header_text, header_value};

/// Reads need not wait for one another; there is one writer at a time in any case.
const CONNECTIONS: u32 = 4;

/// A connection that is not used for so long is closed: each has a thread, a cache and the tables' description.
const IDLE: Duration = Duration::from_secs(30);

/// How long a server may take to answer whoever connects first.
const LONGEST_CONNECT: Duration = Duration::from_secs(20);

/// How long a daemon that ends may take to leave the store to the next.
const HAND_OVER: Duration = Duration::from_secs(3);

/// The result of the store's work.
pub type Result<T> = std::result::Result<T, Error>;

/// An open store. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    options: AnyConnectOptions,
    place: Place,
    /// How many of a person's words there were when the work began; none where they do not matter.
    ruling: Option<i64>,
}

impl Store {
    /// Opens the store at an address like `sqlite:state/npcc-feeds.db` or `postgres://user@host/database`, makes it if it is
    /// not there, and brings its tables up to date. Of a file there is a backup before that as it was.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Folder`], [`Error::File`], [`Error::Owner`], [`Error::Open`], [`Error::Foreign`], [`Error::Newer`],
    /// [`Error::Damaged`], [`Error::Backup`], [`Error::Migrate`], [`Error::Silent`].
    pub async fn open(url: &str) -> Result<Store> {
        sqlx::any::install_default_drivers();
        let (place, options) = Place::of(url)?;
        let shown = match &place {
            Place::File(_) => url.to_owned(),
            Place::Server => postgres::shown(url),
        };
        let failed = |source| Error::at_opening(shown.clone(), source);
        // A pool tries again for half a minute, and then tells only that it did: what cannot be opened shows here. A machine that is
        // gone, and a server that hangs, do not answer at all.
        let patience = match place {
            Place::File(_) => Duration::MAX,
            Place::Server => LONGEST_CONNECT,
        };
        let first = AnyConnection::connect_with(&options);
        let mut first = tokio::time::timeout(patience, first)
            .await
            .map_err(|_| Error::Silent { url: shown.clone() })?
            .map_err(failed)?;
        let opened = Store::open_after(&mut first, place, options, &failed).await;
        match &opened {
            Ok(_) => first.close().await.map_err(failed)?,
            Err(error) if error.is_of_the_file() => leave_open(first),
            Err(_) => {}
        }
        opened
    }

    async fn open_after(
        first: &mut AnyConnection,
        place: Place,
        options: AnyConnectOptions,
        failed: &impl Fn(sqlx::Error) -> Error,
    ) -> Result<Store> {
        if let Place::File(file) = &place
            && sqlite::is_foreign(first).await.map_err(failed)?
        {
            return Err(Error::Foreign { path: file.clone() });
        }
        place.prepare(first).await.map_err(failed)?;
        bring_up_to_date(first, &place, &options).await?;
        let (preparing, cleaning) = (place.clone(), place.clone());
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .idle_timeout(IDLE)
            .after_connect(move |connection, _| {
                let place = preparing.clone();
                Box::pin(async move { place.prepare(connection).await })
            })
            .after_release(move |connection, _| {
                let place = cleaning.clone();
                Box::pin(async move { place.clean(connection).await })
            })
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        let store = Store {
            pool,
            options,
            place,
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
        let connection = &mut *self.pool.acquire().await?;
        match self.place {
            Place::File(_) => sqlite::size(connection).await,
            Place::Server => postgres::size(connection).await,
        }
    }

    /// Looks whether the store's file is damaged; reads all of it. A server looks after its files itself. A journal beside a
    /// file that is damaged stays as it is from now on, until the process ends.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Sql`].
    pub async fn check(&self) -> Result<()> {
        if self.place == Place::Server {
            return Ok(());
        }
        let mut connection = self.pool.acquire().await?;
        let found = sqlite::check(&mut connection).await;
        if found.as_ref().is_err_and(Error::is_of_the_file) {
            leave_open(connection.leak());
        }
        found
    }

    /// Keeps every other daemon from this store's file as long as what it gives lives. One that is about to end is waited for.
    /// A store on a server is there to be shared.
    ///
    /// # Errors
    /// [`Error::Daemon`] when another has it.
    pub async fn keep(&self) -> Result<DaemonLock> {
        let Place::File(file) = &self.place else {
            return Ok(DaemonLock { _lock: None });
        };
        let until = Instant::now() + HAND_OVER;
        loop {
            match sqlite::keep(file) {
                Err(Error::Daemon { .. }) if Instant::now() < until => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                kept => return kept,
            }
        }
    }

    /// The backups that were made of the store before its tables became others: they hold what was removed since.
    pub fn backups(&self) -> Vec<PathBuf> {
        match &self.place {
            Place::File(file) => sqlite::backups(file),
            Place::Server => Vec::new(),
        }
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

    /// Whether other daemons may work on it too.
    pub fn is_shared(&self) -> bool {
        self.place == Place::Server
    }

    /// The store as it is now, to be read from while others go on writing.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn snapshot(&self) -> Result<Store> {
        let place = self.place.clone();
        let has_begun = Arc::new(AtomicBool::new(false));
        // One connection within one transaction, which no rollback of the pool's own ends. Where it breaks there is no other:
        // that would show what is there by then.
        let pool = AnyPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let (place, has_begun) = (place.clone(), has_begun.clone());
                Box::pin(async move {
                    if has_begun.load(Ordering::Relaxed) {
                        return Err(sqlx::Error::PoolClosed);
                    }
                    place.prepare(connection).await?;
                    match place {
                        Place::File(_) => {
                            sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
                        }
                        Place::Server => postgres::begin_snapshot(connection).await?,
                    }
                    // What is read is as of the first thing that is read.
                    sqlx::query("SELECT value FROM counters")
                        .execute(connection)
                        .await?;
                    has_begun.store(true, Ordering::Relaxed);
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
        let mut tx = match self.place {
            Place::File(_) => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Place::Server => {
                let mut tx = self.pool.begin_with(postgres::BEGIN).await?;
                postgres::have_alone(&mut tx).await?;
                tx
            }
        };
        if let Some(ruling) = self.ruling
            && counter(&mut tx, RULING).await? != ruling
        {
            return Err(Error::Overruled);
        }
        Ok(tx)
    }
}

/// Leaves a connection to a file that is damaged open until the process ends. The last that is closed would fold the journal into
/// the file (<https://sqlite.org/wal.html>, 2.1), which whoever mends it should find as it was.
fn leave_open(connection: AnyConnection) {
    std::mem::forget(connection);
}

/// Brings the tables up to date, of a file only once there is a backup of it.
async fn bring_up_to_date(
    connection: &mut AnyConnection,
    place: &Place,
    options: &AnyConnectOptions,
) -> Result<()> {
    if migrations::version(connection, place).await? == Some(migrations::VERSION) {
        return Ok(());
    }
    let _alone = match place {
        Place::File(file) => sqlite::upgrade_alone(file).await,
        Place::Server => None,
    };
    // Another may have done it meanwhile.
    let version = migrations::version(connection, place).await?;
    if let (Some(version), Place::File(file)) = (version, place)
        && version < migrations::VERSION
    {
        sqlite::check(connection).await?;
        sqlite::back_up(connection, file, version).await?;
    }
    let pool = AnyPoolOptions::new().max_connections(1);
    let pool = pool.connect_with(options.clone()).await?;
    let done = migrations::run(&pool, place).await;
    // One that failed may hold a lock of the server's until it is closed.
    pool.close().await;
    done
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

#[cfg(test)]
#[allow(dead_code, reason = "the tests of the binary use the rest of it")]
#[path = "../tests/it/store.rs"]
mod test_store;
