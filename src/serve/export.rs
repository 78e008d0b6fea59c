//! The whole record as an answer, sent as it is read from the store.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::time::Instant;

use super::documents::{Accepted, Encoding, text_header};
use super::packed::packed;
use super::responses::{not_yet, plain};
use super::{Body, CACHED, Server, conditional};
use crate::edition::{Export, Records};
use crate::feeds::media;

/// An export that its client does not take by then is cut, so that others have their turn.
const EXPORTED_WITHIN: Duration = Duration::from_secs(600);

impl Server {
    /// The whole record as it is read from the store.
    pub(super) async fn export(&self, format: Export, request: &Request<()>) -> Response<Body> {
        let shelf = self.documents.shelf();
        let Some(shelf) = shelf.as_ref().as_ref() else {
            return not_yet("The feeds are being made.\n");
        };
        let content_type = match format {
            Export::Jsonl => media::JSON_LINES,
            Export::Csv => media::CSV,
        };
        // What is not yet there has no bytes to make a strong validator of.
        let etag = text_header(&format!(
            "W/\"{}-{:016x}\"",
            shelf.as_of.change,
            self.edition.print()
        ));
        let headers = [
            (header::ETAG, etag.clone()),
            (
                header::LAST_MODIFIED,
                text_header(&conditional::http_date(shelf.modified)),
            ),
            (header::CACHE_CONTROL, CACHED),
            (header::VARY, HeaderValue::from_static("Accept-Encoding")),
            (
                header::ACCESS_CONTROL_ALLOW_ORIGIN,
                HeaderValue::from_static("*"),
            ),
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        ];
        if conditional::is_unchanged(request.headers(), &etag, shelf.modified) {
            return plain(StatusCode::NOT_MODIFIED, headers, String::new());
        }
        if request.method() == Method::HEAD {
            return plain(StatusCode::OK, headers, String::new());
        }
        let Ok(place) = self.exporting.clone().try_acquire_owned() else {
            return not_yet("Many are reading the whole record now; try again later.\n");
        };
        let pieces = match self.edition.export(format, Records::None).await {
            // The place is free again when the stream ends.
            Ok(pieces) => cut_in_time(pieces).inspect(move |_| _ = &place),
            Err(error) => {
                tracing::warn!(%error, "an export could not be made");
                return not_yet("This cannot be made now; try again later.\n");
            }
        };
        let is_packed = Accepted::read(request.headers()).gzip;
        let body = if is_packed {
            let frames = packed(pieces).map(|piece| piece.map(Frame::data));
            StreamBody::new(frames).boxed_unsync()
        } else {
            let frames = pieces.map(|piece| piece.map(|bytes| Frame::data(Bytes::from(bytes))));
            StreamBody::new(frames).boxed_unsync()
        };
        let mut response = Response::new(Body::stream(body));
        response.headers_mut().extend(headers);
        let encoding = Encoding::Gzip.header().filter(|_| is_packed);
        let encoding = encoding.map(|encoding| (header::CONTENT_ENCODING, encoding));
        response.headers_mut().extend(encoding);
        response
    }
}

/// The pieces until it has taken too long, and then an error, so that nobody takes the rest for the whole.
fn cut_in_time<E: std::error::Error + Send + Sync + 'static>(
    pieces: impl Stream<Item = Result<Vec<u8>, E>>,
) -> impl Stream<Item = io::Result<Vec<u8>>> {
    let begun = Instant::now();
    pieces.map(move |piece| {
        if begun.elapsed() > EXPORTED_WITHIN {
            return Err(io::ErrorKind::TimedOut.into());
        }
        piece.map_err(io::Error::other)
    })
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::stream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_export_that_is_not_taken_in_time_is_cut() {
        let pieces = (0..3).map(|n| Ok::<_, io::Error>(vec![n]));
        let mut taken = pin!(cut_in_time(stream::iter(pieces)));
        assert_eq!(taken.next().await.unwrap().unwrap(), [0]);
        tokio::time::advance(EXPORTED_WITHIN).await;
        assert_eq!(taken.next().await.unwrap().unwrap(), [1]);
        tokio::time::advance(Duration::from_secs(1)).await;
        let cut = taken.next().await.unwrap().unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::TimedOut);
    }
}
