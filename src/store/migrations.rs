//! The steps that bring the tables up to date, built into the binary.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlStr};

use super::Result;

const SQLITE: [(i64, &str, &str); 4] = [
    (1, "first", include_str!("migrations/sqlite/0001_first.sql")),
    (
        2,
        "fetching",
        include_str!("migrations/sqlite/0002_fetching.sql"),
    ),
    (
        3,
        "duplicates",
        include_str!("migrations/sqlite/0003_duplicates.sql"),
    ),
    (
        4,
        "copies",
        include_str!("migrations/sqlite/0004_copies.sql"),
    ),
];

pub(super) async fn run(pool: &AnyPool) -> Result<()> {
    let steps = SQLITE
        .into_iter()
        .map(|(version, name, sql)| {
            let sql = SqlStr::from_static(sql);
            Migration::new(version, name.into(), MigrationType::Simple, sql, false)
        })
        .collect();
    let migrator = Migrator::with_migrations(steps);
    // sqlx takes no lock on SQLite: of two processes that start on an empty store, one finds the other's tables half
    // way. By the next try they are there.
    let mut tries = 0;
    loop {
        match migrator.run(pool).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if tries < 5 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(100 * tries)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}
