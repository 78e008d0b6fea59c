use super::*;
use crate::config::Source;

fn read_feed(items: &str) -> Result<Announced, Unreadable> {
    let source = Source {
        hosts: vec!["news.example".to_owned()],
        ..Source::default()
    };
    let page = Page {
        url: Url::parse("https://news.example/feed/rss").unwrap(),
        content_type: None,
        bytes: format!("<rss version=\"2.0\"><channel><title>N</title>{items}</channel></rss>")
            .into_bytes(),
    };
    read(&Reader::new(&source).unwrap(), &page)
}

fn item(title: &str, slug: &str) -> String {
    format!(
        "<item><title>{title}</title><link>http://news.example/releases/{slug}</link><guid isPermaLink=\"false\">5efdb1a0{slug}</guid>\
         <pubDate>Thu, 02 Jul 2020 23:01:00 Z</pubDate><description><![CDATA[<p><strong>The lead.</strong></p>]]></description></item>"
    )
}

#[test]
fn an_item_as_the_newsroom_writes_it() {
    let read = read_feed(&item("Chiefs&rsquo; R&D&nbsp;plan", "a-b")).unwrap();
    let draft = &read.drafts[0];
    assert_eq!(draft.title, "Chiefs\u{2019} R&D plan");
    assert_eq!(draft.url.as_str(), "https://news.example/releases/a-b");
    assert_eq!(draft.path.as_str(), "/releases/a-b");
    assert_eq!(draft.lead.as_deref(), Some("The lead."));
    assert_eq!(draft.upstream_guid.as_deref(), Some("5efdb1a0a-b"));
    assert_eq!(
        draft.published,
        Published::At("2020-07-02T23:01:00Z".parse().unwrap())
    );
}

#[test]
fn one_broken_item_costs_only_itself() {
    let feed = [
        item("One", "one"),
        "<item><title>Broken <b></title><link>http://news.example/releases/x</link>".to_owned(),
        item("Two", "two"),
    ]
    .concat();
    let read = read_feed(&feed).unwrap();
    let titles: Vec<&str> = read.drafts.iter().map(|d| d.title.as_str()).collect();
    assert_eq!(titles, ["One", "Two"]);
    assert_eq!(read.broken, ["it is no XML"]);
}

#[test]
fn a_guid_given_to_two_releases_identifies_neither() {
    let one_guid = |slug| item("T", slug).replace(&format!("5efdb1a0{slug}"), "5efdb1a0");
    let read = read_feed(&[one_guid("a"), one_guid("b"), item("C", "c")].concat()).unwrap();
    let guids: Vec<_> = read
        .drafts
        .iter()
        .map(|d| d.upstream_guid.as_deref())
        .collect();
    assert_eq!(guids, [None, None, Some("5efdb1a0c")]);
    let twice = read_feed(&[item("T", "a"), item("T", "a")].concat()).unwrap();
    assert!(twice.drafts[0].upstream_guid.is_some());
}

#[test]
fn what_is_missing_stays_missing() {
    let read = read_feed(
        "<item><title>A</title><link>/releases/a</link><description>A</description></item>",
    )
    .unwrap();
    let draft = &read.drafts[0];
    assert_eq!(
        (draft.published, &draft.lead, &draft.upstream_guid),
        (Published::Unknown, &None, &None)
    );
}

#[test]
fn an_item_that_cannot_be_taken_is_told_of() {
    let moved = item("Moved", "m").replace("news.example", "new.example");
    let page = item("About us", "x").replace("/releases/", "/about/");
    let feed = [item("One", "one"), moved, item("", "not-yet-titled"), page].concat();
    let read = read_feed(&feed).unwrap();
    assert_eq!((read.drafts.len(), read.broken.len()), (2, 1));
    assert!(read.broken[0].contains("new.example"), "{:?}", read.broken);
    assert_eq!(read.drafts[1].title, "Not yet titled");
}

#[test]
fn an_address_that_no_store_could_look_up_is_told_of_and_such_a_guid_is_none() {
    let long = "x".repeat(LONGEST_ADDRESS);
    let feed = [
        item("Long", &long),
        item("One", "one").replace("5efdb1a0one", &(long.clone() + "x")),
        item("Two", "two").replace("5efdb1a0two", &long),
        // None of ours, or none for what follows its path.
        item("About us", &long).replace("/releases/", "/about/"),
        item("Three", &format!("three?from={long}")),
    ];
    let read = read_feed(&feed.concat()).unwrap();
    let guids: Vec<_> = read.drafts.iter().map(|d| &d.upstream_guid).collect();
    assert_eq!(guids[..2], [&None, &Some(long)]);
    assert_eq!((guids.len(), read.broken.len()), (3, 1));
    assert!(
        read.broken[0].contains("its link has 2"),
        "{:?}",
        read.broken
    );
}

