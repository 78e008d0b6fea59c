//! Text as a reader sees it, cut into the tokens that are compared: words, and the punctuation before and behind them.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use crate::text;

/// What parts a token from the one before it. It is shown, but never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing: punctuation clings to its word.
    None,
    /// White space.
    Space,
    /// The end of a paragraph.
    Paragraph,
}

impl Gap {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Gap::None => "",
            Gap::Space => " ",
            Gap::Paragraph => "\n",
        }
    }
}

/// A word, or punctuation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) gap: Gap,
    /// Whether a sentence begins here.
    pub(super) opens: bool,
}

/// The text in one line of what can be seen: composed letters, one kind of hyphen, no characters without a width.
pub(crate) fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        match c {
            // Zero-width, soft hyphen, direction marks.
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' => {}
            '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => {}
            // Joiners shape Persian, Hindi and emoji; between Latin letters they are dirt.
            '\u{200C}' | '\u{200D}' if out.chars().next_back().is_none_or(|c| c < '\u{250}') => {}
            '\u{2010}' | '\u{2011}' => out.push('-'),
            c => out.push(c),
        }
    }
    text::line(&out)
}

/// The tokens of readable paragraphs.
pub(super) fn tokens(paragraphs: &[String]) -> Vec<Token<'_>> {
    let mut found: Vec<Token<'_>> = Vec::new();
    for paragraph in paragraphs {
        let mut gap = match found.is_empty() {
            true => Gap::None,
            false => Gap::Paragraph,
        };
        let mut opens = true;
        for chunk in paragraph.split_whitespace() {
            let (before, core, behind) = apart(chunk);
            for text in [before, core, behind] {
                if !text.is_empty() {
                    found.push(Token { text, gap, opens });
                    (gap, opens) = (Gap::None, false);
                }
            }
            gap = Gap::Space;
            opens = behind.contains(['.', '!', '?']);
        }
    }
    found
}

/// Each paragraph as one token.
pub(super) fn whole(paragraphs: &[String]) -> Vec<Token<'_>> {
    let gap = |at| if at == 0 { Gap::None } else { Gap::Paragraph };
    let texts = paragraphs.iter().enumerate();
    texts
        .map(|(at, text)| Token {
            text,
            gap: gap(at),
            opens: true,
        })
        .collect()
}

/// What stands between two runs of white space, as the punctuation before, the word, and the punctuation behind it.
pub(super) fn apart(chunk: &str) -> (&str, &str, &str) {
    let means = |c: char| c.is_alphanumeric() || is_sign(c);
    let Some(mut start) = chunk.find(means) else {
        return (chunk, "", "");
    };
    let end = chunk
        .char_indices()
        .rfind(|(_, c)| means(*c))
        .map_or(chunk.len(), |(at, c)| at + c.len_utf8());
    // A minus or a decimal point belongs to its figure.
    if chunk[start..].starts_with(|c: char| c.is_numeric() || is_sign(c))
        && let Some((at, c)) = chunk[..start].char_indices().next_back()
        && (is_dash(c) || c == '.')
    {
        start = at;
    }
    (&chunk[..start], &chunk[start..end], &chunk[end..])
}

/// Signs that say something, as words do.
pub(super) fn is_sign(c: char) -> bool {
    matches!(
        c,
        '%' | '\u{2030}'
            | '£'
            | '$'
            | '€'
            | '¥'
            | '+'
            | '='
            | '<'
            | '>'
            | '±'
            | '×'
            | '÷'
            | '°'
            | '@'
            | '&'
    )
}

/// Hyphens, dashes and the minus sign.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Numbers for words, the same number for the same word: they compare faster.
#[derive(Default)]
pub(crate) struct Numbers<'a>(HashMap<&'a str, u32>);

impl<'a> Numbers<'a> {
    pub(crate) fn of(&mut self, word: &'a str) -> u32 {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(word).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_not_there() {
        for (seen, text) in [
            (
                "online today",
                "on\u{AD}line\u{A0}\u{200B} to\u{200D}day\u{FEFF}",
            ),
            ("caf\u{E9}", "cafe\u{301}"),
            ("on-line", "on\u{2011}line"),
            ("\u{1F468}\u{200D}\u{1F469}", "\u{1F468}\u{200D}\u{1F469}"),
            ("", "\u{200B}\u{2060}"),
        ] {
            assert_eq!(readable(text), seen);
        }
    }

    #[test]
    fn punctuation_is_told_from_words_and_figures() {
        for (chunk, parts) in [
            (
                "\u{201C}Police,\u{201D}",
                ("\u{201C}", "Police", ",\u{201D}"),
            ),
            ("(68,952)", ("(", "68,952", ")")),
            ("-5%.", ("", "-5%", ".")),
            ("£1.5m,", ("", "£1.5m", ",")),
            ("\u{2013}", ("\u{2013}", "", "")),
            ("Chiefs\u{2019}", ("", "Chiefs", "\u{2019}")),
            ("\u{645}\u{631}\u{62D}.", ("", "\u{645}\u{631}\u{62D}", ".")),
            ("...", ("...", "", "")),
        ] {
            assert_eq!(apart(chunk), parts);
        }
    }

    #[test]
    fn gaps_and_sentences_are_remembered() {
        let text = [
            "Yes. \u{201C}No,\u{201D} he said".to_owned(),
            "End".to_owned(),
        ];
        let found = tokens(&text);
        let opening: Vec<&str> = found.iter().filter(|t| t.opens).map(|t| t.text).collect();
        assert_eq!(opening, ["Yes", "\u{201C}", "End"]);
        assert_eq!(found.last().unwrap().gap, Gap::Paragraph);
        assert_eq!(found[1].gap, Gap::None);
        assert_eq!(found[2].gap, Gap::Space);
    }
}
