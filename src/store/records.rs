//! All that is kept of a release as the rows that it is, so that one store can be made from another: `export` and `import`.
//!
//! What follows from the rest is not part of a record and is made anew: the words of searches and the index of copies.
//! Neither is what is known of servers (validators, holds, robots.txt): the next cycle asks them.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use url::Url;

use super::migrations::VERSION;
use super::shown::{note, write_words};
use super::tags::RULES;
use super::{
    ALL, CHANGE, Error, RELEASE, REVISIONS, RULING, Result, Store, Tx, counter, guid_of, instant,
    placeholders, raise,
};
use crate::html;
use crate::release::{Cause, Guid, Status};
use crate::topics::UNCLASSIFIED;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// Sanitised HTML.
    Html,
    Guid,
    /// JSON within JSON.
    Json,
    Number,
    /// Seconds since 1970.
    Time,
    Fraction,
    /// A value of the change counter, which goes on from where the other store is.
    Change,
    /// The place in the order of arrival, likewise.
    Place,
}

use Kind::{Change, Fraction, Json, Number, Place, Text, Time};

struct Table {
    name: &'static str,
    /// So many columns at the beginning tell the rows apart.
    key: usize,
    columns: &'static [(&'static str, Kind)],
}

/// The tables whose rows belong to a release by its guid.
const OF_RELEASES: [Table; 11] = [
    Table {
        name: "releases",
        key: 1,
        columns: &[
            ("guid", Kind::Guid),
            ("source", Text),
            ("url", Text),
            ("title", Text),
            ("lead", Text),
            ("body", Kind::Html),
            ("published", Time),
            ("first_seen", Time),
            ("updated", Time),
            ("status", Text),
            ("reading", Text),
            ("redacted", Text),
            ("number", Place),
            ("merged_into", Kind::Guid),
            ("absorbed_by", Kind::Guid),
            ("change", Change),
            ("stamp", Change),
        ],
    },
    Table {
        name: "addresses",
        key: 2,
        columns: &[
            ("source", Text),
            ("path", Text),
            ("url", Text),
            ("guid", Kind::Guid),
            ("upstream_guid", Text),
            ("feed_seen", Text),
            ("listing_seen", Text),
            ("change", Change),
            ("first_seen", Time),
            ("page_due", Time),
            ("page_failures", Number),
            ("gone_at", Time),
        ],
    },
    Table {
        name: "revisions",
        key: 2,
        columns: &[
            ("guid", Kind::Guid),
            ("number", Number),
            ("at", Time),
            ("cause", Text),
            ("title", Text),
            ("lead", Text),
            ("body", Kind::Html),
            ("changed", Json),
            ("weight", Text),
            ("copy_source", Text),
            ("copy_path", Text),
            ("redacted_at", Time),
        ],
    },
    Table {
        name: "tags",
        key: 2,
        columns: &[
            ("guid", Kind::Guid),
            ("topic", Text),
            ("score", Fraction),
            ("implied_by", Text),
            ("evidence", Json),
        ],
    },
    Table {
        name: "feed_entries",
        key: 2,
        columns: &[("guid", Kind::Guid), ("topic", Text), ("is_live", Number)],
    },
    Table {
        name: "corrections",
        key: 2,
        columns: &[
            ("guid", Kind::Guid),
            ("topic", Text),
            ("wanted", Number),
            ("at", Time),
        ],
    },
    Table {
        name: "merges",
        key: 2,
        columns: &[
            ("source", Text),
            ("path", Text),
            ("guid", Kind::Guid),
            ("url", Text),
            ("title", Text),
            ("lead", Text),
            ("body", Kind::Html),
            ("published", Time),
            ("reason", Text),
            ("at", Time),
            ("verdict", Text),
            ("folded", Kind::Guid),
            ("via", Kind::Guid),
            ("redacted", Text),
        ],
    },
    Table {
        name: "rulings",
        key: 2,
        columns: &[
            ("guid", Kind::Guid),
            ("other", Kind::Guid),
            ("is_one", Number),
            ("at", Time),
        ],
    },
    Table {
        name: "related",
        key: 2,
        columns: &[("guid", Kind::Guid), ("other", Kind::Guid), ("why", Text)],
    },
    Table {
        name: "redactions",
        key: 3,
        columns: &[
            ("guid", Kind::Guid),
            ("text", Number),
            ("paragraph", Number),
            ("at", Time),
        ],
    },
    Table {
        name: "redacted_leads",
        key: 2,
        columns: &[("guid", Kind::Guid), ("lead", Number)],
    },
];

