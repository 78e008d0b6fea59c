//! What is the same in all documents, by the configuration.

use crate::config::{Config, Source};
use crate::feeds::{Publisher, Site, Topic};
use crate::schedule::Schedule;
use crate::topics::Classifier;

pub(super) fn site(config: &Config, classifier: &Classifier) -> Site {
    let hub = &config.publish.hub;
    Site {
        public_url: config.serve.public_url.clone(),
        content: config.publish.content,
        ttl: config
            .sources
            .iter()
            .filter_map(cadence)
            .min()
            .unwrap_or(60),
        hub: (!hub.is_empty()).then(|| hub.clone()),
        publishers: config.sources.iter().map(publisher).collect(),
        topics: Topic::all(classifier.taxonomy()),
    }
}

fn publisher(source: &Source) -> Publisher {
    let own = source.feed.iter().chain(&source.listing).next();
    let url = own.cloned().unwrap_or_default();
    let home = url::Url::parse(&url).and_then(|url| url.join("/"));
    Publisher {
        id: source.id.clone(),
        title: source.title.clone(),
        home: home.map_or_else(|_| url.clone(), String::from),
        url,
    }
}

/// Minutes between two cycles at noon of one fixed Monday: a feed's bytes must not depend on when it is made.
fn cadence(source: &Source) -> Option<u64> {
    let noon = chrono::DateTime::from_timestamp(1_767_614_400, 0)?;
    let schedule = Schedule::new(&source.schedule, source.timezone()).ok()?;
    let first = schedule.next(noon)?;
    let minutes = (schedule.next(first)? - first).num_minutes();
    u64::try_from(minutes).ok()
}
