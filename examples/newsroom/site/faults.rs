//! The ways in which servers fail.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio_util::bytes::BytesMut;

/// A way to fail.
#[derive(Debug, Clone)]
pub enum Fault {
    /// An error, perhaps with a header, as in `retry-after`.
    Status(u16, Option<(&'static str, String)>),
    /// Silence.
    Hang,
    /// The answer, late.
    Delay(Duration),
    /// A body that promises more than it holds.
    CutShort,
    /// A body that comes drop by drop and never ends.
    Drip,
    /// The way to another address.
    Redirect(u16, String),
    /// Nothing, politely.
    Empty,
    /// A page that wants to see a browser.
    Challenge,
    /// The answer, with a header of this name.
    Labelled(&'static str, String),
}

pub(super) async fn answer(fault: &Fault, plain: impl FnOnce() -> Response) -> Response {
    match fault {
        Fault::Status(status, extra) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = (status, "failing\n").into_response();
            if let Some((name, value)) = extra {
                label(&mut response, name, value);
            }
            response
        }
        Fault::Labelled(name, value) => {
            let mut response = plain();
            label(&mut response, name, value);
            response
        }
        Fault::Hang => std::future::pending().await,
        Fault::Delay(wait) => {
            tokio::time::sleep(*wait).await;
            plain()
        }
        Fault::CutShort => {
            let half = Bytes::from(BytesMut::from(&b"<html><body>half"[..]));
            let mut response = Body::from(half).into_response();
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, 100_000.into());
            response
        }
        Fault::Drip => {
            let drops = futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some((Ok::<_, Infallible>(Bytes::from_static(b"<p>")), ()))
            });
            Body::from_stream(drops).into_response()
        }
        Fault::Redirect(status, to) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::FOUND);
            (status, [(header::LOCATION, to.clone())]).into_response()
        }
        Fault::Empty => StatusCode::OK.into_response(),
        Fault::Challenge => (
            StatusCode::ACCEPTED,
            [("x-amzn-waf-action", "challenge")],
            "<html><body><script>challenge()</script></body></html>",
        )
            .into_response(),
    }
}

fn label(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}
