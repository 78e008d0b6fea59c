//! All that is kept of a release as the rows that it is, so that one store can be made from another: `export` and `import`.
//!
//! What follows from the rest is not part of a record and is made anew: the words of searches and the index of copies.
//! Neither is what is known of servers (validators, holds, robots.txt): the next cycle asks them.

mod hiding;
mod import;
mod tables;

use std::collections::HashMap;

use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, Row};

use super::migrations::VERSION;
use super::rules::RULES;
use super::{Result, Store, counter, placeholders};
use crate::release::Guid;
use hiding::hide;
use tables::{OF_RELEASES, OF_STORE};

pub use import::{Import, Said, Taken};

/// The names of the values that every record has.
const SCHEMA: &str = "schema";
/// The name of how many records an export has. Its first one tells, so that one that was cut is not taken for whole.
const RECORDS: &str = "records";

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
        if guids.is_empty() {
            // PostgreSQL knows no empty list.
            return Ok(HashMap::new());
        }
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

    /// Adds what belongs to the store as a whole to the first of so many records.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn add_whole(&self, record: &mut Value, records: usize) -> Result<()> {
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
        record.insert(RECORDS.to_owned(), records.into());
        Ok(())
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
