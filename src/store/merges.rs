//! Copies: addresses that lead to a release which stands at another address. Each can be freed again.
//!
//! A copy that was a release by itself before keeps its rows, out of sight, and what was part of it comes along with it.
//! So a merge that is undone gives back what was there, whatever was merged since.

mod split;

use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::any::AnyRow;

pub use split::Freeing;

use super::ingest::{NewAddress, NewRevision, add_address, add_newest};
use super::redactions::{REDACTED_WHOLE, remove_all};
use super::related::rule;
use super::sketches::drop_sketch;
use super::{Result, Store, Tx, bump, dated_text_in, guid_in, guid_of, optional_time_in};
use crate::duplicates::{Reason, Verdict};
use crate::release::{CanonicalPath, Cause, DatedText, Guid, Text};

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
    pub reason: Reason,
    /// When that was found.
    pub at: DateTime<Utc>,
}

/// A copy as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCopy {
    /// The source's id.
    pub source: String,
    /// The copy's identity within the source.
    pub path: CanonicalPath,
    /// Its address.
    pub url: String,
    /// The release that it is part of.
    pub of: Guid,
    /// What stood there.
    pub text: DatedText,
    /// The release that stood there by itself before.
    pub folded: Option<Guid>,
    /// The revision that its text became.
    pub revision: Option<i64>,
    /// When the release was updated before that.
    pub updated_before: Option<DateTime<Utc>>,
}

impl Store {
    /// Stores a new address that leads to a copy of a release that we have; its text may be the release's newest.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn merge(
        &self,
        address: &NewAddress,
        copy: &MergedCopy<'_>,
        better: Option<&NewRevision>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        // It may have become part of another since it was found.
        let copy = MergedCopy {
            into: shown_as(&mut tx, copy.into).await?,
            ..copy.clone()
        };
        add_address(&mut tx, copy.into, address, None).await?;
        add_merge(&mut tx, &copy).await?;
        take_better(&mut tx, &copy, better).await?;
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
        let shown = shown_as(&mut tx, old.into).await?;
        if shown != old.into {
            // It became part of another in this moment: its new address does too.
            let copy = MergedCopy {
                into: shown,
                path: &address.path,
                url: &address.url,
                ..old.clone()
            };
            add_address(&mut tx, shown, address, None).await?;
            add_merge(&mut tx, &copy).await?;
            tx.commit().await?;
            return Ok(());
        }
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

    /// Makes the release `from`, which is shown by itself, part of another, with all that is part of it. Gives whether both
    /// were still shown.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn fold(
        &self,
        from: Guid,
        copy: &MergedCopy<'_>,
        better: Option<&NewRevision>,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let into = copy.into;
        if from == into || !is_shown(&mut tx, from).await? || !is_shown(&mut tx, into).await? {
            return Ok(false);
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
        if copy.reason == Reason::Redacted {
            // Of its lead alone it was not known what it is.
            remove_all(&mut tx, from, copy.at).await?;
        }
        drop_sketch(&mut tx, from).await?;
        sqlx::query("UPDATE releases SET merged_into = $1 WHERE guid = $2 OR merged_into = $2")
            .bind(into.to_string())
            .bind(from.to_string())
            .execute(&mut *tx)
            .await?;
        add_merge(&mut tx, copy).await?;
        sqlx::query("UPDATE merges SET folded = $1 WHERE source = $2 AND path = $3")
            .bind(from.to_string())
            .bind(copy.source)
            .bind(copy.path.as_str())
            .execute(&mut *tx)
            .await?;
        if copy.reason.verdict() == Verdict::Ruled {
            rule_as_one(&mut tx, from, into, copy.at).await?;
        }
        take_better(&mut tx, copy, better).await?;
        bump(&mut tx).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The copy that stands at an address.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn copy_at(&self, source: &str, path: &CanonicalPath) -> Result<Option<StoredCopy>> {
        let mut connection = self.pool.acquire().await?;
        copy_at(&mut connection, source, path).await
    }

    /// The copies that stand at a path, whatever the source.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn copies_at(&self, path: &CanonicalPath) -> Result<Vec<StoredCopy>> {
        let rows = sqlx::query("SELECT * FROM merges WHERE path = $1 ORDER BY source")
            .bind(path.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(copy_in).collect()
    }

    /// Copies that were taken for such by their texts, in the order of their addresses, after the one given.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn copies_by_text(
        &self,
        after: Option<&StoredCopy>,
        most: i64,
    ) -> Result<Vec<StoredCopy>> {
        let (source, path) = match after {
            Some(copy) => (copy.source.as_str(), copy.path.as_str()),
            None => ("", ""),
        };
        let rows = sqlx::query(
            "SELECT * FROM merges WHERE (source > $1 OR source = $1 AND path > $2)
             AND verdict IN ($3, $4) AND body IS NOT NULL ORDER BY source, path LIMIT $5",
        )
        .bind(source)
        .bind(path)
        .bind(Verdict::Same.as_str())
        .bind(Verdict::IssuedAgain.as_str())
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(copy_in).collect()
    }

