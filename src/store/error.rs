//! What the store cannot do, in words that say what to do.

use std::io::ErrorKind;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use sqlx::migrate::MigrateError;

/// What the store cannot do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the store is none that this program can open.
    #[error(
        "the store's address {url:?} is not understood: write sqlite:PATH, as in sqlite:state/npcc-feeds.db, or postgres://USER@HOST/DATABASE"
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
    /// The store's server does not answer.
    #[error(
        "the store {url} does not answer; see that its machine and its server run, and that no firewall is between"
    )]
    Silent {
        /// The address as configured, without a password.
        url: String,
    },
    /// The store's tables cannot be brought up to date.
    #[error("the store's tables cannot be brought up to date: {0}")]
    Migrate(#[from] MigrateError),
    /// The file is another program's database.
    #[error("the store {} is a database of another program, and was left as it is; give this one a file of its own in [store] url", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The store is from a program that knows more than this one.
    #[error(
        "the store is of version {found}, made by a newer npcc-feeds, and this one knows version {known}; it was left as it is: \
         install that npcc-feeds, or point [store] url at the backup that it made before"
    )]
    Newer {
        /// The version of its tables.
        found: u64,
        /// The newest that this program knows.
        known: u64,
    },
    /// The store's tables would be changed, and there can be no backup first.
    #[error(
        "no backup can be made of the store at {}, before its tables are brought up to date: {why}; it was left as it is: make room, \
         or see that its folder may be written", path.display()
    )]
    Backup {
        /// Where it was to be.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// Another daemon works on the store.
    #[error(
        "another daemon (process {process}) works on the store {}; stop it first, or give this one a store of its own in [store] url",
        path.display()
    )]
    Daemon {
        /// The store's file.
        path: PathBuf,
        /// The number of its process, as far as it is known.
        process: String,
    },
    /// There is no room for what is to be written.
    #[error("the store failed, as its disk is full ({0}); make room, and it goes on by itself")]
    Full(sqlx::Error),
    /// The store can only be read.
    #[error(
        "the store cannot be written ({0}); see that its file, those beside it that end in -wal and -shm, and its folder, or its tables, belong to \
         this user, who may write them, and that its disk is not mounted read-only"
    )]
    ReadOnly(sqlx::Error),
    /// The disk neither reads nor writes as it should: it is broken, or has been taken for broken and can only be read since.
    #[error(
        "the store's disk fails ({0}); see what the system's log says of it, as dmesg(1) shows, and start the daemon anew once it is mended"
    )]
    Disk(sqlx::Error),
    /// Somebody else has the store for himself.
    #[error(
        "the store is locked by another program for too long ({0}); see which has it open, as fuser(1) tells of a file, and pg_stat_activity of a server's"
    )]
    Locked(sqlx::Error),
    /// The server of the store is not to be had for the moment.
    #[error("the store cannot be reached ({0}); when it answers again, all goes on by itself")]
    Away(sqlx::Error),
    /// What is in the file is none of what was written.
    #[error(
        "the store is damaged ({0}); it was left as it is. Stop what uses it, and move it away together with the files that end in -wal and \
         -shm, which are no backup's; then take a backup in its place, or make a new one by `npcc-feeds import` of an export. What \
         sqlite3's .recover saves of all three may do as well"
    )]
    Damaged(String),
    /// The file cannot be made.
    #[error("the store {path} cannot be made: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file by which daemons keep out of each other's way cannot be opened.
    #[error(
        "the lock {path}, by which one daemon knows of another, cannot be opened ({source}); where it is another user's, give it to this \
         one, or remove it while no daemon runs"
    )]
    Lock {
        /// The lock's file.
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
    Sql(sqlx::Error),
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
    /// Of an export that is to be taken into the store, records lack, or there are more.
    #[error(
        "the export had {records} releases and {come} of them are here, so it was cut or changed: copy or export it anew; to take what \
         there is, remove \"records\":{records} from its first line"
    )]
    Cut {
        /// How many records it had, as its first one says.
        records: u64,
        /// How many have come.
        come: u64,
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

impl Error {
    /// What is the matter, for everybody who can ask: without what the system and the database say, in which the host's paths,
    /// users and addresses stand. The log has those.
    pub fn outline(&self) -> &'static str {
        match self {
            Error::Full(_) => "The store's disk is full; the log says more.",
            Error::ReadOnly(_) => "The store cannot be written; the log says more.",
            Error::Disk(_) => "The store's disk fails; the log says more.",
            Error::Locked(_) => "The store is locked by another program; the log says more.",
            Error::Damaged(_) => "The store is damaged; the log says more.",
            Error::Away(_) | Error::Silent { .. } => {
                "The store cannot be reached; the log says more."
            }
            _ => "The store failed; the log says more.",
        }
    }
}

