//! When each source is read: by its schedule, again after a cycle that was cut, and its past in between.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use tokio::sync::watch;

use super::report::Report;
use super::{By, Error, Ingest};
use crate::config::Source;
use crate::memory;
use crate::schedule::Schedule;
use crate::serve::Server;
use crate::store::{self, Progress};

/// The scheduler's jobs are known to die when the machine was held up for long; then this is the minute.
const LONG_MINUTE: Duration = Duration::from_secs(90);

/// How long a cycle that is due waits for another process that fetches: a backfill rests between two pages, and the lease of one
/// that was killed ends before this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cycle that did not come to its end is resumed within a minute by whoever finds that nobody is at it. By one that has just
/// started, until the next minute begins, or where the next cycle did not either, only so long after it began, each time twice as
/// long: what a daemon is killed by, as a page that it cannot bear, is not asked for again and again.
const RESUMED_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Up to 16 minutes.
const MOST_DOUBLINGS: u32 = 4;

/// The rest between two pages of the past.
const BREATH: Duration = Duration::from_millis(500);

/// When a source's last cycle was, and from when on they have failed.
type Told = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// A source with its schedule.
pub(super) struct Scheduled<'a> {
    pub(super) source: &'a Source,
    schedule: Schedule,
    /// Whether its last cycle was dropped for a reload, so that it is gone on with at once.
    pub(super) was_interrupted: bool,
    /// When the past is filled further; none when it is complete.
    pub(super) past_at: Option<DateTime<Utc>>,
    /// How it was doing when the service manager was told.
    told: Option<Told>,
}

impl Scheduled<'_> {
    /// Whether a cycle is due: by schedule, or because the last has not come to its end. `is_first` is said of a daemon that
    /// has just started.
    fn is_due(&self, progress: &Progress, now: DateTime<Utc>, is_first: bool) -> bool {
        let is_to_be_resumed = || match (progress.last_cycle, progress.unfinished) {
            (None, _) | (_, 0) => false,
            _ if self.was_interrupted => true,
            (Some(_), 1) if !is_first => true,
            (Some(last), count) => {
                let doublings = count.saturating_sub(1).min(MOST_DOUBLINGS);
                now - last >= RESUMED_AFTER * (1 << doublings)
            }
        };
        self.schedule.is_due(progress.last_cycle, now) || is_to_be_resumed()
    }
}

