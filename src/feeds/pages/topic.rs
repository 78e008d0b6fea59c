//! A topic's page, and that of all releases: what belongs to it, its neighbours, a chart, and its releases.

use askama::Template;

use super::{
    Feeds, For, Frame, Line, Months, PAGE, Pager, numbered_pages, page_path, rendered, topic_path,
};
use crate::feeds::{Document, Error, Site, Topic};
use crate::release::Item;

/// A topic that releases of another often have as well.
#[derive(Debug)]
pub struct Neighbour<'a> {
    /// The topic.
    pub topic: &'a Topic,
    /// How many releases have both.
    pub count: i64,
}

/// What a topic's page shows.
#[derive(Debug)]
pub struct TopicPage<'a> {
    /// The topic; none for all releases.
    pub topic: Option<&'a Topic>,
    /// How many releases it has.
    pub total: usize,
    /// Which page of them it is, as [`page_path`] counts them; none for the newest.
    pub number: Option<usize>,
    /// The releases on it, newest first.
    pub items: &'a [Item],
    /// The topics beside it.
    pub neighbours: Vec<Neighbour<'a>>,
    /// How many releases it had in the last months.
    pub months: Option<&'a Months>,
}

#[derive(Template)]
#[template(path = "topic.html")]
struct Page<'a> {
    frame: Frame<'a>,
    title: &'a str,
    scope: &'a str,
    feeds: Feeds,
    total: usize,
    neighbours: Vec<(&'a str, String, i64)>,
    chart: Option<&'a Months>,
    lines: Vec<Line<'a>>,
    pager: Pager,
}

impl TopicPage<'_> {
    /// The page.
    ///
    /// # Errors
    /// [`Error`].
    pub fn page(&self, site: &Site, made_for: For) -> Result<Document, Error> {
        let (title, scope, path) = match self.topic {
            Some(topic) => (
                topic.title.as_str(),
                topic.scope.as_str(),
                topic_path(topic),
            ),
            None => (
                "All releases",
                "Every release, whatever its topic.",
                "/all".to_owned(),
            ),
        };
        let head = match self.number {
            None => format!("{title} – {} (unofficial)", site.name()),
            Some(number) => format!("{title}, page {number} – {} (unofficial)", site.name()),
        };
        let own = page_path(&path, self.number);
        let frame = Frame::new(site, &own, made_for, head, scope).with_feeds(title, &path);
        let links = &frame.links;
        let neighbours = self.neighbours.iter().map(|one| {
            let page = links.page(&topic_path(one.topic));
            (one.topic.title.as_str(), page, one.count)
        });
        let page = Page {
            title,
            scope,
            feeds: Feeds::new(site, links, title, &path),
            total: self.total,
            neighbours: neighbours.collect(),
            chart: self.months,
            lines: Line::all(site, links, self.items),
            pager: self.pager(|number| links.page(&page_path(&path, number))),
            frame,
        };
        rendered(&page)
    }

    fn pager(&self, address: impl Fn(Option<usize>) -> String) -> Pager {
        let last = numbered_pages(self.total);
        let total = self.total;
        match self.number {
            None => Pager {
                said: format!("The newest {} of {total}", self.items.len()),
                newer: None,
                older: (last > 0).then(|| address(Some(last))),
            },
            Some(number) => Pager {
                // Without the total, which would change each page with each release.
                said: format!(
                    "{} to {}, counted from the first",
                    (number - 1) * PAGE + 1,
                    (number * PAGE).min(total)
                ),
                newer: Some(address((number < last).then_some(number + 1))),
                older: (number > 1).then(|| address(Some(number - 1))),
            },
        }
    }
}