/// The tables that belong to the store as a whole. Its first record holds them.
const OF_STORE: [Table; 3] = [
    Table {
        name: "sources",
        key: 1,
        columns: &[
            ("id", Text),
            ("last_cycle_at", Time),
            ("last_success_at", Time),
            ("failing_since", Time),
            ("trouble", Json),
            ("listing_read_at", Time),
            ("gap_change", Change),
            ("gap_opened_at", Time),
            ("gap_reached", Json),
            ("history_page", Number),
            ("history_print", Number),
            ("history_since", Number),
            ("alarms", Json),
            ("whole_since", Time),
            ("audited_at", Time),
            ("layout_changed_at", Time),
        ],
    },
    Table {
        name: "layout_paragraphs",
        key: 2,
        columns: &[("source", Text), ("hash", Number), ("at", Time)],
    },
    Table {
        name: "feed_changes",
        key: 1,
        columns: &[("feed", Text), ("change", Change), ("last_loss", Change)],
    },
];

/// The names of the values that every record has.
const SCHEMA: &str = "schema";

impl Table {
    fn names(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(", ")
    }

    fn order(&self) -> String {
        let key = self.columns[..self.key].iter().map(|(name, _)| *name);
        key.collect::<Vec<_>>().join(", ")
    }

    fn row(&self, row: &AnyRow) -> Result<Map<String, Value>> {
        let mut values = Map::new();
        for (name, kind) in self.columns {
            let value = match kind {
                Text | Kind::Html | Kind::Guid | Json => {
                    row.try_get::<Option<String>, _>(*name)?.map(Value::from)
                }
                Number | Time | Change | Place => {
                    row.try_get::<Option<i64>, _>(*name)?.map(Value::from)
                }
                Fraction => row.try_get::<Option<f64>, _>(*name)?.map(Value::from),
            };
            if let Some(value) = value {
                values.insert((*name).to_owned(), value);
            }
        }
        Ok(values)
    }
}

impl Store {
    /// All that is kept of some releases, and of those that are part of them. The texts that their publisher has taken down are
    /// in it if `with_withdrawn`.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn records(
        &self,
        guids: &[Guid],
        with_withdrawn: bool,
    ) -> Result<HashMap<Guid, Value>> {
        let mut whole: HashMap<String, Guid> =
            guids.iter().map(|guid| (guid.to_string(), *guid)).collect();
        let mut outer: Vec<String> = whole.keys().cloned().collect();
        while !outer.is_empty() {
            let sql = format!(
                "SELECT guid, merged_into FROM releases WHERE merged_into IN ({})",
                placeholders(1, outer.len())
            );
            let query = outer
                .iter()
                .fold(sqlx::query(AssertSqlSafe(sql)), |query, one| {
                    query.bind(one.clone())
                });
            let mut inner = Vec::new();
            for row in query.fetch_all(&self.pool).await? {
                let (part, into): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                if let Some(release) = whole.get(&into).copied()
                    && whole.insert(part.clone(), release).is_none()
                {
                    inner.push(part);
                }
            }
            outer = inner;
        }
        let mut records: HashMap<Guid, Map<String, Value>> = HashMap::new();
        let all: Vec<&String> = whole.keys().collect();
        for table in &OF_RELEASES {
            let sql = format!(
                "SELECT {} FROM {} WHERE guid IN ({}) ORDER BY {}",
                table.names(),
                table.name,
                placeholders(1, all.len()),
                table.order()
            );
            let query = all
                .iter()
                .fold(sqlx::query(AssertSqlSafe(sql)), |query, one| {
                    query.bind((*one).clone())
                });
            for row in query.fetch_all(&self.pool).await? {
                let row = table.row(&row)?;
                let release = row.get("guid").and_then(Value::as_str);
                let Some(release) = release.and_then(|guid| whole.get(guid)) else {
                    continue;
                };
                let rows = records.entry(*release).or_default().entry(table.name);
                if let Value::Array(rows) = rows.or_insert_with(|| Value::Array(Vec::new())) {
                    rows.push(row.into());
                }
            }
        }
        let hidden = self.hidden().await?;
        let records = records.into_iter().map(|(guid, mut record)| {
            if !with_withdrawn {
                hide(&mut record, &hidden);
            }
            record.insert(SCHEMA.to_owned(), VERSION.into());
            (guid, record.into())
        });
        Ok(records.collect())
    }

    /// The releases whose text is public nowhere.
    async fn hidden(&self) -> Result<HashSet<String>> {
        let sql = "SELECT guid FROM releases WHERE status = $1 OR redacted IS NOT NULL";
        let query = sqlx::query(sql).bind(Status::Withdrawn.as_str());
        let rows = query.fetch_all(&self.pool).await?;
        Ok(rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<std::result::Result<_, _>>()?)
    }

    /// Adds what belongs to the store as a whole to a record.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn add_whole(&self, record: &mut Value) -> Result<()> {
        let Value::Object(record) = record else {
            return Ok(());
        };
        for table in &OF_STORE {
            let (names, order) = (table.names(), table.order());
            let sql = format!("SELECT {names} FROM {} ORDER BY {order}", table.name);
            let rows = sqlx::query(AssertSqlSafe(sql))
                .fetch_all(&self.pool)
                .await?;
            let rows = rows.iter().map(|row| Ok(Value::Object(table.row(row)?)));
            record.insert(table.name.to_owned(), rows.collect::<Result<Value>>()?);
        }
        let rules = counter(&mut *self.pool.acquire().await?, RULES).await?;
        record.insert(RULES.to_owned(), rules.into());
        Ok(())
    }

    /// Begins to take records into this store: all of them, or none.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn import(&self) -> Result<Import> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT COUNT(*) FROM releases")
            .fetch_one(&mut *tx)
            .await?;
        let (change, number) = (
            counter(&mut tx, CHANGE).await?,
            counter(&mut tx, RELEASE).await?,
        );
        Ok(Import {
            tx,
            is_first: row.try_get::<i64, _>(0)? == 0,
            begun: Counters { change, number },
            last: Counters { change, number },
            feeds: BTreeSet::new(),
        })
    }
}

