//! A difference as pieces of text to be read: what was kept, deleted and inserted.

use serde::Serialize;

use super::alignment::{Sequence, align};
use super::tokens::{Numbers, Token, tokens, whole};

/// Some text, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What became of it.
    pub kind: Kind,
    /// The text, with the white space around it; `\n` ends a paragraph.
    pub text: String,
}

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It stands in both texts.
    Kept,
    /// It stands in the text before alone.
    Deleted,
    /// It stands in the text after alone.
    Inserted,
}

impl Kind {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Kept => "kept",
            Kind::Deleted => "deleted",
            Kind::Inserted => "inserted",
        }
    }
}

/// A text of more bytes on either side is compared by paragraphs alone. Releases have some ten thousand.
pub(super) const LONGEST: usize = 256 * 1024;

/// The pieces of two readable texts; none where a reader sees no difference.
pub(super) fn between(before: &[String], after: &[String]) -> Vec<Piece> {
    fn words(text: &[String]) -> impl Iterator<Item = &str> {
        text.iter().flat_map(|p| p.split(' '))
    }
    if words(before).eq(words(after)) {
        return Vec::new();
    }
    let (old, new) = if is_long(before) || is_long(after) {
        (whole(before), whole(after))
    } else {
        (tokens(before), tokens(after))
    };
    if old.iter().map(|t| t.text).eq(new.iter().map(|t| t.text)) {
        return Vec::new();
    }
    let mut numbers = Numbers::default();
    let (from, to) = (sequence(&old, &mut numbers), sequence(&new, &mut numbers));
    let mut pieces = Pieces::default();
    for run in align(&from, &to) {
        let (deleted, inserted) = (&old[run.before.clone()], &new[run.after.clone()]);
        if run.is_kept {
            // Behind what was deleted at the very beginning, the first token kept has no gap of its own.
            let gap = deleted.first().map_or("", |token| token.gap.as_str());
            if run.after.start == 0 && run.before.start > 0 {
                pieces.extend(gap);
            }
            pieces.push(Kind::Kept, &joined(inserted));
            continue;
        }
        let (mut out, mut put) = (joined(deleted), joined(inserted));
        // White space before both sides of a replacement was not replaced.
        if let (Some(a), Some(b)) = (deleted.first(), inserted.first())
            && a.gap == b.gap
            && run.after.start > 0
        {
            pieces.push(Kind::Kept, a.gap.as_str());
            out.drain(..a.gap.as_str().len());
            put.drain(..b.gap.as_str().len());
        }
        pieces.push(Kind::Deleted, &out);
        pieces.push(Kind::Inserted, &put);
    }
    pieces.0
}

/// Whether a text is longer than what is compared word by word.
pub(super) fn is_long(paragraphs: &[String]) -> bool {
    paragraphs.iter().map(String::len).sum::<usize>() > LONGEST
}

fn sequence<'a>(tokens: &[Token<'a>], numbers: &mut Numbers<'a>) -> Sequence {
    Sequence {
        words: tokens.iter().map(|token| numbers.of(token.text)).collect(),
        opens: tokens.iter().map(|token| token.opens).collect(),
    }
}

fn joined(tokens: &[Token<'_>]) -> String {
    let parts = tokens.iter().flat_map(|t| [t.gap.as_str(), t.text]);
    parts.collect()
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, kind: Kind, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(text),
            _ => self.0.push(Piece {
                kind,
                text: text.to_owned(),
            }),
        }
    }

    fn extend(&mut self, text: &str) {
        if let Some(last) = self.0.last_mut() {
            last.text.push_str(text);
        }
    }
}

/// The pieces with an ellipsis for what was kept more than so many words from a change.
pub(super) fn shortened(pieces: &[Piece], words_around: usize) -> Vec<Piece> {
    let last = pieces.len().saturating_sub(1);
    let shorten = |(at, piece): (usize, &Piece)| {
        let mut piece = piece.clone();
        if piece.kind == Kind::Kept {
            let front = if at == 0 { 0 } else { words_around };
            let back = if at == last { 0 } else { words_around };
            piece.text = without_middle(&piece.text, front, back);
        }
        piece
    };
    pieces.iter().enumerate().map(shorten).collect()
}

