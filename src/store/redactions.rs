//! Texts that a person has removed for good.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::sketches::drop_sketch;
use super::{
    Result, Store, Tx, WORD, bump, guid_in, guid_of, json_in, json_of, placeholders, raise,
};
use crate::release::{Evidence, Guid, Text, seen};

/// No text of the release is ever stored again.
pub(super) const REDACTED_WHOLE: &str = "whole";
/// The current text is removed, until the publisher has another.
pub(super) const REDACTED_CURRENT: &str = "current";

/// A shorter removed text may stand in another release by chance.
const TELLING: usize = 2;
/// How often the journal is tried.
const JOURNAL_TRIES: u32 = 20;

/// What a text is known again by, without its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Print {
    /// The hash of all its words.
    pub whole: i64,
    /// The hashes of its paragraphs' words.
    pub paragraphs: BTreeSet<i64>,
}

/// One state of a release's text, by its number.
#[derive(Debug, Clone)]
pub struct NumberedText {
    /// The revision's number.
    pub number: i64,
    /// Its text; lead and body are missing where they were removed.
    pub text: Text,
}

/// A text of what is part of a release: a copy's, or a revision's of a release that it was made of.
#[derive(Debug, Clone)]
pub struct PartText {
    /// The release that has it, which may be out of sight.
    pub guid: Guid,
    /// The text.
    pub text: Text,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Copy { source: String, path: String },
    Revision(i64),
}

/// What of a release's texts is removed.
#[derive(Debug, Clone, Copy)]
pub enum Extent<'a> {
    /// All, with those of its parts, and for ever.
    Whole,
    /// Those of some revisions.
    Revisions {
        /// Their numbers.
        numbers: &'a [i64],
        /// Whether one of them is the current text.
        current: bool,
        /// The same text where a part of the release has it.
        parts: &'a [PartText],
        /// The hash of all its words.
        whole: i64,
    },
}

