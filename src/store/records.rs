//! All that is kept of a release as the rows that it is, so that one store can be made from another: `export` and `import`.
//!
//! What follows from the rest is not part of a record and is made anew: the words of searches and the index of copies.
//! Neither is what is known of servers (validators, holds, robots.txt): the next cycle asks them.

mod hiding;
mod import;

use std::collections::HashMap;

use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::migrations::VERSION;
use super::rules::RULES;
use super::{Result, Store, counter, placeholders};
use crate::release::Guid;
use hiding::hide;

pub use import::{Import, Said, Taken};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// The address of a page.
    Url,
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
            ("url", Kind::Url),
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
            ("url", Kind::Url),
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
            ("url", Kind::Url),
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
            ("unfinished", Number),
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
                Text | Kind::Url | Kind::Html | Kind::Guid | Json => {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::test_store;

    #[tokio::test]
    async fn every_column_that_does_not_follow_from_others_is_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let url = test_store::fresh(&folder.path().join("a.db")).await;
        let store = Store::open(&url).await.unwrap();
        let mut connection = store.pool.acquire().await.unwrap();
        for table in OF_RELEASES.iter().chain(&OF_STORE) {
            let there = test_store::columns(&mut connection, table.name).await;
            let there = BTreeSet::from_iter(there);
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