#[test]
fn a_feed_of_absurd_length_is_cut() {
    let items: String = (0..2_000).map(|n| item("T", &n.to_string())).collect();
    let read = read_feed(&items).unwrap();
    assert_eq!((read.drafts.len(), read.broken.len()), (MOST_ANNOUNCED, 1));
}

#[test]
fn a_feed_without_a_release_is_an_error() {
    assert!(matches!(read_feed(""), Err(Unreadable::Feed(_))));
    let elsewhere = item("A", "a").replace("news.example", "elsewhere.example");
    assert!(matches!(read_feed(&elsewhere), Err(Unreadable::Feed(_))));
    assert!(matches!(
        read_feed("<html><script>"),
        Err(Unreadable::Feed(_))
    ));
}

#[test]
fn an_author_that_makes_feed_rs_panic_is_survived() {
    let author = "<author>\u{e9}a@b.example (\u{e9})</author>";
    let feed = item("One", "one") + &item("Two", "two").replace("<guid", &format!("{author}<guid"));
    let read = read_feed(&feed).unwrap();
    assert_eq!(read.drafts[0].title, "One");
}

/// A feed as it stands.
fn read_whole(feed: impl AsRef<[u8]>) -> Result<Announced, Unreadable> {
    let source = Source {
        hosts: vec!["news.example".to_owned()],
        ..Source::default()
    };
    let page = Page {
        url: Url::parse("https://news.example/feed/rss").unwrap(),
        content_type: Some("application/rss+xml; charset=utf-8".to_owned()),
        bytes: feed.as_ref().to_vec(),
    };
    read(&Reader::new(&source).unwrap(), &page)
}

fn titles(read: &Announced) -> Vec<&str> {
    read.drafts.iter().map(|d| d.title.as_str()).collect()
}

#[test]
fn a_feed_of_any_kind_is_read_whole_and_in_pieces() {
    let rss = format!("{}{}", item("One", "one"), item("Two", "two"));
    let rdf = "<item rdf:about='x'><title>One</title><link>https://news.example/releases/one</link><dc:date>2020-07-03T00:01:00+01:00</dc:date></item>\
               <item><title>Two</title><link>https://news.example/releases/two</link></item>";
    let atom = "<entry><id>urn:one-two-three</id><title>One</title><link href='https://news.example/releases/one'/><updated>2020-07-02T23:01:00Z</updated></entry>\
                <entry><title type='html'>Two</title><link href='/releases/two'/></entry>";
    let prefixed = atom
        .replace("</", "</a:")
        .replace('<', "<a:")
        .replace("<a:/a:", "</a:");
    for (begin, items, end) in [
        (
            "<rss version='2.0'><channel>",
            rss.as_str(),
            "</channel></rss>",
        ),
        ("<rss version='0.92'><channel>", &rss, "</channel></rss>"),
        ("<RSS version='2.0'><channel>", &rss, "</channel></RSS>"),
        ("<rss><channel>", &rss, "</channel></rss>"),
        ("<channel>", &rss, "</channel>"),
        ("", &rss, ""),
        (
            "<rdf:RDF xmlns='http://purl.org/rss/1.0/' xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' \
             xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><items/></channel>",
            rdf,
            "</rdf:RDF>",
        ),
        (
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>N</title>",
            atom,
            "</feed>",
        ),
        (
            "<a:feed xmlns:a='http://www.w3.org/2005/Atom'>",
            &prefixed,
            "</a:feed>",
        ),
        ("<FEED>", atom, "</FEED>"),
    ] {
        for feed in [
            format!("{begin}{items}{end}"),
            // Without its end, and with a tag that matches none.
            format!("{begin}{items}"),
            format!("{begin}</x>{items}{end}"),
        ] {
            let read = read_whole(&feed).unwrap();
            assert_eq!(titles(&read), ["One", "Two"], "{feed}");
            assert!(read.broken.is_empty(), "{feed}");
            let expected = Published::At("2020-07-02T23:01:00Z".parse().unwrap());
            assert_eq!(read.drafts[0].published, expected, "{feed}");
        }
    }
}

