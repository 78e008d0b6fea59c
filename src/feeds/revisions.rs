//! Edits for journalists: what was changed, withdrawn and shown again, with the difference word by word.

use chrono::{DateTime, Utc};

use super::{Entry, Site};
use crate::difference::{Kind, PartDifference};
use crate::release::{Cause, Guid, Item};
use crate::text;

/// So many unchanged words are told around a change.
const AROUND: usize = 12;

/// One change of a release.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The release as it is now.
    pub item: Item,
    /// The number of the revision.
    pub number: i64,
    /// When it was seen.
    pub at: DateTime<Utc>,
    /// Why there is a revision: the word of a [`Cause`].
    pub cause: String,
    /// What changed; nothing where that is not for everybody.
    pub parts: Vec<PartDifference>,
}

impl Edit {
    fn what(&self) -> &'static str {
        let is = |cause: Cause| cause.as_str() == self.cause;
        if is(Cause::Withdrawn) {
            "Withdrawn"
        } else if is(Cause::Restored) {
            "Shown again"
        } else if is(Cause::Reissued) {
            "Issued again"
        } else {
            "Changed"
        }
    }

    fn summary(&self) -> String {
        let is = |cause: Cause| cause.as_str() == self.cause;
        let day = text::day(self.at);
        let said = if is(Cause::Withdrawn) {
            format!("Withdrawn by its publisher; seen on {day}.")
        } else if is(Cause::Restored) {
            format!("Shown again by its publisher; seen on {day}.")
        } else {
            let parts = self.parts.iter().map(|part| match part.part.as_str() {
                "title" => "the headline",
                "lead" => "the opening",
                _ => "the text",
            });
            let parts: Vec<&str> = parts.collect();
            let what = self.what();
            match parts.as_slice() {
                [] => format!("{what} by its publisher; seen on {day}."),
                [first] => format!("{what} by its publisher: {first}; seen on {day}."),
                [all @ .., last] => {
                    format!(
                        "{what} by its publisher: {} and {last}; seen on {day}.",
                        all.join(", ")
                    )
                }
            }
        };
        match self.item.release.notice() {
            Some(notice) if !is(Cause::Withdrawn) => format!("{said} {notice}"),
            _ => said,
        }
    }
}

impl Site {
    /// Edits as a feed's entries.
    pub fn edits(&self, edits: &[Edit]) -> Vec<Entry> {
        edits.iter().map(|edit| self.edit(edit)).collect()
    }

    fn edit(&self, edit: &Edit) -> Entry {
        let release = &edit.item.release;
        let summary = edit.summary();
        let page = format!("{}/releases/{}.html", self.public_url, release.guid.id());
        let mut content = format!("<p>{}</p>", htmlize::escape_text(&summary));
        for part in &edit.parts {
            content.push_str(&marked(&part.shortened(AROUND)));
        }
        content.push_str(&format!(
            "<p><a href=\"{}\">The release at its publisher’s</a></p>",
            htmlize::escape_attribute(&release.url)
        ));
        Entry {
            id: Guid::of_revision(release.guid, edit.number).to_string(),
            title: format!("{}: {}", edit.what(), release.text.title),
            url: format!("{page}#revision-{}", edit.number),
            published: edit.at,
            updated: edit.at,
            is_edited: false,
            preview: summary,
            content: Some(content),
            topics: self
                .topics_of(&edit.item)
                .map(|topic| topic.title.clone())
                .collect(),
            publisher: self
                .publisher(&release.source)
                .map(|publisher| (publisher.title.clone(), publisher.url.clone())),
        }
    }
}

/// A difference as HTML, a paragraph for each paragraph of the text.
pub(super) fn marked(part: &PartDifference) -> String {
    let mut out = String::from("<p>");
    for piece in &part.pieces {
        let element = match piece.kind {
            Kind::Kept => None,
            Kind::Deleted => Some("del"),
            Kind::Inserted => Some("ins"),
        };
        for (at, paragraph) in piece.text.split('\n').enumerate() {
            if at > 0 {
                out.push_str("</p><p>");
            }
            let text = htmlize::escape_text(paragraph);
            match element {
                _ if paragraph.trim().is_empty() => out.push_str(&text),
                Some(element) => out.push_str(&format!("<{element}>{text}</{element}>")),
                None => out.push_str(&text),
            }
        }
    }
    out.push_str("</p>");
    out.replace("<p></p>", "")
}
