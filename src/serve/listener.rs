//! The accept loop. `axum::serve` has no time limit on headers and no deadline for stopping; this has both.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A client that has not sent its request's headers by then is sent away.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// A connection in use may go on for so long after the stop.
const GRACE: Duration = Duration::from_secs(2);
/// A client that takes nothing of its answer for so long is sent away.
const WRITES_WITHIN: Duration = Duration::from_secs(30);
/// More connections wait to be accepted: `fetch` and the store need files of their own, and a process has some thousand.
const MOST_CONNECTIONS: usize = 512;
/// What is waited for when the system has no file left for another connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets what is under way end.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepting = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepting => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), stop.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait())
        .await
        .is_err()
    {
        tracing::info!(open = connections.len(), "connections are cut");
    }
}

async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITES_WITHIN));
    let stream = Box::pin(stream);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
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
