//! What is known of a site's layout, and the pages to compare it by.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::pages::{DUE, due_in};
use super::{Result, Store};
use crate::layout::ParagraphHash;
use crate::release::{Guid, Status};

impl Store {
    /// The paragraphs that are known to be a source's layout.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn layout(&self, source: &str) -> Result<HashSet<ParagraphHash>> {
        let rows = sqlx::query("SELECT hash FROM layout_paragraphs WHERE source = $1")
            .bind(source)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Notes that a source's layout has changed, and by which paragraphs.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn layout_changed(
        &self,
        source: &str,
        paragraphs: &HashMap<ParagraphHash, String>,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        for (hash, text) in paragraphs {
            sqlx::query(
                "INSERT INTO layout_paragraphs (source, hash, text, at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (source, hash) DO NOTHING",
            )
            .bind(source)
            .bind(*hash)
            .bind(text)
            .bind(at.timestamp())
            .execute(&mut *tx)
            .await?;
        }
        sqlx::query("UPDATE sources SET layout_changed_at = $1 WHERE id = $2")
            .bind(at.timestamp())
            .bind(source)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// The page of the newest release of a source that has its text and is not one of `except`.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn newest_page(&self, source: &str, except: &[Guid]) -> Result<Option<super::Due>> {
        let sql = format!(
            "{DUE} WHERE a.source = $1 AND a.url = r.url AND r.body IS NOT NULL AND r.status = $2
             AND a.gone_at IS NULL ORDER BY r.published DESC, r.guid LIMIT $3"
        );
        let most = i64::try_from(except.len() + 1).unwrap_or(i64::MAX);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(source)
            .bind(Status::Current.as_str())
            .bind(most)
            .fetch_all(&self.pool)
            .await?;
        for row in &rows {
            let due = due_in(row)?;
            if !except.contains(&due.guid) {
                return Ok(Some(due));
            }
        }
        Ok(None)
    }
}
