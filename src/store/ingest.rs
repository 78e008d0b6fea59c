//! What a cycle writes: a new release, a copy, an edit, a completion. Each is one transaction.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::{Result, Store, bump, json_of, placeholders, time_in};
use crate::duplicates::{MOST_CANDIDATES, WINDOW_DAYS};
use crate::release::{CanonicalPath, Cause, Guid, Status, Tag, Text};

/// A way in by which releases are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The feed.
    Feed,
    /// The listing.
    Listing,
}

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
}

/// An address seen for the first time.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The source's id.
    pub source: String,
    /// The identity within the source.
    pub path: CanonicalPath,
    /// The address itself.
    pub url: String,
    /// The newsroom's own guid, where a feed gave one.
    pub upstream_guid: Option<String>,
    /// What the feed said of it, if it was there.
    pub feed_seen: Option<String>,
    /// What the listing said of it, if it was there.
    pub listing_seen: Option<String>,
    /// Now.
    pub at: DateTime<Utc>,
    /// The change counter from before, when what came with this address does not reach back to a known release. The
    /// gap is recorded with the first release stored, so that a kill cannot lose it.
    pub gap: Option<i64>,
}

/// A text with its date, and what was found out about it.
#[derive(Debug, Clone)]
pub struct Copy {
    /// The text.
    pub text: Text,
    /// Its date.
    pub published: DateTime<Utc>,
}

