//! Plain text: one spelling for comparing and matching, paragraphs, sentences, and where a release's subject ends.

use std::borrow::Cow;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use chrono_tz::Europe::London;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// The months in order, in lower case.
pub const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Whether XML 1.0 allows the character (production 2, Char).
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
        && !('\u{7F}'..='\u{9F}').contains(&c)
}

/// The day in London of an instant, as people write it.
pub fn day(instant: DateTime<Utc>) -> String {
    instant
        .with_timezone(&London)
        .format("%-d %B %Y")
        .to_string()
}

/// One line: runs of white space become one space, what XML forbids is dropped.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c == '\u{FEFF}') {
        let start = out.len();
        if !out.is_empty() && !word.is_empty() {
            out.push(' ');
        }
        let space = out.len();
        out.extend(word.chars().filter(|c| is_xml_char(*c)));
        if out.len() == space {
            out.truncate(start);
        }
    }
    out
}

/// A text whose control characters (C0, DEL and C1, some of which are orders to a terminal) are written out as `\u009b`: for
/// lines of a log and short answers, into which words from outside come.
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, |_| false)
}

/// The same for what has lines and tabs of its own. In JSON, where control characters stand in strings alone, what is written
/// out means what it meant.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    written_out(text, |c| matches!(c, '\n' | '\t'))
}

fn written_out(text: &str, is_kept: fn(char) -> bool) -> Cow<'_, str> {
    let is_hidden = |c: char| c.is_control() && !is_kept(c);
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            // Nothing that can fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The one spelling in which texts and phrases are compared: NFKC, lower case, no apostrophes, words parted by single
/// spaces, everything that is neither letter nor digit dropped.
pub fn normalise(text: &str) -> String {
    // Nearly every text is in NFKC as it is, and looking is much faster than doing it again.
    let is_plain =
        |c: char| c.is_ascii() || matches!(c, '\u{2013}' | '\u{2014}' | '\u{2018}'..='\u{201D}');
    if text.is_ascii()
        || text.chars().all(is_plain)
        || is_nfkc_quick(text.chars()) == IsNormalized::Yes
    {
        words(text.chars(), text.len())
    } else {
        words(text.nfkc(), text.len())
    }
}

fn words(text: impl Iterator<Item = char>, length: usize) -> String {
    let mut out = String::with_capacity(length);
    let mut gap = false;
    let mut take = |c: char| match c {
        '\'' | '\u{2018}' | '\u{2019}' | '\u{02BC}' => {}
        c if c.is_alphanumeric() => {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.push(c);
        }
        _ => gap = true,
    };
    for c in text {
        if c.is_ascii() {
            take(c.to_ascii_lowercase());
        } else {
            c.to_lowercase().for_each(&mut take);
        }
    }
    out
}

/// The paragraphs of a plain text: its lines, white space squeezed, empty ones left out.
pub fn paragraphs(text: &str) -> Vec<String> {
    text.lines()
        .map(line)
        .filter(|line| !line.is_empty())
        .collect()
}

/// The paragraphs of a plain text whose lines may be wrapped: where empty lines part them, the lines between are one
/// paragraph, but for those that begin with a bullet; else each line is one.
pub fn unwrapped(text: &str) -> Vec<String> {
    if !text.lines().any(|line| line.trim().is_empty()) {
        return paragraphs(text);
    }
    let mut found: Vec<String> = Vec::new();
    let mut is_new = true;
    for written in text.lines() {
        let one = line(written);
        let is_bullet = one.starts_with(['\u{2022}', '*', '-', '\u{2013}', '\u{B7}']);
        match found.last_mut() {
            _ if one.is_empty() => {}
            Some(last) if !is_new && !is_bullet => {
                last.push(' ');
                last.push_str(&one);
            }
            _ => found.push(one.clone()),
        }
        is_new = one.is_empty();
    }
    found
}

/// The paragraphs that speak of the subject: without ENDS, notes to editors and contacts at the foot.
pub fn subject(paragraphs: &[String]) -> &[String] {
    let foot = paragraphs.iter().position(|p| is_foot(p));
    &paragraphs[..foot.unwrap_or(paragraphs.len())]
}

/// No heading of a foot, with what decorates it, is longer.
const LONGEST_BEGINNING: usize = 80;

fn is_foot(paragraph: &str) -> bool {
    const BEGINNINGS: [&str; 6] = [
        "notes to editors",
        "note to editors",
        "notes for editors",
        "media contact",
        "contact information",
        "for media enquiries",
    ];
    // Every paragraph of every text is looked at, and its first words tell.
    let beginning = paragraph.char_indices().nth(LONGEST_BEGINNING);
    let normal = normalise(&paragraph[..beginning.map_or(paragraph.len(), |(at, _)| at)]);
    normal == "ends" && beginning.is_none() || BEGINNINGS.iter().any(|b| normal.starts_with(b))
}