/// Leaves out the texts that are public nowhere, and what tells of them.
fn hide(record: &mut Map<String, Value>, hidden: &HashSet<String>) {
    // What was withdrawn may be shown again without the words for which it was.
    let mut withdrawn: HashMap<String, i64> = HashMap::new();
    for row in rows(record, "revisions") {
        if text(row, "cause") == Some(Cause::Withdrawn.as_str())
            && let Some(guid) = text(row, "guid")
        {
            let last = withdrawn.entry(guid.to_owned()).or_default();
            *last = number(row, "number").max(*last);
        }
    }
    // Its parts may have them still, though nobody took these down by themselves.
    let mut hidden = hidden.clone();
    let members: Vec<(String, bool)> = rows(record, "releases")
        .filter_map(|row| {
            Some((
                text(row, "guid")?.to_owned(),
                row.contains_key("merged_into"),
            ))
        })
        .collect();
    let is_of_hidden = |(guid, is_part): &(String, bool)| {
        !is_part && (hidden.contains(guid) || withdrawn.contains_key(guid))
    };
    if members.iter().any(is_of_hidden) {
        hidden.extend(members.into_iter().filter(|one| one.1).map(|one| one.0));
    }
    let is_hidden =
        |row: &Map<String, Value>, name| text(row, name).is_some_and(|guid| hidden.contains(guid));
    for row in rows(record, "revisions") {
        let last = text(row, "guid").and_then(|guid| withdrawn.get(guid));
        if is_hidden(row, "guid") || last.is_some_and(|last| number(row, "number") <= *last) {
            remove(row, &["lead", "body"]);
        }
    }
    for (table, names) in [
        ("releases", ["lead", "body"]),
        ("merges", ["lead", "body"]),
        ("addresses", ["feed_seen", "listing_seen"]),
    ] {
        for row in rows(record, table).filter(|row| is_hidden(row, "guid")) {
            remove(row, &names);
        }
    }
    for row in rows(record, "merges") {
        if text(row, "guid").is_some_and(|guid| withdrawn.contains_key(guid)) {
            remove(row, &["lead", "body"]);
        }
    }
    for row in rows(record, "tags").filter(|row| is_hidden(row, "guid")) {
        let evidence = text(row, "evidence").map(serde_json::from_str::<Vec<Value>>);
        let mut evidence = evidence
            .and_then(std::result::Result::ok)
            .unwrap_or_default();
        evidence.retain(|found| found.get("where").is_some_and(|place| place == "title"));
        row.insert(
            "evidence".to_owned(),
            Value::from(evidence).to_string().into(),
        );
    }
    for row in rows(record, "merges").filter(|row| is_hidden(row, "guid")) {
        row.insert("reason".to_owned(), "".into());
    }
    // In these words they differ.
    for row in rows(record, "related") {
        if is_hidden(row, "guid") || is_hidden(row, "other") {
            row.insert("why".to_owned(), "".into());
        }
    }
}

