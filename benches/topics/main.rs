//! What sorting a release into topics costs: time for a release of some 600 words beside looking for each phrase by itself,
//! and the memory of the taxonomy made ready.
//!
//! `cargo bench --bench topics`; it fails where a bound does not hold.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use npcc_feeds::text;
use npcc_feeds::topics::evaluation::Labelled;
use npcc_feeds::topics::{Classifier, Taxonomy};

/// Microseconds for a release of [`WORDS`] words on one core.
const MOST_TIME: f64 = 200.0;
/// Bytes of the taxonomy made ready.
const MOST_MEMORY: usize = 20_000_000;
const WORDS: usize = 600;
const RUNS: usize = 200;

/// Counts what is allocated.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is handed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A release of so many words.
struct Release {
    title: String,
    lead: String,
    paragraphs: Vec<String>,
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let taxonomy = Taxonomy::shipped()?;
    let phrases = phrases(&taxonomy);
    let before = ALLOCATED.load(Ordering::Relaxed);
    let started = Instant::now();
    let classifier = Classifier::new(taxonomy)?;
    let made = started.elapsed();
    let memory = ALLOCATED.load(Ordering::Relaxed) - before;
    let releases = releases()?;
    let ours = median(&releases, |release| {
        let given = classifier.classify(&release.title, Some(&release.lead), &release.paragraphs);
        given.tags.len()
    });
    let each = median(&releases, |release| {
        let parts = [&release.title, &release.lead].into_iter();
        let words = parts
            .chain(&release.paragraphs)
            .map(|part| text::normalise(part));
        let words: Vec<String> = words.collect();
        let stands = |phrase: &&String| words.iter().any(|part| part.contains(phrase.as_str()));
        phrases.iter().filter(stands).count()
    });
    println!(
        "{} phrases, {} releases of {WORDS} words, on one core",
        phrases.len(),
        releases.len()
    );
    println!("a release: {ours:.0} \u{b5}s (at most {MOST_TIME} \u{b5}s)");
    println!(
        "each phrase by itself, unweighed: {each:.0} \u{b5}s, {:.1} times as long",
        each / ours
    );
    println!(
        "the taxonomy made ready: {:.1} MB (at most {} MB), in {} ms",
        memory as f64 / 1e6,
        MOST_MEMORY / 1_000_000,
        made.as_millis()
    );
    let holds = ours <= MOST_TIME && memory <= MOST_MEMORY;
    Ok(if holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// All phrases of a taxonomy, as a text is searched for them.
fn phrases(taxonomy: &Taxonomy) -> Vec<String> {
    let topics = taxonomy.topics.iter();
    let all = topics.flat_map(|topic| {
        let classes = [
            &topic.strong,
            &topic.medium,
            &topic.weak,
            &topic.masks,
            &topic.overview,
        ];
        let parts = topic
            .together
            .iter()
            .flat_map(|together| together.split(" + "));
        let single = classes.into_iter().flatten().map(String::as_str);
        single.chain(parts).map(text::normalise).collect::<Vec<_>>()
    });
    all.collect()
}

/// The labelled releases, each filled up with paragraphs of others or cut to the same number of words.
fn releases() -> Result<Vec<Release>, serde_json::Error> {
    let labelled: Vec<Labelled> = include_str!("../../tests/topics/whole.jsonl")
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let bodies: Vec<Vec<String>> = labelled
        .iter()
        .map(|one| {
            text::subject(&text::unwrapped(one.body.as_deref().unwrap_or_default())).to_vec()
        })
        .collect();
    let count = |text: &str| text.split_whitespace().count();
    let releases = labelled.into_iter().enumerate().map(|(n, one)| {
        let title = one.title.unwrap_or_default();
        let lead = one.lead.unwrap_or_default();
        let mut left = WORDS - count(&title) - count(&lead);
        let mut paragraphs = Vec::new();
        for paragraph in bodies.iter().cycle().skip(n).flatten() {
            let words: Vec<&str> = paragraph.split_whitespace().take(left).collect();
            left -= words.len();
            paragraphs.push(words.join(" "));
            if left == 0 {
                break;
            }
        }
        Release {
            title,
            lead,
            paragraphs,
        }
    });
    Ok(releases.collect())
}

/// The median of the mean microseconds that a release takes.
fn median(releases: &[Release], work: impl Fn(&Release) -> usize) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            for release in releases {
                black_box(work(black_box(release)));
            }
            started.elapsed().as_secs_f64() * 1e6 / releases.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}
