//! What a release says of others: speakers' offices, as in "NPCC lead for knife crime", which tell who speaks and not of
//! what; links to other releases, and who has signed.

use std::ops::Range;

use crate::text;

/// Headings behind which nothing is of the subject.
const ELSEWHERE: [&str; 17] = [
    "about the npcc",
    "about us",
    "further reading",
    "latest news",
    "more news",
    "more on this story",
    "read more",
    "related",
    "related articles",
    "related content",
    "related links",
    "related news",
    "related releases",
    "related stories",
    "see also",
    "signatories",
    "signed",
];
/// What stands before the subject of a speaker's office, in the spelling of which plurals are singulars.
const OFFICES: [&str; 5] = [
    " lead for ",
    " npcc lead on ",
    " acpo lead on ",
    " national lead on ",
    " chair of the ",
];
/// What begins behind it.
const AFTER_OFFICE: [&str; 10] = [
    "chief",
    "deputy",
    "assistant",
    "commander",
    "said",
    "say",
    "who",
    "has",
    "sir",
    "detective",
];
/// No office has more words.
const LONGEST_OFFICE: usize = 8;

/// The paragraphs that speak of the subject, and of no other work.
pub(super) fn own(paragraphs: &[String]) -> &[String] {
    let own = text::subject(paragraphs);
    let longest = ELSEWHERE.iter().map(|heading| heading.len()).max();
    // With what decorates it, a heading is hardly longer.
    let is_heading = |one: &&String| one.len() <= 2 * longest.unwrap_or_default();
    let is_elsewhere = |one: &String| ELSEWHERE.contains(&text::normalise(one).as_str());
    let elsewhere = own
        .iter()
        .position(|one| is_heading(&one) && is_elsewhere(one));
    &own[..elsewhere.unwrap_or(own.len())]
}

/// Where a sentence names a speaker's office: what stands behind "lead for", and what stands between "NPCC" and "lead".
pub(super) fn offices(words: &str) -> Vec<Range<usize>> {
    let mut offices = Vec::new();
    if !words.contains(" lead ") && !words.contains(" chair ") {
        return offices;
    }
    for before in OFFICES {
        for (at, _) in words.match_indices(before) {
            let start = at + before.len();
            let ends = words[start..].match_indices(' ').map(|(at, _)| start + at);
            let mut end = start;
            for (word, next) in ends.take(LONGEST_OFFICE).enumerate() {
                let last = words[end..next].trim();
                if word > 0 && AFTER_OFFICE.contains(&last) {
                    break;
                }
                end = next;
            }
            offices.push(start..end);
        }
    }
    for (at, _) in words.match_indices(" npcc ") {
        let nearby: usize = words[at + 1..]
            .split_inclusive(' ')
            .take(LONGEST_OFFICE)
            .map(str::len)
            .sum();
        if let Some(lead) = words[at..at + 1 + nearby].find(" lead ") {
            offices.push(at..at + lead);
        }
    }
    disjoint(offices)
}

/// The same places from left to right, of which none reaches into another.
fn disjoint(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| place.start);
    let mut apart: Vec<Range<usize>> = Vec::new();
    for place in places {
        match apart.last_mut() {
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => apart.push(place),
        }
    }
    apart
}
