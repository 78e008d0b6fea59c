//! Documents that are packed wrongly.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Outcome::{Kept, Read};
use super::bomb;
use super::engine::{NEW, Shown};
use super::hits::FEED;
use super::{IF_IT_LASTS, NOTHING, faults};
use crate::site::wire::Then::Close;

const GZIP: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/rss+xml\r\ncontent-encoding: gzip\r\n";

/// An answer with a body of its own length.
pub fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{head}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

fn is_there(shown: &[Shown]) {
    let title = format!("Release number {NEW}");
    assert!(shown.iter().any(|item| item.title == title), "{shown:#?}");
}

faults! { "Packing", "The feed, the only way in here, is compressed, or said to be.";
    packed_well: "gzip, unasked and in one piece",
        |it| { let feed = packed(&it.text_of(FEED)); it.feed_wire(answer(GZIP, &feed), Close) },
        Read("Reads it", is_there), NOTHING;
    cut_gzip: "gzip that is cut in the middle",
        |it| { let feed = packed(&it.text_of(FEED)); it.feed_wire(answer(GZIP, &feed[..feed.len() / 2]), Close) },
        Kept("the answer cannot be read: unexpected end of file"), IF_IT_LASTS;
    damaged_gzip: "gzip with damaged bytes",
        |it| {
            let mut feed = packed(&it.text_of(FEED));
            let middle = feed.len() / 2;
            feed[middle..].fill(0xFF);
            it.feed_wire(answer(GZIP, &feed), Close)
        },
        Kept("the answer cannot be read: unexpected end of file"), IF_IT_LASTS;
    false_gzip: "A plain document that is said to be gzip",
        |it| { let feed = it.text_of(FEED); it.feed_wire(answer(GZIP, feed.as_bytes()), Close) },
        Kept("the answer cannot be read: Invalid gzip header"), IF_IT_LASTS;
    unknown_packing: "A `Content-Encoding` that was not asked for",
        |it| { let feed = it.text_of(FEED); it.feed_wire(answer(&GZIP.replace("gzip", "zstd"), feed.as_bytes()), Close) },
        Kept("it is encoded as zstd, which was not asked for"), IF_IT_LASTS;
    packed_twice: "gzip within gzip, of which one layer is named",
        |it| {
            let feed = packed(&it.text_of(FEED));
            let mut twice = GzEncoder::new(Vec::new(), Compression::fast());
            twice.write_all(&feed).unwrap();
            it.feed_wire(answer(GZIP, &twice.finish().unwrap()), Close)
        },
        Kept("the feed holds no release"), IF_IT_LASTS;
    bomb: "500 MB that arrive as half a megabyte of gzip",
        |it| it.feed_wire(answer(GZIP, bomb::gzip()), Close),
        Kept("the answer is larger than 4.0 MiB; see [fetch] max_body"), IF_IT_LASTS;
}
