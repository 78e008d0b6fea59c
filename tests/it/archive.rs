//! Copies among fifteen years of releases from templates. The benchmark of the same name does it with as many as one likes.

use npcc_feeds::config::{self, Config};
use npcc_feeds::daemon::Ingest;
use npcc_feeds::document::Document;
use npcc_feeds::store::Store;
use npcc_feeds::topics::{Classifier, Taxonomy};

use crate::simulation::Archive;
use crate::simulation::arrivals::Arrived;

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_from_templates_keeps_what_is_new_and_finds_what_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("archive.db").display());
    let config = Document::new("the built-in configuration", config::SHIPPED);
    let ingest = Ingest::new(
        Config::read(&config, &[]).unwrap(),
        Store::open(&url).await.unwrap(),
        Classifier::new(Taxonomy::shipped().unwrap()).unwrap(),
    );
    let arrived = Arrived::all(&ingest, &Archive::new(500, 2011))
        .await
        .unwrap();
    assert!(
        arrived.wrong_merges.is_empty(),
        "{:#?}",
        arrived.wrong_merges
    );
    assert_eq!(arrived.copies, 31);
    assert!(arrived.missed.len() <= 1, "{:#?}", arrived.missed);
}
