//! What is PostgreSQL's alone: how several machines share one store.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use url::Url;

use super::{Result, instant};

/// A writer waits for the others this long, as with SQLite.
const PATIENCE: Duration = Duration::from_secs(30);

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
    for setting in [
        patience.as_str(),
        // A ROLLBACK where nothing is to be rolled back is no matter for the log.
        "SET client_min_messages = error",
    ] {
        sqlx::raw_sql(AssertSqlSafe(setting.to_owned()))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Begins a transaction that writes. Each statement sees what was committed before it, and
/// [`have_alone`] makes that all there is.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// Begins to read what is there now, and nothing that comes later.
pub(super) const BEGIN_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

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

/// Writes the tables anew, since what is removed stays in their files until others use the room.
pub(super) async fn forget_removed(connection: &mut AnyConnection) -> Result<()> {
    for table in WITH_TEXTS {
        sqlx::raw_sql(AssertSqlSafe(format!("VACUUM (FULL, ANALYZE) {table}")))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
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
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
