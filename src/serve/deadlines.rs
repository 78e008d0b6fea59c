//! How long clients are waited for. One look at all connections a second costs less than a timer for each request, and
//! nothing at all while there is no connection.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

/// Deadlines are looked at so often.
const TICK: Duration = Duration::from_secs(1);
/// In ticks: a client that has begun a request has sent all of its headers by then.
const HEADERS_WITHIN: u32 = 10;
/// In ticks: a client that takes nothing of its answer for so long is sent away.
const WRITES_WITHIN: u32 = 30;
/// In ticks: a client that asks for nothing is sent away. nginx waits as long.
const IDLE_WITHIN: u32 = 75;
/// No tick comes so late.
const NEVER: u32 = u32::MAX;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Awaited {
    /// The first byte of a request.
    Request,
    /// The rest of its headers.
    Headers,
    /// The server itself.
    Answer,
    /// A client that takes nothing now.
    Reader,
}

impl Awaited {
    /// By number.
    const ALL: [Awaited; 4] = [
        Awaited::Request,
        Awaited::Headers,
        Awaited::Answer,
        Awaited::Reader,
    ];
}

/// The deadline of one connection. Its own task moves it.
#[derive(Debug)]
pub(super) struct Deadline {
    ticks: Arc<AtomicU32>,
    due: AtomicU32,
    waits: AtomicU8,
    is_reading: AtomicBool,
}

/// While it is there, an answer is read from the store piece by piece: what is not sent yet is not the client's fault.
#[derive(Debug)]
pub(super) struct Reading(Arc<Deadline>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.is_reading.store(false, Relaxed);
    }
}

impl Deadline {
    /// The client has sent something.
    pub(super) fn received(&self) {
        // Once for each request, however many pieces it comes in.
        if self.waits_for(Awaited::Request) {
            self.set(Awaited::Headers, HEADERS_WITHIN);
        }
    }

    /// The client's request is whole, and is being answered.
    pub(super) fn answering(&self) {
        self.waits.store(Awaited::Answer as u8, Relaxed);
        self.due.store(NEVER, Relaxed);
    }

    /// The answer under way is read while it is sent.
    pub(super) fn reading(self: &Arc<Self>) -> Reading {
        self.is_reading.store(true, Relaxed);
        Reading(self.clone())
    }

    /// The client has taken something of its answer: all that there is of it for now, as far as is known.
    pub(super) fn sent(&self) {
        if self.is_reading.load(Relaxed) {
            self.answering();
        } else {
            self.set(Awaited::Request, IDLE_WITHIN);
        }
    }

    /// The client has no room for more of its answer.
    pub(super) fn blocked(&self) {
        if !self.waits_for(Awaited::Reader) {
            self.set(Awaited::Reader, WRITES_WITHIN);
        }
    }

    fn waits_for(&self, what: Awaited) -> bool {
        self.waits.load(Relaxed) == what as u8
    }

    fn set(&self, what: Awaited, within: u32) {
        self.waits.store(what as u8, Relaxed);
        // The tick under way has partly passed.
        let due = self.ticks.load(Relaxed).saturating_add(within + 1);
        self.due.store(due, Relaxed);
    }
}

/// The deadlines of all connections.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    ticks: Arc<AtomicU32>,
    watched: Mutex<Watched>,
    opened: Notify,
}

#[derive(Debug, Default)]
struct Watched {
    opened: u64,
    open: HashMap<u64, (Arc<Deadline>, Option<AbortHandle>)>,
}

impl Deadlines {
    /// Serves a new connection in a task of its own, which is ended when it is overdue.
    pub(super) fn spawn<F>(
        self: &Arc<Self>,
        tasks: &TaskTracker,
        serve: impl FnOnce(Arc<Deadline>) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let deadline = Arc::new(Deadline {
            ticks: self.ticks.clone(),
            due: AtomicU32::new(NEVER),
            waits: AtomicU8::new(Awaited::Request as u8),
            is_reading: AtomicBool::new(false),
        });
        deadline.sent();
        let serving = serve(deadline.clone());
        let key = {
            let mut watched = self.watched();
            watched.opened += 1;
            let key = watched.opened;
            watched.open.insert(key, (deadline, None));
            key
        };
        let forgotten = Forgotten(self.clone(), key);
        let task = tasks.spawn(async move {
            let _forgotten = forgotten;
            serving.await;
        });
        // It may have ended by now.
        if let Some((_, handle)) = self.watched().open.get_mut(&key) {
            *handle = Some(task.abort_handle());
        }
        self.opened.notify_one();
    }

