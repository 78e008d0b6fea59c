//! Polite HTTP: conditional, one request at a time, paced, bounded, within robots.txt and what the server asks for.
//!
//! The rules are RFC 9110 (validators, `Retry-After`) and RFC 9309 (robots.txt). What must outlive a restart, so that
//! starting ten times in a minute is no burden on the newsroom, is in the store.

mod failure;
mod robots;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode, redirect};
use texting_robots::Robot;
use tokio::time::Instant;
use url::Url;

use crate::config;
use crate::newsroom::Page;
use crate::store::{self, LONGEST_HOLD, Lease, Store, Validators};

pub use failure::Failure;

const MOST_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A hold that a server asks for without saying how long.
const DEFAULT_HOLD: TimeDelta = TimeDelta::minutes(5);
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// What a server answers.
#[derive(Debug)]
pub enum Answer {
    /// What it gave before still holds.
    Unchanged,
    /// A document, and the validators to keep once it is stored.
    Changed(Page, Validators),
}

/// What asks one source's hosts, one request at a time.
#[derive(Debug)]
pub struct Client<'a> {
    http: reqwest::Client,
    store: &'a Store,
    lease: &'a Lease,
    hosts: &'a [String],
    pause: Duration,
    timeout: Duration,
    max_body: u64,
    /// The rules of each origin, or why they could not be read; asked for once in a client's life.
    robots: HashMap<String, Result<Robot, String>>,
    requests: u64,
}

