//! XML as publishers write it, made into XML that a parser accepts.

use std::borrow::Cow;

use crate::text::is_xml_char;

/// Mends a feed's text outside CDATA sections and comments: entities that only HTML declares become their characters,
/// a bare `&` and a bare `<` are escaped. Characters that XML forbids are dropped everywhere, numeric references to
/// them too. The XML declaration goes, as its encoding no longer holds.
pub fn clean(text: &str) -> String {
    let mut rest = without_declaration(text);
    let mut out = String::with_capacity(rest.len() + rest.len() / 16);
    while let Some(at) = rest.find(['&', '<']) {
        push(&mut out, &rest[..at]);
        rest = &rest[at..];
        let taken = if rest.starts_with('&') {
            reference(&mut out, rest)
        } else {
            markup(&mut out, rest)
        };
        rest = &rest[taken..];
    }
    push(&mut out, rest);
    out
}

fn without_declaration(text: &str) -> &str {
    let text =
        text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || !is_xml_char(c));
    match text
        .strip_prefix("<?xml")
        .and_then(|rest| rest.find("?>").map(|end| &rest[end + 2..]))
    {
        Some(rest) => rest,
        None => text,
    }
}

fn push(out: &mut String, text: &str) {
    out.extend(text.chars().filter(|c| is_xml_char(*c)));
}

/// Copies a section that begins with `<`; returns its length.
fn markup(out: &mut String, rest: &str) -> usize {
    for (begin, end) in [("<![CDATA[", "]]>"), ("<!--", "-->")] {
        if rest.starts_with(begin) {
            let length = rest.find(end).map_or(rest.len(), |at| at + end.len());
            push(out, &rest[..length]);
            return length;
        }
    }
    let is_tag = rest[1..]
        .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?' | '_'));
    out.push_str(if is_tag { "<" } else { "&lt;" });
    1
}

/// Writes what the reference at the beginning of `rest` means; returns its length.
fn reference(out: &mut String, rest: &str) -> usize {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_know_is_mended() {
        assert_eq!(
            clean("<t>A&nbsp;B&rsquo;s R&D &amp; C</t>"),
            "<t>A\u{A0}B\u{2019}s R&amp;D &amp; C</t>"
        );
        assert_eq!(
            clean("<t>1 < 2 &lt; 3 & 4; x</t>"),
            "<t>1 &lt; 2 &lt; 3 &amp; 4; x</t>"
        );
        assert_eq!(
            clean("<t>a&#1;b&#x26;c\u{1}d&#8217;e</t>"),
            "<t>ab&amp;cd\u{2019}e</t>"
        );
        assert_eq!(
            clean("<a href=\"?x=1&copy=2&y;\"/>"),
            "<a href=\"?x=1&amp;copy=2&amp;y;\"/>"
        );
    }

    #[test]
    fn cdata_and_comments_stay_but_for_forbidden_characters() {
        let text = "<d><![CDATA[<p>a & b&nbsp;\u{2}</p>]]></d><!-- & -->";
        assert_eq!(
            clean(text),
            "<d><![CDATA[<p>a & b&nbsp;</p>]]></d><!-- & -->"
        );
        assert_eq!(clean("<d><![CDATA[open"), "<d><![CDATA[open");
    }

    #[test]
    fn the_declaration_goes() {
        assert_eq!(
            clean("\u{FEFF} \n<?xml version=\"1.0\" encoding=\"x\"?><rss/>"),
            "<rss/>"
        );
    }
}
