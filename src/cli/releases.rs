//! `releases`: what is there, newest first.

use clap::Args;
use serde::Serialize;

use super::output::{self, Format, local, time};
use super::{Outcome, Stop};
use crate::daemon::Ingest;
use crate::release::Item;
use crate::topics::UNCLASSIFIED;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only of this topic; `unclassified` for those of none
    #[arg(long, value_name = "ID")]
    topic: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    #[command(flatten)]
    output: output::Output,
}

/// A release as JSON has it everywhere.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    id: String,
    guid: String,
    url: String,
    title: String,
    published: String,
    updated: String,
    topics: Vec<String>,
    duplicates: Vec<String>,
    status: &'static str,
}

impl Row {
    pub(super) fn new(ingest: &Ingest, item: Item) -> Row {
        let release = item.release;
        let mut topics = item.topics;
        let taxonomy = ingest.classifier.taxonomy();
        topics.sort_by_key(|topic| taxonomy.position(topic));
        Row {
            id: release.guid.id(),
            guid: release.guid.to_string(),
            url: release.url,
            title: release.text.title,
            published: time(release.published),
            updated: time(release.updated),
            topics,
            duplicates: item.duplicates,
            status: release.status.as_str(),
        }
    }
}

pub(super) async fn run(ingest: &Ingest, arguments: &Arguments) -> Outcome {
    if let Some(topic) = &arguments.topic
        && topic != UNCLASSIFIED
        && ingest.classifier.taxonomy().topic(topic).is_none()
    {
        let what = format!("there is no topic \"{topic}\"; `npcc-feeds topics` lists them");
        return Err(Stop::WrongUse(what));
    }
    let most = arguments.limit.map_or(i64::MAX, i64::from);
    let items = ingest
        .store
        .newest(&arguments.topic.as_deref().into(), 0, most)
        .await?;
    if arguments.output.format == Format::Json {
        let rows: Vec<Row> = items
            .into_iter()
            .map(|item| Row::new(ingest, item))
            .collect();
        return output::json(&rows);
    }
    let mut text = String::new();
    for item in items {
        let release = &item.release;
        let published = local(release.published);
        let id = &release.guid.id()[..8];
        text += &format!("{published}  {id}  {}\n", release.text.title);
    }
    output::print(&text)
}
