//! A newsroom with the shapes of the real one: a feed of the ten newest, a listing with pages, release pages with all
//! that surrounds a release's text. It can be told to fail in the ways that real ones do.

mod faults;
mod feed;
mod pages;
pub mod wire;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use npcc_feeds::clock::Clock;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

pub use faults::Fault;
use wire::Wire;

/// Releases on one page of the listing.
pub const A_PAGE: usize = 20;
/// Releases in the feed.
pub const IN_FEED: usize = 10;

/// A release as its line in a file has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Item {
    /// Its slug.
    pub id: String,
    pub title: String,
    /// The day, as in `2026-11-20`.
    pub date: String,
    /// The time in London, where one matters.
    #[serde(default)]
    pub time: Option<String>,
    #[serde(default)]
    pub lead: String,
    /// Paragraphs parted by empty lines; lines that begin with `•` are a list.
    #[serde(default)]
    pub body: String,
    /// The address, where it is not `/releases/<id>`.
    #[serde(default)]
    pub path: Option<String>,
    /// The newsroom's own guid, where it is not made of date and slug.
    #[serde(default)]
    pub guid: Option<String>,
}

impl Item {
    pub fn path(&self) -> String {
        self.path
            .clone()
            .unwrap_or_else(|| format!("/releases/{}", self.id))
    }

    /// The newsroom's own guid: 24 hex digits that stay when title and slug change.
    pub fn guid(&self) -> String {
        if let Some(guid) = &self.guid {
            return guid.clone();
        }
        format!(
            "{:08x}{:016x}",
            xxh3_64(self.date.as_bytes()) >> 32,
            xxh3_64(self.id.as_bytes())
        )
    }
}

/// Reads releases, one JSON object a line.
pub fn read_items(lines: &str) -> Result<Vec<Item>, String> {
    let lines = lines
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| {
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", n + 1))
        })
        .collect()
}

/// One request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    pub status: u16,
    pub user_agent: String,
    /// Until when whoever asked was told to wait.
    pub retry_after: Option<DateTime<Utc>>,
    /// The validator that was sent along.
    pub if_none_match: Option<String>,
    /// Both that were sent along, byte for byte.
    pub conditions: [Option<Vec<u8>>; 2],
    /// All that was sent along.
    pub headers: HeaderMap,
    pub began: Instant,
    pub answered: Instant,
    /// The same by the clock of whoever asked, where the newsroom was given it.
    pub began_at: DateTime<Utc>,
    pub answered_at: DateTime<Utc>,
}

#[derive(Default)]
struct Inner {
    /// Newest first.
    items: Vec<Item>,
    asked: Vec<Asked>,
    faults: Vec<(String, Fault)>,
    raw: HashMap<String, (String, Bytes)>,
    links_host: Option<String>,
    shows_one_page: bool,
    gives_no_etags: bool,
    cache_control: Option<String>,
    /// `ETag` and `Last-Modified` of every answer, whatever it holds.
    fixed_validators: Option<(HeaderValue, HeaderValue)>,
    renamed: Option<(String, String)>,
    clock: Clock,
}

/// What a newsroom shows.
#[derive(Clone, Default)]
pub struct Site {
    inner: Arc<Mutex<Inner>>,
}

impl Site {
    pub fn new(items: Vec<Item>) -> Site {
        let site = Site::default();
        // The newest comes first; what is of one day stays in the order of the file.
        let mut items = items;
        items.sort_by(|a, b| b.date.cmp(&a.date));
        site.lock().items = items;
        site
    }

    /// Publishes a release, on top.
    pub fn publish(&self, item: Item) {
        self.lock().items.insert(0, item);
    }

    /// Publishes a release late, below all others.
    pub fn publish_last(&self, item: Item) {
        self.lock().items.push(item);
    }

    /// Changes a release in place.
    pub fn edit(&self, id: &str, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.lock().items.iter_mut().find(|item| item.id == id) {
            change(item);
        }
    }

    /// Takes a release down.
    pub fn withdraw(&self, id: &str) {
        self.lock().items.retain(|item| item.id != id);
    }

    /// The requests since the start or the last clearing.
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    pub fn clear_asked(&self) {
        self.lock().asked.clear();
    }

    /// Shows other releases, in this order.
    pub fn set_items(&self, items: Vec<Item>) {
        self.lock().items = Site::new(items).lock().items.clone();
    }

