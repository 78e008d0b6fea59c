//! What a cycle writes: a new release, a copy, an edit, a completion. Each is one transaction.

use chrono::{DateTime, Utc};

use super::redactions::REDACTED_WHOLE;
use super::{Result, Store, Tx, bump, json_of};
use crate::difference::Weight;
use crate::release::{CanonicalPath, Cause, DatedText, Guid, Reading, Status, Tag, Text};

/// A way in by which releases are announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The feed.
    Feed,
    /// The listing.
    Listing,
}

/// An address seen for the first time.
#[derive(Debug, Clone)]
pub struct NewAddress {
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

/// What is kept beside a release's text.
#[derive(Debug, Clone, Default)]
pub struct Derived {
    /// Its topics.
    pub tags: Vec<Tag>,
    /// The hashes by which copies find it; empty for a lead alone, which is never compared.
    pub sketch: Vec<i64>,
    /// How the text was found on its page; none for a lead alone.
    pub reading: Option<Reading>,
}

/// An address that turned out to lead to a copy of a release that we have.
#[derive(Debug, Clone)]
pub struct MergedCopy<'a> {
    /// The release that it is a copy of.
    pub into: Guid,
    /// The source's id.
    pub source: &'a str,
    /// The copy's identity within the source.
    pub path: &'a CanonicalPath,
    /// The copy's address.
    pub url: &'a str,
    /// What stands there; it is kept, so that the merge can be undone.
    pub text: &'a DatedText,
    /// Why it is a copy.
    pub reason: String,
    /// When that was found.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Stores a release that is new. Its own page is read again at `page_due`.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn add(
        &self,
        guid: Guid,
        address: &NewAddress,
        first: &DatedText,
        derived: &Derived,
        page_due: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = address.at.timestamp();
        sqlx::query(
            "INSERT INTO releases (guid, source, url, title, lead, body, published, first_seen, updated, status)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)",
        )
        .bind(guid.to_string())
        .bind(&address.source)
        .bind(&address.url)
        .bind(&first.text.title)
        .bind(first.text.lead.as_deref())
        .bind(first.text.body.as_deref())
        .bind(first.published.timestamp())
        .bind(at)
        .bind(Status::Current.as_str())
        .execute(&mut *tx)
        .await?;
        let cause = (Cause::First, None);
        add_revision(&mut tx, guid, &first.text, cause, &[], address.at).await?;
        write_derived(&mut tx, guid, derived).await?;
        add_address(&mut tx, guid, address, page_due).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Stores a new address that leads to a copy of a release that we have.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn merge(&self, address: &NewAddress, copy: &MergedCopy<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        add_address(&mut tx, copy.into, address, None).await?;
        add_merge(&mut tx, copy).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Moves a release to the new address that the newsroom gives it. The old one, with the text it had, becomes a copy's.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn move_to(
        &self,
        address: &NewAddress,
        old: &MergedCopy<'_>,
        page_due: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        add_address(&mut tx, old.into, address, Some(page_due)).await?;
        add_merge(&mut tx, old).await?;
        sqlx::query("UPDATE releases SET url = $1 WHERE guid = $2")
            .bind(&address.url)
            .bind(old.into.to_string())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE addresses SET page_due = NULL, gone_at = NULL WHERE source = $1 AND path = $2",
        )
        .bind(old.source)
        .bind(old.path.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes the release `from`, whose page came late and turned out to be a copy, part of another.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn fold(&self, from: Guid, copy: &MergedCopy<'_>) -> Result<()> {
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
            "UPDATE redactions SET guid = $1 WHERE guid = $2",
        ] {
            sqlx::query(sql)
                .bind(copy.into.to_string())
                .bind(from.to_string())
                .execute(&mut *tx)
                .await?;
        }
        add_merge(&mut tx, copy).await?;
        bump(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a new text of a release, as a revision; an edit has a weight.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn revise(
        &self,
        guid: Guid,
        text: &Text,
        (cause, weight): (Cause, Option<Weight>),
        changed: &[&str],
        derived: &Derived,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        // A completion is no news to a reader: the release was there, only its text was late. Nor is a typing error that
        // was mended.
        let is_news = cause == Cause::Edited && weight == Some(Weight::Material);
        let done = sqlx::query(
            "UPDATE releases SET title = $1, lead = $2, body = $3, redacted = NULL,
             updated = CASE WHEN $4 = 1 THEN $5 ELSE updated END
             WHERE guid = $6 AND (redacted IS NULL OR redacted <> $7)",
        )
        .bind(&text.title)
        .bind(text.lead.as_deref())
        .bind(text.body.as_deref())
        .bind(i64::from(is_news))
        .bind(at.timestamp())
        .bind(guid.to_string())
        .bind(REDACTED_WHOLE)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            // A person has removed it in this moment.
            return Ok(());
        }
        add_revision(&mut tx, guid, text, (cause, weight), changed, at).await?;
        write_derived(&mut tx, guid, derived).await?;
        bump(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a body whose words are the same and whose links are not: they were mended.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn mend_links(&self, guid: Guid, body: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE releases SET body = $1 WHERE guid = $2 AND body IS NOT NULL")
            .bind(body)
            .bind(guid.to_string())
            .execute(&mut *tx)
            .await?;
        bump(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes that a release's text, which is the same, is now found otherwise on its page.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn found_by(&self, guid: Guid, reading: Reading) -> Result<()> {
        sqlx::query("UPDATE releases SET reading = $1 WHERE guid = $2")
            .bind(reading.as_str())
            .bind(guid.to_string())
            .execute(&self.pool)
            .await?;
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

async fn add_address(
    tx: &mut Tx,
    guid: Guid,
    address: &NewAddress,
    page_due: Option<DateTime<Utc>>,
) -> Result<()> {
    let change = bump(tx).await?;
    sqlx::query(
        "INSERT INTO addresses
         (source, path, url, guid, upstream_guid, feed_seen, listing_seen, change, first_seen, page_due, page_failures)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)",
    )
    .bind(&address.source)
    .bind(address.path.as_str())
    .bind(&address.url)
    .bind(guid.to_string())
    .bind(address.upstream_guid.as_deref())
    .bind(address.feed_seen.as_deref())
    .bind(address.listing_seen.as_deref())
    .bind(change)
    .bind(address.at.timestamp())
    .bind(page_due.map(|due| due.timestamp()))
    .execute(&mut **tx)
    .await?;
    if let Some(gap) = address.gap {
        // An open gap keeps its beginning, but every listing has to be paged anew.
        sqlx::query(
            "UPDATE sources SET gap_change = COALESCE(gap_change, $1),
             gap_opened_at = COALESCE(gap_opened_at, $2), gap_reached = '[]' WHERE id = $3",
        )
        .bind(gap)
        .bind(address.at.timestamp())
        .bind(&address.source)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn add_merge(tx: &mut Tx, copy: &MergedCopy<'_>) -> Result<()> {
    let DatedText { text, published } = copy.text;
    sqlx::query(
        "INSERT INTO merges (source, path, guid, url, title, lead, body, published, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(copy.source)
    .bind(copy.path.as_str())
    .bind(copy.into.to_string())
    .bind(copy.url)
    .bind(&text.title)
    .bind(text.lead.as_deref())
    .bind(text.body.as_deref())
    .bind(published.timestamp())
    .bind(&copy.reason)
    .bind(copy.at.timestamp())
    .execute(&mut **tx)
    .await?;
    // What was read before a person removed it must not come in by this way.
    sqlx::query(
        "UPDATE merges SET lead = NULL, body = NULL WHERE guid = $1
         AND EXISTS (SELECT 1 FROM releases r WHERE r.guid = $1 AND r.redacted = $2)",
    )
    .bind(copy.into.to_string())
    .bind(REDACTED_WHOLE)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn add_revision(
    tx: &mut Tx,
    guid: Guid,
    text: &Text,
    (cause, weight): (Cause, Option<Weight>),
    changed: &[&str],
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO revisions (guid, number, at, cause, title, lead, body, changed, weight)
         SELECT $1, COUNT(*) + 1, $2, $3, $4, $5, $6, $7, $8 FROM revisions WHERE guid = $1",
    )
    .bind(guid.to_string())
    .bind(at.timestamp())
    .bind(cause.as_str())
    .bind(&text.title)
    .bind(text.lead.as_deref())
    .bind(text.body.as_deref())
    .bind(json_of(&changed, "what changed")?)
    .bind(weight.map(Weight::as_str))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_derived(tx: &mut Tx, guid: Guid, derived: &Derived) -> Result<()> {
    let guid = guid.to_string();
    if let Some(reading) = derived.reading {
        sqlx::query("UPDATE releases SET reading = $1 WHERE guid = $2")
            .bind(reading.as_str())
            .bind(&guid)
            .execute(&mut **tx)
            .await?;
    }
    for sql in [
        "DELETE FROM tags WHERE guid = $1",
        "DELETE FROM sketches WHERE guid = $1",
    ] {
        sqlx::query(sql).bind(&guid).execute(&mut **tx).await?;
    }
    for tag in &derived.tags {
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
    for hash in &derived.sketch {
        sqlx::query("INSERT INTO sketches (hash, guid) VALUES ($1, $2)")
            .bind(*hash)
            .bind(&guid)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
