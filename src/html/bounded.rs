//! Parsing that gives up in time.
//!
//! html5ever's time grows with the square of the nesting depth and of a tag's attributes, and it repairs a page by
//! elements that are not written in it. So the bounds are held against what it makes of a page, while it makes it:
//! what stands in the text would tell too little.

use std::cell::Cell;

use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer};
use html5ever::tree_builder::{TreeBuilder, TreeSink};
use html5ever::{QualName, TokenizerResult, local_name, ns};
use scraper::{Html, HtmlTreeSink, Node};

use super::NodeId;

/// The deepest nesting that is parsed; real pages stay below fifty.
const MAX_DEPTH: usize = 512;

/// The most nodes that a page may come to; real ones have some thousands.
const MAX_NODES: usize = 200_000;

/// The most pieces that a page is read in; a character that is an error in its place is a piece of its own.
const MAX_PIECES: usize = 500_000;

/// The parser looks through the open elements at each tag, so a page of many tags must not be deep as well. Real pages
/// need two of these for a byte.
const STEPS_PER_BYTE: usize = 8;
/// So that a small page may be deep.
const FREE_STEPS: usize = 512 * 1024;

/// The parser compares each attribute with those before it in its tag.
const MAX_COMPARISONS: usize = 50_000_000;

/// The text in attributes may be repeated by the parser's repairs, but not to many times the page.
const COPIES: usize = 4;

/// What the parser is given at a time.
const CHUNK: usize = 2 * 1024;
/// As many tags are read between two looks at what has become of the page.
const TAGS_BETWEEN: usize = 16;

type Builder = TreeBuilder<NodeId, HtmlTreeSink>;

/// A page, or nothing where it would cost more than is safe.
pub fn document(html: &str) -> Option<Html> {
    let sink = HtmlTreeSink::new(Html::new_document());
    parse(html, TreeBuilder::new(sink, Default::default()))
}

/// A piece of a page, or nothing where it would cost more than is safe.
pub fn fragment(html: &str) -> Option<Html> {
    let sink = HtmlTreeSink::new(Html::new_fragment());
    let body = QualName::new(None, ns!(html), local_name!("body"));
    let body = html5ever::interface::create_element(&sink, body, Vec::new());
    parse(
        html,
        TreeBuilder::new_for_fragment(sink, body, None, Default::default()),
    )
}

fn parse(html: &str, builder: Builder) -> Option<Html> {
    let watch = Watch {
        builder,
        tags: Cell::new(0),
        tokens: Cell::new(0),
        pieces: Cell::new(0),
        nodes: Cell::new(0),
        copied: Cell::new(0),
        depth: Cell::new(1),
        steps: Cell::new(FREE_STEPS + STEPS_PER_BYTE * html.len()),
        copies: 64 * 1024 + COPIES * html.len(),
        is_too_much: Cell::new(false),
    };
    let tokenizer = Tokenizer::new(watch, Default::default());
    let input = BufferQueue::default();
    let mut separators = 0;
    let mut comparisons = 0;
    let mut rest = html;
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(rest.floor_char_boundary(CHUNK));
        rest = behind;
        let before = tokenizer.sink.tokens.get();
        input.push_back(chunk.into());
        while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
        // Where a whole chunk completes no token, it stands inside one tag (or in a comment, which is as good).
        if tokenizer.sink.tokens.get() == before {
            let is_separator = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'/');
            let more = chunk.as_bytes().iter().filter(|b| is_separator(b)).count();
            comparisons += more * separators;
            separators += more;
        } else {
            separators = 0;
        }
        if tokenizer.sink.is_too_much.get() || comparisons > MAX_COMPARISONS {
            return None;
        }
    }
    tokenizer.end();
    tokenizer.sink.look();
    if tokenizer.sink.is_too_much.get() {
        return None;
    }
    Some(tokenizer.sink.builder.sink.finish())
}

/// Stands between tokenizer and tree builder, and lets nothing through any more once the page has become too much.
struct Watch {
    builder: Builder,
    tags: Cell<usize>,
    tokens: Cell<usize>,
    /// Tokens and errors.
    pieces: Cell<usize>,
    nodes: Cell<usize>,
    copied: Cell<usize>,
    /// The deepest that was seen: the open elements need not lie above the newest one.
    depth: Cell<usize>,
    steps: Cell<usize>,
    copies: usize,
    is_too_much: Cell<bool>,
}

