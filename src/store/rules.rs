//! By which version of the rules on topics the releases are sorted.

use sqlx::Row;

use super::{Result, Store};

/// The counter that holds the version of the rules by which all releases were last sorted.
pub(super) const RULES: &str = "rules";

impl Store {
    /// Notes that releases will be sorted by this version of the rules from now on. A store without releases is sorted by
    /// it; one that was sorted by another is sorted by none then, until all releases are sorted anew.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn will_sort_by(&self, version: i64) -> Result<()> {
        // No release comes between the question and the answer.
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE counters SET value = CASE WHEN EXISTS (SELECT 1 FROM releases) THEN 0 ELSE $1 END
             WHERE name = $2 AND value <> $1",
        )
        .bind(version)
        .bind(RULES)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether all releases were sorted by this version of the rules.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn is_sorted_by(&self, version: i64) -> Result<bool> {
        let row = sqlx::query(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM releases) THEN 1 ELSE 0 END, value FROM counters WHERE name = $1",
        )
        .bind(RULES)
        .fetch_one(&self.pool)
        .await?;
        let (has_releases, sorted_by): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        Ok(has_releases == 0 || sorted_by == version)
    }

    /// Notes that all releases are sorted by this version of the rules.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn has_sorted_by(&self, version: i64) -> Result<()> {
        sqlx::query("UPDATE counters SET value = $1 WHERE name = $2")
            .bind(version)
            .bind(RULES)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
