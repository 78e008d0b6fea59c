//! HTTP: the documents from memory, with validators and compression, and two addresses for whoever watches the daemon.

mod conditional;
mod documents;
mod health;
mod listener;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use percent_encoding::percent_decode_str;

pub use documents::{Documents, Served};
pub use health::{Health, Watched};
pub use listener::serve;

use crate::store::Store;

/// Readers may keep a document so many seconds before they ask again: long enough to spare a busy server, short enough
/// for news.
const MAX_AGE: &str = "public, max-age=60";

/// What answers requests.
#[derive(Debug)]
pub struct Server {
    /// The documents, exchanged as a whole when something changes.
    pub documents: Documents,
    /// The store that health is read from.
    pub store: Store,
    /// The sources and their schedules.
    pub watched: Vec<Watched>,
    /// Topics that are no more, each with the address of the one in its place, if there is one.
    pub retired: HashMap<String, Option<String>>,
    /// What the store failed at in the last cycle: it could not be written down there.
    pub store_trouble: ArcSwapOption<String>,
}

/// The routes of a server.
pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/live", get(|| async { "live\n" }))
        .route("/health", get(health))
        .fallback(document)
        .with_state(server)
}

async fn health(State(server): State<Arc<Server>>) -> Response {
    let health = health::read(&server, chrono::Utc::now()).await;
    let status = if health.is_well() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    match serde_json::to_string_pretty(&health) {
        Ok(json) => (status, headers, json + "\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn document(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = percent_decode_str(uri.path()).decode_utf8_lossy();
    let Some(served) = server.documents.get(&path) else {
        if let Some(response) = retired(&server, &path) {
            return response;
        }
        return if server.documents.are_there() {
            let text = format!("There is nothing at {path}. The feeds are listed at /\n");
            (StatusCode::NOT_FOUND, text).into_response()
        } else {
            // A reader that is told of an error now must not take the feed for gone.
            let soon = [(header::RETRY_AFTER, "5")];
            let text = "The feeds are being made.\n";
            (StatusCode::SERVICE_UNAVAILABLE, soon, text).into_response()
        };
    };
    if method != Method::GET && method != Method::HEAD {
        return (
            StatusCode::METHOD_NOT_ALLOWED,
            [(header::ALLOW, "GET, HEAD")],
        )
            .into_response();
    }
    let variant = served.variant(&headers);
    let mut response = Response::builder()
        .header(header::ETAG, variant.etag)
        .header(
            header::LAST_MODIFIED,
            conditional::http_date(served.modified),
        )
        .header(header::CACHE_CONTROL, MAX_AGE)
        .header(header::VARY, "Accept-Encoding");
    if conditional::is_unchanged(&headers, variant.etag, served.modified) {
        response = response.status(StatusCode::NOT_MODIFIED);
        return finished(response.body(Body::empty()));
    }
    response = response
        .header(header::CONTENT_TYPE, served.content_type)
        .header(header::CONTENT_LENGTH, variant.bytes.len())
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if let Some(encoding) = variant.encoding {
        response = response.header(header::CONTENT_ENCODING, encoding);
    }
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::from(variant.bytes.clone())
    };
    finished(response.body(body))
}

/// The answer for an address of a topic that is no more: where it is now, or that it is gone for ever.
fn retired(server: &Server, path: &str) -> Option<Response> {
    let name = path.strip_prefix("/topics/")?;
    let (id, form) = name.split_at(name.find('.').unwrap_or(name.len()));
    if !["", ".rss", ".atom", ".json"].contains(&form) {
        return None;
    }
    Some(match server.retired.get(id)? {
        Some(address) => {
            let location = [(header::LOCATION, format!("{address}{form}"))];
            (StatusCode::MOVED_PERMANENTLY, location).into_response()
        }
        None => {
            let text = format!("The topic {id} is no more. The feeds are listed at /\n");
            (StatusCode::GONE, text).into_response()
        }
    })
}

fn finished(response: Result<Response, axum::http::Error>) -> Response {
    // Only a header that is none could fail, and all are ours.
    response.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be made");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}
