//! What stands in a release and is not its subject: the foot, contacts, embargoes, and what the site puts around it.

use std::collections::HashSet;

use crate::text;

/// The paragraphs without boilerplate and without the same one twice in a row.
///
/// What stands below the foot of one text but above that of the other was moved by no more than an "ENDS", so it stays;
/// and so does a note that something was corrected, wherever it stands.
pub(crate) fn telling(body: &[String], other: &[String]) -> Vec<String> {
    let above: HashSet<String> = subject(other).iter().map(|p| text::normalise(p)).collect();
    let length = subject(body).len();
    let mut found: Vec<String> = Vec::new();
    let mut before = String::new();
    let mut in_contacts = false;
    for (at, paragraph) in body.iter().enumerate() {
        let normal = text::normalise(paragraph);
        let is_below = at >= length && !above.contains(&normal) && !is_correction(&normal);
        in_contacts = is_contact(&normal, paragraph) || in_contacts && is_number_line(&normal);
        if is_below
            || in_contacts
            || is_boilerplate(&normal)
            || normal == before && !normal.is_empty()
        {
            continue;
        }
        found.push(paragraph.clone());
        before = normal;
    }
    found
}

/// As [`text::subject`], and cut at the heading "About the NPCC" and at a list of related links too.
fn subject(body: &[String]) -> &[String] {
    const HEADINGS: [&str; 12] = [
        "about npcc",
        "about the npcc",
        "about us",
        "about the national police chiefs council",
        "about the national police chiefs council npcc",
        "related",
        "related links",
        "related news",
        "related articles",
        "related releases",
        "related content",
        "related stories",
    ];
    let found = text::subject(body);
    let foot = found
        .iter()
        .position(|p| p.len() < 80 && HEADINGS.contains(&text::normalise(p).as_str()));
    &found[..foot.unwrap_or(found.len())]
}

fn begins(normal: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|b| {
        let rest = normal.strip_prefix(b);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    })
}

/// "UPDATE", "Correction:", "An earlier version of this release …".
pub(crate) fn is_correction(normal: &str) -> bool {
    const NOTES: [&str; 12] = [
        "update",
        "updated",
        "correction",
        "corrected",
        "clarification",
        "amended",
        "amendment",
        "erratum",
        "retraction",
        "an earlier version",
        "a previous version",
        "earlier versions",
    ];
    const WITHIN: [&str; 7] = [
        "has been updated",
        "was updated",
        "has been corrected",
        "was corrected",
        "has been amended",
        "was amended",
        "earlier version of this",
    ];
    begins(normal, &NOTES) || WITHIN.iter().any(|w| normal.contains(w))
}

/// Lines that the site, or the press office, puts under or over every release.
fn is_boilerplate(normal: &str) -> bool {
    const LINES: [&str; 12] = [
        "ends",
        "end",
        "share",
        "share this",
        "share this page",
        "share this release",
        "share this article",
        "print this page",
        "back to top",
        "back to news",
        "read more",
        "for immediate release",
    ];
    const BEGINNINGS: [&str; 13] = [
        "share on",
        "tweet this",
        "this site uses cookies",
        "this website uses cookies",
        "we use cookies",
        "accept cookies",
        "accept all cookies",
        "manage cookies",
        "cookie settings",
        "cookie preferences",
        "the national police chiefs council brings",
        "the national police chiefs council npcc brings",
        "the npcc brings",
    ];
    const EMBARGOES: [&str; 5] = [
        "embargo",
        "embargoed",
        "strictly embargoed",
        "under embargo",
        "not for publication before",
    ];
    let is_line = normal.split(' ').count() <= 15;
    LINES.contains(&normal) || begins(normal, &BEGINNINGS) || is_line && begins(normal, &EMBARGOES)
}

/// Whom journalists may call. What asks the public to call the police is no boilerplate.
fn is_contact(normal: &str, paragraph: &str) -> bool {
    const OFFICES: [&str; 9] = [
        "press office",
        "npcc press office",
        "media office",
        "news desk",
        "media enquiries",
        "press enquiries",
        "media contacts",
        "press contact",
        "for press enquiries",
    ];
    const OPENINGS: [&str; 4] = [
        "for further information",
        "for more information",
        "for further details",
        "for interview requests",
    ];
    const PUBLIC: [&str; 10] = [
        "crimestoppers",
        "101",
        "999",
        "witness",
        "witnesses",
        "victim",
        "victims",
        "appeal",
        "helpline",
        "incident",
    ];
    let words: Vec<&str> = normal.split(' ').collect();
    let asks = ["contact", "call", "email", "phone", "telephone"];
    words.len() <= 40
        && !words.iter().any(|word| PUBLIC.contains(word))
        && (begins(normal, &OFFICES) && (words.len() <= 12 || paragraph.contains('@'))
            || begins(normal, &OPENINGS) && words.iter().any(|word| asks.contains(word)))
}

/// A telephone number or an address alone, which under a contact is more of it.
fn is_number_line(normal: &str) -> bool {
    const LABELS: [&str; 9] = [
        "tel",
        "telephone",
        "phone",
        "mobile",
        "email",
        "e mail",
        "out of hours",
        "office hours",
        "0",
    ];
    normal.split(' ').count() <= 10
        && (begins(normal, &LABELS) || normal.starts_with('0') || normal.starts_with("44"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boilerplate_is_left_out_and_appeals_and_corrections_are_not() {
        let body = [
            "EMBARGOED UNTIL 00.01 FRIDAY 5 MAY",
            "Share this page",
            "Officers arrested a man.",
            "Anyone with information should contact 101.",
            "For further information contact Crimestoppers on 0800 555 111.",
            "For further information contact the press office on 020 7946 0000.",
            "Tel: 020 7946 0001",
            "This site uses cookies to work.",
            "ENDS",
            "Notes to editors",
            "1. The week began in 2014.",
            "Correction: an earlier version said a woman.",
        ]
        .map(str::to_owned);
        assert_eq!(
            telling(&body, &[]),
            [
                "Officers arrested a man.",
                "Anyone with information should contact 101.",
                "For further information contact Crimestoppers on 0800 555 111.",
                "Correction: an earlier version said a woman.",
            ]
        );
    }
}