impl<'a> Client<'a> {
    /// A client for a source's hosts, good while the lease is held.
    ///
    /// # Errors
    /// When the proxy's address is none, or TLS cannot be set up.
    pub fn new(
        config: &config::Fetch,
        hosts: &'a [String],
        store: &'a Store,
        lease: &'a Lease,
    ) -> Result<Client<'a>, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent(&config.contact))
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .redirect(redirect::Policy::none())
            // Only what the configuration says: a proxy of the environment would surprise.
            .no_proxy();
        if !config.proxy.is_empty() {
            builder = builder.proxy(reqwest::Proxy::all(&config.proxy)?);
        }
        Ok(Client {
            http: builder.build()?,
            store,
            lease,
            hosts,
            pause: config.pause,
            timeout: config.timeout,
            max_body: config.max_body,
            robots: HashMap::new(),
            requests: 0,
        })
    }

    /// How many requests were made.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Asks for an address; conditionally, if it was read before and `validators` are those it came with.
    ///
    /// # Errors
    /// [`Failure`], with what to do about it.
    pub async fn get(&mut self, url: &Url, validators: &Validators) -> Result<Answer, Failure> {
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            self.check_host(&url)?;
            self.check_robots(&url).await?;
            let (response, deadline) = self.send(&url, validators).await?;
            if let Some(target) = redirect_of(&response, &url)? {
                tracing::info!(from = %url, to = %target, status = response.status().as_u16(), "redirected");
                url = target;
                continue;
            }
            return self.read(url, response, deadline, validators).await;
        }
        Err(Failure::TooManyRedirects(MOST_REDIRECTS))
    }

    fn check_host(&self, url: &Url) -> Result<(), Failure> {
        let host = url.host_str().unwrap_or_default();
        let is_web = matches!(url.scheme(), "http" | "https");
        if is_web
            && self
                .hosts
                .iter()
                .any(|known| known.eq_ignore_ascii_case(host))
        {
            Ok(())
        } else {
            Err(Failure::ForeignHost(url.to_string()))
        }
    }

    /// Sends one request when its time has come. The answer's body is not read yet; it has until the instant given.
    async fn send(
        &mut self,
        url: &Url,
        validators: &Validators,
    ) -> Result<(Response, Instant), Failure> {
        let origin = origin(url);
        if let Some((until, reason)) = self.store.hold(&origin, url.as_str(), Utc::now()).await? {
            return Err(Failure::Held { until, reason });
        }
        self.wait_for_turn(&origin).await?;
        let mut request = self.http.get(url.clone());
        if let Some(etag) = &validators.etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(date) = &validators.last_modified {
            request = request.header(header::IF_MODIFIED_SINCE, date);
        }
        self.store.asked(&origin, Utc::now()).await?;
        self.requests += 1;
        let started = Instant::now();
        let deadline = started + self.timeout;
        let answer = holding(
            self.lease,
            tokio::time::timeout_at(deadline, request.send()),
        )
        .await?;
        // The pause counts from the end of an answer: a server that is slow already needs it most.
        self.store.asked(&origin, Utc::now()).await?;
        let response = answer
            .map_err(|_| Failure::Timeout(self.timeout))?
            .map_err(|error| Failure::of(&error, self.timeout))?;
        let status = response.status();
        tracing::debug!(%url, status = status.as_u16(), ms = started.elapsed().as_millis(), "asked");
        self.keep_hold(url, &origin, status, response.headers())
            .await?;
        Ok((response, deadline))
    }

    /// Waits until the pause since the origin was last asked is over, whoever asked it.
    async fn wait_for_turn(&self, origin: &str) -> Result<(), Failure> {
        let rules = self
            .robots
            .get(origin)
            .and_then(|known| known.as_ref().ok());
        let delay = rules.and_then(robots::crawl_delay);
        let pause = delay.map_or(self.pause, |delay| delay.max(self.pause));
        let last = self.store.last_request_ms(origin).await?;
        let since = Utc::now().timestamp_millis().saturating_sub(last);
        // A clock that was set back must not make the wait longer than the pause.
        let since = Duration::from_millis(u64::try_from(since).unwrap_or(0));
        holding(self.lease, tokio::time::sleep(pause.saturating_sub(since))).await
    }

    /// Notes what a server asks for with 429, for the whole origin, or with 503, for the address.
    async fn keep_hold(
        &self,
        url: &Url,
        origin: &str,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<(), Failure> {
        let now = Utc::now();
        let asked = retry_after(headers, now);
        let (address, until) = match (status, asked) {
            (StatusCode::TOO_MANY_REQUESTS, asked) => {
                let until = asked.filter(|until| *until > now);
                (origin, until.unwrap_or(now + DEFAULT_HOLD))
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

    async fn read(
        &self,
        url: Url,
        response: Response,
        deadline: Instant,
        sent: &Validators,
    ) -> Result<Answer, Failure> {
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED {
            // Without a validator there is nothing that could have stayed the same.
            return if *sent == Validators::default() {
                Err(Failure::Status(status))
            } else {
                Ok(Answer::Unchanged)
            };
        }
        if let Some(failure) = Failure::of_status(status, response.headers()) {
            return Err(failure);
        }
        let text = |name| {
            let value = response.headers().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let validators = Validators {
            etag: text(header::ETAG),
            last_modified: text(header::LAST_MODIFIED),
        };
        // Some servers never answer 304, yet say truly that nothing has changed.
        if validators.etag.is_some() && validators.etag == sent.etag {
            return Ok(Answer::Unchanged);
        }
        let content_type = text(header::CONTENT_TYPE);
        let bytes = self.body(response, deadline).await?;
        let page = Page {
            url,
            content_type,
            bytes,
        };
        Ok(Answer::Changed(page, validators))
    }

    /// The body, decompressed, as it streams in: a small bomb must not fill the memory.
    async fn body(&self, mut response: Response, deadline: Instant) -> Result<Vec<u8>, Failure> {
        let origin = origin(response.url());
        let reading = async {
            let mut bytes = Vec::new();
            while let Some(chunk) = response
                .chunk()
                .await
                .map_err(|error| Failure::of(&error, self.timeout))?
            {
                bytes.extend_from_slice(&chunk);
                if bytes.len() as u64 > self.max_body {
                    return Err(Failure::TooLarge(self.max_body));
                }
            }
            Ok(bytes)
        };
        let read = holding(self.lease, tokio::time::timeout_at(deadline, reading)).await?;
        self.store.asked(&origin, Utc::now()).await?;
        read.map_err(|_| Failure::Timeout(self.timeout))?
    }
}

/// Waits for something while keeping the lease.
async fn holding<T>(lease: &Lease, work: impl Future<Output = T>) -> Result<T, Failure> {
    if !lease.renew(Utc::now()).await? {
        return Err(Failure::LeaseLost);
    }
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            () = tokio::time::sleep(RENEW_EVERY) => {
                if !lease.renew(Utc::now()).await? {
                    return Err(Failure::LeaseLost);
                }
            }
        }
    }
}

/// `npcc-feeds/<version> (+<contact>)`, as publishers like to read it.
fn user_agent(contact: &str) -> String {
    let name = concat!("npcc-feeds/", env!("CARGO_PKG_VERSION"));
    if contact.is_empty() {
        name.to_owned()
    } else {
        format!("{name} (+{contact})")
    }
}

/// Scheme, host and port: what has one robots.txt and one pause.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn redirect_of(response: &Response, from: &Url) -> Result<Option<Url>, Failure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION);
    let target = location
        .and_then(|value| value.to_str().ok())
        .and_then(|value| from.join(value).ok())
        .ok_or_else(|| Failure::BadRedirect(format!("{location:?}")))?;
    if from.scheme() == "https" && target.scheme() != "https" {
        return Err(Failure::BadRedirect(format!(
            "{target}, from https to {}",
            target.scheme()
        )));
    }
    Ok(Some(target))
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty();
    if seconds {
        // More digits than fit are a very long time.
        let wait = value
            .parse()
            .unwrap_or(i64::MAX)
            .min(LONGEST_HOLD.num_seconds() * 2);
        return Some(now + TimeDelta::seconds(wait));
    }
    httpdate::parse_http_date(value).ok().map(DateTime::from)
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        Failure::Store(error)
    }
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
        assert_eq!(after("99999999999999999999999"), Some(2 * 24 * 60 * 60));
        assert_eq!(after("soon"), None);
    }

    #[test]
    fn the_user_agent_says_who_asks() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(user_agent(""), format!("npcc-feeds/{version}"));
        assert_eq!(
            user_agent("https://x"),
            format!("npcc-feeds/{version} (+https://x)")
        );
    }
}
