//! The store: SQL on SQLite through sqlx's `AnyPool`, written so that PostgreSQL would understand it.
//!
//! Several processes may use one store. A writer takes SQLite's write lock before it reads (`BEGIN IMMEDIATE`), since a
//! read that turns into a write fails at once when somebody else wrote in between. Whatever changes what is shown
//! raises the change counter in the same transaction, and the daemon looks at the counter each second.

mod documents;
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
mod tags;
mod web;
mod withdrawals;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Row, Transaction};

use crate::release::{DatedText, Guid, Text};

pub use feeds::{Record, Selection};
pub use holds::{BackOff, LONGEST_HOLD};
pub use ingest::{Derived, NewAddress, NewRevision, Way};
pub use lease::Lease;
pub use lookup::Address;
pub use merges::{Folding, Freeing, Left, MergedCopy, StoredCopy};
pub use pages::Due;
pub use progress::{Alarm, Gap, Progress, Trouble};
pub use read::ShownRelease;
pub use records::Import;
pub use redactions::{Extent, NumberedText, PartText, Print, Redaction, RemovedLeads};
pub use related::Rulings;
pub use shown::{ALL, FeedChange, REVISIONS};
pub use tags::{Retagged, Word};
pub use web::{Kept, LONGEST_FRESH, Validators, header_text, header_value};

/// What the store cannot do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the store is none that this program can open.
    #[error(
        "the store's address {url:?} is not understood: write sqlite:PATH, as in sqlite:state/npcc-feeds.db"
    )]
    Url {
        /// The address as configured.
        url: String,
    },
    /// The folder of the store is missing and cannot be made.
    #[error("the store's folder {} cannot be made: {source}; make it, or point [store] url elsewhere", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store cannot be opened.
    #[error(
        "the store {url} cannot be opened: {source}; see that it is a database of this program and may be written"
    )]
    Open {
        /// The address as configured.
        url: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The store's tables cannot be brought up to date.
    #[error("the store's tables cannot be brought up to date: {0}; is it from a newer npcc-feeds?")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The file cannot be made.
    #[error("the store {path} cannot be made: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Root came to a store that is another user's.
    #[error(
        "the store {path} belongs to {owner}, as whom its daemon runs; do this as that user too: sudo -u {owner} npcc-feeds ..."
    )]
    Owner {
        /// The store's file.
        path: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// The database refused.
    #[error("the store failed: {0}")]
    Sql(#[from] sqlx::Error),
    /// A row holds what this program never writes.
    #[error("the store holds {what} that cannot be read: {why}")]
    Row {
        /// What it is.
        what: &'static str,
        /// Why it cannot be read.
        why: String,
    },
    /// What is to be taken into the store is no record of a release.
    #[error("the record {why}")]
    Record {
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else fetches.
    #[error(
        "{purpose} is under way ({holder}); try again when it is done, at the latest after {until}"
    )]
    Leased {
        /// Who holds the lease.
        holder: String,
        /// What for.
        purpose: String,
        /// When it ends unless it is renewed.
        until: DateTime<Utc>,
    },
    /// What was read is not so any more.
    #[error(
        "a text was removed, merged or split in this moment; what was found before does not count any more"
    )]
    Overruled,
}

/// Reads need not wait for one another; there is one writer at a time in any case.
const CONNECTIONS: u32 = 4;

/// A connection that is not used for so long is closed: each has a thread, a cache and the tables' description.
const IDLE: Duration = Duration::from_secs(30);

/// The result of the store's work.
pub type Result<T> = std::result::Result<T, Error>;

/// An open store. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pool: AnyPool,
    options: AnyConnectOptions,
    /// How many of a person's words there were when the work began; none where they do not matter.
    ruling: Option<i64>,
}

impl Store {
    /// Opens the store at an address like `sqlite:state/npcc-feeds.db`, makes it if it is not there, and brings its
    /// tables up to date.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Folder`], [`Error::Open`], [`Error::Migrate`].
    pub async fn open(url: &str) -> Result<Store> {
        sqlx::any::install_default_drivers();
        let path = url
            .strip_prefix("sqlite:")
            .map(|path| path.strip_prefix("//").unwrap_or(path))
            .filter(|path| !path.is_empty())
            .ok_or_else(|| Error::Url {
                url: url.to_owned(),
            })?;
        let file = PathBuf::from(path.split('?').next().unwrap_or(path));
        if let Some(folder) = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|source| Error::Folder {
                path: folder.to_owned(),
                source,
            })?;
        }
        ownership::claim(&file)?;
        let failed = |source| Error::Open {
            url: url.to_owned(),
            source,
        };
        let options = AnyConnectOptions::from_str(&as_url(&file)).map_err(failed)?;
        // A pool tries again for half a minute, and then tells only that it did: what cannot be opened shows here.
        let mut first = AnyConnection::connect_with(&options)
            .await
            .map_err(failed)?;
        prepare(&mut first).await.map_err(failed)?;
        first.close().await.map_err(failed)?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .idle_timeout(IDLE)
            .after_connect(|connection, _| Box::pin(prepare(connection)))
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
            ruling: None,
        };
        store.make_searchable().await?;
        Ok(store)
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
                    prepare(connection).await?;
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

/// The file as a URL, in which sqlx resolves `%` and cuts at `?` and `#`.
fn as_url(file: &Path) -> String {
    let path = file.display().to_string();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite://{path}?mode=rwc")
}

type Tx = Transaction<'static, Any>;

async fn prepare(connection: &mut AnyConnection) -> std::result::Result<(), sqlx::Error> {
    // AnyPool leaves SQLite in delete mode, where readers and the writer wait for each other. With WAL, `normal` could
    // lose the last transactions when the power fails, so every commit is synced.
    for pragma in [
        "PRAGMA busy_timeout = 30000",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        // SQLite keeps 2 MiB for each connection; a page that is read again comes from the system's cache as well.
        "PRAGMA cache_size = -512",
        // What is removed for good must not stay behind in free pages.
        "PRAGMA secure_delete = ON",
    ] {
        sqlx::query(pragma).execute(&mut *connection).await?;
    }
    Ok(())
}

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
