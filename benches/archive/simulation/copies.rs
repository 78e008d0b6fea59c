//! What happens to a release that is issued again.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use super::{Simulated, words};

type Edit = fn(&mut Simulated, &mut Rng);

/// What editors, systems and the hands between them do to a release.
const EDITS: [(&str, Edit); 19] = [
    ("headline reworded", headline),
    ("headline cut", shorter_headline),
    ("section cut", section_cut),
    ("section added", section_added),
    ("update on top", update),
    ("figure corrected with a note", corrected),
    ("quote removed", quote_removed),
    ("typing error mended", typing_error),
    ("embargo line", embargo),
    ("contact block", contact),
    ("notes to editors", notes),
    ("lead twice", lead_twice),
    ("speaker lines lost", speakers_lost),
    ("paragraphs in another order", reordered),
    ("hard wraps", wrapped),
    ("typographic quotes", quotes),
    ("look-alike letters", look_alikes),
    ("today for a date", today),
    ("date off by days", date_off),
];

/// The release again, with one to three edits.
pub fn again(mut of: Simulated, published: DateTime<Utc>, rng: &mut Rng) -> Simulated {
    of.published = published;
    for _ in 0..rng.usize(1..4) {
        let (name, edit) = EDITS[rng.usize(..EDITS.len())];
        // What is done to words comes before what is done to lines, so that no edit undoes another.
        if !of.edits.contains(&name) && !of.edits.contains(&"hard wraps") {
            edit(&mut of, rng);
            of.edits.push(name);
        }
    }
    of
}

/// How many paragraphs come before the notes to editors, whose place is no news.
fn telling(of: &Simulated) -> usize {
    let notes = of
        .paragraphs
        .iter()
        .position(|one| one == "Notes to editors");
    notes.unwrap_or(of.paragraphs.len()).max(2)
}

fn headline(of: &mut Simulated, rng: &mut Rng) {
    let words = ["Forces: ", "Police chiefs say: ", "Officers tell of it: "];
    of.title.insert_str(0, words[rng.usize(..words.len())]);
}

fn shorter_headline(of: &mut Simulated, _: &mut Rng) {
    let words: Vec<&str> = of.title.split(' ').collect();
    of.title = words[..words.len().div_ceil(2)].join(" ");
}

fn section_cut(of: &mut Simulated, rng: &mut Rng) {
    let told = telling(of);
    let most = told / 4;
    let first = rng.usize(1..told - most);
    of.paragraphs.drain(first..first + most.max(1));
}

fn section_added(of: &mut Simulated, rng: &mut Rng) {
    let story = words::story(rng);
    let at = rng.usize(1..telling(of));
    of.paragraphs.insert(at, story);
}

fn update(of: &mut Simulated, rng: &mut Rng) {
    let figure = words::figure(rng);
    of.paragraphs.insert(
        0,
        format!("UPDATE: by this morning {figure} people had been in touch."),
    );
}

fn corrected(of: &mut Simulated, rng: &mut Rng) {
    let figures = of.paragraphs.iter_mut().filter_map(|one| {
        let word = one.split(' ').find(|word| {
            let digits = word.chars().filter(char::is_ascii_digit).count();
            digits >= 3
                && word.chars().all(|c| c.is_ascii_digit() || c == ',')
                && !word.ends_with(',')
        })?;
        let word = word.to_owned();
        Some((one, word))
    });
    let mut figures: Vec<_> = figures.collect();
    if figures.is_empty() {
        return;
    }
    let (paragraph, figure) = &mut figures.swap_remove(0);
    **paragraph = paragraph.replacen(figure.as_str(), &words::figure(rng), 1);
    of.paragraphs
        .push("Correction: a figure in an earlier version of this release was wrong.".to_owned());
}

fn quote_removed(of: &mut Simulated, _: &mut Rng) {
    let quote = of
        .paragraphs
        .iter()
        .rposition(|one| one.starts_with(['“', '"']));
    if let Some(at) = quote.filter(|_| of.paragraphs.len() > 4) {
        of.paragraphs.remove(at);
    }
}

fn typing_error(of: &mut Simulated, rng: &mut Rng) {
    let at = rng.usize(..of.paragraphs.len());
    let mut words: Vec<String> = of.paragraphs[at].split(' ').map(str::to_owned).collect();
    let long: Vec<usize> = (0..words.len())
        .filter(|n| words[*n].len() > 6 && words[*n].chars().all(|c| c.is_ascii_lowercase()))
        .collect();
    if !long.is_empty() {
        let word = &mut words[long[rng.usize(..long.len())]];
        let mut letters: Vec<char> = word.chars().collect();
        let n = rng.usize(1..letters.len() - 2);
        letters.swap(n, n + 1);
        *word = letters.into_iter().collect();
    }
    of.paragraphs[at] = words.join(" ");
}

fn embargo(of: &mut Simulated, _: &mut Rng) {
    of.paragraphs
        .insert(0, "EMBARGOED until 00:01 on Thursday".to_owned());
}

fn contact(of: &mut Simulated, _: &mut Rng) {
    let lines = [
        "ENDS",
        "Contact",
        "NPCC press office, 020 3276 3803",
        "press.office@example.police.uk",
    ];
    of.paragraphs.extend(lines.map(str::to_owned));
}

fn notes(of: &mut Simulated, rng: &mut Rng) {
    of.paragraphs.push("Notes to editors".to_owned());
    of.paragraphs
        .push(format!("1. The scheme began in {}.", rng.u32(1990..2011)));
}

fn lead_twice(of: &mut Simulated, _: &mut Rng) {
    of.paragraphs.insert(0, of.paragraphs[0].clone());
}

fn speakers_lost(of: &mut Simulated, _: &mut Rng) {
    for one in &mut of.paragraphs {
        if let Some(at) = one.find("said: “") {
            *one = one[at + "said: ".len()..].to_owned();
        }
    }
}

fn reordered(of: &mut Simulated, rng: &mut Rng) {
    let told = telling(of);
    let (one, other) = (rng.usize(1..told), rng.usize(1..told));
    of.paragraphs.swap(one, other);
}

fn wrapped(of: &mut Simulated, _: &mut Rng) {
    let lines = of.paragraphs.iter().flat_map(|one| {
        let words: Vec<&str> = one.split(' ').collect();
        let lines = words.chunks(11).map(|line| line.join(" "));
        lines.collect::<Vec<_>>()
    });
    of.paragraphs = lines.collect();
}

fn quotes(of: &mut Simulated, _: &mut Rng) {
    for one in &mut of.paragraphs {
        *one = one
            .replace(['“', '”'], "\"")
            .replace('’', "'")
            .replace(" of ", "\u{a0}of ");
    }
}

fn look_alikes(of: &mut Simulated, _: &mut Rng) {
    for one in &mut of.paragraphs {
        *one = one.replace('o', "\u{43e}").replace('c', "\u{441}");
    }
}

fn today(of: &mut Simulated, _: &mut Rng) {
    let day = format!(" on {}", of.published.format("%A %-d %B"));
    for one in &mut of.paragraphs {
        *one = one.replacen(" today", &day, 1);
    }
}

fn date_off(of: &mut Simulated, rng: &mut Rng) {
    of.published -= TimeDelta::days(rng.i64(1..4));
}
