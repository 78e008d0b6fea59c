//! What a release is about: a taxonomy of weighted phrases, and the evidence for every topic given.
//!
//! A phrase is found as whole words within one sentence. It counts more in the title and the lead than in the body,
//! where it counts by the number of paragraphs that hold it. A topic is given from the taxonomy's threshold on.

mod classifier;
pub mod evaluation;
mod offices;
mod taxonomy;

pub use classifier::{Classification, Classifier};
pub use taxonomy::{SHIPPED, Scoring, Taxonomy, Topic};

/// The id of the feed of all releases without a topic. It is no topic itself.
pub const UNCLASSIFIED: &str = "unclassified";
