//! Answers that are no HTTP, or never end.

use super::Outcome::Kept;
use super::hits::{FEED, with};
use super::{ADDRESS, IF_IT_LASTS, faults};
use crate::site::Fault;
use crate::site::wire::Then::{Close, Drip, Flood, Reset, Stay};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

faults! { "The connection", "The feed, the only way in here, is answered byte by byte.";
    reset: "The connection is reset", |it| it.feed_wire("", Reset),
        Kept("the answer cannot be read: Connection reset by peer"), IF_IT_LASTS;
    reset_within: "The connection is reset within the document",
        |it| it.feed_wire(format!("{OK}content-length: 100000\r\n\r\n<rss><channel>"), Reset),
        Kept("the answer cannot be read: Connection reset by peer"), IF_IT_LASTS;
    closed: "The connection is closed without an answer", |it| it.feed_wire("", Close),
        Kept("the answer cannot be read: connection closed before message completed"), IF_IT_LASTS;
    junk: "Something else than HTTP answers", |it| it.feed_wire("SSH-2.0-OpenSSH_9.9\r\n", Close),
        Kept("the answer cannot be read: invalid HTTP version parsed"), ADDRESS;
    binary_junk: "Random bytes answer", |it| it.feed_wire(vec![0x9F, 0, 0xFF, 0x80, 7, 0xC3], Close),
        Kept("the answer cannot be read: invalid HTTP version parsed"), IF_IT_LASTS;
    tls_on_a_plain_port: "TLS answers at an `http:` address", |it| it.feed_wire(b"\x15\x03\x03\x00\x02\x02\x46", Close),
        Kept("the answer cannot be read: invalid HTTP version parsed"), "Write `https:` into the configuration";
    plain_on_a_tls_port: "Plain HTTP answers at an `https:` address",
        |it| { let to = it.newsroom.base().replace("http:", "https:") + FEED; it.feed(Fault::Redirect(302, to)) },
        Kept("no connection: received corrupt message"), "Write `http:` into the configuration, if there is no TLS";
    refused: "Nothing listens there",
        |it| { let to = format!("http://127.0.0.1:{}/", it.closed_port()); it.feed(Fault::Redirect(302, to)) },
        Kept("Connection refused"), IF_IT_LASTS;
    half_a_status_line: "Half a status line", |it| it.feed_wire("HTTP/1.1 2", Close),
        Kept("the answer cannot be read: connection closed before message completed"), IF_IT_LASTS;
    half_a_header: "The header breaks off", |it| it.feed_wire("HTTP/1.1 200 OK\r\ncontent-type: text", Close),
        Kept("the answer cannot be read: connection closed before message completed"), IF_IT_LASTS;
    bad_header: "A header that is none", |it| it.feed_wire("HTTP/1.1 200 OK\r\n\x01\x02: \x03\r\n\r\n", Close),
        Kept("the answer cannot be read: invalid HTTP header parsed"), IF_IT_LASTS;
    endless_header: "A header that comes drop by drop and never ends",
        |it| { it.impatient(); it.feed_wire("HTTP/1.1 200 OK\r\n", Drip("x: y\r\n".into())) },
        Kept("no whole answer within 400ms"), IF_IT_LASTS;
    huge_header: "Megabytes of headers",
        |it| it.feed_wire("HTTP/1.1 200 OK\r\n", Flood(format!("x: {}\r\n", "y".repeat(8_000)).into())),
        Kept("the answer cannot be read: message head is too large"), IF_IT_LASTS;
    many_headers: "Thousands of headers",
        |it| it.feed_wire("HTTP/1.1 200 OK\r\n", Flood("x: y\r\n".repeat(100).into())),
        Kept("the answer cannot be read: message head is too large"), IF_IT_LASTS;
    cut_short: "The document ends before its `Content-Length`",
        |it| it.feed_wire(format!("{OK}content-length: 100000\r\n\r\n<rss><channel>"), Close),
        Kept("the answer cannot be read: end of file before message length reached"), IF_IT_LASTS;
    two_lengths: "Two `Content-Length` that differ",
        |it| it.feed_wire(format!("{OK}content-length: 10\r\ncontent-length: 20\r\n\r\n<rss><channel>"), Close),
        Kept("the answer cannot be read: invalid content-length parsed"), IF_IT_LASTS;
    negative_length: "A `Content-Length` that is no number",
        |it| it.feed_wire(format!("{OK}content-length: -1\r\n\r\n<rss><channel>"), Close),
        Kept("the answer cannot be read: invalid content-length parsed"), IF_IT_LASTS;
    broken_chunk: "A chunk whose size is no number", |it| it.feed_wire(format!("{CHUNKED}5\r\n<rss>\r\nzz\r\n"), Close),
        Kept("the answer cannot be read: Invalid chunk size line"), IF_IT_LASTS;
    huge_chunk: "A chunk larger than any number",
        |it| it.feed_wire(format!("{CHUNKED}fffffffffffffffff\r\n<rss>"), Close),
        Kept("the answer cannot be read: invalid chunk size: overflow"), IF_IT_LASTS;
    open_chunks: "Chunks without a last one", |it| it.feed_wire(format!("{CHUNKED}5\r\n<rss>\r\n"), Close),
        Kept("the answer cannot be read: unexpected EOF during chunk size line"), IF_IT_LASTS;
    endless_chunks: "Chunks after which nothing comes",
        |it| { it.impatient(); it.feed_wire(format!("{CHUNKED}5\r\n<rss>\r\n"), Stay) },
        Kept("no whole answer within 400ms"), IF_IT_LASTS;
    endless_body: "A document that never ends",
        |it| { it.config.fetch.max_body = 100_000; it.feed_wire(format!("{OK}\r\n"), Flood(vec![b' '; 65_536].into())) },
        Kept("the answer is larger than"), IF_IT_LASTS;
    drip: "A document that comes drop by drop and never ends",
        |it| { it.impatient(); it.feed_wire(format!("{OK}\r\n<rss>"), Drip("<item>".into())) },
        Kept("no whole answer within 400ms"), IF_IT_LASTS;
    silence: "The newsroom takes the request and says nothing",
        |it| { it.impatient(); it.feed_wire("", Stay) },
        Kept("no whole answer within 400ms"), IF_IT_LASTS;
    silence_everywhere: "Every address of the newsroom is silent",
        |it| { it.impatient(); it.everything(Fault::Hang) },
        Kept("no whole answer within 400ms"), IF_IT_LASTS;
    upgrade: "The server wants another protocol", |it| it.feed(with(426, "upgrade", "h2c")),
        Kept("the server answered 426 Upgrade Required"), IF_IT_LASTS;
}
