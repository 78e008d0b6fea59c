//! OPML 2.0: many feeds at once, for readers that import lists of subscriptions.

use std::fmt::Write;

use super::{Format, Site, Topic};
use crate::text;

/// All feeds in a format; only those of `picked`, if there are any.
pub(super) fn subscriptions(site: &Site, picked: &[&Topic], format: Format) -> String {
    let name = escape(&site.name());
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head><title>{name} by topic (unofficial)</title></head>\n<body>\n"
    );
    let mut outline = |title: &str, path: &str, page: &str| {
        let title = escape(title);
        // There is one format of it.
        let format = if path == "/revisions" {
            Format::Rss
        } else {
            format
        };
        let feed = escape(&site.address(path, format));
        let page = escape(&site.page_address(page));
        // The attribute's value is the same for all formats, as readers look at what they fetch. Writing to a string never
        // fails.
        let _ = writeln!(
            out,
            "<outline type=\"rss\" text=\"{name}: {title}\" title=\"{name}: {title}\" xmlUrl=\"{feed}\" htmlUrl=\"{page}\"/>"
        );
    };
    if picked.is_empty() {
        outline("All releases", "/all", "/");
    }
    for topic in &site.topics {
        if picked.is_empty() || picked.iter().any(|one| one.id == topic.id) {
            let path = format!("/topics/{}", topic.id);
            outline(&topic.title, &path, &path);
        }
    }
    if picked.is_empty() {
        outline("Edits", "/revisions", "/");
    }
    out.push_str("</body>\n</opml>\n");
    out
}

fn escape(text: &str) -> String {
    let clean: String = text.chars().filter(|c| text::is_xml_char(*c)).collect();
    htmlize::escape_attribute(clean).into_owned()
}
