//! The releases of feeds: the newest, the live ones, those at a place in the whole record, and those that a search finds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::any::{Any, AnyArguments};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Row};

use super::{Result, Store, guid_in, instant, placeholders};
use crate::difference::Weight;
use crate::release::{Cause, Guid, Item};
use crate::topics::UNCLASSIFIED;

/// Which releases a feed is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    All,
    /// Those of any of these topics; [`UNCLASSIFIED`] stands for those of none.
    Topics(Vec<String>),
}

/// Newest first, as feeds and pages list releases.
const NEWEST_FIRST: &str = "ORDER BY r.published DESC, r.first_seen DESC, r.guid";
/// The same from the other end: the place of a release in the record changes only when an older one comes or goes.
const OLDEST_FIRST: &str = "ORDER BY r.published, r.first_seen, r.guid DESC";

/// How a feed's record stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Record {
    /// How many releases it has in all.
    pub total: usize,
    /// The place, counted from the oldest as 1, of the newest that is not in the live feed; 0 if all are.
    pub newest_not_live: usize,
}

impl Record {
    /// How many of the oldest releases fill archives of `page` releases each, so that some are left for the live feed.
    pub fn whole(&self, page: usize) -> usize {
        self.total.saturating_sub(1) / page * page
    }
}

impl From<Option<&str>> for Selection {
    /// The releases of one topic, or all.
    fn from(topic: Option<&str>) -> Selection {
        topic.map_or(Selection::All, |id| Selection::Topics(vec![id.to_owned()]))
    }
}

impl Selection {
    /// The ids of the feeds that it changes with, among [`Store::feeds_changed_since`].
    pub fn feeds(&self) -> Vec<&str> {
        match self {
            Selection::All => vec![super::ALL],
            Selection::Topics(ids) => ids.iter().map(String::as_str).collect(),
        }
    }

    /// The condition on `r`, whose first value is `$first`.
    fn condition(&self, first: usize, is_live: bool) -> String {
        let Selection::Topics(ids) = self else {
            return String::new();
        };
        let entered = |topic: &str| {
            if is_live {
                format!(
                    "AND NOT EXISTS (SELECT 1 FROM feed_entries e WHERE e.guid = r.guid AND e.topic = {topic} AND e.is_live = 0)"
                )
            } else {
                String::new()
            }
        };
        let any = ids.iter().enumerate().map(|(at, id)| {
            let value = format!("${}", first + at);
            let entered = entered(&value);
            if id == UNCLASSIFIED {
                format!("({value} <> '' AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.guid = r.guid) {entered})")
            } else {
                format!("(EXISTS (SELECT 1 FROM tags t WHERE t.guid = r.guid AND t.topic = {value}) {entered})")
            }
        });
        format!("AND ({})", any.collect::<Vec<_>>().join(" OR "))
    }

    fn bind<'q>(&self, mut query: Query<'q, Any, AnyArguments>) -> Query<'q, Any, AnyArguments> {
        if let Selection::Topics(ids) = self {
            for id in ids {
                query = query.bind(id.clone());
            }
        }
        query
    }
}

