//! A feed that is no XML as a whole, cut into documents of one item each.

use std::borrow::Cow;
use std::collections::BTreeMap;

use url::Url;

/// No honest feed's first tag is longer.
const LONGEST_ROOT: usize = 4 * 1024;

/// As many items are cut out. More than are ever taken, since some may be broken.
const MOST_CUT: usize = 1_000;

/// The prefixes that feeds use. A feed may have lost its root, or hold others beside.
pub(super) const NAMESPACES: [(&str, &str); 6] = [
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
];

/// What is read of an item whose other parts are no XML.
const FIELDS: [&str; 9] = [
    "title",
    "link",
    "guid",
    "id",
    "pubDate",
    "dc:date",
    "published",
    "description",
    "summary",
];

/// One item of a feed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// A feed that holds it alone.
    pub whole: String,
    /// A feed that holds what can be told of it.
    pub parts: String,
}

/// The items of a cleaned feed of any kind; `None` stands for one that is never closed.
pub(super) fn items(text: &str) -> Vec<Option<Cut>> {
    let marks = marks(text);
    let root = Root::of(text);
    let mut items = Vec::new();
    for (n, mark) in marks.iter().enumerate() {
        if mark.closes {
            continue;
        }
        if items.len() == MOST_CUT {
            break;
        }
        let end = match marks.get(n + 1) {
            _ if mark.is_empty => Some(mark.end),
            Some(next) if next.closes && next.is_entry == mark.is_entry => Some(next.start),
            _ => None,
        };
        items.push(end.map(|end| root.around(mark, text, end)));
    }
    items
}

/// How many items begin in a text.
pub(super) fn count(text: &str) -> usize {
    marks(text).iter().filter(|mark| !mark.closes).count()
}

/// Where an item begins or ends.
struct Mark<'a> {
    closes: bool,
    is_entry: bool,
    is_empty: bool,
    attributes: &'a str,
    /// Of the tag.
    start: usize,
    end: usize,
}

fn marks(text: &str) -> Vec<Mark<'_>> {
    let mut marks = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find('<') {
        let start = at + next;
        let rest = &text[start..];
        if rest.starts_with("<![CDATA[") {
            // After cleaning every section ends.
            at = rest.find("]]>").map_or(text.len(), |end| start + end);
            continue;
        }
        at = start + 1;
        let closes = rest.starts_with("</");
        let rest = &rest[if closes { 2 } else { 1 }..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = rest[..length].rsplit(':').next().unwrap_or_default();
        let is_entry = name.eq_ignore_ascii_case("entry");
        if !is_entry && !name.eq_ignore_ascii_case("item") {
            continue;
        }
        let Some(tag) = rest.find('>') else {
            break;
        };
        let attributes = &rest[length..tag];
        marks.push(Mark {
            closes,
            is_entry,
            is_empty: attributes.ends_with('/'),
            attributes: attributes.trim_end_matches('/'),
            start,
            end: text.len() - rest.len() + tag + 1,
        });
        at = marks.last().map_or(at, |mark| mark.end);
    }
    marks
}

/// What an item needs around it: the namespaces of the feed's first tag and its `xml:base`.
struct Root {
    attributes: String,
}

impl Root {
    fn of(text: &str) -> Root {
        let mut all: BTreeMap<String, String> = NAMESPACES
            .iter()
            .map(|(prefix, name)| (format!("xmlns:{prefix}"), (*name).to_owned()))
            .collect();
        let tag = text
            .split_once('<')
            .and_then(|(_, rest)| rest.split_once('>'))
            .map(|(tag, _)| tag)
            .filter(|tag| tag.len() <= LONGEST_ROOT);
        for (name, value) in tag.map(attributes).unwrap_or_default() {
            // The default namespace is the one of the kind of feed.
            if name.starts_with("xmlns:") || name == "xml:base" && is_address(value) {
                all.entry(name.to_owned())
                    .or_insert_with(|| value.to_owned());
            }
        }
        let attributes = all
            .iter()
            .map(|(name, value)| format!(" {name}=\"{}\"", value.replace('"', "&quot;")))
            .collect();
        Root { attributes }
    }

