//! The words that all rooms share: a release on its way in, a release as it is kept, and what is said about it.

pub mod seen;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Europe::London;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

/// The namespace of our name-based UUIDs (RFC 9562, version 5). It is part of every guid and never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x5c0f_1e0e_8a59_4f0b_9d53_6b1f_70a7_c2d4);

/// A release's address has at most so many bytes: an index of PostgreSQL's refuses keys of more than 2,704, and those of
/// newsrooms have a tenth of that.
pub const LONGEST_ADDRESS: usize = 2_048;

/// A release's identity: the UUID v5 of its source's id and its canonical path. Shown as `urn:uuid:…` (RFC 9562).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(Uuid);

impl Guid {
    /// The guid of the release that `source` shows at `path`.
    pub fn new(source: &str, path: &CanonicalPath) -> Guid {
        Guid(Uuid::new_v5(
            &NAMESPACE,
            format!("{source}\n{path}").as_bytes(),
        ))
    }

    /// The guid of a copy that is freed from the release that has the guid of its path, as where that was its address
    /// before the newsroom moved it.
    pub fn freed(source: &str, path: &CanonicalPath, from: Guid) -> Guid {
        let name = format!("{source}\n{path}\n{from}");
        Guid(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The identity of one revision of a release, as an entry of its own.
    pub fn of_revision(of: Guid, number: i64) -> Guid {
        let name = format!("{of}\nrevision\n{number}");
        Guid(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The bare UUID, as commands and addresses use it.
    pub fn id(&self) -> String {
        self.0.to_string()
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:uuid:{}", self.0)
    }
}

impl FromStr for Guid {
    type Err = uuid::Error;

    /// Reads a UUID, with or without `urn:uuid:` in front.
    fn from_str(text: &str) -> Result<Guid, uuid::Error> {
        Uuid::parse_str(text).map(Guid)
    }
}

/// The path of a release's address in one spelling: no host, no query, no slash at the end, lower case.
///
/// The newsroom answers under several hosts and treats letters alike, so this is what makes two addresses one release.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CanonicalPath(String);

impl CanonicalPath {
    /// The canonical path of `url`.
    pub fn of(url: &Url) -> CanonicalPath {
        let segments: Vec<String> = url
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(str::to_ascii_lowercase)
            .collect();
        CanonicalPath(format!("/{}", segments.join("/")))
    }

    /// A path that was canonical when it was stored.
    pub fn from_stored(path: String) -> CanonicalPath {
        CanonicalPath(path)
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CanonicalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the newsroom says on the time of publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The instant, as the feed gives it.
    At(DateTime<Utc>),
    /// The day in London, as listing and page give it.
    On(NaiveDate),
    /// Nothing that could be read.
    Unknown,
}

impl Published {
    /// The day in London, where one is known.
    pub fn day(self) -> Option<NaiveDate> {
        match self {
            Published::At(instant) => Some(london_day(instant)),
            Published::On(day) => Some(day),
            Published::Unknown => None,
        }
    }

    /// The instant that feeds show. A day becomes its noon in London; nothing is ever dated after `first_seen`.
    pub fn date(self, first_seen: DateTime<Utc>) -> DateTime<Utc> {
        let said = match self {
            Published::At(instant) => instant,
            Published::On(day) => noon_in_london(day),
            Published::Unknown => first_seen,
        };
        said.min(first_seen)
    }
}

fn noon_in_london(day: NaiveDate) -> DateTime<Utc> {
    // Noon exists once on every day in London: the clock changes at night.
    let noon = day.and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(12);
    noon.and_local_timezone(London)
        .earliest()
        .map_or_else(|| noon.and_utc(), |local| local.with_timezone(&Utc))
}

/// The day in London of an instant: the only way in which days are compared.
pub fn london_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&London).date_naive()
}

/// A release as feed or listing announce it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The identity within its source.
    pub path: CanonicalPath,
    /// The whole address, on one of the source's hosts.
    pub url: Url,
    /// The headline, plain text.
    pub title: String,
    /// The lead, plain text; `None` when there is none.
    pub lead: Option<String>,
    /// The time of publication.
    pub published: Published,
    /// The feed's own guid.
    pub upstream_guid: Option<String>,
}

/// A release's own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The headline on the page; `None` where it has none.
    pub title: Option<String>,
    /// The day on the page.
    pub published: Option<NaiveDate>,
    /// The whole text: sanitised HTML with absolute addresses.
    pub body: String,
    /// How the text was found.
    pub reading: Reading,
}

/// How a release's text was found on its page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// Where the configured selectors say.
    #[default]
    Selectors,
    /// Where a reader would look for it, as nothing stood where the selectors say.
    Readability,
}

impl Reading {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Reading::Selectors => "selectors",
            Reading::Readability => "readability",
        }
    }
}

/// The words of a release: what an edit changes and a revision keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The headline, plain text.
    pub title: String,
    /// The lead, plain text.
    pub lead: Option<String>,
    /// The whole text, sanitised HTML; `None` until the release's own page was read.
    pub body: Option<String>,
}

/// A text with its date: what copies are told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedText {
    /// The text.
    pub text: Text,
    /// When it was published.
    pub published: DateTime<Utc>,
}

/// A release as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The identity.
    pub guid: Guid,
    /// The id of the source.
    pub source: String,
    /// The address that the feeds link to.
    pub url: String,
    /// The current text.
    pub text: Text,
    /// The time of publication as shown; it never moves.
    pub published: DateTime<Utc>,
    /// When it was stored.
    pub first_seen: DateTime<Utc>,
    /// The last change of the text; `first_seen` when there was none.
    pub updated: DateTime<Utc>,
    /// Current or withdrawn.
    pub status: Status,
    /// Whether a person has removed the text.
    pub is_redacted: bool,
}

