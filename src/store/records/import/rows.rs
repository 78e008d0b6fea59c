//! The rows of a record, each value checked for what its column holds: a file is from outside, whoever wrote it.

use serde_json::{Map, Value};
use sqlx::AssertSqlSafe;
use url::Url;

use super::Import;
use crate::html;
use crate::release::Guid;
use crate::store::records::tables::Kind::{
    self, Change, Fraction, Json, Number, Place, Text, Time,
};
use crate::store::records::tables::Table;
use crate::store::{Error, Result, guid_of, instant, placeholders};

impl Import {
    /// Adds a row; the addresses in its HTML are relative to `base`.
    pub(super) async fn insert(
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
                        instant(seconds).map_err(|_| wrong())?;
                    }
                    query.bind(value.map(|value| self.counted(*kind, value)).transpose()?)
                }
                Text | Kind::Html | Kind::Guid | Kind::Url | Json => {
                    let value = value
                        .map(|value| value.as_str().ok_or_else(wrong))
                        .transpose()?;
                    let is_right = match (kind, value) {
                        (Kind::Guid, Some(guid)) => guid_in(guid)?.to_string() == guid,
                        (Kind::Url, Some(url)) => web_address(url).is_ok(),
                        (Json, Some(json)) => serde_json::from_str::<Value>(json).is_ok(),
                        // PostgreSQL keeps none.
                        (_, Some(value)) => !value.contains('\0'),
                        _ => true,
                    };
                    if !is_right {
                        return Err(wrong());
                    }
                    query.bind(match (kind, value, base) {
                        (Kind::Html, Some(body), Some(base)) => Some(html::sanitise(body, base)),
                        (_, value, _) => value.map(str::to_owned),
                    })
                }
            };
        }
        let done = query.execute(&mut *self.tx).await;
        if let Some(error) = done.as_ref().err().and_then(sqlx::Error::as_database_error)
            && error.is_unique_violation()
        {
            return Err(refused(format!(
                "has a row in {} that stands there already",
                table.name
            )));
        }
        done?;
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
pub(super) fn rows_of<'a>(
    record: &'a Map<String, Value>,
    table: &str,
) -> Result<Vec<&'a Map<String, Value>>> {
    let rows = match record.get(table) {
        None => return Ok(Vec::new()),
        Some(rows) => rows.as_array(),
    };
    let wrong = || refused(format!("has no rows in {table}"));
    let rows = rows.ok_or_else(wrong)?.iter();
    rows.map(|row| row.as_object().ok_or_else(wrong)).collect()
}

pub(super) fn refused(why: impl Into<String>) -> Error {
    Error::Record { why: why.into() }
}

/// The guid of a row from outside.
pub(super) fn guid_in(text: &str) -> Result<Guid> {
    guid_of(text).map_err(|_| refused(format!("has the guid {text:?}, which is none")))
}

/// An address that may become a link.
pub(super) fn web_address(text: &str) -> Result<Url> {
    let wrong = |why: String| refused(format!("has the address {text:?}: {why}"));
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(wrong(format!("{other}: is no address of a page"))),
    }
}