    fn around(&self, mark: &Mark<'_>, text: &str, end: usize) -> Cut {
        let content = &text[mark.end..end];
        let content = if mark.is_entry {
            as_standard(content)
        } else {
            Cow::Borrowed(content)
        };
        let parts: String = FIELDS
            .iter()
            .filter_map(|name| part(&content, name))
            .collect();
        Cut {
            whole: self.document(mark, mark.attributes, &content),
            parts: self.document(mark, "", &parts),
        }
    }

    fn document(&self, mark: &Mark<'_>, item: &str, content: &str) -> String {
        let root = &self.attributes;
        if mark.is_entry {
            let atom = NAMESPACES[0].1;
            format!("<feed xmlns=\"{atom}\"{root}><entry{item}>{content}</entry></feed>")
        } else {
            format!(
                "<rss version=\"2.0\"{root}><channel><item{item}>{content}</item></channel></rss>"
            )
        }
    }
}

/// What Atom 0.3 called otherwise than the standard does (RFC 4287).
const OLD_ATOM: [(&str, &str); 6] = [
    ("<issued>", "<published>"),
    ("</issued>", "</published>"),
    ("<modified>", "<updated>"),
    ("</modified>", "</updated>"),
    ("type=\"application/xhtml+xml\"", "type=\"xhtml\""),
    ("type=\"text/plain\"", "type=\"text\""),
];

/// The content of an entry as the standard has it.
fn as_standard(content: &str) -> Cow<'_, str> {
    let mut content = Cow::Borrowed(content);
    for (old, new) in OLD_ATOM {
        if content.contains(old) {
            content = content.replace(old, new).into();
        }
    }
    content
}

/// One that is none makes the parser refuse the feed.
fn is_address(text: &str) -> bool {
    matches!(
        Url::parse(text),
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase)
    )
}

/// The attributes of a tag, as far as they are written with quotes.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some((before, behind)) = rest.split_once('=') {
        let name = before.split_whitespace().next_back().unwrap_or_default();
        let behind = behind.trim_start();
        let quote = if behind.starts_with('\'') { '\'' } else { '"' };
        let Some((value, behind)) = behind.strip_prefix(quote).and_then(|b| b.split_once(quote))
        else {
            break;
        };
        found.push((name, value));
        rest = behind;
    }
    found
}

/// The first element of a name, where it holds text alone or is empty. A text's attributes are left out: a type that the
/// parser does not know costs it the feed.
fn part(content: &str, name: &str) -> Option<String> {
    let begin = format!("<{name}");
    let ends = |rest: &str| rest.starts_with(['>', ' ', '/', '\t', '\r', '\n']);
    let start = content
        .match_indices(&begin)
        .map(|(at, _)| at)
        .find(|at| ends(&content[at + begin.len()..]))?;
    let element = &content[start..];
    let tag = element.find('>')? + 1;
    if element[..tag].ends_with("/>") {
        return Some(element[..tag].to_owned());
    }
    let is_encoded = ["base64", "octet-stream"]
        .iter()
        .any(|sign| element[..tag].contains(sign));
    if is_encoded {
        return None;
    }
    let inner = &element[tag..];
    let close = format!("</{name}>");
    let from = if inner.trim_start().starts_with("<![CDATA[") {
        inner.find("]]>")?
    } else {
        0
    };
    let end = from + inner[from..].find(&close)?;
    let is_text = from > 0 || !inner[..end].contains('<');
    let tag = match name {
        "link" => &element[..tag],
        _ => &format!("{begin}>"),
    };
    is_text.then(|| format!("{tag}{}{close}", &inner[..end]))
}

#[cfg(test)]
mod tests;
