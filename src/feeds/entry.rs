//! What feeds of all formats say of a release.

use chrono::{DateTime, Utc};

use super::Site;
use crate::config::Content;
use crate::release::Item;
use crate::{html, text};

/// An entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its identity, which never changes.
    pub id: String,
    /// Its title, plain text.
    pub title: String,
    /// Where it is to be read.
    pub url: String,
    /// When it was published; it never moves.
    pub published: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// Whether that was after it was first shown.
    pub is_edited: bool,
    /// What a reader previews, plain text; may be empty.
    pub preview: String,
    /// All that it says, sanitised HTML.
    pub content: Option<String>,
    /// The titles of its topics.
    pub topics: Vec<String>,
    /// Whose it is, and the address of their own feed.
    pub publisher: Option<(String, String)>,
}

impl Entry {
    /// A release as an entry. One that its publisher has changed keeps its place and carries a short note.
    pub(super) fn of(site: &Site, item: &Item) -> Entry {
        let release = &item.release;
        let mut preview = preview(item);
        let mut content = match (&release.text.body, site.content) {
            (Some(body), Content::Full) => Some(body.clone()),
            _ => None,
        };
        let is_edited = release.updated > release.first_seen;
        if is_edited && release.notice().is_none() {
            let day = text::day(release.updated);
            let page = format!("{}/releases/{}.html", site.public_url, release.guid.id());
            match &mut content {
                Some(content) => {
                    let page = htmlize::escape_attribute(&page);
                    let note = format!(
                        "<p><em>Changed by its publisher on {day}: <a href=\"{page}\">what changed</a>.</em></p>"
                    );
                    content.insert_str(0, &note);
                }
                None => {
                    let note = format!("[Changed by its publisher on {day}.]");
                    preview = format!("{preview} {note}").trim().to_owned();
                }
            }
        }
        Entry {
            id: release.guid.to_string(),
            title: release.text.title.clone(),
            url: release.url.clone(),
            published: release.published,
            updated: release.updated,
            is_edited,
            preview,
            content,
            topics: site
                .topics_of(item)
                .map(|topic| topic.title.clone())
                .collect(),
            publisher: site
                .publisher(&release.source)
                .map(|publisher| (publisher.title.clone(), publisher.url.clone())),
        }
    }
}

/// What a reader previews: the lead, else the first paragraph, else nothing.
pub(super) fn preview(item: &Item) -> String {
    if let Some(notice) = item.release.notice() {
        return notice.to_owned();
    }
    let text = &item.release.text;
    let first = || {
        let body = text.body.as_deref()?;
        html::paragraphs(body).into_iter().next()
    };
    text.lead.clone().or_else(first).unwrap_or_default()
}