/// What is kept beside a release's text.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Its topics.
    pub tags: Vec<Tag>,
    /// The hashes by which copies find it; empty for a lead alone, which is never compared.
    pub sketch: Vec<i64>,
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
                "SELECT a.path, a.guid, a.feed_seen, a.listing_seen, a.change, m.path AS copy FROM addresses a
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

    /// The release that the newsroom's own guid was seen on.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn by_upstream_guid(&self, source: &str, guid: &str) -> Result<Option<Guid>> {
        let row =
            sqlx::query("SELECT guid FROM addresses WHERE source = $1 AND upstream_guid = $2")
                .bind(source)
                .bind(guid)
                .fetch_optional(&self.pool)
                .await?;
        row.map(|row| guid_in(&row)).transpose()
    }

    /// The releases that share the most of a sketch, published within the window, best first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn candidates(
        &self,
        sketch: &[i64],
        published: DateTime<Utc>,
        except: Guid,
    ) -> Result<Vec<Guid>> {
        let mut shared: HashMap<Guid, usize> = HashMap::new();
        let window = WINDOW_DAYS * 24 * 60 * 60;
        for some in sketch.chunks(500) {
            let sql = format!(
                "SELECT s.guid FROM sketches s JOIN releases r ON r.guid = s.guid
                 WHERE r.published BETWEEN $1 AND $2 AND s.hash IN ({})",
                placeholders(3, some.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql))
                .bind(published.timestamp() - window)
                .bind(published.timestamp() + window);
            for hash in some {
                query = query.bind(*hash);
            }
            for row in query.fetch_all(&self.pool).await? {
                *shared.entry(guid_in(&row)?).or_default() += 1;
            }
        }
        shared.remove(&except);
        let mut best: Vec<(Guid, usize)> = shared.into_iter().collect();
        best.sort_by_key(|(guid, count)| (std::cmp::Reverse(*count), *guid));
        Ok(best
            .into_iter()
            .take(MOST_CANDIDATES)
            .map(|(guid, _)| guid)
            .collect())
    }

    /// Stores a release that is new. Its own page is read again at `page_due`.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn add(
        &self,
        guid: Guid,
        arrival: &Arrival,
        copy: &Copy,
        kept: &Kept,
        page_due: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = arrival.at.timestamp();
        sqlx::query(
            "INSERT INTO releases (guid, source, url, title, lead, body, published, first_seen, updated, status)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
        )
        .bind(guid.to_string())
        .bind(&arrival.source)
        .bind(&arrival.url)
        .bind(&copy.text.title)
        .bind(copy.text.lead.as_deref())
        .bind(copy.text.body.as_deref())
        .bind(copy.published.timestamp())
        .bind(at)
        .bind(Status::Current.as_str())
        .execute(&mut *tx)
        .await?;
        add_revision(&mut tx, guid, &copy.text, Cause::First, &[], arrival.at).await?;
        write_kept(&mut tx, guid, kept).await?;
        add_address(&mut tx, guid, arrival, page_due).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Stores an address that leads to a copy of a release that we have.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn merge(
        &self,
        into: Guid,
        arrival: &Arrival,
        copy: &Copy,
        reason: &str,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        add_address(&mut tx, into, arrival, None).await?;
        add_merge(
            &mut tx,
            into,
            &arrival.source,
            &arrival.path,
            &arrival.url,
            copy,
            reason,
            arrival.at,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes a release whose page came late, and turned out to be a copy, part of another.
    ///
    /// # Errors
    /// [`super::Error`].
    #[expect(clippy::too_many_arguments, reason = "all of one row")]
    pub async fn fold(
        &self,
        from: Guid,
        into: Guid,
        source: &str,
        path: &CanonicalPath,
        url: &str,
        copy: &Copy,
        reason: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        for sql in [
            "DELETE FROM releases WHERE guid = $1",
            "DELETE FROM revisions WHERE guid = $1",
            "DELETE FROM tags WHERE guid = $1",
            "DELETE FROM sketches WHERE guid = $1",
        ] {
            sqlx::query(sql)
                .bind(from.to_string())
                .execute(&mut *tx)
                .await?;
        }
        for sql in [
            "UPDATE addresses SET guid = $1, page_due = NULL WHERE guid = $2",
            "UPDATE merges SET guid = $1 WHERE guid = $2",
        ] {
            sqlx::query(sql)
                .bind(into.to_string())
                .bind(from.to_string())
                .execute(&mut *tx)
                .await?;
        }
        add_merge(&mut tx, into, source, path, url, copy, reason, at).await?;
        bump(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a new text of a release, as a revision.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn revise(
        &self,
        guid: Guid,
        text: &Text,
        cause: Cause,
        changed: &[&str],
        kept: &Kept,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        // A completion is no news to a reader: the release was there, only its text was late.
        sqlx::query(
            "UPDATE releases SET title = $1, lead = $2, body = $3,
             updated = CASE WHEN $4 = 'completed' THEN updated ELSE $5 END WHERE guid = $6",
        )
        .bind(&text.title)
        .bind(text.lead.as_deref())
        .bind(text.body.as_deref())
        .bind(cause.as_str())
        .bind(at.timestamp())
        .bind(guid.to_string())
        .execute(&mut *tx)
        .await?;
        add_revision(&mut tx, guid, text, cause, changed, at).await?;
        write_kept(&mut tx, guid, kept).await?;
        bump(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes what a way in now says of a known address.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn saw(
        &self,
        source: &str,
        path: &CanonicalPath,
        way: Way,
        seen: &str,
        upstream_guid: Option<&str>,
    ) -> Result<()> {
        let sql = match way {
            Way::Feed => {
                "UPDATE addresses SET feed_seen = $1, upstream_guid = COALESCE($2, upstream_guid)
                 WHERE source = $3 AND path = $4"
            }
            Way::Listing => {
                "UPDATE addresses SET listing_seen = $1, upstream_guid = COALESCE($2, upstream_guid)
                 WHERE source = $3 AND path = $4"
            }
        };
        sqlx::query(sql)
            .bind(seen)
            .bind(upstream_guid)
            .bind(source)
            .bind(path.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn address_of(row: &AnyRow) -> Result<Address> {
    Ok(Address {
        guid: guid_in(row)?,
        is_copy: row.try_get::<Option<String>, _>("copy")?.is_some(),
        feed_seen: row.try_get("feed_seen")?,
        listing_seen: row.try_get("listing_seen")?,
        change: row.try_get("change")?,
    })
}

pub(super) fn guid_in(row: &AnyRow) -> Result<Guid> {
    let text: String = row.try_get("guid")?;
    text.parse()
        .map_err(|error: uuid::Error| super::Error::Row {
            what: "a guid",
            why: error.to_string(),
        })
}

type Tx = Transaction<'static, Any>;

async fn add_address(
    tx: &mut Tx,
    guid: Guid,
    arrival: &Arrival,
    page_due: Option<DateTime<Utc>>,
) -> Result<()> {
    let change = bump(tx).await?;
    sqlx::query(
        "INSERT INTO addresses
         (source, path, url, guid, upstream_guid, feed_seen, listing_seen, change, first_seen, page_due, page_reads)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
    )
    .bind(&arrival.source)
    .bind(arrival.path.as_str())
    .bind(&arrival.url)
    .bind(guid.to_string())
    .bind(arrival.upstream_guid.as_deref())
    .bind(arrival.feed_seen.as_deref())
    .bind(arrival.listing_seen.as_deref())
    .bind(change)
    .bind(arrival.at.timestamp())
    .bind(page_due.map(|due| due.timestamp()))
    .execute(&mut **tx)
    .await?;
    if let Some(gap) = arrival.gap {
        sqlx::query("UPDATE sources SET gap_change = $1, gap_opened_at = $2 WHERE id = $3 AND gap_change IS NULL")
            .bind(gap)
            .bind(arrival.at.timestamp())
            .bind(&arrival.source)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "all of one row")]
async fn add_merge(
    tx: &mut Tx,
    into: Guid,
    source: &str,
    path: &CanonicalPath,
    url: &str,
    copy: &Copy,
    reason: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO merges (source, path, guid, url, title, lead, body, published, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(source)
    .bind(path.as_str())
    .bind(into.to_string())
    .bind(url)
    .bind(&copy.text.title)
    .bind(copy.text.lead.as_deref())
    .bind(copy.text.body.as_deref())
    .bind(copy.published.timestamp())
    .bind(reason)
    .bind(at.timestamp())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn add_revision(
    tx: &mut Tx,
    guid: Guid,
    text: &Text,
    cause: Cause,
    changed: &[&str],
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO revisions (guid, number, at, cause, title, lead, body, changed)
         SELECT $1, COUNT(*) + 1, $2, $3, $4, $5, $6, $7 FROM revisions WHERE guid = $1",
    )
    .bind(guid.to_string())
    .bind(at.timestamp())
    .bind(cause.as_str())
    .bind(&text.title)
    .bind(text.lead.as_deref())
    .bind(text.body.as_deref())
    .bind(json_of(&changed, "what changed")?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_kept(tx: &mut Tx, guid: Guid, kept: &Kept) -> Result<()> {
    let guid = guid.to_string();
    for sql in [
        "DELETE FROM tags WHERE guid = $1",
        "DELETE FROM sketches WHERE guid = $1",
    ] {
        sqlx::query(sql).bind(&guid).execute(&mut **tx).await?;
    }
    for tag in &kept.tags {
        sqlx::query("INSERT INTO tags (guid, topic, score, implied_by, evidence) VALUES ($1, $2, $3, $4, $5)")
            .bind(&guid)
            .bind(&tag.topic)
            .bind(tag.score)
            .bind(tag.implied_by.as_deref())
            .bind(json_of(&tag.evidence, "evidence")?)
            .execute(&mut **tx)
            .await?;
    }
    // A person's word comes after the rules' and wins.
    for sql in [
        "DELETE FROM tags WHERE guid = $1 AND topic IN
         (SELECT topic FROM corrections WHERE guid = $1 AND wanted = 0)",
        "INSERT INTO tags (guid, topic, score, implied_by, evidence)
         SELECT c.guid, c.topic, 0, NULL, '[]' FROM corrections c WHERE c.guid = $1 AND c.wanted = 1
         AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.guid = c.guid AND t.topic = c.topic)",
    ] {
        sqlx::query(sql).bind(&guid).execute(&mut **tx).await?;
    }
    for hash in &kept.sketch {
        sqlx::query("INSERT INTO sketches (hash, guid) VALUES ($1, $2)")
            .bind(*hash)
            .bind(&guid)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

pub(super) fn copy_in(row: &AnyRow) -> Result<Copy> {
    Ok(Copy {
        text: Text {
            title: row.try_get("title")?,
            lead: row.try_get("lead")?,
            body: row.try_get("body")?,
        },
        published: time_in(row, "published")?,
    })
}
