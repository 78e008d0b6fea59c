//! The daemon's life: cycles by schedule, the past in the background, new editions when anything has changed, and
//! serving all the while.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;

use super::cycle::Cycle;
use super::report::Report;
use super::systemd::Notice;
use super::watchdog::Watchdog;
use super::{By, Error, Ingest};
use crate::config::Source;
use crate::edition::Edition;
use crate::schedule::Schedule;
use crate::serve::{self, Server, Watched};
use crate::store;

impl Ingest {
    /// One cycle of a source, under the lease.
    ///
    /// # Errors
    /// [`Error`]; what the newsroom fails at stands in the report.
    pub async fn cycle(&self, source: &Source, by: By) -> Result<Report, Error> {
        let done = self
            .under_lease("a cycle", source, by, Duration::ZERO, async |cycle| {
                cycle.run().await
            })
            .await;
        self.note(source, done.as_ref()).await;
        done
    }

    /// Notes how a cycle ended.
    pub(super) async fn note(&self, source: &Source, done: Result<&Report, &Error>) {
        self.count(source, done);
        if done.is_ok() {
            self.note_episodes(source).await;
        }
    }

    fn count(&self, source: &Source, done: Result<&Report, &Error>) {
        let outcome = match done {
            Ok(report) if report.failed.is_empty() => "ok",
            Ok(_) => "failing",
            // It has not begun.
            Err(Error::Store(store::Error::Leased { .. })) => return,
            Err(_) => "error",
        };
        self.metrics.cycles.add(&[&source.id, outcome], 1);
        if let Ok(report) = done {
            self.count_verdicts(source, report);
        }
    }

    pub(super) fn count_verdicts(&self, source: &Source, report: &Report) {
        for (verdict, count) in report.verdicts() {
            self.metrics.verdicts.add(&[&source.id, verdict], count);
        }
    }

    pub(super) async fn under_lease<T>(
        &self,
        purpose: &str,
        source: &Source,
        by: By,
        patience: Duration,
        work: impl AsyncFnOnce(Cycle<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let lease = self
            .leases
            .take(&self.store, purpose, patience, &self.clock)
            .await?;
        let done = match (
            self.make_ready().await,
            Cycle::new(self, source, &lease, by),
        ) {
            (Ok(()), Ok(cycle)) => work(cycle).await,
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        // However long it took, the schedule was followed until now.
        self.pulses.reading.beat(&source.id);
        self.leases.give_back(lease).await;
        done
    }

    /// What has to be there before the first release of a cycle is stored.
    async fn make_ready(&self) -> Result<(), Error> {
        self.sketch_anew().await?;
        self.store.will_sort_by(self.classifier.version()).await?;
        Ok(())
    }

    /// Runs until `stop`, each time by the last of `reloads`. Whatever is under way then is dropped: each thing that is
    /// stored is stored whole, and what comes next goes on from there.
    ///
    /// # Errors
    /// [`Error`] when a schedule is none, or the scheduler cannot be set up.
    pub async fn run(
        self,
        listeners: Vec<TcpListener>,
        mut reloads: mpsc::Receiver<Ingest>,
        stop: CancellationToken,
    ) -> Result<(), Error> {
        let mut ingest = self;
        let (minute, minutes) = watch::channel(());
        let _ticker = ticker(minute).await?;
        let own_addresses = listeners.iter().filter_map(|one| one.local_addr().ok());
        let watchdog = Watchdog::of(&ingest, own_addresses.collect());
        let places = watchdog.places.clone();
        let server = Arc::new(ArcSwap::from_pointee(ingest.server()?));
        let serving = serve::serve(listeners, server.clone(), places, stop.clone());
        let serving = tokio::spawn(serving);
        let mut interrupted = HashSet::new();
        loop {
            let now = server.load_full();
            let mut scheduled = ingest.scheduled(&interrupted)?;
            let sources = ingest.config.sources.iter();
            ingest.metrics.begin(sources.map(|one| one.id.as_str()));
            ingest.warn_of_old_rules().await;
            ingest.warn_of_sources_left().await;
            let next = tokio::select! {
                () = stop.cancelled() => None,
                () = ingest.work(&mut scheduled, &now, &minutes) => None,
                () = ingest.keep_publishing(&now) => None,
                () = ingest.keep_telling_alarms() => None,
                () = watchdog.keep() => None,
                Some(next) = reloads.recv() => Some(next),
            };
            ingest.store.release_leases().await;
            let Some(next) = next else { break };
            let cut = scheduled.iter().filter(|one| one.was_interrupted);
            interrupted = cut.map(|one| one.source.id.clone()).collect();
            server.store(Arc::new(next.server()?.in_place_of(&now)));
            ingest = next;
            tracing::info!("the configuration was read anew");
        }
        Notice::Stopping.send();
        if let Err(error) = serving.await {
            tracing::error!(%error, "serving failed");
        }
        Ok(())
    }

    /// What answers requests, without a document yet.
    ///
    /// # Errors
    /// [`Error::Schedule`].
    pub fn server(&self) -> Result<Server, Error> {
        let watched = self.config.sources.iter().map(|source| {
            Ok::<_, Error>(Watched {
                id: source.id.clone(),
                title: source.title.clone(),
                schedule: Schedule::new(&source.schedule, source.timezone())?,
            })
        });
        let rules = format!("{:016x}", self.classifier.version());
        let watched = watched.collect::<Result<_, _>>()?;
        let metrics = self.metrics.clone();
        Ok(Server::new(
            self.edition(),
            rules,
            watched,
            self.retired(),
            metrics,
        ))
    }

    async fn warn_of_old_rules(&self) {
        match self.is_sorted_by_todays_rules().await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                "the rules on topics have changed since the releases were sorted by them; `npcc-feeds reclassify --dry-run` lists what would move, `npcc-feeds reclassify` moves it"
            ),
            // What can be served is served, whatever the store cannot do now.
            Err(error) => {
                tracing::warn!(%error, "by which rules the releases are sorted is not known")
            }
        }
    }

    /// Warns of sources whose releases are in the store and that are configured no more, as when one has got another id.
    pub async fn warn_of_sources_left(&self) {
        match self.store.sources().await {
            Ok(stored) => {
                let is_left = |id: &&String| self.config.sources.iter().all(|one| one.id != **id);
                for id in stored.iter().filter(is_left) {
                    tracing::warn!(
                        source = id,
                        "no source {id} is configured: its releases are kept, and nothing new is read"
                    );
                }
            }
            Err(error) => tracing::warn!(%error, "whose releases are stored is not known"),
        }
    }

    /// What publishes the store.
    pub fn edition(&self) -> Edition {
        Edition::new(&self.config, &self.classifier, self.store.clone())
    }

    /// Topics that are no more, each with the one in its place.
    fn retired(&self) -> HashMap<String, Option<String>> {
        let retired = self.classifier.taxonomy().retired.iter();
        retired
            .map(|one| (one.id.clone(), one.to.clone()))
            .collect()
    }
}

/// Something that notifies each minute. Its jobs freeze the offset of their time zone when they are made, so it runs in
/// UTC and says only that a minute has passed; what is due is asked of the schedule.
async fn ticker(minute: watch::Sender<()>) -> Result<JobScheduler, Error> {
    let minute = Arc::new(minute);
    let scheduler = JobScheduler::new().await?;
    let job = Job::new_async("0 * * * * *", move |_, _| {
        let minute = minute.clone();
        Box::pin(async move {
            let _ = minute.send(());
        })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}
