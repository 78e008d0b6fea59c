//! What a release is, among those that it may be: new, or one that we have.

use super::background::Weights;
use super::reason::{Comparison, Reason, Refusal, Verdict};
use super::{Fingerprint, compare_among};
use crate::release::Guid;

/// A text may be so much shorter, in percent, and still be as whole as another.
const AS_WHOLE_PERCENT: usize = 95;

/// A release that the feeds show, and that another may be a copy of.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Which it is.
    pub guid: Guid,
    /// What it says now.
    pub fingerprint: Fingerprint,
}

/// What a release on its way in turned out to be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judgement {
    /// The release that it is, with the reason; none where it is new.
    pub known: Option<(Guid, Reason)>,
    /// The releases that it is like and yet is not, with what spoke against it.
    pub related: Vec<(Guid, Refusal)>,
}

impl Judgement {
    /// The verdict in a word.
    pub fn verdict(&self) -> Verdict {
        match &self.known {
            None => Verdict::New,
            Some((_, reason)) => reason.verdict(),
        }
    }
}

/// Judges a draft among the releases that it may be. Of several that it could be, it is the one with the same words or,
/// failing that, the one that it shares the most with; of equal ones the first.
pub fn judge(draft: &Fingerprint, candidates: &[Candidate]) -> Judgement {
    let mut judgement = Judgement::default();
    let mut most = 0.0;
    for (at, candidate) in candidates.iter().enumerate() {
        let others = candidates.iter().enumerate().filter(|(n, _)| *n != at);
        let weights = Weights::among(others.map(|(_, one)| one.fingerprint.shingles.as_slice()));
        match compare_among(&candidate.fingerprint, draft, &weights) {
            Comparison::One(reason) => {
                let likeness = match &reason {
                    Reason::Shingles { jaccard, .. } => *jaccard,
                    // More than any share.
                    _ => 2.0,
                };
                if likeness > most {
                    most = likeness;
                    judgement.known = Some((candidate.guid, reason));
                }
            }
            Comparison::Template(refusal) => judgement.related.push((candidate.guid, refusal)),
            Comparison::Two => {}
        }
    }
    judgement
}

