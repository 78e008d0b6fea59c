//! What becomes of pages that were read again: edits are taken in, a new layout of the site is not.

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

use super::cycle::Cycle;
use super::edits::Outcome;
use super::pages::Reread;
use super::reading::Read;
use super::{Error, apart, paragraphs};
use crate::fetch::Wanted;
use crate::html;
use crate::layout::{self, ParagraphHash, Shift};
use crate::newsroom::Reader;
use crate::release::{Article, Reading, Text};

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
        // Pages that were not due show whether a change is the site's: one request or two, and only where it may be.
        let mut except: Vec<_> = pages.iter().map(|page| page.due.guid).collect();
        while shifts.iter().any(Shift::may_be_layout) && shifts.len() < ENOUGH {
            let Some(control) = self.control(&mut except).await? else {
                break;
            };
            shifts.push(shift(&control, &layout).await?);
            pages.push(control);
        }
        let common = layout::common(&shifts.iter().collect::<Vec<_>>());
        if !common.is_empty() {
            self.store
                .layout_changed(&self.source.id, &common, self.now)
                .await?;
            layout.extend(common.into_keys());
        }
        for page in pages {
            self.take_one(page, &layout).await?;
        }
        Ok(())
    }

    async fn take_one(
        &mut self,
        page: Reread,
        layout: &HashSet<ParagraphHash>,
    ) -> Result<(), Error> {
        let Reread {
            due,
            before,
            changed,
        } = page;
        let Some((article, receipt)) = changed else {
            return Ok(());
        };
        let published = before.published;
        let text = Text {
            title: article
                .title
                .clone()
                .unwrap_or_else(|| before.text.title.clone()),
            lead: before.text.lead.clone(),
            body: Some(self.body(&article, layout).await?),
        };
        let outcome = self
            .revise(
                due.guid,
                (&due.path, &due.url),
                &before,
                text,
                Some(article.reading),
            )
            .await?;
        // A copy's page is never read again: its words are not the release's.
        if outcome != Outcome::Folded {
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
        let (body, layout) = (article.body.clone(), layout.clone());
        apart(move || layout::without(&body, &layout)).await
    }

    /// Notes that the selectors do not find what they did.
    pub(super) async fn layout_has_changed(&self) -> Result<(), Error> {
        let (source, nothing) = (&self.source.id, HashMap::new());
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
        let (Some(before), Some(url)) = (
            self.store.dated_text(due.guid).await?,
            self.address(&due.url),
        ) else {
            return Ok(None);
        };
        let read = self
            .try_to_read(&url, Wanted::IfChanged, Reader::article)
            .await?;
        let changed = match read {
            Read::Changed(article, receipt) => Some((article, receipt)),
            Read::Unchanged(_) => None,
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
        let is_recent = progress
            .layout_changed
            .is_some_and(|at| self.now - at < TOLD);
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
    let Some((article, _)) = &page.changed else {
        return Ok(Shift::default());
    };
    let (before, after) = (page.before.text.clone(), article.body.clone());
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
