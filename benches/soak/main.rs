//! A year of the daemon's work in minutes, on a simulated clock against a newsroom on real sockets: hundreds of releases, edits,
//! withdrawals, outages and both changes of the clocks. Memory must not grow, and every schedule stays in London's time.
//!
//! `cargo bench --bench soak -- [DAYS]`; it fails where it takes more memory at the end than a tenth above that of the first
//! day, where a cycle comes at another time than the schedule has, or where a release is missing.

#[allow(dead_code, reason = "the example uses the rest of it")]
#[path = "../../examples/newsroom/site/mod.rs"]
mod site;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use chrono::{Datelike, Days, NaiveDate, TimeDelta, Timelike};
use chrono_tz::Europe::London;
use fastrand::Rng;
use npcc_feeds::clock::Clock;
use npcc_feeds::config::Config;
use npcc_feeds::daemon::{By, Ingest};
use npcc_feeds::document::Document;
use npcc_feeds::memory;
use npcc_feeds::schedule::Schedule;
use npcc_feeds::serve::Server;
use npcc_feeds::store::{Selection, Store};
use npcc_feeds::topics::{Classifier, Taxonomy};
use site::{Fault, Item, Newsroom, Site};
use tempfile::TempDir;

/// What was there before the year began, so that all feeds are as long as they get.
const BEFORE: u32 = 1500;
/// What is asked of the server after each cycle.
const ASKED: [&str; 5] = [
    "/all.rss",
    "/topics/roads-policing.atom",
    "/",
    "/search?q=police+officers",
    "/status",
];
/// So many searches are made after each cycle of the first day.
const SEARCHES: u64 = 10;
/// The most that memory may have grown by since the first day.
const GROWTH: f64 = 1.10;

struct Year {
    site: Site,
    clock: Clock,
    ingest: Ingest,
    server: Arc<Server>,
    dice: Rng,
    texts: Vec<Item>,
    published: u32,
    withdrawn: Vec<String>,
    edits: u32,
    _newsroom: Newsroom,
    _folder: TempDir,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let days = std::env::args().skip(1).find_map(|one| one.parse().ok());
    let days: u64 = days.unwrap_or(365);
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default();
    let mut year = Year::new(first).await?;
    let source = year.ingest.config.sources[0].clone();
    let schedule = Schedule::new(&source.schedule, source.timezone())?;
    loop {
        let step = year
            .ingest
            .step_back(&source, None, By::Schedule, std::time::Duration::ZERO);
        if step.await?.done {
            break;
        }
    }
    let began = Instant::now();
    let (mut cycles, mut failing, mut wrong) = (0_u64, 0_u64, Vec::new());
    let (mut of_first_day, mut peak) = (0.0, 0.0_f64);
    for day in 0..days {
        let date = first + Days::new(day);
        year.happens(date);
        let mut of_day = 0;
        while let Some(next) = schedule.next(year.clock.now()) {
            let local = next.with_timezone(&London);
            if local.date_naive() > date {
                break;
            }
            let is_day = (6..=22).contains(&local.hour());
            if local.minute() % 15 != 0 || !(is_day || local.minute() == 0) {
                wrong.push(local.to_string());
            }
            year.clock.turn(next - year.clock.now());
            let report = year.ingest.cycle(&source, By::Schedule).await?;
            failing += u64::from(!report.failed.is_empty());
            year.ingest.put_up(&year.server).await?;
            for path in ASKED {
                let request = http::Request::get(path).body(())?;
                drop(year.server.answer(request).await);
            }
            if day == 0 {
                // Readers fill the cache of what is made for them; that is bounded, and no growth.
                for n in 0..SEARCHES {
                    let path = format!("/search?q=police+w{:x}*", cycles * SEARCHES + n);
                    let request = http::Request::get(path).body(())?;
                    drop(year.server.answer(request).await);
                }
            }
            memory::give_back();
            year.site.clear_asked();
            (cycles, of_day) = (cycles + 1, of_day + 1);
        }
        // In spring an hour of the night is missing, in autumn there is one more, and each has its cycle.
        let expected = 17 * 4 + 7 + hours(date) - 24;
        if of_day != expected {
            wrong.push(format!("{of_day} cycles instead of {expected} on {date}"));
        }
        let resident = resident()?;
        peak = peak.max(resident);
        if day == 0 {
            of_first_day = resident;
        }
        if day == 0 || date.day() == 1 || day + 1 == days {
            println!(
                "{date}: {cycles} cycles, {failing} with failures, {} releases, {resident:.1} MB, {:.0} s",
                BEFORE + year.published,
                began.elapsed().as_secs_f64()
            );
        }
    }
    let now = resident()?;
    let stored = year.ingest.store.record(&Selection::All, 1).await?.total;
    println!(
        "{} releases came, {} edits, {} withdrawals; memory {of_first_day:.1} MB after the first day, {now:.1} MB now, {peak:.1} MB at most",
        year.published,
        year.edits,
        year.withdrawn.len()
    );
    let mut failed = false;
    if now > of_first_day * GROWTH {
        eprintln!("!! memory has grown by more than a tenth");
        failed = true;
    }
    if !wrong.is_empty() {
        eprintln!("!! not by schedule: {wrong:#?}");
        failed = true;
    }
    if stored != (BEFORE + year.published) as usize {
        eprintln!(
            "!! {stored} releases are stored of {}",
            BEFORE + year.published
        );
        failed = true;
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// How many hours a day has in London: 23 or 25 where the clocks are changed.
fn hours(date: NaiveDate) -> i64 {
    let noon = |date: NaiveDate| {
        let noon = date.and_hms_opt(12, 0, 0).unwrap_or_default();
        noon.and_local_timezone(London).earliest()
    };
    let (today, before) = (noon(date), noon(date - Days::new(1)));
    let between = today.zip(before).map(|(today, before)| today - before);
    between.map_or(24, |between| between.num_hours())
}

/// Megabytes of this process, newsroom included.
fn resident() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or("no VmRSS")?.parse::<f64>()? / 1024.0)
}

