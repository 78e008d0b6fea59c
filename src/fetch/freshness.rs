//! How long an answer stays fresh, by its publisher's word: it is not asked for again before (RFC 9111, 4.2).

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{self, HeaderMap};

use crate::store::LONGEST_FRESH;

/// How long an answer says that it is fresh: `max-age` less `Age`, else `Expires` less `Date`. Nothing where it says
/// that it is not to be kept, and never less than nothing.
pub(super) fn of(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let directives: Vec<String> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect();
    let is_one_of = |names: [&str; 2]| directives.iter().any(|one| names.contains(&one.as_str()));
    if is_one_of(["no-cache", "no-store"]) {
        return None;
    }
    let max_age = directives
        .iter()
        .find_map(|directive| directive.strip_prefix("max-age="))
        .and_then(|value| seconds(value.trim_matches('"')));
    if let Some(max_age) = max_age {
        let age = text(headers, header::AGE)
            .and_then(seconds)
            .unwrap_or_default();
        return Some((max_age - age).max(TimeDelta::zero()));
    }
    // An `Expires` that is no date, as in `0`, is in the past.
    let expires = date(headers, header::EXPIRES)?;
    // The server's own clock counts: it may differ from ours.
    let date = date(headers, header::DATE).unwrap_or(now);
    Some((expires - date).max(TimeDelta::zero()))
}

/// Cuts what is absurd, and says so.
pub(super) fn clamped(fresh: TimeDelta, url: &str) -> TimeDelta {
    if fresh > LONGEST_FRESH {
        tracing::info!(
            url,
            asked = %humantime::format_duration(fresh.to_std().unwrap_or_default()),
            "the answer says that it stays fresh for very long; it is asked for again after {} hours",
            LONGEST_FRESH.num_hours()
        );
    }
    fresh.min(LONGEST_FRESH)
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn date(headers: &HeaderMap, name: header::HeaderName) -> Option<DateTime<Utc>> {
    let time = httpdate::parse_http_date(text(headers, name)?.trim()).ok()?;
    Some(DateTime::from(time))
}

/// Delta-seconds (RFC 9111, 1.2.2): what does not fit is a very long time.
pub(super) fn seconds(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The RFC lets 2^31 stand for whatever is beyond it.
    let seconds = text.parse().unwrap_or(i64::MAX).min(1 << 31);
    Some(TimeDelta::seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_publisher_says_on_freshness() {
        let now: DateTime<Utc> = "2026-11-25T09:00:00Z".parse().unwrap();
        for (lines, expected) in [
            (&["cache-control: max-age=300"][..], Some(300)),
            (
                &["cache-control: public, Max-Age=\"300\"", "age: 100"],
                Some(200),
            ),
            (&["cache-control: max-age=300", "age: 900"], Some(0)),
            (
                &["cache-control: public", "cache-control: max-age=60"],
                Some(60),
            ),
            (&["cache-control: no-cache, max-age=300"], None),
            (&["cache-control: no-store"], None),
            (&["cache-control: private"], None),
            (&["cache-control: max-age=-5"], None),
            (
                &["cache-control: max-age=99999999999999999999"],
                Some(1 << 31),
            ),
            (&["expires: Wed, 25 Nov 2026 09:10:00 GMT"], Some(600)),
            (
                &[
                    "expires: Wed, 25 Nov 2026 08:10:00 GMT",
                    "date: Wed, 25 Nov 2026 08:00:00 GMT",
                ],
                Some(600),
            ),
            (
                &[
                    "cache-control: max-age=60",
                    "expires: Wed, 25 Nov 2026 09:10:00 GMT",
                ],
                Some(60),
            ),
            (&["expires: Wed, 25 Nov 2020 09:10:00 GMT"], Some(0)),
            (&["expires: 0"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                let (name, value) = line.split_once(": ").unwrap();
                let name: header::HeaderName = name.parse().unwrap();
                headers.append(name, value.parse().unwrap());
            }
            let fresh = of(&headers, now).map(|fresh| fresh.num_seconds());
            assert_eq!(fresh, expected, "{lines:?}");
        }
    }

    #[test]
    fn an_absurd_freshness_is_cut() {
        assert_eq!(clamped(TimeDelta::days(365), "u"), LONGEST_FRESH);
        assert_eq!(clamped(TimeDelta::minutes(5), "u"), TimeDelta::minutes(5));
    }
}
