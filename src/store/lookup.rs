//! What is looked up while releases are taken in: known addresses, and the releases that a new text may be a copy of.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::redactions::REDACTED_WHOLE;
use super::{Result, Store, guid_in, placeholders};
use crate::release::{CanonicalPath, Guid, Status};

/// An address that is known.
#[derive(Debug, Clone)]
pub struct Address {
    /// The release that it leads to.
    pub guid: Guid,
    /// Whether it is the address of a merged copy.
    pub is_copy: bool,
    /// What the feed last said of it.
    pub feed_seen: Option<String>,
    /// What the listing last said of it.
    pub listing_seen: Option<String>,
    /// The change counter when it was stored.
    pub change: i64,
    /// Whether the release is withdrawn.
    pub is_withdrawn: bool,
    /// Whether no text of the release may ever be stored again.
    pub is_redacted: bool,
}

impl Store {
    /// The known ones among some paths of a source.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn known(
        &self,
        source: &str,
        paths: &[CanonicalPath],
    ) -> Result<HashMap<CanonicalPath, Address>> {
        let mut found = HashMap::new();
        for some in paths.chunks(200) {
            let sql = format!(
                "SELECT a.path, a.guid, a.feed_seen, a.listing_seen, a.change, m.path AS copy, r.status, r.redacted
                 FROM addresses a JOIN releases r ON r.guid = a.guid
                 LEFT JOIN merges m ON m.source = a.source AND m.path = a.path
                 WHERE a.source = $1 AND a.path IN ({})",
                placeholders(2, some.len())
            );
            // Only numbered placeholders are put into the statement.
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(source);
            for path in some {
                query = query.bind(path.as_str());
            }
            for row in query.fetch_all(&self.pool).await? {
                let path = CanonicalPath::from_stored(row.try_get("path")?);
                found.insert(path, address_of(&row)?);
            }
        }
        Ok(found)
    }

    /// The release that the newsroom's own guid was seen on, and whether that was at the address of a merged copy.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn by_upstream_guid(&self, source: &str, guid: &str) -> Result<Option<(Guid, bool)>> {
        let row = sqlx::query(
            "SELECT a.guid, m.path AS copy FROM addresses a JOIN releases r ON r.guid = a.guid
             LEFT JOIN merges m ON m.source = a.source AND m.path = a.path
             WHERE a.source = $1 AND a.upstream_guid = $2 ORDER BY CASE WHEN m.path IS NULL THEN 0 ELSE 1 END, a.path",
        )
        .bind(source)
        .bind(guid)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let copy: Option<String> = row.try_get("copy")?;
        Ok(Some((guid_in(&row)?, copy.is_some())))
    }
}

fn address_of(row: &AnyRow) -> Result<Address> {
    Ok(Address {
        guid: guid_in(row)?,
        is_copy: row.try_get::<Option<String>, _>("copy")?.is_some(),
        feed_seen: row.try_get("feed_seen")?,
        listing_seen: row.try_get("listing_seen")?,
        change: row.try_get("change")?,
        is_withdrawn: row.try_get::<String, _>("status")? == Status::Withdrawn.as_str(),
        is_redacted: row.try_get::<Option<String>, _>("redacted")?.as_deref()
            == Some(REDACTED_WHOLE),
    })
}
