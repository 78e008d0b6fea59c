//! What is measured, in Prometheus' text format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>): what is counted as it happens, and what the store knows now.

use chrono::{DateTime, Utc};
use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::Body as _;
use prometheus::{Encoder, GaugeVec, Opts, Registry, TextEncoder};

use super::responses::{failed, plain};
use super::{Body, NOT_CACHED, Server, health};
use crate::store;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
}

/// Gauges as of now.
struct Gauges(Registry);

impl Gauges {
    /// Adds a gauge with a value for each of some labels; one without values is left out.
    fn add(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<String>, f64)>,
    ) -> Result<(), prometheus::Error> {
        let gauge = GaugeVec::new(Opts::new(format!("npcc_feeds_{name}"), help), labels)?;
        for (of, value) in values {
            gauge.get_metric_with_label_values(&of)?.set(value);
        }
        self.0.register(Box::new(gauge))
    }
}

impl Server {
    /// Counts an answer.
    pub(super) fn count(&self, path: &str, response: &Response<Body>) {
        let status = response.status();
        self.metrics
            .http_requests
            .add(&[kind(path), status.as_str()], 1);
        if let Some(bytes) = response.body().size_hint().exact() {
            self.metrics.http_sent.add(&[], bytes);
        }
    }

    /// All that is measured.
    pub(super) async fn metrics(&self) -> Response<Body> {
        let mut families = self.metrics.collect();
        let gauges = Gauges(Registry::new());
        let stored = self.add_stored(&gauges, Utc::now()).await;
        if let Err(error) = &stored {
            // All else is worth something by itself, and that it fails most of all.
            tracing::warn!(%error, "the store cannot be measured");
        }
        if let Err(error) = self.add_own(&gauges, stored.is_err()) {
            tracing::warn!(%error, "the daemon cannot be measured");
        }
        families.extend(gauges.0.gather());
        let mut bytes = Vec::new();
        let encoder = TextEncoder::new();
        if let Err(error) = encoder.encode(&families, &mut bytes) {
            return failed(&error, "/metrics");
        }
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
            ),
            (header::CACHE_CONTROL, NOT_CACHED),
        ];
        let text = String::from_utf8_lossy(&bytes).into_owned();
        plain(StatusCode::OK, headers, text)
    }

    /// Adds what the store knows.
    async fn add_stored(&self, gauges: &Gauges, now: DateTime<Utc>) -> Result<(), Unknown> {
        let store = self.edition.store();
        let mut sources = Vec::new();
        for source in &self.watched {
            sources.push((source, store.progress(&source.id).await?));
        }
        let times = |time: fn(&store::Progress) -> Option<DateTime<Utc>>| {
            let known = sources.iter().filter_map(move |(source, progress)| {
                Some((vec![source.id.clone()], seconds(time(progress)?)))
            });
            known.collect::<Vec<_>>()
        };
        gauges.add(
            "source_last_cycle_timestamp_seconds",
            "When a source's last cycle began.",
            &["source"],
            times(|progress| progress.last_cycle),
        )?;
        gauges.add(
            "source_last_success_timestamp_seconds",
            "When a way into a source was last read well.",
            &["source"],
            times(|progress| progress.last_success),
        )?;
        gauges.add(
            "source_failing_since_timestamp_seconds",
            "Since when no way into a source can be read; absent while one can.",
            &["source"],
            times(|progress| progress.failing_since),
        )?;
        gauges.add(
            "source_whole_since_timestamp_seconds",
            "From when on a source's record is without gap.",
            &["source"],
            times(store::Progress::whole_since),
        )?;
        gauges.add(
            "source_next_cycle_timestamp_seconds",
            "When a source is read next.",
            &["source"],
            sources.iter().filter_map(|(source, _)| {
                Some((vec![source.id.clone()], seconds(source.schedule.next(now)?)))
            }),
        )?;
        gauges.add(
            "source_alarm",
            "1 for what a person should know of a source: challenged, gone, layout, moved, silent, withdrawals.",
            &["source", "kind"],
            sources.iter().flat_map(|(source, progress)| {
                let kinds = progress.alarms.iter().map(|alarm| alarm.kind.clone());
                kinds.map(|kind| (vec![source.id.clone(), kind], 1.0))
            }),
        )?;
        let counts = store.topic_counts().await?;
        gauges.add(
            "topic_releases",
            "Releases by topic.",
            &["topic"],
            counts
                .into_iter()
                .map(|(topic, count)| (vec![topic], count as f64)),
        )?;
        let total = store.record(&store::Selection::All, 1).await?.total;
        for (name, help, value) in [
            ("releases", "Releases in all.", total as f64),
            (
                "store_bytes",
                "The size of the store.",
                store.size().await? as f64,
            ),
        ] {
            gauges.add(name, help, &[], [(Vec::new(), value)])?;
        }
        Ok(())
    }

    /// Adds what is known without the store, and whether that fails.
    fn add_own(&self, gauges: &Gauges, is_unread: bool) -> Result<(), prometheus::Error> {
        let is_failing = is_unread || health::store_trouble(self).is_some();
        for (name, help, value) in [
            (
                "store_failing",
                "1 while the store fails.",
                f64::from(u8::from(is_failing)),
            ),
            (
                "files_failing",
                "1 while the published files cannot be written.",
                f64::from(u8::from(health::files_trouble(self).is_some())),
            ),
            (
                "http_connections",
                "Open connections of clients.",
                self.connections.len() as f64,
            ),
        ] {
            gauges.add(name, help, &[], [(Vec::new(), value)])?;
        }
        let version = env!("CARGO_PKG_VERSION").to_owned();
        gauges.add(
            "build_info",
            "1, with the version of the program and that of the rules on topics.",
            &["version", "rules"],
            [(vec![version, self.rules.clone()], 1.0)],
        )
    }
}

fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp() as f64
}

/// What a path is of: few words, however many paths there are.
fn kind(path: &str) -> &'static str {
    let (name, ending) = path
        .rsplit_once('/')
        .map_or(path, |(_, name)| name)
        .rsplit_once('.')
        .unwrap_or((path, ""));
    match ending {
        "rss" => "rss",
        "atom" => "atom",
        "json" => "json",
        "" if !matches!(name, "/live" | "/health" | "/metrics") => "page",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_has_few_names() {
        for (path, expected) in [
            ("/all.rss", "rss"),
            ("/topics/a+b.atom", "atom"),
            ("/all/archive/r/50.json", "json"),
            ("/", "page"),
            ("/topics/hate-crime", "page"),
            ("/releases/0b.c/d", "page"),
            ("/metrics", "other"),
            ("/live", "other"),
            ("/style.css", "other"),
            ("/export.jsonl", "other"),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
