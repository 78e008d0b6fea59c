//! What is shown of one release: releases with their topics, copies and history.

use std::collections::HashMap;

use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use url::Url;

use super::{Error, Result, Store, dated_text_in, guid_in, json_in, placeholders, time_in};
use crate::difference::{Difference, PartDifference};
use crate::release::{
    CanonicalPath, Cause, DatedText, Guid, Item, Merge, Reading, Related, Release, Revision,
    Status, Tag, Text,
};
use crate::topics::Correction;

/// A release with everything that explains it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownRelease {
    /// The release.
    pub item: Item,
    /// Its topics with their evidence.
    pub tags: Vec<Tag>,
    /// A person's word on them.
    pub corrections: Vec<Correction>,
    /// Its copies, oldest first.
    pub merges: Vec<Merge>,
    /// The releases that it is like and yet is not, newest first.
    pub related: Vec<Related>,
    /// Its history, oldest first.
    pub revisions: Vec<Revision>,
    /// How its text was found on its page.
    pub reading: Option<Reading>,
}

impl ShownRelease {
    /// What each revision changed against the one before. What of a release is for nobody is not told by its differences
    /// either, nor what was once withdrawn: it may be shown again without the words for which it was.
    pub fn differences(&self) -> Vec<Vec<PartDifference>> {
        let is_public = self.item.release.notice().is_none();
        let mut withdrawn = self.revisions.iter();
        let withdrawn = withdrawn.rposition(|one| one.cause == Cause::Withdrawn.as_str());
        // Behind the withdrawal comes the one by which it is shown again, which is new as a whole.
        let first = withdrawn.map_or(1, |at| at + 2);
        let mut before: Option<&Text> = None;
        let each = self.revisions.iter().enumerate().map(|(at, revision)| {
            let now = &revision.text;
            let before = before.replace(now);
            match before {
                // A text that a person has removed leaves a hole, and no difference tells what stood there.
                Some(before)
                    if is_public && at >= first && now.body.is_some() && before.body.is_some() =>
                {
                    Difference::between(before, now).parts
                }
                _ => Vec::new(),
            }
        });
        each.collect()
    }
}