#[test]
fn atom_from_before_it_was_a_standard_is_read() {
    let read = read_whole(
        "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><title>N</title><entry><title mode=\"escaped\" \
         type=\"text/plain\">R&amp;amp;D</title><link rel=\"alternate\" href=\"https://news.example/releases/a\"/>\
         <issued>2003-12-13T08:29:29-04:00</issued><modified>2003-12-14T00:00:00Z</modified></entry>\
         <entry><title type=\"application/xhtml+xml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">Chiefs <b>plan</b></div>\
         </title><link rel=\"alternate\" href=\"https://news.example/releases/b\"/></entry></feed>",
    )
    .unwrap();
    assert_eq!(titles(&read), ["R&D", "Chiefs plan"]);
    assert_eq!(
        read.drafts[0].published,
        Published::At("2003-12-13T12:29:29Z".parse().unwrap())
    );
}

#[test]
fn a_type_that_the_parser_does_not_know_costs_no_feed() {
    let feed = |kind: &str, title: &str| {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><title {kind}>{title}</title>\
             <link href=\"https://news.example/releases/a-plan\"/></entry></feed>"
        )
    };
    let read = |kind, title| titles(&read_whole(feed(kind, title)).unwrap()).join("");
    assert_eq!(read("type=''", "Chiefs"), "Chiefs");
    assert_eq!(read("type='text/x-markdown'", "Chiefs"), "Chiefs");
    assert_eq!(
        read("type='application/octet-stream'", "Q2hpZWZz"),
        "A plan"
    );
}

#[test]
fn a_feed_that_is_cut_off_gives_the_items_before() {
    let whole = format!(
        "<rss version='2.0'><channel>{}{}",
        item("One", "one"),
        item("Two", "two")
    );
    let second = whole.rfind("<item>").unwrap();
    for cut in second + "<item>".len()..whole.len() - "</item>".len() {
        let read = read_whole(&whole[..cut]).unwrap();
        assert_eq!(
            (titles(&read), read.broken.len()),
            (vec!["One"], 1),
            "{cut}"
        );
    }
}

#[test]
fn what_is_no_xml_in_an_item_costs_no_release() {
    for damage in [
        ("The lead.", "The \u{1}lead. &#0;&bogus; & <b"),
        (
            "<![CDATA[<p><strong>The lead.</strong></p>]]>",
            "<p>The <br>lead.</p>",
        ),
        ("</strong></p>]]>", "</strong></p>"),
        ("<guid", "<enclosure url='x' url='y'><guid"),
        ("<guid", "<media:group><guid"),
        ("<guid", "<!-- <guid"),
        ("<title>", "<title >\n"),
    ] {
        let broken = item("Two", "two").replace(damage.0, damage.1);
        let read = read_feed(&[item("One", "one"), broken, item("Three", "three")].concat());
        assert_eq!(
            titles(&read.unwrap()),
            ["One", "Two", "Three"],
            "{damage:?}"
        );
    }
}

#[test]
fn unescaped_markup_in_a_description_is_a_lead() {
    let lead = |description: &str| {
        let description = format!("<description>{description}</description>");
        let item = item("One", "one").replace(
            "<description><![CDATA[<p><strong>The lead.</strong></p>]]></description>",
            &description,
        );
        read_feed(&item).unwrap().drafts[0].lead.clone()
    };
    for description in [
        "<p>Police &amp; <b>chiefs</b><br></p>",
        "&lt;p&gt;Police &amp;amp; chiefs",
        "<![CDATA[<p>Police & chiefs]]>",
        "<![CDATA[<p>Police & chiefs",
        "Police &#38; chiefs",
    ] {
        assert_eq!(
            lead(description).as_deref(),
            Some("Police & chiefs"),
            "{description}"
        );
    }
}

#[test]
fn links_are_found_wherever_they_stand() {
    for link in [
        "<link>/releases/a</link>",
        "<link>\n https://news.example/releases/a \n</link>",
        "<link><![CDATA[https://news.example/releases/a]]></link>",
        "<guid isPermaLink='true'>https://news.example/releases/a</guid>",
        "<link></link><guid>https://news.example/releases/a</guid>",
        "<link>https://news.example/about</link><guid>https://news.example/releases/a?x=1&y=2</guid>",
    ] {
        let read = read_feed(&format!("<item><title>A</title>{link}</item>")).unwrap();
        assert_eq!(
            read.drafts[0].url.as_str(),
            "https://news.example/releases/a",
            "{link}"
        );
    }
    let based = read_whole(
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://news.example/releases/'><entry><title>A</title><link href='a'/></entry></feed>",
    );
    assert_eq!(based.unwrap().drafts[0].path.as_str(), "/releases/a");
    let wrong = "<rss version='2.0' xml:base='https://['><channel><item><title>A</title><link>/releases/a</link></item></channel></rss>";
    assert_eq!(titles(&read_whole(wrong).unwrap()), ["A"]);
}

