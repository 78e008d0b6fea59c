//! XML as publishers write it, made into XML that a parser accepts.
//!
//! One pass over the text; what is looked for ahead is looked for once, so the time grows with the length alone.

mod reference;
mod tag;

use std::collections::HashMap;

use reference::{escape, push, reference};
use tag::Tag;

use super::dates;
use super::salvage::NAMESPACES;
use crate::text::is_xml_char;

/// More tags are not read: a feed of five hundred items has ten thousand. What is cut off counts as broken.
const MOST_TAGS: usize = 100_000;
/// Nor is what stands behind as many tags, references and bare characters: each is a piece of its own to the parser.
const MOST_PIECES: usize = 400_000;
/// The parser compares each attribute with those before it.
const MOST_ATTRIBUTES: usize = 64;
/// Each `xml:base` may lengthen the one around it, so neither their number nor their length may be large.
const MOST_BASES: usize = 500;
const LONGEST_BASE: usize = 512;

/// Elements whose content is text, and how they end. Markup that stands there unescaped is text as well.
const FIELDS: [(&str, &str); 9] = [
    ("title", "</title"),
    ("description", "</description"),
    ("summary", "</summary"),
    ("content:encoded", "</content:encoded"),
    ("dc:title", "</dc:title"),
    ("dc:description", "</dc:description"),
    ("atom:title", "</atom:title"),
    ("atom:summary", "</atom:summary"),
    ("itunes:summary", "</itunes:summary"),
];

/// Elements that hold a date. One that cannot be read would hide another that can.
const DATES: [&str; 6] = [
    "pubDate",
    "dc:date",
    "date",
    "published",
    "updated",
    "atom:updated",
];

/// Where an item begins or ends.
const BOUNDARIES: [&str; 4] = ["<item", "</item", "<entry", "</entry"];

/// Mends a feed's text outside CDATA sections: entities that only HTML declares become their characters, a bare `&`, a
/// bare `<` and markup in a field of text are escaped. Characters that XML forbids are dropped everywhere, numeric
/// references to them too; so are comments, processing instructions, the document type with all that it declares, the
/// XML declaration, whose encoding no longer holds, and dates that are none. A CDATA section that is never closed ends
/// with its element. A JSON feed stays as it is.
pub fn clean(text: &str) -> String {
    let text =
        text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || !is_xml_char(c));
    if text.starts_with('{') {
        return text.to_owned();
    }
    let mut cleaner = Cleaner {
        text,
        at: 0,
        out: String::with_capacity(text.len() + text.len() / 16),
        ahead: HashMap::new(),
        element: "",
        tags: 0,
        pieces: 0,
        bases: 0,
        has_type: false,
    };
    cleaner.run();
    cleaner.out
}

struct Cleaner<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// Where a pattern stands next, as far as it was looked for.
    ahead: HashMap<&'static str, Option<usize>>,
    /// The name of the last start tag.
    element: &'a str,
    tags: usize,
    pieces: usize,
    bases: usize,
    has_type: bool,
}

