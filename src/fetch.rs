//! Polite HTTP: conditional, one request at a time, paced, bounded, within robots.txt and what the server asks for.
//!
//! The rules are RFC 9110 (validators, `Retry-After`) and RFC 9309 (robots.txt). What must outlive a restart, so that
//! starting ten times in a minute is no burden on the newsroom, is in the store.

mod answer;
mod failure;
mod freshness;
mod holds;
mod hosts;
mod robots;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Response, header, redirect};
use texting_robots::Robot;
use tokio::time::Instant;
use url::Url;

use crate::clock::Clock;
use crate::config;
use crate::metrics::{Metrics, Outcome};
use crate::newsroom::Page;
use crate::store::{self, Kept, Lease, Store, Validators};

use answer::{InFlight, redirect_of};
pub use failure::Failure;
pub use hosts::Turns;
use hosts::{PublicOnly, host};

const MOST_REDIRECTS: usize = 5;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence within an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// What of a document is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Only what has changed since it was stored: asked conditionally, and not at all while it is fresh.
    IfChanged,
    /// The same, but asked for also while it is fresh: something else says that it has changed.
    Now,
    /// All of it, whatever was read before.
    Whole,
}

/// What a server answers.
#[derive(Debug)]
pub enum Answer {
    /// What it gave before still holds, with what was kept of it.
    Unchanged(Kept),
    /// It was not asked for, since by its publisher's word what it gave before holds until then.
    Fresh(Kept, DateTime<Utc>),
    /// A document, and the validators to keep once it is stored.
    Changed(Page, Kept),
}

/// An address that was found to have moved for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The old address.
    pub from: Url,
    /// Where it leads.
    pub to: Url,
}

/// What all clients work with.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// What `[fetch]` says.
    pub config: &'a config::Fetch,
    /// Where holds, validators and rules are kept over restarts.
    pub store: &'a Store,
    /// The right to fetch.
    pub lease: &'a Lease,
    /// The turns of the hosts.
    pub turns: &'a Turns,
    /// The time.
    pub clock: &'a Clock,
    /// Where requests are counted.
    pub metrics: &'a Metrics,
}

/// What asks one source's hosts, one request at a time.
#[derive(Debug)]
pub struct Client<'a> {
    http: reqwest::Client,
    store: &'a Store,
    lease: &'a Lease,
    turns: &'a Turns,
    clock: &'a Clock,
    metrics: &'a Metrics,
    source: &'a config::Source,
    /// A hash of how pages are read: what was read by other rules is read again, changed or not.
    rules: i64,
    pause: Duration,
    timeout: Duration,
    max_body: u64,
    /// Whether freshness and our own back-off count for nothing, as when a person asks.
    is_eager: bool,
    /// The rules of each origin, or why they could not be read; asked for once in a client's life.
    robots: HashMap<String, Result<Robot, String>>,
    /// Why hosts are not asked any more.
    stopped: HashMap<String, String>,
    /// What hosts have refused.
    refused: HashMap<String, HashSet<String>>,
    /// The hosts that have answered well.
    well: HashSet<String>,
    moved: Vec<Moved>,
    requests: u64,
}

