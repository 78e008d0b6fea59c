//! The daemon: when to look, one cycle, the history in the background, start and stop.

mod announcements;
mod arrivals;
pub mod cycle;
pub mod edition;
mod edits;
mod pages;
mod past;
mod publishing;
mod run;
pub mod walk;

use std::sync::Arc;

use crate::config::Config;
use crate::newsroom::{Reader, Unreadable};
use crate::release::Text;
use crate::store::{self, Derived, Store};
use crate::topics::Classifier;
use crate::{config, duplicates, feeds, fetch, html};

/// What ends a cycle early. A page that cannot be read is none of these: it stands in the cycle's report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed, or somebody else fetches.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The lease was lost.
    #[error(transparent)]
    Fetch(fetch::Failure),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up: {0}; see [fetch] proxy")]
    Client(#[from] reqwest::Error),
    /// A document cannot be made.
    #[error(transparent)]
    Feeds(#[from] feeds::Error),
    /// The published files cannot be written.
    #[error("the files of [publish] to cannot be written: {0}")]
    Files(std::io::Error),
    /// A thread that makes or writes documents failed.
    #[error("the documents cannot be made: {0}")]
    Thread(#[from] tokio::task::JoinError),
    /// A schedule is none.
    #[error(transparent)]
    Schedule(#[from] croner::errors::CronError),
    /// The minute's trigger cannot be set up.
    #[error("the scheduler cannot be set up: {0}")]
    Scheduler(#[from] tokio_cron_scheduler::JobSchedulerError),
    /// A source's selectors are none.
    #[error(transparent)]
    Reader(#[from] Unreadable),
}

/// What every cycle works with.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// The configuration.
    pub config: Arc<Config>,
    /// The store.
    pub store: Store,
    /// The classifier with its taxonomy.
    pub classifier: Arc<Classifier>,
}

impl Ingest {
    fn reader(source: &config::Source) -> Result<Arc<Reader>, Error> {
        Ok(Arc::new(Reader::new(source)?))
    }

    /// The topics of a text, and the sketch by which its copies are found.
    fn derive(&self, text: &Text, fingerprint: Option<&duplicates::Fingerprint>) -> Derived {
        let paragraphs = paragraphs(text);
        let lead = text.lead.as_deref();
        Derived {
            tags: self
                .classifier
                .classify(&text.title, lead, &paragraphs)
                .tags,
            sketch: fingerprint
                .map(duplicates::Fingerprint::sketch)
                .unwrap_or_default(),
        }
    }
}

fn paragraphs(text: &Text) -> Vec<String> {
    text.body
        .as_deref()
        .map(html::paragraphs)
        .unwrap_or_default()
}
