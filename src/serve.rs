//! HTTP: documents with validators and compression, and two addresses for whoever watches the daemon.

mod accepted;
mod body;
mod conditional;
mod deadlines;
mod documents;
mod export;
mod health;
mod listener;
mod metrics;
mod packed;
mod responses;
mod sealed;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, Either, Ready, ready};
use http::header::{self, HeaderMap};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

pub use body::Body;
pub use documents::{AsOf, Documents, Held, Shelf};
pub use health::{FAILED_FOR_LONG, Health, StoreTroubles, Watched};
pub use listener::{Places, serve};

use crate::edition::{Address, Edition, Error, Found, Meaning};
use crate::feeds::{media, pages};
use crate::metrics::Metrics;
use crate::text;
use body::Content;
use documents::{Accepted, Encoding, text_header};
use responses::{POLICY, failed, html, not_yet, plain};

/// Readers may keep a document so many seconds before they ask again, long enough to spare a busy server and short enough
/// for news; caches may show it for ten minutes more while they ask (RFC 5861).
const CACHED: HeaderValue =
    HeaderValue::from_static("public, max-age=60, stale-while-revalidate=600");
/// What is true for this moment alone.
const NOT_CACHED: HeaderValue = HeaderValue::from_static("no-store");
/// So many documents are made at once for those who ask: the store's connections are for cycles as well.
const MADE_AT_ONCE: usize = 2;

/// As many clients at once are told how all is doing, so that a crowd of them leaves the store's connections to the work itself.
const LOOKED_AT_ONCE: usize = 1;
/// Who asks for what has to be made waits no longer for a turn.
const TURN_WITHIN: Duration = Duration::from_secs(10);
/// So many exports are under way at once; each holds a hundred releases, and reads the store for as long as its client
/// likes.
const EXPORTS_AT_ONCE: usize = 8;

/// What answers requests.
#[derive(Debug)]
pub struct Server {
    /// The documents, exchanged when something changes.
    pub documents: Arc<Documents>,
    /// What makes all others.
    pub edition: Edition,
    /// The version of the rules on topics, as people compare it.
    pub rules: String,
    /// The sources and their schedules.
    pub watched: Vec<Watched>,
    /// Topics that are no more, each with the id of the one in its place, if there is one.
    pub retired: HashMap<String, Option<String>>,
    /// What the store failed at in each source's last cycle: it could not be written down there.
    pub store_troubles: Arc<StoreTroubles>,
    /// Whether the published files cannot be written.
    pub files_failing: Arc<AtomicBool>,
    /// What is counted.
    metrics: Metrics,
    /// How many connections there are.
    pub(super) connections: TaskTracker,
    making: Arc<Semaphore>,
    looking: Arc<Semaphore>,
    exporting: Arc<Semaphore>,
}

impl Server {
    /// A server that has no documents yet.
    pub fn new(
        edition: Edition,
        rules: String,
        watched: Vec<Watched>,
        retired: HashMap<String, Option<String>>,
        metrics: Metrics,
    ) -> Server {
        Server {
            documents: Arc::default(),
            edition,
            rules,
            watched,
            retired,
            store_troubles: Arc::default(),
            files_failing: Arc::default(),
            metrics,
            connections: TaskTracker::new(),
            making: Arc::new(Semaphore::new(MADE_AT_ONCE)),
            looking: Arc::new(Semaphore::new(LOOKED_AT_ONCE)),
            exporting: Arc::new(Semaphore::new(EXPORTS_AT_ONCE)),
        }
    }

    /// What answers in the place of another: with its documents, until there are new ones, and within the same limits.
    pub fn in_place_of(self, before: &Server) -> Server {
        Server {
            documents: before.documents.clone(),
            store_troubles: before.store_troubles.clone(),
            files_failing: before.files_failing.clone(),
            connections: before.connections.clone(),
            making: before.making.clone(),
            looking: before.looking.clone(),
            exporting: before.exporting.clone(),
            ..self
        }
    }

