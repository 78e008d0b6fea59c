//! What docs/security.md promises and no other test shows, and that each test which it names is there.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::World;
use crate::running::{Daemon, until};
use crate::site::Fault;
use crate::store;

#[test]
fn every_test_that_the_page_on_security_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap();
    let mut named = 0;
    for quoted in page.split('`').skip(1).step_by(2) {
        if let Some((file, test)) = quoted.split_once(".rs: ") {
            let source = std::fs::read_to_string(root.join(format!("{file}.rs")));
            let source = source.unwrap_or_else(|error| panic!("{file}.rs: {error}"));
            assert!(source.contains(&format!("fn {test}(")), "{quoted}");
            named += 1;
        } else if quoted.starts_with(".ci/") || quoted.starts_with("benches/") {
            assert!(root.join(quoted).exists(), "{quoted}");
        }
    }
    assert!(named > 20, "{named}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_password_is_in_no_message() {
    let mut world = World::new(Vec::new()).await;
    world.set(
        "STORE__URL",
        "postgres://me:hunter2@127.0.0.1:1/feeds?sslmode=require",
    );
    for arguments in [&["releases"][..], &["run"], &["fetch"], &["check"]] {
        let output = world.run(arguments).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("hunter2"), "{said}");
        if arguments != ["check"] {
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("postgres://me@127.0.0.1:1/feeds"), "{said}");
        }
    }
}

