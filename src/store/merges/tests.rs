use std::collections::BTreeMap;

use proptest::prelude::*;
use sqlx::{AssertSqlSafe, Column, ValueRef};

use super::split::KEPT_APART;
use super::*;
use crate::difference::Weight;
use crate::release::{Cause, Text};
use crate::store::ingest::Derived;
use crate::store::redactions::{Extent, Print};
use crate::store::test_store::fresh;
use crate::topics::Relations;

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
            lead: Some(format!("Lead {n}")),
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

/// What the rules keep beside a text.
fn beside(text: &DatedText) -> Derived {
    let n = text.text.title.trim_start_matches("Title ").parse();
    let mut derived = derived(n.unwrap());
    if text.text.body.is_none() {
        derived.sketch.clear();
    }
    derived
}

fn revision(text: &DatedText, cause: Cause) -> NewRevision {
    NewRevision {
        text: text.text.clone(),
        cause,
        weight: Some(Weight::Material),
        changed: vec!["title", "body"],
        derived: beside(text),
    }
}

async fn empty() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = fresh(&folder.path().join("store.db")).await;
    (folder, Store::open(&url).await.unwrap())
}

async fn add(store: &Store, n: usize) -> Guid {
    let guid = guid(n);
    store
        .add(guid, &address(n), &text(n), &derived(n), Some(at(60)))
        .await
        .unwrap();
    guid
}

fn guid(n: usize) -> Guid {
    Guid::new("npcc", &path(n))
}

/// Makes a release part of another, which takes the text that it shows.
async fn fold(store: &Store, from: Guid, into: Guid, takes_text: bool, at: DateTime<Utc>) {
    fold_because(store, (from, into), takes_text, (Reason::EqualText, at)).await;
}

async fn fold_because(
    store: &Store,
    (from, into): (Guid, Guid),
    takes_text: bool,
    (reason, at): (Reason, DateTime<Utc>),
) {
    let shown = store.dated_text(from).await.unwrap().unwrap();
    let better = takes_text.then(|| revision(&shown, Cause::Reissued));
    let folding = Folding {
        from,
        into,
        reason,
        completed: None,
        better: better.as_ref(),
        relations: &Relations::default(),
        at,
    };
    assert!(store.fold(&folding).await.unwrap());
}

async fn merge(store: &Store, n: usize, into: Guid, takes_text: bool, at: DateTime<Utc>) {
    let (path, url, text) = (path(n), url(n), text(n));
    let copy = MergedCopy {
        into,
        source: "npcc",
        path: &path,
        url: &url,
        text: &text,
        is_redacted: false,
        reason: Reason::EqualText,
        at,
    };
    let better = takes_text.then(|| revision(&text, Cause::Reissued));
    store
        .merge(&address(n), &copy, better.as_ref())
        .await
        .unwrap();
}

async fn split(store: &Store, path: &CanonicalPath, is_ruled: bool) -> Guid {
    let copy = store.copy_at("npcc", path).await.unwrap().unwrap();
    let left = store.left_by(&copy).await.unwrap();
    let left: Vec<(Left, Derived)> = left
        .into_iter()
        .map(|left| (left.clone(), beside(&left.text)))
        .collect();
    let freeing = Freeing {
        guid: Guid::new("npcc", path),
        freed: &beside(&copy.text),
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
                .or_else(|_| row.try_get::<bool, _>(n).map(|is| is.to_string()))
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
        // What is shown is the newest revision.
        "SELECT r.guid AS row FROM releases r JOIN revisions v ON v.guid = r.guid
         AND v.number = (SELECT MAX(number) FROM revisions n WHERE n.guid = r.guid)
         WHERE r.title <> v.title OR COALESCE(r.body, '') <> COALESCE(v.body, '')
         OR (v.redacted_at IS NOT NULL) <> (r.redacted IS NOT NULL)",
        // A text is a copy's as long as it is a copy.
        "SELECT v.guid AS row FROM revisions v LEFT JOIN merges m ON m.source = v.copy_source AND m.path = v.copy_path
         WHERE v.copy_path IS NOT NULL AND m.path IS NULL",
    ] {
        let rows = sqlx::query(broken).fetch_all(&store.pool).await.unwrap();
        let rows: Vec<String> = rows.iter().map(tell).collect();
        assert!(rows.is_empty(), "{rows:?} of {broken}");
    }
}

