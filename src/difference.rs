//! What an edit changed: two readings of one release, compared word by word as a reader sees them, and whether it matters.
//!
//! Markup, wrapping, white space and invisible characters are no difference. The rest is shown in full in
//! [`Difference::parts`]; [`Weight`] judges only what the release says, so boilerplate is taken out of both texts first.

mod alignment;
mod boilerplate;
mod essence;
mod pieces;
mod tokens;
mod typing;
mod weight;

use serde::Serialize;

use crate::html;
use crate::release::Text;

pub(crate) use alignment::{Sequence, align, common};
pub(crate) use boilerplate::{is_correction, telling};
pub(crate) use essence::{Word, read};
pub use pieces::{Kind, Piece};
pub(crate) use tokens::{Numbers, readable};
pub(crate) use typing::distance;
pub use weight::Weight;

/// What differs between two texts of one release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The parts that differ for a reader: title, lead, body, in this order.
    pub parts: Vec<PartDifference>,
    /// Whether the edit changes what the release says. Of no meaning, and minor, where no part differs.
    pub weight: Weight,
}

/// One part of a release, with what was taken out of it and put into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartDifference {
    /// Which part.
    pub part: Part,
    /// The part from beginning to end. What is kept and inserted gives the text after, what is kept and deleted the text
    /// before, but for white space; `\n` parts paragraphs. The kept text is worded and wrapped as it is after.
    pub pieces: Vec<Piece>,
}

/// A part of a release's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The headline.
    Title,
    /// The lead.
    Lead,
    /// The whole text.
    Body,
}

impl Part {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Title => "title",
            Part::Lead => "lead",
            Part::Body => "body",
        }
    }
}

impl Difference {
    /// Compares a text with what it became. A lead or body that is not there is compared as an empty one.
    ///
    /// The cost is bounded by counts, never by the clock, so the same texts always give the same answer. Texts that are
    /// too long, or too long and too unlike, are compared by paragraphs or sentences, and what differs in them is told
    /// to be replaced; what is too long is always material.
    pub fn between(before: &Text, after: &Text) -> Difference {
        let (old, new) = (Readable::new(before), Readable::new(after));
        // Most readings find nothing new, and markup is slow to read.
        let same_body = before.body == after.body;
        let (old_body, new_body) = if same_body {
            (Vec::new(), Vec::new())
        } else {
            (body(before), body(after))
        };
        let parts: Vec<PartDifference> = [
            (Part::Title, &old.title, &new.title),
            (Part::Lead, &old.lead, &new.lead),
            (Part::Body, &old_body, &new_body),
        ]
        .into_iter()
        .filter_map(|(part, old, new)| {
            let pieces = pieces::between(old, new);
            (!pieces.is_empty()).then_some(PartDifference { part, pieces })
        })
        .collect();
        let weight = if parts.is_empty() {
            Weight::Minor
        } else if same_body {
            // A lead that changed may repeat what the body says already.
            let body = body(before);
            weight::weigh((&old, &body), (&new, &body))
        } else {
            weight::weigh((&old, &old_body), (&new, &new_body))
        };
        Difference { parts, weight }
    }

    /// Whether a reader sees no difference.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl PartDifference {
    /// The same with an ellipsis for all kept text that lies more than so many words from a change.
    #[must_use]
    pub fn shortened(&self, words_around: usize) -> PartDifference {
        PartDifference {
            part: self.part,
            pieces: pieces::shortened(&self.pieces, words_around),
        }
    }
}

/// The short parts of a text, each as paragraphs of readable characters.
struct Readable {
    title: Vec<String>,
    lead: Vec<String>,
}

impl Readable {
    fn new(text: &Text) -> Readable {
        let paragraphs = |text: &str| {
            let line = tokens::readable(text);
            Vec::from_iter((!line.is_empty()).then_some(line))
        };
        Readable {
            title: paragraphs(&text.title),
            lead: text.lead.as_deref().map(paragraphs).unwrap_or_default(),
        }
    }
}

fn body(text: &Text) -> Vec<String> {
    let paragraphs = text
        .body
        .as_deref()
        .map(html::paragraphs)
        .unwrap_or_default();
    let readable = paragraphs.iter().map(|p| tokens::readable(p));
    readable.filter(|p| !p.is_empty()).collect()
}

#[cfg(test)]
mod tests;
