//! The daemon's life: cycles by schedule, the past in the background, new editions when anything has changed, and
//! serving all the while.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;

use super::cycle::{Cycle, Report};
use super::{Error, Ingest, edition, walk};
use crate::config::Source;
use crate::schedule::Schedule;
use crate::serve::{self, Documents, Server, Watched};

/// How often the change counter is looked at, for what other processes changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest between two tries while editions cannot be made.
const LOOK_AFTER_FAILURE: Duration = Duration::from_secs(60);
/// After a failed step into the past.
const PAST_AGAIN: TimeDelta = TimeDelta::minutes(15);

/// A source with its schedule.
struct Scheduled<'a> {
    source: &'a Source,
    schedule: Schedule,
    /// When the past is filled further; none when it is complete.
    past_at: Option<DateTime<Utc>>,
}

impl Ingest {
    /// One cycle of a source, under the lease.
    ///
    /// # Errors
    /// [`Error`]; what the newsroom fails at stands in the report.
    pub async fn cycle(&self, source: &Source) -> Result<Report, Error> {
        let lease = self.store.lease("a cycle", Utc::now()).await?;
        let done = match Cycle::new(self, source, &lease) {
            Ok(cycle) => cycle.run().await,
            Err(error) => Err(error),
        };
        lease.release().await?;
        done
    }

    /// One step into the past of a source, under the lease.
    ///
    /// # Errors
    /// As [`Ingest::cycle`].
    pub async fn step_back(
        &self,
        source: &Source,
        since: Option<DateTime<Utc>>,
    ) -> Result<walk::Step, Error> {
        let lease = self.store.lease("filling the past", Utc::now()).await?;
        let done = match Cycle::new(self, source, &lease) {
            Ok(cycle) => cycle.step_back(since).await,
            Err(error) => Err(error),
        };
        lease.release().await?;
        done
    }

    /// Runs until `stop`. Whatever is under way then is dropped: each thing that is stored is stored whole, and the
    /// next start goes on from there.
    ///
    /// # Errors
    /// [`Error`] when the store cannot be read at the start, or the scheduler cannot be set up.
    pub async fn run(&self, listener: TcpListener, stop: CancellationToken) -> Result<(), Error> {
        let mut scheduled = Vec::new();
        for source in &self.config.sources {
            scheduled.push(Scheduled {
                source,
                schedule: Schedule::new(&source.schedule, source.timezone())?,
                past_at: Some(Utc::now()),
            });
        }
        let watched = scheduled.iter().map(|one| Watched {
            id: one.source.id.clone(),
            schedule: one.schedule.clone(),
        });
        let server = Arc::new(Server {
            documents: Documents::default(),
            store: self.store.clone(),
            watched: watched.collect(),
        });
        let published = match self.publish(&server.documents).await {
            Ok(change) => Some(change),
            Err(Error::Files(error)) => {
                tracing::error!(%error, "publishing as files failed; tried again");
                None
            }
            Err(error) => return Err(error),
        };
        let router = serve::router(server.clone());
        let serving = tokio::spawn(serve::serve(listener, router, stop.clone()));
        tokio::select! {
            () = stop.cancelled() => {}
            result = self.work(&mut scheduled) => result?,
            () = self.keep_publishing(&server.documents, published) => {}
        }
        self.store.release_leases().await?;
        if let Err(error) = serving.await {
            tracing::error!(%error, "serving failed");
        }
        Ok(())
    }

    /// Puts a new edition up whenever the change counter has moved. What fails leaves the last edition up.
    async fn keep_publishing(&self, served: &Documents, mut published: Option<i64>) {
        let mut wait = LOOK_EVERY;
        loop {
            tokio::time::sleep(wait).await;
            let outcome = match self.store.change().await {
                Ok(change) if Some(change) == published => Ok(change),
                Ok(_) => self.publish(served).await,
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(change) => {
                    published = Some(change);
                    wait = LOOK_EVERY;
                }
                Err(error) => {
                    // A full disk stays full for a while, and need not fill the log as well.
                    wait = (wait * 2).min(LOOK_AFTER_FAILURE);
                    tracing::error!(%error, "publishing failed; the last edition that could be made stays up")
                }
            }
        }
    }

