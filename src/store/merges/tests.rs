use std::collections::BTreeMap;

use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Column, ValueRef};

use super::split::KEPT_APART;
use super::*;
use crate::difference::Weight;
use crate::store::ingest::Derived;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn path(n: usize) -> CanonicalPath {
    CanonicalPath::from_stored(format!("/releases/{n}"))
}

fn url(n: usize) -> String {
    format!("https://h/releases/{n}")
}

fn address(n: usize) -> NewAddress {
    NewAddress {
        source: "npcc".into(),
        path: path(n),
        url: url(n),
        upstream_guid: None,
        feed_seen: Some(format!("title {n}")),
        listing_seen: None,
        at: at(0),
        gap: None,
    }
}

fn text(n: usize) -> DatedText {
    DatedText {
        text: Text {
            title: format!("Title {n}"),
            lead: None,
            body: Some(format!("<p>Text {n}</p>")),
        },
        published: at(-60),
    }
}

/// What the rules keep beside text `n`.
fn derived(n: usize) -> Derived {
    Derived {
        tags: vec![crate::release::Tag {
            topic: format!("topic-{n}"),
            score: 8.5,
            implied_by: None,
            evidence: Vec::new(),
        }],
        sketch: vec![1, 100 + i64::try_from(n).unwrap()],
        ..Derived::default()
    }
}

fn better(n: usize) -> NewRevision {
    NewRevision {
        text: text(n).text,
        cause: Cause::Reissued,
        weight: Some(Weight::Material),
        changed: vec!["title", "body"],
        derived: derived(n),
    }
}

async fn empty() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/store.db", folder.path().display());
    (folder, Store::open(&url).await.unwrap())
}

async fn add(store: &Store, n: usize) -> Guid {
    let guid = Guid::new("npcc", &path(n));
    store
        .add(guid, &address(n), &text(n), &derived(n), Some(at(60)))
        .await
        .unwrap();
    guid
}

async fn fold(store: &Store, from: usize, into: Guid, takes_text: bool) -> CanonicalPath {
    let (path, url, text) = (path(from), url(from), text(from));
    let copy = MergedCopy {
        into,
        source: "npcc",
        path: &path,
        url: &url,
        text: &text,
        reason: Reason::EqualText,
        at: at(100),
    };
    let better = takes_text.then(|| better(from));
    let from = Guid::new("npcc", &path);
    assert!(store.fold(from, &copy, better.as_ref()).await.unwrap());
    path
}

async fn merge(store: &Store, n: usize, into: Guid, takes_text: bool) {
    let (path, url, text) = (path(n), url(n), text(n));
    let copy = MergedCopy {
        into,
        source: "npcc",
        path: &path,
        url: &url,
        text: &text,
        reason: Reason::EqualText,
        at: at(100),
    };
    let better = takes_text.then(|| better(n));
    store
        .merge(&address(n), &copy, better.as_ref())
        .await
        .unwrap();
}

async fn split(store: &Store, path: &CanonicalPath, is_ruled: bool) -> Guid {
    let copy = store.copy_at("npcc", path).await.unwrap().unwrap();
    let number = |title: &str| title.trim_start_matches("Title ").parse().unwrap();
    // As the rules would find it: beside the text that was there before.
    let left = match copy.revision {
        Some(revision) => {
            let all = store.revision_texts(copy.of).await.unwrap();
            let before = all.iter().find(|one| one.number == revision - 1).unwrap();
            derived(number(&before.text.title))
        }
        None => Derived::default(),
    };
    // A release that is given back is found by the text that it shows, which may be a copy's.
    let shown = match copy.folded {
        Some(folded) => store.dated_text(folded).await.unwrap().unwrap(),
        None => copy.text.clone(),
    };
    let freeing = Freeing {
        guid: Guid::new("npcc", path),
        freed: &derived(number(&shown.text.title)),
        left: &left,
        is_ruled,
        at: at(200),
    };
    store.split(&copy, &freeing).await.unwrap().unwrap()
}

