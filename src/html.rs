//! HTML from outside: bounded before it is parsed, sanitised before it is kept, read as paragraphs of plain text.

use ego_tree::NodeRef;
use ego_tree::iter::Edge;
use scraper::{Html, Node};
use url::Url;

use crate::text;

/// The deepest nesting that is parsed. html5ever's time grows with the square of the depth.
const MAX_DEPTH: usize = 512;

/// The most elements that a page may come to once it is parsed; real ones have some thousands.
const MAX_ELEMENTS: usize = 200_000;

/// Elements that never hold one another or hold nothing at all: many pages leave them open, which adds no depth.
const FLAT: [&str; 26] = [
    "p", "li", "td", "tr", "th", "dt", "dd", "option", "thead", "tbody", "tfoot", "colgroup",
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Elements that HTML opens again in every block behind them until they are closed.
const FORMATTING: [&str; 14] = [
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
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

/// Whether a document would cost more than is safe to parse: it nests too deep, or comes to too many elements.
///
/// The tags are counted as they stand, without the parser's repairs, so this errs towards refusing.
pub fn is_too_much(html: &str) -> bool {
    let mut open: Vec<String> = Vec::new();
    let mut formatting = 0;
    let mut elements = 0;
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
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let is_formatting = FORMATTING.contains(&name.as_str());
        if closes {
            // A tag that closes nothing must not pass for less depth.
            if let Some(place) = open.iter().rposition(|other| *other == name) {
                open.remove(place);
                formatting -= usize::from(is_formatting);
            }
            continue;
        }
        elements += 1 + formatting;
        if elements > MAX_ELEMENTS {
            return true;
        }
        if FLAT.contains(&name.as_str()) || closes_itself(rest) && is_foreign(&open) {
            continue;
        }
        formatting += usize::from(is_formatting);
        open.push(name);
        if open.len() > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// Whether the tag that goes on here ends in `/>`, which means something in SVG and MathML alone.
fn closes_itself(tag: &str) -> bool {
    tag.split('>').next().is_some_and(|tag| tag.ends_with('/'))
}

fn is_foreign(open: &[String]) -> bool {
    open.iter().any(|name| name == "svg" || name == "math")
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
    if is_too_much(html) {
        return Vec::new();
    }
    paragraphs_in(Html::parse_fragment(html).tree.root())
}

/// The paragraphs below a node of a parsed document.
fn paragraphs_in(root: NodeRef<'_, Node>) -> Vec<String> {
    let mut collector = Collector::default();
    collector.walk(root);
    collector.end();
    collector.done
}

/// The text below a node of a parsed document, as one line.
pub fn line_in(root: NodeRef<'_, Node>) -> String {
    text::line(&paragraphs_in(root).join(" "))
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
    /// Not recursive: whatever the parser made of a page, its depth must not overflow the stack.
    fn walk(&mut self, root: NodeRef<'_, Node>) {
        let mut left_out = None;
        for edge in root.traverse() {
            match edge {
                Edge::Open(_) if left_out.is_some() => {}
                Edge::Open(node) => match node.value() {
                    Node::Text(text) => self.open.push_str(text),
                    Node::Element(element) => match element.name() {
                        "script" | "style" | "template" | "noscript" => left_out = Some(node.id()),
                        "td" | "th" => self.open.push(' '),
                        name if BLOCKS.contains(&name) => self.end(),
                        _ => {}
                    },
                    _ => {}
                },
                Edge::Close(node) if left_out.is_some() => {
                    left_out = left_out.filter(|id| *id != node.id());
                }
                Edge::Close(node) => {
                    if let Node::Element(element) = node.value()
                        && BLOCKS.contains(&element.name())
                    {
                        self.end();
                    }
                }
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
    fn bombs_are_seen_and_long_honest_pages_are_not() {
        for bomb in [
            "<div>".repeat(600),
            "<B>".repeat(600),
            "<div></x>".repeat(600),
            "<rt>".repeat(600),
            "<optgroup>".repeat(600),
            "<p>".repeat(300_000),
            // HTML opens each of these again in every paragraph behind them.
            (0..100).map(|n| format!("<b id={n}>")).collect::<String>() + &"<p>x".repeat(5_000),
        ] {
            assert!(is_too_much(&bomb), "{}", &bomb[..20]);
            assert!(paragraphs(&bomb).is_empty());
        }
        let path = "<path d='M0 0'/>";
        for honest in [
            "<p>open <br>".repeat(5000),
            "<div><span>x</span></div>".repeat(5000),
            "<p><b>one</b> <a href=x>two</a>".repeat(5000),
            format!("<svg>{}</svg>", path.repeat(2000)),
            format!("<b>{}", "<p>left open".repeat(5000)),
        ] {
            assert!(!is_too_much(&honest), "{}", &honest[..20]);
        }
    }

    #[test]
    fn a_deep_tree_does_not_overflow_the_stack() {
        let mut deep = Html::new_fragment();
        let mut id = deep.tree.root().id();
        for _ in 0..200_000 {
            id = deep.tree.get_mut(id).unwrap().append(Node::Fragment).id();
        }
        assert!(paragraphs_in(deep.tree.root()).is_empty());
    }
}