#[test]
fn a_second_date_that_cannot_be_read_hides_no_first() {
    let at = |dates: &str| {
        let old = "<pubDate>Thu, 02 Jul 2020 23:01:00 Z</pubDate>";
        read_feed(&item("One", "one").replace(old, dates))
            .unwrap()
            .drafts[0]
            .published
    };
    let expected = Published::At("2020-07-02T23:01:00Z".parse().unwrap());
    for dates in [
        "<pubDate>Fri, 03 Jul 2020 00:01:00 BST</pubDate><dc:date>yesterday</dc:date>",
        "<pubDate></pubDate><dc:date>2020-07-03T00:01:00+01:00</dc:date>",
        "<pubDate>Wed, 03 Jul 2020 00:01:00 +0100 (BST)</pubDate><pubDate/>",
    ] {
        assert_eq!(at(dates), expected, "{dates}");
    }
    assert_eq!(
        at("<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"),
        Published::Unknown
    );
    assert_eq!(at("<pubDate>0</pubDate>"), Published::Unknown);
}

#[test]
fn entities_are_never_blown_up() {
    let bomb: String = (1..20)
        .map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10)))
        .collect();
    let feed = format!(
        "<!DOCTYPE rss [<!ENTITY l0 \"ha\">{bomb}]><rss version='2.0'><channel>{}</channel></rss>",
        item("A &l19; B", "a")
    );
    assert_eq!(titles(&read_whole(feed).unwrap()), ["A &l19; B"]);
}

#[test]
fn a_wrong_encoding_costs_no_letter() {
    let feed = format!(
        "<?xml version='1.0' encoding='utf-16'?><rss version='2.0'><channel>{}</channel></rss>",
        item("Caf@", "a")
    );
    let latin: Vec<u8> = feed
        .bytes()
        .map(|b| if b == b'@' { 0xe9 } else { b })
        .collect();
    assert_eq!(titles(&read_whole(latin).unwrap()), ["Caf\u{e9}"]);
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(feed.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(titles(&read_whole(utf16).unwrap()), ["Caf@"]);
}

#[test]
fn a_page_that_is_no_feed_says_what_it_is() {
    let told = |page: &str| read_whole(page).unwrap_err().to_string();
    assert!(told("<!DOCTYPE html><html><h1>News</h1>").contains("it is an HTML page"));
    assert!(told("<!DOCTYPE html><title>Just a moment...</title>").contains("\"just a moment\""));
    assert!(
        told("<script src='https://x.token.awswaf.com/challenge.js'></script>")
            .contains("awswaf.com")
    );
    assert!(!told("<rss version='2.0'><channel></channel></rss>").contains("HTML"));
    assert!(!told("").contains("HTML"));
}

#[test]
fn a_feed_says_how_long_to_wait() {
    let feed = "<ttl>60</ttl>".to_owned() + &item("One", "one");
    let hour = Some(std::time::Duration::from_secs(3600));
    assert_eq!(read_feed(&feed).unwrap().ttl, hour);
    assert_eq!(read_feed(&format!("{feed}</x>")).unwrap().ttl, hour);
    assert_eq!(read_feed(&item("One", "one")).unwrap().ttl, None);
}

#[test]
fn an_absurd_number_of_items_is_not_parsed_at_once() {
    let feed = item("One", "one") + &"<item/>".repeat(MOST_PARSED);
    let read = read_feed(&feed).unwrap();
    assert_eq!(titles(&read), ["One"]);
    assert!(read.broken.len() <= 1_000, "{}", read.broken.len());
}

#[test]
fn a_title_made_of_a_slug_has_no_space_at_its_end() {
    let untitled = |slug: &str| {
        let feed = item("", slug);
        read_feed(&feed).unwrap().drafts[0].title.clone()
    };
    assert_eq!(untitled("a-plan-"), "A plan");
    assert_eq!(untitled("-"), "-");
}