/// The first and the last so many words, with an ellipsis between them if anything is left out.
fn without_middle(text: &str, front: usize, back: usize) -> String {
    let words = words(text);
    if words.len() <= front.saturating_add(back) {
        return text.to_owned();
    }
    let head = match front.checked_sub(1).and_then(|last| words.get(last)) {
        Some((_, end)) => &text[..*end],
        None => "",
    };
    let tail = match words.get(words.len() - back) {
        Some((start, _)) => &text[*start..],
        None => "",
    };
    // White space at the ends parts the words from the change beside them, whether a word of them is left or not.
    let (start, end) = match (words.first(), words.last()) {
        (Some((start, _)), Some((_, end))) => (&text[..*start], &text[*end..]),
        _ => ("", ""),
    };
    let head = if head.is_empty() {
        start.to_owned()
    } else {
        format!("{head} ")
    };
    let tail = if tail.is_empty() {
        end.to_owned()
    } else {
        format!(" {tail}")
    };
    format!("{head}\u{2026}{tail}")
}

/// Where the words of a text begin and end.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut is_inside = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match found.last_mut() {
            _ if c.is_whitespace() => is_inside = false,
            Some(word) if is_inside => word.1 = end,
            _ => {
                found.push((at, end));
                is_inside = true;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str) -> String {
        let paragraphs = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        marked(&between(&paragraphs(before), &paragraphs(after)))
    }

    fn marked(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| match piece.kind {
                Kind::Kept => piece.text.clone(),
                Kind::Deleted => format!("[-{}-]", piece.text),
                Kind::Inserted => format!("{{+{}+}}", piece.text),
            })
            .collect()
    }

    #[test]
    fn differences_read_well() {
        for (before, after, expected) in [
            ("", "", ""),
            ("", "New.", "{+New.+}"),
            ("Old.", "", "[-Old.-]"),
            ("One\ntwo three", "One two\nthree", ""),
            (
                "378 arrests so far.",
                "483 arrests so far.",
                "[-378-]{+483+} arrests so far.",
            ),
            (
                "There were 378 arrests.",
                "There were 483 arrests.",
                "There were [-378-]{+483+} arrests.",
            ),
            (
                "He said so.",
                "He said so, today.",
                "He said so{+, today+}.",
            ),
            ("UPDATE: He left.", "He left.", "[-UPDATE: -]He left."),
            ("He left.", "UPDATE: He left.", "{+UPDATE:+} He left."),
            ("A.\nB.", "A.\nNew one.\nB.", "A.{+\nNew one.+}\nB."),
            (
                "The dog ran.",
                "The cat sat. The dog ran.",
                "{+The cat sat.+} The dog ran.",
            ),
            (
                "We met. The dog ran.",
                "We met. The cat sat. The dog ran.",
                "We met.{+ The cat sat.+} The dog ran.",
            ),
            // Without sentences, "the" would be found in both.
            (
                "Alpha beta the gamma delta epsilon.",
                "Zeta eta the theta iota kappa.",
                "[-Alpha beta the gamma delta epsilon-]{+Zeta eta the theta iota kappa+}.",
            ),
            (
                "caf\u{E9} \u{1F6A8} one",
                "caf\u{E9} \u{1F6A8} two",
                "caf\u{E9} \u{1F6A8} [-one-]{+two+}",
            ),
        ] {
            assert_eq!(shown(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_lies_far_from_a_change_is_left_out() {
        let paragraphs = |text: &str| vec![text.to_owned()];
        let pieces = between(
            &paragraphs("a b c d OLD e f g h i j OLD k l m"),
            &paragraphs("a b c d NEW e f g h i j NEW k l m"),
        );
        for (around, expected) in [
            (
                0,
                "\u{2026} [-OLD-]{+NEW+} \u{2026} [-OLD-]{+NEW+} \u{2026}",
            ),
            (
                2,
                "\u{2026} c d [-OLD-]{+NEW+} e f \u{2026} i j [-OLD-]{+NEW+} k l \u{2026}",
            ),
            (
                3,
                "\u{2026} b c d [-OLD-]{+NEW+} e f g h i j [-OLD-]{+NEW+} k l m",
            ),
            (
                usize::MAX,
                "a b c d [-OLD-]{+NEW+} e f g h i j [-OLD-]{+NEW+} k l m",
            ),
        ] {
            assert_eq!(marked(&shortened(&pieces, around)), expected);
        }
        let untouched = vec![Piece {
            kind: Kind::Inserted,
            text: "a b c d e".to_owned(),
        }];
        assert_eq!(shortened(&untouched, 1), untouched);
    }
}
