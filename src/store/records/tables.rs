//! The tables that are on record, with the kind of what stands in each column.

use serde_json::{Map, Value};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::store::Result;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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

pub(super) struct Table {
    pub(super) name: &'static str,
    /// So many columns at the beginning tell the rows apart.
    pub(super) key: usize,
    pub(super) columns: &'static [(&'static str, Kind)],
}

/// The tables whose rows belong to a release by its guid.
pub(super) const OF_RELEASES: [Table; 11] = [
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
pub(super) const OF_STORE: [Table; 3] = [
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

impl Table {
    pub(super) fn names(&self) -> String {
        let names = self.columns.iter().map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn order(&self) -> String {
        let key = self.columns[..self.key].iter().map(|(name, _)| *name);
        key.collect::<Vec<_>>().join(", ")
    }

    pub(super) fn row(&self, row: &AnyRow) -> Result<Map<String, Value>> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::{Store, test_store};

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
