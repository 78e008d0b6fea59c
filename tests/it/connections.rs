//! What clients do with their connections.

use std::fmt::Write;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{World, of_today};
use crate::running::{Daemon, until};

impl Daemon {
    /// What comes back on one connection to which all of `request` is sent at once, until it is closed.
    async fn answers(&self, request: &str) -> Vec<u8> {
        let address = self.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut got = Vec::new();
        // A server that closes with something unread resets; what came before that counts.
        let _ = stream.read_to_end(&mut got).await;
        got
    }

    /// One feed's bytes as they are sent.
    async fn packed(&self, path: &str) -> Vec<u8> {
        let client = reqwest::Client::builder().no_gzip().build().unwrap();
        let request = client.get(format!("{}{path}", self.base));
        let answer = request.header("accept-encoding", "gzip").send().await;
        answer.unwrap().bytes().await.unwrap().to_vec()
    }
}

/// A world whose feeds are large even when they are packed.
async fn world() -> World {
    let mut releases = of_today(1..=9);
    for release in &mut releases {
        for _ in 0..200 {
            write!(release.body, " {}", uuid::Uuid::new_v4()).unwrap();
        }
    }
    let world = World::new(releases).await;
    world.fetch().await;
    world
}

/// The bodies in a row of answers.
fn bodies(mut answers: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while !answers.is_empty() {
        let end = answers.windows(4).position(|end| end == b"\r\n\r\n");
        let (head, rest) = answers.split_at(end.unwrap() + 4);
        let head = String::from_utf8(head.to_vec()).unwrap();
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        let (body, rest) = rest.split_at(length.map_or(0, |length| length.parse().unwrap()));
        bodies.push(body.to_vec());
        answers = rest;
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_requests_sent_at_once_come_whole_and_in_turn() {
    let world = world().await;
    let daemon = Daemon::serving(&world).await;
    let paths = ["/all.rss", "/live", "/topics/unclassified.rss", "/all.rss"];
    let mut wanted = Vec::new();
    for path in paths {
        wanted.push(daemon.packed(path).await);
    }
    assert!(wanted[0].len() > 16 * 1024, "{}", wanted[0].len());
    let ends = ["", "", "", "Connection: close\r\n"];
    let requests = paths.iter().zip(ends).map(|(path, end)| {
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n{end}\r\n")
    });
    let answers = daemon.answers(&requests.collect::<String>()).await;
    assert!(bodies(&answers) == wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_its_time_gets_all_of_a_feed() {
    let world = world().await;
    let daemon = Daemon::serving(&world).await;
    let wanted = daemon.packed("/all.rss").await;
    let address = daemon.base.strip_prefix("http://").unwrap().to_owned();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let request =
        "GET /all.rss HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut got, mut part) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut part).await.unwrap() {
            0 => break,
            length => got.extend_from_slice(&part[..length]),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(bodies(&got) == [wanted]);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_end_are_refused() {
    let world = World::read(1).await;
    let daemon = Daemon::serving(&world).await;
    let request = |size| {
        let long = "a".repeat(size);
        format!("GET /live HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\nConnection: close\r\n\r\n")
    };
    let status =
        |answer: Vec<u8>| String::from_utf8_lossy(&answer[..12.min(answer.len())]).into_owned();
    assert_eq!(
        status(daemon.answers(&request(8_000)).await),
        "HTTP/1.1 200"
    );
    assert_eq!(
        status(daemon.answers(&request(20_000)).await),
        "HTTP/1.1 431"
    );
    let path = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(20_000));
    assert_eq!(status(daemon.answers(&path).await), "HTTP/1.1 431");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_no_more_connections_than_places_and_who_comes_then_waits_for_one() {
    let world = World::read(1).await;
    // So few files are left for connections.
    let places = 64;
    let daemon = Daemon::start_by(world.shell("ulimit -n 576; exec \"$0\" run")).await;
    daemon.wait_for("/all.rss", "<rss").await;
    let address = daemon.base.strip_prefix("http://").unwrap();
    let ask = async |stream: &mut TcpStream| {
        let request = b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    };
    let mut held = Vec::new();
    for _ in 0..places {
        let mut stream = TcpStream::connect(address).await.unwrap();
        ask(&mut stream).await;
        held.push(stream);
    }
    let mut late = TcpStream::connect(address).await.unwrap();
    let waits = tokio::time::timeout(Duration::from_secs(1), ask(&mut late));
    assert!(waits.await.is_err(), "it waits");
    // The store has files left, and what is new is read.
    world.site().publish(of_today(2..=2).remove(0));
    world.fetch().await;
    held.pop();
    let mut answer = [0; 12];
    late.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    drop(held);
    daemon.wait_for("/all.rss", "Release number 2<").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_hides_within_another() {
    let world = World::read(1).await;
    let daemon = Daemon::serving(&world).await;
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let length = smuggled.len();
    let both = format!("Content-Length: {}\r\n", length + 5);
    let chunked = "Transfer-Encoding: chunked\r\n";
    let end = "0\r\n\r\n";
    // What stands among the headers, what comes between them and the other request, and the answer. Where two lengths
    // stand beside each other, the connection ends with the answer, as nobody knows where the request does.
    for (headers, between, status) in [
        (format!("{both}{chunked}"), end, 200),
        (format!("{chunked}{both}"), end, 200),
        // Behind the end of a line that some take for one, and behind one that only some do.
        (format!("X-A: b\n{chunked}{both}"), end, 200),
        (format!("X-A: b\r{chunked}{both}"), end, 400),
        // A line that goes on, as it once could.
        (format!("X-A: b\r\n {chunked}{both}"), end, 400),
        (format!("{both}X-A: b\r\n\t{chunked}"), end, 400),
        // The length of a chunk with such an end.
        (chunked.to_owned(), "0\n\n", 200),
        (
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
            end,
            400,
        ),
        ("Transfer-Encoding: xchunked\r\n".to_owned(), end, 400),
        ("Transfer-Encoding : chunked\r\n".to_owned(), end, 400),
        (format!("{both}Content-Length: 5\r\n"), end, 400),
        (format!("Content-Length: {length}, 5\r\n"), "", 400),
        (format!("Content-Length: +{length}\r\n"), "", 400),
        ("Content-Length: -1\r\n".to_owned(), "", 400),
    ] {
        for path in ["/all.rss", "/live"] {
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n{between}{smuggled}");
            let answers = daemon.answers(&request).await;
            let answers = String::from_utf8_lossy(&answers);
            let begins = format!("HTTP/1.1 {status} ");
            assert!(answers.starts_with(&begins), "{request:?}: {answers}");
            let count = answers.matches("HTTP/1.1 ").count();
            assert_eq!(count, 1, "{request:?}: {answers}");
            assert!(!answers.contains("smuggled"), "{request:?}: {answers}");
        }
    }
    // A body of a known length is passed over whole, also where its length is said twice.
    let last = "GET /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let once = format!("Content-Length: {length}\r\n");
    for headers in [once.clone(), once.repeat(2), once.replace("\r\n", "\n")] {
        let request = format!("GET /live HTTP/1.1\r\nHost: a\r\n{headers}\r\n{smuggled}{last}");
        let answers = daemon.answers(&request).await;
        let answers = String::from_utf8_lossy(&answers);
        assert!(
            answers.starts_with("HTTP/1.1 200 "),
            "{request:?}: {answers}"
        );
        let count = answers.matches("HTTP/1.1 200 ").count();
        assert_eq!(count, 2, "{request:?}: {answers}");
        assert!(!answers.contains("smuggled"), "{request:?}: {answers}");
    }
}

#[tokio::test]
async fn whoever_has_connected_just_before_the_stop_is_answered_as_well() {
    let world = world().await;
    let mut daemon = Daemon::serving(&world).await;
    let address = daemon.base.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    // By the time that this one is answered, that one is accepted.
    assert_eq!(daemon.get("/live").await.status(), 200);
    daemon.signal("TERM");
    until("it stops", || {
        daemon.log.lock().unwrap().contains("stopping")
    })
    .await;
    let request = b"GET /all.rss HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let head = &answer[..answer.find("<?xml").unwrap_or(answer.len())];
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    // It was read to its end, so the daemon has closed the connection, whether or not it had heard of the stop by the head.
    assert!(answer.ends_with("</rss>\n"));
    assert!(daemon.child.wait().unwrap().success());
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_sent_away_and_one_that_is_quiet_is_not() {
    let world = World::read(1).await;
    let daemon = Daemon::serving(&world).await;
    let address = daemon.base.strip_prefix("http://").unwrap();
    let mut quiet = TcpStream::connect(address).await.unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET /live HTTP/1.1\r\nX-Slow: ")
        .await
        .unwrap();
    // Until it is closed from the other side, long before its headers are too large.
    let mut sent = 0;
    while slow.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(100)).await;
        sent += 1;
        assert!(sent < 1000, "never sent away");
    }
    let request = b"GET /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    quiet.write_all(request).await.unwrap();
    let mut answer = String::new();
    quiet.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