/// Whether what arrives as a copy tells a release better than the text that is shown: it says more, or it is later and
/// says as much.
pub fn is_better(arriving: &Fingerprint, shown: &Fingerprint) -> bool {
    let (arriving_words, shown_words) = (arriving.body.len(), shown.body.len());
    if arriving_words * AS_WHOLE_PERCENT > shown_words * 100 {
        return true;
    }
    arriving.published > shown.published
        && arriving_words * 100 >= shown_words * AS_WHOLE_PERCENT
        && !arriving.says_the_same(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::CanonicalPath;

    const SECTIONS: [&str; 4] = [
        "Officers will be at the ports this week to look for stolen plant that leaves the country in containers, with help from the makers of the machines and from the shipping lines.",
        "A digger is worth as much as a house, and it is gone within a night, said the officer who runs the team; farmers are asked to mark theirs and to park it where it can be seen.",
        "The team has found nine excavators, two of them with the keys of another owner, and has sent its list of marks to every port of the east coast and to the customs of four countries.",
        "Whoever buys a machine should look for its mark and ask for its papers, as one that is stolen is taken away without any payment, however dear it was and however good the faith.",
    ];

    fn told(sections: &[&str], day: &str) -> Fingerprint {
        let paragraphs: Vec<String> = sections.iter().map(|one| (*one).to_owned()).collect();
        let published = format!("{day}T12:00:00Z").parse().unwrap();
        Fingerprint::new("Stolen plant", &paragraphs, published)
    }

    fn candidate(path: &str, sections: &[&str], day: &str) -> Candidate {
        Candidate {
            guid: Guid::new("npcc", &CanonicalPath::from_stored(path.to_owned())),
            fingerprint: told(sections, day),
        }
    }

    #[test]
    fn the_nearest_of_several_is_the_one() {
        let draft = told(&SECTIONS, "2026-05-03");
        let cut = candidate("/a", &SECTIONS[..3], "2026-05-01");
        let whole = candidate("/b", &SECTIONS, "2026-05-02");
        let other = candidate(
            "/c",
            &["Chiefs met in York to speak of pensions."],
            "2026-05-02",
        );
        for candidates in [
            [cut.clone(), whole.clone(), other.clone()],
            [other.clone(), whole.clone(), cut.clone()],
        ] {
            let judgement = judge(&draft, &candidates);
            assert_eq!(judgement.known, Some((whole.guid, Reason::EqualText)));
            assert_eq!(judgement.verdict(), Verdict::Same);
        }
        assert_eq!(judge(&draft, &[cut]).verdict(), Verdict::IssuedAgain);
        assert_eq!(judge(&draft, &[other]), Judgement::default());
        assert_eq!(judge(&draft, &[]).verdict(), Verdict::New);
    }

    #[test]
    fn what_is_alike_and_yet_another_is_related() {
        let with =
            |figure: &str| SECTIONS.map(|one| one.replace("nine", figure).replace("four", figure));
        let (may, june) = (with("seven"), with("twelve"));
        let may: Vec<&str> = may.iter().map(String::as_str).collect();
        let june: Vec<&str> = june.iter().map(String::as_str).collect();
        let before = candidate("/a", &may, "2026-05-01");
        let judgement = judge(&told(&june, "2026-06-01"), std::slice::from_ref(&before));
        assert_eq!(judgement.verdict(), Verdict::New);
        let [(guid, refusal)] = judgement.related.as_slice() else {
            panic!("{judgement:?}");
        };
        assert_eq!((*guid, refusal.instead[0].0.as_str()), (before.guid, "7"));
    }

    #[test]
    fn what_others_of_the_campaign_say_too_makes_no_copy() {
        // Three forces give the same three sections and one of their own; a fourth does too.
        let own = [
            "In Kent a quad bike was found under hay.",
            "In Fife two tractors were stopped at a ferry by officers and dogs.",
            "In Devon a trailer was given back to a widow who had saved for it.",
            "In Norfolk a crane was seen from the air, in a quarry, by a glider.",
        ];
        let of = |n: usize| [&SECTIONS[..3], &own[n..=n]].concat();
        let candidates: Vec<Candidate> = (0..3)
            .map(|n| candidate(&format!("/{n}"), &of(n), "2026-05-01"))
            .collect();
        let weights = Weights::among(
            candidates
                .iter()
                .map(|one| one.fingerprint.shingles.as_slice()),
        );
        let shared = told(&SECTIONS[..3], "2026-05-01").shingles;
        let whole = Weights::default().sum(&shared);
        assert!(
            weights.sum(&shared) < whole / 4.0,
            "what all say weighs little"
        );
        let judgement = judge(&told(&of(3), "2026-05-02"), &candidates);
        assert_eq!(judgement.verdict(), Verdict::New, "{judgement:?}");
    }

    #[test]
    fn the_later_or_longer_text_is_the_better() {
        let shown = told(&SECTIONS[..3], "2026-05-02");
        for (sections, day, better) in [
            (&SECTIONS[..4], "2026-05-01", true),
            (&SECTIONS[..2], "2026-05-09", false),
            (&SECTIONS[..3], "2026-05-09", false),
            (
                &[
                    SECTIONS[0],
                    SECTIONS[1],
                    &SECTIONS[2].replace("nine", "ten"),
                ],
                "2026-05-09",
                true,
            ),
            (
                &[
                    SECTIONS[0],
                    SECTIONS[1],
                    &SECTIONS[2].replace("nine", "ten"),
                ],
                "2026-05-01",
                false,
            ),
        ] {
            let arriving = told(sections, day);
            assert_eq!(is_better(&arriving, &shown), better, "{sections:?} {day}");
        }
    }
}