    /// Makes an edition and puts it up, then writes it into the folder of `[publish] to`; gives the change that it
    /// holds at least.
    async fn publish(&self, served: &Documents) -> Result<i64, Error> {
        let change = self.store.change().await?;
        let documents = self.documents().await?;
        served.put(self.served(&documents, served, Utc::now()).await?);
        tracing::debug!(change, "new edition");
        if !self.config.publish.to.is_empty() {
            let folder = Path::new(&self.config.publish.to).to_owned();
            let written = tokio::task::spawn_blocking(move || edition::write(&folder, &documents));
            let files = written.await?.map_err(Error::Files)?;
            tracing::info!(files, "published as files");
        }
        Ok(change)
    }

    /// Cycles when they are due, and between them the past.
    async fn work(&self, scheduled: &mut [Scheduled<'_>]) -> Result<(), Error> {
        let minute = Arc::new(Notify::new());
        // Dropped with this future, and its minutes with it.
        let _ticker = ticker(minute.clone()).await?;
        loop {
            for one in scheduled.iter() {
                self.cycle_if_due(one).await;
            }
            let mut went_back = false;
            for one in scheduled.iter_mut() {
                went_back |= self.fill_past(one).await;
            }
            if !went_back {
                minute.notified().await;
            }
        }
    }

    async fn cycle_if_due(&self, one: &Scheduled<'_>) {
        let id = one.source.id.as_str();
        let now = Utc::now();
        match self.store.progress(id).await {
            Ok(progress) if !one.schedule.is_due(progress.last_cycle, now) => return,
            Ok(_) => {}
            Err(error) => return tracing::error!(source = id, %error, "tried again in a minute"),
        }
        match self.cycle(one.source).await {
            Ok(report) => {
                let next = one.schedule.next(Utc::now()).map(|next| next.to_rfc3339());
                let next = next.unwrap_or_default();
                let Report {
                    requests,
                    new,
                    revised,
                    merged,
                    failed,
                    ..
                } = &report;
                if failed.is_empty() {
                    tracing::info!(
                        source = id,
                        requests,
                        new,
                        revised,
                        merged,
                        next,
                        "cycle done"
                    );
                } else {
                    let failed = failed.len();
                    tracing::warn!(
                        source = id,
                        requests,
                        new,
                        revised,
                        merged,
                        failed,
                        next,
                        "cycle done, with failures"
                    );
                }
            }
            Err(error) => tracing::error!(source = id, %error, "tried again in a minute"),
        }
    }

    /// One step into the past, if it is not complete; gives whether there may be more to do at once.
    async fn fill_past(&self, one: &mut Scheduled<'_>) -> bool {
        let now = Utc::now();
        if one.source.listing.is_empty() || one.past_at.is_none_or(|at| at > now) {
            return false;
        }
        let id = one.source.id.as_str();
        let since = TimeDelta::from_std(self.config.fetch.history)
            .ok()
            .and_then(|span| now.checked_sub_signed(span));
        match self.store.progress(id).await {
            Ok(progress) if progress.history_reaches(since) => {
                one.past_at = None;
                return false;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(source = id, %error, "the past waits");
                one.past_at = Some(now + PAST_AGAIN);
                return false;
            }
        }
        match self.step_back(one.source, since).await {
            Ok(step) if step.was_read => {
                tracing::info!(
                    source = id,
                    new = step.report.new,
                    merged = step.report.merged,
                    done = step.done,
                    "filled a page of the past"
                );
                one.past_at = (!step.done).then_some(now);
                !step.done
            }
            Ok(_) => {
                one.past_at = Some(now + PAST_AGAIN);
                false
            }
            Err(error) => {
                tracing::warn!(source = id, %error, "the past waits");
                one.past_at = Some(now + PAST_AGAIN);
                false
            }
        }
    }
}

/// Something that notifies each minute. Its jobs freeze the offset of their time zone when they are made, so it runs in
/// UTC and says only that a minute has passed; what is due is asked of the schedule.
async fn ticker(minute: Arc<Notify>) -> Result<JobScheduler, Error> {
    let scheduler = JobScheduler::new().await?;
    let job = Job::new_async("0 * * * * *", move |_, _| {
        let minute = minute.clone();
        Box::pin(async move { minute.notify_one() })
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok(scheduler)
}