/// Neither where he is nor what a proxy says of that.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscribers_address_is_written_nowhere() {
    let world = World::read(2).await;
    let daemon = Daemon::start_with(&world, &["run", "--log", "trace"]).await;
    daemon.wait_for("/all.rss", "<rss").await;
    let address = daemon.base.strip_prefix("http://").unwrap();
    let mut addresses = vec!["203.0.113.77".to_owned()];
    for path in [
        "/all.rss",
        "/search?q=word",
        "/nowhere",
        "/%",
        "/status",
        "/export.csv",
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        addresses.push(stream.local_addr().unwrap().to_string());
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.77\r\n\
             X-Real-IP: 203.0.113.77\r\nForwarded: for=203.0.113.77\r\nUser-Agent: one-that-is-told\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
    }
    until("all answers are in the log", || {
        let log = daemon.log.lock().unwrap();
        log.matches("one-that-is-told").count() == 6
    })
    .await;
    let log = daemon.log.lock().unwrap().clone();
    let shown = daemon.text("/status").await + &daemon.text("/metrics").await;
    for address in &addresses {
        assert!(
            !log.contains(address) && !shown.contains(address),
            "{address}: {log}"
        );
        assert!(!world.store_holds(address), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_tell_nothing_of_the_program_or_its_host() {
    let world = World::read(2).await;
    let daemon = Daemon::serving(&world).await;
    let client = reqwest::Client::new();
    let folder = world.folder.path().display().to_string();
    let asked = [
        "/nowhere",
        "/topics/%2e%2e%2f%2e%2e%2fetc%2fpasswd.rss",
        "/topics/..%2f..%2fstate.rss",
        "/releases/%00",
        "/releases/0000",
        "/all/archive/nothing/50.rss",
        "/all/page/99999999999999999999",
        "/search?q=%ff%fe",
        "/topics/a+b+c+d+e+f+g+h+i.rss",
        "/subscriptions.opml?topic=%3Cscript%3E",
        "//etc/passwd",
        "/.npcc-feeds",
    ];
    for path in asked {
        for method in [reqwest::Method::GET, reqwest::Method::DELETE] {
            let answer = client.request(method.clone(), format!("{}{path}", daemon.base));
            let answer = answer.send().await.unwrap();
            let (status, headers) = (answer.status(), answer.headers().clone());
            assert!(!status.is_server_error(), "{path}: {status}");
            if method == reqwest::Method::DELETE {
                assert_eq!(status, 405, "{path}");
            }
            assert!(!headers.contains_key("server"), "{path}");
            assert!(!headers.contains_key("x-powered-by"), "{path}");
            let body = answer.text().await.unwrap();
            for told in [
                folder.as_str(),
                env!("CARGO_PKG_VERSION"),
                "sqlite",
                "src/",
                "root:",
            ] {
                assert!(!body.contains(told), "{path} tells {told}: {body}");
            }
        }
    }
}

/// Whether a terminal would take something of a text for an order.
fn orders(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && c != '\n')
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_are_written_out_wherever_words_from_outside_are_shown() {
    let world = World::read(2).await;
    let daemon = Daemon::start_with(&world, &["run", "--log", "debug"]).await;
    daemon.wait_for("/all.rss", "<rss").await;
    for (path, told) in [
        (
            "/%1b%5b31m%c2%9b%00%0a%7f",
            "\\u001b[31m\\u009b\\u0000\\u000a\\u007f",
        ),
        ("/subscriptions.opml?topic=%1b%5b31m", "\\u001b[31m"),
    ] {
        let text = daemon.text(path).await;
        assert!(text.contains(told) && !orders(&text), "{path}: {text:?}");
    }
    // As it is, since clients that encode it are not the ones to fear.
    let address = daemon.base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = "GET /\u{9b}31m HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.contains("There is nothing at /\\u009b31m."),
        "{answer:?}"
    );
    until("the log has it", || {
        daemon.log.lock().unwrap().contains("path=/\\u009b31m")
    })
    .await;
    let log = daemon.log.lock().unwrap().clone();
    assert!(!orders(&log), "{log:?}");

    // A header of the newsroom's, whose bytes are characters each.
    world
        .site()
        .set_raw("/feed/rss", "image/png; a=\u{9b}31m", "no picture");
    world.forget_validators().await;
    for format in ["text", "json"] {
        let output = world
            .run(&["--log-format", format, "fetch", "--format", format])
            .await;
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(
            told.contains("u009b31m, which is neither a feed"),
            "{told:?}"
        );
        assert!(!orders(&told), "{told:?}");
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(!orders(&log), "{log:?}");
    }
    let health = daemon.text("/health").await;
    assert!(
        health.contains("u009b31m") && !orders(&health),
        "{health:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_tells_nobody_where_it_is_or_what_it_says() {
    let world = World::read(2).await;
    let id = world.releases().await[0]["id"].as_str().unwrap().to_owned();
    let daemon = Daemon::serving(&world).await;
    for rename in [
        "ALTER TABLE sources RENAME TO elsewhere",
        "ALTER TABLE releases RENAME TO nowhere",
    ] {
        world.change_store(rename).await;
    }
    let none = match store::server() {
        None => "no such table",
        Some(_) => "does not exist",
    };
    let folder = world.folder.path().display().to_string();
    for path in [
        "/health",
        "/status",
        "/metrics",
        "/all",
        "/search?q=release",
        &format!("/releases/{id}"),
    ] {
        let answer = daemon.get(path).await;
        let status = answer.status();
        let text = answer.text().await.unwrap();
        match path {
            "/health" => {
                assert_eq!(status, 503, "{text}");
                let health: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(health["store"], "The store failed; the log says more.");
            }
            "/status" => {
                assert_eq!(status, 200, "{text}");
                assert!(
                    text.contains("The store failed; the log says more."),
                    "{text}"
                );
            }
            "/metrics" => {
                assert!(text.contains("npcc_feeds_store_failing 1\n"), "{text}");
                assert!(text.contains("npcc_feeds_build_info{"), "{text}");
            }
            "/search?q=release" => assert!(status.is_server_error(), "{status}: {text}"),
            // Perhaps made before.
            _ => assert!(
                status == 200 || status.is_server_error(),
                "{status}: {text}"
            ),
        }
        let inside = [none, "sqlite", ".db", "src/", "postgres", "relation"];
        for told in inside.into_iter().chain([folder.as_str()]) {
            assert!(!text.contains(told), "{path} tells {told}: {text}");
        }
    }
    until("the log has it", || {
        daemon.log.lock().unwrap().contains(none)
    })
    .await;
    // What was so for a while is not told for ever.
    for rename in [
        "ALTER TABLE elsewhere RENAME TO sources",
        "ALTER TABLE nowhere RENAME TO releases",
    ] {
        world.change_store(rename).await;
    }
    // A cycle that was due just then is looked at again in a minute.
    let failed = std::time::Instant::now();
    while daemon.get("/health").await.status() != 200 {
        assert!(failed.elapsed() < Duration::from_secs(75), "well again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let metrics = daemon.text("/metrics").await;
    assert!(
        metrics.contains("npcc_feeds_store_failing 0\n"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhooks_address_is_in_no_log() {
    let mut world = World::read(2).await;
    // Nobody listens there.
    world.set("ALARM__WEBHOOK", "http://127.0.0.1:9/a-secret-token");
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(410, None));
    world.forget_cycles().await;
    let daemon = Daemon::start_with(&world, &["run", "--log", "trace"]).await;
    until("it could not be told", || {
        daemon
            .log
            .lock()
            .unwrap()
            .contains("the webhook could not be told")
    })
    .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let log = daemon.log.lock().unwrap().clone();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("secret")).collect();
    assert!(lines.is_empty(), "{lines:?}");
}
