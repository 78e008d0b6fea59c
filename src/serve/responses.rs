//! Answers that are no documents: short texts, pages made for this moment, and other places.

use std::fmt::Display;

use http::header::{self, HeaderMap, HeaderName};
use http::{HeaderValue, Response, StatusCode};

use super::documents::text_header;
use super::{Body, NOT_CACHED, Server};
use crate::feeds::{Document, media, pages};
use crate::text;

/// Texts from outside are sanitised, and this stands behind that: nothing from elsewhere, and no script but our own.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

impl Server {
    /// The answer for an address of topics of which one is no more: where they are now, or that it is gone for ever.
    pub(super) fn retired(&self, path: &str) -> Option<Response<Body>> {
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let name = path.strip_prefix("/topics/")?;
        let (ids, rest) = name.split_at(name.find(['.', '/']).unwrap_or(name.len()));
        let is_page = rest.is_empty() || rest.starts_with('/');
        if !is_page && ![".rss", ".atom", ".json", ".html"].contains(&rest) {
            return None;
        }
        // The newest page, as numbers and archives are of what it was.
        let rest = if is_page { "" } else { rest };
        let mut now = Vec::new();
        let mut is_retired = false;
        for id in ids.split('+') {
            match self.retired.get(id) {
                Some(None) => {
                    let text = format!("The topic {id} is no more. The feeds are listed at /\n");
                    return Some(plain(StatusCode::GONE, [], text));
                }
                Some(Some(to)) => {
                    is_retired = true;
                    now.push(to.as_str());
                }
                None if self.edition.site().topic(id).is_some() => now.push(id),
                None => return None,
            }
        }
        is_retired.then(|| {
            let topics = self.edition.site().topics.iter();
            let ordered = topics.filter(|topic| now.contains(&topic.id.as_str()));
            let ordered: Vec<&str> = ordered.map(|topic| topic.id.as_str()).collect();
            let path = format!("/topics/{}{rest}", ordered.join("+"));
            self.moved(StatusCode::MOVED_PERMANENTLY, &path)
        })
    }

    pub(super) fn moved(&self, status: StatusCode, path: &str) -> Response<Body> {
        let location = text_header(&format!("{}{path}", self.edition.site().public_url));
        plain(status, [(header::LOCATION, location)], String::new())
    }

    pub(super) fn nothing(&self, path: &str, headers: &HeaderMap) -> Response<Body> {
        if self.documents.shelf().is_none() {
            // A reader that is told of an error now must not take the feed for gone.
            return not_yet("The feeds are being made.\n");
        }
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let said = format!("There is nothing at {}.", text::visible(&path));
        let accepted = headers.get(header::ACCEPT);
        let is_person = accepted.is_some_and(|kinds| kinds.as_bytes().starts_with(b"text/html"));
        if is_person && let Ok(page) = pages::not_found(self.edition.site(), &path, &said) {
            return html(StatusCode::NOT_FOUND, page, NOT_CACHED);
        }
        plain(
            StatusCode::NOT_FOUND,
            [],
            format!("{said} The feeds are listed at /\n"),
        )
    }
}

pub(super) fn plain(
    status: StatusCode,
    headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    text: String,
) -> Response<Body> {
    let mut response = Response::new(text.into_bytes().into());
    *response.status_mut() = status;
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    out.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    for (name, value) in headers {
        out.insert(name, value);
    }
    response
}

pub(super) fn html(status: StatusCode, page: Document, cached: HeaderValue) -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media::HTML)),
        (header::CACHE_CONTROL, cached),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    let mut response = plain(status, headers, String::new());
    *response.body_mut() = page.bytes.into();
    response
}

/// The answer where the program itself fails: why is for the log alone.
pub(super) fn failed(error: &impl Display, path: &str) -> Response<Body> {
    tracing::error!(%error, path, "an answer could not be made");
    let text = "This could not be made; the log of the daemon says why.\n";
    plain(StatusCode::INTERNAL_SERVER_ERROR, [], text.to_owned())
}

pub(super) fn not_yet(text: &str) -> Response<Body> {
    let soon = [(header::RETRY_AFTER, HeaderValue::from_static("5"))];
    plain(StatusCode::SERVICE_UNAVAILABLE, soon, text.to_owned())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn what_fails_within_is_told_to_nobody() {
        let response = failed(&"no such file: /etc/secret", "/health");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.starts_with("This could not be made"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
