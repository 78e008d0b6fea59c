//! Feeds as subscribers get them: formats, unions, the whole record, edits, exports, and what HTTP says of them.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, IF_NONE_MATCH};
use serde_json::Value;

use crate::harness::{World, field, of_today, release, word};
use crate::running::Daemon;

/// A client that follows nothing and unpacks nothing.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_gzip()
        .no_brotli()
        .build()
        .unwrap()
}

impl Daemon {
    async fn asked(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = client().get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn location(&self, path: &str) -> (u16, String) {
        let answer = self.asked(path, &[]).await;
        let location = answer.headers().get("location");
        let location = location.map_or("", |value| value.to_str().unwrap());
        (answer.status().as_u16(), location.to_owned())
    }

    /// Guids and titles of a feed, the address of its archive, and its bytes.
    async fn json_feed(&self, path: &str) -> (Vec<String>, Option<String>, String) {
        let text = self.text(path).await;
        let feed: Value = serde_json::from_str(&text).unwrap();
        let ids = field(feed["items"].as_array().unwrap(), "id");
        let next = feed["next_url"].as_str().map(str::to_owned);
        (ids, next, text)
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

/// A world whose daemon's addresses are as readers see them.
async fn world(last: u32, items: &str) -> World {
    let mut world = World::read(last).await;
    world.set("PUBLISH__ITEMS", items);
    world.set("SERVE__PUBLIC_URL", "http://feeds.example");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_is_served_with_validators_of_each_encoding() {
    let world = world(12, "50").await;
    let daemon = Daemon::serving(&world).await;
    for (path, kind) in [
        ("/all.rss", "application/rss+xml; charset=utf-8"),
        ("/all.atom", "application/atom+xml; charset=utf-8"),
        ("/all.json", "application/feed+json; charset=utf-8"),
        ("/subscriptions.opml", "text/x-opml; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
        ("/search?q=release", "text/html; charset=utf-8"),
    ] {
        let mut tags = BTreeSet::new();
        for encoding in ["", "gzip", "br"] {
            let answer = daemon.asked(path, &[("accept-encoding", encoding)]).await;
            assert_eq!(answer.status(), 200);
            let headers = answer.headers().clone();
            assert_eq!(header(&headers, "content-type"), kind);
            assert_eq!(header(&headers, "content-encoding"), encoding);
            assert_eq!(header(&headers, "vary"), "Accept-Encoding");
            assert!(header(&headers, "cache-control").contains("stale-while-revalidate="));
            let tag = header(&headers, "etag");
            let length: usize = header(&headers, "content-length").parse().unwrap();
            assert_eq!(answer.bytes().await.unwrap().len(), length);
            let weak = format!("\"x\", W/{tag}");
            for asked in [tag.as_str(), &weak, "*"] {
                let again = daemon
                    .asked(
                        path,
                        &[("accept-encoding", encoding), ("if-none-match", asked)],
                    )
                    .await;
                assert_eq!(again.status(), 304, "{path} {encoding} {asked}");
                assert_eq!(header(again.headers(), "etag"), tag);
                assert!(again.bytes().await.unwrap().is_empty());
            }
            let head = client()
                .head(format!("{}{path}", daemon.base))
                .header(ACCEPT_ENCODING, encoding)
                .send()
                .await
                .unwrap();
            assert_eq!(header(head.headers(), "etag"), tag);
            assert_eq!(header(head.headers(), "content-length"), length.to_string());
            tags.insert(tag);
        }
        assert_eq!(tags.len(), 3, "each encoding is other bytes");
    }
    let cors = daemon.get("/all.json").await;
    assert_eq!(header(cors.headers(), "access-control-allow-origin"), "*");
    let post = client()
        .post(format!("{}/all.rss", daemon.base))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (post.status().as_u16(), header(post.headers(), "allow")),
        (405, "GET, HEAD".into())
    );

    // The same items, with the same guid, in every format.
    let rss = rss::Channel::read_from(daemon.text("/all.rss").await.as_bytes()).unwrap();
    let rss: Vec<String> = rss
        .items()
        .iter()
        .map(|item| item.guid().unwrap().value().to_owned())
        .collect();
    let atom = feed_rs::parser::parse(daemon.text("/all.atom").await.as_bytes()).unwrap();
    let atom: Vec<String> = atom.entries.into_iter().map(|entry| entry.id).collect();
    assert_eq!(rss.len(), 12);
    assert_eq!(rss, atom);
    assert_eq!(rss, daemon.json_feed("/all.json").await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_may_read_json_and_exports_alone() {
    let world = world(11, "4").await;
    let daemon = Daemon::serving(&world).await;
    let archive = daemon.json_feed("/all.json").await.1.unwrap();
    let archive = archive.strip_prefix("http://feeds.example").unwrap();
    for (path, is_open) in [
        ("/all.json", true),
        ("/topics/unclassified.json", true),
        ("/topics/hate-crime+roads-policing.json", true),
        (archive, true),
        ("/export.jsonl", true),
        ("/export.csv", true),
        ("/all.rss", false),
        ("/all.atom", false),
        ("/revisions.rss", false),
        ("/search.rss?q=release", false),
        ("/subscriptions.opml", false),
        ("/", false),
        ("/all", false),
        ("/status", false),
        ("/live", false),
        ("/health", false),
        ("/metrics", false),
        ("/nowhere", false),
    ] {
        let answer = daemon
            .asked(path, &[("origin", "https://elsewhere.example")])
            .await;
        let allowed = header(answer.headers(), "access-control-allow-origin");
        assert_eq!(allowed, if is_open { "*" } else { "" }, "{path}");
        // Nobody is anybody here, so nothing may depend on who asks.
        let credentials = "access-control-allow-credentials";
        assert!(!answer.headers().contains_key(credentials), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_union_has_each_release_once_and_one_address() {
    let world = world(4, "50").await;
    let of = |n: u32| format!("http://127.0.0.1/releases/release-number-{n}");
    world
        .json(&["label", &of(1), "+hate-crime", "+roads-policing"])
        .await;
    world.json(&["label", &of(2), "+roads-policing"]).await;
    world.json(&["label", &of(3), "+cyber-crime"]).await;
    let daemon = Daemon::serving(&world).await;
    for format in ["rss", "atom", "json"] {
        let path = format!("/topics/hate-crime+roads-policing.{format}");
        let feed = feed_rs::parser::parse(daemon.text(&path).await.as_bytes()).unwrap();
        assert_eq!(feed.entries.len(), 2, "{format}");
    }
    let (two, next, text) = daemon
        .json_feed("/topics/hate-crime+roads-policing.json")
        .await;
    assert_eq!((two.len(), next), (2, None));
    assert!(text.contains("Hate crime + Roads policing"));
    let again = daemon
        .text("/topics/hate-crime%2Broads-policing.json")
        .await;
    assert_eq!(again, text);
    let moved = daemon
        .location("/topics/roads-policing+hate-crime.rss")
        .await;
    assert_eq!(
        moved,
        (
            308,
            "http://feeds.example/topics/hate-crime+roads-policing.rss".to_owned()
        )
    );
    assert_eq!(
        daemon.get("/topics/hate-crime+nonsense.rss").await.status(),
        404
    );
    let topics = world.json(&["topics"]).await;
    let ids = field(topics.as_array().unwrap(), "id");
    assert_eq!(
        daemon
            .get(&format!("/topics/{}.rss", ids[..8].join("+")))
            .await
            .status(),
        200
    );
    let refused = daemon
        .get(&format!("/topics/{}.rss", ids[..9].join("+")))
        .await;
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("at most 8 topics"));
}

/// Walks from a feed back to its first release: the guids by document.
async fn walk(daemon: &Daemon, path: &str) -> Vec<(String, Vec<String>, String)> {
    let mut path = path.to_owned();
    let mut walked = Vec::new();
    loop {
        let (ids, next, text) = daemon.json_feed(&path).await;
        walked.push((path, ids, text));
        match next {
            Some(next) => {
                path = next
                    .strip_prefix("http://feeds.example")
                    .unwrap()
                    .to_owned()
            }
            None => return walked,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_record_can_be_walked_back_and_archives_stay_as_they_are() {
    let world = world(11, "4").await;
    let daemon = Daemon::serving(&world).await;
    let all: BTreeSet<String> = field(&world.releases().await, "guid").into_iter().collect();
    let first = walk(&daemon, "/all.json").await;
    assert_eq!(
        first
            .iter()
            .map(|(_, ids, _)| ids.len())
            .collect::<Vec<_>>(),
        [4, 4, 4]
    );
    let walked: BTreeSet<String> = first.iter().flat_map(|(_, ids, _)| ids.clone()).collect();
    assert_eq!(walked, all);
    // The last one holds the first releases, and every other format leads the same way.
    let oldest = &first[2].0;
    for format in ["rss", "atom"] {
        let path = oldest.replace(".json", &format!(".{format}"));
        let text = daemon.text(&path).await;
        assert!(
            text.contains("fh:archive") && text.contains("rel=\"current\""),
            "{text}"
        );
        assert_eq!(
            feed_rs::parser::parse(text.as_bytes())
                .unwrap()
                .entries
                .len(),
            4
        );
    }

    // What is new comes before them.
    for n in 12..=14 {
        world.site().publish(of_today(n..=n).remove(0));
    }
    world.fetch().await;
    daemon.wait_for("/all.rss", "Release number 14").await;
    let second = walk(&daemon, "/all.json").await;
    assert_eq!(
        &second[second.len() - 2..],
        &first[1..],
        "archives do not change"
    );
    let walked: BTreeSet<String> = second.iter().flat_map(|(_, ids, _)| ids.clone()).collect();
    assert_eq!(walked.len(), 14);

    // A text that is taken away goes from the archive too, which stays where it is.
    // Which ones an archive holds depends on the second in which each of that day was read.
    let removed = (1..=11)
        .find(|n| text_of(&first[1]).contains(&word(*n)))
        .unwrap();
    let url = format!("http://127.0.0.1/releases/release-number-{removed}");
    world.json(&["redact", &url]).await;
    let path = &first[1].0;
    daemon.wait_for(path, "has been removed").await;
    let now = daemon.json_feed(path).await;
    let title = format!("Release number {removed}");
    assert!(!now.2.contains(&word(removed)) && text_of(&first[1]).contains(&title));

    // An edit of an old release makes another archive, to which the old address leads.
    let old = (1..=11)
        .find(|n| text_of(&first[2]).contains(&word(*n)))
        .unwrap();
    world.site().edit(&format!("release-number-{old}"), |item| {
        item.body += "\n\nCorrection: seven, not nine."
    });
    world.make_pages_due().await;
    world.fetch().await;
    daemon.wait_for("/revisions.rss", "seven").await;
    let (status, to) = daemon.location(&first[2].0).await;
    assert_eq!(status, 302);
    let third = walk(&daemon, "/all.json").await;
    let last = third.last().unwrap();
    assert!(
        to.ends_with(&last.0) && text_of(last).contains("seven, not nine"),
        "{to}"
    );
}

fn text_of(walked: &(String, Vec<String>, String)) -> &str {
    &walked.2
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_topic_got_late_stands_in_its_archive_from_the_first_day() {
    let world = World::new(vec![release(3), release(2), release(1)]).await;
    world.fetch().await;
    let label = [
        "label",
        "http://127.0.0.1/releases/release-number-2",
        "+hate-crime",
    ];
    world.json(&label).await;
    let mut world = world;
    world.set("SERVE__PUBLIC_URL", "http://feeds.example");
    let daemon = Daemon::serving(&world).await;
    let walked = walk(&daemon, "/topics/hate-crime.json").await;
    // It is old, so the live feed does not pass it off as news; yet the record has it.
    assert_eq!(
        walked
            .iter()
            .map(|(_, ids, _)| ids.len())
            .collect::<Vec<_>>(),
        [0, 1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_are_a_feed_and_what_is_for_nobody_is_not_in_it() {
    let world = world(6, "50").await;
    let daemon = Daemon::serving(&world).await;
    let edit = |n: u32, from: &str, to: &str| {
        let (from, to) = (from.to_owned(), to.to_owned());
        world
            .site()
            .edit(&format!("release-number-{n}"), move |item| {
                item.body = item.body.replace(&from, &to)
            });
    };
    edit(3, "w3x7", "eleven arrests");
    edit(4, "w4x9", "Zebediah Quill");
    world.make_pages_due().await;
    world.fetch().await;
    daemon.wait_for("/revisions.rss", "eleven arrests").await;
    daemon.wait_for("/revisions.rss", "Zebediah").await;
    let channel = rss::Channel::read_from(daemon.text("/revisions.rss").await.as_bytes()).unwrap();
    assert_eq!(channel.items().len(), 2);
    let three = channel
        .items()
        .iter()
        .find(|item| item.title() == Some("Changed: Release number 3"))
        .unwrap();
    let content = three.content().unwrap();
    assert!(
        content.contains("<del>w3x7</del>") && content.contains("<ins>eleven arrests</ins>"),
        "{content}"
    );
    // In the normal feed it is where it was, once, with a note.
    let all = rss::Channel::read_from(daemon.text("/all.rss").await.as_bytes()).unwrap();
    let at: Vec<usize> = (0..6)
        .filter(|at| all.items()[*at].title() == Some("Release number 3"))
        .collect();
    assert_eq!(at.len(), 1);
    assert!(
        all.items()[at[0]]
            .content()
            .unwrap()
            .contains("Changed by its publisher on ")
    );
    assert_ne!(
        all.items()[at[0]].guid().unwrap().value(),
        three.guid().unwrap().value()
    );

    world.let_withdraw(4).await;
    daemon
        .wait_for("/revisions.rss", "Withdrawn: Release number 4")
        .await;
    world
        .json(&["redact", "http://127.0.0.1/releases/release-number-3"])
        .await;
    daemon
        .wait_for("/all.rss", "The text of this release has been removed.")
        .await;
    let text = daemon.text("/revisions.rss").await;
    for gone in ["Zebediah", "eleven arrests", "w3x7", "w4x9"] {
        assert!(!text.contains(gone), "{gone} is in {text}");
        for page in ["/export.jsonl", "/export.csv", "/all.atom"] {
            assert!(
                !daemon.text(page).await.contains(gone),
                "{gone} is in {page}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_the_whole_record_a_release_a_line() {
    let mut world = World::read_all(230).await;
    world.forget_history().await;
    world.set("SERVE__PUBLIC_URL", "http://feeds.example");
    let daemon = Daemon::serving(&world).await;
    let lines = daemon.text("/export.jsonl").await;
    let read: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // What the command writes is that and, for `import`, what is not for everybody.
    let output = String::from_utf8(world.run(&["export"]).await.stdout).unwrap();
    let exported = output.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        assert!(line.as_object_mut().unwrap().remove("record").is_some());
        line
    });
    assert!(exported.collect::<Vec<_>>() == read);
    let ids: BTreeSet<String> = field(&read, "guid").into_iter().collect();
    assert_eq!((read.len(), ids.len()), (230, 230));
    assert_eq!(read[0]["title"], "Release number 1", "the oldest first");
    let table = daemon.text("/export.csv").await;
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(rows.records().map(Result::unwrap).count(), 230);
    let output = world.run(&["export", "--format", "csv"]).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), table);

    let packed = daemon
        .asked("/export.jsonl", &[("accept-encoding", "gzip")])
        .await;
    assert_eq!(header(packed.headers(), "content-encoding"), "gzip");
    let tag = header(packed.headers(), "etag");
    let bytes = packed.bytes().await.unwrap();
    assert!(bytes.len() * 2 < lines.len());
    assert_eq!(
        npcc_feeds::compression::gunzip(&bytes).unwrap(),
        lines.as_bytes()
    );
    assert_eq!(
        daemon
            .asked("/export.csv", &[(IF_NONE_MATCH.as_str(), &tag)])
            .await
            .status(),
        304
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_release_costs_the_feeds_that_it_touches() {
    let world = world(5, "50").await;
    let daemon = Daemon::start_with(&world, &["--log", "debug", "run"]).await;
    daemon.wait_for("/all.rss", "<rss").await;
    let mut new = release(6);
    new.date = chrono::Utc::now().date_naive().to_string();
    new.title = "Drink driving: results of the summer campaign".to_owned();
    world.site().publish(new);
    world.fetch().await;
    daemon
        .wait_for("/topics/roads-policing.atom", "summer campaign")
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let log = daemon.log.lock().unwrap().clone();
    let made: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once("new edition")?.1.split_once("feeds="))
        .map(|(_, count)| count)
        .collect();
    // All, the edits, one topic in the format that was asked for as well, and at most the unclassified.
    let made: Vec<usize> = made.iter().map(|count| count.parse().unwrap()).collect();
    assert!(made.len() > 1 && made[0] == 33, "{made:?}");
    assert!(made[1..].iter().all(|count| *count <= 5), "{made:?}");
}
