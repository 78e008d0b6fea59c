//! A release's text where the selectors find none: what a reader would take for it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_smoothie::{Config, Readability};
use scraper::Html;
use url::Url;

use super::title;
use crate::html;

/// The search is recursive and overflows the stack on deep pages, which nothing can catch. Real pages nest below fifty.
const MAX_DEPTH: usize = 128;
/// It goes over the page several times.
const MAX_NODES: usize = 20_000;
const LONGEST: usize = 1024 * 1024;

/// A shorter text is a notice or a teaser.
const FEWEST_WORDS: usize = 30;

/// The sanitised text of the page, if it is believable: its title belongs to the address, as an error page's does not,
/// and it is long enough.
pub(super) fn body(document: &Html, title: &str, url: &Url) -> Option<String> {
    let slug = url.path_segments()?.rfind(|segment| !segment.is_empty())?;
    if is_error(title) || !title::belongs_to(title, slug) || !is_small(document) {
        return None;
    }
    let page = document.html();
    if page.len() > LONGEST {
        return None;
    }
    let config = Config {
        disable_json_ld: true,
        max_elements_to_parse: MAX_NODES,
        ..Config::default()
    };
    // Its panic is a failure like another.
    let found = catch_unwind(AssertUnwindSafe(|| {
        let article = Readability::new(page, None, Some(config))
            .ok()?
            .parse()
            .ok()?;
        Some(article.content.to_string())
    }));
    let body = html::sanitise(&found.ok()??, url);
    let words: usize = html::paragraphs(&body)
        .iter()
        .map(|paragraph| paragraph.split(' ').count())
        .sum();
    (words >= FEWEST_WORDS).then_some(body)
}

/// An error page may repeat the address that was asked for.
fn is_error(title: &str) -> bool {
    let title = title.to_lowercase();
    [
        "sorry",
        "oops",
        "error",
        "404",
        "page not found",
        "not found",
    ]
    .iter()
    .any(|word| title.starts_with(word))
        || title.contains("page not found")
}

fn is_small(document: &Html) -> bool {
    let mut nodes = document.tree.nodes();
    nodes.len() <= MAX_NODES && nodes.all(|node| node.ancestors().nth(MAX_DEPTH).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: &str = "Police chiefs set out a plan";

    fn read(page: &str, title: &str) -> Option<String> {
        let url =
            Url::parse("https://news.example/releases/police-chiefs-set-out-a-plan-1").unwrap();
        body(&html::document(page).unwrap(), title, &url)
    }

    fn page(around: &str) -> String {
        let paragraph = "<p>Police chiefs have set out a plan for the coming year, which says what each force will do \
                         and by when, <a href='/more'>and more</a>. It was welcomed by charities.</p>";
        format!(
            "<html><body><nav><a href='/'>Home</a></nav><main><h1>{TITLE}</h1><div class=text>{}</div></main>{around}\
             <footer>Cookies</footer></body></html>",
            paragraph.repeat(4)
        )
    }

    #[test]
    fn the_text_of_an_unknown_layout_is_found() {
        let body = read(&page("<script>evil()</script>"), TITLE).unwrap();
        assert!(
            body.contains("have set out a plan") && body.contains("https://news.example/more"),
            "{body}"
        );
        assert!(
            !body.contains("evil") && !body.contains("Cookies"),
            "{body}"
        );
    }

    #[test]
    fn an_error_page_never_becomes_a_text() {
        for title in [
            "Page not found",
            "Sorry",
            "Error: police chiefs set out a plan",
            "404 police chiefs set out a plan",
        ] {
            assert_eq!(read(&page(""), title), None, "{title}");
        }
        assert_eq!(
            read("<h1>x</h1><p>Police chiefs have set out a plan.</p>", TITLE),
            None
        );
    }

    #[test]
    fn pages_that_are_too_deep_or_too_large_are_left_alone() {
        let deep = page(&("<div>".repeat(MAX_DEPTH) + "x"));
        assert_eq!(read(&deep, TITLE), None);
        let large = page(&"<br>".repeat(MAX_NODES));
        assert_eq!(read(&large, TITLE), None);
        let long = page(&format!("<p>{}", "x".repeat(LONGEST)));
        assert_eq!(read(&long, TITLE), None);
    }

    #[test]
    fn the_deepest_page_that_is_read_leaves_room_on_the_stack() {
        for (tags, depth) in [
            ("<div>", 1),
            ("<span>", 1),
            ("<b>", 1),
            ("<section><p>", 2),
            ("<table><tr><td>", 4),
        ] {
            let deep = page(&tags.repeat((MAX_DEPTH - 8) / depth));
            // Half of what a thread for blocking work has.
            let thread = std::thread::Builder::new().stack_size(1024 * 1024);
            let read = thread.spawn(move || read(&deep, TITLE).is_some());
            assert!(read.unwrap().join().unwrap(), "{tags}");
        }
    }
}
