//! OPML 2.0: all feeds at once, for readers that import lists of subscriptions.

use std::fmt::Write;

use super::{Feed, Site};
use crate::text;

pub(super) fn subscriptions(site: &Site, feeds: &[Feed]) -> String {
    let name = escape(&site.name());
    let url = escape(&site.public_url);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<opml version=\"2.0\">\n<head><title>{name} by topic (unofficial)</title></head>\n<body>\n"
    );
    let all = ("All releases", "/all.rss".to_owned());
    let topics = feeds.iter().map(|feed| (feed.title.as_str(), feed.path()));
    for (title, path) in std::iter::once(all).chain(topics) {
        let title = escape(title);
        // Writing to a string never fails.
        let _ = writeln!(
            out,
            "<outline type=\"rss\" text=\"{name}: {title}\" title=\"{name}: {title}\" xmlUrl=\"{url}{}\" htmlUrl=\"{url}/\"/>",
            escape(&path)
        );
    }
    out.push_str("</body>\n</opml>\n");
    out
}

fn escape(text: &str) -> String {
    let clean: String = text.chars().filter(|c| text::is_xml_char(*c)).collect();
    htmlize::escape_attribute(clean).into_owned()
}
