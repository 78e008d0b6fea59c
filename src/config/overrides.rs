//! Overrides from the environment: `NPCC_FEEDS_<SECTION>__<KEY>=value`.

use toml::{Table, Value};

use super::{Config, SHIPPED, variable_problem};
use crate::document::{Document, Problems, in_words};

const PREFIX: &str = "NPCC_FEEDS_";

/// A key that the environment set, so that a check can name the variable instead of a line.
pub(super) struct Overridden {
    pub variable: String,
    pub path: Vec<String>,
}

/// Applies the variables one by one, so that a refused one can be named.
pub(super) fn apply(
    document: &Document,
    written: Config,
    environment: &[(String, String)],
) -> Result<(Config, Vec<Overridden>), Problems> {
    let mut config = written;
    let mut overridden = Vec::new();
    let mut table: Table = document.parse()?;
    for (name, value) in environment {
        let Some(path) = name
            .strip_prefix(PREFIX)
            .filter(|rest| rest.contains("__"))
            .map(|rest| rest.to_lowercase())
        else {
            continue;
        };
        let path: Vec<String> = path.split("__").map(str::to_owned).collect();
        if path[0] == "sources" && !table.contains_key("sources") {
            let shipped: Table = Document::new("the built-in configuration", SHIPPED).parse()?;
            table.extend(shipped.into_iter().filter(|(key, _)| key == "sources"));
        }
        // A value that reads as TOML is TOML (a number, an array); every other is a string.
        let plain = || Value::String(value.clone());
        let parsed = toml::from_str::<Table>(&format!("value = {value}"))
            .ok()
            .and_then(|mut table| table.remove("value"))
            .unwrap_or_else(plain);
        let with = |value: Value| {
            let mut changed = table.clone();
            if !set(&mut changed, &path, value) {
                return Err(format!("there is no key {}", path.join(".")));
            }
            let config: Config = changed
                .clone()
                .try_into()
                .map_err(|error| in_words(&error))?;
            Ok((config, changed))
        };
        // What fits neither way is told of as it was first read.
        let applied = with(parsed).or_else(|told| with(plain()).map_err(|_| told));
        (config, table) = applied.map_err(|what| {
            let advice = "the names are those of config/npcc-feeds.toml, with two underscores between section and key";
            Problems::from(variable_problem(name, what, advice))
        })?;
        overridden.push(Overridden {
            variable: name.clone(),
            path,
        });
    }
    Ok((config, overridden))
}

/// The variables that look like overrides and are none, as `NPCC_FEEDS_STORE_URL` with a single underscore.
pub(super) fn ignored(environment: &[(String, String)]) -> Vec<&str> {
    environment
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| {
            let rest = name.strip_prefix(PREFIX);
            rest.is_some_and(|rest| rest != "CONFIG" && !rest.contains("__"))
        })
        .collect()
}

fn set(table: &mut Table, path: &[String], value: Value) -> bool {
    match path {
        [] => false,
        [key] => {
            table.insert(key.clone(), value);
            true
        }
        [key, index, rest @ ..] if index.parse::<usize>().is_ok() => {
            let place = index
                .parse::<usize>()
                .ok()
                .and_then(|index| table.get_mut(key)?.as_array_mut()?.get_mut(index));
            match (place, rest) {
                (None, _) => false,
                (Some(place), []) => {
                    *place = value;
                    true
                }
                (Some(Value::Table(inner)), rest) => set(inner, rest, value),
                _ => false,
            }
        }
        [key, rest @ ..] => {
            let inner = table
                .entry(key.clone())
                .or_insert_with(|| Value::Table(Table::new()));
            inner
                .as_table_mut()
                .is_some_and(|inner| set(inner, rest, value))
        }
    }
}