async fn shown(store: &Store) -> Vec<Guid> {
    let mut shown = Vec::new();
    for (_, guid) in store.in_order(0, 99).await.unwrap() {
        if store.item(guid).await.unwrap().is_some() {
            shown.push(guid);
        }
    }
    shown
}

/// The number of the release that has a guid.
fn number_of(guid: Guid) -> usize {
    (0..99).find(|n| self::guid(*n) == guid).unwrap()
}

/// The text by which one is known again, of which each is one paragraph.
fn print_of(text: &Text) -> Option<Print> {
    text.body.as_ref()?;
    let n: i64 = text.title.trim_start_matches("Title ").parse().unwrap();
    Some(Print {
        whole: n,
        paragraphs: [n].into(),
    })
}

/// Removes a text of a release, and the same where a part of it has it; or all of them for ever.
async fn redact(store: &Store, guid: Guid, title: Option<&str>, at: DateTime<Utc>) {
    let mut parts = store.part_texts(guid).await.unwrap();
    parts.retain(|part| {
        title.is_none_or(|title| part.text.title == title && part.text.body.is_some())
    });
    let mut own = store.revision_texts(guid).await.unwrap();
    own.retain(|one| title.is_none_or(|title| one.text.title == title));
    let prints = own.iter().map(|one| (guid, &one.text));
    let prints = prints.chain(parts.iter().map(|part| (part.guid, &part.text)));
    let prints: Vec<(Guid, Print)> = prints
        .filter_map(|(of, text)| Some((of, print_of(text)?)))
        .collect();
    let numbers: Vec<i64> = own.iter().map(|one| one.number).collect();
    let extent = match title {
        None => Extent::Whole,
        Some(_) => Extent::Revisions {
            numbers: &numbers,
            parts: &parts,
        },
    };
    let read = (store.change().await.unwrap(), at);
    assert!(store.redact(guid, extent, &prints, read).await.unwrap());
}

async fn withdraw_or_restore(store: &Store, guid: Guid, at: DateTime<Utc>) {
    if !store.withdraw(guid, at).await.unwrap() {
        let path = path(number_of(guid));
        assert!(store.back(guid, "npcc", &path, at).await.unwrap());
    }
}

