//! robots.txt as RFC 9309 has it: one for each origin, kept for a day.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::StatusCode;
use texting_robots::Robot;
use url::Url;

use super::answer::{Beyond, redirect_of};
use super::{Client, Failure, holding, host, origin};
use crate::store::Validators;

/// The name that rules are looked for under.
const AGENT: &str = "npcc-feeds";
/// As much is read; the RFC asks for at least 500 KiB, and the parser is slow on more.
const LONGEST: usize = 512 * 1024;
const KEPT: TimeDelta = TimeDelta::hours(24);
/// An older copy stands in for one that cannot be read (RFC 9309, 2.4), but not for ever.
const STANDS_IN: TimeDelta = TimeDelta::days(30);
const MOST_REDIRECTS: usize = 5;
/// A longer delay would keep a cycle from ever ending.
const LONGEST_DELAY: Duration = Duration::from_secs(600);

pub(super) fn crawl_delay(robot: &Robot) -> Option<Duration> {
    let seconds = robot.delay?.clamp(0.0, LONGEST_DELAY.as_secs_f32());
    Duration::try_from_secs_f32(seconds).ok()
}

fn rules(text: &str, origin: &str) -> Result<Robot, String> {
    let robot = Robot::new(AGENT, text.as_bytes()).map_err(|error| error.to_string())?;
    if let Some(delay) = robot
        .delay
        .filter(|delay| *delay > LONGEST_DELAY.as_secs_f32())
    {
        let kept = humantime::format_duration(LONGEST_DELAY);
        tracing::warn!(
            origin,
            delay,
            "robots.txt asks for an absurd Crawl-delay; {kept} are kept"
        );
    }
    Ok(robot)
}

impl Client<'_> {
    pub(super) async fn check_robots(&mut self, url: &Url) -> Result<(), Failure> {
        let origin = origin(url);
        if !self.robots.contains_key(&origin) {
            let host = host(url);
            let turn = self.turns.robots(&host);
            let _turn = holding(self.lease, self.clock, turn).await?;
            let known = match self.robots_of(url, &origin).await {
                Ok(text) => rules(&text, &origin),
                Err(Failure::RobotsUnknown { why, .. }) => Err(why),
                Err(failure) => return Err(failure),
            };
            self.robots.insert(origin.clone(), known);
        }
        match self.robots.get(&origin) {
            Some(Ok(robot)) if !robot.allowed(url.as_str()) => Err(Failure::Robots(origin)),
            Some(Err(why)) => Err(Failure::RobotsUnknown {
                why: why.clone(),
                origin,
            }),
            _ => Ok(()),
        }
    }

    async fn robots_of(&mut self, url: &Url, origin: &str) -> Result<String, Failure> {
        let kept = self.store.robots(origin).await?;
        let now = self.clock.now();
        // A copy "from the future" is from before the clock was set back.
        if let Some((text, read)) = &kept
            && *read <= now
            && now - *read < KEPT
        {
            return Ok(text.clone());
        }
        let robots_url = url
            .join("/robots.txt")
            .map_err(|error| Failure::Broken(error.to_string()))?;
        let read = self.read_robots(robots_url.clone()).await;
        if let Err(failure) = &read {
            self.weigh(&robots_url, failure).await?;
            self.back_off(&robots_url, failure).await?;
        }
        match read {
            Ok(text) => {
                self.store.keep_robots(origin, &text, now).await?;
                Ok(text)
            }
            Err(failure) if failure.ends_the_cycle() => Err(failure),
            Err(failure) => match kept {
                Some((text, read)) if now - read < STANDS_IN => {
                    tracing::warn!(origin, %failure, "robots.txt cannot be read; the last copy is obeyed");
                    Ok(text)
                }
                _ if failure.is_a_wait() => Err(failure),
                _ => Err(Failure::RobotsUnknown {
                    origin: origin.to_owned(),
                    why: failure.to_string(),
                }),
            },
        }
    }

    async fn read_robots(&mut self, mut url: Url) -> Result<String, Failure> {
        for _ in 0..=MOST_REDIRECTS {
            self.check_host(&url)?;
            let (response, in_flight) = self.send(&url, &Validators::default()).await?;
            if let Some(target) = redirect_of(&response, &url)? {
                url = target;
                continue;
            }
            let status = response.status();
            let failure = Failure::of_status(status, response.headers());
            let asks_to_wait = status == StatusCode::TOO_MANY_REQUESTS;
            let is_challenge = matches!(failure, Some(Failure::Challenged(_)));
            if status.is_client_error() && !asks_to_wait && !is_challenge {
                return Ok(String::new());
            }
            if let Some(failure) = failure {
                return Err(failure);
            }
            let bytes = self.body(response, in_flight, Beyond::Cut(LONGEST)).await?;
            // Whether the host is well for us is not for its robots.txt to say.
            let now = self.clock.now();
            self.store
                .end_back_off(url.as_str(), url.as_str(), now, self.is_eager)
                .await?;
            // Not every database keeps a NUL.
            return Ok(String::from_utf8_lossy(&bytes).replace('\0', ""));
        }
        Err(Failure::TooManyRedirects(MOST_REDIRECTS))
    }
}
