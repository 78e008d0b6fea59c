//! Whatever happens, a publisher's engineer who reads the access log has nothing to say.
//!
//! Random times, faults and restarts, on a simulated clock: never two requests at once to a host, never one sooner than
//! the pause after the answer before it, never one before a `Retry-After` has passed, never one without the validator
//! that is known.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use npcc_feeds::daemon::By;
use proptest::prelude::*;
use sqlx::{Connection, Row};

use crate::harness::{of_today, release};
use crate::inside::Inside;
use crate::site::{Asked, Fault};

const PAUSE: TimeDelta = TimeDelta::seconds(2);

/// What happens next.
#[derive(Debug, Clone)]
enum Event {
    Wait(i64),
    /// Every source has a cycle, side by side.
    Cycles(bool),
    StepBack,
    Publish(u32),
    Edit(u32),
    Withdraw(u32),
    Fails(usize, usize, u32),
    IsWell,
    Fresh(Option<u32>),
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (1..5_000_i64).prop_map(Event::Wait),
        6 => any::<bool>().prop_map(Event::Cycles),
        1 => Just(Event::StepBack),
        2 => (1..14_u32).prop_map(Event::Publish),
        1 => (1..20_u32).prop_map(Event::Edit),
        1 => (1..20_u32).prop_map(Event::Withdraw),
        3 => (0..PATHS.len(), 0..8_usize, 1..9_000_u32).prop_map(|(path, kind, wait)| Event::Fails(path, kind, wait)),
        2 => Just(Event::IsWell),
        1 => proptest::option::of(1..100_000_u32).prop_map(Event::Fresh),
        1 => Just(Event::Restart),
    ]
}

const PATHS: [&str; 5] = ["/feed/rss", "/releases", "/releases/", "/robots.txt", "/"];

fn fault(kind: usize, wait: u32, now: DateTime<Utc>) -> Fault {
    let date = now + TimeDelta::seconds(wait.into());
    let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let after = |value: String| Some(("retry-after", value));
    match kind {
        0 => Fault::Status(429, after(wait.to_string())),
        1 => Fault::Status(429, after(date)),
        2 => Fault::Status(429, None),
        3 => Fault::Status(503, after(wait.to_string())),
        4 => Fault::Status(500, None),
        5 => Fault::Challenge,
        6 => Fault::CutShort,
        _ => Fault::Status(404, None),
    }
}

struct World {
    inside: Inside,
    published: u32,
    waits: Vec<(String, DateTime<Utc>)>,
}

impl World {
    async fn new() -> World {
        let sources = "[[sources]]\nid = \"one\"\nfeed = \"{base}/feed/rss\"\nlisting = \"{base}/releases\"\n\
                       [[sources]]\nid = \"two\"\nlisting = \"{base}/releases/t/blogs\"\n";
        World {
            inside: Inside::with_sources(of_today(1..=30), sources).await,
            published: 30,
            waits: Vec::new(),
        }
    }

    async fn happen(&mut self, event: &Event) {
        let site = self.inside.newsroom.site.clone();
        match event {
            Event::Wait(seconds) => self.inside.clock.turn(TimeDelta::seconds(*seconds)),
            Event::Cycles(by_person) => {
                let by = if *by_person { By::Person } else { By::Schedule };
                let (one, two) = (
                    &self.inside.ingest.config.sources[0],
                    &self.inside.ingest.config.sources[1],
                );
                let (one, two) = tokio::join!(
                    self.inside.ingest.cycle(one, by),
                    self.inside.ingest.cycle(two, by)
                );
                one.unwrap();
                two.unwrap();
            }
            Event::StepBack => {
                let source = &self.inside.ingest.config.sources[0];
                let step = self
                    .inside
                    .ingest
                    .step_back(source, None, By::Schedule, Duration::ZERO);
                step.await.unwrap();
            }
            Event::Publish(count) => {
                for _ in 0..*count {
                    self.published += 1;
                    site.publish(release(self.published));
                }
            }
            Event::Edit(n) => {
                site.edit(&format!("release-number-{n}"), |item| {
                    item.body += "\n\nMore of it."
                });
            }
            Event::Withdraw(n) => site.withdraw(&format!("release-number-{n}")),
            Event::Fails(path, kind, wait) => {
                site.set_fault(PATHS[*path], fault(*kind, *wait, self.inside.clock.now()));
            }
            Event::IsWell => site.clear_faults(),
            Event::Fresh(seconds) => {
                let value = seconds.map(|seconds| format!("max-age={seconds}"));
                site.set_cache_control(value.as_deref());
            }
            Event::Restart => {
                self.inside.restart().await;
            }
        }
    }

    /// The validators that are known. A listing's are given up where it has to be read whole, as for a gap.
    async fn known(&self) -> HashMap<String, String> {
        let mut store = self.inside.open_store().await;
        let rows = sqlx::query(
            "SELECT url, etag FROM validators WHERE etag IS NOT NULL AND source = 'one'",
        )
        .fetch_all(&mut store)
        .await
        .unwrap();
        store.close().await.unwrap();
        let base = self.inside.newsroom.base();
        rows.iter()
            .map(|row| {
                let url: String = row.get(0);
                (url.strip_prefix(&base).unwrap().to_owned(), row.get(1))
            })
            .filter(|(path, _)| !is_listing(path))
            .collect()
    }

    /// Checks the requests since the last time against the rules.
    fn judge(
        &mut self,
        last: &mut Option<Asked>,
        known: &HashMap<String, String>,
    ) -> Result<(), TestCaseError> {
        let asked = self.inside.newsroom.site.asked();
        self.inside.newsroom.site.clear_asked();
        let mut seen: Vec<String> = Vec::new();
        for one in asked {
            if let Some(before) = last.as_ref() {
                prop_assert!(
                    one.began >= before.answered,
                    "two at once: {before:?} {one:?}"
                );
                let rest = one.began_at - before.answered_at;
                // The store knows milliseconds.
                let enough = rest >= PAUSE - TimeDelta::milliseconds(1);
                prop_assert!(enough, "too soon by {rest}: {before:?} {one:?}");
            }
            for (held, until) in &self.waits {
                let is_held = held.is_empty() || *held == one.path;
                prop_assert!(
                    !is_held || one.began_at >= *until,
                    "before {until}: {one:?}"
                );
            }
            if let Some(etag) = known.get(&one.path)
                && !seen.contains(&one.path)
            {
                prop_assert_eq!(one.if_none_match.as_ref(), Some(etag), "{:?}", one);
            }
            seen.push(one.path.clone());
            if let Some(until) = one.retry_after.filter(|_| matches!(one.status, 429 | 503)) {
                let held = if one.status == 429 {
                    String::new()
                } else {
                    one.path.clone()
                };
                // A day is the longest that is kept.
                self.waits
                    .push((held, until.min(one.began_at + TimeDelta::hours(24))));
            }
            *last = Some(one);
        }
        Ok(())
    }
}

fn is_listing(path: &str) -> bool {
    path.starts_with("/releases?") || path == "/releases" || path.starts_with("/releases/t/")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_makes_it_impolite(events in proptest::collection::vec(event(), 4..24)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            let mut last = None;
            for event in &events {
                let known = world.known().await;
                world.happen(event).await;
                world.judge(&mut last, &known)?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
