//! Bytes to text, whatever they are labelled as.

use encoding_rs::{Encoding, WINDOWS_1252};

/// Decodes a document: by its byte order mark; as UTF-8 where it is valid, or all but valid; by the HTTP charset; by its
/// own XML or HTML label; else as windows-1252, which gives a character for every byte.
///
/// UTF-8 comes before the labels, since text that is valid UTF-8 by chance is rare and wrong labels are not. Control
/// characters from 128 on are the quotes and dashes of windows-1252, from text that was taken for ISO 8859-1 on its way.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let text = by_encoding(bytes, content_type);
    if text.contains(is_c1) {
        text.chars()
            .map(|c| if is_c1(c) { in_windows_1252(c) } else { c })
            .collect()
    } else {
        text
    }
}

fn is_c1(c: char) -> bool {
    ('\u{80}'..='\u{9F}').contains(&c)
}

fn in_windows_1252(c: char) -> char {
    let byte = [u8::try_from(u32::from(c)).unwrap_or_default()];
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
    text.chars().next().unwrap_or(c)
}

fn by_encoding(bytes: &[u8], content_type: Option<&str>) -> String {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    if is_damaged_utf8(bytes) {
        return bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    }
    let encoding = content_type
        .and_then(|value| label_after(value, "charset="))
        .or_else(|| own_label(bytes))
        // Bytes that are no UTF-8 are not made so by a label; neither is UTF-16 without its mark.
        .filter(|e| {
            *e != encoding_rs::UTF_8 && *e != encoding_rs::UTF_16LE && *e != encoding_rs::UTF_16BE
        })
        .unwrap_or(WINDOWS_1252);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// Whether this is UTF-8 but for a few bytes, as where a text was cut inside a character. In another encoding a letter
/// beyond ASCII is hardly ever followed by what UTF-8 would have there.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let mut letters = 0;
    let mut damages = 0;
    for chunk in bytes.utf8_chunks() {
        letters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        damages += usize::from(!chunk.invalid().is_empty());
    }
    letters > damages
}

fn own_label(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    label_after(&head, "encoding=").or_else(|| label_after(&head, "charset="))
}

fn label_after(text: &str, key: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let value = &lower[lower.find(key)? + key.len()..];
    let value = value.trim_start_matches(['"', '\'', ' ']);
    let end = value
        .find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.+".contains(c))
        .unwrap_or(value.len());
    Encoding::for_label(&value.as_bytes()[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_labels_wrong_labels_and_none() {
        let quoted = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\x93Chief\x94";
        assert!(decode(quoted, None).ends_with("\u{201C}Chief\u{201D}"));
        assert_eq!(
            decode(b"caf\xe9", Some("text/html; charset=ISO-8859-1")),
            "caf\u{e9}"
        );
        assert_eq!(
            decode(
                "caf\u{e9}".as_bytes(),
                Some("text/html; charset=iso-8859-1")
            ),
            "caf\u{e9}"
        );
        assert_eq!(decode(b"\xef\xbb\xbfabc", None), "abc");
        assert_eq!(decode(b"\xff\xfea\0b\0", None), "ab");
        assert_eq!(
            decode(b"<meta charset=koi8-r>\xc1", None),
            "<meta charset=koi8-r>\u{430}"
        );
        assert_eq!(decode(b"", None), "");
        let cut = [
            "Chiefs\u{2019} \u{201C}plan\u{201D}".as_bytes(),
            b" cut \xe2\x80</p>",
        ]
        .concat();
        let expected = "Chiefs\u{2019} \u{201C}plan\u{201D} cut </p>";
        assert_eq!(decode(&cut, None), expected);
    }

    #[test]
    fn quotes_that_became_control_characters_are_quotes() {
        let stray = "It\u{92}s \u{93}over\u{94}\u{85}";
        assert_eq!(
            decode(stray.as_bytes(), None),
            "It\u{2019}s \u{201C}over\u{201D}\u{2026}"
        );
    }
}
