//! One lease for all that this process fetches at once: the first to fetch takes it, the last gives it back.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::store::{Lease, Result, Store};

/// Who has the lease, as far as this process can tell at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    /// This process, which renewed it so long ago.
    Ours(Duration),
    /// Somebody here waits for it, and whoever else wants it waits behind.
    Awaited,
    /// Nobody here needs it.
    Unneeded,
}

/// The lease that this process holds, while any of its sources is read. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Leases {
    current: Arc<Mutex<Weak<Lease>>>,
}

impl Leases {
    /// The lease, as soon as no other process holds it; waits as long as `patience` lasts.
    pub(super) async fn take(
        &self,
        store: &Store,
        purpose: &str,
        patience: Duration,
        clock: &Clock,
    ) -> Result<Arc<Lease>> {
        let mut current = self.current.lock().await;
        if let Some(lease) = current.upgrade() {
            return Ok(lease);
        }
        let lease = Arc::new(store.lease_within(purpose, patience, clock).await?);
        *current = Arc::downgrade(&lease);
        Ok(lease)
    }

    pub(super) fn holding(&self) -> Holding {
        // Who waits for another's lease holds the lock.
        let Ok(current) = self.current.try_lock() else {
            return Holding::Awaited;
        };
        let ours = current.upgrade();
        ours.map_or(Holding::Unneeded, |lease| {
            Holding::Ours(lease.unrenewed_for())
        })
    }

    /// Gives the lease back, if nobody else in this process needs it.
    pub(super) async fn give_back(&self, lease: Arc<Lease>) {
        // While this is held, nobody takes a lease that is on its way back.
        let _current = self.current.lock().await;
        if let Some(lease) = Arc::into_inner(lease)
            && let Err(error) = lease.release().await
        {
            // What the work came to is worth more than what became of the lease, which ends by itself.
            tracing::warn!(%error, "the fetch lease could not be given back");
        }
    }
}
