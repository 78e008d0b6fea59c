//! What of a record is public nowhere.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use sqlx::Row;

use super::{number, rows, text};
use crate::release::{Cause, Status};
use crate::store::{Result, Store};

type RowOf = Map<String, Value>;

impl Store {
    /// The releases whose text is public nowhere, and what is part of them: nobody took a part down by itself, and it may have
    /// the words still.
    pub(super) async fn hidden(&self) -> Result<HashSet<String>> {
        let sql = "WITH RECURSIVE hidden (guid) AS (
            SELECT guid FROM releases WHERE status = $1 OR redacted IS NOT NULL
            UNION SELECT r.guid FROM releases r JOIN hidden h ON r.merged_into = h.guid
        ) SELECT guid FROM hidden";
        let query = sqlx::query(sql).bind(Status::Withdrawn.as_str());
        let rows = query.fetch_all(&self.pool).await?;
        let guids = rows.iter().map(|row| Ok(row.try_get(0)?));
        guids.collect()
    }
}

/// Leaves out the texts that are public nowhere, and what tells of them.
pub(super) fn hide(record: &mut Map<String, Value>, hidden: &HashSet<String>) {
    let restored = last_withdrawals(record);
    let mut hidden = hidden.clone();
    // What was withdrawn may be shown again without the words for which it was; its parts may have them still.
    let whole = rows(record, "releases").find(|row| !row.contains_key("merged_into"));
    if whole.is_some_and(|row| is_one_of(row, "guid", |guid| restored.contains_key(guid))) {
        let parts = rows(record, "releases").filter(|row| row.contains_key("merged_into"));
        hidden.extend(parts.filter_map(|row| text(row, "guid").map(str::to_owned)));
    }
    let is_hidden = |row: &RowOf, name| is_one_of(row, name, |guid| hidden.contains(guid));

    for row in rows(record, "releases").filter(|row| is_hidden(row, "guid")) {
        remove(row, &["lead", "body"]);
    }
    for row in rows(record, "revisions") {
        let last = text(row, "guid").and_then(|guid| restored.get(guid));
        if is_hidden(row, "guid") || last.is_some_and(|last| number(row, "number") <= *last) {
            remove(row, &["lead", "body"]);
        }
    }
    // A copy stands under the release that it is part of now, whoever had it before.
    let mut places = HashSet::new();
    for row in rows(record, "merges") {
        let of_hidden = ["guid", "folded", "via"]
            .iter()
            .any(|name| is_hidden(row, name));
        if of_hidden || is_one_of(row, "guid", |guid| restored.contains_key(guid)) {
            places.insert(place(row));
            remove(row, &["lead", "body"]);
            // Its words are the texts'.
            row.insert("reason".to_owned(), "".into());
        }
    }
    for row in rows(record, "addresses") {
        if is_hidden(row, "guid") || places.contains(&place(row)) {
            remove(row, &["feed_seen", "listing_seen"]);
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
    // In these words they differ.
    for row in rows(record, "related") {
        let was_hidden = |name| is_one_of(row, name, |guid| restored.contains_key(guid));
        if ["guid", "other"]
            .iter()
            .any(|name| is_hidden(row, name) || was_hidden(name))
        {
            row.insert("why".to_owned(), "".into());
        }
    }
}

/// The releases of a record that were withdrawn once, with the number of the revision by which they last were.
fn last_withdrawals(record: &mut Map<String, Value>) -> HashMap<String, i64> {
    let mut withdrawn: HashMap<String, i64> = HashMap::new();
    for row in rows(record, "revisions") {
        if text(row, "cause") == Some(Cause::Withdrawn.as_str())
            && let Some(guid) = text(row, "guid")
        {
            let last = withdrawn.entry(guid.to_owned()).or_default();
            *last = number(row, "number").max(*last);
        }
    }
    withdrawn
}

fn is_one_of(row: &RowOf, name: &str, known: impl Fn(&str) -> bool) -> bool {
    text(row, name).is_some_and(known)
}

fn place(row: &RowOf) -> (Option<String>, Option<String>) {
    let of = |name| text(row, name).map(str::to_owned);
    (of("source"), of("path"))
}

fn remove(row: &mut RowOf, names: &[&str]) {
    row.retain(|name, _| !names.contains(&name.as_str()));
}