/// The sentences of a paragraph: parted at `.`, `!` or `?` before white space and a capital, a digit or a quotation mark.
pub fn sentences(paragraph: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut previous = ' ';
    let mut chars = paragraph.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() && matches!(previous, '.' | '!' | '?') {
            let opens = |c: char| {
                c.is_uppercase()
                    || c.is_numeric()
                    || matches!(c, '"' | '\'' | '\u{201C}' | '\u{2018}')
            };
            if chars.peek().is_some_and(|(_, next)| opens(*next)) {
                found.push(paragraph[start..at].trim());
                start = at;
            }
        }
        previous = c;
    }
    let rest = paragraph[start..].trim();
    if !rest.is_empty() {
        found.push(rest);
    }
    found
}

/// As much of a text as a person reads at a glance; what is longer ends in an ellipsis.
pub fn excerpt(text: &str) -> String {
    const LONGEST: usize = 500;
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\u{2026}", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_lines_are_one_paragraph() {
        assert_eq!(
            unwrapped("One\ntwo.\n\n\n \u{2022} three\n \u{2022} four\nfive\n"),
            ["One two.", "\u{2022} three", "\u{2022} four five"]
        );
        assert_eq!(unwrapped("One\ntwo"), ["One", "two"]);
    }

    #[test]
    fn a_line_is_squeezed_and_holds_nothing_that_xml_forbids() {
        assert_eq!(line(" a\u{A0}\u{0}b \n\t \u{1} c\u{FEFF}"), "a b c");
        assert_eq!(
            line("\u{1F6A8} \u{645}\u{631}\u{62D}"),
            "\u{1F6A8} \u{645}\u{631}\u{62D}"
        );
        assert_eq!(line(" \u{b} "), "");
    }

    #[test]
    fn control_characters_are_written_out() {
        let orders = "a\u{1b}[31m\u{9b}2J\u{7f}\r\n\tb\u{0}\u{e9}";
        assert_eq!(
            visible(orders),
            "a\\u001b[31m\\u009b2J\\u007f\\u000d\\u000a\\u0009b\\u0000\u{e9}"
        );
        assert_eq!(
            visible_lines(orders),
            "a\\u001b[31m\\u009b2J\\u007f\\u000d\n\tb\\u0000\u{e9}"
        );
        assert!(matches!(visible("caf\u{e9}"), Cow::Borrowed("caf\u{e9}")));
        // JSON says the same after as before.
        let json = serde_json::to_string_pretty(&[orders, "\\\u{9b}"]).unwrap();
        assert!(json.contains('\u{9b}'));
        let written = visible_lines(&json);
        assert!(!written.contains(|c: char| c.is_control() && c != '\n'));
        let read: Vec<String> = serde_json::from_str(&written).unwrap();
        assert_eq!(read, [orders, "\\\u{9b}"]);
    }

    #[test]
    fn spelling_differences_vanish() {
        assert_eq!(
            normalise("Women\u{2019}s \u{201C}Safety\u{201D} \u{2013} A\u{A0}&\u{A0}E"),
            "womens safety a e"
        );
        assert_eq!(normalise("drink-drive, \u{FB01}rst"), "drink drive first");
        // As it always was: texts are known again by hashes of this.
        assert_eq!(normalise("\u{130}stanbul"), "i stanbul");
    }

    #[test]
    fn the_foot_is_no_subject() {
        let text = paragraphs("One.\n\nTwo.\n- ENDS -\nContact us");
        assert_eq!(subject(&text), ["One.", "Two."]);
        assert_eq!(
            subject(&paragraphs("It never ends\nNotes to Editors: x")),
            ["It never ends"]
        );
    }

    #[test]
    fn an_excerpt_is_cut_between_letters() {
        assert_eq!(excerpt("caf\u{e9}"), "caf\u{e9}");
        let long = excerpt(&"\u{e9}".repeat(501));
        assert_eq!(long.chars().count(), 501);
        assert!(long.ends_with("\u{e9}\u{2026}"));
    }

    #[test]
    fn sentences_end_before_a_capital() {
        assert_eq!(
            sentences("Up 3.5 per cent. \u{201C}Good,\u{201D} said i.e. she. 12 forces!"),
            [
                "Up 3.5 per cent.",
                "\u{201C}Good,\u{201D} said i.e. she.",
                "12 forces!"
            ]
        );
    }
}
