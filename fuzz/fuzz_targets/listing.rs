//! Any bytes as a page of the listing.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use npcc_feeds::newsroom::Reader;

static READER: LazyLock<Reader> = LazyLock::new(room::reader);

fuzz_target!(|data: &[u8]| {
    room::run(|| {
        let page = room::page("https://news.example/releases?page=3", data);
        let first = READER.listing(&page);
        let further = READER.further_listing(&page);
        match (first, further) {
            (Ok(first), further) => {
                assert!(!first.drafts.is_empty());
                room::check(&first);
                assert_eq!(further.as_ref(), Ok(&first));
            }
            (Err(_), Ok(end)) => assert!(end.drafts.is_empty()),
            (Err(first), Err(further)) => assert_eq!(first, further),
        }
    });
});
