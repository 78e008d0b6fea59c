//! One start tag of a feed.

/// No honest tag is longer.
const LONGEST_TAG: usize = 16 * 1024;

/// A start tag.
pub(super) struct Tag<'a> {
    pub name: &'a str,
    /// What stands between the name and `>`, the slash of an empty element included.
    pub attributes: &'a str,
    /// How many attributes these are, at most.
    pub count: usize,
    pub is_empty: bool,
    /// From `<` to `>`.
    pub length: usize,
}

impl<'a> Tag<'a> {
    /// Reads the start tag at the beginning of `text`; nothing where another tag begins before it ends.
    pub fn read(text: &'a str) -> Option<Tag<'a>> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.');
        let name = &text[1..1 + text[1..].find(|c| !is_name(c))?];
        let mut quote = None;
        let mut count = 0;
        let from = 1 + name.len();
        for (at, byte) in text.bytes().enumerate().skip(from).take(LONGEST_TAG) {
            match (quote, byte) {
                (Some(open), _) if byte == open => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'<') => return None,
                (None, b'>') => {
                    let attributes = &text[from..at];
                    let is_empty = attributes.ends_with('/');
                    let length = at + 1;
                    return Some(Tag {
                        name,
                        attributes,
                        count,
                        is_empty,
                        length,
                    });
                }
                (None, b'=' | b' ' | b'\n' | b'\r' | b'\t') => count += 1,
                (None, _) => {}
            }
        }
        None
    }
}
