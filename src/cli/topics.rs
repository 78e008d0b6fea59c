//! `topics`: what releases are sorted into.

use std::fmt::Write as _;

use serde_json::json;

use super::Outcome;
use super::output::{self, Format};
use crate::daemon::Ingest;
use crate::topics::UNCLASSIFIED;

pub(super) async fn run(ingest: &Ingest, format: Format) -> Outcome {
    let counts = ingest.store.topic_counts().await?;
    let topics = ingest.classifier.taxonomy().topics.iter();
    let named = topics
        .map(|topic| (topic.id.as_str(), topic.title.as_str()))
        .chain([(UNCLASSIFIED, "Unclassified")])
        .map(|(id, title)| (id, title, counts.get(id).copied().unwrap_or(0)));
    let public_url = &ingest.config.serve.public_url;
    if format == Format::Json {
        let listed: Vec<_> = named
            .map(|(id, title, releases)| {
                json!({"id": id, "title": title, "releases": releases, "feed": format!("{public_url}/topics/{id}.rss")})
            })
            .collect();
        return output::json(&listed);
    }
    let mut text = String::new();
    for (id, title, releases) in named {
        // Writing to a string never fails.
        let _ = writeln!(text, "{releases:>6}  {id:<40} {title}");
    }
    output::print(&text)
}
