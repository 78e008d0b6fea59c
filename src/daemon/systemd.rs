//! What the service manager is told: that the daemon serves, reads its configuration anew, stops, and how its sources are doing
//! (sd_notify(3)). Where nobody listens, nothing is sent.

use chrono::{DateTime, Utc};
use sd_notify::NotifyState;

use super::Ingest;
use crate::schedule::Schedule;
use crate::serve::{Server, Watched};
use crate::store::Progress;

/// A word to the service manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The daemon serves what it should.
    Ready,
    /// The configuration is read anew; [`Notice::Ready`] ends it.
    Reloading,
    /// The daemon ends.
    Stopping,
    /// The daemon gets on with its work.
    Alive,
    /// How it is doing, on one line.
    Status(String),
}

impl Notice {
    /// Sends it. That it does not arrive is told in the log: the service manager will draw its own conclusions.
    pub fn send(&self) {
        let sent = match self {
            Notice::Ready => sd_notify::notify(&[NotifyState::Ready]),
            // `Type=notify-reload` wants to know when.
            Notice::Reloading => NotifyState::monotonic_usec_now()
                .and_then(|now| sd_notify::notify(&[NotifyState::Reloading, now])),
            Notice::Stopping => sd_notify::notify(&[NotifyState::Stopping]),
            Notice::Alive => sd_notify::notify(&[NotifyState::Watchdog]),
            Notice::Status(text) => sd_notify::notify(&[NotifyState::Status(text)]),
        };
        if let Err(error) = sent {
            tracing::warn!(%error, notice = ?self, "the service manager could not be told");
        }
    }
}

impl Ingest {
    /// Tells when each source was read, and when it is read next.
    pub(super) async fn tell_status(&self, server: &Server) {
        let now = self.clock.now();
        let mut told = Vec::new();
        for source in &server.watched {
            match self.store.progress(&source.id).await {
                Ok(progress) => told.push(in_words(source, &progress, now)),
                Err(error) => told.push(format!("{}: {error}", source.id)),
            }
        }
        // A line feed would end it.
        Notice::Status(told.join("; ").replace('\n', " ")).send();
    }
}

fn in_words(source: &Watched, progress: &Progress, now: DateTime<Utc>) -> String {
    let time = |at| in_words_at(&source.schedule, at, now);
    let last = match (progress.failing_since, progress.last_cycle) {
        (Some(since), Some(last)) => {
            format!("failing since {}, last tried {}", time(since), time(last))
        }
        (_, Some(last)) => format!("last read {}", time(last)),
        (_, None) => "not read yet".to_owned(),
    };
    let next = source.schedule.next(now).map(time);
    format!(
        "{}: {last}, next {}",
        source.id,
        next.as_deref().unwrap_or("never")
    )
}

/// A time in the source's time zone, with the day where that is not today.
fn in_words_at(schedule: &Schedule, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (at, now) = (schedule.local(at), schedule.local(now));
    let format = if at.date_naive() == now.date_naive() {
        "%H:%M %Z"
    } else {
        "%-d %B %H:%M %Z"
    };
    at.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_has_the_last_and_the_next_cycle_in_words() {
        let hourly = Schedule::new(&["0 6-22 * * *".to_owned()], chrono_tz::Europe::London);
        let source = Watched {
            id: "npcc".to_owned(),
            title: "NPCC".to_owned(),
            schedule: hourly.unwrap(),
        };
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let mut progress = Progress::default();
        assert_eq!(
            in_words(&source, &progress, time("2026-07-01T08:00:00Z")),
            "npcc: not read yet, next 10:00 BST"
        );
        progress.last_cycle = Some(time("2026-07-01T21:00:02Z"));
        assert_eq!(
            in_words(&source, &progress, time("2026-07-01T21:05:00Z")),
            "npcc: last read 22:00 BST, next 2 July 06:00 BST"
        );
        progress.failing_since = Some(time("2026-07-01T19:00:00Z"));
        assert_eq!(
            in_words(&source, &progress, time("2026-07-01T21:05:00Z")),
            "npcc: failing since 20:00 BST, last tried 22:00 BST, next 2 July 06:00 BST"
        );
    }
}