impl Store {
    /// The newest releases, newest first, without the first `past` of them.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn newest(&self, of: &Selection, past: i64, most: i64) -> Result<Vec<Item>> {
        self.of(of, false, NEWEST_FIRST, past, most).await
    }

    /// The newest releases of a live feed, newest first: without those that got the topic long after they were published,
    /// which its subscribers would take for news.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn live(&self, of: &Selection, most: i64) -> Result<Vec<Item>> {
        self.of(of, true, NEWEST_FIRST, 0, most).await
    }

    /// The releases behind the oldest `past` of the record, newest first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn recorded(&self, of: &Selection, past: i64, most: i64) -> Result<Vec<Item>> {
        let mut items = self.of(of, false, OLDEST_FIRST, past, most).await?;
        items.reverse();
        Ok(items)
    }

    async fn of(
        &self,
        of: &Selection,
        is_live: bool,
        order: &'static str,
        past: i64,
        most: i64,
    ) -> Result<Vec<Item>> {
        let condition = of.condition(3, is_live);
        // The condition is made of constants and placeholders alone.
        let sql = format!(
            "SELECT r.* FROM releases r WHERE r.merged_into IS NULL {condition} {order} LIMIT $1 OFFSET $2"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(most).bind(past);
        let rows = of.bind(query).fetch_all(&self.pool).await?;
        self.items(&rows).await
    }

    /// How a feed's record stands, where archives hold `page` releases each: what is newer than the last whole one can be left
    /// to the live feed.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn record(&self, of: &Selection, page: usize) -> Result<Record> {
        let condition = of.condition(1, false);
        let sql =
            format!("SELECT COUNT(*) FROM releases r WHERE r.merged_into IS NULL {condition}");
        let query = sqlx::query(AssertSqlSafe(sql));
        let row = of.bind(query).fetch_one(&self.pool).await?;
        let total = usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default();
        let record = Record {
            total,
            newest_not_live: 0,
        };
        let tail = total - record.whole(page);
        let all = self.guids(of, false, tail).await?;
        let live = self.guids(of, true, tail).await?;
        let newest_not_live = all.iter().position(|guid| !live.contains(guid));
        Ok(Record {
            newest_not_live: newest_not_live.map_or(0, |at| total - at),
            ..record
        })
    }

    /// The guids of the newest releases of a feed, newest first.
    async fn guids(&self, of: &Selection, is_live: bool, most: usize) -> Result<Vec<Guid>> {
        let condition = of.condition(2, is_live);
        let sql = format!(
            "SELECT r.guid FROM releases r WHERE r.merged_into IS NULL {condition} {NEWEST_FIRST} LIMIT $1"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(most as i64);
        let rows = of.bind(query).fetch_all(&self.pool).await?;
        rows.iter().map(guid_in).collect()
    }

    /// A feed's whole record, oldest first: each release with the change by which archives last show it otherwise.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn stamps(&self, of: &Selection) -> Result<Vec<(Guid, i64)>> {
        let condition = of.condition(1, false);
        let sql = format!(
            "SELECT r.guid, r.stamp FROM releases r WHERE r.merged_into IS NULL {condition} {OLDEST_FIRST}"
        );
        let query = sqlx::query(AssertSqlSafe(sql));
        let rows = of.bind(query).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| Ok((guid_in(row)?, row.try_get(1)?)))
            .collect()
    }

    /// A number that is another once the record's oldest `count` releases are others or show something else: the newest change
    /// of one of them. Neither what comes behind them nor a text that is taken away changes it; what a feed has lost is
    /// told by [`Store::last_loss`].
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn stamp(&self, of: &Selection, count: usize) -> Result<i64> {
        let condition = of.condition(2, false);
        let sql = format!(
            "SELECT COALESCE(MAX(o.stamp), 0) FROM (SELECT r.stamp FROM releases r
             WHERE r.merged_into IS NULL {condition} {OLDEST_FIRST} LIMIT $1) o"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(count as i64);
        let row = of.bind(query).fetch_one(&self.pool).await?;
        Ok(row.try_get(0)?)
    }

    /// The change by which a feed last lost a release; 0 if it never did.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn last_loss(&self, of: &Selection) -> Result<i64> {
        let mut last = 0;
        for feed in of.feeds() {
            let row = sqlx::query("SELECT last_loss FROM feed_changes WHERE feed = $1")
                .bind(feed.to_owned())
                .fetch_optional(&self.pool)
                .await?;
            last = last.max(row.map_or(Ok(0), |row| row.try_get(0))?);
        }
        Ok(last)
    }

    /// How many releases each topic has.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn topic_counts(&self) -> Result<HashMap<String, i64>> {
        let rows = sqlx::query(
            "SELECT t.topic, COUNT(*) AS releases FROM tags t JOIN releases r ON r.guid = t.guid
             WHERE r.merged_into IS NULL GROUP BY t.topic
             UNION ALL
             SELECT $1, COUNT(*) FROM releases r
             WHERE r.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.guid = r.guid)",
        )
        .bind(UNCLASSIFIED)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("topic")?, row.try_get("releases")?)))
            .collect()
    }

    /// When the releases of each topic since `since` were published: of all under [`super::ALL`].
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn published_since(
        &self,
        since: DateTime<Utc>,
    ) -> Result<HashMap<String, Vec<DateTime<Utc>>>> {
        let rows = sqlx::query(
            "SELECT t.topic, r.published FROM releases r JOIN tags t ON t.guid = r.guid
             WHERE r.merged_into IS NULL AND r.published >= $1
             UNION ALL SELECT $2, r.published FROM releases r WHERE r.merged_into IS NULL AND r.published >= $1
             UNION ALL SELECT $3, r.published FROM releases r WHERE r.merged_into IS NULL AND r.published >= $1
             AND NOT EXISTS (SELECT 1 FROM tags t WHERE t.guid = r.guid)",
        )
        .bind(since.timestamp())
        .bind(super::ALL)
        .bind(UNCLASSIFIED)
        .fetch_all(&self.pool)
        .await?;
        let mut published: HashMap<String, Vec<DateTime<Utc>>> = HashMap::new();
        for row in &rows {
            let at = instant(row.try_get(1)?)?;
            published.entry(row.try_get(0)?).or_default().push(at);
        }
        Ok(published)
    }

    /// When the releases of a feed since `since` were published.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn published_in(
        &self,
        of: &Selection,
        since: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>> {
        let condition = of.condition(2, false);
        let sql = format!(
            "SELECT r.published FROM releases r WHERE r.merged_into IS NULL AND r.published >= $1 {condition}"
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(since.timestamp());
        let rows = of.bind(query).fetch_all(&self.pool).await?;
        rows.iter().map(|row| instant(row.try_get(0)?)).collect()
    }

    /// The topics that releases of a topic have beside it, the most frequent first, with how many of them.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn neighbours(&self, topic: &str, most: i64) -> Result<Vec<(String, i64)>> {
        let rows = sqlx::query(
            "SELECT o.topic, COUNT(*) AS releases FROM tags t JOIN tags o ON o.guid = t.guid AND o.topic <> t.topic
             JOIN releases r ON r.guid = t.guid
             WHERE t.topic = $1 AND r.merged_into IS NULL GROUP BY o.topic ORDER BY releases DESC, o.topic LIMIT $2",
        )
        .bind(topic)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }

    /// The newest releases that have all of some words, as [`crate::text::normalise`] spells them, without the first `past`
    /// of them; and how many there are in all. A word with a star at its end stands for all that begin so. No word finds
    /// nothing.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn search(&self, words: &[String], past: i64, most: i64) -> Result<(Vec<Item>, i64)> {
        if words.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let all = (0..words.len()).map(|at| format!("AND s.words LIKE ${}", at + 1));
        let found = format!(
            "FROM releases r JOIN search_texts s ON s.guid = r.guid WHERE r.merged_into IS NULL {}",
            all.collect::<Vec<_>>().join(" ")
        );
        // Words are letters and digits, so that nothing in them means anything to LIKE.
        let patterns = words.iter().map(|word| match word.strip_suffix('*') {
            Some(beginning) => format!("% {beginning}%"),
            None => format!("% {word} %"),
        });
        let patterns: Vec<String> = patterns.collect();
        let mut count = sqlx::query(AssertSqlSafe(format!("SELECT COUNT(*) {found}")));
        for pattern in &patterns {
            count = count.bind(pattern.clone());
        }
        let total = count.fetch_one(&self.pool).await?.try_get(0)?;
        let (limit, offset) = (words.len() + 1, words.len() + 2);
        let sql = format!("SELECT r.* {found} {NEWEST_FIRST} LIMIT ${limit} OFFSET ${offset}");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for pattern in patterns {
            query = query.bind(pattern);
        }
        let rows = query.bind(most).bind(past).fetch_all(&self.pool).await?;
        Ok((self.items(&rows).await?, total))
    }

    /// Some shown releases, newest first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn these(&self, guids: &[Guid]) -> Result<Vec<Item>> {
        if guids.is_empty() {
            return Ok(Vec::new());
        }
        let some = placeholders(1, guids.len());
        let sql = format!(
            "SELECT r.* FROM releases r WHERE r.merged_into IS NULL AND r.guid IN ({some}) {NEWEST_FIRST}"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for guid in guids {
            query = query.bind(guid.to_string());
        }
        let rows = query.fetch_all(&self.pool).await?;
        self.items(&rows).await
    }

    /// The newest revisions that are news, of shown releases: which, and its number.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn newest_edits(&self, most: i64) -> Result<Vec<(Guid, i64)>> {
        let rows = sqlx::query(
            "SELECT v.guid, v.number FROM revisions v JOIN releases r ON r.guid = v.guid
             WHERE r.merged_into IS NULL AND (v.cause IN ($1, $2) OR v.cause IN ($3, $4) AND v.weight = $5)
             ORDER BY v.at DESC, v.guid, v.number DESC LIMIT $6",
        )
        .bind(Cause::Withdrawn.as_str())
        .bind(Cause::Restored.as_str())
        .bind(Cause::Edited.as_str())
        .bind(Cause::Reissued.as_str())
        .bind(Weight::Material.as_str())
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((guid_in(row)?, row.try_get(1)?)))
            .collect()
    }
}
