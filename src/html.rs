//! HTML from outside: bounded before it is parsed, sanitised before it is kept, read as paragraphs of plain text.

mod bounded;

use ego_tree::iter::Edge;
use ego_tree::{NodeId, NodeRef};
use scraper::Node;
use url::Url;

pub use bounded::{document, fragment};

use crate::text;

/// As much is read of what becomes one line: a title or a lead. Real ones are a few hundred bytes.
const LONGEST_LINE: usize = 4 * 1024;

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

/// Whether an element begins a paragraph of its own.
pub fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// What the sanitiser would leave, but feed validators warn of and old readers do not know. The words in them stay.
const UNKNOWN_IN_FEEDS: [&str; 10] = [
    "bdi", "bdo", "data", "hgroup", "mark", "rp", "rt", "rtc", "ruby", "wbr",
];

/// Where a link may lead. All else is a program's on the reader's machine, which a release has no business to start.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

/// HTML that is safe in a feed or a page: no scripts, styles, forms or frames; every address absolute, resolved
/// against `base`; no character that XML forbids. What would cost too much to parse becomes the empty text.
pub fn sanitise(html: &str, base: &Url) -> String {
    if bounded::fragment(html).is_none() {
        return String::new();
    }
    let clean = ammonia::Builder::default()
        .rm_tags(UNKNOWN_IN_FEEDS)
        .url_schemes(SCHEMES.into())
        .url_relative(ammonia::UrlRelative::RewriteWithBase(base.clone()))
        .clean(html)
        .to_string();
    // The same holds for these, which part paragraphs. What the sanitiser writes has no `<` but those of elements.
    let clean = clean
        .replace("<details", "<div")
        .replace("</details", "</div")
        .replace("<summary", "<div")
        .replace("</summary", "</div");
    let clean: String = clean.chars().filter(|c| text::is_xml_char(*c)).collect();
    clean.trim().to_owned()
}

/// The same for one of our pages: sanitised once more, as whatever stands in the store is from outside; without images,
/// which would make a reader's browser ask somebody else; its headings below those of the page.
pub fn for_page(html: &str) -> String {
    if bounded::fragment(html).is_none() {
        return String::new();
    }
    let clean = ammonia::Builder::default()
        .rm_tags(["img", "map", "area", "figure", "hgroup"])
        .url_schemes(SCHEMES.into())
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(html)
        .to_string();
    // What the sanitiser writes has no `<` but those of elements.
    let mut out = clean;
    for level in ["1", "2"] {
        for end in ["<h", "</h"] {
            out = out.replace(&format!("{end}{level}"), &format!("{end}3"));
        }
    }
    out
}

/// The paragraphs of an HTML text as plain text, one line each, empty ones left out. What would cost too much to parse
/// has none.
pub fn paragraphs(html: &str) -> Vec<String> {
    bounded::fragment(html).map_or_else(Vec::new, |html| paragraphs_in(html.tree.root()))
}

/// The paragraphs below a node of a parsed document.
fn paragraphs_in(root: NodeRef<'_, Node>) -> Vec<String> {
    let mut collector = Collector::new(usize::MAX);
    collector.walk(root);
    collector.end();
    collector.done
}

/// The addresses that an HTML text links to or shows, in their order.
pub fn links(html: &str) -> Vec<String> {
    let Some(document) = fragment(html) else {
        return Vec::new();
    };
    let elements = document.tree.values().filter_map(Node::as_element);
    let links = elements.flat_map(|element| [element.attr("href"), element.attr("src")]);
    links.flatten().map(str::to_owned).collect()
}

/// The text below a node of a parsed document, as one line. Of what is absurdly long, the beginning: many nodes of a
/// page may hold the same one.
pub fn line_in(root: NodeRef<'_, Node>) -> String {
    let mut collector = Collector::new(LONGEST_LINE);
    collector.walk(root);
    collector.end();
    text::line(&collector.done.join(" "))
}