/// What is told of each release, without what tells when it was stored and in which order.
async fn told(store: &Store) -> BTreeMap<&'static str, Vec<String>> {
    let mut told = BTreeMap::new();
    for (what, sql) in [
        ("releases", "SELECT guid, source, url, title, lead, body, published, status, redacted, merged_into FROM releases"),
        ("revisions", "SELECT guid, (SELECT COUNT(*) FROM revisions e WHERE e.guid = v.guid AND e.number < v.number) AS nth,
          cause, title, lead, body, changed, weight, copy_path, redacted_at IS NOT NULL AS redacted FROM revisions v"),
        ("topics", "SELECT guid, topic, score, evidence FROM tags"),
        // Those that were releases before they were copies.
        ("updated", "SELECT guid, updated FROM releases WHERE first_seen = 1790000000 AND number <= 4"),
        ("addresses", "SELECT source, path, url, guid FROM addresses"),
        ("copies", "SELECT path, guid FROM merges"),
        ("sketches", "SELECT r.guid, s.hash, s.day FROM sketches s JOIN releases r ON r.number = s.release"),
        // What is removed for ever needs nothing to be known again by.
        ("removed", "SELECT x.guid, x.text, x.paragraph FROM redactions x JOIN releases r ON r.guid = x.guid
          AND (r.redacted IS NULL OR r.redacted <> 'whole')"),
        ("removed leads", "SELECT x.guid, x.lead FROM redacted_leads x JOIN releases r ON r.guid = x.guid
          AND (r.redacted IS NULL OR r.redacted <> 'whole')"),
    ] {
        let rows = sqlx::query(sql).fetch_all(&store.pool).await.unwrap();
        let mut rows: Vec<String> = rows.iter().map(tell).collect();
        rows.sort();
        told.insert(what, rows);
    }
    told
}

/// A step of a store's life, and which of what is there it is about.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A copy of one arrives, and one may take its text.
    Arrive { one: usize, takes_text: bool },
    /// Another becomes part of one, which may take its text.
    Fold {
        one: usize,
        other: usize,
        takes_text: bool,
    },
    /// One's own page is edited.
    Edit { one: usize },
    /// One's own page is gone, or back.
    Turn { one: usize },
    /// A person removes a text of one, or all.
    Redact { one: usize, text: usize },
    /// A copy is freed.
    Split { copy: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let any = || 0..99_usize;
    prop_oneof![
        3 => (any(), prop::bool::weighted(0.7)).prop_map(|(one, takes_text)| Step::Arrive { one, takes_text }),
        4 => (any(), any(), prop::bool::weighted(0.7))
            .prop_map(|(one, other, takes_text)| Step::Fold { one, other, takes_text }),
        2 => any().prop_map(|one| Step::Edit { one }),
        2 => any().prop_map(|one| Step::Turn { one }),
        2 => (any(), any()).prop_map(|(one, text)| Step::Redact { one, text }),
        2 => any().prop_map(|copy| Step::Split { copy }),
    ]
}

/// One store with merges, and one in which they never were.
struct Both {
    _folders: [tempfile::TempDir; 2],
    merged: Store,
    apart: Store,
    /// The number of the next text, and of the next copy.
    next: usize,
}

impl Both {
    async fn new() -> Both {
        let ((one, merged), (other, apart)) = (empty().await, empty().await);
        for n in 0..4 {
            add(&merged, n).await;
            add(&apart, n).await;
        }
        Both {
            _folders: [one, other],
            merged,
            apart,
            next: 10,
        }
    }

    async fn pick(&self, one: usize) -> Guid {
        let all = shown(&self.merged).await;
        all[one % all.len()]
    }

    /// Whether one's text is for readers, so that the rules compare it.
    async fn is_public(&self, one: Guid) -> bool {
        let item = self.merged.item(one).await.unwrap().unwrap();
        item.release.notice().is_none()
    }

    async fn take(&mut self, step: Step) {
        let n = self.next;
        self.next += 1;
        let at = at(1_000 + i64::try_from(n).unwrap());
        match step {
            Step::Arrive { one, takes_text } => {
                let into = self.pick(one).await;
                if self.is_public(into).await {
                    merge(&self.merged, n, into, takes_text, at).await;
                    add(&self.apart, n).await;
                }
            }
            Step::Fold {
                one,
                other,
                takes_text,
            } => {
                let (into, from) = (self.pick(one).await, self.pick(other).await);
                let takes_text =
                    takes_text && self.is_public(into).await && self.is_public(from).await;
                if from != into && !self.merged.is_redacted_whole(into).await.unwrap() {
                    fold(&self.merged, from, into, takes_text, at).await;
                }
            }
            Step::Edit { one } => {
                let one = self.pick(one).await;
                if self.merged.is_redacted_whole(one).await.unwrap() {
                    return;
                }
                let edit = revision(&text(n), Cause::Edited);
                for store in [&self.merged, &self.apart] {
                    store.revise(one, &edit, at).await.unwrap();
                }
            }
            Step::Turn { one } => {
                let one = self.pick(one).await;
                for store in [&self.merged, &self.apart] {
                    withdraw_or_restore(store, one, at).await;
                }
            }
            Step::Redact { one, text } => {
                let one = self.pick(one).await;
                let texts = self.merged.revision_texts(one).await.unwrap();
                let text = texts.get(text % (texts.len() + 1));
                let title = text.map(|one| one.text.title.as_str());
                if text.is_some_and(|one| one.text.body.is_none()) {
                    return;
                }
                let paths = self.paths_of(one).await;
                redact(&self.merged, one, title, at).await;
                for part in paths {
                    let part = Guid::new("npcc", &part);
                    let texts = self.apart.revision_texts(part).await.unwrap();
                    if title.is_none_or(|title| texts.iter().any(|one| one.text.title == title)) {
                        redact(&self.apart, part, title, at).await;
                    }
                }
            }
            Step::Split { copy } => {
                let copies = self.copies().await;
                if !copies.is_empty() {
                    split(&self.merged, &copies[copy % copies.len()], copy % 2 == 0).await;
                }
            }
        }
        assert_sound(&self.merged).await;
    }

    async fn paths_of(&self, one: Guid) -> Vec<CanonicalPath> {
        let sql = "SELECT path FROM addresses WHERE guid = $1";
        let rows = sqlx::query(sql).bind(one.to_string());
        let rows = rows.fetch_all(&self.merged.pool).await.unwrap();
        rows.iter()
            .map(|row| CanonicalPath::from_stored(row.get(0)))
            .collect()
    }

    async fn copies(&self) -> Vec<CanonicalPath> {
        let rows = sqlx::query("SELECT path FROM merges ORDER BY path");
        let rows = rows.fetch_all(&self.merged.pool).await.unwrap();
        rows.iter()
            .map(|row| CanonicalPath::from_stored(row.get(0)))
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merges_that_are_undone_in_any_order_leave_what_would_be_there_without_them(
        steps in proptest::collection::vec(step(), 1..14),
        order in proptest::collection::vec(0..99_usize, 14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut both = Both::new().await;
            for step in steps {
                both.take(step).await;
            }
            for copy in order {
                both.take(Step::Split { copy }).await;
            }
            let (merged, apart) = (told(&both.merged).await, told(&both.apart).await);
            for (what, rows) in apart {
                if what.starts_with("removed") {
                    // What was removed from a release with a copy's text goes on being known there as well.
                    let missing: Vec<_> = rows.iter().filter(|row| !merged[what].contains(row)).collect();
                    assert!(missing.is_empty(), "{missing:?}");
                } else {
                    assert_eq!(merged[what], rows, "{what}");
                }
            }
        });
    }
}

#[tokio::test]
async fn a_copy_that_is_freed_is_as_if_it_had_been_new() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true, at(100)).await;
    let took = store.item(a).await.unwrap().unwrap().release;
    assert_eq!((took.text, took.updated), (text(2).text, at(100)));
    let b = split(&store, &path(2), true).await;
    let freed = store.item(b).await.unwrap().unwrap();
    assert_eq!(freed.release.text, text(2).text);
    assert_eq!(freed.topics, ["topic-2"]);
    assert_eq!(store.candidates(&[102], at(0), a).await.unwrap(), [b]);
    assert_eq!(store.rulings(b).await.unwrap().apart, [a]);
    let left = store.item(a).await.unwrap().unwrap();
    assert_eq!(left.release.text, text(1).text);
    assert_eq!(left.topics, ["topic-1"]);
    assert_eq!(left.release.updated, at(0), "as if it had never been");
}

