//! What a server's answer comes to: where it leads, whether it is a document, and its body, bounded.

use chrono::{DateTime, Utc};
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::hosts::Turn;
use super::{Answer, Client, Failure, freshness, holding};
use crate::newsroom::Page;
use crate::release::LONGEST_ADDRESS;
use crate::store::{self, Kept, Validators};
use crate::text;

/// A request that was sent and whose answer is not read to its end. Nobody else asks the host until this is dropped.
pub(super) struct InFlight {
    pub(super) host: String,
    pub(super) deadline: Instant,
    pub(super) _turn: Turn,
}

/// What becomes of a body that is longer than it may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beyond {
    /// It is refused.
    Refuse,
    /// So many bytes of it are read, and no more.
    Cut(usize),
}

impl Client<'_> {
    /// What the answer to a request for a document is.
    pub(super) async fn read(
        &self,
        url: &Url,
        response: Response,
        in_flight: InFlight,
        known: &Kept,
    ) -> Result<Answer, Failure> {
        let (status, headers) = (response.status(), response.headers());
        let sent = &known.validators;
        let now = self.clock.now();
        let said = freshness::of(headers, now).map(|fresh| freshness::clamped(fresh, url.as_str()));
        let fresh = known.ttl.max(said);
        let kept = Kept {
            validators: Validators {
                etag: header_of(headers, header::ETAG),
                last_modified: header_of(headers, header::LAST_MODIFIED),
            },
            fresh_until: fresh.map(|fresh| now + fresh),
            ..Kept::default()
        };
        if status == StatusCode::NOT_MODIFIED {
            // Without a validator there is nothing that could have stayed the same.
            if *sent == Validators::default() {
                return Err(Failure::Status(status));
            }
            self.stays(url, kept.fresh_until).await?;
            return Ok(Answer::Unchanged(known.clone()));
        }
        if let Some(failure) = Failure::of_status(status, headers) {
            return Err(failure);
        }
        // Some servers never answer 304, yet say truly that nothing has changed.
        if kept.validators.etag.is_some() && kept.validators.etag == sent.etag {
            self.stays(url, kept.fresh_until).await?;
            return Ok(Answer::Unchanged(known.clone()));
        }
        let content_type = header_of(headers, header::CONTENT_TYPE);
        if let Some(wrong) = content_type.as_deref().filter(|kind| is_no_text(kind)) {
            return Err(Failure::WrongType(text::visible(wrong).into_owned()));
        }
        // What the client undoes is no longer named here.
        if let Some(encoding) = header_of(headers, header::CONTENT_ENCODING)
            && !encoding.eq_ignore_ascii_case("identity")
        {
            let encoding = text::visible(&encoding);
            let told = format!("it is encoded as {encoding}, which was not asked for");
            return Err(Failure::Broken(told));
        }
        let bytes = self.body(response, in_flight, Beyond::Refuse).await?;
        let page = Page {
            url: url.clone(),
            content_type,
            bytes,
        };
        Ok(Answer::Changed(page, kept))
    }

    /// What was stored before stays as it is, for as long as the server says now.
    async fn stays(&self, url: &Url, until: Option<DateTime<Utc>>) -> Result<(), Failure> {
        Ok(self
            .store
            .keep_fresh(&self.source.id, url.as_str(), until)
            .await?)
    }

    /// The body, decompressed, as it streams in: a small bomb must not fill the memory.
    pub(super) async fn body(
        &self,
        mut response: Response,
        in_flight: InFlight,
        beyond: Beyond,
    ) -> Result<Vec<u8>, Failure> {
        let reading = async {
            let mut bytes = Vec::new();
            while let Some(chunk) = response
                .chunk()
                .await
                .map_err(|error| Failure::of(&error, self.timeout))?
            {
                bytes.extend_from_slice(&chunk);
                match beyond {
                    Beyond::Refuse if bytes.len() as u64 > self.max_body => {
                        return Err(Failure::TooLarge(self.max_body));
                    }
                    Beyond::Cut(most) if bytes.len() >= most => {
                        bytes.truncate(most);
                        break;
                    }
                    _ => {}
                }
            }
            Ok(bytes)
        };
        let reading = tokio::time::timeout_at(in_flight.deadline, reading);
        let read = holding(self.lease, self.clock, reading).await?;
        self.store.asked(&in_flight.host, self.clock.now()).await?;
        if let Ok(Ok(bytes)) = &read {
            self.metrics.upstream_received.add(&[], bytes.len() as u64);
        }
        read.map_err(|_| Failure::Timeout(self.timeout))?
    }
}

fn header_of(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).map(store::header_text)
}

/// Whether a media type is surely neither feed nor page. Feeds come as `text/html` and `application/octet-stream` too,
/// so what may be text is looked at.
fn is_no_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let is_picture = kind.starts_with("image/") && !kind.ends_with("+xml");
    is_picture
        || ["audio/", "video/", "font/", "model/"]
            .iter()
            .any(|main| kind.starts_with(main))
        || matches!(
            kind.as_str(),
            "application/pdf" | "application/zip" | "application/gzip" | "application/json"
        )
}

pub(super) fn redirect_of(response: &Response, from: &Url) -> Result<Option<Url>, Failure> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION);
    let mut target = location
        .and_then(|value| value.to_str().ok())
        .and_then(|value| from.join(value).ok())
        .ok_or_else(|| Failure::BadRedirect(format!("{location:?}")))?;
    if from.scheme() == "https" && target.scheme() != "https" {
        return Err(Failure::BadRedirect(format!(
            "{target}, from https to {}",
            target.scheme()
        )));
    }
    // Nobody's name and password are carried along. Only an address without a host could refuse, and it is refused next.
    let _ = target.set_username("");
    let _ = target.set_password(None);
    target.set_fragment(None);
    let length = target.as_str().len();
    if length > LONGEST_ADDRESS {
        return Err(Failure::BadRedirect(format!(
            "an address of {length} bytes"
        )));
    }
    Ok(Some(target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_no_text_is_refused() {
        for kind in [
            "image/png",
            "video/mp4",
            "application/pdf",
            "Application/PDF; x=y",
            "application/json",
        ] {
            assert!(is_no_text(kind), "{kind}");
        }
        for kind in [
            "text/html",
            "application/rss+xml; charset=utf-8",
            "application/octet-stream",
            "image/svg+xml",
            "",
            "junk",
        ] {
            assert!(!is_no_text(kind), "{kind}");
        }
    }

    #[test]
    fn a_redirect_from_https_to_http_is_not_followed() {
        let redirected = |from: &str, to: &str| {
            let answer = http::Response::builder()
                .status(302)
                .header("location", to)
                .body("")
                .unwrap();
            redirect_of(&answer.into(), &Url::parse(from).unwrap())
        };
        let secure = "https://news.example/feed";
        let told = redirected(secure, "http://news.example/feed").unwrap_err();
        assert_eq!(
            told.to_string(),
            "redirected to http://news.example/feed, from https to http, which is not followed"
        );
        assert!(redirected(secure, "file:///etc/passwd").is_err());
        let followed = redirected(secure, "//user:secret@news.example/rss#top").unwrap();
        assert_eq!(followed.unwrap().as_str(), "https://news.example/rss");
        assert!(redirected("http://news.example/feed", secure).is_ok());
        let long = redirected(secure, &"/a".repeat(LONGEST_ADDRESS)).unwrap_err();
        assert_eq!(
            long.to_string(),
            "redirected to an address of 4116 bytes, which is not followed"
        );
    }
}
