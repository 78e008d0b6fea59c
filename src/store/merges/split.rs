//! A copy is freed, so that it is a release by itself.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{StoredCopy, copy_at, pairs, with_its_parts};
use crate::release::{CanonicalPath, Guid};
use crate::store::ingest::{Derived, add_release, write_derived};
use crate::store::related::{relate, rule};
use crate::store::sketches::write_sketch;
use crate::store::{Result, Store, Tx, bump};

/// What a release that was split off is told to be.
pub(super) const KEPT_APART: &str = "a person keeps the two apart";

/// What is kept beside the texts that a split brings back.
#[derive(Debug, Clone)]
pub struct Freeing<'a> {
    /// The guid of the copy, where it was no release before.
    pub guid: Guid,
    /// Beside the copy's text.
    pub freed: &'a Derived,
    /// Beside the text that the release had before it took the copy's.
    pub left: &'a Derived,
    /// Whether it is a person's word, which outlives every run of the rules.
    pub is_ruled: bool,
    /// Now.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Frees a copy, so that it is a release by itself: the one that it was before, or a new one. Gives its guid; none
    /// where the copy is not as it was read.
    ///
    /// # Errors
    /// [`crate::store::Error`].
    pub async fn split(&self, copy: &StoredCopy, freeing: &Freeing<'_>) -> Result<Option<Guid>> {
        let mut tx = self.begin().await?;
        if copy_at(&mut tx, &copy.source, &copy.path).await?.as_ref() != Some(copy) {
            return Ok(None);
        }
        sqlx::query("DELETE FROM merges WHERE source = $1 AND path = $2")
            .bind(&copy.source)
            .bind(copy.path.as_str())
            .execute(&mut *tx)
            .await?;
        let guid = copy.folded.unwrap_or(freeing.guid);
        lead_to(&mut tx, (&copy.source, &copy.path), guid).await?;
        if copy.folded.is_some() {
            give_back(&mut tx, guid, copy.of).await?;
            write_sketch(&mut tx, guid, &freeing.freed.sketch).await?;
        } else {
            let place = (copy.source.as_str(), copy.url.as_str());
            add_release(&mut tx, guid, place, &copy.text, freeing.freed, freeing.at).await?;
            // It was not read since it was found to be a copy.
            sqlx::query("UPDATE addresses SET page_due = $1 WHERE source = $2 AND path = $3")
                .bind(freeing.at.timestamp())
                .bind(&copy.source)
                .bind(copy.path.as_str())
                .execute(&mut *tx)
                .await?;
        }
        leave_better(&mut tx, copy, freeing.left).await?;
        if freeing.is_ruled {
            rule_apart(&mut tx, guid, copy.of, freeing.at).await?;
        }
        bump(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(guid))
    }
}

/// Takes a copy's text away from a release that shows it. What came after it stays, as it is the release's own.
async fn leave_better(tx: &mut Tx, copy: &StoredCopy, left: &Derived) -> Result<()> {
    let (Some(revision), Some(updated)) = (copy.revision, copy.updated_before) else {
        return Ok(());
    };
    let id = copy.of.to_string();
    let done = sqlx::query(
        "DELETE FROM revisions WHERE guid = $1 AND number = $2 AND $2 > 1
         AND $2 = (SELECT MAX(number) FROM revisions WHERE guid = $1)
         AND EXISTS (SELECT 1 FROM releases WHERE guid = $1 AND redacted IS NULL)",
    )
    .bind(&id)
    .bind(revision)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query(
        "UPDATE releases SET title = v.title, lead = v.lead, body = v.body, updated = $3
         FROM revisions v WHERE releases.guid = $1 AND v.guid = $1 AND v.number = $2",
    )
    .bind(&id)
    .bind(revision - 1)
    .bind(updated.timestamp())
    .execute(&mut **tx)
    .await?;
    write_derived(tx, copy.of, left).await
}

async fn lead_to(tx: &mut Tx, (source, path): (&str, &CanonicalPath), guid: Guid) -> Result<()> {
    sqlx::query("UPDATE addresses SET guid = $1 WHERE source = $2 AND path = $3")
        .bind(guid.to_string())
        .bind(source)
        .bind(path.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Shows a release by itself again, with all that was part of it.
async fn give_back(tx: &mut Tx, guid: Guid, of: Guid) -> Result<()> {
    let rows = sqlx::query(
        "SELECT source, path, via, folded FROM merges WHERE guid = $1 AND via IS NOT NULL",
    )
    .bind(of.to_string())
    .fetch_all(&mut **tx)
    .await?;
    let mut theirs = Vec::new();
    for row in &rows {
        theirs.push(Came {
            source: row.try_get("source")?,
            path: CanonicalPath::from_stored(row.try_get("path")?),
            via: row.try_get("via")?,
            folded: row.try_get("folded")?,
        });
    }
    // What came by way of it, by way of what came by way of it, and so on.
    let own = guid.to_string();
    let mut back = BTreeSet::from([own.clone()]);
    let mut ways = vec![own.clone()];
    while let Some(way) = ways.pop() {
        for one in theirs.iter().filter(|one| one.via == way) {
            lead_to(tx, (&one.source, &one.path), guid).await?;
            // Its own copies are so directly again.
            let via = (one.via != own).then_some(&one.via);
            sqlx::query("UPDATE merges SET guid = $1, via = $2 WHERE source = $3 AND path = $4")
                .bind(&own)
                .bind(via)
                .bind(&one.source)
                .bind(one.path.as_str())
                .execute(&mut **tx)
                .await?;
            if let Some(folded) = &one.folded
                && back.insert(folded.clone())
            {
                ways.push(folded.clone());
            }
        }
    }
    for one in back {
        let into = (one != own).then_some(&own);
        sqlx::query("UPDATE releases SET merged_into = $1 WHERE guid = $2")
            .bind(into)
            .bind(&one)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// A copy that came to a release by way of another.
struct Came {
    source: String,
    path: CanonicalPath,
    via: String,
    folded: Option<String>,
}

/// Keeps a person's word that two releases are two. What was said otherwise of any of their parts counts no more.
async fn rule_apart(tx: &mut Tx, freed: Guid, from: Guid, at: DateTime<Utc>) -> Result<()> {
    let ours = with_its_parts(tx, freed).await?;
    let theirs = with_its_parts(tx, from).await?;
    for (one, other) in pairs(&ours, &theirs) {
        rule(tx, (one, other), false, at).await?;
    }
    relate(tx, freed, &[(from, KEPT_APART.to_owned())]).await
}
