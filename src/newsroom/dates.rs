//! Dates as feeds and pages write them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The first year that is believed. What is older is a clock's zero or a slip.
const FIRST_YEAR: i32 = 1995;

/// An instant as RSS (RFC 822, with two or four digits for the year) or Atom (RFC 3339) write it.
///
/// The weekday is not read, so a wrong one does no harm. `Z`, `GMT`, `UTC` and `UT` are UTC; `BST` is an hour ahead.
/// An unknown zone or an unbelievable year gives `None`.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let read = DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.with_timezone(&Utc))
        .or_else(|| rfc822(text))?;
    (read.year() >= FIRST_YEAR).then_some(read)
}

fn rfc822(text: &str) -> Option<DateTime<Utc>> {
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let mut fields = text.split_whitespace();
    let day: u32 = fields.next()?.parse().ok()?;
    let month = month(fields.next()?)?;
    let year = match fields.next()? {
        year if year.len() == 2 => 2000 + year.parse::<i32>().ok()?,
        year => year.parse().ok()?,
    };
    let time = fields.next()?;
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S")
        .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M"))
        .ok()?;
    let ahead = offset(fields.next().unwrap_or("GMT"))?;
    let local = NaiveDate::from_ymd_opt(year, month, day)?.and_time(time);
    Some(local.checked_sub_signed(ahead)?.and_utc())
}

fn month(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let name = name.to_ascii_lowercase();
    let number = MONTHS.iter().position(|month| name.starts_with(month))? + 1;
    u32::try_from(number).ok()
}

fn offset(zone: &str) -> Option<TimeDelta> {
    match zone {
        "Z" | "GMT" | "UTC" | "UT" => return Some(TimeDelta::zero()),
        "BST" => return Some(TimeDelta::hours(1)),
        _ => {}
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits.get(2..4)?.parse().ok()?;
    (hours < 24 && minutes < 60).then(|| TimeDelta::minutes(sign * (hours * 60 + minutes)))
}

/// A day in the configured format. September's four-letter short form is read as the three-letter one.
pub fn day(text: &str, format: &str) -> Option<NaiveDate> {
    let read = |text: &str| NaiveDate::parse_from_str(text, format).ok();
    read(text)
        .or_else(|| read(&text.replace("Sept ", "Sep ")))
        .filter(|day| day.year() >= FIRST_YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_that_feeds_use() {
        for text in [
            "Thu, 02 Jul 2020 23:01:00 Z",
            "Thu, 02 Jul 2020 23:01:00 GMT",
            "Thu, 2 Jul 20 23:01 UTC",
            "Fri, 03 Jul 2020 00:01:00 BST",
            "Fri, 03 July 2020 00:01:00 +0100",
            "Mon, 02 Jul 2020 18:01:00 -05:00",
            "02 Jul 2020 23:01:00",
            "2020-07-03T00:01:00+01:00",
        ] {
            let read = instant(text).map(|time| time.to_rfc3339());
            assert_eq!(read.as_deref(), Some("2020-07-02T23:01:00+00:00"), "{text}");
        }
    }

    #[test]
    fn nonsense_gives_no_date() {
        for text in [
            "",
            "yesterday",
            "Thu, 32 Jul 2020 23:01:00 Z",
            "Thu, 02 Jul 2020 23:01:00 XYZ",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "99999999999999999999",
            "1 Jan 262143 00:00:00 -2359",
            "\u{1F6A8}, \u{1F6A8} \u{1F6A8} 1 1 \u{e9}",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    #[test]
    fn days_as_the_pages_write_them() {
        let expected = NaiveDate::from_ymd_opt(2026, 9, 25);
        assert_eq!(day("25 Sep 2026", "%d %b %Y"), expected);
        assert_eq!(day("25 Sept 2026", "%d %b %Y"), expected);
        assert_eq!(day("25 September 2026", "%d %B %Y"), expected);
        assert_eq!(day("soon", "%d %b %Y"), None);
    }
}
