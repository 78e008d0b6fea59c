//! `run`: the daemon.

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Outcome;
use crate::daemon::Ingest;

pub(super) async fn run(ingest: &Ingest) -> Outcome {
    let serve = &ingest.config.serve;
    let listener = TcpListener::bind(&serve.listen).await.with_context(|| {
        format!(
            "cannot listen on {} (is another npcc-feeds running? see [serve] listen)",
            serve.listen
        )
    })?;
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    tracing::info!(%address, public_url = %serve.public_url, "serving; Ctrl-C stops");
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    tokio::spawn({
        let stop = stop.clone();
        async move {
            tokio::select! {
                _ = terminate.recv() => {}
                // Where Ctrl-C cannot be waited for, it ends the program as it always does.
                Ok(()) = tokio::signal::ctrl_c() => {}
            }
            tracing::info!("stopping");
            stop.cancel();
        }
    });
    ingest.run(listener, stop).await?;
    tracing::info!("stopped");
    Ok(())
}