fn rows<'a>(
    record: &'a mut Map<String, Value>,
    table: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let rows = record.get_mut(table).and_then(Value::as_array_mut);
    rows.into_iter().flatten().filter_map(Value::as_object_mut)
}

fn text<'a>(row: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    row.get(name).and_then(Value::as_str)
}

fn number(row: &Map<String, Value>, name: &str) -> i64 {
    row.get(name).and_then(Value::as_i64).unwrap_or(0)
}

fn remove(row: &mut Map<String, Value>, names: &[&str]) {
    row.retain(|name, _| !names.contains(&name.as_str()));
}

/// Records on their way into a store.
#[derive(Debug)]
pub struct Import {
    tx: Tx,
    /// Whether the store held nothing before.
    is_first: bool,
    /// Where the store's counters were, and where they will be.
    begun: Counters,
    last: Counters,
    /// The feeds that show what came.
    feeds: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy)]
struct Counters {
    change: i64,
    number: i64,
}

impl Import {
    /// Takes a release with all that [`Store::records`] gave for it. Gives its guid, or none if the store has it, or another
    /// release at one of its addresses, which is left as it is.
    ///
    /// # Errors
    /// [`Error::Record`] for what is no record of this version; then nothing of the whole import may be kept.
    pub async fn take(&mut self, record: &Value) -> Result<Option<Guid>> {
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
        let releases = rows_of(record, "releases")?;
        let mut whole = releases
            .iter()
            .filter(|row| !row.contains_key("merged_into"));
        let (Some(whole), None) = (whole.next(), whole.next()) else {
            return Err(refused("does not hold one release with its parts"));
        };
        let guid = text(whole, "guid").ok_or_else(|| refused("has a release without guid"))?;
        let guid = guid_of(guid)?;
        let url = text(whole, "url").unwrap_or_default();
        let base = Url::parse(url)
            .map_err(|error| refused(format!("has the address {url:?}: {error}")))?;
        for row in &releases {
            if ![Status::Current, Status::Withdrawn]
                .iter()
                .any(|one| Some(one.as_str()) == text(row, "status"))
            {
                return Err(refused(
                    "has a release that is neither current nor withdrawn",
                ));
            }
        }
        let members: HashSet<&str> = releases
            .iter()
            .filter_map(|row| text(row, "guid"))
            .collect();
        for table in ["releases", "addresses", "merges"] {
            for row in rows_of(record, table)? {
                if self.is_known(table, row).await? {
                    return Ok(None);
                }
            }
        }
        for table in &OF_RELEASES {
            for row in rows_of(record, table.name)? {
                if !text(row, "guid").is_some_and(|guid| members.contains(guid)) {
                    return Err(refused(format!(
                        "has a row in {} of another release",
                        table.name
                    )));
                }
                self.insert(table, row, Some(&base), "").await?;
            }
        }
        write_words(&mut self.tx, guid).await?;
        let topics = rows_of(record, "tags")?;
        let topics = topics.iter().filter_map(|row| text(row, "topic"));
        self.feeds.extend(topics.map(str::to_owned));
        self.feeds
            .extend([ALL, REVISIONS, UNCLASSIFIED].map(str::to_owned));
        Ok(Some(guid))
    }

    /// Keeps all that was taken.
    ///
    /// # Errors
    /// [`Error::Sql`].
    pub async fn finish(mut self) -> Result<()> {
        if self.feeds.is_empty() {
            return Ok(());
        }
        for (name, value) in [(CHANGE, self.last.change), (RELEASE, self.last.number)] {
            sqlx::query("UPDATE counters SET value = $1 WHERE name = $2 AND value < $1")
                .bind(value)
                .bind(name)
                .execute(&mut *self.tx)
                .await?;
        }
        let change = raise(&mut self.tx, CHANGE).await?;
        for feed in &self.feeds {
            note(&mut self.tx, feed, change, false).await?;
        }
        // Who judges a draft in this moment has not seen what came.
        raise(&mut self.tx, RULING).await?;
        self.tx.commit().await?;
        Ok(())
    }

