//! A headline out of markup.

use crate::{html, text};

/// A headline as plain text: entities that were escaped twice and stray markup resolved.
pub(super) fn headline(text: &str) -> String {
    let text = resolve_entities(text);
    let is_tag = |(at, _): (usize, &str)| {
        text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
    };
    if text.match_indices('<').any(is_tag) {
        // Every entity is resolved by now.
        html::plain(&text.replace('&', "&amp;"))
    } else {
        text::line(&text)
    }
}

/// Resolves what is left of entities in a text that was decoded once. HTML knows some without their semicolon, but here
/// "stop&regulate" is what was written.
fn resolve_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '#';
        let end = rest[1..].find(|c| !is_name(c)).map(|end| end + 1);
        let length = match end {
            Some(end) if end > 1 && rest[end..].starts_with(';') => {
                out.push_str(&htmlize::unescape(&rest[..=end]));
                end + 1
            }
            _ => {
                out.push('&');
                1
            }
        };
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::headline;

    #[test]
    fn a_bare_ampersand_is_no_entity() {
        assert_eq!(
            headline("Stop&regulate: Q&section &amp; R&D &rsquo;25 &#8217; <b>bold</b> &"),
            "Stop&regulate: Q&section & R&D \u{2019}25 \u{2019} bold &"
        );
    }
}