/// All that is kept, row by row, but for counters and a person's word.
async fn state(store: &Store) -> BTreeMap<String, Vec<String>> {
    let mut state = BTreeMap::new();
    for table in [
        "releases",
        "revisions",
        "tags",
        "addresses",
        "merges",
        "sketches",
    ] {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")))
            .fetch_all(&store.pool)
            .await
            .unwrap();
        let mut told: Vec<String> = rows.iter().map(tell).collect();
        told.sort();
        state.insert(table.to_owned(), told);
    }
    state
}

fn tell(row: &AnyRow) -> String {
    let cells = row.columns().iter().map(|column| {
        let n = column.ordinal();
        let value = if row.try_get_raw(n).unwrap().is_null() {
            "none".to_owned()
        } else {
            row.try_get::<String, _>(n)
                .or_else(|_| row.try_get::<i64, _>(n).map(|n| n.to_string()))
                .or_else(|_| row.try_get::<f64, _>(n).map(|n| n.to_string()))
                .unwrap()
        };
        format!("{}={value}", column.name())
    });
    cells.collect::<Vec<_>>().join(" ")
}

/// Every address leads to a release that is shown; what is part of a release is none by itself.
async fn assert_sound(store: &Store) {
    for broken in [
        "SELECT a.path AS row FROM addresses a LEFT JOIN releases r ON r.guid = a.guid AND r.merged_into IS NULL
         WHERE r.guid IS NULL",
        "SELECT m.path AS row FROM merges m LEFT JOIN releases r ON r.guid = m.guid AND r.merged_into IS NULL
         WHERE r.guid IS NULL",
        "SELECT r.guid AS row FROM releases r WHERE r.merged_into IS NOT NULL
         AND NOT EXISTS (SELECT 1 FROM releases o WHERE o.guid = r.merged_into AND o.merged_into IS NULL)",
        "SELECT a.path AS row FROM addresses a JOIN merges m ON m.path = a.path WHERE m.guid <> a.guid",
        "SELECT r.guid AS row FROM releases r WHERE r.merged_into IS NULL
         AND 1 <> (SELECT COUNT(*) FROM addresses a WHERE a.guid = r.guid AND a.url = r.url
                   AND NOT EXISTS (SELECT 1 FROM merges m WHERE m.path = a.path))",
        "SELECT r.guid AS row FROM releases r WHERE r.merged_into IS NOT NULL
         AND EXISTS (SELECT 1 FROM sketches s WHERE s.release = r.number)",
    ] {
        let rows = sqlx::query(broken).fetch_all(&store.pool).await.unwrap();
        let rows: Vec<String> = rows.iter().map(tell).collect();
        assert!(rows.is_empty(), "{rows:?} of {broken}");
    }
}

async fn shown(store: &Store) -> Vec<Guid> {
    let mut shown = Vec::new();
    for (_, guid) in store.in_order(0, 99).await.unwrap() {
        shown.push(guid);
    }
    shown
}