impl Ingest {
    /// The sources with their schedules; those of `interrupted` were being read when a reload came.
    pub(super) fn scheduled(
        &self,
        interrupted: &HashSet<String>,
    ) -> Result<Vec<Scheduled<'_>>, Error> {
        let scheduled = self.config.sources.iter().map(|source| {
            Ok(Scheduled {
                source,
                schedule: Schedule::new(&source.schedule, source.timezone())?,
                was_interrupted: interrupted.contains(&source.id),
                past_at: Some(self.clock.now()),
                told: None,
            })
        });
        scheduled.collect()
    }

    /// Reads all sources, each for itself: one that fails or is slow keeps no other waiting.
    pub(super) async fn work(
        &self,
        scheduled: &mut [Scheduled<'_>],
        server: &Server,
        minutes: &watch::Receiver<()>,
    ) {
        let ids = scheduled.iter().map(|one| one.source.id.as_str());
        self.pulses.reading.begin(ids);
        let all = scheduled
            .iter_mut()
            .map(|one| self.read_for_ever(one, server, minutes.clone()));
        join_all(all).await;
    }

    /// Cycles of one source when they are due, and between them its past.
    async fn read_for_ever(
        &self,
        one: &mut Scheduled<'_>,
        server: &Server,
        mut minutes: watch::Receiver<()>,
    ) {
        let mut is_first = true;
        loop {
            self.pulses.reading.beat(&one.source.id);
            self.cycle_if_due(one, server, is_first).await;
            self.pulses.reading.beat(&one.source.id);
            if self.fill_past(one).await {
                // Whoever waits for the lease, as a backfill does, has its turn.
                self.clock.sleep(BREATH).await;
            } else {
                // Also what looks, requests and the watchdog brought in since the last minute, which adds up where nothing is new.
                memory::give_back();
                let _ = tokio::time::timeout(LONG_MINUTE, minutes.changed()).await;
                is_first = false;
            }
        }
    }

    async fn cycle_if_due(&self, one: &mut Scheduled<'_>, server: &Server, is_first: bool) {
        let now = self.clock.now();
        let id = one.source.id.clone();
        let fail = |error: &store::Error| {
            let outline = error.outline().to_owned();
            server.store_troubles.note(&id, Some(outline));
        };
        let progress = match self.store.progress(&one.source.id).await {
            Ok(progress) => progress,
            Err(error) => {
                tracing::error!(source = one.source.id, %error, "whether a cycle is due is not known; looked at again in a minute");
                fail(&error);
                return self.tell_status(server).await;
            }
        };
        if !one.is_due(&progress, now, is_first) {
            if progress.unfinished == 0 {
                // All that there was to do is done, and what could not be read can be again.
                server.store_troubles.note(&one.source.id, None);
                one.was_interrupted = false;
                // Another may have read it meanwhile, as a fetch by hand, or a daemon that shares the store.
                if one.told != Some((progress.last_cycle, progress.failing_since)) {
                    self.tell_of_last(one, server).await;
                }
            }
            return;
        }
        let is_scheduled = one.schedule.is_due(progress.last_cycle, now);
        let done = self.cycle_in_turn(one).await;
        let next = one
            .schedule
            .next(self.clock.now())
            .map(|next| next.to_rfc3339());
        let next = next.unwrap_or_default();
        let done = match done {
            Ok(None) => {
                server.store_troubles.note(&one.source.id, None);
                one.was_interrupted = false;
                tracing::info!(
                    source = one.source.id,
                    next,
                    "another has read it meanwhile"
                );
                return self.tell_of_last(one, server).await;
            }
            done => done.map(Option::unwrap_or_default),
        };
        memory::give_back();
        match done {
            Ok(report) => {
                server.store_troubles.note(&one.source.id, None);
                tell_of(&report, &next);
            }
            // Another's cycle is under way, as it should be.
            Err(Error::Store(store::Error::Leased { .. })) if !is_scheduled => {}
            Err(Error::Store(leased @ store::Error::Leased { .. })) => {
                tracing::info!(
                    source = one.source.id,
                    "{leased}; looked at again in a minute"
                );
            }
            Err(error) => {
                tracing::error!(source = one.source.id, %error, "the cycle failed; tried again in a minute, and later each time");
                if let Error::Store(error) = &error {
                    fail(error);
                }
            }
        }
        self.tell_of_last(one, server).await;
    }

    /// Tells of the source's last cycle, unless that is still under way.
    async fn tell_of_last(&self, one: &mut Scheduled<'_>, server: &Server) {
        if let Ok(progress) = self.store.progress(&one.source.id).await
            && progress.unfinished == 0
        {
            one.told = Some((progress.last_cycle, progress.failing_since));
        }
        self.tell_status(server).await;
    }

    /// A cycle that is due, unless another process that shares the store has read the source while this one waited for its lease.
    async fn cycle_in_turn(&self, one: &mut Scheduled<'_>) -> Result<Option<Report>, Error> {
        let source = one.source;
        let done = self
            .under_lease("a cycle", source, By::Schedule, PATIENCE, async |cycle| {
                let progress = self.store.progress(&source.id).await?;
                if !one.is_due(&progress, self.clock.now(), false) {
                    return Ok(None);
                }
                one.was_interrupted = true;
                let done = cycle.run().await;
                // It was not dropped.
                one.was_interrupted = false;
                done.map(Some)
            })
            .await;
        if let Some(done) = done.as_ref().map(Option::as_ref).transpose() {
            self.note(source, done).await;
        }
        done
    }
}

/// The line of a cycle, each figure of which is a field.
fn tell_of(report: &Report, next: &str) {
    // The level of an event is fixed where it stands.
    macro_rules! tell {
        ($level:ident, $words:literal) => {
            tracing::$level!(
                source = report.id,
                requests = report.requests,
                new = report.new,
                revised = report.revised,
                merged = report.merged,
                withdrawn = report.withdrawn,
                failed = report.failed.len(),
                next,
                $words
            )
        };
    }
    if report.failed.is_empty() {
        tell!(info, "read");
    } else {
        tell!(warn, "read, but for what failed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_that_is_cut_again_and_again_is_resumed_ever_more_rarely() {
        let source = Source::default();
        let began: DateTime<Utc> = "2026-11-02T10:00:30Z".parse().unwrap();
        let mut one = Scheduled {
            source: &source,
            schedule: Schedule::new(&["0 9 * * *".to_owned()], chrono_tz::Europe::London).unwrap(),
            was_interrupted: false,
            past_at: None,
            told: None,
        };
        let due_after = |one: &Scheduled<'_>, unfinished, is_first| {
            let progress = Progress {
                last_cycle: Some(began),
                unfinished,
                ..Progress::default()
            };
            (0..100_i64).find(|minutes| {
                one.is_due(&progress, began + TimeDelta::minutes(*minutes), is_first)
            })
        };
        let minutes = [0, 1, 2, 3, 5, 9].map(|unfinished| due_after(&one, unfinished, false));
        assert_eq!(
            minutes,
            [None, Some(0), Some(2), Some(4), Some(16), Some(16)]
        );
        // One that starts may be what ended at it.
        assert_eq!(due_after(&one, 1, true), Some(1));
        one.was_interrupted = true;
        assert_eq!(due_after(&one, 9, true), Some(0), "after a reload");
        assert_eq!(due_after(&one, 0, true), None, "another has read it");
    }
}
