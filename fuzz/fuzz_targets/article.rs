//! Any bytes as a release's own page.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use npcc_feeds::html;
use npcc_feeds::newsroom::Reader;
use npcc_feeds::text::is_xml_char;

static READER: LazyLock<Reader> = LazyLock::new(room::reader);

fuzz_target!(|data: &[u8]| {
    room::run(|| {
        let page = room::page("https://news.example/releases/police-chiefs-set-out-a-plan", data);
        let Ok(article) = READER.article(&page) else {
            return;
        };
        room::check_line(article.title.as_deref().expect("there is a title"));
        if let Some(day) = article.published {
            room::check_year(Some(day.to_string()));
        }
        let body = article.body.to_lowercase();
        for forbidden in ["<script", "<style", "<iframe", "<form"] {
            assert!(!body.contains(forbidden), "{body}");
        }
        for link in html::links(&article.body) {
            assert!(!link.trim_start().to_lowercase().starts_with("javascript:"), "{link}");
        }
        assert!(body.chars().all(is_xml_char));
        let paragraphs = html::paragraphs(&article.body);
        assert!(!paragraphs.is_empty());
        paragraphs.iter().for_each(|paragraph| room::check_line(paragraph));
    });
});