impl Store {
    /// The texts of what is part of a release.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn part_texts(&self, guid: Guid) -> Result<Vec<PartText>> {
        let text = |row: &AnyRow| -> Result<Text> {
            Ok(Text {
                title: row.try_get("title")?,
                lead: row.try_get("lead")?,
                body: row.try_get("body")?,
            })
        };
        let mut parts = Vec::new();
        // A copy that was a release has its text in its revisions.
        let copies = sqlx::query(
            "SELECT source, path, title, lead, body FROM merges WHERE guid = $1 AND folded IS NULL",
        )
        .bind(guid.to_string())
        .fetch_all(&self.pool)
        .await?;
        for row in &copies {
            let place = Place::Copy {
                source: row.try_get("source")?,
                path: row.try_get("path")?,
            };
            parts.push(PartText {
                guid,
                text: text(row)?,
                place,
            });
        }
        let revisions = sqlx::query(
            "SELECT v.guid, v.number, v.title, v.lead, v.body
             FROM revisions v JOIN releases r ON r.guid = v.guid WHERE r.merged_into = $1",
        )
        .bind(guid.to_string())
        .fetch_all(&self.pool)
        .await?;
        for row in &revisions {
            parts.push(PartText {
                guid: guid_in(row)?,
                text: text(row)?,
                place: Place::Revision(row.try_get("number")?),
            });
        }
        Ok(parts)
    }

    /// The texts of a release's revisions, oldest first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn revision_texts(&self, guid: Guid) -> Result<Vec<NumberedText>> {
        let rows = sqlx::query(
            "SELECT number, title, lead, body FROM revisions WHERE guid = $1 ORDER BY number",
        )
        .bind(guid.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(NumberedText {
                    number: row.try_get("number")?,
                    text: Text {
                        title: row.try_get("title")?,
                        lead: row.try_get("lead")?,
                        body: row.try_get("body")?,
                    },
                })
            })
            .collect()
    }

    /// Removes texts of a release for good. What holds all paragraphs of one of `prints`, each of the release that had it,
    /// is never stored again.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn redact(
        &self,
        guid: Guid,
        extent: Extent<'_>,
        prints: &[(Guid, Print)],
        at: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        for (of, print) in prints {
            for paragraph in &print.paragraphs {
                sqlx::query(
                    "INSERT INTO redactions (guid, text, paragraph, at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (guid, text, paragraph) DO NOTHING",
                )
                .bind(of.to_string())
                .bind(print.whole)
                .bind(*paragraph)
                .bind(at.timestamp())
                .execute(&mut *tx)
                .await?;
            }
        }
        match extent {
            Extent::Whole => remove_all(&mut tx, guid, REDACTED_WHOLE, at).await?,
            Extent::Revisions {
                numbers,
                current,
                parts,
                whole,
            } => {
                for number in numbers {
                    remove_revision(&mut tx, guid, *number).await?;
                }
                if current {
                    remove_current(&mut tx, guid, REDACTED_CURRENT, at).await?;
                }
                for part in parts {
                    remove_part(&mut tx, part, whole, at).await?;
                }
            }
        }
        raise(&mut tx, WORD).await?;
        bump(&mut tx).await?;
        tx.commit().await?;
        self.fold_journal().await
    }

    /// Folds SQLite's journal into the database, as it holds what the pages no longer do.
    async fn fold_journal(&self) -> Result<()> {
        for _ in 0..JOURNAL_TRIES {
            let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(&self.pool)
                .await?;
            // Its first column tells whether somebody still reads there.
            if row.try_get::<i64, _>(0)? == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        tracing::warn!(
            "the text is removed, but the store's journal is in use and holds it until the next restart of whoever uses it"
        );
        Ok(())
    }

    /// The release from which a text was removed that is all in the one with this print: the release `of` itself before any
    /// other, of which the removed text must be long enough to be no other's.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn redacted_from(&self, of: Guid, print: &Print) -> Result<Option<Guid>> {
        let all: Vec<i64> = print.paragraphs.iter().copied().collect();
        let mut found = None;
        for some in all.chunks(500) {
            let sql = format!(
                "SELECT DISTINCT x.guid, x.text, COALESCE(r.merged_into, r.guid) AS shown
                 FROM redactions x JOIN releases r ON r.guid = x.guid
                 WHERE x.paragraph IN ({}) ORDER BY x.guid, x.text",
                placeholders(1, some.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for paragraph in some {
                query = query.bind(*paragraph);
            }
            for row in query.fetch_all(&self.pool).await? {
                let guid = guid_in(&row)?;
                let removed = self.redacted_paragraphs(guid, row.try_get("text")?).await?;
                let shown = guid_of(&row.try_get::<String, _>("shown")?)?;
                let is_its_own = guid == of || shown == of;
                if !removed.iter().all(|one| print.paragraphs.contains(one)) {
                    continue;
                }
                if is_its_own {
                    return Ok(Some(shown));
                }
                if removed.len() >= TELLING {
                    found.get_or_insert(shown);
                }
            }
        }
        Ok(found)
    }

    async fn redacted_paragraphs(&self, guid: Guid, text: i64) -> Result<Vec<i64>> {
        let rows = sqlx::query("SELECT paragraph FROM redactions WHERE guid = $1 AND text = $2")
            .bind(guid.to_string())
            .bind(text)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Whether a text of a release was removed, so that what comes next is no completion.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn is_redacted(&self, guid: Guid) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM releases WHERE guid = $1 AND redacted IS NOT NULL")
            .bind(guid.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }

    /// Whether no text of a release may ever be stored again.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn is_redacted_whole(&self, guid: Guid) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM releases WHERE guid = $1 AND redacted = $2")
            .bind(guid.to_string())
            .bind(REDACTED_WHOLE)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }
}

/// How much of a release's text is removed; what has all of its text is found to have a part removed that others had.
pub(super) async fn extent_of(tx: &mut Tx, guid: Guid) -> Result<&'static str> {
    let row = sqlx::query("SELECT 1 FROM releases WHERE guid = $1 AND redacted = $2")
        .bind(guid.to_string())
        .bind(REDACTED_WHOLE)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map_or(REDACTED_CURRENT, |_| REDACTED_WHOLE))
}

