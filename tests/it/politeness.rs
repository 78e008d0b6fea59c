//! What the newsroom asks for is obeyed, and what it fails at changes nothing that is published.

use std::time::Duration;

use crate::harness::{World, numbered, of_today};
use crate::site::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn robots_are_obeyed_and_nothing_is_asked_while_they_are_unknown() {
    let world = World::new(numbered(1..=5)).await;
    world.site().set_raw(
        "/robots.txt",
        "text/plain",
        "User-agent: npcc-feeds\nDisallow: /feed\n",
    );
    let report = world.failing_fetch().await;
    assert!(
        report["failed"][0]["cause"]
            .as_str()
            .unwrap()
            .contains("robots.txt"),
        "{report}"
    );
    assert!(!world.asked().contains(&"/feed/rss".to_owned()));
    assert_eq!(world.releases().await.len(), 5, "the listing is allowed");

    let world = World::new(numbered(1..=5)).await;
    world
        .site()
        .set_fault("/robots.txt", Fault::Status(500, None));
    let report = world.failing_fetch().await;
    assert!(
        report["failed"][0]["cause"]
            .as_str()
            .unwrap()
            .contains("could not be read"),
        "{report}"
    );
    assert_eq!(world.asked(), ["/robots.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_time_gets_it() {
    let world = World::new(numbered(1..=5)).await;
    let wait = Some(("retry-after", "3600".to_owned()));
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(503, wait.clone()));
    world.failing_fetch().await;
    assert_eq!(
        world.releases().await.len(),
        5,
        "503 holds its own address alone"
    );
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(429, wait));
    world.site().clear_asked();
    let report = world.failing_fetch().await;
    assert!(
        report["failed"][0]["cause"]
            .as_str()
            .unwrap()
            .starts_with("held until 20"),
        "{report}"
    );
    assert!(
        !world.asked().contains(&"/feed/rss".to_owned()),
        "{:?}",
        world.asked()
    );

    let world = World::new(numbered(1..=5)).await;
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(429, None));
    world.failing_fetch().await;
    assert_eq!(
        world.asked(),
        ["/robots.txt", "/feed/rss"],
        "429 holds the whole host"
    );
    world.failing_fetch().await;
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_at_a_time_with_a_rest_after_each_answer() {
    let mut world = World::new(of_today(1..=3)).await;
    world.set("FETCH__PAUSE", "150ms");
    let late = Fault::Delay(Duration::from_millis(200));
    world.site().set_fault("/", late);
    world.fetch().await;
    // A second process goes on with the rest that the first began; its answers have no body.
    world.make_pages_due().await;
    world.fetch().await;
    let asked = world.site().asked();
    assert_eq!(asked.len(), 10, "{asked:?}");
    for pair in asked.windows(2) {
        let rest = pair[1].began.checked_duration_since(pair[0].answered);
        // The daemon's clock is read in milliseconds.
        assert!(rest >= Some(Duration::from_millis(149)), "{pair:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_told_and_changes_no_byte_of_what_is_published() {
    let in_circles = Fault::Redirect(302, "/feed/rss".to_owned());
    let elsewhere = Fault::Redirect(302, "http://127.0.0.2:1/feed/rss".to_owned());
    let unasked = Fault::Status(304, None);
    let faults: [(&str, Fault, &str); 10] = [
        ("/", Fault::Challenge, "challenges us"),
        ("/", Fault::Status(403, None), "blocks us"),
        ("/feed", Fault::Empty, "holds no release"),
        ("/feed", unasked, "304 Not Modified"),
        ("/feed", Fault::CutShort, "cannot be read"),
        ("/feed", Fault::Hang, "no whole answer within 500ms"),
        ("/feed", Fault::Drip, "no whole answer within 500ms"),
        ("/feed", elsewhere, "not on one of the source's hosts"),
        ("/feed", in_circles, "redirected more than 5 times"),
        ("/", Fault::Status(500, None), "500 Internal Server Error"),
    ];
    let mut world = World::new(numbered(1..=5)).await;
    world.set("FETCH__TIMEOUT", "500ms");
    world.fetch().await;
    let before = world.publish().await;
    world
        .site()
        .edit("release-number-5", |item| item.title += " again");
    for (path, fault, cause) in faults {
        world.forget_validators().await;
        world.site().set_fault(path, fault.clone());
        let report = world.failing_fetch().await;
        assert!(
            report["failed"].to_string().contains(cause),
            "{fault:?}: {report}"
        );
        world.site().clear_faults();
        if path == "/" {
            assert_eq!(world.publish().await, before, "{fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_within_the_hosts_is_followed() {
    let mut world = World::new(numbered(1..=5)).await;
    let to = world.newsroom.base().replace("127.0.0.1", "localhost") + "/feed/rss";
    world.set(
        "SOURCES__0__FEED",
        &format!("{}/old", world.newsroom.base()),
    );
    world.set("SOURCES__0__LISTING", "[]");
    world.site().set_fault("/old", Fault::Redirect(301, to));
    assert_eq!(world.fetch().await["new"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_beyond_the_bound_is_not_read() {
    let mut world = World::new(numbered(1..=5)).await;
    world.set("FETCH__MAX_BODY", "100 kB");
    world
        .site()
        .set_raw("/feed/rss", "text/xml", vec![b' '; 200_000]);
    let report = world.failing_fetch().await;
    let cause = report["failed"][0]["cause"].as_str().unwrap();
    assert!(cause.contains("larger than"), "{cause}");
    assert_eq!(world.releases().await.len(), 5, "the listing is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_newsroom_would_know_us_by_is_not_sent_back() {
    let world = World::new(of_today(1..=3)).await;
    let cookie = "known-by=this; Path=/; Max-Age=86400".to_owned();
    world
        .site()
        .set_fault("/", Fault::Labelled("set-cookie", cookie));
    // The second cycle asks as one who has been there before, by a redirect too.
    world.fetch().await;
    world.make_pages_due().await;
    world.forget_listing().await;
    let to = format!("{}/feed/rss?again", world.newsroom.base());
    let moved = Fault::Redirect(302, to);
    world.site().set_fault("/feed/rss", moved);
    world.site().set_fault(
        "/feed/rss?again",
        Fault::Labelled("set-cookie", "b=c".to_owned()),
    );
    world.fetch().await;
    let asked = world.site().asked();
    assert!(asked.len() > 6, "{asked:?}");
    for one in asked {
        let names: Vec<&str> = one.headers.keys().map(|name| name.as_str()).collect();
        for name in names {
            let known = [
                "accept",
                "accept-encoding",
                "host",
                "if-modified-since",
                "if-none-match",
                "user-agent",
            ];
            assert!(known.contains(&name), "{} with {name}", one.path);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_used() {
    let world = World::new(numbered(1..=5)).await;
    let mut command = world.command(&["fetch"]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        // Nobody listens there.
        command.env(name, "http://127.0.0.1:9");
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(world.releases().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_configured_is_asked_for_everything() {
    let mut world = World::new(numbered(1..=5)).await;
    // A name that only the proxy can look up: it is the newsroom itself, which answers for any host.
    let origin = "http://news.example";
    world.site().set_links_host(Some(origin));
    world.set("SOURCES__0__FEED", &format!("{origin}/feed/rss"));
    world.set("SOURCES__0__LISTING", &format!("{origin}/releases"));
    world.set("SOURCES__0__HOSTS", "[\"news.example\"]");
    let told = world.failing_fetch().await["failed"].to_string();
    assert!(told.contains("no connection"), "{told}");
    assert!(world.asked().is_empty());
    let proxy = world.newsroom.base();
    world.set("FETCH__PROXY", &proxy);
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 5);
}
