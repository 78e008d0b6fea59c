//! A newsroom to try npcc-feeds on, with invented releases: `cargo run --example newsroom`.

#[allow(dead_code, reason = "the tests use all of it")]
mod site;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use site::{Newsroom, Site, read_items};

const RELEASES: &str = include_str!("releases.jsonl");

/// Serves invented releases in the shapes of the real newsroom.
#[derive(Parser)]
struct Arguments {
    /// The address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8612")]
    listen: String,
    /// Releases to serve, one JSON object a line; invented ones if left out
    #[arg(long, value_name = "FILE")]
    releases: Option<PathBuf>,
    /// Hold so many of the newest back
    #[arg(long, value_name = "N", default_value_t = 0)]
    hold: usize,
    /// Publish one of those held back every so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    every: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let lines = match &arguments.releases {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?,
        None => RELEASES.to_owned(),
    };
    let mut items = read_items(&lines).map_err(anyhow::Error::msg)?;
    items.sort_by(|a, b| b.date.cmp(&a.date));
    let shown = items.split_off(arguments.hold.min(items.len()));
    let newsroom = Newsroom::start(Site::new(shown), &arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let base = newsroom.base();
    let host = newsroom.address().ip();
    println!("A newsroom is at {base}/ (Ctrl-C stops it). In another terminal:\n");
    println!(
        "  NPCC_FEEDS_SOURCES__0__FEED={base}/feed/rss NPCC_FEEDS_SOURCES__0__LISTING={base}/releases \\\n  \
         NPCC_FEEDS_SOURCES__0__HOSTS='[\"{host}\"]' NPCC_FEEDS_SOURCES__0__SCHEDULE='[\"* * * * *\"]' \\\n  \
         NPCC_FEEDS_FETCH__PAUSE=100ms NPCC_FEEDS_STORE__URL=sqlite:state/trial.db cargo run --release\n"
    );
    let mut next = tokio::time::interval(Duration::from_secs(arguments.every.max(1)));
    next.tick().await;
    let mut log = tokio::time::interval(Duration::from_millis(100));
    loop {
        tokio::select! {
            _ = next.tick(), if !items.is_empty() => {
                if let Some(item) = items.pop() {
                    println!("published: {}", item.title);
                    newsroom.site.publish(item);
                }
            }
            _ = log.tick() => {
                for asked in newsroom.site.asked() {
                    println!("{} {}", asked.status, asked.path);
                }
                newsroom.site.clear_asked();
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}
