//! The listing and the release pages, with all that surrounds a text on a real site.

use chrono::NaiveDate;

use super::{A_PAGE, Item};

pub(super) fn listing(items: &[&Item], page: usize, path: &str, origin: &str) -> String {
    let cards: String = items
        .iter()
        .skip((page - 1) * A_PAGE)
        .take(A_PAGE)
        .map(|item| card(item, origin))
        .collect();
    let pages = items.len().div_ceil(A_PAGE);
    frame(
        "Releases",
        origin,
        &format!(
            "<h1>Releases</h1><div class=\"cards\">{cards}</div>\
             <p class=\"pager\">Page {page} of {pages} <a href=\"{origin}{path}\">Newest</a> \
             <a href=\"{origin}{path}?page={pages}\">Oldest</a></p>"
        ),
    )
}

fn card(item: &Item, origin: &str) -> String {
    let summary = if item.lead.is_empty() {
        String::new()
    } else {
        format!("<p class=\"card__summary\">{}</p>", escape(&item.lead))
    };
    format!(
        "<div class=\"card\"><div class=\"card__body\"><time class=\"card__date\">{}</time>\
         <a class=\"card__link\" href=\"{origin}{}\">{}</a>{summary}</div></div>\n",
        day(item),
        item.path(),
        escape(&item.title),
    )
}

pub(super) fn release(item: &Item, all: &[Item], origin: &str) -> String {
    let related: String = all
        .iter()
        .filter(|other| other.id != item.id)
        .take(3)
        .map(|other| {
            format!(
                "<li><a href=\"{origin}{}\">{}</a></li>",
                other.path(),
                escape(&other.title)
            )
        })
        .collect();
    let main = format!(
        "<article><h1 class=\"content-title\">{}</h1><p class=\"date\">{}</p>\
         <div class=\"content-body\">{}<div class=\"contact-info\"><h3>Contact Information</h3>\
         <p>Press office, 020 7946 0000, press@newsroom.example</p></div></div></article>\
         <aside><h2>Related releases</h2><ul>{related}</ul></aside>",
        escape(&item.title),
        day(item),
        body(item),
    );
    frame(&item.title, origin, &main)
}

/// Paragraphs, and lists where lines begin with a bullet.
fn body(item: &Item) -> String {
    let mut out = String::new();
    for paragraph in item
        .body
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
    {
        let bullets: Vec<&str> = paragraph
            .lines()
            .filter_map(|line| line.trim().strip_prefix('•'))
            .collect();
        if bullets.is_empty() {
            out += &format!("<p>{}</p>\n", escape(paragraph.trim()));
        } else {
            let list: String = bullets
                .iter()
                .map(|bullet| format!("<li>{}</li>", escape(bullet.trim())))
                .collect();
            out += &format!("<ul>{list}</ul>\n");
        }
    }
    out
}

fn frame(title: &str, origin: &str, main: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <script>window.consent = false;</script></head><body>\
         <div class=\"cookie-banner\"><p>We use cookies.</p><button>Accept all</button></div>\
         <nav><a href=\"{origin}/\">Home</a> <a href=\"{origin}/releases\">Releases</a></nav>\
         <main>{main}</main><footer><p>An invented newsroom.</p></footer></body></html>\n",
        escape(title),
    )
}

fn day(item: &Item) -> String {
    let day: NaiveDate = item.date.parse().unwrap_or_default();
    day.format("%d %b %Y").to_string()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
