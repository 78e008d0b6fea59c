//! HTML from outside: bounded before it is parsed, sanitised before it is kept, read as paragraphs of plain text.

use ego_tree::NodeRef;
use scraper::{Html, Node};
use url::Url;

use crate::text;

/// The deepest nesting that is parsed. html5ever's time grows with the square of the depth.
const MAX_DEPTH: usize = 512;

/// Elements that never hold one another or hold nothing at all: many pages leave them open, which adds no depth.
const FLAT: [&str; 30] = [
    "p", "li", "td", "tr", "th", "dt", "dd", "option", "optgroup", "thead", "tbody", "tfoot",
    "colgroup", "rp", "rt", "area", "base", "br", "col", "embed", "hr", "img", "input", "link",
    "meta", "param", "source", "track", "wbr", "path",
];

/// Elements that begin a paragraph of their own.
const BLOCKS: [&str; 36] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "caption",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tr",
    "ul",
];

/// Whether the document nests deeper than is safe to parse.
pub fn is_too_deep(html: &str) -> bool {
    let mut depth = 0usize;
    for (at, _) in html.match_indices('<') {
        let rest = &html[at + 1..];
        let (closes, rest) = match rest.strip_prefix('/') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || FLAT.contains(&name.as_str()) {
            continue;
        }
        if closes {
            depth = depth.saturating_sub(1);
        } else {
            depth += 1;
            if depth > MAX_DEPTH {
                return true;
            }
        }
    }
    false
}

/// HTML that is safe in a feed or a page: no scripts, styles, forms or frames; every address absolute, resolved
/// against `base`; no character that XML forbids.
pub fn sanitise(html: &str, base: &Url) -> String {
    let clean = ammonia::Builder::default()
        .url_relative(ammonia::UrlRelative::RewriteWithBase(base.clone()))
        .clean(html)
        .to_string();
    let clean: String = clean.chars().filter(|c| text::is_xml_char(*c)).collect();
    clean.trim().to_owned()
}

/// The paragraphs of an HTML text as plain text, one line each, empty ones left out.
pub fn paragraphs(html: &str) -> Vec<String> {
    if is_too_deep(html) {
        return Vec::new();
    }
    let document = Html::parse_fragment(html);
    let mut collector = Collector::default();
    collector.walk(document.tree.root());
    collector.end();
    collector.done
}

/// Markup read as one line of plain text, for titles and leads.
pub fn plain(html: &str) -> String {
    text::line(&paragraphs(html).join(" "))
}

#[derive(Default)]
struct Collector {
    open: String,
    done: Vec<String>,
}

impl Collector {
    fn walk(&mut self, node: NodeRef<'_, Node>) {
        for child in node.children() {
            match child.value() {
                Node::Text(text) => self.open.push_str(text),
                Node::Element(element) => match element.name() {
                    "script" | "style" | "template" | "noscript" => {}
                    "td" | "th" => {
                        self.open.push(' ');
                        self.walk(child);
                    }
                    name if BLOCKS.contains(&name) => {
                        self.end();
                        self.walk(child);
                        self.end();
                    }
                    _ => self.walk(child),
                },
                _ => {}
            }
        }
    }

    fn end(&mut self) {
        let paragraph = text::line(&self.open);
        if !paragraph.is_empty() {
            self.done.push(paragraph);
        }
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_paragraphs() {
        let html = "<p>One <b>two</b>&nbsp;three</p><ul><li>a<li>b</ul>loose<br>line<table><tr><td>x<td>y</table>";
        assert_eq!(
            paragraphs(html),
            ["One two three", "a", "b", "loose", "line", "x y"]
        );
        assert_eq!(plain("A <i>b</i><script>no()</script>"), "A b");
    }

    #[test]
    fn what_is_kept_is_harmless_and_absolute() {
        let base = Url::parse("https://news.example/releases/a").unwrap();
        let html = "<p onclick=x()>Hi<script>evil()</script> <a href=\"/b?c=1&amp;d\">b</a><img src=\"i.png\"></p>&#1;<iframe src=x></iframe>";
        let clean = sanitise(html, &base);
        assert!(
            clean.starts_with("<p>Hi <a href=\"https://news.example/b?c=1&amp;d\""),
            "{clean}"
        );
        assert!(
            clean.contains("src=\"https://news.example/releases/i.png\""),
            "{clean}"
        );
        assert!(
            !clean.contains("evil") && !clean.contains("iframe") && !clean.contains('\u{1}'),
            "{clean}"
        );
    }

    #[test]
    fn nesting_bombs_are_seen_and_long_flat_pages_are_not() {
        assert!(is_too_deep(&"<div>".repeat(600)));
        assert!(is_too_deep(&"<B>".repeat(600)));
        assert!(!is_too_deep(&"<p>open <br>".repeat(5000)));
        assert!(!is_too_deep(&"<div><span>x</span></div>".repeat(5000)));
        assert!(paragraphs(&"<div>".repeat(100_000)).is_empty());
    }
}