impl<'a> Client<'a> {
    /// A client for a source's hosts, good while the lease is held. `rules` is a hash of how its pages are read.
    ///
    /// # Errors
    /// When the proxy's address is none, or TLS cannot be set up.
    pub fn new(
        tools: Tools<'a>,
        source: &'a config::Source,
        rules: i64,
        is_eager: bool,
    ) -> Result<Client<'a>, reqwest::Error> {
        let config = tools.config;
        let mut builder = reqwest::Client::builder()
            .user_agent(user_agent(&config.contact))
            .connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .read_timeout(READ_TIMEOUT.min(config.timeout))
            .redirect(redirect::Policy::none())
            // Only what the configuration says: a proxy of the environment would surprise.
            .no_proxy();
        if config.proxy.is_empty() {
            let named = source.hosts.as_slice().into();
            builder = builder.dns_resolver(PublicOnly { named });
        } else {
            // The proxy looks names up, and stands in our own network as a rule.
            builder = builder.proxy(reqwest::Proxy::all(&config.proxy)?);
        }
        Ok(Client {
            http: builder.build()?,
            store: tools.store,
            lease: tools.lease,
            turns: tools.turns,
            clock: tools.clock,
            metrics: tools.metrics,
            source,
            rules,
            pause: config.pause,
            timeout: config.timeout,
            max_body: config.max_body,
            is_eager,
            robots: HashMap::new(),
            stopped: HashMap::new(),
            refused: HashMap::new(),
            well: HashSet::new(),
            moved: Vec::new(),
            requests: 0,
        })
    }

    /// How many requests were made.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The addresses that have moved for good since this was last called.
    pub fn take_moved(&mut self) -> Vec<Moved> {
        std::mem::take(&mut self.moved)
    }

    /// Asks for an address.
    ///
    /// # Errors
    /// [`Failure`], with what to do about it.
    pub async fn get(&mut self, url: &Url, wanted: Wanted) -> Result<Answer, Failure> {
        self.get_within(url, wanted, |_| true).await
    }

    /// Asks for an address that may only lead to some others.
    ///
    /// # Errors
    /// [`Failure::Elsewhere`] where it leads to another, which is not asked for then; else as [`Client::get`].
    pub async fn get_within(
        &mut self,
        url: &Url,
        wanted: Wanted,
        may_lead_to: impl Fn(&Url) -> bool,
    ) -> Result<Answer, Failure> {
        let mut url = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            self.check_host(&url)?;
            let known = match wanted {
                Wanted::IfChanged | Wanted::Now => {
                    let source = &self.source.id;
                    self.store
                        .validators(source, url.as_str(), self.rules)
                        .await?
                }
                Wanted::Whole => Kept::default(),
            };
            if wanted == Wanted::IfChanged
                && !self.is_eager
                && let Some(until) = known.fresh_at(self.clock.now())
            {
                return Ok(Answer::Fresh(known, until));
            }
            self.check_robots(&url).await?;
            let answered = self.ask(&url, &known).await;
            if let Err(failure) = &answered {
                self.weigh(&url, failure).await?;
            }
            match answered? {
                Answered::Finally(answer) => return Ok(answer),
                Answered::Elsewhere(target) if may_lead_to(&target) => url = target,
                Answered::Elsewhere(target) => {
                    self.check_host(&target)?;
                    return Err(Failure::Elsewhere(target.to_string()));
                }
            }
        }
        Err(Failure::TooManyRedirects(MOST_REDIRECTS))
    }

    fn check_host(&self, url: &Url) -> Result<(), Failure> {
        let host = host(url);
        let is_web = matches!(url.scheme(), "http" | "https");
        if is_web && self.source.hosts.contains(&host) {
            Ok(())
        } else {
            Err(Failure::ForeignHost(url.to_string()))
        }
    }

    /// One request and its answer.
    async fn ask(&mut self, url: &Url, known: &Kept) -> Result<Answered, Failure> {
        let (response, in_flight) = self.send(url, &known.validators).await?;
        let status = response.status();
        if let Some(target) = redirect_of(&response, url)? {
            tracing::info!(from = %url, to = %target, status = status.as_u16(), "redirected");
            if matches!(status.as_u16(), 301 | 308) {
                let (from, to) = (url.clone(), target.clone());
                self.moved.push(Moved { from, to });
            }
            return Ok(Answered::Elsewhere(target));
        }
        let answer = self.read(url, response, in_flight, known).await?;
        if matches!(answer, Answer::Unchanged(_)) {
            self.is_well(url).await?;
        }
        Ok(Answered::Finally(answer))
    }

    /// Sends one request when its time has come. The answer's body is not read yet.
    async fn send(
        &mut self,
        url: &Url,
        validators: &Validators,
    ) -> Result<(Response, InFlight), Failure> {
        let host = host(url);
        let turn = holding(self.lease, self.clock, self.turns.take(&host)).await?;
        // Whoever had the turn before may have been told to wait.
        self.check_holds(url).await?;
        self.pause(url).await?;
        let mut request = self.http.get(url.clone());
        for (name, value) in [
            (header::IF_NONE_MATCH, &validators.etag),
            (header::IF_MODIFIED_SINCE, &validators.last_modified),
        ] {
            if let Some(value) = value.as_deref().and_then(store::header_value) {
                request = request.header(name, value);
            }
        }
        self.store.asked(&host, self.clock.now()).await?;
        self.requests += 1;
        let started = Instant::now();
        let deadline = started + self.timeout;
        let sending = tokio::time::timeout_at(deadline, request.send());
        let answer = holding(self.lease, self.clock, sending).await?;
        // The pause counts from the end of an answer: a server that is slow already needs it most.
        self.store.asked(&host, self.clock.now()).await?;
        let response = answer
            .map_err(|_| Failure::Timeout(self.timeout))
            .and_then(|answer| answer.map_err(|error| Failure::of(&error, self.timeout)))
            .inspect_err(|_| self.metrics.asked(Outcome::Failed))?;
        let status = response.status();
        self.metrics.asked(Outcome::of(status));
        tracing::debug!(%url, status = status.as_u16(), ms = started.elapsed().as_millis(), "asked");
        self.keep_hold(url, status, response.headers()).await?;
        let in_flight = InFlight {
            host,
            deadline,
            _turn: turn,
        };
        Ok((response, in_flight))
    }

    /// Waits until the pause since the host was last asked is over, whoever asked it.
    async fn pause(&self, url: &Url) -> Result<(), Failure> {
        let rules = self.robots.get(&origin(url));
        let rules = rules.and_then(|known| known.as_ref().ok());
        let delay = rules.and_then(robots::crawl_delay);
        let pause = delay.map_or(self.pause, |delay| delay.max(self.pause));
        let last = self.store.last_request_ms(&host(url)).await?;
        let since = self.clock.now().timestamp_millis().saturating_sub(last);
        // A clock that was set back must not make the wait longer than the pause.
        let since = Duration::from_millis(u64::try_from(since).unwrap_or(0));
        let rest = self.clock.sleep(pause.saturating_sub(since));
        holding(self.lease, self.clock, rest).await
    }
}

enum Answered {
    Finally(Answer),
    Elsewhere(Url),
}

/// Waits for something while keeping the lease.
async fn holding<T>(
    lease: &Lease,
    clock: &Clock,
    work: impl Future<Output = T>,
) -> Result<T, Failure> {
    if !lease.renew(clock.now()).await? {
        return Err(Failure::LeaseLost);
    }
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            () = tokio::time::sleep(RENEW_EVERY) => {
                if !lease.renew(clock.now()).await? {
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

/// Scheme, host and port: what has one robots.txt.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
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
    fn the_user_agent_says_who_asks() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(user_agent(""), format!("npcc-feeds/{version}"));
        assert_eq!(
            user_agent("https://x"),
            format!("npcc-feeds/{version} (+https://x)")
        );
    }
}
