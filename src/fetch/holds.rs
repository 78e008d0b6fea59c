//! When not to ask: what the server asks for with `Retry-After`, and our own back-off from what fails.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};
use url::Url;

use super::freshness::seconds;
use super::hosts::host;
use super::{Client, Failure};
use crate::store::{BackOff, LONGEST_HOLD};

/// A hold that a server asks for without saying how long.
const DEFAULT_HOLD: TimeDelta = TimeDelta::minutes(5);
/// So many addresses refused in one client's life are the host's refusal.
const REFUSALS: usize = 2;

/// How a failure is backed off from: the first wait, which doubles with each failure in a row, and the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pattern {
    /// Its name in the store.
    kind: &'static str,
    first: TimeDelta,
    longest: TimeDelta,
}

/// What may be better soon: an error of the server, silence, junk.
const TROUBLE: Pattern = Pattern {
    kind: BackOff::TROUBLE,
    first: TimeDelta::minutes(5),
    longest: TimeDelta::hours(6),
};
/// What a person has to mend: we are not wanted.
const REFUSAL: Pattern = Pattern {
    kind: BackOff::REFUSAL,
    first: TimeDelta::hours(1),
    longest: TimeDelta::hours(24),
};
/// What is gone for good is only looked at in case it was a slip.
const GONE: Pattern = Pattern {
    kind: BackOff::GONE,
    first: TimeDelta::hours(24),
    longest: TimeDelta::hours(24),
};

impl Pattern {
    /// The wait after so many failures in a row. Jitter is from 0 to 1 and takes up to a quarter off, so that many
    /// readers who saw the same outage do not come back in one moment.
    fn wait(self, failures: i64, jitter: f64) -> TimeDelta {
        let doublings = u32::try_from((failures - 1).clamp(0, 16)).unwrap_or(0);
        let whole = (self.first * 2_i32.pow(doublings)).min(self.longest);
        let whole = whole.to_std().unwrap_or(Duration::ZERO);
        let wait = whole.mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0));
        TimeDelta::from_std(wait).unwrap_or(self.longest)
    }
}

