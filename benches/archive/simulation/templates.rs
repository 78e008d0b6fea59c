//! Templates of releases, and what fills them.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate};
use fastrand::Rng;

use super::words;

const TEXT: &str = include_str!("templates.txt");

/// How often a template is used.
#[derive(Clone, Copy)]
pub enum Rhythm {
    Fortnightly,
    Monthly,
    Quarterly,
    Yearly,
    Any,
}

/// A release with slots.
pub struct Template {
    pub kind: String,
    pub rhythm: Rhythm,
    /// A headline and paragraphs; two of them where results follow the launch.
    halves: Vec<Vec<String>>,
}

/// What fills a template.
#[derive(Clone, Copy)]
pub struct Filling {
    pub day: NaiveDate,
    /// Who speaks, and for which operation: the same for some years.
    pub desk: u64,
    pub series: usize,
    pub seed: u64,
}

/// All templates.
pub fn read() -> Vec<Template> {
    let of_one = |text: &str| {
        let (head, rest) = text.split_once('\n')?;
        let (kind, rhythm) = head.trim().split_once(' ')?;
        let halves = rest.split("\n---\n").map(|half| {
            let lines = half.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.map(str::to_owned).collect()
        });
        Some(Template {
            kind: kind.to_owned(),
            rhythm: match rhythm {
                "fortnightly" => Rhythm::Fortnightly,
                "monthly" => Rhythm::Monthly,
                "quarterly" => Rhythm::Quarterly,
                "yearly" => Rhythm::Yearly,
                _ => Rhythm::Any,
            },
            halves: halves.collect(),
        })
    };
    TEXT.split("\n=== ").skip(1).filter_map(of_one).collect()
}

impl Template {
    /// Whether results follow the launch.
    pub fn is_of_two(&self) -> bool {
        self.halves.len() == 2
    }

    /// The headline and the paragraphs, filled.
    pub fn filled(&self, second: bool, filling: Filling) -> (String, Vec<String>) {
        let mut slots = Slots::new(filling);
        let half = &self.halves[usize::from(second && self.is_of_two())];
        let mut lines = half.iter().map(|line| slots.fill(line));
        let title = lines.next().unwrap_or_default();
        (title, lines.collect())
    }
}

struct Slots {
    fixed: HashMap<&'static str, String>,
    rng: Rng,
}

impl Slots {
    fn new(filling: Filling) -> Slots {
        let mut desk = Rng::with_seed(filling.desk);
        let mut rng = Rng::with_seed(filling.seed);
        let Filling { day, series, .. } = filling;
        let told = |day: NaiveDate| format!("{} {}", day.day(), month(day));
        let fixed = [
            ("person", words::name(&mut desk)),
            ("person2", words::name(&mut desk)),
            ("rank", words::pick(words::RANKS, &mut desk)),
            ("operation", words::operation(&mut desk)),
            ("body", words::pick(words::BODIES, &mut desk)),
            ("force", words::force(series)),
            ("force2", words::force(rng.usize(..43))),
            ("place", words::pick(words::PLACES, &mut rng)),
            ("place2", words::pick(words::PLACES, &mut rng)),
            ("crime", words::pick(words::CRIMES, &mut rng)),
            ("thing", words::pick(words::THINGS, &mut rng)),
            ("report", words::report(&mut rng)),
            ("law", words::pick(words::LAWS, &mut rng)),
            ("day", told(day)),
            ("day2", told(day - Days::new(14))),
            ("month", month(day).to_owned()),
            ("year", day.year().to_string()),
        ];
        Slots {
            fixed: fixed.into(),
            rng,
        }
    }

    fn fill(&mut self, line: &str) -> String {
        let chosen = self.chosen(line);
        let mut out = String::new();
        let mut rest = chosen.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (slot, after) = after.split_once('}').unwrap_or((after, ""));
            out += before;
            match slot {
                "n" => out += &words::figure(&mut self.rng),
                "story" => out += &words::story(&mut self.rng),
                slot => out += self.fixed.get(slot).map_or("", String::as_str),
            }
            rest = after;
        }
        out + rest
    }

    /// One of each set of alternatives.
    fn chosen(&mut self, line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some((before, after)) = rest.split_once('[') {
            let (all, after) = after.split_once(']').unwrap_or((after, ""));
            let all: Vec<&str> = all.split('|').collect();
            out += before;
            out += all[self.rng.usize(..all.len())];
            rest = after;
        }
        out + rest
    }
}

fn month(day: NaiveDate) -> &'static str {
    words::MONTHS[usize::try_from(day.month0()).unwrap_or_default()]
}
