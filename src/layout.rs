//! Whether what differs between two readings of a page is an edit, or the site's new layout.
//!
//! When a site changes how its pages are made, what the selectors find changes on all of them at once: a line to share
//! the page comes into every text, the notes to editors leave it. An edit changes one release.

use std::collections::{HashMap, HashSet};

use scraper::{ElementRef, Html, Node};
use xxhash_rust::xxh3::xxh3_64;

use crate::html;
use crate::text;

/// A paragraph, by the hash of its words.
pub type ParagraphHash = i64;

/// So many releases must have changed alike before their layout is suspected.
const ALIKE: usize = 2;

/// The hash of a paragraph's words; none where it has no word.
pub fn hash(paragraph: &str) -> Option<ParagraphHash> {
    let words = text::normalise(paragraph);
    (!words.is_empty()).then(|| xxh3_64(words.as_bytes()).cast_signed())
}

/// What came into a text and what left it, paragraph by paragraph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shift {
    added: HashMap<ParagraphHash, String>,
    removed: HashMap<ParagraphHash, String>,
    /// Whether anything stayed.
    stayed: bool,
}

impl Shift {
    /// The shift between the paragraphs of two readings, but for those that are known to be layout.
    pub fn between(before: &[String], after: &[String], layout: &HashSet<ParagraphHash>) -> Shift {
        let hashed = |paragraphs: &[String]| -> HashMap<ParagraphHash, String> {
            let hashed = paragraphs.iter().map(|one| (hash(one), one.clone()));
            let hashed = hashed.filter_map(|(hash, text)| Some((hash?, text)));
            hashed.filter(|(hash, _)| !layout.contains(hash)).collect()
        };
        let (mut added, mut removed) = (hashed(after), hashed(before));
        let both: Vec<ParagraphHash> = added
            .keys()
            .filter(|hash| removed.contains_key(hash))
            .copied()
            .collect();
        for hash in &both {
            added.remove(hash);
            removed.remove(hash);
        }
        Shift {
            stayed: !both.is_empty(),
            added,
            removed,
        }
    }

    /// Whether nothing came and nothing left.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// Whether this might be layout: whole paragraphs only came or only left, or nothing stayed. What is reworded
    /// leaves and comes.
    pub fn may_be_layout(&self) -> bool {
        !self.is_empty() && (self.added.is_empty() || self.removed.is_empty() || !self.stayed)
    }

    fn changes(&self) -> impl Iterator<Item = (bool, ParagraphHash, &str)> {
        let added = self
            .added
            .iter()
            .map(|(hash, text)| (true, *hash, text.as_str()));
        let removed = self
            .removed
            .iter()
            .map(|(hash, text)| (false, *hash, text.as_str()));
        added.chain(removed)
    }
}

/// The paragraphs that came into the texts of several releases, or left them, when those were read again: their layout.
/// `shifts` has one for each release that was read, also where nothing changed: most of all have to be alike.
pub fn common(shifts: &[&Shift]) -> HashMap<ParagraphHash, String> {
    let mut counts: HashMap<(bool, ParagraphHash), (usize, &str)> = HashMap::new();
    for shift in shifts {
        for (came, hash, text) in shift.changes() {
            counts.entry((came, hash)).or_insert((0, text)).0 += 1;
        }
    }
    let is_common = |count: usize| count >= ALIKE && count * 5 >= shifts.len() * 4;
    counts
        .into_iter()
        .filter(|(_, (count, _))| is_common(*count))
        .map(|((_, hash), (_, text))| (hash, text.to_owned()))
        .collect()
}

/// The HTML of a text without the paragraphs that are layout.
pub fn without(body: &str, layout: &HashSet<ParagraphHash>) -> String {
    let is_layout = |text: &str| hash(text).is_some_and(|hash| layout.contains(&hash));
    if layout.is_empty() || !html::paragraphs(body).iter().any(|one| is_layout(one)) {
        return body.to_owned();
    }
    let mut document = Html::parse_fragment(body);
    let unwanted: Vec<_> = document
        .tree
        .nodes()
        .filter(|node| matches!(node.value(), Node::Element(_) | Node::Text(_)))
        .filter(|node| is_layout(&html::line_in(*node)))
        .map(|node| node.id())
        .collect();
    for id in unwanted {
        if let Some(mut node) = document.tree.get_mut(id) {
            node.detach();
        }
    }
    // The fragment's root is an element that the parser makes.
    let root: ElementRef<'_> = document.root_element();
    root.inner_html().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(paragraphs: &[&str]) -> Vec<String> {
        paragraphs.iter().map(|one| (*one).to_owned()).collect()
    }

    fn shift(before: &[&str], after: &[&str]) -> Shift {
        Shift::between(&text(before), &text(after), &HashSet::new())
    }

    #[test]
    fn what_comes_into_every_release_is_layout() {
        let one = shift(&["A.", "B."], &["A.", "B.", "Share this page"]);
        let two = shift(&["C.", "D."], &["C.", "D.", "Share this page"]);
        let edited = shift(&["E.", "F."], &["E.", "F. And more.", "Share this page"]);
        let found = common(&[&one, &two, &edited]);
        assert_eq!(found.values().collect::<Vec<_>>(), ["Share this page"]);
        let layout = found.keys().copied().collect();
        let rest = Shift::between(&text(&["A."]), &text(&["A.", "SHARE this page!"]), &layout);
        assert!(rest.is_empty(), "known from now on");
    }

    #[test]
    fn an_edit_of_one_release_is_none_and_a_control_speaks_for_it() {
        let edit = shift(&["A.", "B."], &["UPDATE: it is over.", "A.", "B."]);
        assert!(edit.may_be_layout());
        assert!(common(&[&edit]).is_empty());
        assert!(common(&[&edit, &Shift::default()]).is_empty());
        let same = Shift::default();
        assert!(
            common(&[&edit, &edit, &same]).is_empty(),
            "two edited alike, one not"
        );
        assert!(!shift(&["A.", "B."], &["A.", "B, reworded."]).may_be_layout());
        assert!(shift(&["A."], &["Menu"]).may_be_layout());
    }

    #[test]
    fn layout_is_taken_out_of_the_text_and_nothing_else() {
        let layout: HashSet<_> = [hash("Share this page").unwrap()].into();
        let body = "<p>One <b>two</b>.</p><div><p>Share this <a href=\"x\">page</a></p></div><ul><li>Three</li></ul>";
        let stripped = without(body, &layout);
        assert_eq!(html::paragraphs(&stripped), ["One two.", "Three"]);
        assert!(stripped.contains("<b>two</b>"), "{stripped}");
        assert_eq!(without("<p>One.</p>", &layout), "<p>One.</p>");
        assert_eq!(hash(" - "), None);
    }
}
