//! Any request to the daemon: a line with the method and the target, then headers.
#![no_main]

use std::sync::{Arc, LazyLock};

use http::{Method, Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use npcc_feeds::config::Config;
use npcc_feeds::daemon::Ingest;
use npcc_feeds::document::Document;
use npcc_feeds::edition::{Address, Meaning};
use npcc_feeds::serve::{AsOf, Server, Shelf};
use npcc_feeds::store::Store;
use npcc_feeds::topics::{Classifier, SHIPPED, Taxonomy};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static SERVER: LazyLock<Arc<Server>> = LazyLock::new(|| RUNTIME.block_on(server()));

/// A server with an empty store, whose documents are made when they are asked for.
async fn server() -> Arc<Server> {
    let folder = std::env::temp_dir().join(format!("npcc-feeds-fuzz-{}", std::process::id()));
    let store = Store::open(&format!("sqlite:{}/store.db", folder.display())).await.expect("a store");
    let taxonomy = Taxonomy::read(&Document::new("topics", SHIPPED)).expect("a taxonomy");
    let classifier = Classifier::new(taxonomy).expect("a classifier");
    let ingest = Ingest::new(Config::default(), store, classifier);
    let server = ingest.server().expect("a server");
    server.documents.put(Shelf {
        as_of: AsOf { change: 0, print: server.edition.print() },
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
