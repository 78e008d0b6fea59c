//! What a cycle did, for people and as JSON.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::store::{Alarm, Trouble};

/// What a cycle did, as `fetch` reports it.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Report {
    /// The source's id.
    pub id: String,
    /// Requests made, robots.txt included.
    pub requests: u64,
    /// Releases stored.
    pub new: u64,
    /// Releases whose text changed or was completed.
    pub revised: u64,
    /// Addresses that became part of a release.
    pub merged: u64,
    /// Releases taken down by the newsroom.
    pub withdrawn: u64,
    /// What could not be read.
    pub failed: Vec<Trouble>,
    /// What a person should know beside that.
    pub alarms: Vec<Alarm>,
    /// From when on the record has no gap; none while that is not known.
    #[serde(serialize_with = "in_utc")]
    pub whole_since: Option<DateTime<Utc>>,
}

impl Report {
    /// What was decided of releases, and how often.
    pub(super) fn verdicts(&self) -> [(&'static str, u64); 4] {
        [
            ("new", self.new),
            ("revised", self.revised),
            ("merged", self.merged),
            ("withdrawn", self.withdrawn),
        ]
    }
}

fn in_utc<S: Serializer>(time: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
    let text = time.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    text.serialize(to)
}

impl fmt::Display for Report {
    /// The counts on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            id,
            requests,
            new,
            revised,
            merged,
            withdrawn,
            failed,
            ..
        } = self;
        let plural = if *requests == 1 { "" } else { "s" };
        let failed = failed.len();
        write!(
            f,
            "{id}: {requests} request{plural}, {new} new, {revised} revised, {merged} merged, {withdrawn} withdrawn, {failed} failed"
        )
    }
}