impl Error {
    /// What becomes of an error at opening a store, whose address is told as `url`.
    pub(super) fn at_opening(url: String, source: sqlx::Error) -> Error {
        match sqlites_code(&source) {
            Some(CORRUPT) => damaged(source),
            Some(READ_ONLY) => Error::ReadOnly(source),
            _ => Error::Open { url, source },
        }
    }

    /// Whether it stays so until a person does something about it, and starting anew mends nothing.
    pub fn is_lasting(&self) -> bool {
        match self {
            Error::Url { .. }
            | Error::Foreign { .. }
            | Error::Newer { .. }
            | Error::Daemon { .. }
            | Error::Owner { .. } => true,
            Error::Lock { source, .. } => source.kind() == ErrorKind::PermissionDenied,
            Error::Open {
                source: sqlx::Error::Configuration(_),
                ..
            } => true,
            Error::Migrate(error) => matches!(
                error,
                MigrateError::VersionMissing(_)
                    | MigrateError::VersionMismatch(_)
                    | MigrateError::Dirty(_)
            ),
            _ => self.is_of_the_file(),
        }
    }

    /// Whether what is in the store's file is damaged, or no database.
    pub(super) fn is_of_the_file(&self) -> bool {
        match self {
            Error::Damaged(_) => true,
            Error::Open { source, .. } => sqlites_code(source) == Some(NO_DATABASE),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        if matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) {
            return Error::Away(error);
        }
        let code = error.as_database_error().and_then(|error| error.code());
        let kind: Kind = match (code, sqlites_code(&error)) {
            (Some(code), None) => of_postgres(&code),
            (_, Some(code)) => of_sqlite(code),
            (None, None) => Error::Sql,
        };
        kind(error)
    }
}

/// The length of a SQLSTATE; SQLite's codes have at most four digits.
const SQLSTATE: usize = 5;

/// What an error of the database's becomes.
type Kind = fn(sqlx::Error) -> Error;

/// PostgreSQL's SQLSTATEs (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn of_postgres(code: &str) -> Kind {
    match code {
        "53100" => Error::Full,
        // A transaction that may only read, and a right that lacks.
        "25006" | "42501" => Error::ReadOnly,
        // A lock, a statement that was stopped, a deadlock, transactions that cross.
        "55P03" | "57014" | "40P01" | "40001" => Error::Locked,
        "XX001" | "XX002" => damaged,
        "57P01" | "57P02" | "57P03" | "53300" => Error::Away,
        code if code.starts_with("08") => Error::Away,
        _ => Error::Sql,
    }
}

/// SQLite's result code (<https://sqlite.org/rescode.html>): the extended ones have the plain one as their last byte.
fn sqlites_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?;
    let code = (code.len() < SQLSTATE).then(|| code.parse::<u32>())?;
    Some(code.ok()? & 0xff)
}

fn of_sqlite(code: u32) -> Kind {
    match code {
        13 => Error::Full,
        READ_ONLY => Error::ReadOnly,
        5 | 6 => Error::Locked,
        10 => Error::Disk,
        CORRUPT | NO_DATABASE => damaged,
        _ => Error::Sql,
    }
}

/// A file of SQLite's that may not be written, is damaged, or no database at all.
const READ_ONLY: u32 = 8;
const CORRUPT: u32 = 11;
const NO_DATABASE: u32 = 26;

fn damaged(error: sqlx::Error) -> Error {
    Error::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_is_told_holds_no_path_and_no_word_of_the_databases() {
        let words = "unable to open /var/lib/npcc-feeds/npcc-feeds.db as npcc-feeds";
        let sql = || sqlx::Error::Protocol(words.to_owned());
        let system = || std::io::Error::other(words);
        let path = || PathBuf::from("/var/lib/npcc-feeds/npcc-feeds.db");
        for error in [
            Error::Full(sql()),
            Error::ReadOnly(sql()),
            Error::Disk(sql()),
            Error::Locked(sql()),
            Error::Away(sql()),
            Error::Damaged(words.to_owned()),
            Error::Sql(sql()),
            Error::Open {
                url: words.to_owned(),
                source: sql(),
            },
            Error::File {
                path: path(),
                source: system(),
            },
            Error::Lock {
                path: path(),
                source: system(),
            },
            Error::Owner {
                path: path(),
                owner: words.to_owned(),
            },
            Error::Foreign { path: path() },
            Error::Backup {
                path: path(),
                why: words.to_owned(),
            },
        ] {
            assert!(error.to_string().contains("npcc-feeds"), "{error}");
            let told = error.outline();
            assert!(
                !told.contains('/') && !told.contains("npcc-feeds"),
                "{told}"
            );
            assert!(told.starts_with("The store"), "{told}");
        }
    }
}
