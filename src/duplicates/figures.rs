//! The guard against templates: the same text with other figures, another year or another month is another release.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::{Fingerprint, Refusal};
use crate::text::MONTHS;

/// Within so many days, one figure may differ: somebody corrected it.
const CORRECTED_WITHIN: TimeDelta = TimeDelta::days(7);

/// The figures of a text: numbers as written, years and months apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    numbers: BTreeSet<String>,
    years: BTreeSet<String>,
    months: BTreeSet<String>,
}

impl Figures {
    pub(super) fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Figures {
        let mut found = Figures::default();
        for text in texts {
            for word in text.split(|c: char| c.is_whitespace() || "-–—/()".contains(c)) {
                found.add(word);
            }
        }
        found
    }

    fn add(&mut self, word: &str) {
        let trimmed = word.trim_matches(|c: char| !c.is_alphanumeric());
        let lower = trimmed.to_lowercase();
        // "may" is a month only where it is written as a name.
        let is_name = trimmed.starts_with(char::is_uppercase);
        if is_name && MONTHS.contains(&lower.as_str()) {
            self.months.insert(lower);
        } else if is_year(trimmed) {
            self.years.insert(lower);
        } else if trimmed.starts_with(|c: char| c.is_ascii_digit()) {
            self.numbers.insert(lower);
        }
    }
}

fn is_year(word: &str) -> bool {
    word.len() == 4
        && word
            .parse::<u16>()
            .is_ok_and(|year| (1990..2100).contains(&year))
}

/// What tells two texts from one template apart.
pub(super) fn refusal(a: &Fingerprint, b: &Fingerprint) -> Option<Refusal> {
    let (first, second) = (a.figures(), b.figures());
    let apart = (a.published() - b.published()).abs();
    let corrections = usize::from(apart <= CORRECTED_WITHIN);
    [
        (&first.years, &second.years, 0),
        (&first.months, &second.months, 0),
        (&first.numbers, &second.numbers, corrections),
    ]
    .into_iter()
    .find_map(|(first, second, tolerated)| {
        let only = |of: &BTreeSet<String>, other: &BTreeSet<String>| -> Vec<String> {
            of.difference(other).cloned().collect()
        };
        let (only_first, only_second) = (only(first, second), only(second, first));
        (only_first.len().min(only_second.len()) > tolerated).then_some(Refusal {
            only_first,
            only_second,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_years_and_months_are_told_apart() {
        let found = Figures::new(
            ["In May 2024, forces may issue 68,952 (17%) fines on 3rd June."].into_iter(),
        );
        assert_eq!(
            found.numbers.into_iter().collect::<Vec<_>>(),
            ["17", "3rd", "68,952"]
        );
        assert_eq!(found.years.into_iter().collect::<Vec<_>>(), ["2024"]);
        assert_eq!(
            found.months.into_iter().collect::<Vec<_>>(),
            ["june", "may"]
        );
    }
}
