//! The service manager's watchdog (systemd.service(5), `WatchdogSec=`), fed by what the daemon got done: a program that only
//! lives is not enough.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::systemd::Notice;
use super::{Ingest, Leases, is_live};
use crate::serve::Places;
use crate::store::Store;

/// The scheduler ticks each minute.
const TICKS_WITHIN: Duration = Duration::from_secs(150);
/// Who fetches renews the lease every few seconds, and reads a page or looks for copies in less than this.
const FETCHES_WITHIN: Duration = Duration::from_secs(300);
/// What the store may take for an answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// What looks whether the daemon gets on.
pub(super) struct Watchdog {
    store: Store,
    leases: Leases,
    minutes: watch::Receiver<()>,
    addresses: Vec<SocketAddr>,
    pub(super) places: Places,
    /// The service manager ends a daemon from which it has heard nothing for so long; none where it does not wait.
    patience: Option<Duration>,
}

impl Watchdog {
    /// The watchdog of a daemon that listens at these addresses.
    pub(super) fn of(
        ingest: &Ingest,
        addresses: Vec<SocketAddr>,
        minutes: watch::Receiver<()>,
    ) -> Watchdog {
        Watchdog {
            store: ingest.store.clone(),
            leases: ingest.leases.clone(),
            minutes,
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
        let mut minutes = self.minutes.clone();
        let mut ticked = Instant::now();
        loop {
            if minutes.has_changed().unwrap_or(false) {
                minutes.mark_unchanged();
                ticked = Instant::now();
            }
            match self.stuck(ticked.elapsed()).await {
                None => Notice::Alive.send(),
                Some(what) => {
                    tracing::error!("{what}; the service manager is not told that all is well")
                }
            }
            // Well before its patience ends, so that one answer that comes late is no reason to start anew.
            tokio::time::sleep(patience / 4).await;
        }
    }

    /// What does not get on, if anything.
    async fn stuck(&self, since_tick: Duration) -> Option<String> {
        if since_tick > TICKS_WITHIN {
            return Some(format!("the scheduler has not ticked for {since_tick:.0?}"));
        }
        if let Some(since) = self
            .leases
            .unrenewed_for()
            .filter(|since| *since > FETCHES_WITHIN)
        {
            return Some(format!("a cycle has come no further for {since:.0?}"));
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
        let mut watchdog = Watchdog {
            store: store.clone(),
            leases: Leases::default(),
            minutes: watch::channel(()).1,
            addresses: vec![live().await],
            places: Places::new(),
            patience: None,
        };
        let soon = Duration::from_secs(60);
        assert_eq!(watchdog.stuck(soon).await, None);

        let stuck = watchdog.stuck(Duration::from_secs(151)).await;
        assert_eq!(stuck.unwrap(), "the scheduler has not ticked for 151s");

        let (leases, clock) = (watchdog.leases.clone(), Clock::system());
        let lease = leases.take(&store, "a cycle", Duration::ZERO, &clock).await;
        let lease = lease.unwrap();
        assert_eq!(watchdog.stuck(soon).await, None);
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(301)).await;
        tokio::time::resume();
        let stuck = watchdog.stuck(soon).await.unwrap();
        assert_eq!(stuck, "a cycle has come no further for 301s");
        assert!(lease.renew(Utc::now()).await.unwrap());
        assert_eq!(watchdog.stuck(soon).await, None);
        leases.give_back(lease).await;

        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = nobody.local_addr().unwrap();
        drop(nobody);
        watchdog.addresses.push(address);
        let stuck = watchdog.stuck(soon).await.unwrap();
        assert_eq!(stuck, format!("nobody answers at {address}"));
        watchdog.addresses.pop();

        // It fails, but answers.
        store.close().await;
        assert!(store.change().await.is_err());
        assert_eq!(watchdog.stuck(soon).await, None);
    }
}
