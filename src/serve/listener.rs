//! The accept loop: no more connections than there are files for, each with deadlines, and one deadline for stopping.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Server;
use super::deadlines::{Deadline, Deadlines};
use super::wire::{UnderWay, Wire};

/// The headers of a request take no more bytes. Browsers send one or two thousand.
const MOST_HEADERS: usize = 16 * 1024;
/// A connection in use may go on for so long after the stop.
const GRACE: Duration = Duration::from_secs(2);
/// More connections wait to be accepted. Each that is idle costs some kilobytes.
const MOST_CONNECTIONS: u64 = 16_384;
/// So many files are for other things than connections: the feeds, the store, the newsroom, published files.
const OTHER_FILES: u64 = 512;
/// What is waited for when the system has no file left for another connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets what is under way end.
pub async fn serve(listener: TcpListener, server: Arc<Server>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let deadlines = Arc::new(Deadlines::default());
    tokio::select! {
        () = accept(&listener, &server, &connections, &deadlines, &stop) => {}
        () = deadlines.keep() => {}
        () = stop.cancelled() => {}
    }
    drop(listener);
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
    server: &Arc<Server>,
    connections: &TaskTracker,
    deadlines: &Arc<Deadlines>,
    stop: &CancellationToken,
) {
    let places = Arc::new(Semaphore::new(places()));
    loop {
        let place = places.clone().acquire_owned().await;
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

/// How many connections the process has files for, once it has asked for as many as it may have.
fn places() -> usize {
    let files = rlimit::increase_nofile_limit(MOST_CONNECTIONS + OTHER_FILES).unwrap_or(1024);
    let places = files
        .saturating_sub(OTHER_FILES)
        .clamp(64, MOST_CONNECTIONS);
    usize::try_from(places).unwrap_or(64)
}

async fn connection(
    stream: TcpStream,
    deadline: Arc<Deadline>,
    server: Arc<Server>,
    stop: CancellationToken,
) {
    let under_way = Arc::new(UnderWay::default());
    let wire = Wire::new(stream, deadline.clone(), under_way.clone());
    let answer = |request| {
        deadline.answering();
        let under_way = under_way.clone();
        server.answer(request).map(move |mut response| {
            under_way.put(response.body_mut().take_sealed());
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
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