    /// What belongs to the store as a whole, as far as this one does not know better.
    async fn take_whole(&mut self, record: &Map<String, Value>) -> Result<()> {
        for table in &OF_STORE {
            let rule = match table.name {
                "feed_changes" => {
                    "ON CONFLICT (feed) DO UPDATE SET last_loss = excluded.last_loss
                     WHERE feed_changes.last_loss < excluded.last_loss"
                }
                _ => "ON CONFLICT DO NOTHING",
            };
            for row in rows_of(record, table.name)? {
                self.insert(table, row, None, rule).await?;
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

    /// Whether the store has a release, or any at the address of a row.
    async fn is_known(&mut self, table: &str, row: &Map<String, Value>) -> Result<bool> {
        let value = |name| text(row, name).unwrap_or_default().to_owned();
        let query = match table {
            "releases" => sqlx::query("SELECT 1 FROM releases WHERE guid = $1").bind(value("guid")),
            _ => sqlx::query("SELECT 1 FROM addresses WHERE source = $1 AND path = $2")
                .bind(value("source"))
                .bind(value("path")),
        };
        let found = query.fetch_optional(&mut *self.tx).await?;
        Ok(found.is_some())
    }

    /// Adds a row; the addresses in its HTML are relative to `base`.
    async fn insert(
        &mut self,
        table: &Table,
        row: &Map<String, Value>,
        base: Option<&Url>,
        rule: &str,
    ) -> Result<()> {
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({}) {rule}",
            table.name,
            table.names(),
            placeholders(1, table.columns.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (name, kind) in table.columns {
            let value = row.get(*name).filter(|value| !value.is_null());
            let wrong = || {
                let value = row.get(*name).map(ToString::to_string).unwrap_or_default();
                refused(format!("has {value} as {name} in {}", table.name))
            };
            query = match kind {
                Fraction => {
                    let value = value.map(|value| value.as_f64().ok_or_else(wrong));
                    query.bind(value.transpose()?)
                }
                Number | Time | Change | Place => {
                    let value = value
                        .map(|value| value.as_i64().ok_or_else(wrong))
                        .transpose()?;
                    if *kind == Time
                        && let Some(seconds) = value
                    {
                        instant(seconds)?;
                    }
                    query.bind(value.map(|value| self.counted(*kind, value)).transpose()?)
                }
                Text | Kind::Html | Kind::Guid | Json => {
                    let value = value
                        .map(|value| value.as_str().ok_or_else(wrong))
                        .transpose()?;
                    let is_right = match (kind, value) {
                        (Kind::Guid, Some(guid)) => guid_of(guid)?.to_string() == guid,
                        (Json, Some(json)) => serde_json::from_str::<Value>(json).is_ok(),
                        _ => true,
                    };
                    if !is_right {
                        return Err(wrong());
                    }
                    query.bind(match (kind, value, base) {
                        // A file is from outside, whoever wrote it.
                        (Kind::Html, Some(body), Some(base)) => Some(html::sanitise(body, base)),
                        (_, value, _) => value.map(str::to_owned),
                    })
                }
            };
        }
        query.execute(&mut *self.tx).await?;
        Ok(())
    }

    /// A value of a counter as this store goes on with it.
    fn counted(&mut self, kind: Kind, value: i64) -> Result<i64> {
        let (begun, last) = match kind {
            Change => (self.begun.change, &mut self.last.change),
            Place => (self.begun.number, &mut self.last.number),
            _ => return Ok(value),
        };
        // No loss at all is none here either.
        let counted = match value {
            0 => 0,
            _ => begun
                .checked_add(value)
                .filter(|counted| value > 0 && *counted < i64::MAX / 2)
                .ok_or_else(|| refused(format!("counts to {value}")))?,
        };
        *last = counted.max(*last);
        Ok(counted)
    }
}

/// The rows of a table in a record; none where it has no such table.
fn rows_of<'a>(record: &'a Map<String, Value>, table: &str) -> Result<Vec<&'a Map<String, Value>>> {
    let rows = match record.get(table) {
        None => return Ok(Vec::new()),
        Some(rows) => rows.as_array(),
    };
    let wrong = || refused(format!("has no rows in {table}"));
    let rows = rows.ok_or_else(wrong)?.iter();
    rows.map(|row| row.as_object().ok_or_else(wrong)).collect()
}

fn refused(why: impl Into<String>) -> Error {
    Error::Record { why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_column_that_does_not_follow_from_others_is_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let store = Store::open(&url).await.unwrap();
        for table in OF_RELEASES.iter().chain(&OF_STORE) {
            let sql = format!("SELECT name FROM pragma_table_info('{}')", table.name);
            let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&store.pool);
            let there: BTreeSet<String> =
                rows.await.unwrap().iter().map(|row| row.get(0)).collect();
            let mut kept: BTreeSet<String> = table
                .columns
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect();
            if table.name == "releases" {
                // The index of copies is made anew.
                kept.insert("sketched".to_owned());
            }
            assert_eq!(there, kept, "{}", table.name);
        }
    }
}
