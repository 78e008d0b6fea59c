//! Feeds as careless publishers and broken programs write them.

use super::Outcome::{Announced, Kept, Read, ReadBut};
use super::engine::{NEW, Shown, Stage};
use super::hits::{FEED, status};
use super::{ADDRESS, IF_IT_LASTS, NOTHING, faults};
use crate::harness::release;
use crate::site::Fault;

const RSS: &str = "application/rss+xml";

fn is_there(shown: &[Shown]) {
    is_titled(shown, &format!("Release number {NEW}"));
}

fn is_titled(shown: &[Shown], title: &str) {
    assert!(
        shown.iter().any(|item| item.title == title),
        "{title}: {shown:#?}"
    );
}

/// Both of two new releases.
fn are_there(shown: &[Shown]) {
    is_there(shown);
    is_titled(shown, &format!("Release number {}", NEW + 1));
}

/// The feed is labelled as another kind of document.
fn labelled(it: &mut Stage, content_type: &str) {
    it.feed(Fault::Labelled("content-type", content_type.to_owned()));
}

/// The title of the new release is this in the feed; its page is not up yet, so that the feed's word counts.
fn titled(it: &mut Stage, title: &str, write: impl FnOnce(String) -> Vec<u8>) {
    it.page(status(503));
    let was = format!("<title>Release number {NEW}");
    let feed = it.text_of(FEED).replace(&was, &format!("<title>{title}"));
    it.feed_is(RSS, write(feed));
}

/// The document with a declaration that names its charset.
fn declared(charset: &str, feed: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"{charset}\"?>{feed}")
}

fn utf_16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// windows-1252 for text that has a right quote and é beyond ASCII.
fn windows_1252(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '’' => 0x92,
        'é' => 0xE9,
        c => u8::try_from(c).unwrap(),
    };
    text.chars().map(byte).collect()
}

fn accented(shown: &[Shown]) {
    is_titled(shown, "The chiefs’ café");
}

