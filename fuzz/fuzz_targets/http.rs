//! Any request to the daemon: a line with the method and the target, then headers.
#![no_main]

use std::sync::{Arc, LazyLock};

use chrono::DateTime;
use http::{Method, Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use npcc_feeds::config::Config;
use npcc_feeds::daemon::Ingest;
use npcc_feeds::difference::Weight;
use npcc_feeds::document::Document;
use npcc_feeds::edition::{Address, Meaning};
use npcc_feeds::release::{CanonicalPath, Cause, DatedText, Guid, Tag, Text};
use npcc_feeds::serve::{AsOf, Server, Shelf};
use npcc_feeds::store::{Derived, NewAddress, NewRevision, Store};
use npcc_feeds::topics::{Classifier, SHIPPED, Taxonomy};
use tokio::runtime::Runtime;
use url::Url;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static SERVER: LazyLock<Arc<Server>> = LazyLock::new(|| RUNTIME.block_on(server()));

/// Keeps a few releases, more than a live feed shows, one of them edited and one with a topic.
async fn keep_releases(store: &Store) {
    for n in 1..=3 {
        let url = Url::parse(&format!("https://news.example/releases/{n}")).expect("an address");
        let path = CanonicalPath::of(&url);
        let at = DateTime::from_timestamp(1_780_000_000 + n, 0).expect("a time");
        let text = |body: &str| Text {
            title: format!("Release {n} & more"),
            lead: Some(format!("Lead of {n}.")),
            body: Some(format!("<p>{body}, <a href=\"https://elsewhere.example/\">as they say</a></p>")),
        };
        let guid = Guid::new("npcc", &path);
        let address = NewAddress {
            source: "npcc".to_owned(),
            path,
            url: url.to_string(),
            upstream_guid: None,
            feed_seen: None,
            listing_seen: None,
            at,
            gap: None,
        };
        let tags = vec![Tag { topic: "hate-crime".to_owned(), score: 5.0, implied_by: None, evidence: Vec::new() }];
        let derived = Derived { tags: if n == 2 { tags } else { Vec::new() }, ..Derived::default() };
        let first = DatedText { text: text("It was seven"), published: at };
        store.add(guid, &address, &first, &derived, None).await.expect("a release");
        if n == 3 {
            let edit = NewRevision {
                text: text("It was nine"),
                cause: Cause::Edited,
                weight: Some(Weight::Material),
                changed: vec!["body"],
                derived,
            };
            store.revise(guid, &edit, at).await.expect("an edit");
        }
    }
}

/// A server with a small store, whose documents are made when they are asked for.
async fn server() -> Arc<Server> {
    let folder = std::env::temp_dir().join(format!("npcc-feeds-fuzz-{}", std::process::id()));
    let store = Store::open(&format!("sqlite:{}/store.db", folder.display())).await.expect("a store");
    let taxonomy = Taxonomy::read(&Document::new("topics", SHIPPED)).expect("a taxonomy");
    let classifier = Classifier::new(taxonomy).expect("a classifier");
    keep_releases(&store).await;
    let change = store.change().await.expect("a change");
    let mut config = Config::default();
    config.publish.items = 2;
    let ingest = Ingest::new(config, store, classifier);
    let server = ingest.server().expect("a server");
    server.documents.put(Shelf {
        as_of: AsOf { change, print: server.edition.print() },
        modified: ingest.clock.now(),
        held: Default::default(),
    });
    Arc::new(server)
}

fuzz_target!(|data: &str| {
    room::run(|| {
        let mut lines = data.lines();
        let (method, target) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or(("GET", "/"));
        let Ok(method) = Method::from_bytes(method.as_bytes()) else { return };
        let mut request = Request::builder().method(method.clone()).uri(target);
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            request = request.header(name, value);
        }
        // What hyper refuses does not come to us.
        let Ok(request) = request.body(()) else { return };

        // A document's own address is read as that document.
        let site = SERVER.edition.site();
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        if let Meaning::Document(address) = Address::read(site, path, query) {
            let again = Address::read(site, &address.path(), query);
            assert_eq!(again, Meaning::Document(address));
        }

        let response = RUNTIME.block_on(SERVER.answer(request));
        let status = response.status();
        assert!(!status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
        if !matches!(method, Method::GET | Method::HEAD) {
            assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        }
        // No header carries what was asked for further than a line.
        for value in response.headers().values() {
            assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n')));
        }
    });
});
