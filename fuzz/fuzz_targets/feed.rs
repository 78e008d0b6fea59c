//! Any bytes as the newsroom's feed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use npcc_feeds::newsroom::Reader;

static READER: LazyLock<Reader> = LazyLock::new(room::reader);

fuzz_target!(|data: &[u8]| {
    room::run(|| {
        let page = room::page("https://news.example/feed/rss", data);
        if let Ok(announced) = READER.feed(&page) {
            assert!(!announced.drafts.is_empty());
            room::check(&announced);
        }
    });
});
