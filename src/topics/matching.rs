//! All phrases of a taxonomy, looked for in one pass over a sentence.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;
use std::fmt;

use daachorse::DoubleArrayAhoCorasick;

use super::Error;
use super::asides::offices;
use super::spelling::Spelling;
use super::taxonomy::{Phrase, Taxonomy, parts};

/// The phrases, made ready to be looked for.
#[derive(Clone)]
pub(super) struct Matcher {
    spelling: Spelling,
    automaton: DoubleArrayAhoCorasick<u32>,
    /// The patterns of each wording that the automaton looks for: that of one topic may be another's, too.
    meant: Vec<Vec<usize>>,
    patterns: Vec<Pattern>,
    /// Each pattern as the taxonomy has it.
    written: Vec<String>,
    /// By the place of their topic in the taxonomy.
    groups: Vec<Vec<Group>>,
}

/// A phrase that is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    /// The place of its topic in the taxonomy.
    pub(super) topic: usize,
    pub(super) role: Role,
    is_prefix: bool,
}

/// What a phrase is there for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Role {
    /// It counts by itself.
    Phrase(f64),
    /// It means something else, and so does what stands inside it.
    Mask,
    /// It counts only together with others.
    Part,
    /// It tells that a release is about crime at large, and lists more than it is about.
    Overview,
}

/// Phrases that count only together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// As the taxonomy has it.
    pub(super) written: String,
    /// The patterns that have to be there.
    pub(super) parts: Vec<usize>,
}

/// A phrase that stands in a sentence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    pub(super) pattern: usize,
    /// Why it tells nothing there.
    pub(super) ignored: Option<Ignored>,
}

/// Why a phrase tells nothing where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ignored {
    /// It stands inside this mask.
    Masked(usize),
    /// It names a speaker's office.
    Office,
    /// The release is an overview, as this phrase tells, and only its headline tells of other topics.
    Overview(usize),
}

#[derive(Debug, Clone, Copy)]
struct Span {
    pattern: usize,
    start: usize,
    end: usize,
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phrases = self.patterns.len();
        f.debug_struct("Matcher")
            .field("phrases", &phrases)
            .finish()
    }
}

impl Matcher {
    /// # Errors
    /// [`Error`].
    pub(super) fn new(taxonomy: &Taxonomy) -> Result<Matcher, Error> {
        let spelling = Spelling::new(&taxonomy.spelling)?;
        let mut patterns = Vec::new();
        let mut all_written = Vec::new();
        let mut needles: HashMap<String, u32> = HashMap::new();
        let mut meant: Vec<Vec<usize>> = Vec::new();
        let mut groups = Vec::new();
        let mut add = |topic, written: &str, role| {
            let phrase = Phrase::new(written, &spelling);
            // Sentences are searched with a space at both ends, so spaces stand for word boundaries.
            let end = if phrase.is_prefix { "" } else { " " };
            let needle = needles.entry(format!(" {}{end}", phrase.words));
            let needle = *needle.or_insert_with(|| {
                meant.push(Vec::new());
                u32::try_from(meant.len() - 1).unwrap_or(u32::MAX)
            });
            if let Some(meant) = meant.get_mut(needle as usize) {
                meant.push(patterns.len());
            }
            patterns.push(Pattern {
                topic,
                role,
                is_prefix: phrase.is_prefix,
            });
            all_written.push(written.to_owned());
            patterns.len() - 1
        };
        for (topic, entry) in taxonomy.topics.iter().enumerate() {
            let classes = [
                (&entry.strong, Role::Phrase(taxonomy.scoring.strong)),
                (&entry.medium, Role::Phrase(taxonomy.scoring.medium)),
                (&entry.weak, Role::Phrase(taxonomy.scoring.weak)),
                (&entry.masks, Role::Mask),
                (&entry.overview, Role::Overview),
            ];
            for (phrases, role) in classes {
                for written in phrases {
                    add(topic, written, role);
                }
            }
            let together = entry.together.iter().map(|written| {
                let parts = parts(written).map(|part| add(topic, part, Role::Part));
                Group {
                    written: written.clone(),
                    parts: parts.collect(),
                }
            });
            groups.push(together.collect::<Vec<_>>());
        }
        let automaton = DoubleArrayAhoCorasick::with_values(needles)
            .map_err(|error| Error::Phrases(error.to_string()))?;
        Ok(Matcher {
            spelling,
            automaton,
            meant,
            patterns,
            written: all_written,
            groups,
        })
    }

