//! What a cycle writes: a new release, a copy, an edit, a completion. Each is one transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::redactions::Redaction;
use super::related::relate;
use super::shown::{Touch, touch};
use super::sketches::write_sketch;
use super::tags::{Entrance, write_tags};
use super::{Error, RELEASE, Result, Store, Tx, json_of, raise};
use crate::difference::Weight;
use crate::release::{CanonicalPath, Cause, DatedText, Guid, Reading, Status, Tag, Text};
use crate::topics::Relations;

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
    /// Its topics by the rules.
    pub tags: Vec<Tag>,
    /// How topics hang together, for a person's word on them.
    pub relations: Arc<Relations>,
    /// The hashes by which copies find it; empty for a lead alone, which is never compared.
    pub sketch: Vec<i64>,
    /// The releases that it is like and yet is not, each with what spoke against it.
    pub related: Vec<(Guid, String)>,
    /// How the text was found on its page; none for a lead alone.
    pub reading: Option<Reading>,
}

/// A text that becomes a release's newest revision.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// The text.
    pub text: Text,
    /// Why it is there.
    pub cause: Cause,
    /// How much it matters, where it is an edit.
    pub weight: Option<Weight>,
    /// What changed: any of `title`, `lead`, `body`.
    pub changed: Vec<&'static str>,
    /// What is kept beside it.
    pub derived: Derived,
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
        let place = (address.source.as_str(), address.url.as_str());
        let derived = (derived, Entrance::Arrives);
        add_release(&mut tx, guid, place, first, derived, address.at).await?;
        add_address(&mut tx, guid, address, page_due).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a new text of a release, as a revision.
    ///
    /// # Errors
    /// [`super::Error`]; [`Error::Overruled`] where the release is part of another by now, or removed for ever.
    pub async fn revise(&self, guid: Guid, new: &NewRevision, at: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin().await?;
        let number = add_newest(&mut tx, guid, new, None, at).await?;
        number.ok_or(Error::Overruled)?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a new text of a release beneath that of a copy, which goes on being shown.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn revise_beneath(
        &self,
        guid: Guid,
        new: &NewRevision,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let (text, cause) = ((&new.text, None), (new.cause, new.weight));
        let number = add_revision(&mut tx, guid, text, cause, &new.changed, at).await?;
        sqlx::query(
            "INSERT INTO revisions (guid, number, at, cause, title, lead, body, changed, copy_source, copy_path, redacted_at)
             SELECT guid, $1, $2, $3, title, lead, body, '[]', copy_source, copy_path, redacted_at
             FROM revisions WHERE guid = $4 AND number = $5",
        )
        .bind(number + 1)
        .bind(at.timestamp())
        .bind(Cause::Reissued.as_str())
        .bind(guid.to_string())
        .bind(number - 1)
        .execute(&mut *tx)
        .await?;
        touch(&mut tx, guid, Touch::Beside).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps a body of a release's own whose words are the same and whose links are not: they were mended.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn mend_links(&self, guid: Guid, body: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        // The revision has the same words, so what it links to is mended with it.
        sqlx::query(
            "UPDATE revisions SET body = $1 WHERE guid = $2 AND body IS NOT NULL AND number =
             (SELECT MAX(number) FROM revisions WHERE guid = $2 AND copy_path IS NULL)",
        )
        .bind(body)
        .bind(guid.to_string())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE releases SET body = v.body FROM revisions v WHERE releases.guid = $1 AND releases.body IS NOT NULL
             AND v.guid = $1 AND v.number = (SELECT MAX(number) FROM revisions WHERE guid = $1)",
        )
        .bind(guid.to_string())
        .execute(&mut *tx)
        .await?;
        touch(&mut tx, guid, Touch::Changed).await?;
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
        let mut tx = self.begin().await?;
        sqlx::query(sql)
            .bind(seen)
            .bind(upstream_guid)
            .bind(source)
            .bind(path.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Adds a release with its first revision; its addresses are the caller's.
pub(super) async fn add_release(
    tx: &mut Tx,
    guid: Guid,
    (source, url): (&str, &str),
    first: &DatedText,
    (derived, entrance): (&Derived, Entrance),
    at: DateTime<Utc>,
) -> Result<()> {
    let number = raise(tx, RELEASE).await?;
    sqlx::query(
        "INSERT INTO releases (guid, source, url, title, lead, body, published, first_seen, updated, status, number)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)",
    )
    .bind(guid.to_string())
    .bind(source)
    .bind(url)
    .bind(&first.text.title)
    .bind(first.text.lead.as_deref())
    .bind(first.text.body.as_deref())
    .bind(first.published.timestamp())
    .bind(at.timestamp())
    .bind(Status::Current.as_str())
    .bind(number)
    .execute(&mut **tx)
    .await?;
    let cause = (Cause::First, None);
    add_revision(tx, guid, (&first.text, None), cause, &[], at).await?;
    write_derived(tx, guid, derived, entrance, at).await?;
    touch(tx, guid, Touch::Changed).await?;
    Ok(())
}

pub(super) async fn add_address(
    tx: &mut Tx,
    guid: Guid,
    address: &NewAddress,
    page_due: Option<DateTime<Utc>>,
) -> Result<()> {
    let change = touch(tx, guid, Touch::Beside).await?;
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
        open_gap(tx, &address.source, gap, address.at).await?;
    }
    Ok(())
}

/// Notes that something may lack of a source after the change `known`. An open gap keeps its beginning, but every listing has to
/// be paged anew.
pub(super) async fn open_gap(
    tx: &mut Tx,
    source: &str,
    known: i64,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE sources SET gap_change = COALESCE(gap_change, $1),
         gap_opened_at = COALESCE(gap_opened_at, $2), gap_reached = '[]' WHERE id = $3",
    )
    .bind(known)
    .bind(at.timestamp())
    .bind(source)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps a text as a release's newest, which it may have from a copy; gives the revision's number. Nothing is kept of a
/// release that is not shown by itself, or whose texts a person has removed in this moment.
pub(super) async fn add_newest(
    tx: &mut Tx,
    guid: Guid,
    new: &NewRevision,
    copy: Option<CopyPlace<'_>>,
    at: DateTime<Utc>,
) -> Result<Option<i64>> {
    let is_news = is_news(new.cause.as_str(), new.weight.map(Weight::as_str));
    let done = sqlx::query(
        "UPDATE releases SET title = $1, lead = $2, body = $3, redacted = NULL,
         updated = CASE WHEN $4 = 1 THEN $5 ELSE updated END
         WHERE guid = $6 AND merged_into IS NULL AND (redacted IS NULL OR redacted <> $7)",
    )
    .bind(&new.text.title)
    .bind(new.text.lead.as_deref())
    .bind(new.text.body.as_deref())
    .bind(i64::from(is_news))
    .bind(at.timestamp())
    .bind(guid.to_string())
    .bind(Redaction::Whole.as_str())
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    let cause = (new.cause, new.weight);
    let number = add_revision(tx, guid, (&new.text, copy), cause, &new.changed, at).await?;
    // Whoever saw the lead of a release alone has not seen the release yet.
    let entrance = match new.cause {
        Cause::Completed => Entrance::Arrives,
        _ => Entrance::Changes,
    };
    write_derived(tx, guid, &new.derived, entrance, at).await?;
    touch(tx, guid, Touch::Changed).await?;
    Ok(Some(number))
}

/// Whether a revision is news to who has read the release. A completion is none: the release was there, only its text was
/// late. Nor is a typing error that was mended.
pub(super) fn is_news(cause: &str, weight: Option<&str>) -> bool {
    let is = |causes: [Cause; 2]| causes.iter().any(|one| one.as_str() == cause);
    is([Cause::Withdrawn, Cause::Restored])
        || is([Cause::Edited, Cause::Reissued]) && weight == Some(Weight::Material.as_str())
}

/// The source and the path of the copy whose text a revision is.
pub(super) type CopyPlace<'a> = (&'a str, &'a str);

pub(super) async fn add_revision(
    tx: &mut Tx,
    guid: Guid,
    (text, copy): (&Text, Option<CopyPlace<'_>>),
    (cause, weight): (Cause, Option<Weight>),
    changed: &[&str],
    at: DateTime<Utc>,
) -> Result<i64> {
    let row =
        sqlx::query("SELECT COALESCE(MAX(number), 0) + 1 AS number FROM revisions WHERE guid = $1")
            .bind(guid.to_string())
            .fetch_one(&mut **tx)
            .await?;
    let number: i64 = row.try_get("number")?;
    sqlx::query(
        "INSERT INTO revisions (guid, number, at, cause, title, lead, body, changed, weight, copy_source, copy_path)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(guid.to_string())
    .bind(number)
    .bind(at.timestamp())
    .bind(cause.as_str())
    .bind(&text.title)
    .bind(text.lead.as_deref())
    .bind(text.body.as_deref())
    .bind(json_of(&changed, "what changed")?)
    .bind(weight.map(Weight::as_str))
    .bind(copy.map(|(source, _)| source))
    .bind(copy.map(|(_, path)| path))
    .execute(&mut **tx)
    .await?;
    Ok(number)
}

pub(super) async fn write_derived(
    tx: &mut Tx,
    guid: Guid,
    derived: &Derived,
    entrance: Entrance,
    at: DateTime<Utc>,
) -> Result<()> {
    write_sketch(tx, guid, &derived.sketch).await?;
    relate(tx, guid, &derived.related).await?;
    if let Some(reading) = derived.reading {
        sqlx::query("UPDATE releases SET reading = $1 WHERE guid = $2")
            .bind(reading.as_str())
            .bind(guid.to_string())
            .execute(&mut **tx)
            .await?;
    }
    let tags = derived.tags.clone();
    write_tags(tx, guid, tags, &derived.relations, entrance, at).await?;
    Ok(())
}