impl Release {
    /// What readers see in place of a text that is not for them.
    pub fn notice(&self) -> Option<&'static str> {
        match self.status {
            Status::Withdrawn => Some("This release has been withdrawn by its publisher."),
            Status::Current if self.is_redacted => {
                Some("The text of this release has been removed.")
            }
            Status::Current => None,
        }
    }
}

/// A release as lists and feeds show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The release.
    pub release: Release,
    /// The ids of its topics; the taxonomy gives their order.
    pub topics: Vec<String>,
    /// The addresses of its copies.
    pub duplicates: Vec<String>,
}

/// Whether the publisher still shows a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is published.
    Current,
    /// The publisher took it down.
    Withdrawn,
}

impl Status {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Current => "current",
            Status::Withdrawn => "withdrawn",
        }
    }
}

/// Why a revision was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The text as first seen.
    First,
    /// The page was read after the lead alone had been stored.
    Completed,
    /// The publisher changed it.
    Edited,
    /// The newsroom issued it again elsewhere, in a better text.
    Reissued,
    /// The same page was read in another way, by which its text differs; the publisher changed nothing.
    Reread,
    /// The publisher took it down.
    Withdrawn,
    /// The publisher shows it again.
    Restored,
}

impl Cause {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::First => "first",
            Cause::Completed => "completed",
            Cause::Edited => "edited",
            Cause::Reissued => "reissued",
            Cause::Reread => "reread",
            Cause::Withdrawn => "withdrawn",
            Cause::Restored => "restored",
        }
    }
}

/// One state of a release's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// From 1 on, in order of time.
    pub number: i64,
    /// When we saw it.
    pub at: DateTime<Utc>,
    /// `first`, `completed`, `edited`, `reissued`, `reread`, `withdrawn` or `restored`.
    pub cause: String,
    /// The headline in that state.
    pub title: String,
    /// What changed against the state before: any of `title`, `lead`, `body`.
    pub changed: Vec<String>,
    /// `minor` or `material`, where it is an edit.
    pub weight: Option<String>,
    /// Whether the text is a copy's.
    #[serde(skip)]
    pub is_copys: bool,
    /// The text in that state. It is kept for good, but not all of it is for everybody, so it is not written out.
    #[serde(skip)]
    pub text: Text,
}

/// A topic given to a release, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// The topic's id.
    #[serde(rename = "id")]
    pub topic: String,
    /// The score, in the taxonomy's own unit.
    pub score: f64,
    /// The topic that brought this one along, where it did not stand on its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implied_by: Option<String>,
    /// The phrases found.
    pub evidence: Vec<Evidence>,
}

/// One phrase found in one place of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The phrase as the taxonomy has it.
    pub phrase: String,
    /// `title`, `lead` or `body`.
    pub r#where: Cow<'static, str>,
    /// The sentence around it.
    pub sentence: String,
    /// What it added to the score.
    pub weight: f64,
    /// Why it counts for nothing there, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}

/// Another address that was found to be this release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Merge {
    /// The copy's address.
    pub url: String,
    /// The copy's headline.
    pub title: String,
    /// When it was merged.
    pub at: DateTime<Utc>,
    /// `the same`, `a revision`, `issued again` or `by a person's word`.
    pub verdict: String,
    /// Why, with the figures.
    pub reason: String,
}

/// Another release that is like one and yet was kept apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Related {
    /// Its bare UUID.
    pub id: String,
    /// Its address.
    pub url: String,
    /// Its headline.
    pub title: String,
    /// What spoke against their being one.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(url: &str) -> CanonicalPath {
        CanonicalPath::of(&Url::parse(url).unwrap())
    }

    #[test]
    fn one_release_under_all_its_addresses_has_one_guid() {
        let guid = Guid::new("npcc", &path("https://news.npcc.police.uk/releases/a-b"));
        assert_eq!(
            guid.to_string(),
            "urn:uuid:fb4ce1c9-3377-56da-ab56-26063e5ee13f"
        );
        for same in [
            "http://news.npcc.police.uk/releases/a-b/",
            "https://x.azurewebsites.net/Releases//A-b?page=2#top",
        ] {
            assert_eq!(Guid::new("npcc", &path(same)), guid);
        }
        assert_ne!(Guid::new("other", &path("https://h/releases/a-b")), guid);
        assert_ne!(Guid::new("npcc", &path("https://h/releases/a-b-1")), guid);
        assert_eq!(guid.to_string().parse::<Guid>().unwrap(), guid);
    }

    #[test]
    fn a_day_is_dated_noon_in_london_or_first_sight() {
        let day = Published::On(NaiveDate::from_ymd_opt(2026, 7, 1).unwrap());
        let late: DateTime<Utc> = "2026-07-05T00:00:00Z".parse().unwrap();
        let early: DateTime<Utc> = "2026-07-01T08:00:00Z".parse().unwrap();
        assert_eq!(day.date(late).to_rfc3339(), "2026-07-01T11:00:00+00:00");
        assert_eq!(day.date(early), early);
        assert_eq!(Published::Unknown.date(late), late);
    }

    #[test]
    fn an_embargo_of_one_past_midnight_belongs_to_the_london_day() {
        let instant: DateTime<Utc> = "2020-07-02T23:01:00Z".parse().unwrap();
        assert_eq!(
            london_day(instant),
            NaiveDate::from_ymd_opt(2020, 7, 3).unwrap()
        );
    }
}
