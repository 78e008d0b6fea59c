//! Entities and other references, of XML, of HTML, and of neither.

use std::borrow::Cow;

use crate::text::is_xml_char;

/// Writes text without the characters that XML forbids.
pub(super) fn push(out: &mut String, text: &str) {
    out.extend(text.chars().filter(|c| is_xml_char(*c)));
}

/// Writes text with every bare `&` and `<` escaped.
pub(super) fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        push(out, &rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('&') {
            reference(out, rest)
        } else {
            out.push_str("&lt;");
            1
        };
        rest = &rest[taken..];
    }
    push(out, rest);
}

/// Writes what the reference at the beginning of `rest` means; returns its length.
pub(super) fn reference(out: &mut String, rest: &str) -> usize {
    // The longest name that HTML has is CounterClockwiseContourIntegral.
    let end = rest
        .char_indices()
        .take(40)
        .find(|(_, c)| *c == ';')
        .map(|(at, _)| at + 1);
    let Some(end) = end else {
        out.push_str("&amp;");
        return 1;
    };
    let entity = &rest[..end];
    let name = &entity[1..end - 1];
    if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
        out.push_str(entity);
        return end;
    }
    match htmlize::unescape(entity) {
        Cow::Owned(meaning) if name.starts_with('#') || !meaning.contains('&') => {
            for c in meaning.chars().filter(|c| is_xml_char(*c)) {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    // It may stand in an attribute.
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&apos;"),
                    c => out.push(c),
                }
            }
            end
        }
        _ => {
            out.push_str("&amp;");
            1
        }
    }
}
