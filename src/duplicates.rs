//! Is this draft a release that we have? With the reason, and with what spoke against it.
//!
//! A wrong merge hides news and a wrong split shows it twice, so in doubt both are kept. The published guid and the path
//! are compared where the rows are; this room compares texts.

mod figures;
mod fingerprint;

use std::fmt;

use chrono::TimeDelta;

pub use fingerprint::Fingerprint;

/// Copies are looked for among releases published within so many days of each other: yearly campaigns reuse whole
/// texts, and no release is known to have been issued again later.
pub const WINDOW_DAYS: i64 = 400;
/// As many candidates are compared in full; those that share the most of the sketch come first.
pub const MOST_CANDIDATES: usize = 8;

const JACCARD: f64 = 0.5;
const CONTAINMENT: f64 = 0.8;
/// A short text inside a long one is a quotation rather than a copy, so the shorter must be this part of the longer.
const SIZE_RATIO: f64 = 0.4;
/// Below so many shingles, likeness says little: two answers to two reports can thank in the same words. Only equal texts
/// under equal titles, published within days, are one.
const FEWEST_SHINGLES: usize = 30;
const SHORT_ONES_WITHIN: TimeDelta = TimeDelta::days(7);

/// Why two releases are one.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// The newsroom gives both the same guid.
    UpstreamGuid(String),
    /// The texts are equal but for punctuation, case and layout.
    EqualText,
    /// Most word 3-shingles are the same.
    Shingles {
        /// Shared shingles by all shingles of the two.
        jaccard: f64,
        /// Shared shingles by those of the shorter text.
        containment: f64,
    },
    /// A person has removed this very text.
    Redacted,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::UpstreamGuid(guid) => write!(f, "the newsroom gives both the guid {guid}"),
            Reason::Redacted => f.write_str("it has the text that was removed from this release"),
            Reason::EqualText => f.write_str("the texts are equal but for layout"),
            Reason::Shingles {
                jaccard,
                containment,
            } => write!(
                f,
                "the texts share most runs of three words (Jaccard {jaccard:.2}, containment {containment:.2})"
            ),
        }
    }
}

/// Why two releases that look alike are two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What only the first has: figures, years or months.
    pub only_first: Vec<String>,
    /// What only the second has.
    pub only_second: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the texts are alike, but one says {} where the other says {}",
            self.only_first.join(", "),
            self.only_second.join(", ")
        )
    }
}

/// What the comparison of two releases gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// They are one release.
    One(Reason),
    /// They look like one, but their figures or dates tell two events apart.
    Template(Refusal),
    /// They are two releases.
    Two,
}

/// Compares two releases by their texts.
pub fn compare(a: &Fingerprint, b: &Fingerprint) -> Comparison {
    let Some(reason) = likeness(a, b) else {
        return Comparison::Two;
    };
    match figures::refusal(a, b) {
        Some(refusal) => Comparison::Template(refusal),
        None => Comparison::One(reason),
    }
}