#[tokio::test]
async fn a_later_text_of_the_release_itself_stays_when_a_copy_leaves() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true, at(100)).await;
    let edit = revision(&text(3), Cause::Edited);
    store.revise(a, &edit, at(150)).await.unwrap();
    split(&store, &path(2), true).await;
    let shown = store.show(a).await.unwrap().unwrap();
    assert_eq!(shown.item.release.text, text(3).text);
    assert_eq!(shown.item.release.updated, at(150));
    let numbers: Vec<i64> = shown.revisions.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [1, 3], "a number is never another revision's");
}

#[tokio::test]
async fn a_release_that_is_left_was_updated_when_readers_last_saw_a_change_of_its_own() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    let edit = revision(&text(2), Cause::Edited);
    store.revise(a, &edit, at(120)).await.unwrap();
    redact(&store, a, Some("Title 1"), at(130)).await;
    merge(&store, 3, a, true, at(140)).await;
    let updated = async || store.item(a).await.unwrap().unwrap().release.updated;
    assert_eq!(updated().await, at(140));
    split(&store, &path(3), true).await;
    assert_eq!(updated().await, at(120), "what was removed was history");
}

#[tokio::test]
async fn a_nested_copy_takes_its_text_from_the_release_that_had_it_and_from_no_other() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    // 1 takes the text of 3 as its second revision, and 2 that of 4 as its.
    merge(&store, 3, a, true, at(100)).await;
    merge(&store, 4, b, true, at(100)).await;
    fold(&store, a, b, false, at(100)).await;
    split(&store, &path(3), false).await;
    let text_of = async |guid| store.dated_text(guid).await.unwrap().unwrap();
    assert_eq!(text_of(b).await, text(4), "it is another's revision 2");
    assert_eq!(split(&store, &path(1), false).await, a);
    assert_eq!(text_of(a).await, text(1));
}

