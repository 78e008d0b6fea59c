//! Records on their way into a store.

mod rows;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::Row;

use super::{OF_RELEASES, OF_STORE, RECORDS, SCHEMA, number, text};
use crate::release::{Guid, Status};
use crate::store::ingest::open_gap;
use crate::store::migrations::VERSION;
use crate::store::rules::RULES;
use crate::store::shown::{note, write_words};
use crate::store::{
    ALL, CHANGE, Error, RELEASE, REVISIONS, RULING, Redaction, Result, Store, Tx, counter, guid_of,
    raise,
};
use crate::topics::UNCLASSIFIED;
use rows::{guid_in, refused, rows_of, web_address};

/// What a person has said of releases. It is taken of those too that the store has.
const WORDS: [&str; 4] = ["corrections", "rulings", "redactions", "redacted_leads"];

/// The table of [`OF_STORE`] that goes by the store's counters.
const FEED_CHANGES: &str = "feed_changes";

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The store did not have the release, and has it now.
    New(Guid),
    /// It had it, and took no more than what a person has said of it, unless somebody here has said otherwise.
    Known(Said),
    /// It has another release at one of its addresses, or a part of it as a release by itself: no more was taken than what a person
    /// has said of what is there.
    Other {
        /// The release of the record.
        guid: Guid,
        /// The one that is there.
        other: Guid,
        /// What a person has said of it.
        said: Said,
    },
}

/// What a person has said of a release that is known, and what is to be done for it once the import is finished.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The releases whose topics were corrected.
    pub corrected: BTreeSet<Guid>,
    /// Those of which texts were removed, and whether all of them, for ever.
    pub removed: BTreeMap<Guid, bool>,
    /// Whether it was said to be one with another, or not to be.
    pub is_ruled: bool,
}

/// Records on their way into a store.
#[derive(Debug)]
pub struct Import {
    tx: Tx,
    /// Whether the store held nothing before.
    is_first: bool,
    /// Where the store's counters were, where those of the export begin that is read, and where they will be.
    before: Counters,
    begun: Counters,
    last: Counters,
    /// How many records the export has that is read, as far as it says so, and how many of them came.
    announced: Option<u64>,
    come: u64,
    /// The feeds that show what came.
    feeds: BTreeSet<String>,
    /// Whether there is anything to be kept, and any release among it.
    has_taken: bool,
    has_new: bool,
    /// What is known of feeds, and where the counters were that it goes by; of use only with releases.
    feed_changes: Vec<(Map<String, Value>, Counters)>,
    /// When the newest release of a source is from that was there before.
    newest: HashMap<String, Option<i64>>,
    /// The sources of which something may lack between what was there and what came.
    gaps: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy)]
struct Counters {
    change: i64,
    number: i64,
}

impl Store {
    /// Begins to take records into this store: all of them, or none.
    ///
    /// # Errors
    /// [`crate::store::Error`].
    pub async fn import(&self) -> Result<Import> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT COUNT(*) FROM releases")
            .fetch_one(&mut *tx)
            .await?;
        let now = Counters {
            change: counter(&mut tx, CHANGE).await?,
            number: counter(&mut tx, RELEASE).await?,
        };
        Ok(Import {
            tx,
            is_first: row.try_get::<i64, _>(0)? == 0,
            before: now,
            begun: now,
            last: now,
            announced: None,
            come: 0,
            feeds: BTreeSet::new(),
            has_taken: false,
            has_new: false,
            feed_changes: Vec::new(),
            newest: HashMap::new(),
            gaps: BTreeSet::new(),
        })
    }
}