    /// Ends what is overdue, for as long as it is polled.
    pub(super) async fn keep(&self) {
        loop {
            self.opened.notified().await;
            while !self.watched().open.is_empty() {
                tokio::time::sleep(TICK).await;
                self.tick();
            }
        }
    }

    /// One second has passed.
    fn tick(&self) {
        let now = self.ticks.fetch_add(1, Relaxed).saturating_add(1);
        for (deadline, task) in self.watched().open.values() {
            if let Some(task) = task
                && deadline.due.load(Relaxed) <= now
            {
                let waits_for = Awaited::ALL[usize::from(deadline.waits.load(Relaxed))];
                tracing::debug!(?waits_for, "a connection is overdue, and ended");
                task.abort();
            }
        }
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a connection that has ended, however it did.
struct Forgotten(Arc<Deadlines>, u64);

impl Drop for Forgotten {
    fn drop(&mut self) {
        self.0.watched().open.remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection that does what it is told, and whether it has been ended.
    fn connection(deadlines: &Arc<Deadlines>) -> (Arc<Deadline>, Arc<AtomicBool>) {
        struct Ended(Arc<AtomicBool>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.store(true, Relaxed);
            }
        }
        let (mut kept, is_ended) = (None, Arc::new(AtomicBool::new(false)));
        let ended = Ended(is_ended.clone());
        deadlines.spawn(&TaskTracker::new(), |deadline| {
            kept = Some(deadline);
            async move {
                let _ended = ended;
                std::future::pending::<()>().await;
            }
        });
        (kept.unwrap(), is_ended)
    }

    /// How many ticks it takes until a connection is ended, at most a thousand.
    async fn ticks(deadlines: &Deadlines, is_ended: &AtomicBool, each: impl Fn()) -> u32 {
        for tick in 1..=1000 {
            deadlines.tick();
            tokio::task::yield_now().await;
            if is_ended.load(Relaxed) {
                return tick;
            }
            each();
        }
        1000
    }

    #[tokio::test]
    async fn a_client_is_waited_for_as_long_as_what_it_does_may_take() {
        let deadlines = Arc::new(Deadlines::default());
        let (_silent, is_ended) = connection(&deadlines);
        assert_eq!(ticks(&deadlines, &is_ended, || {}).await, IDLE_WITHIN + 1);

        let (slow, is_ended) = connection(&deadlines);
        let byte_by_byte = || slow.received();
        byte_by_byte();
        let took = ticks(&deadlines, &is_ended, byte_by_byte).await;
        assert_eq!(took, HEADERS_WITHIN + 1);

        let (asked, is_ended) = connection(&deadlines);
        asked.received();
        asked.answering();
        // It has pipelined another request.
        asked.received();
        assert_eq!(ticks(&deadlines, &is_ended, || {}).await, 1000);
        asked.blocked();
        let took = ticks(&deadlines, &is_ended, || asked.blocked()).await;
        assert_eq!(took, WRITES_WITHIN + 1);

        let (taking, is_ended) = connection(&deadlines);
        let little_by_little = || {
            taking.sent();
            taking.blocked();
        };
        assert_eq!(ticks(&deadlines, &is_ended, little_by_little).await, 1000);
        taking.sent();
        assert_eq!(ticks(&deadlines, &is_ended, || {}).await, IDLE_WITHIN + 1);
    }

    #[tokio::test]
    async fn a_client_is_not_overdue_while_the_store_is_read_for_it() {
        let deadlines = Arc::new(Deadlines::default());
        let (exporting, is_ended) = connection(&deadlines);
        exporting.received();
        exporting.answering();
        let reading = exporting.reading();
        exporting.sent();
        // A request is pipelined while the next piece is awaited.
        exporting.received();
        assert_eq!(ticks(&deadlines, &is_ended, || {}).await, 1000);
        exporting.blocked();
        exporting.sent();
        drop(reading);
        exporting.sent();
        assert_eq!(ticks(&deadlines, &is_ended, || {}).await, IDLE_WITHIN + 1);
    }

    #[tokio::test]
    async fn a_connection_that_has_ended_is_forgotten() {
        let deadlines = Arc::new(Deadlines::default());
        deadlines.spawn(&TaskTracker::new(), |_| async {});
        let (_open, is_ended) = connection(&deadlines);
        tokio::task::yield_now().await;
        assert_eq!(deadlines.watched().open.len(), 1);
        ticks(&deadlines, &is_ended, || {}).await;
        assert!(deadlines.watched().open.is_empty());
    }
}
