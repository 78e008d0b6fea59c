//! When a source is due: cron expressions in a time zone, as croner reads them.
//!
//! croner walks wall-clock time with the zone's own rules, so a 09:00 in London stays 09:00 over both clock changes.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds};
use croner::{Cron, errors::CronError};

/// The clocks of daemons that share a store differ by less.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// Reads a cron expression of five fields: minute, hour, day of month, month, day of week.
///
/// # Errors
/// What croner finds wrong with it.
pub fn parse(expression: &str) -> Result<Cron, CronError> {
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .build()
        .parse(expression)
}

/// Whether an expression has any time at all; one like the 30th of February has none.
pub fn ever_comes(cron: &Cron) -> bool {
    cron.find_next_occurrence(&DateTime::UNIX_EPOCH, true)
        .is_ok()
}

/// The times at which a source is read.
#[derive(Debug, Clone)]
pub struct Schedule {
    crons: Vec<Cron>,
    timezone: Tz,
}

impl Schedule {
    /// A schedule from expressions that the configuration's checks let pass.
    ///
    /// # Errors
    /// What croner finds wrong with one of them.
    pub fn new(expressions: &[String], timezone: Tz) -> Result<Schedule, CronError> {
        let crons = expressions
            .iter()
            .map(|e| parse(e))
            .collect::<Result<_, _>>()?;
        Ok(Schedule { crons, timezone })
    }

    /// An instant in the schedule's time zone.
    pub fn local(&self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.timezone)
    }

    /// The last scheduled time at or before `now`.
    pub fn last(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = self.local(now);
        self.crons
            .iter()
            .filter_map(|cron| cron.find_previous_occurrence(&local, true).ok())
            .max()
            .map(|time| time.with_timezone(&Utc))
    }

    /// The first scheduled time after `now`.
    pub fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = self.local(now);
        self.crons
            .iter()
            .filter_map(|cron| cron.find_next_occurrence(&local, false).ok())
            .min()
            .map(|time| time.with_timezone(&Utc))
    }

    /// Whether a cycle is due: none ran since the last scheduled time.
    pub fn is_due(&self, last_cycle: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        match (last_cycle, self.last(now)) {
            (None, _) => true,
            (Some(_), None) => false,
            // A cycle "in the future" is a clock that was set back: it counts as none.
            (Some(cycle), Some(scheduled)) => cycle < scheduled || cycle > now + CLOCKS_DIFFER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(expressions: &[&str]) -> Schedule {
        let expressions: Vec<String> = expressions.iter().map(|e| (*e).to_owned()).collect();
        Schedule::new(&expressions, chrono_tz::Europe::London).unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn nine_in_london_stays_nine_over_both_clock_changes() {
        let nine = schedule(&["0 9 * * *"]);
        assert_eq!(
            nine.next(utc("2026-03-28T12:00:00Z")),
            Some(utc("2026-03-29T08:00:00Z"))
        );
        assert_eq!(
            nine.next(utc("2026-10-24T12:00:00Z")),
            Some(utc("2026-10-25T09:00:00Z"))
        );
    }

    #[test]
    fn a_cycle_is_due_once_per_scheduled_time() {
        let quarter = schedule(&["*/15 6-22 * * *", "0 23,0-5 * * *"]);
        let now = utc("2026-11-02T10:05:00Z");
        assert!(quarter.is_due(None, now));
        assert!(quarter.is_due(Some(utc("2026-11-02T09:59:00Z")), now));
        assert!(!quarter.is_due(Some(utc("2026-11-02T10:00:01Z")), now));
        assert!(quarter.is_due(Some(utc("2027-01-01T00:00:00Z")), now));
        // Another's clock, which is somewhat ahead.
        assert!(!quarter.is_due(Some(now + TimeDelta::seconds(90)), now));
        assert_eq!(quarter.next(now), Some(utc("2026-11-02T10:15:00Z")));
        assert_eq!(
            quarter.next(utc("2026-11-02T23:10:00Z")),
            Some(utc("2026-11-03T00:00:00Z"))
        );
    }

    #[test]
    fn expressions_of_six_fields_and_nonsense_are_refused() {
        assert!(parse("0 */15 * * * *").is_err());
        assert!(parse("every day").is_err());
        assert!(parse("61 * * * *").is_err());
        assert!(ever_comes(&parse("*/15 6-22 * * MON-FRI").unwrap()));
        assert!(ever_comes(&parse("0 0 29 2 *").unwrap()));
        assert!(!ever_comes(&parse("0 0 30 2 *").unwrap()));
    }
}
