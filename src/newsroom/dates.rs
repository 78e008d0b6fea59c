//! Dates as feeds and pages write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::release::{Published, london_day};
use crate::text::MONTHS;

/// The first year that is believed. What is older is a clock's zero or a slip.
const FIRST_YEAR: i32 = 1995;
/// The last year that calendars can be asked about in every zone.
const LAST_YEAR: i32 = 9999;

/// An instant as RSS (RFC 822, with two or four digits for the year) or Atom (RFC 3339) write it, or nearly so.
///
/// The weekday is not read, so a wrong one does no harm. `Z`, `GMT`, `UTC` and `UT` are UTC; `BST` is an hour ahead. A
/// missing zone is UTC; a day without a time, as Dublin Core allows, is its noon in London. An unknown zone or an
/// unbelievable year gives `None`.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let read = rfc3339(text)
        .or_else(|| rfc822(text))
        .or_else(|| Some(Published::On(iso_day(text)?).date(DateTime::<Utc>::MAX_UTC)))?;
    is_believable(read.year()).then_some(read)
}

/// A day in the configured format, or else as pages write days: "Friday 25th September 2026", "25/09/2026" in British
/// order, "2026-09-25", or an instant, which gives its day in London. September's four-letter short form is read as the
/// three-letter one.
pub fn day(text: &str, format: &str) -> Option<NaiveDate> {
    let read = |text: &str| NaiveDate::parse_from_str(text, format).ok();
    read(text)
        .or_else(|| read(&text.replace("Sept ", "Sep ")))
        .or_else(|| {
            rfc3339(text)
                .filter(|at| is_believable(at.year()))
                .map(london_day)
        })
        .or_else(|| iso_day(text))
        .or_else(|| day_in_figures(text))
        .or_else(|| day_in_words(text))
        .filter(|day| is_believable(day.year()))
}

fn is_believable(year: i32) -> bool {
    (FIRST_YEAR..=LAST_YEAR).contains(&year)
}

fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.with_timezone(&Utc))
}

/// "2026-09-25", whatever time without a zone may stand behind it.
fn iso_day(text: &str) -> Option<NaiveDate> {
    let (day, rest) = text.split_at_checked(10)?;
    let ends = rest.is_empty() || rest.starts_with(['T', 't', ' ']);
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok();
    day.filter(|_| ends)
}

fn day_in_figures(text: &str) -> Option<NaiveDate> {
    let day = text.split_whitespace().next()?;
    let mut parts = day.split(['/', '.', '-']);
    let mut next = || parts.next()?.parse().ok();
    let (day, month, year): (u32, u32, u32) = (next()?, next()?, next()?);
    NaiveDate::from_ymd_opt(year_of(&year.to_string())?, month, day)
}

/// The first day, month and year, or month, day and year, that stand side by side.
fn day_in_words(text: &str) -> Option<NaiveDate> {
    // Dates are short; what is long is something else.
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .take(20)
        .collect();
    words.windows(3).find_map(date)
}

/// "25 Sep 2026", "25th September 2026" or "September 25 2026".
fn date(words: &[&str]) -> Option<NaiveDate> {
    let [first, second, year] = words else {
        return None;
    };
    let (day, month) = match month(second) {
        Some(month) => (first, month),
        None => (second, self::month(first)?),
    };
    let day = ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| day.strip_suffix(ending))
        .unwrap_or(day);
    NaiveDate::from_ymd_opt(year_of(year)?, month, figures(day, 2)?)
}

fn rfc822(text: &str) -> Option<DateTime<Utc>> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .take(8)
        .collect();
    // A weekday may stand in front.
    let (date, rest) = [0, 1].iter().find_map(|from| {
        let words = words.get(*from..)?;
        Some((date(words.get(..3)?)?, words.get(3..)?))
    })?;
    let (time, zone) = rest.split_first()?;
    let (time, days) = time_of_day(time)?;
    let ahead = match zone.first() {
        Some(zone) if !zone.starts_with('(') => offset(zone)?,
        _ => TimeDelta::zero(),
    };
    let local = (date + TimeDelta::days(days)).and_time(time);
    Some(local.checked_sub_signed(ahead)?.and_utc())
}

/// The time, and how many days later it is: "24:00" is the next day's beginning.
fn time_of_day(text: &str) -> Option<(NaiveTime, i64)> {
    let (clock, _fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let hour = figures(parts.next()?, 2)?;
    let minute = figures(parts.next()?, 2)?;
    let second = parts.next().map_or(Some(0), |second| figures(second, 2))?;
    if parts.next().is_some() {
        return None;
    }
    if (hour, minute, second) == (24, 0, 0) {
        return Some((NaiveTime::MIN, 1));
    }
    // A leap second is the second before it.
    Some((
        NaiveTime::from_hms_opt(hour, minute, if second == 60 { 59 } else { second })?,
        0,
    ))
}

fn year_of(text: &str) -> Option<i32> {
    let year = i32::try_from(figures(text, 4)?).ok()?;
    match text.len() {
        2 => Some(2000 + year),
        4 => Some(year),
        _ => None,
    }
}

fn figures(text: &str, most: usize) -> Option<u32> {
    let is_number =
        !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// The month of a name: the whole one, or a beginning of at least three letters.
fn month(name: &str) -> Option<u32> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_it = |month: &&'static str| name.len() >= 3 && month.starts_with(&name);
    let number = MONTHS.iter().position(is_it)? + 1;
    u32::try_from(number).ok()
}

fn offset(zone: &str) -> Option<TimeDelta> {
    let zone = zone.to_ascii_uppercase();
    let hours = match zone.as_str() {
        "Z" | "GMT" | "UTC" | "UT" | "WET" => 0,
        "BST" | "CET" | "WEST" => 1,
        "CEST" => 2,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return offset_in_figures(&zone),
    };
    Some(TimeDelta::hours(hours))
}

/// "+0100", "+01:00", "+01" or "GMT+1".
fn offset_in_figures(zone: &str) -> Option<TimeDelta> {
    let zone = ["GMT", "UTC"]
        .iter()
        .find_map(|name| zone.strip_prefix(name))
        .unwrap_or(zone);
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (hours, minutes) = (figures(hours, 2)?, figures(minutes, 2)?);
    let ahead = i64::from(hours * 60 + minutes);
    (hours < 24 && minutes < 60).then(|| TimeDelta::minutes(sign * ahead))
}

#[cfg(test)]
mod tests;
