//! What becomes of pages that were read again: edits are taken in, a new layout of the site is not.

use std::collections::HashSet;

use chrono::TimeDelta;

use super::cycle::Cycle;
use super::edits::Outcome;
use super::pages::Reread;
use super::reading::Read;
use super::{Error, apart, paragraphs};
use crate::fetch::Wanted;
use crate::html;
use crate::layout::{self, ParagraphHash, Shift};
use crate::release::{Article, DatedText, Reading, Text, seen};
use crate::store::Due;

/// As many pages show whether a change is the site's or one release's.
const ENOUGH: usize = 3;
/// As long as this after it was seen, a change of layout is told of.
const TOLD: TimeDelta = TimeDelta::days(7);

impl Cycle<'_> {
    /// Takes in the pages that were read again, and plans when they are read next.
    pub(super) async fn take_reread(&mut self, mut pages: Vec<Reread>) -> Result<(), Error> {
        let mut layout = self.store.layout(&self.source.id).await?;
        let mut shifts = Vec::new();
        for page in &pages {
            shifts.push(shift(page, &layout).await?);
        }
        // Pages that were not due show whether a change is the site's: a request or two, and only where there is one.
        let mut except: Vec<_> = pages.iter().map(|page| page.due.guid).collect();
        while shifts.iter().any(|shift| !shift.is_empty()) && shifts.len() < ENOUGH {
            let Some(control) = self.control(&mut except).await? else {
                break;
            };
            shifts.push(shift(&control, &layout).await?);
            pages.push(control);
        }
        let common = layout::common(&shifts);
        if !common.is_empty() {
            self.store
                .layout_changed(&self.source.id, &common, self.now)
                .await?;
            layout.extend(common);
        }
        for page in pages {
            // It stays due until it is taken in, so what was disturbed is read in the next cycle.
            self.begin_piece().await?;
            let done = self.take_one(page, &layout).await;
            self.end_piece(done)?;
        }
        Ok(())
    }

    async fn take_one(
        &mut self,
        page: Reread,
        layout: &HashSet<ParagraphHash>,
    ) -> Result<(), Error> {
        let Reread { due, changed, .. } = page;
        let Some((article, receipt)) = changed else {
            return Ok(());
        };
        // Other pages were read since.
        let Some(before) = self.store.own_text(due.guid).await? else {
            return Ok(());
        };
        let published = before.published;
        // What the layout has taken away is no edit either.
        let before = DatedText {
            text: Text {
                body: match &before.text.body {
                    Some(body) => Some(self.without_layout(body, layout).await?),
                    None => None,
                },
                ..before.text
            },
            ..before
        };
        let text = Text {
            title: article
                .title
                .clone()
                .unwrap_or_else(|| before.text.title.clone()),
            lead: None,
            body: Some(self.body(&article, layout).await?),
        };
        let lead = match due.is_withdrawn {
            // What the newsroom took down with it is not what it says now.
            true => self.announced_lead(&due).await?,
            false => before.text.lead.clone(),
        };
        let text = Text { lead, ..text };
        let outcome = self
            .revise((due.guid, &due.url), &before, text, Some(article.reading))
            .await?;
        // A copy's page is never read again: its words are not the release's.
        if outcome != Outcome::Folded {
            // A release that was withdrawn is shown again when what is there now is stored, and not before.
            self.is_there(&due).await?;
            self.keep(&receipt).await?;
            self.plan_reading(&due, published).await?;
        }
        Ok(())
    }

    /// An article's text without what is known to be the site's layout.
    pub(super) async fn body(
        &self,
        article: &Article,
        layout: &HashSet<ParagraphHash>,
    ) -> Result<String, Error> {
        self.without_layout(&article.body, layout).await
    }

    async fn without_layout(
        &self,
        body: &str,
        layout: &HashSet<ParagraphHash>,
    ) -> Result<String, Error> {
        let (body, layout) = (body.to_owned(), layout.clone());
        apart(move || layout::without(&body, &layout)).await
    }

    /// The lead that the newsroom last announced for a page's release.
    async fn announced_lead(&self, due: &Due) -> Result<Option<String>, Error> {
        let path = std::slice::from_ref(&due.path);
        let known = self.store.known(&self.source.id, path).await?;
        let said = known.get(&due.path).and_then(|address| {
            address
                .feed_seen
                .clone()
                .or_else(|| address.listing_seen.clone())
        });
        Ok(said.and_then(|said| seen::lead(&said).map(str::to_owned)))
    }

    /// Notes that the selectors do not find what they did.
    pub(super) async fn layout_has_changed(&self) -> Result<(), Error> {
        let (source, nothing) = (&self.source.id, HashSet::new());
        Ok(self
            .store
            .layout_changed(source, &nothing, self.now)
            .await?)
    }

    /// Another release's page, read now.
    async fn control(
        &mut self,
        except: &mut Vec<crate::release::Guid>,
    ) -> Result<Option<Reread>, Error> {
        let Some(due) = self.store.newest_page(&self.source.id, except).await? else {
            return Ok(None);
        };
        except.push(due.guid);
        let (Some(before), Some(url)) =
            (self.store.own_text(due.guid).await?, self.address(&due.url))
        else {
            return Ok(None);
        };
        let read = self.read_article(&url, Wanted::Now).await?;
        let changed = match read {
            Read::Changed(article, receipt) => Some((article, receipt)),
            Read::Unchanged(_) | Read::Fresh(..) => None,
            Read::Failed(_) => return Ok(None),
        };
        Ok(Some(Reread {
            due,
            before,
            changed,
        }))
    }

    /// Tells of a change of layout while it is recent.
    pub(super) async fn tell_of_layout(&mut self) -> Result<(), Error> {
        let progress = self.store.progress(&self.source.id).await?;
        // One "in the future" is from a clock that was set back.
        let is_recent = progress
            .layout_changed
            .is_some_and(|at| self.now - at < TOLD && at <= self.ingest.clock.now());
        if is_recent {
            let text = "the layout of the newsroom's pages has changed, which is no edit of any release: compare \
                        [sources.select] with the pages"
                .to_owned();
            self.alarm("layout", text);
        }
        Ok(())
    }
}

/// What shifted between what is stored and what is there now.
async fn shift(page: &Reread, layout: &HashSet<ParagraphHash>) -> Result<Shift, Error> {
    let before = page.before.text.clone();
    let Some((article, _)) = &page.changed else {
        // Also what stays shows something: it speaks against a paragraph that came into others.
        let layout = layout.clone();
        return apart(move || {
            let text = paragraphs(&before);
            Shift::between(&text, &text, &layout)
        })
        .await;
    };
    let after = article.body.clone();
    let (layout, reading) = (layout.clone(), article.reading);
    apart(move || {
        // What had no text before is completed, and what the selectors do not find is another text: both show nothing.
        if before.body.is_none() || reading != Reading::Selectors {
            return Shift::default();
        }
        Shift::between(&paragraphs(&before), &html::paragraphs(&after), &layout)
    })
    .await
}
