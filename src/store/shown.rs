//! What is shown has changed: of which releases, in which feeds, and by which words they are found.

use sqlx::Row;

use super::{Result, Store, Tx, bump, guid_of};
use crate::release::{Guid, Status};
use crate::topics::UNCLASSIFIED;
use crate::{html, text};

/// The feed of all releases, among [`Store::feeds_changed_since`].
pub const ALL: &str = "/all";
/// The feed of edits.
pub const REVISIONS: &str = "/revisions";

/// How what is shown of a release has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Touch {
    /// It is new, or its text, its address or its topics are others.
    Changed,
    /// Its text was taken away or given back: what lies in archives stays at its address.
    Hidden,
    /// What stands beside its text has changed, as the addresses of its copies.
    Beside,
    /// It is not shown by itself any more.
    Left,
}

/// Notes that what is shown of a release has changed, and gives the change.
pub(super) async fn touch(tx: &mut Tx, guid: Guid, touch: Touch) -> Result<i64> {
    let change = bump(tx).await?;
    let id = guid.to_string();
    sqlx::query(
        "UPDATE releases SET change = $1, stamp = CASE WHEN $2 = 1 THEN $1 ELSE stamp END WHERE guid = $3",
    )
    .bind(change)
    .bind(i64::from(matches!(touch, Touch::Changed | Touch::Left)))
    .bind(&id)
    .execute(&mut **tx)
    .await?;
    // The pages of those that are like it name it.
    sqlx::query(
        "UPDATE releases SET change = $1 WHERE guid IN (SELECT other FROM related WHERE guid = $2)",
    )
    .bind(change)
    .bind(&id)
    .execute(&mut **tx)
    .await?;
    let is_shown = write_words(tx, guid).await?;
    if !is_shown && touch != Touch::Left {
        // What it is part of shows none of it.
        return Ok(change);
    }
    let topics = sqlx::query("SELECT topic FROM tags WHERE guid = $1")
        .bind(&id)
        .fetch_all(&mut **tx)
        .await?;
    let mut feeds: Vec<String> = topics
        .iter()
        .map(|row| row.try_get(0))
        .collect::<std::result::Result<_, _>>()?;
    if feeds.is_empty() {
        feeds.push(UNCLASSIFIED.to_owned());
    }
    feeds.push(ALL.to_owned());
    for feed in &feeds {
        note(tx, feed, change, touch == Touch::Left).await?;
    }
    let revisions = sqlx::query("SELECT COUNT(*) FROM revisions WHERE guid = $1")
        .bind(&id)
        .fetch_one(&mut **tx)
        .await?;
    if revisions.try_get::<i64, _>(0)? > 1 {
        note(tx, REVISIONS, change, false).await?;
    }
    Ok(change)
}

/// Notes that the feed of edits shows something else, though none was added.
pub(super) async fn edits_changed(tx: &mut Tx) -> Result<()> {
    let change = bump(tx).await?;
    note(tx, REVISIONS, change, false).await
}

/// Notes that a topic has lost a release.
pub(super) async fn leave_topic(tx: &mut Tx, topic: &str) -> Result<()> {
    let change = bump(tx).await?;
    note(tx, topic, change, true).await
}

pub(super) async fn note(tx: &mut Tx, feed: &str, change: i64, has_lost: bool) -> Result<()> {
    sqlx::query(
        "INSERT INTO feed_changes (feed, change, last_loss) VALUES ($1, $2, $3)
         ON CONFLICT (feed) DO UPDATE SET change = excluded.change,
         last_loss = CASE WHEN excluded.last_loss > 0 THEN excluded.last_loss ELSE feed_changes.last_loss END",
    )
    .bind(feed)
    .bind(change)
    .bind(if has_lost { change } else { 0 })
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes down by which words a release is found: those that are shown of it, and none where it is part of another. Gives
/// whether it is shown by itself.
pub(super) async fn write_words(tx: &mut Tx, guid: Guid) -> Result<bool> {
    let id = guid.to_string();
    let row = sqlx::query(
        "SELECT title, lead, body, status, redacted, merged_into FROM releases WHERE guid = $1",
    )
    .bind(&id)
    .fetch_one(&mut **tx)
    .await?;
    if row.try_get::<Option<String>, _>("merged_into")?.is_some() {
        sqlx::query("DELETE FROM search_texts WHERE guid = $1")
            .bind(&id)
            .execute(&mut **tx)
            .await?;
        return Ok(false);
    }
    let mut shown: String = row.try_get("title")?;
    let is_withdrawn = row.try_get::<String, _>("status")? == Status::Withdrawn.as_str();
    if !is_withdrawn && row.try_get::<Option<String>, _>("redacted")?.is_none() {
        let lead: Option<String> = row.try_get("lead")?;
        let body: Option<String> = row.try_get("body")?;
        let paragraphs = body.as_deref().map(html::paragraphs).unwrap_or_default();
        for part in lead.iter().chain(&paragraphs) {
            shown.push('\n');
            shown.push_str(part);
        }
    }
    sqlx::query(
        "INSERT INTO search_texts (guid, words) VALUES ($1, $2)
         ON CONFLICT (guid) DO UPDATE SET words = excluded.words",
    )
    .bind(&id)
    .bind(format!(" {} ", text::normalise(&shown)))
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// A feed that shows something else than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedChange {
    /// Its name: [`ALL`], [`REVISIONS`] or the id of a topic.
    pub feed: String,
    /// Whether it has lost a release, so that others stand at other places.
    pub has_lost: bool,
}

/// How many releases are made ready for searches in one transaction.
const AT_ONCE: i64 = 200;

impl Store {
    /// Writes down the words of releases that were stored before there were searches.
    pub(super) async fn make_searchable(&self) -> Result<()> {
        let mut is_well = false;
        loop {
            // A store that can only be read has to be opened all the same.
            let rows = sqlx::query(
                "SELECT guid FROM releases r WHERE merged_into IS NULL
                 AND NOT EXISTS (SELECT 1 FROM search_texts s WHERE s.guid = r.guid) LIMIT $1",
            )
            .bind(AT_ONCE)
            .fetch_all(&self.pool)
            .await?;
            if rows.is_empty() {
                return Ok(());
            }
            if !is_well {
                self.check().await?;
                is_well = true;
            }
            let mut tx = self.begin().await?;
            for row in &rows {
                write_words(&mut tx, guid_of(&row.try_get::<String, _>(0)?)?).await?;
            }
            tx.commit().await?;
        }
    }

    /// The feeds that show something else than at a change: [`ALL`], [`REVISIONS`], ids of topics.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn feeds_changed_since(&self, change: i64) -> Result<Vec<FeedChange>> {
        let rows = sqlx::query(
            "SELECT feed, CASE WHEN last_loss > $1 THEN 1 ELSE 0 END FROM feed_changes WHERE change > $1 ORDER BY feed",
        )
        .bind(change)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(FeedChange {
                    feed: row.try_get(0)?,
                    has_lost: row.try_get::<i64, _>(1)? == 1,
                })
            })
            .collect()
    }

    /// The releases that are shown otherwise than at a change, and those that are not shown by themselves any more.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn releases_changed_since(&self, change: i64) -> Result<Vec<Guid>> {
        let rows =
            sqlx::query("SELECT guid FROM releases WHERE change > $1 ORDER BY change, number")
                .bind(change)
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(super::guid_in).collect()
    }
}
