//! The service manager's watchdog (systemd.service(5), `WatchdogSec=`), fed by what the daemon got done: a program that only
//! lives is not enough.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::leases::Holding;
use super::systemd::Notice;
use super::{Ingest, Leases, is_live};
use crate::serve::Places;
use crate::store::Store;

/// Each source is looked at once a minute, or a lease is waited for.
const LOOKS_WITHIN: Duration = Duration::from_secs(150);
/// Who fetches renews the lease every few seconds, and reads a page or looks for copies in less than this.
const FETCHES_WITHIN: Duration = Duration::from_secs(300);
/// All feeds of an archive are made in less than this, on a slow disk as well.
const PUBLISHES_WITHIN: Duration = Duration::from_secs(1800);
/// What the store may take for an answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// When something last got on. Clones are the same.
#[derive(Debug, Clone)]
pub struct Pulse(Arc<Mutex<Instant>>);

impl Default for Pulse {
    fn default() -> Pulse {
        Pulse(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Pulse {
    pub(super) fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn since(&self) -> Duration {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }
}

/// When each source was last looked at, so that one that hangs is not hidden by those that are not due; while one is read, or a lease
/// waited for, that one alone counts. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Looks(Arc<Mutex<HashMap<String, Instant>>>);

impl Looks {
    /// These sources will be looked at from now on, and no others.
    pub(super) fn begin<'a>(&self, sources: impl Iterator<Item = &'a str>) {
        let now = Instant::now();
        *self.of_all() = sources.map(|id| (id.to_owned(), now)).collect();
    }

    pub(super) fn beat(&self, source: &str) {
        self.of_all().insert(source.to_owned(), Instant::now());
    }

    /// How long ago each was looked at, and which it is.
    fn all(&self) -> Vec<(Duration, String)> {
        let all = self.of_all();
        let all = all.iter().map(|(id, at)| (at.elapsed(), id.clone()));
        all.collect()
    }

    fn of_all(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a daemon gets on. Clones are the same, so that a reload changes nothing.
#[derive(Debug, Clone)]
pub struct Pulses {
    /// Looking whether each source is due.
    pub(super) reading: Looks,
    /// Looking whether anything has to be published.
    pub(super) editing: Pulse,
    /// Whether an edition is in the making of which the service manager has to be told.
    pub(super) is_awaited: Arc<AtomicBool>,
}

impl Default for Pulses {
    fn default() -> Pulses {
        Pulses {
            reading: Looks::default(),
            editing: Pulse::default(),
            is_awaited: Arc::new(AtomicBool::new(true)),
        }
    }
}

impl Pulses {
    /// Whether an edition is in the making, after which the service manager is told in any case.
    pub fn is_edition_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    /// An edition by another configuration will be made.
    pub fn await_edition(&self) {
        self.is_awaited.store(true, Ordering::Relaxed);
    }
}

/// What looks whether the daemon gets on.
pub(super) struct Watchdog {
    store: Store,
    leases: Leases,
    pulses: Pulses,
    addresses: Vec<SocketAddr>,
    pub(super) places: Places,
    /// The service manager ends a daemon from which it has heard nothing for so long; none where it does not wait.
    patience: Option<Duration>,
}

impl Watchdog {
    /// The watchdog of a daemon that listens at these addresses.
    pub(super) fn of(ingest: &Ingest, addresses: Vec<SocketAddr>) -> Watchdog {
        Watchdog {
            store: ingest.store.clone(),
            leases: ingest.leases.clone(),
            pulses: ingest.pulses.clone(),
            addresses,
            places: Places::new(),
            patience: sd_notify::watchdog_enabled(),
        }
    }

    /// Tells the service manager that the daemon is alive as long as there is proof of it, for ever.
    pub(super) async fn keep(&self) {
        let Some(patience) = self.patience else {
            return std::future::pending().await;
        };
        loop {
            // Well before its patience ends, so that one answer that comes late is no reason to start anew.
            tokio::time::sleep(patience / 4).await;
            if let Some(alive) = self.proof().await {
                alive.send();
            }
        }
    }

    /// What the service manager is told: nothing unless the daemon gets on.
    async fn proof(&self) -> Option<Notice> {
        match self.stuck().await {
            None => Some(Notice::Alive),
            Some(what) => {
                tracing::error!("{what}; the service manager is not told that all is well");
                None
            }
        }
    }

    /// What does not get on, if anything.
    async fn stuck(&self) -> Option<String> {
        let looks = self.pulses.reading.all().into_iter();
        let look = match self.leases.holding() {
            Holding::Ours(since) if since > FETCHES_WITHIN => {
                return Some(format!("a cycle has come no further for {since:.0?}"));
            }
            Holding::Ours(_) => None,
            // They wait one after another, so that many take long.
            Holding::Awaited => looks.min(),
            Holding::Unneeded => looks.max(),
        };
        if let Some((since, source)) = look.filter(|(since, _)| *since > LOOKS_WITHIN) {
            return Some(format!(
                "the schedule of {source} has not been looked at for {since:.0?}"
            ));
        }
        let since = self.pulses.editing.since();
        if since > PUBLISHES_WITHIN {
            return Some(format!("nothing could be published for {since:.0?}"));
        }
        // One that fails answers as well: a new start would mend nothing, and lose the feeds that are in memory.
        if timeout(ANSWERS_WITHIN, self.store.change()).await.is_err() {
            return Some(format!("the store has not answered in {ANSWERS_WITHIN:?}"));
        }
        for address in &self.addresses {
            // Where all places are taken, whoever comes waits; those who came are served.
            if !self.places.are_taken() && !is_live(*address).await && !self.places.are_taken() {
                return Some(format!("nobody answers at {address}"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use sqlx::{AnyConnection, Connection};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::clock::Clock;

    /// A server that answers on each connection as soon as it is asked.
    async fn live() -> SocketAddr {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nlive\n";
                stream.write_all(answer).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn only_a_daemon_that_gets_on_is_alive() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        let store = Store::open(&url).await.unwrap();
        let beside = url.replacen("sqlite:", "sqlite://", 1);
        let mut beside = AnyConnection::connect(&beside).await.unwrap();
        let pulses = Pulses::default();
        let mut watchdog = Watchdog {
            store: store.clone(),
            leases: Leases::default(),
            pulses: pulses.clone(),
            addresses: vec![live().await],
            places: Places::new(),
            patience: None,
        };
        let pass = async |seconds| {
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(seconds)).await;
            tokio::time::resume();
        };
        pulses.reading.begin(["one", "other"].into_iter());
        assert_eq!(watchdog.stuck().await, None);
        assert!(matches!(watchdog.proof().await, Some(Notice::Alive)));

        pass(151).await;
        pulses.reading.beat("one");
        assert!(watchdog.proof().await.is_none());
        let stuck = watchdog.stuck().await;
        assert_eq!(
            stuck.unwrap(),
            "the schedule of other has not been looked at for 151s"
        );

        // A cycle may last, as long as it comes further.
        let (leases, clock) = (watchdog.leases.clone(), Clock::system());
        let lease = leases.take(&store, "a cycle", Duration::ZERO, &clock).await;
        let lease = lease.unwrap();
        assert_eq!(watchdog.stuck().await, None);
        pass(301).await;
        let stuck = watchdog.stuck().await.unwrap();
        assert_eq!(stuck, "a cycle has come no further for 301s");
        assert!(lease.renew(Utc::now()).await.unwrap());
        assert_eq!(watchdog.stuck().await, None);
        leases.give_back(lease).await;
        // Of those that wait for another process, one after another, it is enough that the first gets on.
        pulses.reading.begin(["one", "other"].into_iter());
        sqlx::query("INSERT INTO leases (name, holder, purpose, expires_at) VALUES ('fetch', 'elsewhere', 'a cycle', $1)")
            .bind(Utc::now().timestamp() + 40)
            .execute(&mut beside)
            .await
            .unwrap();
        let waiting = tokio::spawn({
            let (leases, store, clock) = (leases.clone(), store.clone(), clock.clone());
            async move {
                drop(
                    leases
                        .take(&store, "a cycle", Duration::from_secs(3600), &clock)
                        .await,
                )
            }
        });
        while leases.holding() != Holding::Awaited {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        pass(151).await;
        pulses.reading.beat("one");
        assert_eq!(watchdog.stuck().await, None);
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        let stuck = watchdog.stuck().await.unwrap();
        assert!(stuck.starts_with("the schedule of other"), "{stuck}");
        // As after a reload that knows no other.
        pulses.reading.begin(["one"].into_iter());
        assert_eq!(watchdog.stuck().await, None);

        pass(1250).await;
        pulses.reading.beat("one");
        let stuck = watchdog.stuck().await.unwrap();
        assert!(
            stuck.starts_with("nothing could be published for 185"),
            "{stuck}"
        );
        pulses.editing.beat();
        assert_eq!(watchdog.stuck().await, None);

        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        watchdog.addresses.push(address);
        let stuck = watchdog.stuck().await.unwrap();
        assert_eq!(stuck, format!("nobody answers at {address}"));
        watchdog.addresses.pop();

        // One connection that hangs is no store that hangs.
        let mut hanging = store.hang().await;
        tokio::time::pause();
        let stuck = watchdog.stuck().await.unwrap();
        tokio::time::resume();
        assert_eq!(stuck, "the store has not answered in 10s");
        hanging.pop();
        assert_eq!(watchdog.stuck().await, None);
        drop(hanging);

        // It fails, but answers.
        store.close().await;
        assert!(store.change().await.is_err());
        assert_eq!(watchdog.stuck().await, None);
    }
}