#[tokio::test]
async fn a_text_that_came_by_way_of_a_release_leaves_with_the_copy_it_is_of() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    merge(&store, 3, a, true, at(100)).await;
    fold(&store, a, b, true, at(100)).await;
    assert_eq!(store.dated_text(b).await.unwrap(), Some(text(3)));
    split(&store, &path(3), false).await;
    assert_eq!(store.dated_text(b).await.unwrap(), Some(text(2)));
}

#[tokio::test]
async fn a_release_that_is_given_back_keeps_the_text_of_a_copy_that_comes_along() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    merge(&store, 3, a, true, at(100)).await;
    fold(&store, a, b, true, at(100)).await;
    assert_eq!(split(&store, &path(1), false).await, a);
    assert_eq!(store.dated_text(a).await.unwrap(), Some(text(3)));
    assert_eq!(store.dated_text(b).await.unwrap(), Some(text(2)));
}

#[tokio::test]
async fn of_two_better_texts_none_is_left_when_both_copies_are_freed() {
    for order in [[2, 3], [3, 2]] {
        let (_folder, store) = empty().await;
        let a = add(&store, 1).await;
        merge(&store, 2, a, true, at(100)).await;
        merge(&store, 3, a, true, at(100)).await;
        for n in order {
            split(&store, &path(n), false).await;
        }
        assert_eq!(store.dated_text(a).await.unwrap(), Some(text(1)));
        assert_eq!(store.revisions(a).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_text_leaves_with_its_copy_also_after_a_withdrawal() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true, at(100)).await;
    withdraw_or_restore(&store, a, at(150)).await;
    withdraw_or_restore(&store, a, at(150)).await;
    assert_eq!(store.own_text(a).await.unwrap(), Some(text(1)));
    split(&store, &path(2), false).await;
    assert_eq!(store.dated_text(a).await.unwrap(), Some(text(1)));
    let revisions = store.revisions(a).await.unwrap();
    let causes: Vec<&str> = revisions.iter().map(|one| one.cause.as_str()).collect();
    assert_eq!(causes, ["first", "withdrawn", "restored"]);
}

#[tokio::test]
async fn links_are_mended_in_a_releases_own_text_and_not_in_a_copys() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true, at(100)).await;
    store.mend_links(a, "<p>Text 1, mended</p>").await.unwrap();
    assert_eq!(store.dated_text(a).await.unwrap(), Some(text(2)));
    let own = store.own_text(a).await.unwrap().unwrap();
    assert_eq!(own.text.body.as_deref(), Some("<p>Text 1, mended</p>"));
}

#[tokio::test]
async fn a_release_that_stands_at_a_copys_address_has_the_copys_text_for_its_own() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true, at(100)).await;
    let (old_path, old_url) = (path(1), url(1));
    let old = MergedCopy {
        into: a,
        source: "npcc",
        path: &old_path,
        url: &old_url,
        text: &text(1),
        is_redacted: false,
        reason: Reason::Gone,
        at: at(100),
    };
    store.stand_at((&path(2), &url(2)), &old).await.unwrap();
    assert_eq!(store.own_text(a).await.unwrap(), Some(text(2)));
    let copy = store.copy_at("npcc", &path(1)).await.unwrap().unwrap();
    assert_eq!(copy.text, text(1));
}

