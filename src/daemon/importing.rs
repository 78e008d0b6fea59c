//! What another store gave becomes part of this one.

use std::time::Duration;

use serde_json::Value;

use super::{Error, Ingest};
use crate::release::Guid;
use crate::store::{Lease, Said, Taken};

/// How long a cycle may take that is under way. None begins meanwhile: it would not know the copies of what comes.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the lease is renewed, several times before it would end.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// What an import came to.
#[derive(Debug, Default)]
pub struct Imported {
    /// How many releases the store did not have.
    pub new: usize,
    /// How many it had.
    pub known: usize,
    /// Those that were left out, each with the release that the store has at an address of it or as a part of it.
    pub left_out: Vec<(Guid, Guid)>,
    /// What a person has said of those that it had.
    said: Vec<Said>,
}

impl Imported {
    /// Whether a person has said of releases that the store had that they are one, or two.
    pub fn is_ruled(&self) -> bool {
        self.said.iter().any(|said| said.is_ruled)
    }
}

impl Ingest {
    /// Takes the records that `next` gives into the store: all, or none where this fails.
    ///
    /// # Errors
    /// What `next` fails with; [`Error`] for what is no record, when the store fails, or somebody fetches.
    pub async fn import<E: From<Error>>(
        &self,
        mut next: impl FnMut() -> Result<Option<Value>, E>,
    ) -> Result<Imported, E> {
        let lease = self
            .leases
            .take(&self.store, "an import", PATIENCE, &self.clock)
            .await;
        let lease = lease.map_err(Error::from)?;
        let done = async {
            let mut imported = Imported::default();
            let mut import = self.store.import().await.map_err(Error::from)?;
            while let Some(record) = next()? {
                match import.take(&record).await.map_err(Error::from)? {
                    Taken::New(_) => imported.new += 1,
                    Taken::Known(said) => {
                        imported.known += 1;
                        imported.said.push(said);
                    }
                    Taken::Other { guid, other, said } => {
                        imported.left_out.push((guid, other));
                        imported.said.push(said);
                    }
                }
            }
            import.finish(self.clock.now()).await.map_err(Error::from)?;
            if let Err(error) = self.sketch_anew().await {
                // It is done before the next cycle as well.
                tracing::warn!(%error, "the index of texts could not be made");
            }
            Ok(imported)
        };
        // However long it takes, as other processes know of the work by its lease alone.
        let done = tokio::select! {
            done = done => done,
            never = self.keep_renewing(&lease) => never,
        };
        self.leases.give_back(lease).await;
        done
    }

    /// Keeps the lease for as long as this is awaited. An import in a file has the store for itself, and nobody can take the lease
    /// meanwhile.
    async fn keep_renewing<T>(&self, lease: &Lease) -> T {
        while self.store.is_shared() {
            tokio::time::sleep(RENEW_EVERY).await;
            match lease.renew(self.clock.now()).await {
                Ok(true) => {}
                // Whoever has it now waits until this is done, for the store's lock.
                Ok(false) => {
                    tracing::warn!("another process has taken the fetch lease meanwhile");
                    break;
                }
                Err(error) => tracing::warn!(%error, "the fetch lease could not be renewed"),
            }
        }
        std::future::pending().await
    }

    /// Does to the releases that the store had what a person has said of them elsewhere: on their topics, and of texts that are
    /// never to be shown again. It may be done as often as one likes.
    ///
    /// # Errors
    /// [`Error`] when the store fails.
    pub async fn heed(&self, imported: &Imported) -> Result<(), Error> {
        for said in &imported.said {
            for (guid, is_whole) in &said.removed {
                if *is_whole {
                    if !self.store.is_redacted_whole(*guid).await? {
                        self.redact(*guid, None).await?;
                    }
                } else {
                    self.redact_known(*guid).await?;
                }
            }
            for guid in &said.corrected {
                self.label(*guid, &[]).await?;
            }
        }
        Ok(())
    }
}
