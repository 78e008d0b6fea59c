//! What commands begin with: the log, the configuration, the taxonomy, the store.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Stop;
use crate::config::{self, Config, DEFAULT_TAXONOMY};
use crate::daemon::Ingest;
use crate::document::{Document, Problem, Problems};
use crate::store::Store;
use crate::topics::{Classifier, Taxonomy};

/// Where a configuration is looked for when none is named.
const PLACES: [&str; 2] = ["config/npcc-feeds.toml", "/etc/npcc-feeds/npcc-feeds.toml"];

/// Logs to standard error: our own words at `level`, those of libraries only from warnings on.
pub(super) fn log(level: Level) {
    let libraries = LevelFilter::from_level(level).min(LevelFilter::WARN);
    let targets = Targets::new()
        .with_default(libraries)
        .with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    tracing_subscriber::registry()
        .with(targets)
        .with(lines)
        .init();
}

/// Configuration and classifier, read and checked.
pub(super) struct Setup {
    pub(super) config: Config,
    pub(super) classifier: Classifier,
    pub(super) warnings: Vec<String>,
    pub(super) configuration_name: String,
    pub(super) taxonomy_name: String,
}

impl Setup {
    pub(super) async fn open(self) -> Result<Ingest, Stop> {
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
        let store = Store::open(&self.config.store.url).await?;
        Ok(Ingest {
            config: Arc::new(self.config),
            store,
            classifier: Arc::new(self.classifier),
        })
    }
}

/// Reads configuration and taxonomy.
pub(super) fn read(file: Option<&Path>) -> Result<Setup, Stop> {
    let document = configuration(file)?;
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let config = Config::read(&document, &environment).map_err(Stop::Configuration)?;
    let (taxonomy_name, taxonomy) = taxonomy(config.classify.topics.as_deref())?;
    Ok(Setup {
        classifier: Classifier::new(taxonomy)?,
        warnings: config.warnings(&environment),
        configuration_name: document.name().to_owned(),
        taxonomy_name,
        config,
    })
}

fn configuration(file: Option<&Path>) -> Result<Document, Stop> {
    if let Some(file) = file {
        return document(file);
    }
    // One that is there but cannot be read is an error, rather than a reason to take another.
    let is_there = |place: &&Path| !matches!(place.try_exists(), Ok(false));
    match PLACES.iter().map(Path::new).find(is_there) {
        Some(place) => document(place),
        None => Ok(Document::new("the built-in configuration", config::SHIPPED)),
    }
}

fn taxonomy(file: Option<&Path>) -> Result<(String, Taxonomy), Stop> {
    let default = Path::new(DEFAULT_TAXONOMY);
    let file = file.unwrap_or(default);
    if file == default && !file.exists() {
        let shipped = Taxonomy::shipped().map_err(Stop::Configuration)?;
        return Ok(("the built-in taxonomy".to_owned(), shipped));
    }
    let document = document(file)?;
    let taxonomy = Taxonomy::read(&document).map_err(Stop::Configuration)?;
    Ok((document.name().to_owned(), taxonomy))
}

fn document(file: &Path) -> Result<Document, Stop> {
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Document::new(name, text)),
        Err(error) => Err(Stop::Configuration(Problems(vec![Problem::with_file(
            &name,
            format!("cannot be read: {error}"),
            "see that the file is there, readable and UTF-8",
        )]))),
    }
}
