//! The words of a release as two releases are compared by them: in one spelling, each of its kind.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::difference::{self, Word};
use crate::text::MONTHS;

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Numbers that are written as words. "One" is a pronoun, and "two" may be left to "both".
const NUMBERS: [(&str, &str); 29] = [
    ("first", "1"),
    ("second", "2"),
    ("third", "3"),
    ("fourth", "4"),
    ("fifth", "5"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("thirteen", "13"),
    ("fourteen", "14"),
    ("fifteen", "15"),
    ("sixteen", "16"),
    ("seventeen", "17"),
    ("eighteen", "18"),
    ("nineteen", "19"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("forty", "40"),
    ("fifty", "50"),
    ("sixty", "60"),
    ("seventy", "70"),
    ("eighty", "80"),
];

/// Words that every text has, whatever it is about.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a an the and or but of to in on at by for from with as is are was were be been being it its this that \
    these those there here he she they them his her hers their our ours we us i me my you your who whom whose which what \
    when where why how has have had having do does did done not no nor so than then too very can could will would may \
    might must shall should also about after before between during over under up down out off into onto more most some \
    any each every all both other others such only own same just now said says say told tell added adds one two today \
    yesterday tomorrow tonight new mr mrs ms miss dr sir dame per cent percent pm am if because while until although \
    however therefore many much few several still yet again once since through across against among around within without"
    .split_ascii_whitespace()
    .collect()
});

/// Words of offices and bodies, which stand before every name.
static OFFICES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "chief deputy assistant constable constables superintendent inspector sergeant commissioner commander \
    detective officer officers npcc acpo council police policing national chiefs lead leads portfolio temporary acting t acc \
    dcc cc dac ac dci ds supt professor lord lady baroness minister secretary home office government chair president \
    director association college england wales uk united kingdom british britain force forces service services crown \
    prosecution cps"
    .split_ascii_whitespace()
    .collect()
});

/// Words for the beginning of something, and for its end: a launch is not the results.
const BEGINS: &str = "open opens opened opening begin begins began begun beginning start starts started starting launch \
    launches launched launching";
const ENDS: &str = "close closes closed closing end ends ended ending finish finishes finished conclude concludes concluded \
    results";

/// What a word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A word that every text has.
    Common,
    /// What the text is about.
    Subject,
    /// A number, however it is written.
    Figure,
    /// A day of the week, a day of a month, a month, a year.
    Date,
    /// That something begins, or that it ends.
    Phase,
    /// Somebody or something that has a name.
    Name,
}

/// A word of a release.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// In one spelling.
    pub(super) folded: String,
    pub(super) kind: Kind,
    /// Whether a sentence begins here.
    pub(super) opens: bool,
}

/// The terms of some paragraphs.
pub(super) fn terms(paragraphs: &[String]) -> Vec<Term> {
    let words = difference::read(paragraphs);
    let mut terms: Vec<Term> = words.iter().map(term).collect();
    for at in 0..terms.len() {
        // "14 February", "May 9th".
        let is_month = |at: Option<usize>| {
            at.and_then(|at| terms.get(at))
                .is_some_and(|term| MONTHS.contains(&term.folded.as_str()))
        };
        let is_day = terms[at]
            .folded
            .parse::<u8>()
            .is_ok_and(|day| (1..=31).contains(&day));
        if is_day && (is_month(Some(at + 1)) || is_month(at.checked_sub(1))) {
            terms[at].kind = Kind::Date;
        }
        // "Wessex Police" at the beginning of a sentence.
        let is_followed = words
            .get(at + 1)
            .is_some_and(|next| next.is_capital && !next.opens);
        if terms[at].kind == Kind::Subject
            && words[at].is_capital
            && is_followed
            && !is_office(&terms[at].folded)
        {
            terms[at].kind = Kind::Name;
        }
    }
    terms
}

/// Whether a word says that something begins, or that it ends.
fn phase(folded: &str) -> Option<&'static str> {
    [BEGINS, ENDS]
        .into_iter()
        .find(|words| words.split_ascii_whitespace().any(|word| word == folded))
}

/// Whether both say that something begins, or both that it ends.
pub(super) fn is_one_phase(a: &str, b: &str) -> bool {
    phase(a).is_some_and(|phase_of_a| phase(b) == Some(phase_of_a))
}

