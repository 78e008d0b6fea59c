//! What a release is about: a taxonomy of weighted phrases, and the evidence for every topic given.
//!
//! A phrase is found as whole words within one sentence. It counts more in the title and the lead than in the body,
//! where it counts by the number of paragraphs that hold it. A topic is given from the taxonomy's threshold on.

mod asides;
mod classifier;
mod corrections;
pub mod evaluation;
mod matching;
mod spelling;
mod taxonomy;

pub use classifier::{Classification, Classifier, Missed};
pub use corrections::{Correction, Relations};
pub use spelling::Spellings;
pub use taxonomy::{Retired, SHIPPED, Scoring, Taxonomy, Topic};

/// Why a taxonomy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The spellings are too many for one automaton (some two thousand million bytes of them).
    #[error("the taxonomy's spellings cannot be looked for: {0}; write fewer")]
    Spellings(#[from] aho_corasick::BuildError),
    /// The phrases are too many for one automaton (some two thousand million bytes of them).
    #[error("the taxonomy's phrases cannot be looked for: {0}; write fewer")]
    Phrases(String),
}

/// The id of the feed of all releases without a topic. It is no topic itself.
pub const UNCLASSIFIED: &str = "unclassified";