impl Store {
    /// The ids of the sources whose releases there are.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn sources(&self) -> Result<Vec<String>> {
        let rows = sqlx::query("SELECT DISTINCT source FROM releases ORDER BY source")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// One release.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn item(&self, guid: Guid) -> Result<Option<Item>> {
        let rows =
            sqlx::query("SELECT r.* FROM releases r WHERE r.guid = $1 AND r.merged_into IS NULL")
                .bind(guid.to_string())
                .fetch_all(&self.pool)
                .await?;
        Ok(self.items(&rows).await?.pop())
    }

    /// One release's text and date, for comparing.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn dated_text(&self, guid: Guid) -> Result<Option<DatedText>> {
        let row = sqlx::query("SELECT title, lead, body, published FROM releases WHERE guid = $1")
            .bind(guid.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(dated_text_in).transpose()
    }

    /// How a release's text was found on its page; none while it has none.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn reading(&self, guid: Guid) -> Result<Option<Reading>> {
        let row = sqlx::query("SELECT reading FROM releases WHERE guid = $1")
            .bind(guid.to_string())
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let text: Option<String> = row.try_get("reading")?;
        Ok([Reading::Selectors, Reading::Readability]
            .into_iter()
            .find(|reading| Some(reading.as_str()) == text.as_deref()))
    }

    /// One release with everything that explains it.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn show(&self, guid: Guid) -> Result<Option<ShownRelease>> {
        let Some(item) = self.item(guid).await? else {
            return Ok(None);
        };
        let mut tags = self.tags(guid).await?;
        let mut merges = self.merges(guid).await?;
        if item.release.notice().is_some() {
            // What was found in the text tells what it said.
            let evidence = tags.iter_mut().map(|tag| &mut tag.evidence);
            evidence.for_each(|found| found.retain(|one| one.r#where == "title"));
            // So are the words in which a copy differs.
            merges.iter_mut().for_each(|merge| merge.reason.clear());
        }
        Ok(Some(ShownRelease {
            item,
            tags,
            corrections: self.corrections(guid).await?,
            merges,
            related: self.related(guid).await?,
            revisions: self.revisions(guid).await?,
            reading: self.reading(guid).await?,
        }))
    }

    /// The releases that an id may mean: a guid, the beginning of one, or any address of a release.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn find(&self, id: &str) -> Result<Vec<Guid>> {
        let rows = if let Ok(url) = Url::parse(id)
            && url.has_host()
        {
            let path = CanonicalPath::of(&url);
            sqlx::query("SELECT DISTINCT guid FROM addresses WHERE path = $1 ORDER BY guid")
                .bind(path.as_str().to_owned())
                .fetch_all(&self.pool)
                .await?
        } else {
            let prefix = id.strip_prefix("urn:uuid:").unwrap_or(id).to_lowercase();
            if prefix.is_empty() || !prefix.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
                return Ok(Vec::new());
            }
            // A release that became part of another is found by the guid that it had.
            sqlx::query(
                "SELECT DISTINCT COALESCE(merged_into, guid) AS guid FROM releases WHERE guid LIKE $1
                 ORDER BY 1 LIMIT 10",
            )
                .bind(format!("urn:uuid:{prefix}%"))
                .fetch_all(&self.pool)
                .await?
        };
        rows.iter().map(guid_in).collect()
    }

    async fn merges(&self, guid: Guid) -> Result<Vec<Merge>> {
        let rows = sqlx::query("SELECT * FROM merges WHERE guid = $1 ORDER BY at, path, source")
            .bind(guid.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Merge {
                    url: row.try_get("url")?,
                    title: row.try_get("title")?,
                    at: time_in(row, "at")?,
                    verdict: row.try_get("verdict")?,
                    reason: row.try_get("reason")?,
                })
            })
            .collect()
    }

    /// A release's history, oldest first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn revisions(&self, guid: Guid) -> Result<Vec<Revision>> {
        let rows = sqlx::query("SELECT * FROM revisions WHERE guid = $1 ORDER BY number")
            .bind(guid.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Revision {
                    number: row.try_get("number")?,
                    at: time_in(row, "at")?,
                    cause: row.try_get("cause")?,
                    title: row.try_get("title")?,
                    changed: json_in(&row.try_get::<String, _>("changed")?, "what changed")?,
                    weight: row.try_get("weight")?,
                    is_copys: row.try_get::<Option<String>, _>("copy_path")?.is_some(),
                    text: Text {
                        title: row.try_get("title")?,
                        lead: row.try_get("lead")?,
                        body: row.try_get("body")?,
                    },
                })
            })
            .collect()
    }

    pub(super) async fn items(&self, rows: &[AnyRow]) -> Result<Vec<Item>> {
        let releases = rows
            .iter()
            .map(release_of)
            .collect::<Result<Vec<Release>>>()?;
        let guids: Vec<Guid> = releases.iter().map(|release| release.guid).collect();
        let mut topics = self
            .by_guid("SELECT guid, topic FROM tags", "topic", &guids)
            .await?;
        let mut duplicates = self
            .by_guid("SELECT guid, url FROM merges", "at, path, source", &guids)
            .await?;
        Ok(releases
            .into_iter()
            .map(|release| Item {
                topics: topics.remove(&release.guid).unwrap_or_default(),
                duplicates: duplicates.remove(&release.guid).unwrap_or_default(),
                release,
            })
            .collect())
    }

    /// The second column of a statement for each of some releases.
    async fn by_guid(
        &self,
        select: &'static str,
        order: &'static str,
        guids: &[Guid],
    ) -> Result<HashMap<Guid, Vec<String>>> {
        let mut found: HashMap<Guid, Vec<String>> = HashMap::new();
        for some in guids.chunks(500) {
            let sql = format!(
                "{select} WHERE guid IN ({}) ORDER BY {order}",
                placeholders(1, some.len())
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for guid in some {
                query = query.bind(guid.to_string());
            }
            for row in query.fetch_all(&self.pool).await? {
                found
                    .entry(guid_in(&row)?)
                    .or_default()
                    .push(row.try_get(1)?);
            }
        }
        Ok(found)
    }
}

/// A release as it is shown. Text that its publisher withdrew or a person removed is public nowhere, so it stops here,
/// where all that is shown comes by.
fn release_of(row: &AnyRow) -> Result<Release> {
    let DatedText {
        mut text,
        published,
    } = dated_text_in(row)?;
    let status = status_in(row)?;
    let is_redacted = row.try_get::<Option<String>, _>("redacted")?.is_some();
    if is_redacted || status == Status::Withdrawn {
        text.lead = None;
        text.body = None;
    }
    Ok(Release {
        is_redacted,
        guid: guid_in(row)?,
        source: row.try_get("source")?,
        url: row.try_get("url")?,
        text,
        published,
        first_seen: time_in(row, "first_seen")?,
        updated: time_in(row, "updated")?,
        status,
    })
}

fn status_in(row: &AnyRow) -> Result<Status> {
    let text: String = row.try_get("status")?;
    [Status::Current, Status::Withdrawn]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or(Error::Row {
            what: "a release's status",
            why: format!("{text:?} is no status"),
        })
}