fn likeness(a: &Fingerprint, b: &Fingerprint) -> Option<Reason> {
    let (fewer, more) = {
        let (a, b) = (a.shingles().len(), b.shingles().len());
        (a.min(b), a.max(b))
    };
    if fewer < FEWEST_SHINGLES {
        let apart = (a.published() - b.published()).abs();
        let is_one = fewer > 0
            && a.words() == b.words()
            && a.title() == b.title()
            && apart <= SHORT_ONES_WITHIN;
        return is_one.then_some(Reason::EqualText);
    }
    if a.words() == b.words() {
        return Some(Reason::EqualText);
    }
    let shared = a.shared_shingles(b);
    let jaccard = ratio(shared, fewer + more - shared);
    let containment = ratio(shared, fewer);
    let is_contained = containment >= CONTAINMENT && ratio(fewer, more) >= SIZE_RATIO;
    (jaccard >= JACCARD || is_contained).then_some(Reason::Shingles {
        jaccard,
        containment,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Officers across the country will be out on the roads this week to find drivers who use a \
        mobile phone at the wheel. The week is part of a plan that forces agreed with road safety charities.\n\
        The lead for roads policing said that a moment of inattention can cost a life, and that nobody should have \
        to open the door to an officer who brings the worst of news.\n\
        Drivers who are caught face six penalty points and a fine, and new drivers lose their licence at once.";

    fn print(title: &str, day: &str, text: &str) -> Fingerprint {
        let paragraphs: Vec<String> = text.lines().map(str::to_owned).collect();
        Fingerprint::new(
            title,
            &paragraphs,
            format!("{day}T12:00:00Z").parse().unwrap(),
        )
    }

    #[test]
    fn layout_and_quotes_make_no_other_release() {
        let a = print("Phones", "2026-01-10", TEXT);
        let b = print(
            "Phones at the wheel",
            "2026-01-12",
            &format!(
                "EMBARGOED until 00:01\n{}\nENDS\nPress office",
                TEXT.replace(". ", ".\n")
            ),
        );
        assert_eq!(compare(&a, &b), Comparison::One(Reason::EqualText));
    }

    #[test]
    fn a_section_added_makes_no_other_release() {
        let longer = format!(
            "{TEXT}\nMore advice for parents and schools is to be had from the charity, which has run its helpline for \
             many years with the help of volunteers."
        );
        let comparison = compare(
            &print("A", "2026-01-10", TEXT),
            &print("B", "2026-01-12", &longer),
        );
        assert!(
            matches!(comparison, Comparison::One(Reason::Shingles { .. })),
            "{comparison:?}"
        );
    }

    #[test]
    fn a_template_with_other_figures_is_another_release() {
        let with = |figures: [&str; 2]| {
            format!(
                "{TEXT}\nForces issued {} fines and gave {} warnings in the period.",
                figures[0], figures[1]
            )
        };
        let a = print("Fines", "2026-01-10", &with(["68,952", "1,204"]));
        let b = print("Fines", "2026-01-24", &with(["94,368", "1,411"]));
        let Comparison::Template(refusal) = compare(&a, &b) else {
            panic!("{:?}", compare(&a, &b));
        };
        assert_eq!(refusal.only_first, ["1,204", "68,952"]);
        assert!(refusal.to_string().contains("94,368"), "{refusal}");
    }

    #[test]
    fn a_campaign_of_another_year_or_month_is_another_release() {
        let of = |when: &str, day| {
            print(
                "Week of action",
                day,
                &format!("{TEXT}\nThe week ends in {when}."),
            )
        };
        for (a, b) in [
            (
                of("December 2024", "2024-12-01"),
                of("December 2025", "2025-12-01"),
            ),
            (of("May 2026", "2026-05-01"), of("March 2026", "2026-03-01")),
        ] {
            assert!(matches!(compare(&a, &b), Comparison::Template(_)));
        }
    }

    #[test]
    fn one_corrected_figure_is_no_other_release() {
        let of = |count: &str| {
            print(
                "Week",
                "2026-05-01",
                &format!("{TEXT}\nThere were {count} arrests."),
            )
        };
        assert!(matches!(
            compare(&of("212"), &of("221")),
            Comparison::One(_)
        ));
    }

    #[test]
    fn two_answers_in_the_same_few_words_are_two() {
        let thanks = "We thank the inspectors and will study the report.";
        let a = print("Reply to the first report", "2026-01-01", thanks);
        let same = print("Reply to the first report", "2026-01-03", thanks);
        assert_eq!(compare(&a, &same), Comparison::One(Reason::EqualText));
        for other in [
            print("Reply to the second report", "2026-01-01", thanks),
            print("Reply to the first report", "2026-03-01", thanks),
            print(
                "Reply to the first report",
                "2026-01-01",
                &thanks.replace("study", "read"),
            ),
        ] {
            assert_eq!(compare(&a, &other), Comparison::Two);
        }
        let empty = print("A", "2026-01-01", "");
        assert_eq!(compare(&empty, &empty), Comparison::Two);
    }
}
