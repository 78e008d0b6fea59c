//! Whether a newsroom has been silent for far longer than is usual for it.

use chrono::{DateTime, TimeDelta, Utc};

/// So many intervals have to be known before anything is usual.
const ENOUGH: usize = 20;
/// A silence that passes for a quiet week anywhere.
const QUIET: TimeDelta = TimeDelta::days(7);

/// How long the newsroom has been silent and what is usual, when that is far longer than usual: thrice what nineteen of
/// twenty intervals between its releases stay below. `published` is newest first.
pub(super) fn of(
    published: &[DateTime<Utc>],
    now: DateTime<Utc>,
) -> Option<(TimeDelta, TimeDelta)> {
    let newest = published.first()?;
    let mut intervals: Vec<TimeDelta> = published
        .windows(2)
        .map(|pair| pair[0] - pair[1])
        // Releases of one moment say nothing on how often one comes.
        .filter(|interval| *interval > TimeDelta::zero())
        .collect();
    if intervals.len() < ENOUGH {
        return None;
    }
    intervals.sort();
    let usual = *intervals.get(intervals.len() * 19 / 20)?;
    let silent = now - *newest;
    (silent > (usual * 3).max(QUIET)).then_some((silent, usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_judged_by_what_is_usual() {
        let start: DateTime<Utc> = "2026-01-01T12:00:00Z".parse().unwrap();
        let every = |days: i64, count: i64| -> Vec<_> {
            let days = (0..count).map(|n| start - TimeDelta::days(n * days));
            days.collect()
        };
        let after = |published: &[DateTime<Utc>], days| {
            of(published, start + TimeDelta::days(days)).is_some()
        };
        assert!(!after(&every(1, 60), 7));
        assert!(after(&every(1, 60), 8));
        // A newsroom that is rarely heard is no alarm.
        assert!(!after(&every(10, 60), 30));
        assert!(after(&every(10, 60), 31));
        assert!(!after(&every(1, 20), 300), "too few to know");
        assert!(!after(&[], 300));
        assert!(!after(&vec![start; 60], 300));
    }

    #[test]
    fn christmas_is_no_alarm() {
        let start: DateTime<Utc> = "2026-01-05T12:00:00Z".parse().unwrap();
        let mut published = Vec::new();
        for day in 0..200 {
            let date = start - TimeDelta::days(day);
            let weekday = chrono::Datelike::weekday(&date).num_days_from_monday();
            if weekday < 5 {
                published.push(date);
            }
        }
        let christmas = &published[..];
        assert_eq!(of(christmas, start + TimeDelta::days(9)), None);
        assert!(of(christmas, start + TimeDelta::days(12)).is_some());
    }
}
