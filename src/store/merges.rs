//! Copies: addresses that lead to a release which stands at another address. Each can be freed again.
//!
//! A copy that was a release by itself before keeps its rows, out of sight, and what was part of it comes along with it
//! ([`fold`]). A text that a release has from a copy leaves with it ([`split`]). So a merge that is undone gives back what
//! was there, whatever was merged since.

mod fold;
mod split;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

pub use fold::Folding;
pub use split::{Freeing, Left};

use super::ingest::{NewAddress, NewRevision, add_address, add_newest};
use super::redactions::{Redaction, extent_of};
use super::shown::{Touch, touch};
use super::{Error, Result, Store, Tx, dated_text_in, guid_in, guid_of};
use crate::duplicates::{Reason, Verdict};
use crate::release::{CanonicalPath, DatedText, Guid};

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
    /// Whether a person has removed it, so that the title alone is kept.
    pub is_redacted: bool,
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
    /// The release that stood there by itself before, and that has the text.
    pub folded: Option<Guid>,
}

/// The copies, each with the text of the release that it was; a condition follows.
const COPIES: &str = "SELECT m.source, m.path, m.url, m.guid, m.folded, COALESCE(f.title, m.title) AS title,
    CASE WHEN f.guid IS NULL THEN m.lead ELSE f.lead END AS lead,
    CASE WHEN f.guid IS NULL THEN m.body ELSE f.body END AS body, COALESCE(f.published, m.published) AS published
    FROM merges m LEFT JOIN releases f ON f.guid = m.folded";

impl Store {
    /// Stores a new address that leads to a copy of a release that we have; its text may be the release's newest.
    ///
    /// # Errors
    /// [`super::Error`]; [`Error::Overruled`] where the release has become part of another in this moment.
    pub async fn merge(
        &self,
        address: &NewAddress,
        copy: &MergedCopy<'_>,
        better: Option<&NewRevision>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        must_be_shown(&mut tx, copy.into).await?;
        add_address(&mut tx, copy.into, address, None).await?;
        add_merge(&mut tx, copy).await?;
        if let Some(better) = better {
            let its = Some((copy.source, copy.path.as_str()));
            add_newest(&mut tx, copy.into, better, its, copy.at).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Moves a release to the new address that the newsroom gives it. The old one, with the text it had, becomes a copy's.
    ///
    /// # Errors
    /// As [`Store::merge`].
    pub async fn move_to(
        &self,
        address: &NewAddress,
        old: &MergedCopy<'_>,
        page_due: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        must_be_shown(&mut tx, old.into).await?;
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
        touch(&mut tx, old.into, Touch::Changed).await?;
        tx.commit().await?;
        Ok(())
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
        let sql = format!("{COPIES} WHERE m.path = $1 ORDER BY m.source");
        let rows = sqlx::query(AssertSqlSafe(sql))
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
        let rows = sqlx::query(AssertSqlSafe(format!(
            "{COPIES} WHERE (m.source > $1 OR m.source = $1 AND m.path > $2) AND m.verdict IN ($3, $4)
             AND COALESCE(f.body, m.body) IS NOT NULL ORDER BY m.source, m.path LIMIT $5"
        )))
        .bind(source)
        .bind(path)
        .bind(Verdict::Same.as_str())
        .bind(Verdict::IssuedAgain.as_str())
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(copy_in).collect()
    }

    /// The text that a release's own page and announcements last gave, whatever copy's is shown in its place.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn own_text(&self, guid: Guid) -> Result<Option<DatedText>> {
        let row = sqlx::query(
            "SELECT v.title, v.lead, v.body, r.published FROM revisions v JOIN releases r ON r.guid = v.guid
             WHERE v.guid = $1 AND v.copy_path IS NULL ORDER BY v.number DESC LIMIT 1",
        )
        .bind(guid.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(dated_text_in).transpose()
    }

    /// Some releases in the order in which they were stored, after a number, each with its own; those that are part of
    /// others, too.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn in_order(&self, after: i64, most: i64) -> Result<Vec<(i64, Guid)>> {
        let rows = sqlx::query(
            "SELECT number, guid FROM releases WHERE number > $1 ORDER BY number LIMIT $2",
        )
        .bind(after)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("number")?, guid_in(row)?)))
            .collect()
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
    })
}

async fn copy_at(
    connection: &mut AnyConnection,
    source: &str,
    path: &CanonicalPath,
) -> Result<Option<StoredCopy>> {
    let sql = format!("{COPIES} WHERE m.source = $1 AND m.path = $2");
    let row = sqlx::query(AssertSqlSafe(sql))
        .bind(source)
        .bind(path.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(copy_in).transpose()
}

pub(super) async fn must_be_shown(tx: &mut Tx, guid: Guid) -> Result<()> {
    if is_shown(tx, guid).await? {
        Ok(())
    } else {
        Err(Error::Overruled)
    }
}

async fn is_shown(tx: &mut Tx, guid: Guid) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM releases WHERE guid = $1 AND merged_into IS NULL")
        .bind(guid.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.is_some())
}

/// Notes a copy that was no release before. Of one whose text must not be stored, the title alone is.
pub(super) async fn add_merge(tx: &mut Tx, copy: &MergedCopy<'_>) -> Result<()> {
    let redacted = match extent_of(tx, copy.into).await? {
        Some(Redaction::Whole) => Some(Redaction::Whole),
        _ => copy.is_redacted.then_some(Redaction::Current),
    };
    let DatedText { text, published } = copy.text;
    let words = |words: &Option<String>| words.clone().filter(|_| redacted.is_none());
    sqlx::query(
        "INSERT INTO merges (source, path, guid, url, title, lead, body, published, verdict, reason, at, redacted)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(copy.source)
    .bind(copy.path.as_str())
    .bind(copy.into.to_string())
    .bind(copy.url)
    .bind(&text.title)
    .bind(words(&text.lead))
    .bind(words(&text.body))
    .bind(published.timestamp())
    .bind(copy.reason.verdict().as_str())
    .bind(copy.reason.to_string())
    .bind(copy.at.timestamp())
    .bind(redacted.map(Redaction::as_str))
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

fn pairs(ours: &[Guid], theirs: &[Guid]) -> impl Iterator<Item = (Guid, Guid)> {
    ours.iter()
        .flat_map(move |one| theirs.iter().map(move |other| (*one, *other)))
        .filter(|(one, other)| one != other)
}

#[cfg(test)]
mod tests;