impl Year {
    async fn new(first: NaiveDate) -> Result<Year, Box<dyn Error>> {
        let texts = site::read_items(include_str!("../../examples/newsroom/releases.jsonl"))?;
        let start = first.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc();
        let clock = Clock::simulated(start - TimeDelta::minutes(1));
        let mut dice = Rng::with_seed(2026);
        let before = (0..BEFORE).map(|n| {
            let date = first - Days::new(u64::from(n / 4) + 1);
            release(&texts, BEFORE - n, date, &mut dice)
        });
        let site = Site::new(before.collect());
        site.set_clock(&clock);
        let newsroom = Newsroom::start(site.clone(), "127.0.0.1:0").await?;
        let base = newsroom.base();
        let config = format!(
            "[fetch]\npause = \"0ms\"\n[[sources]]\nid = \"npcc\"\nfeed = \"{base}/feed/rss\"\nlisting = \"{base}/releases\"\nhosts = [\"127.0.0.1\"]\n"
        );
        let config = Config::read(&Document::new("soak.toml", config), &[])?;
        let folder = tempfile::tempdir()?;
        let store = Store::open(&format!("sqlite:{}/store.db", folder.path().display())).await?;
        let classifier = Classifier::new(Taxonomy::shipped()?)?;
        let ingest = Ingest {
            clock: clock.clone(),
            ..Ingest::new(config, store, classifier)
        };
        Ok(Year {
            server: Arc::new(ingest.server()?),
            site,
            clock,
            ingest,
            dice,
            texts,
            published: 0,
            withdrawn: Vec::new(),
            edits: 0,
            _newsroom: newsroom,
            _folder: folder,
        })
    }

    /// What a day brings: news on weekdays, an edit now and then, seldom a withdrawal, and some days without a newsroom.
    fn happens(&mut self, date: NaiveDate) {
        self.site.clear_faults();
        if date.weekday().num_days_from_monday() < 5 {
            for _ in 0..self.dice.u32(0..=2) {
                self.published += 1;
                let number = BEFORE + self.published;
                let one = release(&self.texts, number, date, &mut self.dice);
                self.site.publish(one);
            }
        }
        let newest = BEFORE + self.published;
        if self.dice.u32(0..5) == 0 {
            self.edits += 1;
            let id = format!("release-{}", newest - self.dice.u32(0..10));
            let edit = self.edits;
            self.site.edit(&id, |item| {
                item.body += &format!("\n\nCorrection {edit}: not so.")
            });
        }
        if self.dice.u32(0..90) == 0 {
            let id = format!("release-{}", newest - self.dice.u32(0..5));
            self.site.withdraw(&id);
            self.withdrawn.push(id);
        }
        match self.dice.u32(0..40) {
            0 => self.site.set_fault("/", Fault::Status(500, None)),
            1 => self.site.set_fault(
                "/feed/rss",
                Fault::Status(503, Some(("retry-after", "7200".to_owned()))),
            ),
            2 => self.site.set_fault("/releases", Fault::Status(502, None)),
            _ => {}
        }
    }
}

/// A release of a day, with words that no other has.
fn release(texts: &[Item], number: u32, date: NaiveDate, dice: &mut Rng) -> Item {
    let of = &texts[number as usize % texts.len()];
    let words: Vec<String> = (0..150).map(|_| format!("w{:x}", dice.u32(..))).collect();
    Item {
        id: format!("release-{number}"),
        title: format!("{} ({number})", of.title),
        date: date.to_string(),
        time: None,
        lead: format!("{} Number {number}.", of.lead),
        body: format!("{} Number {number}.\n\n{}.", of.lead, words.join(" ")),
        path: None,
        guid: None,
    }
}