impl Client<'_> {
    /// Notes that an address which announces releases failed, so that it is left alone for a while: longer each time.
    /// What is held already, or was never asked, is not held any longer.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn back_off(&self, url: &Url, failure: &Failure) -> Result<(), Failure> {
        let pattern = match failure {
            // What challenges is left alone as a whole host.
            Failure::Challenged(_) => return Ok(()),
            failure if failure.is_a_wait() => return Ok(()),
            Failure::Robots(_) | Failure::ForeignHost(_) => return Ok(()),
            Failure::Store(_) | Failure::LeaseLost => return Ok(()),
            Failure::Gone => GONE,
            Failure::Refused(_) => REFUSAL,
            _ => TROUBLE,
        };
        self.keep_back_off(url.as_str(), pattern, &failure.to_string())
            .await
    }

    /// Stops asking a host that challenges us: nothing else is asked there in this client's life, and then it is probed
    /// slowly.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn challenged(&mut self, url: &Url, failure: &Failure) -> Result<(), Failure> {
        let host = host(url);
        let cause = failure.to_string();
        self.keep_back_off(&host, REFUSAL, &cause).await?;
        self.stopped.insert(host, cause);
        Ok(())
    }

    /// Notes that an address has given what it should: neither it nor its host is left alone any more.
    ///
    /// # Errors
    /// [`Failure::Store`].
    pub async fn is_well(&mut self, url: &Url) -> Result<(), Failure> {
        let host = host(url);
        self.store
            .end_back_off(&host, url.as_str(), self.clock.now(), self.is_eager)
            .await?;
        self.well.insert(host);
        Ok(())
    }

    /// What a failure means for the whole host: a challenge stops all, and so do refusals of several addresses. One may
    /// be that address's alone.
    pub(super) async fn weigh(&mut self, url: &Url, failure: &Failure) -> Result<(), Failure> {
        match failure {
            Failure::Challenged(_) => self.challenged(url, failure).await,
            Failure::Refused(_) => {
                let refused = self.refused.entry(host(url)).or_default();
                refused.insert(url.to_string());
                // Where others are answered well, it is those addresses that are not for us.
                if refused.len() >= REFUSALS && !self.well.contains(&host(url)) {
                    return self.challenged(url, failure).await;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn keep_back_off(
        &self,
        address: &str,
        pattern: Pattern,
        cause: &str,
    ) -> Result<(), Failure> {
        let failures = self.store.back_off_failures(address).await? + 1;
        let back_off = BackOff {
            until: self.clock.now() + pattern.wait(failures, fastrand::f64()),
            kind: pattern.kind.to_owned(),
            cause: cause.to_owned(),
        };
        self.store
            .keep_back_off(address, failures, &back_off)
            .await?;
        Ok(())
    }

    /// Whether something speaks against asking now: first the server's word, then ours.
    ///
    /// # Errors
    /// [`Failure::Held`], [`Failure::Stopped`], [`Failure::BackingOff`], [`Failure::Store`].
    pub async fn check_holds(&self, url: &Url) -> Result<(), Failure> {
        let host = host(url);
        let now = self.clock.now();
        if let Some((until, reason)) = self.store.hold(&host, url.as_str(), now).await? {
            return Err(Failure::Held { until, reason });
        }
        if let Some(cause) = self.stopped.get(&host) {
            let cause = cause.clone();
            return Err(Failure::Stopped { host, cause });
        }
        if !self.is_eager
            && let Some(back_off) = self.store.back_off(&host, url.as_str(), now).await?
        {
            return Err(Failure::BackingOff(back_off));
        }
        Ok(())
    }

    /// Notes what a server asks for with 429, for the whole host, or with 503, for the address.
    pub(super) async fn keep_hold(
        &self,
        url: &Url,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<(), Failure> {
        let now = self.clock.now();
        let asked = retry_after(headers, now);
        let host = host(url);
        let (address, until) = match (status, asked) {
            (StatusCode::TOO_MANY_REQUESTS, asked) => {
                let until = asked.filter(|until| *until > now);
                (host.as_str(), until.unwrap_or(now + DEFAULT_HOLD))
            }
            (StatusCode::SERVICE_UNAVAILABLE, Some(until)) => (url.as_str(), until),
            _ => return Ok(()),
        };
        let latest = now + LONGEST_HOLD;
        if until > latest {
            tracing::warn!(%url, asked = %until, "the server asks for more than a day's silence; a day is kept");
        }
        let reason = format!("{address} answered {status}");
        self.store
            .keep_hold(address, until.min(latest), &reason)
            .await?;
        Ok(())
    }
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Some(wait) = seconds(value) {
        return now.checked_add_signed(wait);
    }
    httpdate::parse_http_date(value).ok().map(DateTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_in_seconds_and_as_a_date() {
        let now: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        let after = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers, now).map(|until| (until - now).num_seconds())
        };
        assert_eq!(after("90"), Some(90));
        assert_eq!(after("Tue, 24 Nov 2026 12:01:00 GMT"), Some(60));
        assert_eq!(after("Tuesday, 24-Nov-26 12:01:00 GMT"), Some(60));
        assert_eq!(after("99999999999999999999999"), Some(1 << 31));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-5"), None);
    }

    #[test]
    fn waits_double_up_to_a_ceiling_and_jitter_shortens_them() {
        let minutes = |failures, jitter| TROUBLE.wait(failures, jitter).num_minutes();
        assert_eq!([1, 2, 3, 4].map(|n| minutes(n, 0.0)), [5, 10, 20, 40]);
        assert_eq!(minutes(1_000_000, 0.0), 6 * 60);
        assert_eq!(minutes(3, 1.0), 15);
        assert_eq!(REFUSAL.wait(1, 0.0).num_hours(), 1);
        assert_eq!(REFUSAL.wait(9, 0.0).num_hours(), 24);
        assert_eq!(GONE.wait(1, 0.0).num_hours(), 24);
    }
}
