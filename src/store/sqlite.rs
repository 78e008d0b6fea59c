//! What is SQLite's alone: the file, how it is opened, backed up and looked over, and the daemon that has it.

use std::fs::{File, OpenOptions, TryLockError, read_to_string};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, AtFlags, CWD, accessat};
use sqlx::{AnyConnection, Connection, Row};

use super::migrations::FIRST;
use super::{Error, Result, ownership};

/// How often, and at what distance, another that brings the tables up to date is waited for: five minutes.
const LOCK_TRIES: u32 = 3000;
const LOCK_EVERY: Duration = Duration::from_millis(100);

/// How long another's lock is waited for.
const WAIT: &str = "PRAGMA busy_timeout = 30000";

/// The file of a store's address.
pub(super) fn file(url: &str) -> Result<PathBuf> {
    let path = url
        .strip_prefix("sqlite:")
        .map(|path| path.strip_prefix("//").unwrap_or(path))
        .filter(|path| !path.is_empty())
        .ok_or_else(|| Error::Url {
            url: url.to_owned(),
        })?;
    Ok(PathBuf::from(path.split('?').next().unwrap_or(path)))
}

/// Makes the file and its folder where they are missing. What it gives is the file itself, where a link leads to it: what is kept
/// beside it is the same for all who use the store.
pub(super) fn make(file: &Path) -> Result<PathBuf> {
    let folder = file.parent();
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| Error::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    ownership::claim(file)?;
    // sqlx takes a path as text.
    let itself = file
        .canonicalize()
        .ok()
        .filter(|path| path.to_str().is_some());
    Ok(itself.unwrap_or_else(|| file.to_owned()))
}

/// The file as a URL, in which sqlx resolves `%` and cuts at `?` and `#`.
pub(super) fn as_url(file: &Path) -> String {
    let path = file.display().to_string();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite://{path}?mode=rwc")
}

pub(super) async fn prepare(
    connection: &mut AnyConnection,
) -> std::result::Result<(), sqlx::Error> {
    // AnyPool leaves SQLite in delete mode, where readers and the writer wait for each other. With WAL, `normal` could
    // lose the last transactions when the power fails, so every commit is synced.
    for pragma in [
        WAIT,
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

/// Whether a connection may be used again. A full disk makes SQLite roll back by itself. sqlx's own rollback then fails, and the
/// connection would pass for one within a transaction for ever: it is closed instead.
pub(super) async fn clean(
    connection: &mut AnyConnection,
) -> std::result::Result<bool, sqlx::Error> {
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Keeps other processes from bringing the store's tables up to date at the same time, as long as what it gives is open. The
/// lock is on the folder, so that no file stays behind; where it cannot be had, SQLite's own locks have to do.
pub(super) async fn upgrade_alone(file: &Path) -> Option<File> {
    let folder = file.parent().filter(|one| !one.as_os_str().is_empty());
    let folder = File::open(folder.unwrap_or(Path::new("."))).ok()?;
    for _ in 0..LOCK_TRIES {
        match folder.try_lock() {
            Ok(()) => return Some(folder),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_EVERY).await,
            Err(TryLockError::Error(_)) => return None,
        }
    }
    None
}

/// Makes a backup of the store beside it, before its tables become those of another version. One that an earlier try left is
/// replaced.
pub(super) async fn back_up(
    connection: &mut AnyConnection,
    file: &Path,
    version: u64,
) -> Result<()> {
    let path = beside(file, &format!("version-{version}"));
    let half = beside(file, &format!("version-{version}.half"));
    let failed = |why: String| Error::Backup {
        path: path.clone(),
        why,
    };
    let outcome = async {
        if half.exists() {
            std::fs::remove_file(&half).map_err(|error| error.to_string())?;
        }
        // Readable by its owner alone, as the store is; SQLite takes an empty file for none.
        let mut options = OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(&half);
        made.map_err(|error| error.to_string())?;
        sqlx::query("VACUUM INTO $1")
            .bind(half.display().to_string())
            .execute(connection)
            .await
            .map_err(|error| error.to_string())?;
        let synced = File::open(&half).and_then(|file| file.sync_all());
        synced.map_err(|error| error.to_string())?;
        std::fs::rename(&half, &path).map_err(|error| error.to_string())?;
        // The name lasts once the folder is written as well.
        let folder = path.parent().filter(|one| !one.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new(".")));
        let synced = folder.and_then(|folder| folder.sync_all());
        synced.map_err(|error| error.to_string())
    };
    if let Err(why) = outcome.await {
        let _ = std::fs::remove_file(&half);
        return Err(failed(why));
    }
    tracing::info!(
        backup = %path.display(),
        "a backup was made before the store's tables are brought up to date; remove it when all is well"
    );
    Ok(())
}

/// The backups of a store, which stand beside it.
pub(super) fn backups(file: &Path) -> Vec<PathBuf> {
    let beginning = beside(file, "version-");
    let beginning = beginning.file_name().unwrap_or_default().to_string_lossy();
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter();
    let names = entries.flatten().flatten();
    names
        .filter(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with(beginning.as_ref())
        })
        .map(|entry| entry.path())
        .collect()
}

