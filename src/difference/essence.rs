//! What a release says: its words in one spelling, without boilerplate, and with no lead told twice.

use unicode_normalization::UnicodeNormalization;

use super::boilerplate::telling;
use super::tokens::{apart, is_dash};

/// A longer lead is looked for in no body: it is none.
const LONGEST_LEAD: usize = 100;

/// A word as it is weighed.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// Lower case, no accents, no apostrophes; figures and addresses as they are written.
    pub(crate) folded: String,
    /// Whether it begins with a capital.
    pub(crate) is_capital: bool,
    /// Whether a sentence begins here, and a capital says nothing.
    pub(crate) opens: bool,
    /// A figure, a sign or an address: every character counts.
    pub(crate) is_exact: bool,
}

/// The words of the paragraphs that say something, and the lead's unless they are among them.
///
/// `lead` is the release's lead where it has one, or else the one that the other text has: a lead may be told above the
/// body, in its first paragraph, in its last, or in several places, and it is the same lead.
pub(super) fn words(lead: &[String], is_own: bool, body: &[String], other: &[String]) -> Vec<Word> {
    let (lead, mut rest) = (read(lead), read(&telling(body, other)));
    let mut is_there = is_own;
    if (1..=LONGEST_LEAD).contains(&lead.len()) {
        is_there |= take_out(&lead, &mut rest);
    }
    if !is_there {
        return rest;
    }
    let mut all = lead;
    all.append(&mut rest);
    all
}

/// Removes every place where the lead is told again, and says whether there was one.
fn take_out(lead: &[Word], body: &mut Vec<Word>) -> bool {
    let mut kept = Vec::with_capacity(body.len());
    let mut at = 0;
    while at < body.len() {
        let is_lead = body[at].opens
            && body.len() - at >= lead.len()
            && lead
                .iter()
                .zip(&body[at..])
                .all(|(a, b)| a.folded == b.folded);
        if is_lead {
            at += lead.len();
        } else {
            kept.push(body[at].clone());
            at += 1;
        }
    }
    let found = kept.len() < body.len();
    *body = kept;
    found
}

/// The words of some paragraphs in one spelling.
pub(crate) fn read(paragraphs: &[String]) -> Vec<Word> {
    let mut found = Vec::new();
    for paragraph in paragraphs {
        let mut opens = true;
        for chunk in paragraph.split_whitespace() {
            let (before, core, behind) = apart(chunk);
            opens |= before.contains(['"', '\u{201C}', '\u{2018}', '\'']);
            let start = found.len();
            add(core, opens, &mut found);
            if found.len() > start {
                opens = false;
            }
            // "Mr. Smith" is one sentence, and Smith a name.
            let is_short = found
                .last()
                .is_some_and(|word: &Word| is_abbreviation(&word.folded));
            opens |= behind.contains(['!', '?', ':']) || behind.contains('.') && !is_short;
        }
    }
    found
}

fn is_abbreviation(folded: &str) -> bool {
    const TITLES: [&str; 20] = [
        "mr", "mrs", "ms", "dr", "st", "sgt", "insp", "supt", "det", "rev", "prof", "hon", "lt",
        "cllr", "ch", "con", "dep", "asst", "cpt", "col",
    ];
    folded.chars().count() == 1 || TITLES.contains(&folded)
}

fn add(core: &str, opens: bool, found: &mut Vec<Word>) {
    let is_address = core.contains('@') || core.contains("://") || core.starts_with("www.");
    let is_figure = |part: &str| {
        part.contains(|c: char| c.is_numeric() || super::tokens::is_sign(c) && c != '&')
    };
    if is_address {
        push(core.to_lowercase(), core, opens, true, found);
        return;
    }
    // Arrows and plus signs with nothing beside them are bullets.
    if core != "&" && core.chars().all(|c| "+=<>&".contains(c)) {
        return;
    }
    let mut opens = opens;
    for part in parts(core) {
        if part == "&" {
            push("and".to_owned(), part, opens, false, found);
        } else if is_figure(part) {
            // "½" and "10²" stay what they are: folding them would make another figure.
            let written = part.chars().filter(|c| !is_apostrophe(*c));
            let written = written.map(|c| if is_dash(c) { '-' } else { c });
            push(
                written.flat_map(char::to_lowercase).collect(),
                part,
                opens,
                true,
                found,
            );
        } else {
            let plain = part.nfkd().filter(|c| c.is_alphanumeric());
            push(
                plain.flat_map(char::to_lowercase).collect(),
                part,
                opens,
                false,
                found,
            );
        }
        opens = false;
    }
}

fn push(folded: String, written: &str, opens: bool, is_exact: bool, found: &mut Vec<Word>) {
    if !folded.is_empty() {
        let is_capital = written
            .chars()
            .find(|c| c.is_alphabetic())
            .is_some_and(char::is_uppercase);
        found.push(Word {
            folded,
            is_capital,
            opens,
            is_exact,
        });
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{2BC}' | '`')
}

/// The words that hyphens, slashes and the like join. The signs inside a figure stay with it: "68,952", "10-12", "1.5".
fn parts(core: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    let mut chars = core.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let is_mark = c.is_alphanumeric()
            || is_mark(c)
            || is_apostrophe(c)
            || super::tokens::is_sign(c) && c != '&';
        // A hyphen or a stop parts words; between digits, and beside a sign, it is part of the figure.
        let is_inner = !before.is_alphabetic() && !next.is_alphabetic();
        if !is_mark && (!is_inner || c == '&') {
            found.push(&core[start..at]);
            if c == '&' {
                found.push(&core[at..=at]);
            }
            start = at + c.len_utf8();
        }
        before = c;
    }
    found.push(&core[start..]);
    found.retain(|part| !part.is_empty());
    found
}

/// Marks that combine with the letter before them.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let words = read(&[text.to_owned()]);
        let words: Vec<&str> = words.iter().map(|w| w.folded.as_str()).collect();
        words.join("|")
    }

    #[test]
    fn words_have_one_spelling_and_figures_keep_theirs() {
        for (text, expected) in [
            ("\u{201C}Don\u{2019}t \u{2013} stop!\u{201D}", "dont|stop"),
            ("on-line/off-line", "on|line|off|line"),
            ("COVID-19 and 17-year-olds", "covid|19|and|17|year|olds"),
            ("£1.5m, 68,952 (17%).", "£1.5m|68,952|17%"),
            ("2020\u{2013}21 10-12", "2020-21|10-12"),
            ("-5 .5 ½ 10\u{B2}", "-5|.5|½|10\u{B2}"),
            ("Caf\u{E9} A&E A & E", "cafe|a|and|e|a|and|e"),
            ("press@npcc.police.uk.", "press@npcc.police.uk"),
            ("today.The", "today|the"),
            (
                "\u{1F6A8} \u{2022} ... \u{645}\u{631}\u{62D}",
                "\u{645}\u{631}\u{62D}",
            ),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn sentences_open_but_not_behind_a_title() {
        let words = read(&["Mr. Smith left. He said: \u{201C}Stop.\u{201D}".to_owned()]);
        let opening: Vec<&str> = words
            .iter()
            .filter(|w| w.opens)
            .map(|w| w.folded.as_str())
            .collect();
        assert_eq!(opening, ["mr", "he", "stop"]);
    }
}
