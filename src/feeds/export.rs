//! The whole record for researchers: a release a line, as JSON or as a row of a table. What is not for everybody is not in
//! it.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{Error, Site};
use crate::html;
use crate::release::Item;

/// A release as exports have it.
#[derive(Serialize)]
struct Exported<'a> {
    id: String,
    guid: String,
    source: &'a str,
    url: &'a str,
    title: &'a str,
    lead: Option<&'a str>,
    /// Sanitised HTML.
    body: Option<&'a str>,
    published: String,
    first_seen: String,
    updated: String,
    status: &'static str,
    notice: Option<&'static str>,
    topics: Vec<&'a str>,
    duplicates: &'a [String],
    /// All that a store keeps of it, in the store's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a Value>,
}

/// A release as a line of JSON, with its record if there is one.
///
/// # Errors
/// [`Error::Json`].
pub fn json_line(site: &Site, item: &Item, record: Option<&Value>) -> Result<String, Error> {
    let release = &item.release;
    let exported = Exported {
        id: release.guid.id(),
        guid: release.guid.to_string(),
        source: &release.source,
        url: &release.url,
        title: &release.text.title,
        lead: release.text.lead.as_deref(),
        body: release.text.body.as_deref(),
        published: time(release.published),
        first_seen: time(release.first_seen),
        updated: time(release.updated),
        status: release.status.as_str(),
        notice: release.notice(),
        topics: site
            .topics_of(item)
            .map(|topic| topic.id.as_str())
            .collect(),
        duplicates: &item.duplicates,
        record,
    };
    Ok(serde_json::to_string(&exported)? + "\n")
}

/// The names of a table's columns. Topics and duplicates are parted by spaces, paragraphs of the text by empty lines.
///
/// # Errors
/// [`Error::Csv`].
pub fn csv_head() -> Result<Vec<u8>, Error> {
    row(&[
        "id",
        "guid",
        "source",
        "url",
        "title",
        "lead",
        "text",
        "published",
        "first_seen",
        "updated",
        "status",
        "notice",
        "topics",
        "duplicates",
    ])
}

/// A release as a row of a table. A cell that a spreadsheet would take for a formula is told to it as text by an apostrophe
/// at its beginning; lines of JSON have all as it is.
///
/// # Errors
/// [`Error::Csv`].
pub fn csv_row(site: &Site, item: &Item) -> Result<Vec<u8>, Error> {
    let release = &item.release;
    let text = release.text.body.as_deref().map(html::paragraphs);
    let topics: Vec<&str> = site
        .topics_of(item)
        .map(|topic| topic.id.as_str())
        .collect();
    row(&[
        &release.guid.id(),
        &release.guid.to_string(),
        &release.source,
        &release.url,
        &release.text.title,
        release.text.lead.as_deref().unwrap_or_default(),
        &text.unwrap_or_default().join("\n\n"),
        &time(release.published),
        &time(release.first_seen),
        &time(release.updated),
        release.status.as_str(),
        release.notice().unwrap_or_default(),
        &topics.join(" "),
        &item.duplicates.join(" "),
    ])
}

fn row(fields: &[&str]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(&mut bytes);
    writer.write_record(fields.iter().copied().map(as_text).map(Cow::into_owned))?;
    writer.flush().map_err(csv::Error::from)?;
    drop(writer);
    Ok(bytes)
}

/// A cell that no spreadsheet runs (<https://owasp.org/www-community/attacks/CSV_Injection>). Quotation marks around it would
/// not help, as they are gone when it is looked at.
fn as_text(field: &str) -> Cow<'_, str> {
    const BEGIN_FORMULAS: [char; 11] = [
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
    ];
    if field.starts_with(BEGIN_FORMULAS) {
        Cow::Owned(format!("'{field}"))
    } else {
        Cow::Borrowed(field)
    }
}

fn time(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
