//! The topics of releases: by the rules, with a person's word on them, and which of them a topic's live feed shows.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::corrections::{Word, correct, corrections_of};
use super::shown::{Touch, leave_topic, touch};
use super::{Error, Result, Store, Tx, dated_text_in, instant, json_in, json_of};
use crate::release::{Guid, Tag, Text};
use crate::topics::{Relations, UNCLASSIFIED};

/// What gets a topic longer after it was published stands in the topic's archive alone: to a subscriber it would look like
/// news.
const RECENT: TimeDelta = TimeDelta::days(30);

/// How a release comes to its topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entrance {
    /// It is new here, however old.
    Arrives,
    /// It was here before: its text changed, the rules did, or a person spoke.
    Changes,
}

/// What became of the topics of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retagged {
    /// The ids that it had.
    pub before: Vec<String>,
    /// The ids that it has.
    pub now: Vec<String>,
}

impl Retagged {
    /// The topics that it has now and had not.
    pub fn gets(&self) -> Vec<&str> {
        added(&self.before, &self.now)
    }

    /// The topics that it had and has no more.
    pub fn loses(&self) -> Vec<&str> {
        added(&self.now, &self.before)
    }
}

fn added<'a>(before: &[String], now: &'a [String]) -> Vec<&'a str> {
    let new = now.iter().filter(|topic| !before.contains(topic));
    new.map(String::as_str).collect()
}

impl Store {
    /// What the rules need to sort a release anew: its text, or none where a person has removed it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn text_for_topics(&self, guid: Guid) -> Result<Option<Text>> {
        let row = sqlx::query(
            "SELECT title, lead, body, published FROM releases WHERE guid = $1 AND redacted IS NULL",
        )
        .bind(guid.to_string())
        .fetch_optional(&self.pool)
        .await?;
        Ok(row
            .as_ref()
            .map(dated_text_in)
            .transpose()?
            .map(|dated| dated.text))
    }

    /// The topics that a release has, with the evidence for them.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn tags(&self, guid: Guid) -> Result<Vec<Tag>> {
        let rows = sqlx::query(TAGS)
            .bind(guid.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(tag_in).collect()
    }

    /// What a release would have by the rules' topics and a person's word on them.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn would_have(
        &self,
        guid: Guid,
        tags: Vec<Tag>,
        relations: &Relations,
    ) -> Result<Retagged> {
        let before = self.tags(guid).await?;
        let now = relations.corrected(tags, &self.corrections(guid).await?);
        Ok(Retagged {
            before: ids(&before),
            now: ids(&now),
        })
    }

    /// Keeps a person's words on a release, if there are any, and gives it the rules' topics, as they were found in this
    /// text, with all that a person has said on them.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Overruled`] where the text is another by now.
    pub async fn retag(
        &self,
        guid: Guid,
        words: &[(String, Word)],
        (text, tags): (Option<&Text>, Vec<Tag>),
        relations: &Relations,
        at: DateTime<Utc>,
    ) -> Result<Retagged> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "SELECT title, lead, body, redacted, merged_into FROM releases WHERE guid = $1",
        )
        .bind(guid.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let row = row.ok_or(Error::Overruled)?;
        let is_redacted = row.try_get::<Option<String>, _>("redacted")?.is_some();
        let now = Text {
            title: row.try_get("title")?,
            lead: row.try_get("lead")?,
            body: row.try_get("body")?,
        };
        // Of what is part of another by now, a person has to be told.
        let is_hidden = row.try_get::<Option<String>, _>("merged_into")?.is_some();
        if is_hidden && !words.is_empty() {
            return Err(Error::Overruled);
        }
        if is_redacted != text.is_none() || text.is_some_and(|text| *text != now) {
            return Err(Error::Overruled);
        }
        for (topic, word) in words {
            for old in relations.before(topic) {
                correct(&mut tx, guid, old, Word::Unsay, at).await?;
            }
            correct(&mut tx, guid, topic, *word, at).await?;
        }
        let retagged = write_tags(&mut tx, guid, tags, relations, Entrance::Changes, at).await?;
        if retagged.before != retagged.now {
            touch(&mut tx, guid, Touch::Changed).await?;
        } else if !words.is_empty() {
            // The release's page says that a person has spoken.
            touch(&mut tx, guid, Touch::Beside).await?;
        }
        tx.commit().await?;
        Ok(retagged)
    }
}