impl Import {
    /// Takes a release with all that [`Store::records`] gave for it.
    ///
    /// # Errors
    /// [`crate::store::Error::Record`] for what is no record of this version, [`crate::store::Error::Cut`] for the first of another
    /// export where records of the one before lack; then nothing of the whole import may be kept.
    pub async fn take(&mut self, record: &Value) -> Result<Taken> {
        let record = record.as_object().ok_or_else(|| refused("is no object"))?;
        match record.get(SCHEMA).and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(other) => {
                return Err(refused(format!(
                    "is of a store of version {other}, and this program's is {VERSION}: export it by a program of this version"
                )));
            }
            None => return Err(refused("does not say of which version it is")),
        }
        self.take_whole(record).await?;
        self.come += 1;
        let releases = rows_of(record, "releases")?;
        let mut whole = releases
            .iter()
            .filter(|row| !row.contains_key("merged_into"));
        let (Some(whole), None) = (whole.next(), whole.next()) else {
            return Err(refused("does not hold one release with its parts"));
        };
        let guid = text(whole, "guid").ok_or_else(|| refused("has a release without guid"))?;
        let guid = guid_in(guid)?;
        let base = web_address(text(whole, "url").unwrap_or_default())?;
        let mut known = HashMap::new();
        for row in &releases {
            if ![Status::Current, Status::Withdrawn]
                .iter()
                .any(|one| Some(one.as_str()) == text(row, "status"))
            {
                return Err(refused(
                    "has a release that is neither current nor withdrawn",
                ));
            }
            let member = text(row, "guid").unwrap_or_default();
            if let Some(shown) = self.shown_by(member).await? {
                known.insert(member, shown);
            }
        }
        for table in &OF_RELEASES {
            for row in rows_of(record, table.name)? {
                let of = text(row, "guid");
                if !releases.iter().any(|release| text(release, "guid") == of) {
                    return Err(refused(format!(
                        "has a row in {} of another release",
                        table.name
                    )));
                }
            }
        }
        if let Some(other) = known.values().min().copied() {
            let said = self.take_words(record, &known).await?;
            let is_there = known.contains_key(guid.to_string().as_str());
            return Ok(match is_there {
                true => Taken::Known(said),
                false => Taken::Other { guid, other, said },
            });
        }
        for table in ["addresses", "merges"] {
            for row in rows_of(record, table)? {
                if let Some(other) = self.release_at(row).await? {
                    let said = Said::default();
                    return Ok(Taken::Other { guid, other, said });
                }
            }
        }
        for table in &OF_RELEASES {
            for row in rows_of(record, table.name)? {
                self.insert(table, row, Some(&base), "").await?;
            }
        }
        for row in &releases {
            self.see_gap(row).await?;
        }
        write_words(&mut self.tx, guid).await?;
        let topics = rows_of(record, "tags")?;
        let topics = topics.iter().filter_map(|row| text(row, "topic"));
        self.feeds.extend(topics.map(str::to_owned));
        self.feeds
            .extend([ALL, REVISIONS, UNCLASSIFIED].map(str::to_owned));
        self.has_taken = true;
        self.has_new = true;
        Ok(Taken::New(guid))
    }

    /// Keeps all that was taken.
    ///
    /// # Errors
    /// [`crate::store::Error::Cut`] where records of the export lack; [`crate::store::Error::Sql`].
    pub async fn finish(mut self, now: DateTime<Utc>) -> Result<()> {
        self.see_end()?;
        if !self.has_taken {
            return Ok(());
        }
        if self.has_new {
            self.take_feed_changes().await?;
            for (name, value) in [(CHANGE, self.last.change), (RELEASE, self.last.number)] {
                sqlx::query("UPDATE counters SET value = $1 WHERE name = $2 AND value < $1")
                    .bind(value)
                    .bind(name)
                    .execute(&mut *self.tx)
                    .await?;
            }
        }
        let change = raise(&mut self.tx, CHANGE).await?;
        for feed in &self.feeds {
            note(&mut self.tx, feed, change, false).await?;
        }
        for source in &self.gaps {
            open_gap(&mut self.tx, source, self.before.change, now).await?;
        }
        // Who judges a draft in this moment has not seen what came.
        raise(&mut self.tx, RULING).await?;
        self.tx.commit().await?;
        Ok(())
    }

    /// Sees that the export that was read until now is whole.
    fn see_end(&self) -> Result<()> {
        match self.announced {
            Some(records) if records != self.come => Err(Error::Cut {
                records,
                come: self.come,
            }),
            _ => Ok(()),
        }
    }

    /// What belongs to the store as a whole, as far as this one does not know better.
    async fn take_whole(&mut self, record: &Map<String, Value>) -> Result<()> {
        if record.contains_key(RULES) {
            // The first record of an export, whose counters begin anew where several stand in one file.
            self.see_end()?;
            self.announced = record.get(RECORDS).and_then(Value::as_u64);
            self.come = 0;
            self.begun = self.last;
        }
        for row in rows_of(record, "sources")? {
            let id = text(row, "id").unwrap_or_default();
            // Of a source of which nothing is there, the other knows better.
            sqlx::query("DELETE FROM sources WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM addresses WHERE source = $1)")
                .bind(id)
                .execute(&mut *self.tx)
                .await?;
            if row.contains_key("gap_change") && self.newest_of(id).await?.is_some() {
                self.gaps.insert(id.to_owned());
            }
        }
        for table in &OF_STORE {
            for row in rows_of(record, table.name)? {
                if table.name == FEED_CHANGES {
                    self.feed_changes.push((row.clone(), self.begun));
                } else {
                    self.insert(table, row, None, "ON CONFLICT DO NOTHING")
                        .await?;
                }
            }
        }
        // The rules by which all releases were sorted, if all that this store has are these.
        if self.is_first
            && let Some(rules) = record.get(RULES).and_then(Value::as_i64)
        {
            sqlx::query("UPDATE counters SET value = $1 WHERE name = $2")
                .bind(rules)
                .bind(RULES)
                .execute(&mut *self.tx)
                .await?;
        }
        Ok(())
    }

    /// Takes what is known of feeds, by which archives keep their addresses.
    async fn take_feed_changes(&mut self) -> Result<()> {
        let rule = "ON CONFLICT (feed) DO UPDATE SET last_loss = excluded.last_loss
                    WHERE feed_changes.last_loss < excluded.last_loss";
        for (row, begun) in std::mem::take(&mut self.feed_changes) {
            self.begun = begun;
            for table in OF_STORE.iter().filter(|one| one.name == FEED_CHANGES) {
                self.insert(table, &row, None, rule).await?;
            }
        }
        Ok(())
    }

    /// Takes what a person has said of releases that the store has, each shown by another or by itself.
    async fn take_words(
        &mut self,
        record: &Map<String, Value>,
        known: &HashMap<&str, Guid>,
    ) -> Result<Said> {
        let mut said = Said::default();
        let of = |row: &Map<String, Value>| text(row, "guid").and_then(|guid| known.get(guid));
        for table in OF_RELEASES.iter().filter(|one| WORDS.contains(&one.name)) {
            for row in rows_of(record, table.name)? {
                let Some(shown) = of(row) else { continue };
                self.insert(table, row, None, "ON CONFLICT DO NOTHING")
                    .await?;
                self.has_taken = true;
                match table.name {
                    "corrections" => {
                        said.corrected.insert(*shown);
                    }
                    "rulings" => {
                        // Each pair stands there both ways, whether the other comes along or not.
                        let mut other = row.clone();
                        let guids = ["guid", "other"].map(|name| row.get(name).cloned());
                        let [guid, of] = guids.map(Option::unwrap_or_default);
                        other.insert("guid".to_owned(), of);
                        other.insert("other".to_owned(), guid);
                        self.insert(table, &other, None, "ON CONFLICT DO NOTHING")
                            .await?;
                        said.is_ruled = true;
                    }
                    _ => {
                        said.removed.entry(*shown).or_default();
                    }
                }
            }
        }
        for row in rows_of(record, "releases")? {
            if text(row, "redacted") == Some(Redaction::Whole.as_str())
                && let Some(shown) = of(row)
            {
                said.removed.insert(*shown, true);
            }
        }
        Ok(said)
    }

    /// Sees whether a release is newer than all that was there of its source: what came between may be in neither store.
    async fn see_gap(&mut self, row: &Map<String, Value>) -> Result<()> {
        let source = text(row, "source").unwrap_or_default();
        let newest = self.newest_of(source).await?;
        if newest.is_some_and(|newest| number(row, "published") > newest) {
            self.gaps.insert(source.to_owned());
        }
        Ok(())
    }

    async fn newest_of(&mut self, source: &str) -> Result<Option<i64>> {
        if let Some(newest) = self.newest.get(source) {
            return Ok(*newest);
        }
        let sql = "SELECT MAX(published) FROM releases WHERE source = $1 AND number <= $2";
        let row = sqlx::query(sql)
            .bind(source)
            .bind(self.before.number)
            .fetch_one(&mut *self.tx)
            .await?;
        let newest = row.try_get(0)?;
        self.newest.insert(source.to_owned(), newest);
        Ok(newest)
    }

    /// The release by which one is shown that the store has.
    async fn shown_by(&mut self, guid: &str) -> Result<Option<Guid>> {
        let sql = "SELECT COALESCE(merged_into, guid) FROM releases WHERE guid = $1";
        let row = sqlx::query(sql)
            .bind(guid)
            .fetch_optional(&mut *self.tx)
            .await?;
        row.map(|row| guid_of(&row.try_get::<String, _>(0)?))
            .transpose()
    }

    /// The release that the store has at the address of a row.
    async fn release_at(&mut self, row: &Map<String, Value>) -> Result<Option<Guid>> {
        let value = |name| text(row, name).unwrap_or_default().to_owned();
        let found = sqlx::query("SELECT guid FROM addresses WHERE source = $1 AND path = $2")
            .bind(value("source"))
            .bind(value("path"))
            .fetch_optional(&mut *self.tx)
            .await?;
        found
            .map(|row| guid_of(&row.try_get::<String, _>(0)?))
            .transpose()
    }
}