/// Whether another program keeps its tables in the file.
pub(super) async fn is_foreign(
    connection: &mut AnyConnection,
) -> std::result::Result<bool, sqlx::Error> {
    // Whoever closes the store in this moment has it for himself.
    sqlx::query(WAIT).execute(&mut *connection).await?;
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#'";
    let tables = sqlx::query(tables).fetch_all(&mut *connection).await?;
    let names: Vec<String> = tables
        .iter()
        .map(|row| row.try_get(0))
        .collect::<std::result::Result<_, _>>()?;
    if !names.iter().any(|name| name == "_sqlx_migrations") {
        return Ok(!names.is_empty());
    }
    // Other programs have such a table, too.
    let steps =
        "SELECT COUNT(*), COALESCE(SUM(version = 1 AND description = $1), 0) FROM _sqlx_migrations";
    let row = sqlx::query(steps).bind(FIRST).fetch_one(connection).await?;
    let (all, ours): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    // Where the first step was cut, nothing else is there.
    Ok(ours == 0 && (all > 0 || names.len() > 1))
}

/// How many bytes the file has.
pub(super) async fn size(connection: &mut AnyConnection) -> Result<i64> {
    let mut size = 1;
    for pragma in ["PRAGMA page_count", "PRAGMA page_size"] {
        let row = sqlx::query(pragma).fetch_one(&mut *connection).await?;
        size *= row.try_get::<i64, _>(0)?;
    }
    Ok(size)
}

/// Looks whether all pages of the file are what they should be.
pub(super) async fn check(connection: &mut AnyConnection) -> Result<()> {
    let row = sqlx::query("PRAGMA quick_check(1)").fetch_one(connection);
    match row.await?.try_get::<String, _>(0)?.as_str() {
        "ok" => Ok(()),
        what => Err(Error::Damaged(what.to_owned())),
    }
}

/// A store that no other daemon takes. The system gives it up with the process, however that ends.
#[derive(Debug)]
pub struct DaemonLock {
    /// It is locked as long as it is open; none where several daemons may share the store.
    pub(super) _lock: Option<File>,
}

/// Takes the store for a daemon.
///
/// The lock is on a file of its own: closing another handle of the database within this process would free SQLite's own locks
/// (<https://sqlite.org/howtocorrupt.html>, 2.2).
pub(super) fn keep(file: &Path) -> Result<DaemonLock> {
    let path = beside(file, "daemon");
    let failed = |source| Error::Lock {
        path: path.clone(),
        source,
    };
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    let mut lock = match options.open(&path) {
        Ok(lock) => lock,
        // A store that cannot be written is no matter for two to quarrel about. It is not opened to see that, which would free
        // those locks as well.
        Err(error)
            if error.kind() == ErrorKind::ReadOnlyFilesystem
                || error.kind() == ErrorKind::PermissionDenied
                    && accessat(CWD, file, Access::WRITE_OK, AtFlags::EACCESS).is_err() =>
        {
            return Ok(DaemonLock { _lock: None });
        }
        Err(error) => return Err(failed(error)),
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let process = read_to_string(&path).unwrap_or_default();
            return Err(Error::Daemon {
                path: file.to_owned(),
                process: process.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // For the words of the other; a full disk is no reason to stop.
    let _ = lock.set_len(0);
    let _ = writeln!(lock, "{}", std::process::id());
    Ok(DaemonLock { _lock: Some(lock) })
}

/// A file beside the store.
fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-");
    name.push(ending);
    name.into()
}
