//! The clock that is passed in, so that hours and days can be tested in moments.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time, and waits.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    simulated: Option<Arc<Mutex<DateTime<Utc>>>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that stands at `start` and goes on only by waiting and by [`Clock::turn`]. Clones share it.
    pub fn simulated(start: DateTime<Utc>) -> Clock {
        Clock {
            simulated: Some(Arc::new(Mutex::new(start))),
        }
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.simulated {
            None => Utc::now(),
            Some(time) => *time.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Waits; a simulated clock is turned forward instead.
    pub async fn sleep(&self, wait: Duration) {
        match &self.simulated {
            None => tokio::time::sleep(wait).await,
            Some(_) => self.turn(TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)),
        }
    }

    /// Turns a simulated clock forward, or back; the system's stays as it is.
    pub fn turn(&self, by: TimeDelta) {
        if let Some(time) = &self.simulated {
            let mut time = time.lock().unwrap_or_else(PoisonError::into_inner);
            *time = time.checked_add_signed(by).unwrap_or(*time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_simulated_clock_goes_by_waiting_alone() {
        let start: DateTime<Utc> = "2026-11-25T09:00:00Z".parse().unwrap();
        let clock = Clock::simulated(start);
        let shared = clock.clone();
        clock.sleep(Duration::from_secs(24 * 60 * 60)).await;
        assert_eq!(shared.now() - start, TimeDelta::days(1));
        shared.turn(TimeDelta::days(-2));
        assert_eq!(clock.now() - start, TimeDelta::days(-1));
    }
}