    /// The text that a release's own page last had, where a copy's is shown in its place.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn own_text(&self, guid: Guid) -> Result<Option<Text>> {
        let rows = sqlx::query(
            "SELECT v.*, r.published FROM revisions v JOIN releases r ON r.guid = v.guid
             WHERE v.guid = $1 AND v.cause NOT IN ($2, $3) ORDER BY v.number DESC",
        )
        .bind(guid.to_string())
        .bind(Cause::Withdrawn.as_str())
        .bind(Cause::Restored.as_str())
        .fetch_all(&self.pool)
        .await?;
        let mut is_copys = Vec::new();
        for row in &rows {
            is_copys.push(row.try_get::<String, _>("cause")? == Cause::Reissued.as_str());
        }
        match is_copys.iter().position(|is_copys| !is_copys) {
            None | Some(0) => Ok(None),
            Some(own) => Ok(Some(dated_text_in(&rows[own])?.text)),
        }
    }

    /// Some releases that the feeds show, in the order in which they were stored, after a number; each with its own.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn in_order(&self, after: i64, most: i64) -> Result<Vec<(i64, Guid)>> {
        let rows = sqlx::query(
            "SELECT number, guid FROM releases WHERE number > $1 AND merged_into IS NULL ORDER BY number LIMIT $2",
        )
        .bind(after)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("number")?, guid_in(row)?)))
            .collect()
    }

    /// The path at which a release stands; none where it is not shown by itself.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn path_of(&self, guid: Guid) -> Result<Option<CanonicalPath>> {
        let row = sqlx::query(
            "SELECT a.path FROM addresses a WHERE a.guid = $1
             AND NOT EXISTS (SELECT 1 FROM merges m WHERE m.source = a.source AND m.path = a.path)",
        )
        .bind(guid.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok(CanonicalPath::from_stored(row.try_get(0)?)))
            .transpose()
    }

    /// The number of a release in the order in which releases were stored.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn number(&self, guid: Guid) -> Result<Option<i64>> {
        let row = sqlx::query("SELECT number FROM releases WHERE guid = $1")
            .bind(guid.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }
}

fn copy_in(row: &AnyRow) -> Result<StoredCopy> {
    let folded: Option<String> = row.try_get("folded")?;
    let folded = folded.as_deref().map(guid_of).transpose()?;
    Ok(StoredCopy {
        source: row.try_get("source")?,
        path: CanonicalPath::from_stored(row.try_get("path")?),
        url: row.try_get("url")?,
        of: guid_in(row)?,
        text: dated_text_in(row)?,
        folded,
        revision: row.try_get("revision")?,
        updated_before: optional_time_in(row, "updated_before")?,
    })
}

async fn copy_at(
    connection: &mut sqlx::AnyConnection,
    source: &str,
    path: &CanonicalPath,
) -> Result<Option<StoredCopy>> {
    let row = sqlx::query("SELECT * FROM merges WHERE source = $1 AND path = $2")
        .bind(source)
        .bind(path.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(copy_in).transpose()
}

/// The release that one is part of by now, or itself.
async fn shown_as(tx: &mut Tx, guid: Guid) -> Result<Guid> {
    let row =
        sqlx::query("SELECT COALESCE(merged_into, guid) AS guid FROM releases WHERE guid = $1")
            .bind(guid.to_string())
            .fetch_optional(&mut **tx)
            .await?;
    row.as_ref().map_or(Ok(guid), guid_in)
}

async fn is_shown(tx: &mut Tx, guid: Guid) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM releases WHERE guid = $1 AND merged_into IS NULL")
        .bind(guid.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.is_some())
}

pub(super) async fn add_merge(tx: &mut Tx, copy: &MergedCopy<'_>) -> Result<()> {
    let DatedText { text, published } = copy.text;
    sqlx::query(
        "INSERT INTO merges (source, path, guid, url, title, lead, body, published, verdict, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(copy.source)
    .bind(copy.path.as_str())
    .bind(copy.into.to_string())
    .bind(copy.url)
    .bind(&text.title)
    .bind(text.lead.as_deref())
    .bind(text.body.as_deref())
    .bind(published.timestamp())
    .bind(copy.reason.verdict().as_str())
    .bind(copy.reason.to_string())
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

/// Lets a release have a better text. One that came from a copy leaves with it, and gives back when the release was updated
/// before.
async fn take_better(
    tx: &mut Tx,
    copy: &MergedCopy<'_>,
    better: Option<&NewRevision>,
) -> Result<()> {
    let Some(better) = better else { return Ok(()) };
    let into = copy.into.to_string();
    let row = sqlx::query("SELECT updated FROM releases WHERE guid = $1")
        .bind(&into)
        .fetch_one(&mut **tx)
        .await?;
    let updated: i64 = row.try_get("updated")?;
    let number = add_newest(tx, copy.into, better, copy.at).await?;
    if better.cause != Cause::Reissued {
        return Ok(());
    }
    sqlx::query(
        "UPDATE merges SET revision = $1, updated_before = $2 WHERE source = $3 AND path = $4",
    )
    .bind(number)
    .bind(updated)
    .bind(copy.source)
    .bind(copy.path.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A release and those that are part of it.
async fn with_its_parts(tx: &mut Tx, guid: Guid) -> Result<Vec<Guid>> {
    let rows = sqlx::query("SELECT guid FROM releases WHERE guid = $1 OR merged_into = $1")
        .bind(guid.to_string())
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(guid_in).collect()
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

fn pairs(ours: &[Guid], theirs: &[Guid]) -> impl Iterator<Item = (Guid, Guid)> {
    ours.iter()
        .flat_map(move |one| theirs.iter().map(move |other| (*one, *other)))
        .filter(|(one, other)| one != other)
}

#[cfg(test)]
mod tests;