impl<'a> Cleaner<'a> {
    fn run(&mut self) {
        while let Some(next) = self.rest().find(['&', '<']) {
            let end = self.at + next;
            self.copy(end);
            let is_reference = self.rest().starts_with('&');
            if is_reference {
                self.at += reference(&mut self.out, &self.text[self.at..]);
            } else {
                self.markup();
            }
            self.pieces += 1;
            if self.tags > MOST_TAGS || self.pieces > MOST_PIECES {
                return;
            }
        }
        self.copy(self.text.len());
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes the text up to `end` as it is, but for what XML forbids.
    fn copy(&mut self, end: usize) {
        push(&mut self.out, &self.text[self.at..end]);
        self.at = end;
    }

    /// Takes a `<` as text.
    fn bare(&mut self) {
        self.out.push_str("&lt;");
        self.at += 1;
    }

    /// Where `pattern` stands next.
    fn next(&mut self, pattern: &'static str) -> Option<usize> {
        match self.ahead.get(pattern) {
            Some(None) => return None,
            Some(Some(place)) if *place >= self.at => return Some(*place),
            _ => {}
        }
        let found = self.rest().find(pattern).map(|next| self.at + next);
        self.ahead.insert(pattern, found);
        found
    }

    /// Where the item ends that is being read.
    fn boundary(&mut self) -> usize {
        let places = BOUNDARIES.map(|pattern| self.next(pattern));
        places
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(self.text.len())
    }

    fn markup(&mut self) {
        let rest = self.rest();
        let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
        if rest.starts_with("<![CDATA[") {
            self.cdata();
        } else if rest.starts_with("<!--") {
            self.skip_to("-->");
        } else if rest.starts_with("<?") {
            self.skip_to("?>");
        } else if rest.starts_with("<!") {
            self.document_type();
        } else if rest[1..].starts_with('/') && rest[2..].starts_with(begins) {
            self.out.push('<');
            self.at += 1;
        } else if rest[1..].starts_with(begins) {
            self.start_tag();
        } else {
            self.bare();
        }
    }

    fn skip_to(&mut self, end: &'static str) {
        match self.next(end) {
            Some(place) => self.at = place + end.len(),
            None => self.bare(),
        }
    }

    /// What a document type declares is never used, so that no entity can be blown up.
    fn document_type(&mut self) {
        let rest = self.rest();
        // There is one at most, so nothing is looked for twice.
        let end = match rest.find(['[', '>']) {
            _ if self.has_type => None,
            Some(place) if rest[place..].starts_with('[') => rest.find("]>").map(|at| at + 2),
            place => place.map(|at| at + 1),
        };
        self.has_type = true;
        match end {
            Some(end) => self.at += end,
            None => self.bare(),
        }
    }

    fn cdata(&mut self) {
        let boundary = self.boundary();
        if let Some(end) = self.next("]]>").filter(|end| *end < boundary) {
            self.copy(end + "]]>".len());
            return;
        }
        let close = format!("</{}", self.element);
        let end = self.text[self.at..boundary].find(&close);
        self.copy(end.map_or(boundary, |end| self.at + end));
        self.out.push_str("]]>");
    }

    fn start_tag(&mut self) {
        let rest = self.rest();
        let Some(tag) = Tag::read(rest) else {
            self.bare();
            return;
        };
        self.tags += 1;
        self.element = tag.name;
        let has_base = tag.attributes.contains("xml:base");
        self.bases += usize::from(has_base);
        let is_absurd = tag.count > MOST_ATTRIBUTES
            || has_base && (self.bases > MOST_BASES || tag.length > LONGEST_BASE);
        let begin = self.out.len();
        self.out.push('<');
        self.out.push_str(tag.name);
        if is_absurd {
            self.out.push_str(if tag.is_empty { "/" } else { "" });
        } else {
            escape(&mut self.out, tag.attributes);
            self.declare(&tag);
        }
        self.out.push('>');
        self.at += tag.length;
        if tag.is_empty && DATES.contains(&tag.name) {
            self.out.truncate(begin);
        }
        if tag.is_empty || tag.attributes.contains("xhtml") {
            return;
        }
        if DATES.contains(&tag.name) && self.skips_date(tag.name) {
            self.out.truncate(begin);
        } else if let Some((_, close)) = FIELDS.iter().find(|(name, _)| *name == tag.name) {
            self.field(close);
        }
    }

    /// Declares the prefixes that are used in the feed and that its first tag forgot: without, `dc:date` is no date.
    fn declare(&mut self, tag: &Tag<'_>) {
        let is_root = self.tags == 1 && matches!(tag.name, "rss" | "rdf:RDF" | "feed");
        for (prefix, name) in NAMESPACES {
            let is_used = || self.text.contains(&format!("<{prefix}:"));
            let is_declared = || self.text.contains(&format!("xmlns:{prefix}"));
            if is_root && !tag.is_empty && is_used() && !is_declared() {
                self.out.push_str(&format!(" xmlns:{prefix}=\"{name}\""));
            }
        }
    }

    /// Steps over a date that cannot be read, up to the end of its element.
    fn skips_date(&mut self, name: &str) -> bool {
        let rest = self.rest();
        let Some((date, behind)) = rest.split_once('<') else {
            return false;
        };
        // A date that XML writes in another way is left to the parser.
        let end = behind
            .strip_prefix('/')
            .and_then(|behind| behind.strip_prefix(name))
            .filter(|behind| behind.starts_with('>'));
        match end {
            Some(end) if !date.contains('&') && dates::instant(date).is_none() => {
                self.at = self.text.len() - end.len() + 1;
                true
            }
            _ => false,
        }
    }

    /// The content of a field, if its end, `close`, stands within its item.
    fn field(&mut self, close: &'static str) {
        let boundary = self.boundary();
        if self.rest().trim_start().starts_with("<![CDATA[") {
            return;
        }
        let Some(end) = self.next(close).filter(|end| *end < boundary) else {
            return;
        };
        while self.at < end {
            let next = self.text[self.at..end].find(['&', '<']);
            self.copy(next.map_or(end, |next| self.at + next));
            self.pieces += 1;
            if self.at == end || self.pieces > MOST_PIECES {
                return;
            }
            if self.rest().starts_with("<![CDATA[") {
                self.cdata();
            } else if self.rest().starts_with('<') {
                self.bare();
            } else {
                self.at += reference(&mut self.out, &self.text[self.at..]);
            }
        }
    }
}

#[cfg(test)]
mod tests;
