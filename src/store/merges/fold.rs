//! A release turns out to be part of another after it was stored.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{is_shown, pairs, with_its_parts};
use crate::duplicates::{Reason, Verdict};
use crate::release::Guid;
use crate::store::ingest::{NewRevision, add_newest};
use crate::store::redactions::{Redaction, extent_of, know_again, remove_all};
use crate::store::related::rule;
use crate::store::shown::{Touch, touch};
use crate::store::sketches::drop_sketch;
use crate::store::tags::take_along;
use crate::store::{RULING, Result, Store, Tx, raise};
use crate::topics::Relations;

/// A release that becomes part of another, with all that is part of it.
#[derive(Debug, Clone)]
pub struct Folding<'a> {
    /// It leaves the feeds. Its rows stay, so that it can be given back.
    pub from: Guid,
    /// It stays.
    pub into: Guid,
    /// Why they are one.
    pub reason: Reason,
    /// The text that the page of one of the two has given just now; what was known before was a lead alone.
    pub completed: Option<(Guid, &'a NewRevision)>,
    /// The text of the one that leaves, where it tells the release better.
    pub better: Option<&'a NewRevision>,
    /// How topics hang together, for a person's word on the one that leaves.
    pub relations: &'a Relations,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Makes a release part of another. Gives whether both were still shown.
    ///
    /// # Errors
    /// [`crate::store::Error`].
    pub async fn fold(&self, folding: &Folding<'_>) -> Result<bool> {
        let Folding { from, into, at, .. } = *folding;
        let mut tx = self.begin().await?;
        if from == into || !is_shown(&mut tx, from).await? || !is_shown(&mut tx, into).await? {
            return Ok(false);
        }
        if let Some((guid, new)) = folding.completed
            && add_newest(&mut tx, guid, new, None, at).await?.is_none()
        {
            return Ok(false);
        }
        let Some(place) = own_address(&mut tx, from).await? else {
            return Ok(false);
        };
        let origin = match text_is_of(&mut tx, from).await? {
            Some(copy) => copy,
            None => place.clone(),
        };
        if folding.reason == Reason::Redacted {
            // Of its lead alone it was not known what it is.
            let extent = extent_of(&mut tx, into).await?;
            remove_all(&mut tx, from, extent.unwrap_or(Redaction::Current), at).await?;
            know_again(&mut tx, from, into, true).await?;
        }
        for sql in [
            "UPDATE merges SET guid = $1, via = COALESCE(via, $2) WHERE guid = $2",
            "UPDATE addresses SET guid = $1 WHERE guid = $2",
        ] {
            sqlx::query(sql)
                .bind(into.to_string())
                .bind(from.to_string())
                .execute(&mut *tx)
                .await?;
        }
        drop_sketch(&mut tx, from).await?;
        sqlx::query("UPDATE releases SET merged_into = $1 WHERE guid = $2 OR merged_into = $2")
            .bind(into.to_string())
            .bind(from.to_string())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO merges (source, path, guid, url, title, published, verdict, reason, at, folded)
             SELECT $1, $2, $3, url, title, published, $4, $5, $6, guid FROM releases WHERE guid = $7",
        )
        .bind(&place.0)
        .bind(&place.1)
        .bind(into.to_string())
        .bind(folding.reason.verdict().as_str())
        .bind(folding.reason.to_string())
        .bind(at.timestamp())
        .bind(from.to_string())
        .execute(&mut *tx)
        .await?;
        if folding.reason.verdict() == Verdict::Ruled {
            rule_as_one(&mut tx, from, into, at).await?;
            raise(&mut tx, RULING).await?;
        }
        if let Some(better) = folding.better {
            let its = Some((origin.0.as_str(), origin.1.as_str()));
            add_newest(&mut tx, into, better, its, at).await?;
        }
        take_along(&mut tx, from, into, folding.relations, at).await?;
        touch(&mut tx, from, Touch::Left).await?;
        touch(&mut tx, into, Touch::Changed).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// The source and the path of the address at which a release stands.
async fn own_address(tx: &mut Tx, guid: Guid) -> Result<Option<(String, String)>> {
    let row = sqlx::query(
        "SELECT a.source, a.path FROM addresses a WHERE a.guid = $1
         AND NOT EXISTS (SELECT 1 FROM merges m WHERE m.source = a.source AND m.path = a.path)",
    )
    .bind(guid.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .transpose()
}

/// The address of the copy whose text a release shows; none where it is its own.
async fn text_is_of(tx: &mut Tx, guid: Guid) -> Result<Option<(String, String)>> {
    let row = sqlx::query(
        "SELECT copy_source, copy_path FROM revisions WHERE guid = $1 ORDER BY number DESC LIMIT 1",
    )
    .bind(guid.to_string())
    .fetch_one(&mut **tx)
    .await?;
    let (source, path): (Option<String>, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
    Ok(source.zip(path))
}

/// Keeps a person's word that two releases, of which the one is part of the other by now, are one.
async fn rule_as_one(tx: &mut Tx, from: Guid, into: Guid, at: DateTime<Utc>) -> Result<()> {
    let all = with_its_parts(tx, into).await?;
    for (one, other) in pairs(&all, &all) {
        sqlx::query("DELETE FROM rulings WHERE guid = $1 AND other = $2 AND is_one = 0")
            .bind(one.to_string())
            .bind(other.to_string())
            .execute(&mut **tx)
            .await?;
    }
    rule(tx, (from, into), true, at).await
}
