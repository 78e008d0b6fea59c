//! A newsroom's archive of fifteen years, made up: campaigns, statistics, replies, blogs and news from templates, and
//! among them copies of what was issued before. The same seed gives the same archive.

pub mod arrivals;
mod copies;
mod templates;
mod words;

use std::sync::LazyLock;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use fastrand::Rng;

use templates::{Filling, Rhythm, Template};

/// One release of the archive, as it arrives.
pub struct Simulated {
    /// The number of the release that it is a copy of; its own where it is new.
    pub original: usize,
    /// What was done to the copy; empty where it is new.
    pub edits: Vec<&'static str>,
    /// The template's kind.
    pub kind: String,
    pub title: String,
    pub paragraphs: Vec<String>,
    pub published: DateTime<Utc>,
}

/// What is to be issued on a day.
#[derive(Clone, Copy)]
struct Event {
    day: u16,
    template: u8,
    /// Whether it is the second half of a template of two.
    is_second: bool,
    /// The newsroom: a larger archive is that of more of them, which share their templates.
    series: u16,
    seed: u32,
    /// The event that it is a copy of.
    copy_of: Option<u32>,
}

/// An archive, of which each release is made when it is asked for.
pub struct Archive {
    events: Vec<Event>,
}

const YEARS: u16 = 15;
const DAYS: u16 = YEARS * 365;
/// One release in so many is issued again.
const COPIED: usize = 16;

static FIRST_DAY: LazyLock<NaiveDate> =
    LazyLock::new(|| NaiveDate::from_ymd_opt(2011, 1, 3).unwrap_or_default());
static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(templates::read);

impl Archive {
    /// An archive of so many releases, copies included.
    pub fn new(releases: usize, seed: u64) -> Archive {
        let mut rng = Rng::with_seed(seed);
        let mut events = Vec::new();
        let mut series = 0;
        // A newsroom issues some thousands in fifteen years; those of more newsrooms make the archive larger.
        while events.len() < releases {
            for template in 0..TEMPLATES.len() {
                plan(template, series, &mut rng, &mut events);
            }
            series += 1;
        }
        rng.shuffle(&mut events);
        events.truncate(releases - releases / COPIED);
        events.sort_by_key(|event| event.day);
        Archive {
            events: with_copies(events, releases, &mut rng),
        }
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Another archive's worth of drafts that may arrive at this one at its end: every second one a copy of a release of
    /// its last year, the others new.
    pub fn drafts(&self, count: usize, seed: u64) -> Vec<Simulated> {
        let mut rng = Rng::with_seed(seed);
        let last = self.events.last().map_or(0, |event| event.day);
        let recent: Vec<usize> = (0..self.len())
            .filter(|n| self.events[*n].copy_of.is_none() && last - self.events[*n].day < 300)
            .collect();
        (0..count)
            .map(|n| {
                let source = recent[rng.usize(..recent.len())];
                let mut event = self.events[source];
                event.seed = rng.u32(..);
                event.day = last + rng.u16(1..20);
                if n % 2 == 0 {
                    event.copy_of = u32::try_from(source).ok();
                }
                self.made(&event, usize::MAX)
            })
            .collect()
    }

    /// The release of a number, in the order in which they arrive.
    pub fn release(&self, number: usize) -> Simulated {
        self.made(&self.events[number], number)
    }

    fn made(&self, event: &Event, number: usize) -> Simulated {
        let Some(original) = event.copy_of else {
            return self.filled(event, number);
        };
        let first = usize::try_from(original).unwrap_or_default();
        let copied = self.filled(&self.events[first], first);
        let mut rng = Rng::with_seed(u64::from(event.seed));
        copies::again(copied, noon(event.day), &mut rng)
    }

    fn filled(&self, event: &Event, number: usize) -> Simulated {
        let template = &TEMPLATES[usize::from(event.template)];
        let day = *FIRST_DAY + Days::new(u64::from(event.day));
        let filling = Filling {
            day,
            // Whoever speaks for a subject does so for some years.
            desk: u64::from(event.series) << 32
                | u64::from(event.template) << 16
                | u64::from(event.day / (4 * 365)),
            series: usize::from(event.series),
            seed: u64::from(event.seed),
        };
        let (title, paragraphs) = template.filled(event.is_second, filling);
        Simulated {
            original: number,
            edits: Vec::new(),
            kind: template.kind.clone(),
            title,
            paragraphs,
            published: noon(event.day),
        }
    }
}

fn noon(day: u16) -> DateTime<Utc> {
    let day = *FIRST_DAY + Days::new(u64::from(day));
    day.and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(12)
}

/// When a newsroom issues what a template is for.
fn plan(template: usize, series: u16, rng: &mut Rng, events: &mut Vec<Event>) {
    let of = &TEMPLATES[template];
    let (every, jitter) = match of.rhythm {
        Rhythm::Fortnightly => (14, 2),
        Rhythm::Monthly => (30, 4),
        Rhythm::Quarterly => (91, 9),
        Rhythm::Yearly => (365, 9),
        Rhythm::Any => (170, 150),
    };
    let mut day = rng.u16(0..every);
    while day < DAYS {
        let event = Event {
            day: (day + rng.u16(0..jitter)).min(DAYS - 1),
            template: u8::try_from(template).unwrap_or_default(),
            is_second: false,
            series,
            seed: rng.u32(..),
            copy_of: None,
        };
        events.push(event);
        if of.is_of_two() {
            events.push(Event {
                day: (event.day + 10).min(DAYS - 1),
                is_second: true,
                // Some of what the results tell is what the launch told.
                ..event
            });
        }
        day += every;
    }
}

/// Lets some of the events come again, days later.
fn with_copies(originals: Vec<Event>, releases: usize, rng: &mut Rng) -> Vec<Event> {
    let mut all: Vec<(Event, usize)> = originals.iter().copied().zip(0..).collect();
    for _ in originals.len()..releases {
        let of = rng.usize(..originals.len());
        let copy = Event {
            day: (originals[of].day + rng.u16(0..20)).min(DAYS),
            seed: rng.u32(..),
            copy_of: Some(0),
            ..originals[of]
        };
        all.push((copy, of));
    }
    // The sort keeps the order of a day, so that no copy comes before its original.
    all.sort_by_key(|(event, _)| event.day);
    let mut place = vec![0; originals.len()];
    for (n, (event, of)) in all.iter().enumerate() {
        if event.copy_of.is_none() {
            place[*of] = u32::try_from(n).unwrap_or_default();
        }
    }
    let events = all.into_iter().map(|(mut event, of)| {
        event.copy_of = event.copy_of.map(|_| place[of]);
        event
    });
    events.collect()
}
