//! What is looked up while releases are taken in: known addresses, and the releases that a new text may be a copy of.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::redactions::Redaction;
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
    /// Whether a person has removed the text that stood there: until there is another, or for ever.
    pub redacted: Option<Redaction>,
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
                "{ADDRESSES} WHERE a.source = $1 AND a.path IN ({})",
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

    /// The address that the newsroom's own guid was seen on; a release's own before a copy's.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn by_upstream_guid(&self, source: &str, guid: &str) -> Result<Option<Address>> {
        let sql = format!(
            "{ADDRESSES} WHERE a.source = $1 AND a.upstream_guid = $2
             ORDER BY CASE WHEN m.path IS NULL THEN 0 ELSE 1 END, a.path LIMIT 1"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(source)
            .bind(guid)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(address_of).transpose()
    }
}

/// The addresses, each with what became of its text: of that which stands there, whatever is shown of the release. A
/// condition follows.
const ADDRESSES: &str = "SELECT a.path, a.guid, a.feed_seen, a.listing_seen, a.change, m.path AS copy, r.status,
    r.redacted AS release_redacted,
    CASE WHEN m.path IS NOT NULL AND m.folded IS NULL THEN m.redacted WHEN f.redacted = 'whole' THEN 'whole'
    WHEN (SELECT v.redacted_at FROM revisions v WHERE v.guid = COALESCE(m.folded, a.guid) AND v.copy_path IS NULL
          ORDER BY v.number DESC LIMIT 1) IS NOT NULL THEN 'current' END AS own_redacted
    FROM addresses a JOIN releases r ON r.guid = a.guid
    LEFT JOIN merges m ON m.source = a.source AND m.path = a.path
    LEFT JOIN releases f ON f.guid = m.folded";

fn address_of(row: &AnyRow) -> Result<Address> {
    let [of_release, own]: [Option<String>; 2] = [
        row.try_get("release_redacted")?,
        row.try_get("own_redacted")?,
    ];
    let redacted = match Redaction::of(of_release.as_deref()) {
        // What is part of a release is removed with it.
        Some(Redaction::Whole) => Some(Redaction::Whole),
        _ => Redaction::of(own.as_deref()),
    };
    Ok(Address {
        guid: guid_in(row)?,
        is_copy: row.try_get::<Option<String>, _>("copy")?.is_some(),
        feed_seen: row.try_get("feed_seen")?,
        listing_seen: row.try_get("listing_seen")?,
        change: row.try_get("change")?,
        is_withdrawn: row.try_get::<String, _>("status")? == Status::Withdrawn.as_str(),
        redacted,
    })
}
