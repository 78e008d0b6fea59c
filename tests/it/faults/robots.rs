//! robots.txt, which is obeyed whatever it is.

use super::Outcome::{Kept, Read, ReadBut};
use super::engine::{NEW, Shown, Stage};
use super::hits::{status, with};
use super::{ASK, NOTHING, faults};
use crate::site::Fault;
use crate::site::wire::Then;

const ROBOTS: &str = "/robots.txt";
const UNKNOWN: &str =
    "Nothing, unless it lasts: while it is unknown what is allowed, nothing is asked";

fn is_there(shown: &[Shown]) {
    let title = format!("Release number {NEW}");
    assert!(shown.iter().any(|item| item.title == title), "{shown:#?}");
}

/// robots.txt wants so many seconds between two requests.
async fn waits(it: &mut Stage, delay: i64) {
    it.robots_say(format!("User-agent: *\nCrawl-delay: {delay}\n"));
    let began = it.clock.now();
    let report = it.cycle().await;
    // The first request is for robots.txt itself.
    let waits = i64::try_from(report.requests).unwrap() - 1;
    let waited = (it.clock.now() - began).num_seconds();
    assert!(
        waits >= 3 && waited / waits == delay.min(600),
        "{waited} s for {report:?}"
    );
}

faults! { "robots.txt",
    "The file that says what robots may read fails, or says no. No copy of it is young enough to stand in, unless the line \
     says so.";
    failing: "500 Internal Server Error", |it| it.robots(status(500)),
        Kept("could not be read (the server answered 500 Internal Server Error), so nothing is asked there for now"),
        UNKNOWN;
    failing_with_a_copy: "500, and a copy of the day before is there",
        |it| { it.newsroom.site.set_fault(ROBOTS, status(500)); it.minutes_pass(25 * 60) },
        Read("Obeys the copy", is_there), NOTHING;
    unavailable: "503 with `Retry-After`", |it| it.robots(with(503, "retry-after", "3600")),
        Kept("could not be read (the server answered 503 Service Unavailable)"), NOTHING;
    too_many: "429", |it| it.robots(status(429)),
        Kept("the server answered 429 Too Many Requests"), NOTHING;
    missing: "404 Not Found", |it| it.robots(status(404)),
        Read("Takes all for allowed, as RFC 9309 has it", is_there), NOTHING;
    forbidden: "403 Forbidden", |it| it.robots(status(403)),
        Read("Takes all for allowed, as RFC 9309 has it", is_there), NOTHING;
    gone: "410 Gone", |it| it.robots(status(410)),
        Read("Takes all for allowed, as RFC 9309 has it", is_there), NOTHING;
    silent: "Silence", |it| { it.impatient(); it.robots(Fault::Hang) },
        Kept("could not be read (no whole answer within 400ms; see [fetch] timeout)"), UNKNOWN;
    reset: "The connection is reset", |it| { it.robots_forgotten(); it.wire(ROBOTS, "", Then::Reset) },
        Kept("could not be read (the answer cannot be read: Connection reset by peer"), UNKNOWN;
    drip: "A file that comes drop by drop and never ends", |it| { it.impatient(); it.robots(Fault::Drip) },
        Kept("could not be read (no whole answer within 400ms; see [fetch] timeout)"), UNKNOWN;
    disallows_all: "`Disallow: /`", |it| it.robots_say("User-agent: *\nDisallow: /\n"),
        Kept("forbids this address to us; it is obeyed"), ASK;
    disallows_us: "`Disallow: /` for this program alone",
        |it| it.robots_say("User-agent: npcc-feeds\nDisallow: /\n\nUser-agent: *\nAllow: /\n"),
        Kept("forbids this address to us; it is obeyed"), ASK;
    disallows_the_feed: "The feed alone is disallowed", |it| it.robots_say("User-agent: *\nDisallow: /feed\n"),
        ReadBut("forbids this address to us; it is obeyed", is_there), "Nothing: the listing is read instead";
    disallows_others: "Another robot is disallowed", |it| it.robots_say("User-agent: GPTBot\nDisallow: /\n"),
        Read("Reads on", is_there), NOTHING;
    html: "A web page", |it| { let page = it.text_of("/"); it.robots_say(page) },
        Read("Finds no rule in it and reads on", is_there), NOTHING;
    junk: "Junk bytes", |it| it.robots_say((0..=255).cycle().take(5_000).collect::<Vec<u8>>()),
        Read("Finds no rule in it and reads on", is_there), NOTHING;
    empty: "Nothing, with status 200", |it| it.robots(Fault::Empty),
        Read("Takes all for allowed", is_there), NOTHING;
    huge: "A megabyte", |it| it.robots_say("# nothing but words\n".repeat(55_000) + "User-agent: *\nDisallow: /\n"),
        Read("Reads the first 512 KiB, as RFC 9309 lets it", is_there), NOTHING;
    moved: "A redirect within the newsroom",
        |it| {
            it.robots(Fault::Redirect(301, "/rules.txt".to_owned()));
            let rules = "User-agent: *\nDisallow: /feed\n";
            it.newsroom.site.set_raw("/rules.txt", "text/plain", rules);
        },
        ReadBut("forbids this address to us; it is obeyed", is_there), NOTHING;
    elsewhere: "A redirect to a host that is not the newsroom's",
        |it| it.robots(Fault::Redirect(302, "http://other.example/robots.txt".to_owned())),
        Kept("http://other.example/robots.txt is not on one of the source's hosts"), UNKNOWN;
    in_circles: "A redirect to itself", |it| it.robots(Fault::Redirect(302, ROBOTS.to_owned())),
        Kept("redirected more than 5 times"), UNKNOWN;
    challenge: "AWS's challenge", |it| it.robots(Fault::Challenge),
        Kept("the site challenges us (202 Accepted, challenge)"), ASK;
    slow_down: "`Crawl-delay: 10`", |it| waits(it, 10).await,
        Read("Waits ten seconds between two requests", is_there), NOTHING;
    stop: "`Crawl-delay: 86400`", |it| waits(it, 86_400).await,
        Read("Waits ten minutes between two requests, the longest wait", is_there), NOTHING;
}