impl Watch {
    fn look(&self) {
        let html = self.builder.sink.0.borrow();
        let mut nodes = html.tree.nodes();
        let count = nodes.len();
        let new = count - self.nodes.replace(count);
        let copied: usize = html.tree.values().rev().take(new).map(length).sum();
        self.copied.set(self.copied.get() + copied);
        let depth = nodes
            .next_back()
            .map_or(0, |newest| newest.ancestors().take(MAX_DEPTH + 1).count());
        self.depth.set(self.depth.get().max(depth));
        let steps = self
            .steps
            .get()
            .checked_sub(self.depth.get() * TAGS_BETWEEN);
        self.steps.set(steps.unwrap_or(0));
        let is_too_much = steps.is_none()
            || depth > MAX_DEPTH
            || count > MAX_NODES
            || self.copied.get() > self.copies;
        self.is_too_much.set(self.is_too_much.get() || is_too_much);
    }
}

fn length(node: &Node) -> usize {
    let attributes = node.as_element().into_iter().flat_map(|e| e.attrs());
    attributes
        .map(|(name, value)| name.len() + value.len())
        .sum()
}

impl TokenSink for Watch {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        self.pieces.set(self.pieces.get() + 1);
        if self.pieces.get() > MAX_PIECES {
            self.is_too_much.set(true);
        }
        if matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        self.tokens.set(self.tokens.get() + 1);
        if let Token::TagToken(_) = token {
            self.tags.set(self.tags.get() + 1);
            if self.tags.get().is_multiple_of(TAGS_BETWEEN) {
                self.look();
            }
        }
        if self.is_too_much.get() {
            return TokenSinkResult::Continue;
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_too_much(html: &str) -> bool {
        assert_eq!(
            document(html).is_none(),
            fragment(html).is_none(),
            "{}",
            &html[..20]
        );
        fragment(html).is_none()
    }

    #[test]
    fn bombs_are_refused() {
        let attributes: String = (0..12_000).map(|n| format!("a{n} ")).collect();
        for bomb in [
            "<div>".repeat(600),
            "<B>".repeat(600),
            "<div></x>".repeat(600),
            "<rt>".repeat(600),
            "<optgroup>".repeat(600),
            "<p>".repeat(201_000),
            "<".repeat(300_000),
            // HTML opens each of these again in every paragraph behind them.
            "<p>".to_owned()
                + &(0..100).map(|n| format!("<b id={n}>")).collect::<String>()
                + &"<p>x".repeat(5_000),
            format!("<p><b title={}>", "x".repeat(100_000)) + &"<p>x".repeat(5_000),
            // An end tag that HTML ignores, as another element stands in between.
            "<span><div></span></div>".repeat(600),
            "<span><p></span></p>".repeat(600),
            "<b><object></b></object>".repeat(600),
            // End tags that make an element.
            "<p>".to_owned() + &"</p>".repeat(201_000),
            // Each end tag is looked for among all that is open.
            "<i>".repeat(500) + &"</x>".repeat(100_000),
            format!("<p {attributes}>"),
        ] {
            assert!(is_too_much(&bomb), "{}", &bomb[..20]);
        }
    }

    #[test]
    fn long_honest_pages_are_not() {
        let path = "<path d='M0 0'/>";
        let attributes: String = (0..300).map(|n| format!("a{n}='x' ")).collect();
        for honest in [
            "<p>open <br>".repeat(5000),
            "<div><span>x</span></div>".repeat(5000),
            "<p><b>one</b> <a href=x>two</a>".repeat(5000),
            format!("<svg>{}</svg>", path.repeat(2000)),
            format!("<b>{}", "<p>left open".repeat(5000)),
            "<div>".repeat(400) + &"<p>deep and small</p>".repeat(50),
            format!("<img {attributes} src='data:,{}'>", "x".repeat(1_000_000)),
            format!("<!-- {} -->", "left out ".repeat(2_000)),
            "\u{1F6A8}".repeat(5000) + "<p>x</p>",
        ] {
            assert!(
                !is_too_much(&honest),
                "{}",
                &honest.chars().take(20).collect::<String>()
            );
        }
    }

    #[test]
    fn what_comes_in_chunks_is_parsed_as_one() {
        let html = format!(
            "<table><tr><td>{}\u{e9}<b>x</table><p class=a>y",
            "ab\u{1F6A8} ".repeat(2_000)
        );
        assert_eq!(document(&html), Some(Html::parse_document(&html)));
        assert_eq!(fragment(&html), Some(Html::parse_fragment(&html)));
        let script = "<script>if (a<b) {}</script><svg><![CDATA[x]]></svg>&eacute;";
        assert_eq!(document(script), Some(Html::parse_document(script)));
    }
}
