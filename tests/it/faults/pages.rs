//! The page of a new release.

use super::Outcome::{Lead, Read};
use super::engine::{NEW, Shown};
use super::hits::{page_of, status, with};
use super::{IF_IT_LASTS, NOTHING, SELECTORS, faults};
use crate::site::Fault;
use crate::site::wire::Then;

fn is_there(shown: &[Shown]) {
    let title = format!("Release number {NEW}");
    let item = shown.iter().find(|item| item.title == title);
    assert!(
        item.is_some_and(|item| item.text.contains(&format!("w{NEW}x59"))),
        "{shown:#?}"
    );
}

faults! { "Release pages", "A new release is announced by feed and listing, and its own page fails.";
    failing: "500 Internal Server Error", |it| it.page(status(500)),
        Lead("the server answered 500 Internal Server Error"), NOTHING;
    missing: "404 Not Found", |it| it.page(status(404)),
        Lead("the server answered 404 Not Found"), NOTHING;
    gone: "410 Gone", |it| it.page(status(410)),
        Lead("the server answered 410 Gone"), NOTHING;
    forbidden: "403 Forbidden", |it| it.page(status(403)),
        Lead("the site blocks us (403 Forbidden)"), IF_IT_LASTS;
    unavailable: "503 with `Retry-After`", |it| it.page(with(503, "retry-after", "3600")),
        Lead("the server answered 503 Service Unavailable"), NOTHING;
    too_many: "429 with `Retry-After`", |it| it.page(with(429, "retry-after", "3600")),
        Lead("the server answered 429 Too Many Requests"), NOTHING;
    silent: "The newsroom takes the request and says nothing", |it| { it.impatient(); it.page(Fault::Hang) },
        Lead("no whole answer within 400ms"), NOTHING;
    reset: "The connection is reset", |it| it.wire(&page_of(NEW), "", Then::Reset),
        Lead("the answer cannot be read: Connection reset by peer"), NOTHING;
    cut_short: "The page ends before its `Content-Length`", |it| it.page(Fault::CutShort),
        Lead("the answer cannot be read: "), NOTHING;
    empty: "Nothing, with status 200", |it| it.page(Fault::Empty),
        Lead("the page holds no text"), NOTHING;
    elsewhere: "A redirect to a host that is not the newsroom's",
        |it| it.page(Fault::Redirect(302, "http://news.example.org/x".to_owned())),
        Lead("is not on one of the source's hosts"), "If the newsroom has moved there: add the host to `hosts`";
    retired: "A redirect to another release", |it| it.page(Fault::Redirect(301, page_of(3))),
        Lead("the address now leads to "), NOTHING;
    soft_missing: "A redirect to the listing", |it| it.page(Fault::Redirect(302, "/releases".to_owned())),
        Lead("the address now leads to "), NOTHING;
    pdf: "A PDF", |it| it.page(Fault::Labelled("content-type", "application/pdf".to_owned())),
        Lead("the answer is application/pdf"), IF_IT_LASTS;
    no_body: "A page without a text", |it| it.page_with(|page| {
            let (head, rest) = page.split_once("<div class=\"content-body\">").unwrap();
            format!("{head}{}", &rest[rest.find("</article>").unwrap()..])
        }),
        Lead("the page holds no text: nothing matches body"), SELECTORS;
    no_title: "A page without a title", |it| it.page_with(|page| page.replace("content-title", "nothing")),
        Read("Looks for a headline elsewhere", is_there), NOTHING;
    empty_title: "A page whose title is empty",
        |it| it.page_with(|page| {
            let title = |words: &str| format!("<h1 class=\"content-title\">{words}</h1>");
            page.replace(&title(&format!("Release number {NEW}")), &title(" "))
        }),
        Read("Looks for a headline elsewhere", is_there), NOTHING;
    not_found_with_200: "“Page not found”, with status 200", |it| it.page_with(|page| {
            let (head, rest) = page.split_once("<article>").unwrap();
            let tail = &rest[rest.find("</article>").unwrap()..];
            let says = "<h1 class=\"content-title\">Page not found</h1><p>Sorry, we cannot find that page.</p>";
            format!("{head}<article>{says}{tail}")
        }),
        Lead("the page holds no text"), NOTHING;
    deep: "A page that nests 100,000 deep",
        |it| it.page_with(|page| page.replace("<article>", &"<div>".repeat(100_000))),
        Lead("the page nests its elements more than 512 deep"), NOTHING;
    enormous: "A page of 5 MB", |it| it.page_with(|page| page + &" ".repeat(5 << 20)),
        Lead("the answer is larger than 4.0 MiB"), NOTHING;
    nul_bytes: "NUL bytes within the page",
        |it| it.page_with(|page| page.replace(". w", ".\0 w").replace("</p>", "\0</p>")),
        Read("Reads the text without them", is_there), NOTHING;
    scripts: "Scripts and handlers within the text",
        |it| it.page_with(|page| page.replace("<p>Lead", "<script>alert(1)</script><p onclick=\"alert(2)\">Lead")),
        Read("Leaves them out", |shown| { is_there(shown); assert!(!format!("{shown:?}").contains("alert")); }),
        NOTHING;
    unclosed: "HTML in which nothing is closed",
        |it| it.page_with(|page| page.replace("</p>", "").replace("</div>", "").replace("</article>", "")),
        Read("Reads it as browsers do", is_there), NOTHING;
    all_pages: "500 for every release's page", |it| it.newsroom.site.set_fault("/releases/", status(500)),
        Lead("the server answered 500 Internal Server Error"), NOTHING;
}