    /// The feed as it is now.
    pub fn feed(&self, origin: &str) -> String {
        feed::rss(&self.lock().items, origin)
    }

    /// The listing's first page as it is now.
    pub fn listing(&self, origin: &str) -> String {
        let inner = self.lock();
        let items: Vec<&Item> = inner.items.iter().collect();
        pages::listing(&items, 1, "/releases", origin)
    }

    /// Lets every address that begins so fail.
    pub fn set_fault(&self, prefix: &str, fault: Fault) {
        self.lock().faults.push((prefix.to_owned(), fault));
    }

    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Answers a path with these bytes.
    pub fn set_raw(&self, path: &str, content_type: &str, bytes: impl Into<Bytes>) {
        let answer = (content_type.to_owned(), bytes.into());
        self.lock().raw.insert(path.to_owned(), answer);
    }

    pub fn clear_raw(&self) {
        self.lock().raw.clear();
    }

    /// The document at a path as it is now, faults aside.
    pub fn shows(&self, path: &str, origin: &str) -> Option<Bytes> {
        self.document(path, "", origin).map(|(_, bytes)| bytes)
    }

    /// Links lead to this origin, whatever host was asked.
    pub fn set_links_host(&self, origin: Option<&str>) {
        self.lock().links_host = origin.map(str::to_owned);
    }

    /// The listing's first page is shown for every number, as sites do that have no others.
    pub fn set_shows_one_page(&self) {
        self.lock().shows_one_page = true;
    }

    /// Answers come without validators.
    pub fn set_gives_no_etags(&self) {
        self.lock().gives_no_etags = true;
    }

    /// Answers say this on their freshness.
    pub fn set_cache_control(&self, value: Option<&str>) {
        self.lock().cache_control = value.map(str::to_owned);
    }

    /// Every document has these validators, and 304 is never answered, as by servers that know no better.
    pub fn set_fixed_validators(&self, etag: &[u8], last_modified: &[u8]) {
        let header = |bytes| HeaderValue::from_bytes(bytes).ok();
        self.lock().fixed_validators = header(etag).zip(header(last_modified));
    }

    /// Pages are written with one word for another, as by a new layout; none writes them as always.
    pub fn set_renamed(&self, renamed: Option<(&str, &str)>) {
        let renamed = renamed.map(|(from, to)| (from.to_owned(), to.to_owned()));
        self.lock().renamed = renamed;
    }

    /// Requests are dated by this clock.
    pub fn set_clock(&self, clock: &Clock) {
        self.lock().clock = clock.clone();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // What a panicking test left is still a newsroom.
        self.inner
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn fault(&self, path: &str) -> Option<Fault> {
        let inner = self.lock();
        let last = inner
            .faults
            .iter()
            .rev()
            .find(|(prefix, _)| path.starts_with(prefix.as_str()));
        last.map(|(_, fault)| fault.clone())
    }

    /// The document at an address.
    fn document(&self, path: &str, query: &str, origin: &str) -> Option<(String, Bytes)> {
        let inner = self.lock();
        if let Some(raw) = inner.raw.get(path) {
            return Some(raw.clone());
        }
        let origin = inner.links_host.as_deref().unwrap_or(origin);
        let html = |text: String| {
            let text = match &inner.renamed {
                Some((from, to)) => text.replace(from, to),
                None => text,
            };
            Some(("text/html; charset=utf-8".to_owned(), text.into()))
        };
        match path {
            "/robots.txt" => Some((
                "text/plain".to_owned(),
                "User-agent: *\nDisallow: /control/\n".into(),
            )),
            "/feed/rss" => Some((
                "application/rss+xml".to_owned(),
                feed::rss(&inner.items, origin).into(),
            )),
            "/" | "/releases" | "/releases/t/blogs" => {
                let blogs = path == "/releases/t/blogs";
                let shown = |item: &&Item| !blogs || item.path().starts_with("/editorial/");
                let items: Vec<&Item> = inner.items.iter().filter(shown).collect();
                let page = if inner.shows_one_page {
                    1
                } else {
                    page_number(query)
                };
                html(pages::listing(&items, page, path, origin))
            }
            _ => {
                let item = inner.items.iter().find(|item| item.path() == path)?;
                html(pages::release(item, &inner.items, origin))
            }
        }
    }
}

fn page_number(query: &str) -> usize {
    let named = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    named.and_then(|n| n.parse().ok()).unwrap_or(1).max(1)
}

/// A newsroom that answers on a socket.
pub struct Newsroom {
    pub site: Site,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Newsroom {
    /// Serves a site; port 0 takes any.
    pub async fn start(site: Site, address: &str) -> std::io::Result<Newsroom> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let router = Router::new().fallback(answer).with_state(site.clone());
        let stopped = stop.clone().cancelled_owned();
        let serving = axum::serve(listener, router).with_graceful_shutdown(stopped);
        tokio::spawn(serving.into_future());
        Ok(Newsroom {
            site,
            address,
            stop,
        })
    }

