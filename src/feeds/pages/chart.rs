//! A small chart: how many releases there were each month.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Europe::London;

/// The height of the highest bar, and the room of each month, in the chart's own units.
const HEIGHT: usize = 40;
const STEP: usize = 10;

/// How many releases each month had, the oldest month first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Months {
    first: NaiveDate,
    counts: Vec<usize>,
}

/// A bar of the chart.
pub(super) struct Bar {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) height: usize,
    /// What it says, as `May 2026: 3`.
    pub(super) said: String,
}

impl Months {
    /// The last `months` months up to that of `newest`, with how many of `published` each has. They end with a release and
    /// not with today, so that the same releases give the same chart.
    pub fn until(newest: DateTime<Utc>, months: usize, published: &[DateTime<Utc>]) -> Months {
        let last = month(newest);
        let mut counts = vec![0; months];
        for at in published {
            let back = usize::try_from(number(last) - number(month(*at))).ok();
            if let Some(count) = back.and_then(|back| counts.iter_mut().rev().nth(back)) {
                *count += 1;
            }
        }
        let back = chrono::Months::new(u32::try_from(months.saturating_sub(1)).unwrap_or(0));
        Months {
            first: last.checked_sub_months(back).unwrap_or(last),
            counts,
        }
    }

    /// The first instant of which [`Months::until`] has to know.
    pub fn since(newest: DateTime<Utc>, months: usize) -> DateTime<Utc> {
        let days = i64::try_from(31 * (months + 1)).unwrap_or(i64::MAX);
        chrono::TimeDelta::try_days(days).map_or(newest, |back| newest - back)
    }

    pub(super) fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    pub(super) fn width(&self) -> usize {
        self.counts.len() * STEP
    }

    pub(super) fn height(&self) -> usize {
        HEIGHT
    }

    pub(super) fn bars(&self) -> Vec<Bar> {
        let most = self.counts.iter().copied().max().unwrap_or(0).max(1);
        let months = self.counts.iter().enumerate();
        months
            .map(|(at, count)| {
                // A month without releases keeps a line, so that the months can be told.
                let height = (count * HEIGHT).div_ceil(most).max(1);
                Bar {
                    x: at * STEP + 1,
                    y: HEIGHT - height,
                    height,
                    said: format!("{}: {count}", self.name(at)),
                }
            })
            .collect()
    }

    /// The bars as the outline of one shape, where nobody asks for a single one.
    pub(super) fn outline(&self) -> String {
        let bars = self.bars().into_iter();
        bars.map(|bar| format!("M{} {HEIGHT}v-{}h8v{}z", bar.x, bar.height, bar.height))
            .collect()
    }

    /// From when until when it is, as `from June 2024 to May 2026`.
    pub(super) fn span(&self) -> String {
        let last = self.counts.len().saturating_sub(1);
        format!("from {} to {}", self.name(0), self.name(last))
    }

    /// The chart in words, for those who do not see it.
    pub(super) fn said(&self) -> String {
        let counts: Vec<String> = self.counts.iter().map(usize::to_string).collect();
        format!("Releases a month {}: {}", self.span(), counts.join(", "))
    }

    fn name(&self, at: usize) -> String {
        let months = chrono::Months::new(u32::try_from(at).unwrap_or(0));
        let month = self.first.checked_add_months(months).unwrap_or(self.first);
        month.format("%B %Y").to_string()
    }
}

fn month(instant: DateTime<Utc>) -> NaiveDate {
    let day = instant.with_timezone(&London).date_naive();
    day.with_day(1).unwrap_or(day)
}

fn number(month: NaiveDate) -> i64 {
    i64::from(month.year()) * 12 + i64::from(month.month0())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_londons_and_end_with_the_newest_release() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // Half past midnight of 1 July in London.
        let newest = at("2026-06-30T23:30:00Z");
        let published = [
            newest,
            at("2026-07-01T00:00:00Z"),
            at("2025-08-02T00:00:00Z"),
            at("2025-07-02T00:00:00Z"),
        ];
        let months = Months::until(newest, 12, &published);
        assert_eq!(months.counts, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
        assert!(Months::since(newest, 12) < at("2025-08-01T00:00:00Z"));
        assert!(
            months
                .said()
                .starts_with("Releases a month from August 2025 to July 2026: 1, 0,")
        );
        let bars = months.bars();
        assert_eq!(
            (bars[0].height, bars[1].height, bars[11].height),
            (20, 1, 40)
        );
        assert_eq!(bars[11].said, "July 2026: 2");
    }
}
