//! What holds when many ask at once for what the store has to be asked for.

use std::pin::pin;

use futures_util::FutureExt;
use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::config::{Config, SHIPPED};
use crate::daemon::Ingest;
use crate::document::Document;
use crate::store::Store;
use crate::topics::{self, Classifier, Taxonomy};

/// A server with an edition of nothing, and its store.
async fn server() -> (TempDir, Store, Arc<Server>) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("store.db").display());
    let store = Store::open(&url).await.unwrap();
    let config = Config::read(&Document::new("shipped", SHIPPED), &[]).unwrap();
    let taxonomy = Taxonomy::read(&Document::new("shipped", topics::SHIPPED)).unwrap();
    let classifier = Classifier::new(taxonomy).unwrap();
    let server = Ingest::new(config, store.clone(), classifier).server();
    let server = Arc::new(server.unwrap());
    server.documents.put(Shelf {
        as_of: AsOf {
            change: 0,
            print: server.edition.print(),
        },
        modified: DateTime::UNIX_EPOCH,
        held: HashMap::new(),
    });
    (folder, store, server)
}

fn asked(server: &Arc<Server>, path: &str) -> impl Future<Output = Response<Body>> + use<> {
    let request = Request::get(path).body(()).unwrap();
    server.answer(request)
}

/// Less than a turn is waited for.
const A_WHILE: Duration = Duration::from_secs(5);

/// Waits until all turns are taken.
async fn until_taken(turns: &Semaphore) {
    for _ in 0..100_000 {
        if turns.available_permits() == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("a turn is free");
}

#[tokio::test]
async fn so_many_documents_are_made_at_once_and_who_waits_too_long_for_a_turn_is_told() {
    let (_folder, store, server) = server().await;
    let hanging = store.hang().await;
    tokio::time::pause();
    let making: Vec<_> = (0..MADE_AT_ONCE)
        .map(|n| tokio::spawn(asked(&server, &format!("/search?q=word{n}"))))
        .collect();
    until_taken(&server.making).await;
    // One that asks for the same waits for the same, and takes no turn.
    let mut same = pin!(asked(&server, "/search?q=word0"));
    assert!(timeout(A_WHILE, &mut same).await.is_err());
    let busy = asked(&server, "/search?q=another").await;
    assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(busy.headers().contains_key(header::RETRY_AFTER));
    tokio::time::resume();

    drop(hanging);
    for made in making {
        assert_eq!(made.await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(same.await.status(), StatusCode::OK);
    let another = asked(&server, "/search?q=another").await;
    assert_eq!(another.status(), StatusCode::OK);
    assert_eq!(server.making.available_permits(), MADE_AT_ONCE);
}

#[tokio::test]
async fn one_client_at_a_time_is_told_how_all_is_doing() {
    let (_folder, store, server) = server().await;
    let hanging = store.hang().await;
    let first = tokio::spawn(asked(&server, "/status"));
    until_taken(&server.looking).await;
    // Whoever comes now waits for a turn, one after another, and asks the store for nothing.
    let crowd = ["/status", "/health", "/metrics"].map(|path| Box::pin(asked(&server, path)));
    let mut crowd = Vec::from(crowd);
    for one in &mut crowd {
        assert!(one.as_mut().now_or_never().is_none());
    }
    let live = asked(&server, "/live").await;
    assert_eq!(live.status(), StatusCode::OK);
    drop(hanging);
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
    for one in &mut crowd[1..] {
        let waits = timeout(Duration::from_millis(50), one).await;
        assert!(waits.is_err(), "the first of them has not even begun");
    }
    for one in crowd {
        assert_eq!(one.await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn so_many_exports_are_under_way_at_once() {
    let (_folder, _store, server) = server().await;
    let mut exports = Vec::new();
    for n in 0..EXPORTS_AT_ONCE {
        let path = ["/export.csv", "/export.jsonl"][n % 2];
        let export = asked(&server, path).await;
        assert_eq!(export.status(), StatusCode::OK);
        exports.push(export);
    }
    let busy = asked(&server, "/export.csv").await;
    assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(busy.headers().contains_key(header::RETRY_AFTER));
    // One that somebody does not take to its end leaves its place when he goes.
    exports.pop();
    let export = asked(&server, "/export.csv").await;
    assert_eq!(export.status(), StatusCode::OK);
}