/// Whether a release is shown by itself, and was before this transaction.
async fn was_shown(tx: &mut Tx, guid: Guid) -> Result<bool> {
    let row = sqlx::query(
        "SELECT COUNT(*) FROM releases r WHERE r.guid = $1 AND r.merged_into IS NULL
         AND EXISTS (SELECT 1 FROM feed_entries e WHERE e.guid = r.guid)",
    )
    .bind(guid.to_string())
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

const TAGS: &str = "SELECT * FROM tags WHERE guid = $1 ORDER BY score DESC, topic";

fn tag_in(row: &AnyRow) -> Result<Tag> {
    Ok(Tag {
        topic: row.try_get("topic")?,
        score: row.try_get("score")?,
        implied_by: row.try_get("implied_by")?,
        evidence: json_in(&row.try_get::<String, _>("evidence")?, "evidence")?,
    })
}

fn ids(tags: &[Tag]) -> Vec<String> {
    let mut ids: Vec<String> = tags.iter().map(|tag| tag.topic.clone()).collect();
    ids.sort();
    ids
}

/// Writes the rules' topics of a release, with a person's word on them. What is the same already is not written again.
pub(super) async fn write_tags(
    tx: &mut Tx,
    guid: Guid,
    tags: Vec<Tag>,
    relations: &Relations,
    entrance: Entrance,
    at: DateTime<Utc>,
) -> Result<Retagged> {
    let id = guid.to_string();
    let tags = relations.corrected(tags, &corrections_of(tx, guid).await?);
    let rows = sqlx::query(TAGS).bind(&id).fetch_all(&mut **tx).await?;
    let before: Vec<Tag> = rows.iter().map(tag_in).collect::<Result<_>>()?;
    let retagged = Retagged {
        before: ids(&before),
        now: ids(&tags),
    };
    let is_there = |tag: &Tag| before.contains(tag);
    if before.len() != tags.len() || !tags.iter().all(is_there) {
        sqlx::query("DELETE FROM tags WHERE guid = $1")
            .bind(&id)
            .execute(&mut **tx)
            .await?;
        for tag in &tags {
            sqlx::query(
                "INSERT INTO tags (guid, topic, score, implied_by, evidence) VALUES ($1, $2, $3, $4, $5)",
            )
            .bind(&id)
            .bind(&tag.topic)
            .bind(tag.score)
            .bind(tag.implied_by.as_deref())
            .bind(json_of(&tag.evidence, "evidence")?)
            .execute(&mut **tx)
            .await?;
        }
        // Its page says why it has them.
        touch(tx, guid, Touch::Beside).await?;
    }
    if retagged.before != retagged.now && was_shown(tx, guid).await? {
        for topic in retagged.loses() {
            leave_topic(tx, topic).await?;
        }
        if retagged.before.is_empty() {
            leave_topic(tx, UNCLASSIFIED).await?;
        }
    }
    enter(tx, guid, &retagged.now, relations, entrance, at).await?;
    Ok(retagged)
}

/// Decides, when a release first gets a topic, whether it enters the topic's live feed. What is decided once stays, so that
/// a topic that comes back after a mistake of the rules is where it was.
async fn enter(
    tx: &mut Tx,
    guid: Guid,
    topics: &[String],
    relations: &Relations,
    entrance: Entrance,
    at: DateTime<Utc>,
) -> Result<()> {
    let id = guid.to_string();
    let row = sqlx::query("SELECT published FROM releases WHERE guid = $1")
        .bind(&id)
        .fetch_one(&mut **tx)
        .await?;
    let is_recent = at - instant(row.try_get("published")?)? <= RECENT;
    let is_live = entrance == Entrance::Arrives || is_recent;
    let unclassified = [UNCLASSIFIED.to_owned()];
    let entered = if topics.is_empty() {
        &unclassified[..]
    } else {
        topics
    };
    for topic in entered {
        // Subscribers of a topic that is called otherwise today have seen what it had.
        for old in relations.before(topic) {
            sqlx::query(
                "INSERT INTO feed_entries (guid, topic, is_live)
                 SELECT guid, $1, is_live FROM feed_entries WHERE guid = $2 AND topic = $3
                 ON CONFLICT (guid, topic) DO UPDATE SET
                 is_live = CASE WHEN excluded.is_live = 1 THEN 1 ELSE feed_entries.is_live END",
            )
            .bind(topic)
            .bind(&id)
            .bind(old)
            .execute(&mut **tx)
            .await?;
        }
        sqlx::query(
            "INSERT INTO feed_entries (guid, topic, is_live) VALUES ($1, $2, $3)
             ON CONFLICT (guid, topic) DO NOTHING",
        )
        .bind(&id)
        .bind(topic)
        .bind(i64::from(is_live))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Gives a release what a person has said of one that is part of it now. What that one was shown in, the release may be
/// shown in too.
pub(super) async fn take_along(
    tx: &mut Tx,
    from: Guid,
    into: Guid,
    relations: &Relations,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO feed_entries (guid, topic, is_live)
         SELECT $1, topic, is_live FROM feed_entries WHERE guid = $2 AND is_live = 1
         ON CONFLICT (guid, topic) DO UPDATE SET is_live = 1",
    )
    .bind(into.to_string())
    .bind(from.to_string())
    .execute(&mut **tx)
    .await?;
    let rows = sqlx::query(TAGS)
        .bind(into.to_string())
        .fetch_all(&mut **tx)
        .await?;
    let tags = rows.iter().map(tag_in).collect::<Result<_>>()?;
    write_tags(tx, into, tags, relations, Entrance::Changes, at).await?;
    Ok(())
}
