//! Whether what differs between two readings of a page is an edit, or the site's new layout.
//!
//! When a site changes how its pages are made, what the selectors find changes on all of them at once: a line to share
//! the page comes into every text, the notes to editors leave it. An edit changes one release.

use std::collections::HashSet;

use ego_tree::NodeRef;
use scraper::Node;
use xxhash_rust::xxh3::xxh3_64;

use crate::html;
use crate::text;

/// A paragraph, by the hash of its words.
pub type ParagraphHash = i64;

/// So many releases must have been looked at.
const ENOUGH: usize = 3;
/// So many must have the paragraph now, or have lost it.
const ALIKE: usize = 2;

/// The hash of a paragraph's words; none where it has no word.
pub fn hash(paragraph: &str) -> Option<ParagraphHash> {
    let words = text::normalise(paragraph);
    (!words.is_empty()).then(|| xxh3_64(words.as_bytes()).cast_signed())
}

/// What came into a text between two readings, what left it, and what stayed, paragraph by paragraph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shift {
    came: HashSet<ParagraphHash>,
    left: HashSet<ParagraphHash>,
    stayed: HashSet<ParagraphHash>,
}

impl Shift {
    /// The shift between the paragraphs of two readings, but for those that are known to be layout.
    pub fn between(before: &[String], after: &[String], layout: &HashSet<ParagraphHash>) -> Shift {
        let hashed = |paragraphs: &[String]| -> HashSet<ParagraphHash> {
            let hashes = paragraphs.iter().filter_map(|one| hash(one));
            hashes.filter(|hash| !layout.contains(hash)).collect()
        };
        let (before, after) = (hashed(before), hashed(after));
        Shift {
            came: after.difference(&before).copied().collect(),
            left: before.difference(&after).copied().collect(),
            stayed: after.intersection(&before).copied().collect(),
        }
    }

    /// Whether nothing came and nothing left.
    pub fn is_empty(&self) -> bool {
        self.came.is_empty() && self.left.is_empty()
    }

    fn has_now(&self, hash: ParagraphHash) -> bool {
        self.came.contains(&hash) || self.stayed.contains(&hash)
    }
}

/// The paragraphs that came into the texts of most releases, or left them, since they were read before: their layout.
/// `shifts` has one for each release that was read again, also where nothing changed.
///
/// A release that was stored under the new layout shows nothing new, but what it has in common with what came into
/// another speaks for the layout as well.
pub fn common(shifts: &[Shift]) -> HashSet<ParagraphHash> {
    let most = |alike: usize, other: usize| {
        let all = alike + other;
        alike >= ALIKE && all >= ENOUGH && alike * 5 >= all * 4
    };
    let count = |is: &dyn Fn(&Shift) -> bool| shifts.iter().filter(|shift| is(shift)).count();
    let came = shifts.iter().flat_map(|shift| &shift.came).copied();
    let came = came.filter(|hash| {
        let alike = count(&|shift| shift.has_now(*hash));
        most(alike, shifts.len() - alike)
    });
    let left = shifts.iter().flat_map(|shift| &shift.left).copied();
    let left = left.filter(|hash| {
        let alike = count(&|shift| shift.left.contains(hash));
        most(alike, shifts.len() - alike)
    });
    came.chain(left).collect()
}

/// The HTML of a text without the paragraphs that are layout.
pub fn without(body: &str, layout: &HashSet<ParagraphHash>) -> String {
    let is_layout = |text: &str| hash(text).is_some_and(|hash| layout.contains(&hash));
    if layout.is_empty() || !html::paragraphs(body).iter().any(|one| is_layout(one)) {
        return body.to_owned();
    }
    let Some(mut document) = html::fragment(body) else {
        return body.to_owned();
    };
    // Whole blocks alone, and what stands loose between them: the same words within a sentence are the sentence's.
    let root = document.root_element().id();
    let is_whole = |node: &NodeRef<'_, Node>| match node.value() {
        Node::Element(element) => html::is_block(element.name()),
        Node::Text(_) => node.parent().is_some_and(|parent| parent.id() == root),
        _ => false,
    };
    let unwanted: Vec<_> = document
        .tree
        .nodes()
        .filter(|node| node.id() != root && is_whole(node) && is_layout(&html::line_in(*node)))
        .map(|node| node.id())
        .collect();
    for id in unwanted {
        if let Some(mut node) = document.tree.get_mut(id) {
            node.detach();
        }
    }
    document.root_element().inner_html().trim().to_owned()
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
    fn what_comes_into_every_release_or_leaves_it_is_layout() {
        let one = shift(&["A.", "B.", "Old foot"], &["A.", "B.", "Share this page"]);
        let two = shift(&["C.", "D.", "Old foot"], &["C.", "D.", "Share this page"]);
        let edited = shift(
            &["E.", "F.", "Old foot"],
            &["E.", "F. And more.", "Share this page"],
        );
        let found = common(&[one, two, edited]);
        let expected = ["Share this page", "Old foot"].map(|text| hash(text).unwrap());
        assert_eq!(found, expected.into());
        let rest = Shift::between(
            &text(&["A.", "Old foot"]),
            &text(&["A.", "SHARE this page!"]),
            &found,
        );
        assert!(rest.is_empty(), "known from now on");
    }

    #[test]
    fn an_edit_of_one_release_is_none_and_others_speak_for_it() {
        let edit = || shift(&["A.", "B."], &["UPDATE: it is over.", "A.", "B."]);
        let same = || shift(&["C."], &["C."]);
        assert!(common(&[edit()]).is_empty());
        assert!(common(&[edit(), same(), same()]).is_empty());
        assert!(common(&[edit(), edit()]).is_empty(), "too few to tell");
        assert!(common(&[edit(), edit(), same()]).is_empty());
    }

    #[test]
    fn a_release_stored_under_the_new_layout_speaks_for_it() {
        let old = shift(&["A."], &["A.", "Share this page"]);
        let new = || shift(&["C.", "Share this page"], &["C.", "Share this page"]);
        assert_eq!(common(&[old, new(), new()]).len(), 1);
    }

    #[test]
    fn the_same_words_within_a_sentence_stay() {
        let layout: HashSet<_> = [hash("Email").unwrap()].into();
        let body = "<p>Write to us by <a href=\"x\">email</a> today.</p><ul><li>Email</li></ul>";
        let stripped = without(body, &layout);
        assert_eq!(html::paragraphs(&stripped), ["Write to us by email today."]);
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
