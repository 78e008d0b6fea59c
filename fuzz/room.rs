//! What the targets share: a newsroom, and what holds for everything that is read from one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use npcc_feeds::config::Source;
use npcc_feeds::document::Problems;
use npcc_feeds::newsroom::{Announced, Page, Reader};
use npcc_feeds::release::Published;
use npcc_feeds::text::is_xml_char;
use url::Url;

/// The hosts of the newsroom.
const HOSTS: [&str; 2] = ["news.example", "other.example"];

/// A reader of the newsroom.
pub fn reader() -> Reader {
    let source = Source {
        hosts: HOSTS.map(str::to_owned).to_vec(),
        listing: vec!["https://news.example/releases".to_owned()],
        ..Source::default()
    };
    Reader::new(&source).expect("the default selectors are selectors")
}

/// What an address of the newsroom answered. The first byte chooses the label, the rest is the body.
pub fn page(address: &str, data: &[u8]) -> Page {
    let (label, bytes) = data.split_first().unwrap_or((&0, &[]));
    let content_type = match label {
        b'1' => Some("text/html; charset=iso-8859-1"),
        b'2' => Some("application/rss+xml; charset=utf-16"),
        b'3' => Some("text/xml; charset=shift_jis"),
        _ => None,
    };
    Page {
        url: Url::parse(address).expect("it is an address"),
        content_type: content_type.map(str::to_owned),
        bytes: bytes.to_vec(),
    }
}

/// Runs a target. libFuzzer aborts in the panic hook, before the room can catch what the parsers throw, and the room is
/// meant to; so only a panic that gets out of it ends the run.
pub fn run(target: impl FnOnce()) {
    std::panic::set_hook(Box::new(|_| {}));
    if let Err(panic) = catch_unwind(AssertUnwindSafe(target)) {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
        eprintln!("a panic got out: {}", words.unwrap_or("without words"));
        drop(std::panic::take_hook());
        let aborting = catch_unwind(AssertUnwindSafe(|| resume_unwind(panic)));
        drop(aborting);
        std::process::abort();
    }
}

/// What holds for all that a page announces.
pub fn check(announced: &Announced) {
    assert!(announced.drafts.len() <= 500);
    assert!(announced.broken.len() <= 2_000);
    assert!(announced.last_page.is_none_or(|page| page >= 1));
    for draft in &announced.drafts {
        check_line(&draft.title);
        draft.lead.iter().for_each(|lead| check_line(lead));
        draft.upstream_guid.iter().for_each(|guid| check_line(guid));
        let host = draft.url.host_str().unwrap_or_default();
        assert!(HOSTS.contains(&host), "{}", draft.url);
        assert_eq!(draft.url.scheme(), "https");
        let path = draft.path.as_str();
        assert!(path.starts_with("/releases/") || path.starts_with("/editorial/"), "{path}");
        if draft.published != Published::Unknown {
            check_year(draft.published.day().map(|day| day.to_string()));
        }
    }
}

/// A title or a lead is one line that XML can hold.
pub fn check_line(line: &str) {
    assert!(!line.is_empty());
    assert!(line.chars().all(|c| is_xml_char(c) && c != '\n' && c != '\r' && c != '\t'), "{line:?}");
    assert_eq!(line, line.trim());
}

/// A day, as ISO 8601 writes it, is one that is believed.
pub fn check_year(day: Option<String>) {
    let day = day.expect("what is published has a day");
    let year: i32 = day.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
    assert!((1995..=9999).contains(&year) && day.len() == 10, "{day}");
}

/// What is said of a document that is wrong: where, within it, and what.
pub fn check_problems(problems: &Problems, text: &str) {
    assert!(!problems.0.is_empty());
    for problem in &problems.0 {
        assert!(!problem.what.is_empty());
        let lines = text.lines().count().max(1);
        assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem} of {lines}");
    }
}
