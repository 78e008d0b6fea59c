//! Texts that a person has removed for good.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::sketches::drop_sketch;
use super::{Result, Store, Tx, bump, guid_in, guid_of, json_in, json_of, placeholders};
use crate::release::{Evidence, Guid, Text};

/// No text of the release is ever stored again.
pub(super) const REDACTED_WHOLE: &str = "whole";
/// The current text is removed, until the publisher has another.
const REDACTED_CURRENT: &str = "current";

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
    place: Place,
    /// The text.
    pub text: Text,
}

#[derive(Debug, Clone)]
enum Place {
    Copy { source: String, path: String },
    Revision { guid: String, number: i64 },
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
        let copies =
            sqlx::query("SELECT source, path, title, lead, body FROM merges WHERE guid = $1")
                .bind(guid.to_string())
                .fetch_all(&self.pool)
                .await?;
        for row in &copies {
            let place = Place::Copy {
                source: row.try_get("source")?,
                path: row.try_get("path")?,
            };
            parts.push(PartText {
                place,
                text: text(row)?,
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
            let place = Place::Revision {
                guid: row.try_get("guid")?,
                number: row.try_get("number")?,
            };
            parts.push(PartText {
                place,
                text: text(row)?,
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

    /// Removes texts of a release for good. What holds all paragraphs of one of `prints` is never stored again.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn redact(
        &self,
        guid: Guid,
        extent: Extent<'_>,
        prints: &[Print],
        at: DateTime<Utc>,
    ) -> Result<()> {
        let id = guid.to_string();
        let mut tx = self.begin().await?;
        for print in prints {
            for paragraph in &print.paragraphs {
                sqlx::query(
                    "INSERT INTO redactions (guid, text, paragraph, at) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (guid, text, paragraph) DO NOTHING",
                )
                .bind(&id)
                .bind(print.whole)
                .bind(*paragraph)
                .bind(at.timestamp())
                .execute(&mut *tx)
                .await?;
            }
        }
        match extent {
            Extent::Whole => remove_all(&mut tx, guid, at).await?,
            Extent::Revisions {
                numbers,
                current,
                parts,
            } => {
                for number in numbers {
                    remove_revision(&mut tx, &id, *number).await?;
                }
                if current {
                    remove_current(&mut tx, guid, REDACTED_CURRENT, at).await?;
                }
                for part in parts {
                    remove_part(&mut tx, &part.place, at).await?;
                }
            }
        }
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

    /// The release from which a text was removed that is all in the one with this print: of the release `of` itself, or
    /// where the removed text is long enough to be no other's.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn redacted_from(&self, of: Guid, print: &Print) -> Result<Option<Guid>> {
        let all: Vec<i64> = print.paragraphs.iter().copied().collect();
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
                let is_its_own = guid == of || shown == of || removed.len() >= TELLING;
                if is_its_own && removed.iter().all(|one| print.paragraphs.contains(one)) {
                    return Ok(Some(shown));
                }
            }
        }
        Ok(None)
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

/// Removes every text of a release and of its parts.
pub(super) async fn remove_all(tx: &mut Tx, guid: Guid, at: DateTime<Utc>) -> Result<()> {
    let rows = sqlx::query("SELECT guid FROM releases WHERE guid = $1 OR merged_into = $1")
        .bind(guid.to_string())
        .fetch_all(&mut **tx)
        .await?;
    for row in &rows {
        let part = guid_in(row)?;
        for sql in [
            "UPDATE revisions SET lead = NULL, body = NULL WHERE guid = $1",
            "UPDATE merges SET lead = NULL, body = NULL WHERE guid = $1",
            // What the ways in said of it holds the lead; nothing that they say is taken in any more.
            "UPDATE addresses SET page_due = NULL, feed_seen = NULL, listing_seen = NULL WHERE guid = $1",
        ] {
            sqlx::query(sql)
                .bind(part.to_string())
                .execute(&mut **tx)
                .await?;
        }
        remove_current(tx, part, REDACTED_WHOLE, at).await?;
    }
    Ok(())
}

async fn remove_revision(tx: &mut Tx, guid: &str, number: i64) -> Result<()> {
    sqlx::query("UPDATE revisions SET lead = NULL, body = NULL WHERE guid = $1 AND number = $2")
        .bind(guid)
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
    hide_sentences(tx, &id).await
}

async fn remove_part(tx: &mut Tx, place: &Place, at: DateTime<Utc>) -> Result<()> {
    match place {
        Place::Copy { source, path } => {
            sqlx::query(
                "UPDATE merges SET lead = NULL, body = NULL WHERE source = $1 AND path = $2",
            )
            .bind(source)
            .bind(path)
            .execute(&mut **tx)
            .await?;
        }
        Place::Revision { guid, number } => {
            remove_revision(tx, guid, *number).await?;
            let newest = sqlx::query("SELECT MAX(number) AS number FROM revisions WHERE guid = $1")
                .bind(guid)
                .fetch_one(&mut **tx)
                .await?;
            if newest.try_get::<i64, _>("number")? == *number {
                remove_current(tx, guid_of(guid)?, REDACTED_CURRENT, at).await?;
            }
        }
    }
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
