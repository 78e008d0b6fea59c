//! Why an address could not be read, for a person.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::store::{self, BackOff};

/// Why an address could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server asked us to wait.
    #[error("held until {}: {reason}", until.to_rfc3339_opts(SecondsFormat::Secs, true))]
    Held {
        /// Until when.
        until: DateTime<Utc>,
        /// What it answered.
        reason: String,
    },
    /// The address or its host failed before, and is left alone for a while.
    #[error("not asked again before {}: {}", .0.until.to_rfc3339_opts(SecondsFormat::Secs, true), .0.cause)]
    BackingOff(BackOff),
    /// The host challenged us a moment ago.
    #[error("not asked, since {host} is left alone for now: {cause}")]
    Stopped {
        /// The host.
        host: String,
        /// Why.
        cause: String,
    },
    /// robots.txt forbids the address.
    #[error("robots.txt of {0} forbids this address to us; it is obeyed")]
    Robots(String),
    /// robots.txt could not be read, so nothing may be asked for now.
    #[error("robots.txt of {origin} could not be read ({why}), so nothing is asked there for now")]
    RobotsUnknown {
        /// The origin.
        origin: String,
        /// Why not.
        why: String,
    },
    /// A page that wants to see a browser stands before the site.
    #[error(
        "the site challenges us ({0}); that is never tried to pass: ask the newsroom to let this program in"
    )]
    Challenged(String),
    /// The address is not for us.
    #[error(
        "the site blocks us ({0}); that is never tried to pass: ask the newsroom to let this program in"
    )]
    Refused(StatusCode),
    /// The server answered with an error.
    #[error("the server answered {0}")]
    Status(StatusCode),
    /// The address is gone for good.
    #[error("the server answered 410 Gone: the address is no longer in use; look for its new one")]
    Gone,
    /// The address is not one of the source's hosts.
    #[error(
        "{0} is not on one of the source's hosts; if it should be, add its host to the source's `hosts`"
    )]
    ForeignHost(String),
    /// A redirect leads nowhere.
    #[error("redirected to {0}, which is not followed")]
    BadRedirect(String),
    /// Redirect after redirect.
    #[error("redirected more than {0} times")]
    TooManyRedirects(usize),
    /// Nothing came in time.
    #[error("no whole answer within {}; see [fetch] timeout", humantime::format_duration(*.0))]
    Timeout(Duration),
    /// No connection came about.
    #[error("no connection: {0}")]
    Connect(String),
    /// The answer broke off or was no HTTP.
    #[error("the answer cannot be read: {0}")]
    Broken(String),
    /// A release's address leads to another page.
    #[error("the address now leads to {0}, which is another page")]
    Elsewhere(String),
    /// What came is not what it should be.
    #[error("{0}")]
    Unreadable(String),
    /// The answer is of a kind that is neither feed nor page.
    #[error("the answer is {0}, which is neither a feed nor a page; see that the address is right")]
    WrongType(String),
    /// The answer is larger than allowed.
    #[error("the answer is larger than {}; see [fetch] max_body", bytesize::ByteSize(*.0))]
    TooLarge(u64),
    /// Another process took the lease, because this one was asleep for long.
    #[error("another process fetches now, since this one was held up for long")]
    LeaseLost,
    /// The store failed.
    #[error(transparent)]
    Store(store::Error),
}

impl Failure {
    /// What a transport error means.
    pub(super) fn of(error: &reqwest::Error, timeout: Duration) -> Failure {
        // The outermost message only repeats the address; the cause is the innermost.
        let mut cause: &dyn std::error::Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        if error.is_timeout() {
            Failure::Timeout(timeout)
        } else if error.is_connect() {
            Failure::Connect(cause.to_string())
        } else {
            Failure::Broken(cause.to_string())
        }
    }

    /// What an answer other than a document means. AWS WAF answers 202 with a challenge and 405 with a captcha.
    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap) -> Option<Failure> {
        let action = headers
            .get("x-amzn-waf-action")
            .and_then(|value| value.to_str().ok());
        match (status.as_u16(), action) {
            (_, Some(action)) => Some(Failure::Challenged(format!("{status}, {action}"))),
            (202 | 405, None) => Some(Failure::Challenged(status.to_string())),
            (401 | 403, None) => Some(Failure::Refused(status)),
            (410, None) => Some(Failure::Gone),
            (200, None) => None,
            _ => Some(Failure::Status(status)),
        }
    }

    /// The kind of alarm that it is, where a person has to do something about it.
    pub fn alarm(&self) -> Option<&'static str> {
        match self {
            Failure::Challenged(_) | Failure::Refused(_) | Failure::Stopped { .. } => {
                Some("challenged")
            }
            Failure::Gone => Some("gone"),
            Failure::BackingOff(back_off) => match back_off.kind.as_str() {
                BackOff::REFUSAL => Some("challenged"),
                BackOff::GONE => Some("gone"),
                _ => None,
            },
            _ => None,
        }
    }

    /// How it failed, without when it is asked again.
    pub fn cause(&self) -> String {
        match self {
            Failure::BackingOff(BackOff { cause, .. }) | Failure::Stopped { cause, .. } => {
                cause.clone()
            }
            failure => failure.to_string(),
        }
    }

    /// Whether nothing was asked, since its time has not come.
    pub fn is_a_wait(&self) -> bool {
        matches!(
            self,
            Failure::Held { .. } | Failure::BackingOff(_) | Failure::Stopped { .. }
        )
    }

    /// Whether the server says that there is no such document, for now or for good.
    pub fn is_gone(&self) -> bool {
        matches!(self, Failure::Gone | Failure::Status(StatusCode::NOT_FOUND))
    }

    /// Whether the failure is our own, so that no other address need be tried.
    pub fn ends_the_cycle(&self) -> bool {
        matches!(self, Failure::Store(_) | Failure::LeaseLost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_named_as_one_whatever_its_status() {
        let mut headers = HeaderMap::new();
        let of = |status, headers: &HeaderMap| {
            Failure::of_status(StatusCode::from_u16(status).unwrap(), headers)
                .map(|failure| failure.to_string())
        };
        assert_eq!(of(200, &headers), None);
        assert!(of(403, &headers).unwrap().contains("never tried to pass"));
        assert_eq!(
            of(500, &headers).unwrap(),
            "the server answered 500 Internal Server Error"
        );
        headers.insert("x-amzn-waf-action", "captcha".parse().unwrap());
        assert!(of(200, &headers).unwrap().contains("captcha"));
    }
}
