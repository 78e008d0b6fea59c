//! What a daemon counts of its own work, for Prometheus. What it only knows, such as when a source was last read, is asked of the
//! store when somebody looks.

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{IntCounterVec, Opts};

/// A number that only goes up, for each combination of its labels. A clone is the same.
#[derive(Debug, Clone)]
pub struct Counter(Option<IntCounterVec>);

impl Counter {
    /// None where the name is none, which a test sees to.
    fn new(name: &str, help: &str, labels: &[&str]) -> Counter {
        let options = Opts::new(format!("npcc_feeds_{name}"), help);
        Counter(IntCounterVec::new(options, labels).ok())
    }

    /// Counts.
    pub fn add(&self, labels: &[&str], count: u64) {
        let counter = self.0.as_ref();
        if let Some(Ok(counter)) = counter.map(|one| one.get_metric_with_label_values(labels)) {
            counter.inc_by(count);
        }
    }
}

/// Counts since the process started. A clone is the same.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// Cycles, by source and `ok`, `failing` (something could not be read) or `error` (it ended early).
    pub cycles: Counter,
    /// Requests to newsrooms, by their [`Outcome`].
    pub upstream_requests: Counter,
    /// The bytes of newsrooms' answers, decompressed.
    pub upstream_received: Counter,
    /// What was decided of releases, by source and `new`, `revised`, `merged` or `withdrawn`.
    pub verdicts: Counter,
    /// Answers to clients, by what they asked for and the status.
    pub http_requests: Counter,
    /// The bytes of the bodies of these answers, but for exports.
    pub http_sent: Counter,
    /// Alarms told, `ok` or `failed`.
    pub alarms_sent: Counter,
}

/// What a request to a newsroom came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, or led elsewhere.
    Ok,
    /// 304.
    Unchanged,
    /// 404 or 410.
    Gone,
    /// Any other 4xx.
    Refused,
    /// 5xx.
    ServerError,
    /// No answer came, or none that can be read.
    Failed,
}

impl Outcome {
    const ALL: [Outcome; 6] = [
        Outcome::Ok,
        Outcome::Unchanged,
        Outcome::Gone,
        Outcome::Refused,
        Outcome::ServerError,
        Outcome::Failed,
    ];

    /// That of an answer's status.
    pub fn of(status: http::StatusCode) -> Outcome {
        match status.as_u16() {
            304 => Outcome::Unchanged,
            404 | 410 => Outcome::Gone,
            400..500 => Outcome::Refused,
            500.. => Outcome::ServerError,
            _ => Outcome::Ok,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Unchanged => "unchanged",
            Outcome::Gone => "gone",
            Outcome::Refused => "refused",
            Outcome::ServerError => "server_error",
            Outcome::Failed => "failed",
        }
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            cycles: Counter::new(
                "cycles_total",
                "Cycles by source: ok, failing (something could not be read) or error (ended early).",
                &["source", "outcome"],
            ),
            upstream_requests: Counter::new(
                "upstream_requests_total",
                "Requests to newsrooms: ok, unchanged (304), gone (404, 410), refused (4xx), server_error (5xx) or failed.",
                &["outcome"],
            ),
            upstream_received: Counter::new(
                "upstream_received_bytes_total",
                "Bytes of newsrooms' answers, decompressed.",
                &[],
            ),
            verdicts: Counter::new(
                "verdicts_total",
                "What was decided of releases: new, revised, merged or withdrawn.",
                &["source", "verdict"],
            ),
            http_requests: Counter::new(
                "http_requests_total",
                "Answers to clients by what they asked for (rss, atom, json, page, other) and status.",
                &["kind", "status"],
            ),
            http_sent: Counter::new(
                "http_sent_bytes_total",
                "Bytes of the bodies sent to clients, but for exports.",
                &[],
            ),
            alarms_sent: Counter::new(
                "alarms_sent_total",
                "Alarms and all-clears told to [alarm] command or webhook: ok or failed.",
                &["outcome"],
            ),
        }
    }
}

impl Metrics {
    /// Shows what may be counted of these sources as zero, so that the first of each kind is an increase.
    pub fn begin<'a>(&self, sources: impl Iterator<Item = &'a str>) {
        for outcome in Outcome::ALL {
            self.upstream_requests.add(&[outcome.as_str()], 0);
        }
        for source in sources {
            for outcome in ["ok", "failing", "error"] {
                self.cycles.add(&[source, outcome], 0);
            }
            for verdict in ["new", "revised", "merged", "withdrawn"] {
                self.verdicts.add(&[source, verdict], 0);
            }
        }
        for outcome in ["ok", "failed"] {
            self.alarms_sent.add(&[outcome], 0);
        }
    }

    /// Counts a request to a newsroom.
    pub fn asked(&self, outcome: Outcome) {
        self.upstream_requests.add(&[outcome.as_str()], 1);
    }

    /// All that has counted anything.
    pub fn collect(&self) -> Vec<MetricFamily> {
        let all = [
            &self.cycles,
            &self.upstream_requests,
            &self.upstream_received,
            &self.verdicts,
            &self.http_requests,
            &self.http_sent,
            &self.alarms_sent,
        ];
        let families = all.into_iter().filter_map(|one| one.0.as_ref());
        let families = families.flat_map(Collector::collect);
        families
            .filter(|family| !family.get_metric().is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_counter_counts() {
        let metrics = Metrics::default();
        assert!(metrics.collect().is_empty());
        metrics.cycles.add(&["npcc", "ok"], 1);
        metrics.asked(Outcome::of(http::StatusCode::NOT_MODIFIED));
        metrics.asked(Outcome::Failed);
        metrics.upstream_received.add(&[], 7);
        metrics.verdicts.add(&["npcc", "new"], 2);
        metrics.http_requests.add(&["rss", "200"], 1);
        metrics.http_sent.add(&[], 1);
        metrics.alarms_sent.add(&["ok"], 1);
        assert_eq!(metrics.collect().len(), 7);
        let text = prometheus::TextEncoder::new().encode_to_string(&metrics.collect());
        let text = text.unwrap();
        assert!(text.contains("npcc_feeds_upstream_requests_total{outcome=\"unchanged\"} 1"));
        assert!(text.contains("npcc_feeds_upstream_received_bytes_total 7"));
        metrics.begin(["npcc"].into_iter());
        let text = prometheus::TextEncoder::new().encode_to_string(&metrics.collect());
        let text = text.unwrap();
        for line in [
            "npcc_feeds_cycles_total{outcome=\"ok\",source=\"npcc\"} 1",
            "npcc_feeds_cycles_total{outcome=\"error\",source=\"npcc\"} 0",
            "npcc_feeds_upstream_requests_total{outcome=\"gone\"} 0",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
