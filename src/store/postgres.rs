//! What is PostgreSQL's alone: how several machines share one store.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use url::Url;

use super::{Result, instant};

/// A writer waits for the others this long, as with SQLite.
const PATIENCE: Duration = Duration::from_secs(30);

/// A writer that does nothing for so long, as one does that stands still or whose machine is gone, gives way to those who wait.
const IDLE: Duration = Duration::from_secs(15);

/// How often one that waits for readers looks whether they are done.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// The tables in which texts are, or words of them.
const WITH_TEXTS: [&str; 7] = [
    "addresses",
    "merges",
    "related",
    "releases",
    "revisions",
    "search_texts",
    "tags",
];

/// The address without what is nobody's business.
pub(super) fn shown(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return "postgres:".to_owned();
    };
    // A password with a character that has a meaning of its own ends where nobody looks for it.
    if url.fragment().is_some() || url.path().contains('@') {
        return "postgres:".to_owned();
    }
    // Parameters may be a password as well.
    url.set_query(None);
    if url.password().is_some() {
        let _ = url.set_password(None);
    }
    url.into()
}

pub(super) async fn prepare(
    connection: &mut AnyConnection,
) -> std::result::Result<(), sqlx::Error> {
    let patience = format!("SET lock_timeout = '{}s'", PATIENCE.as_secs());
    let idle = format!(
        "SET idle_in_transaction_session_timeout = '{}s'",
        IDLE.as_secs()
    );
    for setting in [
        patience.as_str(),
        idle.as_str(),
        // That something is rolled back is no matter for the log.
        "SET client_min_messages = error",
    ] {
        sqlx::raw_sql(AssertSqlSafe(setting.to_owned()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Rolls back what was begun, also what sqlx does not know of: a transaction whose beginning nobody waited for.
pub(super) async fn clean(
    connection: &mut AnyConnection,
) -> std::result::Result<bool, sqlx::Error> {
    // A ROLLBACK alone, where nothing was begun as nearly always, is a warning in the server's log each time.
    let clean = sqlx::raw_sql("BEGIN; ROLLBACK");
    if clean.execute(&mut *connection).await.is_err() {
        // One that has failed takes nothing but this.
        sqlx::raw_sql("ROLLBACK").execute(connection).await?;
    }
    Ok(true)
}

/// Begins a transaction that writes. Each statement sees what was committed before it, and
/// [`have_alone`] makes that all there is.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// Begins to read what is there now, and nothing that comes later, however slowly it is taken.
pub(super) async fn begin_snapshot(
    connection: &mut AnyConnection,
) -> std::result::Result<(), sqlx::Error> {
    for sql in [
        "SET idle_in_transaction_session_timeout = 0",
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    ] {
        sqlx::raw_sql(sql).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Lets one writer at a time into the store, as SQLite does, and readers go on: what is read in a transaction is not changed
/// by another before it writes.
///
/// It is a statement of its own: one that fails within that which begins a transaction would leave it open.
pub(super) async fn have_alone(connection: &mut AnyConnection) -> Result<()> {
    sqlx::raw_sql("LOCK TABLE counters IN SHARE ROW EXCLUSIVE MODE")
        .execute(connection)
        .await?;
    Ok(())
}

/// The server's time, which all who share it agree on.
pub(super) async fn now(connection: &mut AnyConnection) -> Result<DateTime<Utc>> {
    let row = sqlx::query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)")
        .fetch_one(connection)
        .await?;
    instant(row.try_get(0)?)
}

/// How many bytes the tables take, with their indexes.
pub(super) async fn size(connection: &mut AnyConnection) -> Result<i64> {
    let row = sqlx::query(
        "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT) FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'",
    )
    .fetch_one(connection)
    .await?;
    Ok(row.try_get(0)?)
}

/// Writes the tables anew, since what is removed stays in their files until others use the room. Gives whether it is gone: a
/// row that somebody may still read is written anew as well.
pub(super) async fn forget_removed(connection: &mut AnyConnection) -> Result<bool> {
    if !outlast_readers(connection).await? {
        return Ok(false);
    }
    let mut done = Ok(true);
    for table in WITH_TEXTS {
        let vacuum = sqlx::raw_sql(AssertSqlSafe(format!("VACUUM FULL {table}")));
        // One that somebody holds keeps the text in none of the others.
        if let Err(error) = vacuum.execute(&mut *connection).await {
            done = Err(error.into());
        }
    }
    done
}

/// Waits until all transactions are over that began before now and read this database, and gives whether they are. Those of
/// another server that follows this one are of no database, or stand with its replication slot; what is prepared for a commit in
/// two phases is of no connection. A VACUUM of the server's own holds up no other, but an ANALYZE of its own does, which may be the
/// second half of it (https://www.postgresql.org/docs/15/monitoring-stats.html, pg_stat_activity).
async fn outlast_readers(connection: &mut AnyConnection) -> Result<bool> {
    let row = sqlx::query("SELECT CAST(CAST(pg_current_xact_id() AS xid) AS TEXT)")
        .fetch_one(&mut *connection)
        .await?;
    let now: String = row.try_get(0)?;
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let others = sqlx::query(
            "WITH old AS (SELECT age(CAST($1 AS xid)) AS age)
             SELECT 1 FROM old, pg_stat_activity WHERE (datname = current_database() OR datname IS NULL)
             AND pid <> pg_backend_pid()
             AND NOT COALESCE(backend_type = 'autovacuum worker' AND query LIKE 'autovacuum: VACUUM %'
                              AND query NOT LIKE 'autovacuum: VACUUM ANALYZE %', FALSE)
             AND (age(backend_xmin) > old.age OR age(backend_xid) > old.age)
             UNION ALL SELECT 1 FROM old, pg_replication_slots WHERE age(xmin) > old.age
             UNION ALL SELECT 1 FROM old, pg_prepared_xacts
             WHERE database = current_database() AND age(transaction) > old.age LIMIT 1",
        )
        .bind(now.clone())
        .fetch_optional(&mut *connection)
        .await?;
        if others.is_none() {
            return Ok(true);
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, expected) in [
            (
                "postgres://me:secret@db.example.org/feeds?sslmode=verify-full",
                "postgres://me@db.example.org/feeds",
            ),
            (
                "postgresql:///feeds?host=/run/postgresql&password=secret",
                "postgresql:///feeds",
            ),
            ("postgres://me:se cret@[/", "postgres:"),
            ("postgres://me:4/secret@db/feeds", "postgres:"),
            ("postgres://me:12#secret@db/feeds", "postgres:"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
