//! The feed, with the habits of the real platform: no XML declaration, the lead alone, entities that XML does not know.

use chrono::{NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Europe::London;

use super::{IN_FEED, Item};

pub(super) fn rss(items: &[Item], origin: &str) -> String {
    let entries: String = items
        .iter()
        .take(IN_FEED)
        .map(|item| entry(item, origin))
        .collect();
    format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\
         <title>Newsroom</title><link>{origin}/</link><description>News</description><language>en-GB</language>\
         <generator>PRgloo</generator><atom:link href=\"{origin}/feed/rss\" rel=\"self\"/>{entries}</channel></rss>"
    )
}

fn entry(item: &Item, origin: &str) -> String {
    // Titles are written by hand: apostrophes as an HTML entity, ampersands as they come.
    let title = item
        .title
        .replace('’', "&rsquo;")
        .replace('\u{a0}', "&nbsp;")
        .replace('<', "&lt;");
    let description = if item.lead.is_empty() {
        String::new()
    } else {
        format!(
            "<description><![CDATA[<p><strong>{}</strong></p>]]></description>",
            item.lead
        )
    };
    format!(
        "<item><guid isPermaLink=\"false\">{}</guid><link>{origin}{}</link><title>{title}</title>{description}<pubDate>{}</pubDate></item>\n",
        item.guid(),
        item.path(),
        published(item),
    )
}

/// `Thu, 02 Jul 2020 23:01:00 Z`: the zone letter means UTC.
fn published(item: &Item) -> String {
    let day: NaiveDate = item.date.parse().unwrap_or_default();
    let time = item
        .time
        .as_deref()
        .and_then(|time| NaiveTime::parse_from_str(time, "%H:%M").ok());
    let local = day.and_time(
        time.or(NaiveTime::from_hms_opt(9, 30, 0))
            .unwrap_or_default(),
    );
    let instant = London
        .from_local_datetime(&local)
        .earliest()
        .map_or(local.and_utc(), |t| t.with_timezone(&Utc));
    instant.format("%a, %d %b %Y %H:%M:%S Z").to_string()
}