faults! { "Documents", "What arrives as the feed, the only way in here, is not what it should be.";
    empty: "Nothing, with status 200", |it| it.feed_is(RSS, ""),
        Kept("the feed holds no release"), IF_IT_LASTS;
    white_space: "White space alone", |it| it.feed_is(RSS, " \n\t\n "),
        Kept("the feed holds no release"), IF_IT_LASTS;
    nul_bytes: "NUL bytes alone, as a disk failure leaves them", |it| it.feed_is(RSS, vec![0; 10_000]),
        Kept("the feed holds no release"), IF_IT_LASTS;
    html: "A web page", |it| { let page = it.text_of("/"); it.feed_is("text/html", page) },
        Kept("the feed holds no release"), ADDRESS;
    json: "JSON", |it| labelled(it, "application/json"),
        Kept("the answer is application/json, which is neither a feed nor a page"), ADDRESS;
    image: "An image", |it| labelled(it, "image/png"),
        Kept("the answer is image/png, which is neither a feed nor a page"), ADDRESS;
    pdf: "A PDF", |it| labelled(it, "application/pdf"),
        Kept("the answer is application/pdf, which is neither a feed nor a page"), ADDRESS;
    archive: "A ZIP file", |it| labelled(it, "application/zip"),
        Kept("the answer is application/zip, which is neither a feed nor a page"), ADDRESS;
    hidden_json: "JSON that is labelled as a feed", |it| it.feed_is(RSS, "{\"error\": \"internal\"}"),
        Kept("the feed holds no release"), IF_IT_LASTS;
    hidden_image: "An image that is labelled as a feed",
        |it| it.feed_is(RSS, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec()),
        Kept("the feed holds no release"), IF_IT_LASTS;
    wrong_type: "The feed, labelled as a web page", |it| labelled(it, "text/html"),
        Read("Reads it", is_there), NOTHING;
    no_type: "The feed, labelled as bytes", |it| labelled(it, "application/octet-stream"),
        Read("Reads it", is_there), NOTHING;
    junk_type: "The feed, labelled with junk", |it| labelled(it, ";;; charset=;"),
        Read("Reads it", is_there), NOTHING;
    no_items: "A feed without items",
        |it| it.feed_with(|feed| format!("{}</channel></rss>", &feed[..feed.find("<item>").unwrap()])),
        Kept("the feed holds no release"), IF_IT_LASTS;
    other_feed: "Another feed's document", |it| it.feed_with(|feed| feed.replace("/releases/", "/jobs/")),
        Kept("none links to a release on the source's hosts"), ADDRESS;
    foreign_items: "Items on foreign hosts alone",
        |it| it.feed_with(|feed| feed.replace("127.0.0.1", "news.example.org")),
        Kept("it is on news.example.org, which is none of the source's hosts"),
        "If the newsroom has moved there: add the host to `hosts`";
    cut_in_an_item: "XML that is cut within an item",
        |it| it.feed_with(|feed| {
            let third = feed.match_indices("<item>").nth(2).unwrap().0;
            feed[..third + 40].to_owned()
        }),
        ReadBut("an item cannot be taken: ", is_there), IF_IT_LASTS;
    cut_in_the_first_item: "XML that is cut within its first item",
        |it| it.feed_with(|feed| feed[..feed.find("</link><title>").unwrap()].to_owned()),
        Kept("the feed holds no release"), IF_IT_LASTS;
    one_broken_item: "One item of two new ones is no XML",
        |it| {
            it.publish(release(NEW + 1));
            it.feed_with(|feed| feed.replace(&format!("<title>Release number {}</title>", NEW + 1), "<title>A <b>half"));
        },
        Read("Reads of it what can be read", are_there), NOTHING;
    item_without_link: "One item of two new ones has no link",
        |it| {
            it.publish(release(NEW + 1));
            let link = format!("<link>{}/releases/release-number-{}</link>", it.newsroom.base(), NEW + 1);
            it.feed_with(|feed| feed.replace(&link, ""));
        },
        ReadBut("an item cannot be taken: it has no link", is_there), IF_IT_LASTS;
    bare_ampersand: "Bare `&` in a title", |it| titled(it, "R&D & more; B&B;", String::into_bytes),
        Announced("Reads them as they are meant", |shown| is_titled(shown, "R&D & more; B&B;")), NOTHING;
    undeclared_entities: "Entities that only HTML knows",
        |it| titled(it, "Chiefs&rsquo;&nbsp;plan &pound;5m &ndash; caf&eacute;", String::into_bytes),
        Announced("Reads them as HTML does", |shown| is_titled(shown, "Chiefs’ plan £5m – café")), NOTHING;
    entities_twice: "Entities that were escaped twice",
        |it| titled(it, "Drugs &amp;amp; alcohol &amp;#8217;25", String::into_bytes),
        Announced("Reads them as they are meant", |shown| is_titled(shown, "Drugs & alcohol ’25")), NOTHING;
    control_characters: "Control characters that XML forbids",
        |it| titled(it, "A\u{1}B\u{8}C&#2; \u{FFFF}plan", String::into_bytes),
        Announced("Leaves them out", |shown| is_titled(shown, "ABC plan")), NOTHING;
    wrong_charset: "UTF-8 that is labelled as another charset",
        |it| {
            titled(it, "The chiefs’ café", String::into_bytes);
            let feed = it.text_of(FEED);
            it.feed_is("text/xml; charset=iso-8859-1", feed);
        },
        Announced("Reads it as UTF-8", accented), NOTHING;
    windows_1252_as_utf_8: "windows-1252 that is labelled as UTF-8",
        |it| titled(it, "The chiefs’ café", |feed| windows_1252(&declared("utf-8", &feed))),
        Announced("Reads it as windows-1252", accented), NOTHING;
    utf_16_with_mark: "UTF-16 with a byte order mark", |it| titled(it, "The chiefs’ café", |feed| utf_16(&feed)),
        Announced("Reads it as UTF-16", accented), NOTHING;
    utf_8_with_mark: "UTF-8 with a byte order mark, and an empty line before the declaration",
        |it| titled(it, "The chiefs’ café", |feed| format!("\u{FEFF}\n<?xml version=\"1.0\"?>{feed}").into_bytes()),
        Announced("Reads it", accented), NOTHING;
    unknown_charset: "A charset that nobody knows",
        |it| titled(it, "The chiefs’ café", |feed| declared("klingon", &feed).into_bytes()),
        Announced("Reads it as what it is", accented), NOTHING;
    damaged_utf_8: "UTF-8 with a byte that is none",
        |it| titled(it, "The chiefs’ café X", |feed| {
            let at = feed.find('X').unwrap();
            let mut bytes = feed.into_bytes();
            bytes[at] = 0xFF;
            bytes
        }),
        Announced("Leaves the byte out", accented), NOTHING;
    markup_in_a_title: "Markup in a title",
        |it| titled(it, "&lt;b&gt;Bold&lt;/b&gt; &lt;script&gt;alert(1)&lt;/script&gt;plan", String::into_bytes),
        Announced("Reads the words alone", |shown| is_titled(shown, "Bold plan")), NOTHING;
    one_guid_for_two: "Two releases with one guid",
        |it| {
            it.publish(release(NEW + 1));
            let [one, other] = [NEW, NEW + 1].map(|n| release(n).guid());
            it.feed_with(|feed| feed.replace(&one, &other));
        },
        Read("Trusts the addresses instead: two releases", are_there), NOTHING;
    no_guids: "No guids",
        |it| it.feed_with(|feed| feed.replace("<guid isPermaLink=\"false\">", "<!--").replace("</guid>", "-->")),
        Read("Goes by the addresses", is_there), NOTHING;
    other_guids: "New guids for all items",
        |it| it.feed_with(|feed| feed.replace("<guid isPermaLink=\"false\">", "<guid isPermaLink=\"false\">0000")),
        Read("Goes by the addresses: every item stays the one it is", is_there), NOTHING;
    relative_links: "Relative links",
        |it| { let base = it.newsroom.base(); it.feed_with(|feed| feed.replace(&format!("{base}/releases"), "/releases")) },
        Read("Completes them", is_there), NOTHING;
    one_item_twice: "Every item twice",
        |it| it.feed_with(|feed| {
            let at = feed.find("<item>").unwrap();
            let end = feed.find("</channel>").unwrap();
            format!("{}{}{}", &feed[..end], &feed[at..end], &feed[end..])
        }),
        Read("Takes each once", is_there), NOTHING;
    upside_down: "The oldest item first",
        |it| it.feed_with(|feed| {
            let at = feed.find("<item>").unwrap();
            let end = feed.find("</channel>").unwrap();
            let items: Vec<&str> = feed[at..end].split_inclusive("</item>").collect();
            let turned: String = items.into_iter().rev().collect();
            format!("{}{turned}{}", &feed[..at], &feed[end..])
        }),
        Read("Reads it all", is_there), NOTHING;
    entity_bomb: "Entities that would grow to gigabytes",
        |it| it.feed_with(|feed| {
            let grows = |(name, inner): (&str, &str)| format!("<!ENTITY {name} \"{}\">", inner.repeat(50));
            let entities = [("a", "xxxxxxxx"), ("b", "&a;"), ("c", "&b;"), ("d", "&c;"), ("e", "&d;")].map(grows);
            let feed = feed.replace("<description>News", "<description>&e;");
            format!("<!DOCTYPE rss [{}]>{feed}", entities.concat())
        }),
        Read("Reads the feed, and grows none of them", is_there), NOTHING;
    foreign_entity: "An entity that names a file of this machine",
        |it| {
            it.page(status(503));
            it.feed_with(|feed| {
                let was = format!("<title>Release number {NEW}");
                let feed = feed.replace(&was, "<title>The &x; file");
                format!("<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{feed}")
            });
        },
        Announced("Opens no file: the words stay as they are written", |shown| is_titled(shown, "The &x; file")),
        NOTHING;
    deep_xml: "XML that nests 20,000 deep",
        |it| it.feed_with(|feed| {
            let deep = "<x>".repeat(20_000) + &"</x>".repeat(20_000);
            feed.replace("<language>", &format!("{deep}<language>"))
        }),
        Read("Reads it", is_there), NOTHING;
    deep_item: "An item that nests 20,000 deep and is never closed",
        |it| it.feed_with(|feed| feed.replace("</channel>", &format!("<item>{}", "<x>".repeat(20_000)))),
        ReadBut("an item cannot be taken: it is no XML", is_there), IF_IT_LASTS;
    too_large: "More than `[fetch] max_body` allows", |it| it.feed_is(RSS, vec![b' '; 5 << 20]),
        Kept("the answer is larger than 4.0 MiB; see [fetch] max_body"), "Raise `[fetch] max_body`, if it is honest";
    far_too_many: "5,000 items",
        |it| it.feed_with(|feed| {
            let job = |n| format!("<item><link>/jobs/{n}</link><title>Job {n}</title></item>");
            let more: String = (0..5_000).map(job).collect();
            feed.replace("</channel>", &format!("{more}</channel>"))
        }),
        ReadBut("an item cannot be taken: it is behind the first 500", is_there), IF_IT_LASTS;
    long_title: "A title of 100,000 letters", |it| titled(it, &"long ".repeat(20_000), String::into_bytes),
        Announced("Takes it as it is", |shown| assert!(shown.iter().any(|item| item.title.starts_with("long long")))),
        NOTHING;
}
