//! The daemon: when to look, one cycle, the history in the background, start and stop.

mod alarms;
mod announcements;
mod arrivals;
mod audit;
mod copies;
pub mod cycle;
mod edits;
mod evaluation;
mod gap;
mod hub;
mod importing;
mod judging;
mod layouts;
mod leases;
mod live;
mod pages;
mod past;
mod publishing;
mod reading;
mod reclassification;
mod redaction;
mod rededuplication;
mod report;
mod rulings;
mod run;
mod scheduled;
mod silence;
mod systemd;
mod walk;
mod watchdog;
mod withdrawals;

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::duplicates::Fingerprint;
use crate::newsroom::{Reader, Unreadable};
use crate::release::{Reading, Text};
use crate::store::{self, Derived, Store};
use crate::topics::Classifier;

use crate::edition::folder::Unwritten;
use crate::fetch::{Failure, Turns};
use crate::metrics::Metrics;
use crate::{config, edition, html};
pub use importing::Imported;
pub use judging::Judged;
pub use leases::Leases;
pub use live::is_live;
pub use past::Step;
pub use reclassification::{Moved, Reclassification};
pub use redaction::Redacted;
pub use rededuplication::{Change, Rededuplication};
pub use report::Report;
pub use rulings::Ruled;
pub use systemd::Notice;
pub use watchdog::Pulses;

/// What ends a cycle early. A page that cannot be read is none of these: it stands in the cycle's report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store failed, or somebody else fetches.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The lease was lost.
    #[error(transparent)]
    Fetch(Failure),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be set up: {0}; see [fetch] proxy")]
    Client(#[from] reqwest::Error),
    /// A document cannot be made.
    #[error(transparent)]
    Edition(#[from] edition::Error),
    /// The published files cannot be written.
    #[error("the files of [publish] to cannot be written: {0}")]
    Files(#[from] Unwritten),
    /// A thread that reads a text, or makes or writes documents, failed.
    #[error("a thread failed: {0}")]
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
    /// The time.
    pub clock: Clock,
    /// The turns of the hosts, of which no two requests are made at once.
    pub turns: Turns,
    /// The lease that the sources' cycles share.
    pub leases: Leases,
    /// How the daemon gets on.
    pub pulses: Pulses,
    /// What it counts of its work.
    pub metrics: Metrics,
}

/// Who wants a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The schedule: what is fresh is not asked for, nor what failed a moment ago.
    Schedule,
    /// A person, for whom only what the server asks for counts.
    Person,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        match failure {
            Failure::Store(error) => Error::Store(error),
            failure => Error::Fetch(failure),
        }
    }
}

impl Ingest {
    /// What cycles need, on the system's clock.
    pub fn new(config: Config, store: Store, classifier: Classifier) -> Ingest {
        Ingest {
            config: Arc::new(config),
            store,
            classifier: Arc::new(classifier),
            clock: Clock::system(),
            turns: Turns::default(),
            leases: Leases::default(),
            pulses: Pulses::default(),
            metrics: Metrics::default(),
        }
    }

    /// The same by another configuration and other rules on topics; all else stays.
    pub fn reloaded(&self, config: Config, classifier: Classifier) -> Ingest {
        Ingest {
            config: Arc::new(config),
            classifier: Arc::new(classifier),
            ..self.clone()
        }
    }

    fn reader(source: &config::Source) -> Result<Arc<Reader>, Error> {
        Ok(Arc::new(Reader::new(source)?))
    }

    /// The topics of a text, and the sketch by which its copies are found.
    async fn derive(
        &self,
        text: &Text,
        fingerprint: Option<&Fingerprint>,
        reading: Option<Reading>,
    ) -> Result<Derived, Error> {
        let sketch = fingerprint.map(Fingerprint::sketch).unwrap_or_default();
        let (classifier, text) = (self.classifier.clone(), text.clone());
        let tags = apart(move || {
            let paragraphs = paragraphs(&text);
            let lead = text.lead.as_deref();
            classifier.classify(&text.title, lead, &paragraphs).tags
        })
        .await?;
        Ok(Derived {
            tags,
            relations: self.classifier.relations().clone(),
            sketch,
            related: Vec::new(),
            reading,
        })
    }
}

/// Does what a long text makes long where it may take its time: stop, schedule and serving must not wait for it.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    Ok(tokio::task::spawn_blocking(work).await?)
}

fn paragraphs(text: &Text) -> Vec<String> {
    text.body
        .as_deref()
        .map(html::paragraphs)
        .unwrap_or_default()
}