    /// The answer to a request, noted in the log where that is to be told. It is there at once where its bytes are, as they
    /// are for nearly all of those who subscribe, and costs no allocation for waiting then.
    pub fn answer<B: Send + 'static>(
        self: &Arc<Self>,
        request: Request<B>,
    ) -> Either<Ready<Response<Body>>, BoxFuture<'static, Response<Body>>> {
        if let Some(response) = self.at_once(&request) {
            self.note(&request, &response);
            return Either::Left(ready(response));
        }
        let server = self.clone();
        Either::Right(Box::pin(async move {
            // What a request carries is nothing to us, and need not be shared between threads.
            let request = request.map(drop);
            let response = server.respond(&request).await;
            server.note(&request, &response);
            response
        }))
    }

    fn note<B>(&self, request: &Request<B>, response: &Response<Body>) {
        self.count(request.uri().path(), response);
        log(request, response);
    }

    /// The answer with a document that is held in the form that is asked for.
    fn at_once<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        if !is_answered(request.method()) {
            return None;
        }
        let path = request.uri().path();
        let held = self.documents.held(path)?;
        self.ready(path, &held, request)
    }

    async fn respond(&self, request: &Request<()>) -> Response<Body> {
        if !is_answered(request.method()) {
            let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
            return plain(
                StatusCode::METHOD_NOT_ALLOWED,
                allow,
                "Only GET and HEAD are answered.\n".to_owned(),
            );
        }
        let path = request.uri().path();
        if let Some(held) = self.documents.held(path) {
            return self.document(path, &held, request).await;
        }
        match path {
            "/live" => plain(
                StatusCode::OK,
                [(header::CACHE_CONTROL, NOT_CACHED)],
                "live\n".to_owned(),
            ),
            "/health" => self.in_turn(self.health()).await,
            "/metrics" => self.in_turn(self.metrics()).await,
            _ => {
                let query = request.uri().query().unwrap_or_default();
                match Address::read(self.edition.site(), path, query) {
                    Meaning::Document(address) => self.found(&address, request).await,
                    Meaning::Elsewhere(path) => {
                        let query = request.uri().query().map(|query| format!("?{query}"));
                        self.moved(
                            StatusCode::PERMANENT_REDIRECT,
                            &format!("{path}{}", query.unwrap_or_default()),
                        )
                    }
                    Meaning::Refused(why) => {
                        let why = text::visible(&why).into_owned();
                        plain(StatusCode::BAD_REQUEST, [], why + "\n")
                    }
                    Meaning::Nothing => match self.retired(path) {
                        Some(response) => response,
                        None => self.nothing(path, request.headers()),
                    },
                }
            }
        }
    }

    /// What asks the store how all is doing waits for others that do.
    async fn in_turn<T>(&self, answer: impl Future<Output = T>) -> T {
        // It is never closed.
        let _turn = self.looking.acquire().await;
        answer.await
    }

    /// A document that is not at its path among those held: held under another spelling, or made now.
    async fn found(&self, address: &Address, request: &Request<()>) -> Response<Body> {
        let path = address.path();
        if let Some(held) = self.documents.held(&path) {
            return self.document(&path, &held, request).await;
        }
        match address {
            Address::Status => return self.in_turn(self.status()).await,
            Address::Export(format) => return self.export(*format, request).await,
            _ => {}
        }
        let shelf = self.documents.shelf();
        let Some(shelf) = shelf.as_ref().as_ref() else {
            return not_yet("The feeds are being made.\n");
        };
        // The shelf may be another edition's still.
        let as_of = AsOf {
            print: self.edition.print(),
            ..shelf.as_of
        };
        let query = match address {
            Address::Search { .. } | Address::SearchFeed { .. } | Address::Subscriptions { .. } => {
                request.uri().query().unwrap_or_default()
            }
            // Whoever adds something that means nothing gets the same document.
            _ => "",
        };
        let key = format!("{path}?{query}");
        let made = self
            .documents
            .made(as_of, &key, async {
                let turn = self.making.clone().acquire_owned();
                let Ok(turn) = tokio::time::timeout(TURN_WITHIN, turn).await else {
                    return Err(Unmade::Busy);
                };
                let (edition, address, modified) =
                    (self.edition.clone(), address.clone(), shelf.modified);
                // Who hangs up does not give the turn to another: the store would go on with what it was asked.
                let making = tokio::spawn(async move {
                    let made = made(&edition, &address, modified).await;
                    drop(turn);
                    made
                });
                making.await.map_err(|error| Unmade::Failed(error.into()))?
            })
            .await;
        match made {
            Ok(held) => {
                if self.edition.is_standing(address) {
                    self.documents.hold(as_of, &path, &held);
                }
                self.document(&path, &held, request).await
            }
            // Where it is now will not be for ever.
            Err(Unmade::Elsewhere(path)) => self.moved(StatusCode::FOUND, &path),
            Err(Unmade::Nothing) => self.nothing(&path, request.headers()),
            Err(Unmade::Busy) => not_yet("Many ask for much now; try again later.\n"),
            Err(Unmade::Failed(error)) => {
                tracing::warn!(%error, path, "a document could not be made");
                not_yet("This cannot be made now; try again later.\n")
            }
        }
    }

    async fn document(
        &self,
        path: &str,
        held: &Arc<Held>,
        request: &Request<()>,
    ) -> Response<Body> {
        if let Some(response) = self.ready(path, held, request) {
            return response;
        }
        let encoding = held.encoding(Accepted::read(request.headers()));
        match self.documents.content(held, encoding).await {
            Ok(content) => self.whole(path, held, encoding, content, request.method()),
            Err(error) => {
                tracing::error!(%error, path, "a document could not be packed");
                not_yet("This cannot be made now; try again later.\n")
            }
        }
    }

    /// The answer with a document, where the client has it, or its bytes are as they are asked for.
    fn ready<B>(&self, path: &str, held: &Held, request: &Request<B>) -> Option<Response<Body>> {
        let headers = request.headers();
        let encoding = held.encoding(Accepted::read(headers));
        if conditional::is_unchanged(headers, held.etag(encoding), held.modified) {
            let mut response = self.headed(path, held, encoding);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Some(response);
        }
        let content = held.content(encoding)?.clone();
        Some(self.whole(path, held, encoding, content, request.method()))
    }

    /// What a document's answers have in common, with its bytes or without.
    fn headed(&self, path: &str, held: &Held, encoding: Encoding) -> Response<Body> {
        let mut response = Response::new(Body::default());
        let out = response.headers_mut();
        out.reserve(12);
        out.insert(header::ETAG, held.etag(encoding).clone());
        out.insert(header::LAST_MODIFIED, held.last_modified.clone());
        out.insert(header::CACHE_CONTROL, CACHED);
        out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if is_for_scripts(held.content_type) {
            let all = HeaderValue::from_static("*");
            out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, all);
        }
        self.links(path, held, out);
        response
    }

    fn whole(
        &self,
        path: &str,
        held: &Held,
        encoding: Encoding,
        content: Content,
        method: &Method,
    ) -> Response<Body> {
        let mut response = self.headed(path, held, encoding);
        let out = response.headers_mut();
        out.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(held.content_type),
        );
        out.insert(header::CONTENT_LENGTH, content.len().into());
        out.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        if let Some(encoding) = encoding.header() {
            out.insert(header::CONTENT_ENCODING, encoding);
        }
        // The pages offer it as a download, and some browsers would show it as text.
        if held.content_type == media::OPML {
            out.insert(
                header::CONTENT_DISPOSITION,
                HeaderValue::from_static("attachment; filename=\"subscriptions.opml\""),
            );
        }
        if held.content_type == media::HTML {
            out.insert(header::CONTENT_SECURITY_POLICY, POLICY);
            out.insert(
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            );
        }
        if method != Method::HEAD {
            *response.body_mut() = content.into();
        }
        response
    }

    /// What a subscriber to a hub looks for (WebSub, 4): the hub and the feed's own address.
    fn links(&self, path: &str, held: &Held, out: &mut HeaderMap) {
        let site = self.edition.site();
        let Some(hub) = &site.hub else { return };
        // A search is no feed that the hub is told of, nor is a union.
        if self.documents.held(path).is_none() || held.content_type == media::HTML {
            return;
        }
        let own = format!("{}{path}", site.public_url);
        out.append(header::LINK, text_header(&format!("<{hub}>; rel=\"hub\"")));
        out.append(header::LINK, text_header(&format!("<{own}>; rel=\"self\"")));
    }

    async fn health(&self) -> Response<Body> {
        let health = health::read(self, chrono::Utc::now()).await;
        let status = if health.is_well() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        match serde_json::to_string_pretty(&health) {
            Ok(json) => {
                let json_type = HeaderValue::from_static("application/json");
                let headers = [
                    (header::CONTENT_TYPE, json_type),
                    (header::CACHE_CONTROL, NOT_CACHED),
                ];
                plain(status, headers, json + "\n")
            }
            Err(error) => failed(&error, "/health"),
        }
    }

    async fn status(&self) -> Response<Body> {
        let status = health::status(self, chrono::Utc::now()).await;
        match status.page(self.edition.site()) {
            Ok(page) => html(StatusCode::OK, page, NOT_CACHED),
            Err(error) => failed(&error, "/status"),
        }
    }
}

