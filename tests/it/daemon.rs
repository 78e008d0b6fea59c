//! The daemon's life: it serves, shows what is new within seconds, stops when told, and survives being killed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::harness::{World, examples, field, numbered, release};
use crate::running::{Daemon, until};
use crate::site::Fault;
use crate::store;

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_learns_whether_the_daemon_serves() {
    let mut world = World::new(numbered(1..=3)).await;
    let daemon = Daemon::start(&world).await;
    world.set("SERVE__LISTEN", daemon.base.trim_start_matches("http://"));
    assert_eq!(world.run(&["live"]).await.status.code(), Some(0));
    drop(daemon);
    let gone = world.run(&["live"]).await;
    assert_eq!(gone.status.code(), Some(1));
    let said = String::from_utf8_lossy(&gone.stderr);
    assert!(said.contains("nobody serves at 127.0.0.1:"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_daemon_does_is_measured() {
    let mut world = World::new(examples()).await;
    // Once, at the start.
    world.set("SOURCES__0__SCHEDULE", "[\"0 0 1 1 *\"]");
    world.set("FETCH__HISTORY", "1d");
    world
        .site()
        .set_fault("/releases/mobile", Fault::Status(503, None));
    let daemon = Daemon::start(&world).await;
    daemon.wait_for("/metrics", "npcc_feeds_cycles_total").await;
    daemon.wait_for("/all.rss", "Press office closed").await;
    for path in ["/topics/hate-crime.atom", "/", "/nowhere", "/all.json"] {
        daemon.get(path).await;
    }
    let answer = daemon.get("/metrics").await;
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = answer.text().await.unwrap();
    let value = |line: &str| {
        let found = text.lines().find_map(|one| one.strip_prefix(line));
        let found = found.unwrap_or_else(|| panic!("no {line} in\n{text}"));
        found.trim().parse::<f64>().unwrap()
    };
    let cycles = |outcome: &str| {
        let line = format!("npcc_feeds_cycles_total{{outcome=\"{outcome}\",source=\"npcc\"}} 1");
        text.contains(&line)
    };
    assert!(cycles("ok") || cycles("failing"), "{text}");
    let asked = world.asked().len() as f64;
    assert!(value("npcc_feeds_upstream_requests_total{outcome=\"ok\"}") <= asked);
    assert!(value("npcc_feeds_upstream_received_bytes_total") > 10_000.0);
    assert!(value("npcc_feeds_verdicts_total{source=\"npcc\",verdict=\"new\"}") >= 10.0);
    let stored = world.releases().await.len() as f64;
    assert!(value("npcc_feeds_releases") <= stored);
    assert!(value("npcc_feeds_topic_releases{topic=\"hate-crime\"}") >= 1.0);
    for kind in ["atom", "page", "json", "rss"] {
        let line = format!("npcc_feeds_http_requests_total{{kind=\"{kind}\",status=\"200\"}}");
        assert!(value(&line) >= 1.0);
    }
    assert_eq!(
        value("npcc_feeds_http_requests_total{kind=\"page\",status=\"404\"}"),
        1.0
    );
    assert!(value("npcc_feeds_http_sent_bytes_total") > 10_000.0);
    let now = chrono::Utc::now().timestamp() as f64;
    let last = value("npcc_feeds_source_last_success_timestamp_seconds{source=\"npcc\"}");
    assert!((now - 60.0..=now).contains(&last));
    assert!(value("npcc_feeds_source_next_cycle_timestamp_seconds{source=\"npcc\"}") > now);
    assert!(value("npcc_feeds_store_bytes") > 100_000.0);
    assert_eq!(value("npcc_feeds_store_failing"), 0.0);
    assert!(value("npcc_feeds_http_connections") >= 1.0);
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        text.contains(&format!("version=\"{version}\"}} 1")),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_fetches_serves_and_shows_what_others_fetched() {
    let world = World::new(examples()).await;
    let daemon = Daemon::start(&world).await;
    daemon.wait_for("/all.rss", "Press office closed").await;
    let drink = "/topics/roads-policing.rss";
    assert!(daemon.text(drink).await.contains("Christmas drink drive"));
    assert_eq!(daemon.text("/live").await, "live\n");
    let feed = daemon.get(drink).await;
    assert_eq!(
        feed.headers()["content-type"],
        "application/rss+xml; charset=utf-8"
    );
    let etag = feed.headers()["etag"].to_str().unwrap().to_owned();
    let request = reqwest::Client::new().get(format!("{}{drink}", daemon.base));
    let again = request
        .header("if-none-match", format!("W/{etag}"))
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(daemon.get("/topics/nonsense.rss").await.status(), 404);
    assert_eq!(
        daemon.get("/topics/roads%2Dpolicing.rss").await.status(),
        200
    );
    world.site().publish(release(500));
    let mut tries = 0;
    // The daemon may be filling its past in this moment.
    while !world.run(&["fetch"]).await.status.success() {
        tries += 1;
        assert!(tries < 100, "nobody else may fetch for so long");
    }
    let fetched = Instant::now();
    daemon.wait_for("/all.rss", "Release number 500").await;
    assert!(fetched.elapsed() < Duration::from_secs(5), "promised");
    let health: serde_json::Value = serde_json::from_str(&daemon.text("/health").await).unwrap();
    assert_eq!(health["status"], "ok");
    assert!(health["sources"][0]["next_cycle"].is_string(), "{health}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_redacted_beside_the_daemon_is_gone_from_its_journal_too() {
    let world = World::new(numbered(1..=5)).await;
    let daemon = Daemon::start(&world).await;
    daemon.wait_for("/all.rss", "w3x7 ").await;
    assert!(world.store_holds("w3x7 "));
    world
        .json(&["redact", "http://127.0.0.1/releases/release-number-3"])
        .await;
    assert!(!world.store_holds("w3x7 "));
    let started = Instant::now();
    while daemon.text("/all.rss").await.contains("w3x7 ") {
        assert!(started.elapsed() < Duration::from_secs(5), "promised");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_served_with_validators_that_outlive_a_restart() {
    let world = World::new(examples()).await;
    world.fetch().await;
    world.forget_history().await;
    let daemon = Daemon::serving(&world).await;
    let client = reqwest::Client::builder()
        .no_gzip()
        .no_brotli()
        .build()
        .unwrap();
    let ask = |method, name: &'static str, value: String| {
        let request = client.request(method, format!("{}/all.rss", daemon.base));
        async move { request.header(name, value).send().await.unwrap() }
    };
    let plain = ask(reqwest::Method::GET, "accept", "*/*".into()).await;
    let (headers, bytes) = (plain.headers().clone(), plain.bytes().await.unwrap());
    assert_eq!(headers["content-length"], bytes.len().to_string());
    assert_eq!(headers["vary"], "Accept-Encoding");

    let packed = ask(reqwest::Method::GET, "accept-encoding", "gzip".into()).await;
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_ne!(packed.headers()["etag"], headers["etag"]);
    let packed = packed.bytes().await.unwrap();
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(&packed[..]),
        &mut unpacked,
    )
    .unwrap();
    assert!(unpacked == bytes && packed.len() < bytes.len() / 2);

    let head = ask(reqwest::Method::HEAD, "accept", "*/*".into()).await;
    assert_eq!(
        (head.status().as_u16(), &head.headers()["etag"]),
        (200, &headers["etag"])
    );
    assert_eq!(head.headers()["content-length"], headers["content-length"]);
    assert!(head.bytes().await.unwrap().is_empty());
    let modified = headers["last-modified"].to_str().unwrap().to_owned();
    let same = ask(reqwest::Method::GET, "if-modified-since", modified.clone()).await;
    assert_eq!(same.status(), 304);
    let post = ask(reqwest::Method::POST, "accept", "*/*".into()).await;
    assert_eq!(
        (post.status().as_u16(), &post.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );

    drop(daemon);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let daemon = Daemon::serving(&world).await;
    let url = format!("{}/all.rss", daemon.base);
    let again = client.get(url).send().await.unwrap();
    assert_eq!(again.headers()["etag"], headers["etag"]);
    assert_eq!(again.headers()["last-modified"], modified);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_was_renamed_redirects_and_one_that_was_taken_out_is_gone() {
    let mut world = World::new(numbered(1..=2)).await;
    world.set("CLASSIFY__TOPICS", "topics.toml");
    let topics = "[scoring]\nthreshold = 6\ntitle = 3\nlead = 2\nbody = 1\nstrong = 4\nmedium = 2\nweak = 1\n\
        [[topics]]\nid = \"now\"\ntitle = \"N\"\nscope = \"s\"\nstrong = [\"release number\"]\n\
        [[retired]]\nid = \"before\"\nto = \"now\"\n[[retired]]\nid = \"gone\"\n";
    std::fs::write(world.path("topics.toml"), topics).unwrap();
    world.set("SERVE__PUBLIC_URL", "https://feeds.example/npcc");
    let daemon = Daemon::serving(&world).await;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    for form in ["", ".rss", ".atom", ".json"] {
        let get = async |id: &str| {
            let url = format!("{}/topics/{id}{form}", daemon.base);
            client.get(url).send().await.unwrap()
        };
        let moved = get("before").await;
        assert_eq!(moved.status(), 301);
        let location = format!("https://feeds.example/npcc/topics/now{form}");
        assert_eq!(moved.headers()["location"], location.as_str());
        assert_eq!(get("gone").await.status(), 410);
        assert_eq!(get("never").await.status(), 404);
    }
    assert_eq!(daemon.get("/topics/gone.xyz").await.status(), 404);
    assert_eq!(daemon.get("/topics/now.rss").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_is_tried_again_and_stops_nothing() {
    let mut world = World::new(numbered(1..=3)).await;
    world.set("PUBLISH__TO", "files");
    std::fs::write(world.path("files"), "in the way").unwrap();
    let daemon = Daemon::start(&world).await;
    daemon.wait_for("/all.rss", "Release number 3").await;
    std::fs::remove_file(world.path("files")).unwrap();
    until("the files are there", || {
        world.path("files/all.rss").exists()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fills_the_year_that_the_newsroom_shows_no_more() {
    let mut world = World::new(examples()).await;
    world.set("FETCH__HISTORY", "36500d");
    let daemon = Daemon::start(&world).await;
    daemon
        .wait_for("/all.rss", "An officer is assaulted every 13 minutes")
        .await;
    // The first page was read by the first cycle; once more it shows that the empty fourth one is the end.
    let count = |path: &str| {
        let asked = world.asked();
        asked.iter().filter(|asked| *asked == path).count()
    };
    until("the end is found", || count("/releases") == 2).await;
    assert_eq!(count("/releases?page=2"), 1, "{:?}", world.asked());
    assert_eq!(world.releases().await.len(), examples().len() - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_within_five_seconds_in_the_middle_of_a_request() {
    let world = World::new(numbered(1..=3)).await;
    world.site().set_fault("/releases/", Fault::Hang);
    for signal in ["TERM", "INT"] {
        let mut daemon = Daemon::start(&world).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        daemon.signal(signal);
        let started = Instant::now();
        let status = loop {
            if let Some(status) = daemon.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                started.elapsed() < Duration::from_secs(5),
                "{signal} is not heeded"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(status.success(), "{status}");
    }
    world.site().clear_faults();
    world.fetch().await;
    assert_eq!(world.releases().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_looks_at_the_newsroom_only_when_a_cycle_was_missed() {
    let mut world = World::new(numbered(1..=3)).await;
    world.set("SOURCES__0__SCHEDULE", "[\"0 0 1 1 *\"]");
    world.fetch().await;
    world.forget_history().await;
    world.site().clear_asked();
    let daemon = Daemon::serving(&world).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(world.asked().is_empty(), "{:?}", world.asked());
    drop(daemon);
    world.forget_cycles().await;
    let _daemon = Daemon::start(&world).await;
    until("a cycle at once", || {
        world.asked().contains(&"/feed/rss".to_owned())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_within_five_seconds_while_another_process_holds_the_store() {
    let world = World::new(numbered(1..=3)).await;
    world.fetch().await;
    let mut daemon = Daemon::serving(&world).await;
    let mut store = world.open_store().await;
    let hold = match store::server() {
        None => "BEGIN IMMEDIATE",
        Some(_) => "BEGIN; LOCK TABLE counters IN SHARE ROW EXCLUSIVE MODE",
    };
    sqlx::raw_sql(hold).execute(&mut store).await.unwrap();
    let asked = Instant::now();
    assert_eq!(daemon.get("/health").await.status(), 200);
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "health only reads"
    );
    daemon.signal("TERM");
    let started = Instant::now();
    while daemon.child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_can_only_be_read_is_served_all_the_same() {
    let world = World::in_file(numbered(1..=3)).await;
    world.fetch().await;
    let mut store = world.open_store().await;
    // As a full disk does, but at once.
    let refuse =
        "CREATE TRIGGER full BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'full'); END";
    sqlx::query(refuse).execute(&mut store).await.unwrap();
    let daemon = Daemon::serving(&world).await;
    assert!(daemon.text("/all.rss").await.contains("Release number 3"));
    assert_eq!(daemon.get("/topics/roads-policing.rss").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_of_a_cycle_has_each_figure_as_a_field() {
    let world = World::new(numbered(1..=3)).await;
    let mut command = world.command(&["--log-format", "json", "run"]);
    let mut daemon = command.stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(daemon.stderr.take().unwrap()).lines();
    let read = tokio::task::spawn_blocking(move || {
        let mut lines = lines
            .map(|line| -> serde_json::Value { serde_json::from_str(&line.unwrap()).unwrap() });
        lines.find(|line| line["message"] == "read").unwrap()
    });
    let line = read.await.unwrap();
    daemon.kill().unwrap();
    daemon.wait().unwrap();
    assert_eq!(
        (&line["level"], &line["source"]),
        (&"INFO".into(), &"npcc".into())
    );
    assert!(line["requests"].as_u64().unwrap() >= 3, "{line}");
    assert!(line["next"].is_string(), "{line}");
    for (field, count) in [
        ("new", 3),
        ("revised", 0),
        ("merged", 0),
        ("withdrawn", 0),
        ("failed", 0),
    ] {
        assert_eq!(line[field], count, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timers_fetch_leaves_alone_what_failed_a_moment_ago_and_a_persons_does_not() {
    let world = World::new(numbered(1..=3)).await;
    let scheduled = ["fetch", "--scheduled"];
    // On an empty store, as a timer's first.
    assert!(world.run(&scheduled).await.status.success());
    assert_eq!(world.releases().await.len(), 3);
    world
        .site()
        .set_fault("/feed/rss", Fault::Status(500, None));
    world.publish_numbered(4..=4);
    assert_eq!(world.run(&scheduled).await.status.code(), Some(1));
    world.site().clear_faults();
    world.site().clear_asked();
    world.run(&scheduled).await;
    let asks_feed = || world.asked().iter().any(|path| path == "/feed/rss");
    assert!(!asks_feed(), "{:?}", world.asked());
    world.fetch().await;
    assert!(asks_feed());
    assert_eq!(world.releases().await.len(), 4);
    world.publish_numbered(5..=5);
    assert!(world.run(&scheduled).await.status.success());
    assert_eq!(world.releases().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_network_it_stays_up_and_serves_what_it_has() {
    let mut world = World::new(numbered(1..=3)).await;
    world.fetch().await;
    let dead = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    world.set("SOURCES__0__FEED", &format!("http://{dead}/feed/rss"));
    world.set("SOURCES__0__LISTING", &format!("http://{dead}/releases"));
    world.forget_cycles().await;
    let daemon = Daemon::serving(&world).await;
    assert!(daemon.text("/all.rss").await.contains("Release number 3"));
    until("a cycle has failed", || {
        let log = daemon.log.lock().unwrap();
        log.contains("no connection") && log.contains("next=\"20")
    })
    .await;
    assert!(daemon.text("/all.rss").await.contains("Release number 3"));
    let health: serde_json::Value = serde_json::from_str(&daemon.text("/health").await).unwrap();
    assert!(
        health["sources"][0]["trouble"][0]["cause"].is_string(),
        "{health}"
    );
    assert!(
        health["sources"][0]["failing_since"].is_string(),
        "{health}"
    );
    let metrics = daemon.text("/metrics").await;
    let since = "npcc_feeds_source_failing_since_timestamp_seconds{source=\"npcc\"}";
    assert!(metrics.contains(since), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_request_it_loses_and_repeats_nothing() {
    let calm = World::new(numbered(1..=25)).await;
    calm.fetch().await;
    calm.publish_numbered(26..=50);
    calm.site().clear_asked();
    calm.fetch().await;
    let requests = calm.site().asked().len();
    let expected = sorted(field(&calm.releases().await, "guid"));
    assert_eq!(expected.len(), 50);

    // The file is put back as it was, again and again.
    let world = World::in_file(numbered(1..=25)).await;
    world.fetch().await;
    let start = world.path("start");
    std::fs::rename(world.path("store"), &start).unwrap();
    world.publish_numbered(26..=50);
    for requests in 1..requests {
        copy(&start, &world.path("store"));
        world.kill_after(&["fetch"], requests).await;
        world.fetch().await;
        let releases = world.releases().await;
        assert_eq!(
            sorted(field(&releases, "guid")),
            expected,
            "killed after request {requests}"
        );
        std::fs::remove_dir_all(world.path("store")).unwrap();
    }
}

fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
