//! Why two releases are one or two, in words.

use std::fmt;

/// What a release on its way in turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// None that we have.
    New,
    /// One that we have, in the same words, at another address.
    Same,
    /// One that we have, in a later state: the newsroom itself says so, by its path or its guid.
    Revision,
    /// One that we have, issued again in other words.
    IssuedAgain,
    /// One that we have, by a person's word.
    Ruled,
}

impl Verdict {
    /// The words that are stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::New => "new",
            Verdict::Same => "the same",
            Verdict::Revision => "a revision",
            Verdict::IssuedAgain => "issued again",
            Verdict::Ruled => "by a person's word",
        }
    }
}

/// Why two releases are one.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// They have one path, whatever the host.
    Path,
    /// The newsroom gives both the same guid.
    UpstreamGuid(String),
    /// The texts are equal but for punctuation, case and layout.
    EqualText,
    /// Most of the one text stands in the other, and nothing in it tells another event.
    Shingles {
        /// Shared word 3-shingles by all of the two, by weight.
        jaccard: f64,
        /// Shared word 3-shingles by those of the shorter text, by weight.
        containment: f64,
        /// What was corrected: figures and names that stand for one another.
        corrected: Vec<(String, String)>,
    },
    /// A person has removed this very text.
    Redacted,
    /// Its page is gone, and the release stands at the address of a copy.
    Gone,
    /// A person says so.
    Ruled,
}

impl Reason {
    /// The verdict that the reason gives.
    pub fn verdict(&self) -> Verdict {
        match self {
            Reason::Path | Reason::UpstreamGuid(_) | Reason::Gone => Verdict::Revision,
            Reason::EqualText | Reason::Redacted => Verdict::Same,
            Reason::Shingles { .. } => Verdict::IssuedAgain,
            Reason::Ruled => Verdict::Ruled,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::UpstreamGuid(guid) => write!(f, "the newsroom gives both the guid {guid}"),
            Reason::Path => f.write_str("the path is the same"),
            Reason::Gone => {
                f.write_str("its page is gone, and the release stands at another address")
            }
            Reason::Ruled => f.write_str("a person says so"),
            Reason::Redacted => f.write_str("it has the text that was removed from this release"),
            Reason::EqualText => f.write_str("the texts are equal but for layout"),
            Reason::Shingles {
                jaccard,
                containment,
                corrected,
            } => {
                write!(
                    f,
                    "the texts share most runs of three words (Jaccard {jaccard:.2}, containment {containment:.2})"
                )?;
                if !corrected.is_empty() {
                    write!(
                        f,
                        ", with {} for {}",
                        said(corrected, 1),
                        said(corrected, 0)
                    )?;
                }
                Ok(())
            }
        }
    }
}

/// Why two releases that look alike are two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What the first says where the second says another thing: figures, dates, names, or words.
    pub instead: Vec<(String, String)>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.instead.is_empty() {
            return f.write_str("the texts are alike, but each says much that the other does not");
        }
        write!(
            f,
            "the texts are alike, but one says {} where the other says {}",
            said(&self.instead, 0),
            said(&self.instead, 1)
        )
    }
}

/// As many pairs are told.
const MOST_TOLD: usize = 6;

fn said(pairs: &[(String, String)], side: usize) -> String {
    let words: Vec<&str> = pairs
        .iter()
        .take(MOST_TOLD)
        .map(|(first, second)| if side == 0 { first } else { second })
        .map(String::as_str)
        .collect();
    words.join(", ")
}

/// What the comparison of two releases gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// They are one release.
    One(Reason),
    /// They look like one, but what they tell is not the same.
    Template(Refusal),
    /// They are two releases.
    Two,
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Comparison::One(reason) => reason.fmt(f),
            Comparison::Template(refusal) => refusal.fmt(f),
            Comparison::Two => f.write_str("the texts share too little"),
        }
    }
}