#[tokio::test]
async fn what_a_person_removed_meanwhile_is_not_written() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    let work = store.from_now().await.unwrap();
    let read = work.dated_text(b).await.unwrap().unwrap();
    redact(&store, b, Some("Title 2"), at(300)).await;
    let folding = Folding {
        from: b,
        into: a,
        reason: Reason::EqualText,
        completed: None,
        better: Some(&revision(&read, Cause::Reissued)),
        relations: &Relations::default(),
        at: at(100),
    };
    assert!(matches!(work.fold(&folding).await, Err(Error::Overruled)));
    let edit = revision(&read, Cause::Edited);
    assert!(matches!(
        work.revise(a, &edit, at(100)).await,
        Err(Error::Overruled)
    ));
    assert_eq!(shown(&store).await, [a, b]);
    // What begins after it goes on.
    let work = store.from_now().await.unwrap();
    fold(&work, b, a, false, at(100)).await;
}

#[tokio::test]
async fn a_release_that_turns_out_to_have_removed_text_leaves_no_lead_behind() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    for n in [2, 3] {
        let address = address(n);
        let mut seen = sqlx::query("UPDATE addresses SET feed_seen = $1 WHERE path = $2");
        seen = seen.bind("Title\nA lead").bind(address.path.as_str());
        if n == 3 {
            merge(&store, 3, b, false, at(100)).await;
        }
        seen.execute(&store.pool).await.unwrap();
    }
    redact(&store, a, None, at(300)).await;
    fold_because(&store, (b, a), false, (Reason::Redacted, at(100))).await;
    for row in state(&store).await["addresses"].iter() {
        assert!(!row.contains("A lead"), "{row}");
        assert!(row.contains("page_due=none"), "{row}");
    }
    for table in ["releases", "revisions", "merges"] {
        for row in state(&store).await[table].iter() {
            assert!(!row.contains("Text"), "{row}");
        }
    }
    for n in [2, 3] {
        let freed = split(&store, &path(n), true).await;
        assert!(store.is_redacted_whole(freed).await.unwrap(), "{n}");
    }
}

#[tokio::test]
async fn removed_text_is_known_on_a_part_that_is_split_off_however_short_it_is() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true, at(100)).await;
    redact(&store, a, Some("Title 2"), at(300)).await;
    let freed = split(&store, &path(2), true).await;
    let print = print_of(&text(2).text).unwrap();
    assert_eq!(
        store.redacted_from(freed, &print).await.unwrap(),
        Some(freed)
    );
    assert!(store.is_redacted(freed).await.unwrap());
    assert_eq!(store.dated_text(a).await.unwrap(), Some(text(1)));
    assert!(
        !store.is_redacted(a).await.unwrap(),
        "its own was not removed"
    );
}

#[tokio::test]
async fn of_two_releases_whose_same_text_was_removed_each_is_told_its_own() {
    let (_folder, store) = empty().await;
    let print = Print {
        whole: 7,
        paragraphs: [7, 8].into(),
    };
    let both = [add(&store, 1).await, add(&store, 2).await];
    for one in both {
        let extent = Extent::Revisions {
            numbers: &[1],
            parts: &[],
        };
        let prints = [(one, print.clone())];
        let read = (store.change().await.unwrap(), at(9));
        assert!(store.redact(one, extent, &prints, read).await.unwrap());
    }
    for one in both {
        assert_eq!(store.redacted_from(one, &print).await.unwrap(), Some(one));
    }
}

#[tokio::test]
async fn a_persons_word_holds_for_what_a_release_becomes_part_of() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    fold(&store, b, a, false, at(100)).await;
    assert_eq!(split(&store, &path(2), true).await, b);
    let z = add(&store, 3).await;
    fold(&store, a, z, false, at(100)).await;
    assert_eq!(store.rulings(b).await.unwrap().apart, [z]);
    assert_eq!(store.rulings(z).await.unwrap().apart, [b]);
    fold_because(&store, (b, z), false, (Reason::Ruled, at(100))).await;
    assert!(
        store.rulings(z).await.unwrap().apart.is_empty(),
        "the last word counts"
    );
    assert_eq!(split(&store, &path(2), true).await, b);
    let rulings = store.rulings(b).await.unwrap();
    assert_eq!((rulings.one, rulings.apart), (vec![], vec![z]));
    let related = store.related(b).await.unwrap();
    assert_eq!(related[0].why, KEPT_APART);
}

