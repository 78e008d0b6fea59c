//! Conditional requests (RFC 9110, 13): `If-None-Match` before `If-Modified-Since`.

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header};

/// Whether the client already has what would be sent.
pub(super) fn is_unchanged(
    headers: &HeaderMap,
    etag: &HeaderValue,
    modified: DateTime<Utc>,
) -> bool {
    let mut tags = headers.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        let strong = |tag: &'_ [u8]| tag.strip_prefix(b"W/").unwrap_or(tag) == strong(etag);
        return tags
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|tag| tag == b"*" || strong(tag));
    }
    headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| httpdate::parse_http_date(value).ok())
        .is_some_and(|since| modified.timestamp() <= DateTime::<Utc>::from(since).timestamp())
}

/// A tag without what makes it weak: they are compared weakly, as a proxy may have weakened them.
fn strong(etag: &HeaderValue) -> &[u8] {
    let etag = etag.as_bytes();
    etag.strip_prefix(b"W/").unwrap_or(etag)
}

/// An IMF-fixdate (RFC 9110, 5.6.7).
pub(super) fn http_date(instant: DateTime<Utc>) -> String {
    instant.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_wins_over_a_date_and_a_proxy_may_weaken_it() {
        let modified: DateTime<Utc> = "2026-07-01T08:09:10Z".parse().unwrap();
        let unchanged = |pairs: &[(header::HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, value.parse().unwrap());
            }
            is_unchanged(&headers, &HeaderValue::from_static("\"a\""), modified)
        };
        let (tag, date) = (header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE);
        for same in ["\"a\"", "W/\"a\"", "*", "\"b\", W/\"a\""] {
            assert!(unchanged(&[(tag.clone(), same)]), "{same}");
        }
        let now = http_date(modified);
        // RFC 9110, 5.6.7: the obsolete forms are read as well.
        for same in [
            "Wednesday, 01-Jul-26 08:09:10 GMT",
            "Wed Jul  1 08:09:10 2026",
        ] {
            assert!(unchanged(&[(date.clone(), same)]), "{same}");
        }
        assert!(unchanged(&[(date.clone(), &now)]));
        assert!(!unchanged(&[(
            date.clone(),
            "Wed, 01 Jul 2026 08:09:09 GMT"
        )]));
        assert!(!unchanged(&[(tag, "\"b\""), (date, &now)]));
        assert!(!unchanged(&[]));
    }
}