    /// The origin to configure.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets every address that begins so lead to a server that answers byte for byte.
    pub fn set_wire(&self, prefix: &str, wire: Wire) -> std::io::Result<()> {
        let address = wire.serve(self.stop.clone())?;
        // The path stays, since a release's address may lead to no other; but robots.txt is answered honestly there.
        let path = if prefix.ends_with('/') || prefix == "/robots.txt" {
            "/wire"
        } else {
            prefix
        };
        let to = format!("http://{address}{path}");
        self.site.set_fault(prefix, Fault::Redirect(302, to));
        Ok(())
    }
}

impl Drop for Newsroom {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn answer(State(site): State<Site>, request: Request) -> Response {
    let began = Instant::now();
    let clock = site.lock().clock.clone();
    let began_at = clock.now();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default();
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let origin = format!("http://{}", text(header::HOST));
    let whole = parts
        .uri
        .path_and_query()
        .map_or_else(|| path.clone(), ToString::to_string);
    let mut response = match site.fault(&whole) {
        Some(fault) => {
            faults::answer(&fault, || {
                plain(&site, &path, query, &origin, &parts.headers)
            })
            .await
        }
        None if parts.method == Method::POST && path == "/control/publish" => {
            publish(&site, body).await
        }
        None => plain(&site, &path, query, &origin, &parts.headers),
    };
    if let Some(value) = &site.lock().cache_control
        && let Ok(value) = value.parse()
    {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.and_then(|value| value.to_str().ok());
    let retry_after = retry_after.and_then(|value| match value.parse() {
        Ok(seconds) => Some(began_at + TimeDelta::seconds(seconds)),
        Err(_) => DateTime::parse_from_rfc2822(value).ok().map(Into::into),
    });
    let if_none_match = Some(text(header::IF_NONE_MATCH));
    let asked = Asked {
        path: whole,
        status: response.status().as_u16(),
        user_agent: text(header::USER_AGENT).to_owned(),
        retry_after,
        conditions: [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE].map(|name| {
            let value = parts.headers.get(name);
            value.map(|value| value.as_bytes().to_vec())
        }),
        if_none_match: if_none_match
            .filter(|tag| !tag.is_empty())
            .map(str::to_owned),
        headers: parts.headers.clone(),
        began,
        answered: Instant::now(),
        began_at,
        answered_at: clock.now(),
    };
    site.lock().asked.push(asked);
    response
}

/// A release in the body goes on top.
async fn publish(site: &Site, body: Body) -> Response {
    let bytes = match axum::body::to_bytes(body, 1 << 20).await {
        Ok(bytes) => bytes,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    };
    match serde_json::from_slice::<Item>(&bytes) {
        Ok(item) => {
            let path = item.path();
            site.publish(item);
            (StatusCode::CREATED, format!("{path}\n")).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

fn plain(site: &Site, path: &str, query: &str, origin: &str, headers: &HeaderMap) -> Response {
    let Some((content_type, bytes)) = site.document(path, query, origin) else {
        return (StatusCode::NOT_FOUND, "Not found\n").into_response();
    };
    if let Some((etag, last_modified)) = site.lock().fixed_validators.clone() {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html")),
            (header::ETAG, etag),
            (header::LAST_MODIFIED, last_modified),
        ];
        return (headers, bytes).into_response();
    }
    if site.lock().gives_no_etags {
        return ([(header::CONTENT_TYPE, content_type)], bytes).into_response();
    }
    let etag = format!("\"{:032x}\"", xxh3_128(&bytes));
    let known = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    if known == Some(etag.as_str()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    (
        [(header::CONTENT_TYPE, content_type), (header::ETAG, etag)],
        bytes,
    )
        .into_response()
}