#[tokio::test]
async fn a_text_is_not_removed_as_it_was_read_when_it_has_changed_since() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    let read = (store.change().await.unwrap(), at(300));
    let edit = revision(&text(2), Cause::Edited);
    store.revise(a, &edit, at(150)).await.unwrap();
    let extent = Extent::Revisions {
        numbers: &[1],
        parts: &[],
    };
    assert!(!store.redact(a, extent, &[], read).await.unwrap());
    assert_eq!(store.revision_texts(a).await.unwrap()[0].text, text(1).text);
}

#[tokio::test]
async fn no_release_stands_at_an_address_that_is_its_copys_no_more() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, false, at(100)).await;
    split(&store, &path(2), false).await;
    let (old_path, old_url, text) = (path(1), url(1), text(1));
    let old = MergedCopy {
        into: a,
        source: "npcc",
        path: &old_path,
        url: &old_url,
        text: &text,
        is_redacted: false,
        reason: Reason::Gone,
        at: at(100),
    };
    let stood = store.stand_at((&path(2), &url(2)), &old).await;
    assert!(matches!(stood, Err(Error::Overruled)));
    assert_sound(&store).await;
}

#[tokio::test]
async fn a_release_that_is_given_back_leaves_the_text_of_a_copy_that_stays() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    merge(&store, 3, a, true, at(100)).await;
    fold(&store, a, b, false, at(100)).await;
    let (old_path, old_url, text_2) = (path(2), url(2), text(2));
    let old = MergedCopy {
        into: b,
        source: "npcc",
        path: &old_path,
        url: &old_url,
        text: &text_2,
        is_redacted: false,
        reason: Reason::Gone,
        at: at(100),
    };
    store.stand_at((&path(3), &url(3)), &old).await.unwrap();
    assert_eq!(split(&store, &path(1), false).await, a);
    assert_eq!(store.dated_text(a).await.unwrap(), Some(text(1)));
    assert_eq!(store.item(a).await.unwrap().unwrap().topics, ["topic-1"]);
    assert_eq!(store.candidates(&[101], at(0), b).await.unwrap(), [a]);
    assert_sound(&store).await;
}

#[tokio::test]
async fn an_address_that_a_release_left_without_its_removed_text_stays_without_it() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    redact(&store, a, Some("Title 1"), at(300)).await;
    let (old_path, old_url) = (path(1), url(1));
    let own = store.own_text(a).await.unwrap().unwrap();
    let old = MergedCopy {
        into: a,
        source: "npcc",
        path: &old_path,
        url: &old_url,
        text: &own,
        is_redacted: store.is_redacted(a).await.unwrap(),
        reason: Reason::UpstreamGuid("x".into()),
        at: at(100),
    };
    store.move_to(&address(2), &old, at(200)).await.unwrap();
    let copy = store.copy_at("npcc", &path(1)).await.unwrap().unwrap();
    let left = store.left_by(&copy).await.unwrap();
    assert!(left.is_empty());
    let guid = guid(77);
    let freeing = Freeing {
        guid,
        freed: &beside(&copy.text),
        left: &[],
        is_ruled: true,
        at: at(300),
    };
    assert_eq!(store.split(&copy, &freeing).await.unwrap(), Some(guid));
    assert!(store.is_redacted(guid).await.unwrap());
    let print = print_of(&text(1).text).unwrap();
    assert_eq!(store.redacted_from(guid, &print).await.unwrap(), Some(guid));
    let leads = store.removed_leads(guid).await.unwrap();
    assert_eq!(leads.unless(&text(1).text.lead), None);
}