/// Why a document was not made.
enum Unmade {
    Elsewhere(String),
    Nothing,
    Busy,
    Failed(Error),
}

async fn made(
    edition: &Edition,
    address: &Address,
    modified: DateTime<Utc>,
) -> Result<Held, Unmade> {
    match edition.document(address, pages::For::Daemon).await {
        Ok(Found::Document(document)) => {
            let held = tokio::task::spawn_blocking(move || Held::new(document, modified)).await;
            held.map_err(|error| Unmade::Failed(error.into()))
        }
        Ok(Found::Elsewhere(path)) => Err(Unmade::Elsewhere(path)),
        Ok(Found::Nothing) => Err(Unmade::Nothing),
        Err(error) => Err(Unmade::Failed(error)),
    }
}

fn is_answered(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn log<B>(request: &Request<B>, response: &Response<Body>) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let agent = request.headers().get(header::USER_AGENT);
    let agent = agent.and_then(|agent| agent.to_str().ok());
    tracing::debug!(
        method = %request.method(),
        path = %text::visible(request.uri().path()),
        status = response.status().as_u16(),
        agent = agent.unwrap_or_default(),
        "answered"
    );
}

/// Whether pages of other sites may read it with scripts.
fn is_for_scripts(content_type: &str) -> bool {
    [media::JSON_FEED, media::JSON_LINES, media::CSV].contains(&content_type)
}

#[cfg(test)]
mod tests;