/// Removes every text of a release and of its parts, for ever or until the publisher has another.
pub(super) async fn remove_all(
    tx: &mut Tx,
    guid: Guid,
    extent: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows = sqlx::query("SELECT guid FROM releases WHERE guid = $1 OR merged_into = $1")
        .bind(guid.to_string())
        .fetch_all(&mut **tx)
        .await?;
    for row in &rows {
        let part = guid_in(row)?;
        sqlx::query("UPDATE revisions SET lead = NULL, body = NULL, redacted = 1 WHERE guid = $1")
            .bind(part.to_string())
            .execute(&mut **tx)
            .await?;
        remove_current(tx, part, extent, at).await?;
    }
    sqlx::query("UPDATE merges SET lead = NULL, body = NULL, redacted = $1 WHERE guid = $2")
        .bind(extent)
        .bind(guid.to_string())
        .execute(&mut **tx)
        .await?;
    let places = sqlx::query("SELECT source, path FROM addresses WHERE guid = $1")
        .bind(guid.to_string())
        .fetch_all(&mut **tx)
        .await?;
    for row in &places {
        hide_lead(tx, (row.try_get("source")?, row.try_get("path")?)).await?;
    }
    if extent == REDACTED_WHOLE {
        // Nothing that they say is taken in any more.
        sqlx::query("UPDATE addresses SET page_due = NULL WHERE guid = $1")
            .bind(guid.to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn remove_revision(tx: &mut Tx, guid: Guid, number: i64) -> Result<()> {
    sqlx::query(
        "UPDATE revisions SET lead = NULL, body = NULL, redacted = 1 WHERE guid = $1 AND number = $2",
    )
    .bind(guid.to_string())
    .bind(number)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn remove_current(tx: &mut Tx, guid: Guid, extent: &str, at: DateTime<Utc>) -> Result<()> {
    let id = guid.to_string();
    sqlx::query(
        "UPDATE releases SET lead = NULL, body = NULL, redacted = $1, updated = $2 WHERE guid = $3",
    )
    .bind(extent)
    .bind(at.timestamp())
    .bind(&id)
    .execute(&mut **tx)
    .await?;
    drop_sketch(tx, guid).await?;
    // The address at which it stands, or stood before it was part of another.
    let places = sqlx::query(
        "SELECT a.source, a.path FROM addresses a LEFT JOIN merges m ON m.source = a.source AND m.path = a.path
         WHERE a.guid = $1 AND m.path IS NULL
         UNION ALL SELECT source, path FROM merges WHERE folded = $1",
    )
    .bind(&id)
    .fetch_all(&mut **tx)
    .await?;
    for row in &places {
        hide_lead(tx, (row.try_get("source")?, row.try_get("path")?)).await?;
    }
    hide_sentences(tx, &id).await
}

async fn remove_part(tx: &mut Tx, part: &PartText, whole: i64, at: DateTime<Utc>) -> Result<()> {
    match &part.place {
        Place::Copy { source, path } => {
            sqlx::query(
                "UPDATE merges SET lead = NULL, body = NULL, redacted = $1, removed = $2 WHERE source = $3 AND path = $4",
            )
            .bind(REDACTED_CURRENT)
            .bind(whole)
            .bind(source)
            .bind(path)
            .execute(&mut **tx)
            .await?;
            hide_lead(tx, (source, path)).await?;
        }
        Place::Revision(number) => {
            remove_revision(tx, part.guid, *number).await?;
            let newest = sqlx::query("SELECT MAX(number) AS number FROM revisions WHERE guid = $1")
                .bind(part.guid.to_string())
                .fetch_one(&mut **tx)
                .await?;
            if newest.try_get::<i64, _>("number")? == *number {
                remove_current(tx, part.guid, REDACTED_CURRENT, at).await?;
            }
        }
    }
    Ok(())
}

/// Lets a release that was a copy until now be redacted as the copy was; gives whether that is for ever.
pub(super) async fn redact_new(tx: &mut Tx, guid: Guid, copy: (&str, &str)) -> Result<bool> {
    let row = sqlx::query("SELECT redacted, removed FROM merges WHERE source = $1 AND path = $2")
        .bind(copy.0)
        .bind(copy.1)
        .fetch_one(&mut **tx)
        .await?;
    let redacted: Option<String> = row.try_get("redacted")?;
    if redacted.is_none() {
        return Ok(false);
    }
    sqlx::query("UPDATE releases SET redacted = $1 WHERE guid = $2")
        .bind(&redacted)
        .bind(guid.to_string())
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE revisions SET redacted = 1 WHERE guid = $1")
        .bind(guid.to_string())
        .execute(&mut **tx)
        .await?;
    // However short it is, it is known again here as well.
    sqlx::query(
        "INSERT INTO redactions (guid, text, paragraph, at)
         SELECT $1, text, paragraph, MIN(at) FROM redactions WHERE text = $2 GROUP BY text, paragraph",
    )
    .bind(guid.to_string())
    .bind(row.try_get::<Option<i64>, _>("removed")?)
    .execute(&mut **tx)
    .await?;
    Ok(redacted.as_deref() == Some(REDACTED_WHOLE))
}

/// What the ways in said of an address holds the lead; the headline may stay.
async fn hide_lead(tx: &mut Tx, (source, path): (&str, &str)) -> Result<()> {
    let row = sqlx::query(
        "SELECT feed_seen, listing_seen FROM addresses WHERE source = $1 AND path = $2",
    )
    .bind(source)
    .bind(path)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let without = |column| -> Result<Option<String>> {
        let seen: Option<String> = row.try_get(column)?;
        Ok(seen.map(|seen| seen::without_lead(&seen)))
    };
    sqlx::query(
        "UPDATE addresses SET feed_seen = $1, listing_seen = $2 WHERE source = $3 AND path = $4",
    )
    .bind(without("feed_seen")?)
    .bind(without("listing_seen")?)
    .bind(source)
    .bind(path)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The phrases that a topic was given for may stay; the sentences around them are the text's.
async fn hide_sentences(tx: &mut Tx, guid: &str) -> Result<()> {
    let rows = sqlx::query("SELECT topic, evidence FROM tags WHERE guid = $1")
        .bind(guid)
        .fetch_all(&mut **tx)
        .await?;
    for row in rows {
        let mut evidence: Vec<Evidence> =
            json_in(&row.try_get::<String, _>("evidence")?, "evidence")?;
        evidence.iter_mut().for_each(|one| one.sentence.clear());
        sqlx::query("UPDATE tags SET evidence = $1 WHERE guid = $2 AND topic = $3")
            .bind(json_of(&evidence, "evidence")?)
            .bind(guid)
            .bind(row.try_get::<String, _>("topic")?)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
