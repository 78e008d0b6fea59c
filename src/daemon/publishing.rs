//! New editions whenever anything has changed, whoever changed it: in memory, and as files where that is wanted.

use std::path::Path;
use std::time::Duration;

use super::{Error, Ingest, edition};
use crate::serve::Documents;

/// How often the change counter is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest between two tries while editions cannot be made.
const LOOK_AFTER_FAILURE: Duration = Duration::from_secs(60);

impl Ingest {
    /// Puts an edition up, and a new one whenever the change counter has moved. What fails leaves the last edition up.
    pub(super) async fn keep_publishing(&self, served: &Documents) {
        let mut wait = LOOK_EVERY;
        let mut published = None;
        loop {
            let outcome = match self.store.change().await {
                Ok(change) if Some(change) == published => Ok(change),
                Ok(_) => self.publish(served).await,
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(change) => {
                    published = Some(change);
                    wait = LOOK_EVERY;
                }
                Err(error) => {
                    // A full disk stays full for a while, and need not fill the log as well.
                    wait = (wait * 2).min(LOOK_AFTER_FAILURE);
                    tracing::error!(%error, "publishing failed; the last edition that could be made stays up")
                }
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes an edition and puts it up, then writes it into the folder of `[publish] to`; gives the change that it
    /// holds at least.
    async fn publish(&self, served: &Documents) -> Result<i64, Error> {
        let change = self.store.change().await?;
        let documents = self.documents().await?;
        served.put(self.served(&documents, served, self.clock.now()).await?);
        tracing::debug!(change, "new edition");
        if !self.config.publish.to.is_empty() {
            let folder = Path::new(&self.config.publish.to).to_owned();
            let written = tokio::task::spawn_blocking(move || edition::write(&folder, &documents));
            let files = written.await?.map_err(Error::Files)?;
            tracing::info!(files, "published as files");
        }
        Ok(change)
    }
}
