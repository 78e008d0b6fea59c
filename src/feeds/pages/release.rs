//! A release's page: what it says, its topics with the reasons, its other addresses, and its history.

use askama::Template;

use super::{For, Frame, machine_day, moment, rendered, topic_path};
use crate::config::Content;
use crate::difference::{Kind, PartDifference};
use crate::feeds::entry::preview;
use crate::feeds::{Document, Error, Site};
use crate::release::{Cause, Evidence, Guid, Item, Merge, Related, Tag};
use crate::{html, text};

/// So many unchanged words are told around a change.
const AROUND: usize = 12;

/// A revision of a release, with what it changed.
#[derive(Debug)]
pub struct Change {
    /// Its number.
    pub number: i64,
    /// When it was seen.
    pub at: chrono::DateTime<chrono::Utc>,
    /// The word of a [`Cause`].
    pub cause: String,
    /// Whether it matters, where it is an edit: `minor` or `material`.
    pub weight: Option<String>,
    /// What changed; nothing where that is not for everybody.
    pub parts: Vec<PartDifference>,
}

/// What a release's page shows.
#[derive(Debug)]
pub struct ReleasePage<'a> {
    /// The release.
    pub item: &'a Item,
    /// Its topics with their evidence.
    pub tags: &'a [Tag],
    /// Topics on which a person has spoken.
    pub corrected: &'a [String],
    /// Its copies.
    pub merges: &'a [Merge],
    /// Releases that are alike and yet are others.
    pub related: &'a [Related],
    /// Its history, oldest first.
    pub changes: &'a [Change],
}

#[derive(Template)]
#[template(path = "release.html")]
struct Page<'a> {
    frame: Frame<'a>,
    title: &'a str,
    url: &'a str,
    publisher: &'a str,
    day: String,
    machine_day: String,
    guid: String,
    notice: Option<&'static str>,
    lead: Option<String>,
    body: Option<String>,
    topics: Vec<Why<'a>>,
    merges: Vec<Copy<'a>>,
    related: Vec<(&'a str, String, &'a str)>,
    history: Vec<Told<'a>>,
}

/// A topic with the reason for it.
struct Why<'a> {
    title: &'a str,
    page: String,
    said: String,
    evidence: &'a [Evidence],
}

struct Copy<'a> {
    title: &'a str,
    url: &'a str,
    seen: String,
    reason: &'a str,
}

struct Told<'a> {
    number: i64,
    at: String,
    said: String,
    parts: Vec<(&'static str, Vec<Paragraph<'a>>)>,
}

/// A paragraph of a difference: pieces, each with the element that it stands in, if any.
type Paragraph<'a> = Vec<(&'static str, std::borrow::Cow<'a, str>)>;

impl ReleasePage<'_> {
    /// The page.
    ///
    /// # Errors
    /// [`Error`].
    pub fn page(&self, site: &Site, made_for: For) -> Result<Document, Error> {
        let release = &self.item.release;
        let path = release_path(release.guid);
        let head = format!("{} – {} (unofficial)", release.text.title, site.name());
        let mut frame = Frame::new(site, &path, made_for, head, &preview(self.item));
        // Search engines are to lead to the publisher.
        frame.canonical = Some(&release.url);
        let links = &frame.links;
        let why = self.tags.iter().filter_map(|tag| {
            let topic = site.topic(&tag.topic)?;
            Some(Why {
                title: &topic.title,
                page: links.page(&topic_path(topic)),
                said: self.why(site, tag),
                evidence: &tag.evidence,
            })
        });
        let topics = why.collect();
        let related = self.related.iter().map(|one| {
            let page = links.page(&format!("/releases/{}", one.id));
            (one.title.as_str(), page, one.why.as_str())
        });
        let related = related.collect();
        let body = match site.content {
            Content::Full => release.text.body.as_deref().map(html::for_page),
            Content::Summary => None,
        };
        let publisher = site.publisher(&release.source);
        let page = Page {
            title: &release.text.title,
            url: &release.url,
            publisher: publisher.map_or(&release.source, |one| &one.title),
            day: text::day(release.published),
            machine_day: machine_day(release.published),
            guid: release.guid.to_string(),
            notice: release.notice(),
            lead: self.lead(body.is_some()),
            body,
            topics,
            merges: self.merges.iter().map(copy).collect(),
            related,
            history: self.changes.iter().map(told).collect(),
            frame,
        };
        rendered(&page)
    }

    /// The lead, unless the text begins with it.
    fn lead(&self, has_body: bool) -> Option<String> {
        let text = &self.item.release.text;
        let lead = text.lead.as_deref()?;
        let first = || {
            let body = text.body.as_deref()?;
            html::paragraphs(body).into_iter().next()
        };
        let is_repeated = has_body
            && first().is_some_and(|first| text::normalise(&first) == text::normalise(lead));
        (!is_repeated).then(|| lead.to_owned())
    }

    fn why(&self, site: &Site, tag: &Tag) -> String {
        if self.corrected.contains(&tag.topic) {
            return "given by a person".to_owned();
        }
        match &tag.implied_by {
            Some(by) => {
                let title = site.topic(by).map_or(by.as_str(), |topic| &topic.title);
                format!("as it has {title}")
            }
            None => format!("{} points", tag.score),
        }
    }
}

pub(super) fn release_path(guid: Guid) -> String {
    format!("/releases/{}", guid.id())
}

fn copy(merge: &Merge) -> Copy<'_> {
    Copy {
        title: &merge.title,
        url: &merge.url,
        seen: moment(merge.at),
        reason: &merge.reason,
    }
}

fn told(change: &Change) -> Told<'_> {
    let is = |cause: Cause| cause.as_str() == change.cause;
    let said = if is(Cause::First) {
        "First seen".to_owned()
    } else if is(Cause::Completed) {
        "Its own page was read".to_owned()
    } else if is(Cause::Withdrawn) {
        "Withdrawn by its publisher".to_owned()
    } else if is(Cause::Restored) {
        "Shown again by its publisher".to_owned()
    } else if is(Cause::Reissued) {
        "Issued again in a better text".to_owned()
    } else if is(Cause::Reread) {
        "Read in another way; its publisher changed nothing".to_owned()
    } else {
        match &change.weight {
            Some(weight) => format!("Changed by its publisher ({weight})"),
            None => "Changed by its publisher".to_owned(),
        }
    };
    let parts = change.parts.iter().map(|part| {
        let name = match part.part.as_str() {
            "title" => "Headline",
            "lead" => "Opening",
            _ => "Text",
        };
        (name, paragraphs(&part.shortened(AROUND)))
    });
    Told {
        number: change.number,
        at: moment(change.at),
        said,
        parts: parts.collect(),
    }
}

fn paragraphs<'a>(part: &PartDifference) -> Vec<Paragraph<'a>> {
    let mut all = vec![Vec::new()];
    for piece in &part.pieces {
        let element = match piece.kind {
            Kind::Kept => "",
            Kind::Deleted => "del",
            Kind::Inserted => "ins",
        };
        for (at, paragraph) in piece.text.split('\n').enumerate() {
            if at > 0 {
                all.push(Vec::new());
            }
            if let Some(last) = all.last_mut()
                && !paragraph.is_empty()
            {
                last.push((element, paragraph.to_owned().into()));
            }
        }
    }
    all.retain(|paragraph| !paragraph.is_empty());
    all
}