#[tokio::test]
async fn a_text_beneath_a_copys_is_told_to_who_looks_at_changes() {
    let (_folder, store) = empty().await;
    let a = add(&store, 1).await;
    merge(&store, 2, a, true, at(100)).await;
    let read = (store.change().await.unwrap(), at(300));
    let edit = revision(&text(3), Cause::Edited);
    store.revise_beneath(a, &edit, at(150)).await.unwrap();
    assert_eq!(store.dated_text(a).await.unwrap(), Some(text(2)));
    assert_eq!(store.own_text(a).await.unwrap(), Some(text(3)));
    assert_sound(&store).await;
    let extent = Extent::Revisions {
        numbers: &[2],
        parts: &[],
    };
    assert!(!store.redact(a, extent, &[], read).await.unwrap());
    split(&store, &path(2), false).await;
    assert_eq!(store.dated_text(a).await.unwrap(), Some(text(3)));
}

#[tokio::test]
async fn no_word_of_a_removed_text_is_left_in_reasons() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    let why = "one says Zebediah Quill where the other says Obadiah Finch";
    store.relate(a, &[(b, why.to_owned())]).await.unwrap();
    merge(&store, 3, b, false, at(100)).await;
    sqlx::query("UPDATE merges SET reason = $1, verdict = $2")
        .bind(why)
        .bind(Verdict::IssuedAgain.as_str())
        .execute(&store.pool)
        .await
        .unwrap();
    redact(&store, b, Some("Title 2"), at(300)).await;
    for guid in [a, b] {
        let related = store.related(guid).await.unwrap();
        assert!(!related[0].why.contains("Zebediah"), "{related:?}");
    }
    let shown = store.show(b).await.unwrap().unwrap();
    assert!(!shown.merges[0].reason.contains("Zebediah"));
}

#[tokio::test]
async fn a_removed_lead_is_known_by_each_that_had_it() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, guid(2));
    store
        .add(b, &address(2), &text(1), &derived(1), None)
        .await
        .unwrap();
    fold(&store, b, a, false, at(100)).await;
    redact(&store, a, Some("Title 1"), at(300)).await;
    assert_eq!(split(&store, &path(2), true).await, b);
    for guid in [a, b] {
        let leads = store.removed_leads(guid).await.unwrap();
        assert_eq!(leads.unless(&text(1).text.lead), None);
    }
}

#[tokio::test]
async fn a_part_that_was_found_to_hold_removed_text_knows_it_again_however_short_it_is() {
    let (_folder, store) = empty().await;
    let (a, b) = (add(&store, 1).await, add(&store, 2).await);
    redact(&store, a, Some("Title 1"), at(90)).await;
    fold_because(&store, (b, a), false, (Reason::Redacted, at(100))).await;
    split(&store, &path(2), true).await;
    let print = print_of(&text(1).text).unwrap();
    assert_eq!(store.redacted_from(b, &print).await.unwrap(), Some(b));
}

#[tokio::test]
async fn a_part_at_whose_address_its_release_stands_goes_where_that_goes() {
    let (_folder, store) = empty().await;
    let (a, b, z) = (
        add(&store, 1).await,
        add(&store, 2).await,
        add(&store, 3).await,
    );
    fold(&store, b, a, false, at(100)).await;
    let (old_path, old_url, text_1) = (path(1), url(1), text(1));
    let old = MergedCopy {
        into: a,
        source: "npcc",
        path: &old_path,
        url: &old_url,
        text: &text_1,
        is_redacted: false,
        reason: Reason::Gone,
        at: at(110),
    };
    store.stand_at((&path(2), &url(2)), &old).await.unwrap();
    fold(&store, a, z, false, at(120)).await;
    assert_eq!(store.find(&b.id()).await.unwrap(), [z]);
    assert_eq!(split(&store, &path(2), true).await, a);
    assert_eq!(store.find(&b.id()).await.unwrap(), [a]);
    redact(&store, a, None, at(300)).await;
    assert_eq!(store.revision_texts(b).await.unwrap()[0].text.body, None);
}
