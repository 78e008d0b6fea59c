//! The accept loop: no more connections than there are files for, each with deadlines, and one deadline for stopping.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use futures_util::future::join_all;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Server;
use super::deadlines::{Deadline, Deadlines};
use super::wire::{UnderWay, Wire};

/// The headers of a request take no more bytes. Browsers send one or two thousand.
const MOST_HEADERS: usize = 16 * 1024;
/// A connection in use may go on for so long after the stop.
const GRACE: Duration = Duration::from_secs(2);
/// Who has connected shortly before the stop may ask for so long.
const LAST_CALL: Duration = Duration::from_secs(1);
/// More connections wait to be accepted. Each that is idle costs some kilobytes.
const MOST_CONNECTIONS: u64 = 16_384;
/// So many files are for other things than connections: the feeds, the store, the newsroom, published files.
const OTHER_FILES: u64 = 512;
/// What is waited for when the system has no file left for another connection.
const BREATH: Duration = Duration::from_millis(100);

/// Connections wait so long for the first edition, in the system's queue.
const FIRST_EDITION_WITHIN: Duration = Duration::from_secs(10);

/// How many connections there may be at once, all listeners together. Clones share them.
#[derive(Debug, Clone)]
pub struct Places(Arc<Semaphore>);

impl Places {
    /// As many as the process has files for, once it has asked for as many as it may have.
    pub fn new() -> Places {
        let files = rlimit::increase_nofile_limit(MOST_CONNECTIONS + OTHER_FILES).unwrap_or(1024);
        let places = files
            .saturating_sub(OTHER_FILES)
            .clamp(64, MOST_CONNECTIONS);
        Places(Arc::new(Semaphore::new(
            usize::try_from(places).unwrap_or(64),
        )))
    }

    /// Whether whoever comes now has to wait.
    pub fn are_taken(&self) -> bool {
        self.0.available_permits() == 0
    }
}

impl Default for Places {
    fn default() -> Places {
        Places::new()
    }
}

/// Serves until `stop`, then lets what is under way end. Whichever server is there when a request comes answers it.
pub async fn serve(
    listeners: Vec<TcpListener>,
    server: Arc<ArcSwap<Server>>,
    places: Places,
    stop: CancellationToken,
) {
    let connections = server.load().connections.clone();
    let deadlines = Arc::new(Deadlines::default());
    let accepting = async {
        // Who comes while the program is exchanged gets feeds, and no excuse. A store that cannot be read must not keep
        // whoever asks how all is doing waiting.
        let documents = server.load().documents.clone();
        let _ = tokio::time::timeout(FIRST_EDITION_WITHIN, documents.first()).await;
        let all = listeners
            .iter()
            .map(|listener| accept(listener, &server, &places, &connections, &deadlines, &stop));
        join_all(all).await;
    };
    tokio::select! {
        () = accepting => {}
        () = deadlines.keep() => {}
        () = stop.cancelled() => {}
    }
    drop(listeners);
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait())
        .await
        .is_err()
    {
        tracing::info!(open = connections.len(), "connections are cut");
    }
}

async fn accept(
    listener: &TcpListener,
    server: &Arc<ArcSwap<Server>>,
    places: &Places,
    connections: &TaskTracker,
    deadlines: &Arc<Deadlines>,
    stop: &CancellationToken,
) {
    loop {
        let place = places.0.clone().acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                let (server, stop) = (server.clone(), stop.clone());
                deadlines.spawn(connections, |deadline| async move {
                    connection(stream, deadline, server, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    deadline: Arc<Deadline>,
    server: Arc<ArcSwap<Server>>,
    stop: CancellationToken,
) {
    let under_way = Arc::new(UnderWay::default());
    let wire = Wire::new(stream, deadline.clone(), under_way.clone());
    let asked = Notify::new();
    let answer = |request| {
        asked.notify_one();
        deadline.answering();
        let (under_way, deadline) = (under_way.clone(), deadline.clone());
        server.load().answer(request).map(move |mut response| {
            let body = response.body_mut();
            under_way.put(body.take_sealed());
            body.under(&deadline);
            Ok::<_, Infallible>(response)
        })
    };
    let serving = http1::Builder::new()
        .max_buf_size(MOST_HEADERS)
        .serve_connection(TokioIo::new(wire), service_fn(answer));
    tokio::pin!(serving);
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = stop.cancelled() => {
            // A connection on which nothing was asked yet would be closed at once, with the request on its way.
            let asked = tokio::time::timeout(LAST_CALL, asked.notified());
            tokio::select! {
                served = serving.as_mut() => served,
                _ = asked => {
                    serving.as_mut().graceful_shutdown();
                    serving.await
                }
            }
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
