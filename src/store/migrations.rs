//! The steps that bring the tables up to date, built into the binary.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, SqlStr};

use super::Result;

const SQLITE: [(i64, &str, &str); 1] =
    [(1, "first", include_str!("migrations/sqlite/0001_first.sql"))];

pub(super) async fn run(pool: &AnyPool) -> Result<()> {
    let steps = SQLITE
        .into_iter()
        .map(|(version, name, sql)| {
            let sql = SqlStr::from_static(sql);
            Migration::new(version, name.into(), MigrationType::Simple, sql, false)
        })
        .collect();
    Migrator::with_migrations(steps).run(pool).await?;
    Ok(())
}
