//! `live`: whether the daemon serves, for health checks where there is nothing else to ask with.

use super::{Outcome, Stop};
use crate::config::Config;
use crate::daemon::is_live;

pub(super) async fn run(config: &Config) -> Outcome {
    let listen = &config.serve.listen;
    let addresses = tokio::net::lookup_host(listen).await;
    let addresses = addresses.map_err(|error| {
        anyhow::anyhow!("[serve] listen = {listen:?} leads to no address: {error}")
    })?;
    for address in addresses {
        if is_live(address).await {
            return Ok(());
        }
    }
    Err(Stop::Error(anyhow::anyhow!("nobody serves at {listen}")))
}