    pub(super) fn pattern(&self, pattern: usize) -> Pattern {
        self.patterns[pattern]
    }

    /// A pattern as the taxonomy has it.
    pub(super) fn written(&self, pattern: usize) -> &str {
        &self.written[pattern]
    }

    /// The phrases that count only together, of the topic at this place in the taxonomy.
    pub(super) fn groups(&self, topic: usize) -> &[Group] {
        &self.groups[topic]
    }

    /// The phrases of a sentence, without those that lie inside a longer one of the same topic. In the body a speaker's
    /// office tells nothing.
    pub(super) fn matches(&self, sentence: &str, is_body: bool) -> Vec<Match> {
        let words = self.spelling.padded(sentence);
        let offices = if is_body { offices(&words) } else { Vec::new() };
        let mut matches = Vec::new();
        let mut spans = Vec::new();
        // Overlapping phrases are found, too: "crime" inside "knife crime" may be another topic's.
        for found in self.automaton.find_overlapping_iter(&words) {
            let start = found.start() + 1;
            for pattern in self.meant[found.value() as usize].iter().copied() {
                let end = if self.patterns[pattern].is_prefix {
                    found.end() + words[found.end()..].find(' ').unwrap_or_default()
                } else {
                    found.end() - 1
                };
                let before = offices.partition_point(|office| office.start <= start);
                if before > 0 && end <= offices[before - 1].end {
                    matches.push(Match {
                        pattern,
                        ignored: Some(Ignored::Office),
                    });
                } else {
                    spans.push(Span {
                        pattern,
                        start,
                        end,
                    });
                }
            }
        }
        self.keep_outermost(spans, &mut matches);
        matches.retain(|one| self.patterns[one.pattern].role != Role::Mask);
        matches
    }

    /// Keeps the spans that lie inside no longer span of the same topic; of those that are the very same words, the
    /// strongest. What counts only together with others hides nothing.
    fn keep_outermost(&self, mut spans: Vec<Span>, matches: &mut Vec<Match>) {
        let topic = |span: &Span| self.patterns[span.pattern].topic;
        // Of one topic from left to right, the longer first, so that whatever holds a span comes before it: one pass,
        // however often a sentence repeats a phrase.
        spans.sort_by(|a, b| {
            let place = |span: &Span| (topic(span), span.start, Reverse(span.end));
            place(a).cmp(&place(b)).then_with(|| {
                let rank = |span: &Span| self.patterns[span.pattern].role.rank();
                rank(b).partial_cmp(&rank(a)).unwrap_or(Ordering::Equal)
            })
        });
        let mut of_topic = usize::MAX;
        let mut reached = 0;
        let mut masked = (0, 0);
        for span in spans {
            if of_topic != topic(&span) {
                of_topic = topic(&span);
                reached = 0;
                masked = (0, 0);
            }
            let role = self.patterns[span.pattern].role;
            if role == Role::Mask {
                masked = masked.max((span.end, span.pattern));
                continue;
            }
            let ignored = (span.end <= masked.0).then_some(Ignored::Masked(masked.1));
            let is_phrase = matches!(role, Role::Phrase(_));
            if !is_phrase || span.end > reached {
                matches.push(Match {
                    pattern: span.pattern,
                    ignored,
                });
            }
            if is_phrase {
                reached = reached.max(span.end);
            }
        }
    }
}

impl Role {
    /// Of phrases that are the very same words, the first in order counts: a mask, then the stronger.
    fn rank(self) -> f64 {
        match self {
            Role::Mask => f64::INFINITY,
            Role::Phrase(weight) => weight,
            Role::Part | Role::Overview => 0.0,
        }
    }
}