/// The number of the release that has a guid.
fn number_of(guid: Guid) -> usize {
    (0..99)
        .find(|n| Guid::new("npcc", &path(*n)) == guid)
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_that_is_undone_gives_back_what_was_there(
        steps in proptest::collection::vec((0..99_usize, 0..99_usize, any::<bool>(), any::<bool>()), 1..7),
        freed in 0..99_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_folder, store) = empty().await;
            for n in 0..5 {
                add(&store, n).await;
            }
            let mut done = Vec::new();
            for (n, (one, other, takes_text, arrives)) in steps.into_iter().enumerate() {
                let all = shown(&store).await;
                let into = all[one % all.len()];
                let from = all[other % all.len()];
                let before = state(&store).await;
                if arrives {
                    merge(&store, 50 + n, into, takes_text).await;
                    done.push((path(50 + n), None));
                } else if from != into {
                    let path = fold(&store, number_of(from), into, takes_text).await;
                    done.push((path, Some(before)));
                }
                assert_sound(&store).await;
            }
            // In whatever order, each copy can be freed, and nothing is broken by it.
            if freed % 2 == 0 && !done.is_empty() {
                let (path, _) = &done[freed % done.len()];
                split(&store, path, true).await;
                assert_sound(&store).await;
                return;
            }
            while let Some((path, before)) = done.pop() {
                let guid = split(&store, &path, false).await;
                assert_sound(&store).await;
                match before {
                    Some(before) => {
                        let after = state(&store).await;
                        for (table, rows) in before {
                            assert_eq!(after[&table], rows, "{table}");
                        }
                    }
                    // What arrived as a copy is taken out again, for the comparisons that follow.
                    None => forget(&store, guid).await,
                }
            }
        });
    }
}

async fn forget(store: &Store, guid: Guid) {
    for sql in [
        "DELETE FROM sketches WHERE release = (SELECT number FROM releases WHERE guid = $1)",
        "DELETE FROM tags WHERE guid = $1",
        "DELETE FROM revisions WHERE guid = $1",
        "DELETE FROM addresses WHERE guid = $1",
        "DELETE FROM releases WHERE guid = $1",
    ] {
        sqlx::query(sql)
            .bind(guid.to_string())
            .execute(&store.pool)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_copy_that_is_freed_is_as_if_it_had_been_new() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    let before = state(&store).await;
    merge(&store, 2, a, true).await;
    let took = store.item(a).await.unwrap().unwrap().release;
    assert_eq!((took.text, took.updated), (text(2).text, at(100)));
    let b = split(&store, &path(2), true).await;
    let freed = store.item(b).await.unwrap().unwrap();
    assert_eq!(freed.release.text, text(2).text);
    assert_eq!(freed.topics, ["topic-2"]);
    assert_eq!(store.candidates(&[102], at(0), a).await.unwrap(), [b]);
    forget(&store, b).await;
    assert_eq!(state(&store).await, before);
    assert_eq!(store.rulings(b).await.unwrap().apart, [a]);
}

#[tokio::test]
async fn a_later_text_of_the_release_itself_stays_when_a_copy_leaves() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true).await;
    let edit = NewRevision {
        cause: Cause::Edited,
        ..better(3)
    };
    store.revise(a, &edit, at(150)).await.unwrap();
    split(&store, &path(2), true).await;
    let shown = store.show(a).await.unwrap().unwrap();
    assert_eq!(shown.item.release.text, text(3).text);
    assert_eq!(shown.revisions.len(), 3, "what was shown is on record");
}

#[tokio::test]
async fn a_persons_word_holds_for_what_a_release_becomes_part_of() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    fold(&store, 2, a, false).await;
    assert_eq!(split(&store, &path(2), true).await, b);
    let z = add(&store, 3).await;
    fold(&store, 1, z, false).await;
    assert_eq!(store.rulings(b).await.unwrap().apart, [z]);
    assert_eq!(store.rulings(z).await.unwrap().apart, [b]);
    let copy_path = path(2);
    let (url, text) = (url(2), text(2));
    let ruled = MergedCopy {
        into: z,
        source: "npcc",
        path: &copy_path,
        url: &url,
        text: &text,
        reason: Reason::Ruled,
        at: at(300),
    };
    assert!(store.fold(b, &ruled, None).await.unwrap());
    assert!(
        store.rulings(z).await.unwrap().apart.is_empty(),
        "the last word counts"
    );
    assert_eq!(split(&store, &copy_path, true).await, b);
    let rulings = store.rulings(b).await.unwrap();
    assert_eq!((rulings.one, rulings.apart), (vec![], vec![z]));
    let related = store.related(b).await.unwrap();
    assert_eq!(related[0].why, KEPT_APART);
}
