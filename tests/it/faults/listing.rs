//! The listing, as the only way in.

use super::Outcome::{Kept, Read, ReadBut};
use super::engine::{NEW, Shown, Stage};
use super::hits::{LISTING, page_of, status, with};
use super::{IF_IT_LASTS, NOTHING, SELECTORS, faults};
use crate::site::Fault;
use crate::site::wire::Then;

fn is_there(shown: &[Shown]) {
    let title = format!("Release number {NEW}");
    assert!(shown.iter().any(|item| item.title == title), "{shown:#?}");
}

/// All of 30 new releases.
fn all_are_there(shown: &[Shown]) {
    for n in NEW..NEW + 30 {
        let path = page_of(n);
        assert_eq!(
            shown
                .iter()
                .filter(|item| item.link.ends_with(&path))
                .count(),
            1,
            "{n}"
        );
    }
}

/// More releases are published than a page holds, and the second page fails.
fn second_page(it: &mut Stage, fault: Fault) {
    it.publish_numbered(NEW + 1..=NEW + 29);
    it.listing_alone();
    it.newsroom.site.set_fault("/releases?page=2", fault);
}

faults! { "The listing", "The listing of all releases, the only way in here, fails.";
    failing: "500 Internal Server Error", |it| it.listing(status(500)),
        Kept("the server answered 500 Internal Server Error"), IF_IT_LASTS;
    missing: "404 Not Found", |it| it.listing(status(404)),
        Kept("the server answered 404 Not Found"), super::ADDRESS;
    gone: "410 Gone", |it| it.listing(status(410)),
        Kept("410 Gone"), super::ADDRESS;
    held: "503 with `Retry-After`", |it| it.listing(with(503, "retry-after", "600")),
        Kept("the server answered 503 Service Unavailable"), NOTHING;
    reset: "The connection is reset", |it| { it.listing_alone(); it.wire(LISTING, "", Then::Reset) },
        Kept("the answer cannot be read: Connection reset by peer"), IF_IT_LASTS;
    empty: "Nothing, with status 200", |it| it.listing(Fault::Empty),
        Kept("the listing holds no release"), SELECTORS;
    no_cards: "A listing without a release", |it| it.listing_with(|page| {
            let (head, rest) = page.split_once("<div class=\"cards\">").unwrap();
            format!("{head}<p>Nothing was found.</p>{}", &rest[rest.find("<p class=\"pager\">").unwrap()..])
        }),
        Kept("nothing matches card \".card__body\""), SELECTORS;
    new_layout: "Another layout", |it| it.listing_with(|page| page.replace("card__", "teaser-")),
        Kept("compare [sources.select]"), SELECTORS;
    foreign_links: "Links to another host", |it| it.listing_with(|page| page.replace("127.0.0.1", "news.example.org")),
        Kept("the listing holds no release"), "If the newsroom has moved there: add the host to `hosts`";
    cut: "A page that is cut in the middle",
        |it| it.listing_with(|page| {
            let half = page.match_indices("card__summary").nth(2).unwrap().0;
            page[..half].to_owned()
        }),
        Read("Reads what is there", is_there), NOTHING;
    cut_before: "A page that is cut before the first release",
        |it| it.listing_with(|page| page[..page.find("card__date").unwrap()].to_owned()),
        Kept("the listing holds no release"), IF_IT_LASTS;
    deep: "A page that nests 100,000 deep", |it| it.listing_with(|page| page.replace("<h1>", &"<div>".repeat(100_000))),
        Kept("the page nests its elements more than 512 deep"), IF_IT_LASTS;
    odd_days: "Days that are none", |it| it.listing_with(|page| page.replace("12 Jun 2025", "12 Brumaire CCXXXIII")),
        Read("Takes the day that the release's page shows", is_there), NOTHING;
    no_days: "No days", |it| it.listing_with(|page| page.replace("card__date", "card__nothing")),
        Read("Takes the days that the releases' pages show", is_there), NOTHING;
    one_page_for_all: "30 new releases, and the first page for every number",
        |it| { it.publish_numbered(NEW + 1..=NEW + 29); it.listing_with(|page| page) },
        ReadBut("releases may be missing: the listing ends before it comes to one that was known", |_| ()),
        "Compare `page` of the source with the site";
    failing_page: "30 new releases, and 500 for the second page",
        |it| second_page(it, status(500)),
        ReadBut("the server answered 500 Internal Server Error", |_| ()), IF_IT_LASTS;
    empty_page: "30 new releases, and a challenge for the second page",
        |it| second_page(it, Fault::Challenge),
        ReadBut("the site challenges us", |_| ()), super::ASK;
    shifting: "30 new releases, of which one comes while the pages are read",
        |it| {
            it.publish_numbered(NEW + 1..=NEW + 29);
            it.listing_alone();
            it.publish_while_read(NEW + 30);
        },
        Read("Reads them all, each once", all_are_there), NOTHING;
    overtaken: "30 new releases at once, more than the feed shows",
        |it| it.publish_numbered(NEW + 1..=NEW + 29),
        Read("Pages the listing back until all are there", all_are_there), NOTHING;
}
