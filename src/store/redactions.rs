//! Texts that a person has removed for good.

mod removal;

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

pub(super) use removal::{extent_of, know_again, redact_new, remove_all};

use removal::{hide_reasons, hide_removed, remove_part, remove_revisions};

use super::place::Place;
use super::shown::{Touch, touch};
use super::{
    CHANGE, RULING, Result, Store, counter, guid_in, guid_of, placeholders, postgres, raise,
};
use crate::layout;
use crate::release::{Guid, Text, seen};

/// How a text was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redaction {
    /// For ever: no text of it is ever stored again.
    Whole,
    /// Until the publisher has another.
    Current,
}

impl Redaction {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Redaction::Whole => "whole",
            Redaction::Current => "current",
        }
    }

    pub(super) fn of(stored: Option<&str>) -> Option<Redaction> {
        [Redaction::Whole, Redaction::Current]
            .into_iter()
            .find(|one| Some(one.as_str()) == stored)
    }
}

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
    holder: Holder,
}

/// Where a text of a part is kept.
#[derive(Debug, Clone)]
enum Holder {
    /// With a copy that was no release before.
    InCopy { source: String, path: String },
    /// As a revision of a release that is out of sight, by its number.
    InRevision(i64),
}

/// Leads that are never stored again, without their words.
#[derive(Debug, Clone, Default)]
pub struct RemovedLeads(HashSet<i64>);

impl RemovedLeads {
    /// A lead, unless it is one of them.
    pub fn unless(&self, lead: &Option<String>) -> Option<String> {
        let is_removed = |lead: &str| layout::hash(lead).is_some_and(|hash| self.0.contains(&hash));
        lead.clone().filter(|lead| !is_removed(lead))
    }

    /// What an announcement said, without its lead if that is one of them.
    pub fn out_of(&self, said: &str) -> String {
        let lead = seen::lead(said).map(str::to_owned);
        match self.unless(&lead) == lead {
            true => said.to_owned(),
            false => seen::headline(said),
        }
    }
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
        // A copy that was a release has its text in its revisions.
        let copies = sqlx::query(
            "SELECT source, path, title, lead, body FROM merges WHERE guid = $1 AND folded IS NULL
             ORDER BY source, path",
        )
        .bind(guid.to_string())
        .fetch_all(&self.pool)
        .await?;
        for row in &copies {
            let holder = Holder::InCopy {
                source: row.try_get("source")?,
                path: row.try_get("path")?,
            };
            parts.push(PartText {
                guid,
                text: text(row)?,
                holder,
            });
        }
        let revisions = sqlx::query(
            "SELECT v.guid, v.number, v.title, v.lead, v.body
             FROM revisions v JOIN releases r ON r.guid = v.guid WHERE r.merged_into = $1
             ORDER BY v.guid, v.number",
        )
        .bind(guid.to_string())
        .fetch_all(&self.pool)
        .await?;
        for row in &revisions {
            parts.push(PartText {
                guid: guid_in(row)?,
                text: text(row)?,
                holder: Holder::InRevision(row.try_get("number")?),
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
    /// is never stored again. Gives whether it was done: it is not, where anything was changed since the change `read_at`, at
    /// which the texts were read.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn redact(
        &self,
        guid: Guid,
        extent: Extent<'_>,
        prints: &[(Guid, Print)],
        (read_at, at): (i64, DateTime<Utc>),
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        if counter(&mut tx, CHANGE).await? != read_at {
            return Ok(false);
        }
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
            Extent::Whole => remove_all(&mut tx, guid, Redaction::Whole, at).await?,
            Extent::Revisions { numbers, parts } => {
                remove_revisions(&mut tx, guid, numbers, at).await?;
                for part in parts {
                    remove_part(&mut tx, part, at).await?;
                }
                // A way in that was not read since may still say what was edited away.
                let removed = removed_leads(&mut tx, guid).await?;
                hide_removed(&mut tx, guid, &removed).await?;
                hide_reasons(&mut tx, guid).await?;
            }
        }
        raise(&mut tx, RULING).await?;
        touch(&mut tx, guid, Touch::Hidden).await?;
        tx.commit().await?;
        self.forget_removed().await?;
        Ok(true)
    }

    /// Removes what the files of the store still hold of what its tables no longer do.
    async fn forget_removed(&self) -> Result<()> {
        match self.place {
            Place::File(_) => self.fold_journal().await,
            Place::Server => {
                let mut connection = self.pool.acquire().await?;
                match postgres::forget_removed(&mut connection).await {
                    Ok(true) => {}
                    Ok(false) => tracing::warn!(
                        "the text is removed, but somebody still reads what was there before, so the server's files may hold it until that is over and VACUUM FULL is run on the store's tables"
                    ),
                    Err(error) => tracing::warn!(
                        %error,
                        "the text is removed, but the server's files may hold it until VACUUM FULL is run on the store's tables"
                    ),
                }
                Ok(())
            }
        }
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
    /// other. A removed text of one paragraph counts only for the release that had it.
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

    /// The leads that were removed from a release and its parts.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn removed_leads(&self, guid: Guid) -> Result<RemovedLeads> {
        let mut connection = self.pool.acquire().await?;
        removed_leads(&mut connection, guid).await
    }

    /// Whether the text that a release itself last had was removed, so that what comes next is no completion.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn is_redacted(&self, guid: Guid) -> Result<bool> {
        let row = sqlx::query(
            "SELECT redacted_at FROM revisions WHERE guid = $1 AND copy_path IS NULL ORDER BY number DESC LIMIT 1",
        )
        .bind(guid.to_string())
        .fetch_optional(&self.pool)
        .await?;
        row.map_or(Ok(false), |row| {
            Ok(row.try_get::<Option<i64>, _>(0)?.is_some())
        })
    }

    /// Whether no text of a release may ever be stored again.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn is_redacted_whole(&self, guid: Guid) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM releases WHERE guid = $1 AND redacted = $2")
            .bind(guid.to_string())
            .bind(Redaction::Whole.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_some())
    }
}

async fn removed_leads(connection: &mut AnyConnection, guid: Guid) -> Result<RemovedLeads> {
    let rows = sqlx::query(
        "SELECT x.lead FROM redacted_leads x JOIN releases r ON r.guid = x.guid
         WHERE r.guid = $1 OR r.merged_into = $1",
    )
    .bind(guid.to_string())
    .fetch_all(connection)
    .await?;
    let hashes = rows.iter().map(|row| Ok(row.try_get(0)?));
    Ok(RemovedLeads(hashes.collect::<Result<_>>()?))
}
