//! The accept loop. `axum::serve` has no time limit on headers and no deadline for stopping; this has both.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Server;

/// A client that has not sent its request's headers by then is sent away, and so is one that asks for nothing more: both are
/// the same to hyper. It is as long as nginx waits for either.
const HEADERS_WITHIN: Duration = Duration::from_secs(60);
/// A connection in use may go on for so long after the stop.
const GRACE: Duration = Duration::from_secs(2);
/// A client that takes nothing of its answer for so long is sent away.
const WRITES_WITHIN: Duration = Duration::from_secs(30);
/// More connections wait to be accepted. Each that is idle costs some kilobytes.
const MOST_CONNECTIONS: u64 = 16_384;
/// So many files are for other things than connections: the store, the newsroom, published files.
const OTHER_FILES: u64 = 128;
/// What is waited for when the system has no file left for another connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets what is under way end.
pub async fn serve(listener: TcpListener, server: Arc<Server>, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(places()));
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
                let connection = connection(stream, server.clone(), stop.clone());
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

/// How many connections the process has files for, once it has asked for as many as it may have.
fn places() -> usize {
    let files = rlimit::increase_nofile_limit(MOST_CONNECTIONS + OTHER_FILES).unwrap_or(1024);
    let places = files
        .saturating_sub(OTHER_FILES)
        .clamp(64, MOST_CONNECTIONS);
    usize::try_from(places).unwrap_or(64)
}

async fn connection(stream: TcpStream, server: Arc<Server>, stop: CancellationToken) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITES_WITHIN));
    let stream = Box::pin(stream);
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(
            TokioIo::new(stream),
            service_fn(|request| {
                let server = server.clone();
                async move { Ok::<_, Infallible>(server.answer(&request).await) }
            }),
        );
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
