//! What it takes to tell copies from look-alikes in an archive of fifteen years, at several sizes: how many are merged
//! wrongly or missed, what judging one draft costs, and how large the index is.
//!
//! `cargo bench --bench archive -- [--check] [SIZE]…`; with `--check` it fails where anything is merged wrongly or too much
//! is missed.

#[path = "simulation/mod.rs"]
mod simulation;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use npcc_feeds::config::{self, Config};
use npcc_feeds::daemon::Ingest;
use npcc_feeds::document::Document;
use npcc_feeds::store::Store;
use npcc_feeds::topics::{Classifier, Taxonomy};
use simulation::arrivals::{Arrived, dated_text, guid};
use simulation::{Archive, Simulated};

/// The same archive each time.
const SEED: u64 = 20_261_125;
/// As many drafts are judged to tell what one costs.
const DRAFTS: usize = 2_000;
/// In larger archives not every release is judged as it arrives, but only the drafts.
const MOST_JUDGED: usize = 40_000;
/// So many of a hundred copies may be missed.
const MOST_MISSED_PERCENT: f64 = 3.0;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut sizes = Vec::new();
    let mut is_check = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--check" => is_check = true,
            // What cargo gives to every benchmark.
            "--bench" => {}
            size => sizes.push(size.replace('_', "").parse()?),
        }
    }
    if sizes.is_empty() {
        sizes.push(4_000);
    }
    println!(
        "{:>9} {:>7} {:>6} {:>6} {:>9} {:>10} {:>10} {:>9} {:>10} {:>9} {:>9} {:>8}",
        "releases",
        "copies",
        "wrong",
        "missed",
        "loaded",
        "draft µs",
        "index ms",
        "compared",
        "index MB",
        "B each",
        "store MB",
        "RSS MB"
    );
    let mut failed = false;
    let mut told = Vec::new();
    for size in sizes {
        let (is_worse, costs) = measured(size).await?;
        failed |= is_worse && is_check;
        told.push((size, costs));
    }
    if let [(small, first), .., (large, last)] = told.as_slice() {
        project(*small as f64, first, *large as f64, last);
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Measures one size; gives whether it is worse than it may be, and what a draft costs.
async fn measured(size: usize) -> Result<(bool, Costs), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("archive.db");
    let store = Store::open(&format!("sqlite:{}", file.display())).await?;
    let config = Document::new("the built-in configuration", config::SHIPPED);
    let classifier = Classifier::new(Taxonomy::shipped()?)?;
    let ingest = Ingest::new(Config::read(&config, &[])?, store, classifier);
    let archive = Archive::new(size, SEED);
    let began = Instant::now();
    // Of the largest archives only what comes at their end is judged.
    let mut arrived = match size {
        0..=MOST_JUDGED => Arrived::all(&ingest, &archive).await?,
        _ => Arrived::unjudged(&ingest, &archive).await?,
    };
    let loaded = began.elapsed();

    let mut costs = judged(&ingest, &archive, &mut arrived).await?;
    let index = index_size(&file).await?;
    costs.bytes = index as f64;
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    println!(
        "{size:>9} {:>7} {:>6} {:>6} {:>8.0}s {:>10.0} {:>10.2} {:>9.1} {:>10.1} {:>9} {:>9.0} {:>8.0}",
        arrived.copies,
        arrived.wrong_merges.len(),
        arrived.missed.len(),
        loaded.as_secs_f64(),
        costs.draft.as_secs_f64() * 1e6,
        costs.index.as_secs_f64() * 1e3,
        costs.compared,
        megabytes(index),
        index / size as u64,
        megabytes(std::fs::metadata(&file)?.len()),
        resident()
    );
    let told = arrived.wrong_merges.iter().chain(&arrived.missed);
    for one in told.take(12) {
        println!("          {one}");
    }
    let mut edits: Vec<_> = arrived.by_edit.iter().collect();
    edits.sort();
    for (edit, (all, missed)) in edits.into_iter().filter(|(_, (_, missed))| *missed > 0) {
        println!("          {missed} of {all} missed with: {edit}");
    }
    ingest.store.close().await;
    let missed = 100.0 * arrived.missed.len() as f64 / arrived.copies.max(1) as f64;
    let is_worse = !arrived.wrong_merges.is_empty() || missed > MOST_MISSED_PERCENT;
    Ok((is_worse, costs))
}

/// What an archive of ten million would cost, if it goes on as it did: a tree that is ten times as large is a level deeper.
fn project(small: f64, first: &Costs, large: f64, last: &Costs) {
    let goal: f64 = 1e7;
    let steps = (goal / large).log10() / (large / small).log10();
    let growth = |from: Duration, to: Duration| (to.as_secs_f64() / from.as_secs_f64()).powf(steps);
    println!(
        "{goal:>9.0} projected: draft {:.0} µs, index {:.2} ms, {:.1} GB",
        last.draft.as_secs_f64() * 1e6 * growth(first.draft, last.draft),
        last.index.as_secs_f64() * 1e3 * growth(first.index, last.index),
        last.bytes / large * goal / 1e9
    );
    println!(
        "a draft costs {:.2} times as much at {large:.0} as at {small:.0}",
        last.draft.as_secs_f64() / first.draft.as_secs_f64()
    );
}

/// What judging a draft costs, as the median.
struct Costs {
    draft: Duration,
    /// Of it, looking the candidates up.
    index: Duration,
    /// How many candidates a draft was compared with, as the mean.
    compared: f64,
    /// The size of the index.
    bytes: f64,
}

async fn judged(
    ingest: &Ingest,
    archive: &Archive,
    arrived: &mut Arrived,
) -> Result<Costs, Box<dyn Error>> {
    let mut drafts = Vec::new();
    let mut index = Vec::new();
    let mut compared = 0;
    let all: Vec<Simulated> = archive.drafts(DRAFTS, SEED);
    for (n, draft) in all.iter().enumerate() {
        let number = archive.len() + n;
        let text = dated_text(draft);
        let began = Instant::now();
        let judged = ingest.judge(guid(number), &text).await?;
        drafts.push(began.elapsed());
        let began = Instant::now();
        let candidates = ingest
            .store
            .candidates(&judged.sketch(), text.published, guid(number))
            .await?;
        index.push(began.elapsed());
        compared += candidates.len();
        arrived.count(
            if draft.edits.is_empty() {
                draft.original
            } else {
                number
            },
            draft,
            &judged.judgement,
        );
    }
    drafts.sort();
    index.sort();
    Ok(Costs {
        draft: drafts[DRAFTS / 2],
        index: index[DRAFTS / 2],
        compared: compared as f64 / DRAFTS as f64,
        bytes: 0.0,
    })
}

async fn index_size(file: &std::path::Path) -> Result<u64, Box<dyn Error>> {
    use sqlx::{AnyConnection, Connection, Row};
    let mut connection = AnyConnection::connect(&format!("sqlite://{}", file.display())).await?;
    let sql =
        "SELECT SUM(pgsize) FROM dbstat WHERE name LIKE 'sketches%' OR name = 'releases_by_number'";
    let row = sqlx::query(sql).fetch_one(&mut connection).await?;
    let size: i64 = row.try_get(0)?;
    connection.close().await?;
    Ok(size.unsigned_abs())
}

/// The memory of this process, in MB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1e3
}
