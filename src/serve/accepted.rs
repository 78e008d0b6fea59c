//! `Accept-Encoding` (RFC 9110, 12.5.3): a weight of nought refuses.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

use super::documents::Accepted;

impl Accepted {
    /// What a request says.
    pub(super) fn read(headers: &HeaderMap) -> Accepted {
        let codings = headers.get_all(ACCEPT_ENCODING).iter();
        let named = codings
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                let name = parts.next().unwrap_or_default();
                let weight =
                    parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
                (name, weight.and_then(|q| q.parse().ok()).unwrap_or(1.0_f32))
            });
        let (mut gzip, mut brotli, mut any) = (None, None, None);
        for (name, weight) in named {
            if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                gzip = Some(weight);
            } else if name.eq_ignore_ascii_case("br") {
                brotli = Some(weight);
            } else if name == "*" {
                any = Some(weight);
            }
        }
        let gzip = gzip.or(any).unwrap_or(0.0);
        // A star stands for what a client need not know; brotli is only sent to those who name it.
        let brotli = brotli.unwrap_or(0.0);
        Accepted {
            gzip: gzip > 0.0,
            brotli: brotli > 0.0 && brotli >= gzip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_form_is_sent_to_those_who_take_it() {
        for (accepted, gzip, brotli) in [
            ("gzip, br", true, true),
            ("gzip;q=1.0, br;q=0.5", true, false),
            ("*", true, false),
            ("gzip;q=0, *", false, false),
            ("br", false, true),
            ("GZIP ; q=0.3", true, false),
            ("identity", false, false),
            ("", false, false),
            ("br;q=x, gzip;q=0.0", false, true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(
                Accepted::read(&headers),
                Accepted { gzip, brotli },
                "{accepted}"
            );
        }
    }
}