fn term(word: &Word) -> Term {
    let folded = one_spelling(&word.folded);
    let is_date = WEEKDAYS.contains(&folded.as_str()) || is_year(&folded) || is_month(word);
    let kind = if is_date {
        Kind::Date
    } else if phase(&folded).is_some() {
        Kind::Phase
    } else if folded.contains(|c: char| c.is_ascii_digit()) {
        Kind::Figure
    } else if COMMON.contains(folded.as_str()) || !folded.contains(char::is_alphanumeric) {
        Kind::Common
    } else if word.is_capital && !word.opens && !OFFICES.contains(folded.as_str()) {
        Kind::Name
    } else {
        Kind::Subject
    };
    Term {
        folded,
        kind,
        opens: word.opens,
    }
}

/// "May" is a month, and "march" what people do.
fn is_month(word: &Word) -> bool {
    let is_word = matches!(word.folded.as_str(), "may" | "march");
    MONTHS.contains(&word.folded.as_str()) && (!is_word || word.is_capital && !word.opens)
}

fn is_year(folded: &str) -> bool {
    folded.len() == 4
        && folded
            .parse::<u16>()
            .is_ok_and(|year| (1900..2100).contains(&year))
}

pub(super) fn is_office(folded: &str) -> bool {
    OFFICES.contains(folded)
}

/// A word as it is compared: "5", "five", "£5", "5%" and "5th" are one figure.
fn one_spelling(folded: &str) -> String {
    if let Some((_, figure)) = NUMBERS.iter().find(|(word, _)| *word == folded) {
        return (*figure).to_owned();
    }
    if !folded.contains(|c: char| c.is_ascii_digit()) || folded.contains(['@', '/']) {
        return folded.to_owned();
    }
    let figure: String = folded.chars().filter(|c| *c != ',').collect();
    let figure = figure.trim_matches(|c: char| !c.is_ascii_digit() && c != '-');
    figure.trim_matches('-').to_owned()
}

/// A text in which letters of other alphabets that look like Latin ones are those, as long as most of it is Latin: texts
/// pasted from elsewhere hold some.
pub(super) fn in_latin(text: &str) -> String {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let ascii = text.chars().filter(char::is_ascii_alphabetic).count();
    if ascii * 2 < letters || text.is_ascii() {
        return text.to_owned();
    }
    text.chars().map(latin).collect()
}

fn latin(c: char) -> char {
    match c {
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'С' => 'C',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'У' | 'Υ' => 'Y',
        'Х' | 'Χ' => 'X',
        'Ζ' => 'Z',
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'е' | 'ε' => 'e',
        'һ' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'ν' => 'v',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'с' => 'c',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'у' | 'υ' => 'y',
        'х' | 'χ' => 'x',
        'ԁ' => 'd',
        'ԝ' => 'w',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(String, Kind)> {
        let terms = terms(&[text.to_owned()]);
        terms
            .into_iter()
            .filter(|term| term.kind != Kind::Common)
            .map(|term| (term.folded, term.kind))
            .collect()
    }

    #[test]
    fn each_word_has_its_kind() {
        let expected = [
            ("forces", Kind::Subject),
            ("issued", Kind::Subject),
            ("68952", Kind::Figure),
            ("fines", Kind::Subject),
            ("14", Kind::Date),
            ("february", Kind::Date),
            ("2021", Kind::Date),
            ("jon", Kind::Name),
            ("smith", Kind::Name),
        ];
        let expected = expected.map(|(word, kind)| (word.to_owned(), kind));
        assert_eq!(
            kinds("Forces issued 68,952 fines on 14 February 2021, said Jon Smith."),
            expected
        );
        assert_eq!(
            kinds("They may march in May."),
            [
                ("march".to_owned(), Kind::Subject),
                ("may".to_owned(), Kind::Date)
            ]
        );
    }

    #[test]
    fn one_figure_has_one_spelling() {
        for text in ["5", "five", "5th", "£5", "5%", "5m"] {
            let of = kinds(text);
            assert_eq!(of[0], ("5".to_owned(), Kind::Figure), "{text}");
        }
    }

    #[test]
    fn look_alike_letters_are_one_letter() {
        assert_eq!(
            in_latin("Nоtеs tо еditors: Сrime"),
            "Notes to editors: Crime"
        );
        assert_eq!(in_latin("Полиция Лондона"), "Полиция Лондона");
    }
}
