//! What commands begin with: the configuration, the taxonomy, the store.

use std::io;
use std::path::Path;

use anyhow::Context;

use super::Stop;
use crate::config::{self, Config, DEFAULT_TAXONOMY};
use crate::daemon::Ingest;
use crate::document::{Document, Problem, Problems, Step};
use crate::store::Store;
use crate::topics::{Classifier, SHIPPED, Taxonomy};

/// Where a configuration is looked for when none is named.
const PLACES: [&str; 2] = ["config/npcc-feeds.toml", "/etc/npcc-feeds/npcc-feeds.toml"];

/// Configuration and classifier, read and checked.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) classifier: Classifier,
    pub(super) warnings: Vec<String>,
    pub(super) configuration_name: String,
    pub(super) taxonomy: Document,
}

impl Setup {
    pub(super) async fn open(self) -> Result<Ingest, Stop> {
        self.warn();
        let store = Store::open(&self.config.store.url).await?;
        Ok(Ingest::new(self.config, store, self.classifier))
    }

    pub(super) fn warn(&self) {
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
    }
}

/// Reads the configuration alone.
pub(super) fn config(file: Option<&Path>) -> Result<Config, Stop> {
    let document = configuration(file)?;
    Config::read(&document, &environment()?).map_err(Stop::Configuration)
}

/// Reads configuration and taxonomy.
pub(super) fn read(file: Option<&Path>) -> Result<Setup, Stop> {
    let document = configuration(file)?;
    let environment = environment()?;
    let config = Config::read(&document, &environment).map_err(Stop::Configuration)?;
    let (taxonomy_document, taxonomy) = taxonomy(&config, &document, &environment)?;
    Ok(Setup {
        classifier: Classifier::new(taxonomy)?,
        warnings: config.warnings(&environment),
        configuration_name: document.name().to_owned(),
        taxonomy: taxonomy_document,
        config,
    })
}

/// The classifier of a taxonomy's file that is not in use.
pub(super) fn classifier(file: &Path) -> Result<Classifier, Stop> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let taxonomy = Taxonomy::read(&Document::new(name, text)).map_err(Stop::Configuration)?;
    Ok(Classifier::new(taxonomy)?)
}

/// The environment, of which nothing that is meant for this program may be unreadable.
fn environment() -> Result<Vec<(String, String)>, Stop> {
    let mut environment = Vec::new();
    for (name, value) in std::env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => environment.push((name, value)),
            (Ok(name), Err(_)) if name.starts_with("NPCC_FEEDS_") => {
                let problem = config::variable_problem(&name, "its value is not UTF-8", "");
                return Err(Stop::Configuration(problem.into()));
            }
            _ => {}
        }
    }
    Ok(environment)
}

fn configuration(file: Option<&Path>) -> Result<Document, Stop> {
    let variable = std::env::var_os("NPCC_FEEDS_CONFIG").filter(|value| !value.is_empty());
    if let Some(file) = file.or(variable.as_ref().map(Path::new)) {
        return document(file);
    }
    // One that is there but cannot be read is an error, rather than a reason to take another; but a folder that this user may
    // not even look into, as a command for the service's user is called from, holds none for it.
    let is_there = |place: &&Path| match place.try_exists() {
        Ok(is_there) => is_there,
        Err(error) => error.kind() != io::ErrorKind::PermissionDenied,
    };
    match PLACES.iter().map(Path::new).find(is_there) {
        Some(place) => document(place),
        None => Ok(Document::new("the built-in configuration", config::SHIPPED)),
    }
}

fn taxonomy(
    config: &Config,
    document: &Document,
    environment: &[(String, String)],
) -> Result<(Document, Taxonomy), Stop> {
    let default = Path::new(DEFAULT_TAXONOMY);
    let file = config.classify.topics.as_deref().unwrap_or(default);
    if file == default && !file.exists() {
        let shipped = Document::new("the built-in taxonomy", SHIPPED);
        let read = Taxonomy::read(&shipped).map_err(Stop::Configuration)?;
        return Ok((shipped, read));
    }
    let text = std::fs::read_to_string(file).map_err(|error| {
        let what = format!("the taxonomy {} cannot be read: {error}", file.display());
        let advice = "see that the file is there, readable and UTF-8";
        let variable = "NPCC_FEEDS_CLASSIFY__TOPICS";
        let problem = if environment.iter().any(|(name, _)| name == variable) {
            config::variable_problem(variable, what, advice)
        } else {
            document.problem(&[Step::Key("classify"), Step::Key("topics")], what, advice)
        };
        Stop::Configuration(problem.into())
    })?;
    let taxonomy = Document::new(file.display().to_string(), text);
    let read = Taxonomy::read(&taxonomy).map_err(Stop::Configuration)?;
    Ok((taxonomy, read))
}

fn document(file: &Path) -> Result<Document, Stop> {
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Document::new(name, text)),
        Err(error) => Err(Stop::Configuration(unreadable(&name, &error))),
    }
}

/// Why a configuration cannot be read, and what to do. A service's is for its own user, since it may hold secrets.
fn unreadable(name: &str, error: &io::Error) -> Problems {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "do this as a user who may read it, as the service's: cd / && sudo -u npcc-feeds npcc-feeds ..."
        }
        _ => "see that the file is there, readable and UTF-8",
    };
    let what = format!("cannot be read: {error}");
    Problems(vec![Problem::with_file(name, what, advice)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_read_a_configuration_is_told_as_whom_to_come_back() {
        let name = "/etc/npcc-feeds/npcc-feeds.toml";
        let told = |kind: io::ErrorKind| unreadable(name, &kind.into()).to_string();
        let denied = told(io::ErrorKind::PermissionDenied);
        assert!(
            denied.contains(name) && denied.contains("sudo -u npcc-feeds npcc-feeds"),
            "{denied}"
        );
        let missing = told(io::ErrorKind::NotFound);
        assert!(
            missing.contains("see that the file is there") && !missing.contains("sudo"),
            "{missing}"
        );
    }
}