/// Markup read as one line of plain text, for titles and leads. Of what is absurdly long, the beginning.
pub fn plain(html: &str) -> String {
    // Markup takes more room than the text in it.
    let beginning = &html[..html.floor_char_boundary(8 * LONGEST_LINE)];
    bounded::fragment(beginning).map_or_else(String::new, |html| line_in(html.tree.root()))
}

struct Collector {
    open: String,
    done: Vec<String>,
    /// How many more nodes and bytes are taken.
    left: usize,
}

impl Collector {
    fn new(left: usize) -> Collector {
        Collector {
            open: String::new(),
            done: Vec::new(),
            left,
        }
    }

    /// Not recursive: whatever the parser made of a page, its depth must not overflow the stack.
    fn walk(&mut self, root: NodeRef<'_, Node>) {
        let mut left_out = None;
        for edge in root.traverse() {
            if let Edge::Open(node) = edge {
                let length = node.value().as_text().map_or(0, |text| text.len());
                match self.left.checked_sub(1 + length) {
                    Some(left) => self.left = left,
                    None => {
                        self.finish_with(node.value());
                        return;
                    }
                }
            }
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

    /// What still fits of the last node.
    fn finish_with(&mut self, node: &Node) {
        if let Node::Text(text) = node {
            self.open
                .push_str(&text[..text.floor_char_boundary(self.left)]);
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
    use scraper::Html;

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
    fn what_feeds_do_not_know_is_left_out_but_for_its_words() {
        let base = Url::parse("https://news.example/releases/a").unwrap();
        let html = "<details open><summary><h3>Notes</h3></summary>to <mark>editors</mark></details><p>Heddlu<wbr>oedd <bdi>a</bdi></p>";
        let clean = "<div><div><h3>Notes</h3></div>to editors</div><p>Heddluoedd a</p>";
        assert_eq!(sanitise(html, &base), clean);
        assert_eq!(paragraphs(html), paragraphs(clean));
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
    fn links_lead_to_pages_mail_and_telephones_alone() {
        let base = Url::parse("https://news.example/releases/a").unwrap();
        let link = |to: &str| format!("<a href=\"{to}\">words</a>");
        for to in [
            "ftp://files.example/a",
            "magnet:?xt=urn:btih:0",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,hostile",
            "vbscript:x",
            "file:///etc/passwd",
            "ssh://a.example",
            "sms:+441",
            "intent:x",
        ] {
            for clean in [sanitise(&link(to), &base), for_page(&link(to))] {
                assert!(
                    clean.contains("words") && !clean.contains("href"),
                    "{to}: {clean}"
                );
            }
        }
        for to in [
            "http://news.example/b",
            "https://news.example/b",
            "mailto:press@news.example",
            "tel:+442079460000",
        ] {
            for clean in [sanitise(&link(to), &base), for_page(&link(to))] {
                assert!(clean.contains(&format!("href=\"{to}\"")), "{to}: {clean}");
            }
        }
        let picture = "<img src=\"data:image/png;base64,AA\">";
        assert!(!sanitise(picture, &base).contains("data:"));
    }

    #[test]
    fn what_costs_too_much_gives_nothing() {
        let bomb = "<div>".repeat(600);
        let base = Url::parse("https://news.example/").unwrap();
        assert!(paragraphs(&bomb).is_empty());
        assert_eq!(plain(&bomb), "");
        assert_eq!(sanitise(&bomb, &base), "");
    }

    #[test]
    fn an_absurdly_long_line_is_cut() {
        let long = format!("<b>Title</b> {}", "\u{e9}".repeat(5 * LONGEST_LINE));
        let line = plain(&long);
        assert!(line.starts_with("Title \u{e9}") && line.len() <= LONGEST_LINE);
        assert_eq!(
            paragraphs(&long).concat().len(),
            "Title ".len() + 10 * LONGEST_LINE
        );
        let empty = "<i></i>".repeat(LONGEST_LINE) + "behind";
        assert_eq!(plain(&empty), "");
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
