//! A copy is freed, so that it is a release by itself.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::{AnyConnection, Row};

use super::{StoredCopy, copy_at, pairs, with_its_parts};
use crate::release::{Cause, DatedText, Guid};
use crate::store::ingest::{Derived, add_release, is_news, write_derived};
use crate::store::redactions::{Redaction, redact_new};
use crate::store::related::{relate, rule};
use crate::store::shown::{Touch, edits_changed, touch};
use crate::store::sketches::write_sketch;
use crate::store::tags::Entrance;
use crate::store::{
    RULING, Result, Store, Tx, dated_text_in, guid_in, optional_time_in, raise, time_in,
};

/// What a release that was split off is told to be.
pub(super) const KEPT_APART: &str = "a person keeps the two apart";

/// A source and a path.
type Place = (String, String);

/// What is kept beside the texts that a split brings back.
#[derive(Debug, Clone)]
pub struct Freeing<'a> {
    /// The guid of the copy, where it was no release before.
    pub guid: Guid,
    /// Beside the text of what is freed.
    pub freed: &'a Derived,
    /// The releases that lose a text by it, as [`Store::left_by`] gives them, and what is kept beside the texts that they are
    /// left with.
    pub left: &'a [(Left, Derived)],
    /// Whether it is a person's word, which outlives every run of the rules.
    pub is_ruled: bool,
    /// Now.
    pub at: DateTime<Utc>,
}

/// A release that has texts of a copy from which it is to be parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The release: the one that the copy is part of, or one of its parts.
    pub guid: Guid,
    /// What it shows without them.
    pub text: DatedText,
    /// When it was updated without them.
    updated: DateTime<Utc>,
    /// The newest revision that is left, which has that text.
    shows: i64,
    /// The revisions that go with the copy.
    gone: Vec<i64>,
    /// Withdrawals and returns while the copy's text was shown, each with the revision whose text was hidden by it.
    turned: Vec<(i64, i64)>,
}

impl Store {
    /// What releases are left with when a copy is freed. In order, so that the same is always told the same.
    ///
    /// # Errors
    /// [`crate::store::Error`].
    pub async fn left_by(&self, copy: &StoredCopy) -> Result<Vec<Left>> {
        let mut connection = self.pool.acquire().await?;
        let along = along(&mut connection, copy).await?;
        left_by(&mut connection, copy, &along).await
    }

    /// Frees a copy, so that it is a release by itself: the one that it was before, or a new one. Gives its guid; none
    /// where the copy is not as it was read.
    ///
    /// # Errors
    /// [`crate::store::Error`].
    pub async fn split(&self, copy: &StoredCopy, freeing: &Freeing<'_>) -> Result<Option<Guid>> {
        let mut tx = self.begin().await?;
        if copy_at(&mut tx, &copy.source, &copy.path).await?.as_ref() != Some(copy) {
            return Ok(None);
        }
        let along = along(&mut tx, copy).await?;
        let left = left_by(&mut tx, copy, &along).await?;
        if !left.iter().eq(freeing.left.iter().map(|(left, _)| left)) {
            return Ok(None);
        }
        let guid = copy.folded.unwrap_or(freeing.guid);
        lead_to(&mut tx, (&copy.source, copy.path.as_str()), guid).await?;
        if copy.folded.is_some() {
            give_back(&mut tx, guid, &along).await?;
            write_sketch(&mut tx, guid, &freeing.freed.sketch).await?;
        } else {
            make_a_release(&mut tx, copy, freeing).await?;
        }
        sqlx::query("DELETE FROM merges WHERE source = $1 AND path = $2")
            .bind(&copy.source)
            .bind(copy.path.as_str())
            .execute(&mut *tx)
            .await?;
        for (left, derived) in freeing.left {
            leave(&mut tx, left, derived, freeing.at).await?;
        }
        if freeing.is_ruled {
            rule_apart(&mut tx, guid, copy.of, freeing.at).await?;
            raise(&mut tx, RULING).await?;
        }
        touch(&mut tx, guid, Touch::Changed).await?;
        touch(&mut tx, copy.of, Touch::Changed).await?;
        // Revisions that had come with the copy have gone.
        edits_changed(&mut tx).await?;
        tx.commit().await?;
        Ok(Some(guid))
    }
}

/// Makes a copy that was no release before one.
async fn make_a_release(tx: &mut Tx, copy: &StoredCopy, freeing: &Freeing<'_>) -> Result<()> {
    let guid = freeing.guid;
    let (source, path) = (copy.source.as_str(), copy.path.as_str());
    let place = (source, copy.url.as_str());
    // It was here before, within another.
    let derived = (freeing.freed, Entrance::Changes);
    add_release(tx, guid, place, &copy.text, derived, freeing.at).await?;
    let is_whole = redact_new(tx, guid, (source, path), copy.of).await?;
    // It was not read since it was found to be a copy.
    sqlx::query("UPDATE addresses SET page_due = $1 WHERE source = $2 AND path = $3")
        .bind((!is_whole).then_some(freeing.at.timestamp()))
        .bind(source)
        .bind(path)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What comes along when a copy is freed.
#[derive(Debug, Default)]
struct Along {
    /// The copies that came by way of it, each with the way.
    copies: Vec<(Place, String)>,
    /// The release that the copy was, and those that were part of it.
    releases: BTreeSet<String>,
}

async fn along(connection: &mut AnyConnection, copy: &StoredCopy) -> Result<Along> {
    let mut along = Along::default();
    let Some(folded) = copy.folded else {
        return Ok(along);
    };
    let rows = sqlx::query(
        "SELECT source, path, via, folded FROM merges WHERE guid = $1 AND via IS NOT NULL ORDER BY source, path",
    )
    .bind(copy.of.to_string())
    .fetch_all(&mut *connection)
    .await?;
    let mut by_way: HashMap<String, Vec<(Place, Option<String>)>> = HashMap::new();
    for row in &rows {
        let place = (row.try_get("source")?, row.try_get("path")?);
        let of_one = by_way.entry(row.try_get("via")?).or_default();
        of_one.push((place, row.try_get("folded")?));
    }
    // One at whose address another stands goes where that goes.
    let absorbed = sqlx::query(
        "SELECT guid, absorbed_by FROM releases WHERE merged_into = $1 AND absorbed_by IS NOT NULL",
    )
    .bind(copy.of.to_string())
    .fetch_all(connection)
    .await?;
    let mut absorbed_by: HashMap<String, Vec<String>> = HashMap::new();
    for row in &absorbed {
        let by = absorbed_by.entry(row.try_get("absorbed_by")?).or_default();
        by.push(row.try_get("guid")?);
    }
    along.releases.insert(folded.to_string());
    let mut ways = vec![folded.to_string()];
    // What came by way of it, by way of what came by way of it, and so on.
    while let Some(way) = ways.pop() {
        for (place, folded) in by_way.remove(&way).unwrap_or_default() {
            along.copies.push((place, way.clone()));
            if let Some(folded) = folded
                && along.releases.insert(folded.clone())
            {
                ways.push(folded);
            }
        }
        for absorbed in absorbed_by.remove(&way).unwrap_or_default() {
            along.releases.insert(absorbed.clone());
            ways.push(absorbed);
        }
    }
    Ok(along)
}

/// Shows a release by itself again, with all that was part of it.
async fn give_back(tx: &mut Tx, guid: Guid, along: &Along) -> Result<()> {
    let own = guid.to_string();
    for ((source, path), way) in &along.copies {
        lead_to(tx, (source, path), guid).await?;
        // Its own copies are so directly again.
        let via = (*way != own).then_some(way);
        sqlx::query("UPDATE merges SET guid = $1, via = $2 WHERE source = $3 AND path = $4")
            .bind(&own)
            .bind(via)
            .bind(source)
            .bind(path)
            .execute(&mut **tx)
            .await?;
    }
    for one in &along.releases {
        let into = (*one != own).then_some(&own);
        sqlx::query("UPDATE releases SET merged_into = $1 WHERE guid = $2")
            .bind(into)
            .bind(one)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

async fn lead_to(tx: &mut Tx, (source, path): (&str, &str), guid: Guid) -> Result<()> {
    sqlx::query("UPDATE addresses SET guid = $1 WHERE source = $2 AND path = $3")
        .bind(guid.to_string())
        .bind(source)
        .bind(path)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The releases that have texts of what goes the other way.
async fn left_by(
    connection: &mut AnyConnection,
    copy: &StoredCopy,
    along: &Along,
) -> Result<Vec<Left>> {
    let comes_along: BTreeSet<Place> = along
        .copies
        .iter()
        .map(|(place, _)| place.clone())
        .collect();
    let mut freed = comes_along.clone();
    freed.insert((copy.source.clone(), copy.path.as_str().to_owned()));
    let rows = sqlx::query(
        "SELECT DISTINCT v.guid FROM revisions v JOIN releases r ON r.guid = v.guid
         WHERE v.copy_path IS NOT NULL AND (r.guid = $1 OR r.merged_into = $1) ORDER BY v.guid",
    )
    .bind(copy.of.to_string())
    .fetch_all(&mut *connection)
    .await?;
    let mut left = Vec::new();
    for row in &rows {
        let guid = guid_in(row)?;
        let goes = along.releases.contains(&guid.to_string());
        let is_parted = |place: &Place| match goes {
            // What it had from a copy that stays, as where the release that stays stands there by now, stays there.
            true => !comes_along.contains(place),
            false => freed.contains(place),
        };
        left.extend(without(connection, guid, is_parted).await?);
    }
    Ok(left)
}

/// What a release is left with without the texts of some copies; none where it has none of them.
async fn without(
    connection: &mut AnyConnection,
    guid: Guid,
    is_parted: impl Fn(&Place) -> bool,
) -> Result<Option<Left>> {
    let rows = sqlx::query(
        "SELECT v.*, r.published FROM revisions v JOIN releases r ON r.guid = v.guid WHERE v.guid = $1 ORDER BY v.number",
    )
    .bind(guid.to_string())
    .fetch_all(connection)
    .await?;
    let (mut gone, mut turned) = (Vec::new(), Vec::new());
    let mut kept: Option<Staying> = None;
    for row in &rows {
        let number: i64 = row.try_get("number")?;
        let cause: String = row.try_get("cause")?;
        let source: Option<String> = row.try_get("copy_source")?;
        let is_parted = source
            .zip(row.try_get("copy_path")?)
            .is_some_and(|place| is_parted(&place));
        match &mut kept {
            Some(kept) if is_parted => {
                if cause == Cause::Reissued.as_str() {
                    gone.push(number);
                } else {
                    turned.push((number, kept.number));
                    kept.follow(time_in(row, "at")?, true, kept.redacted);
                }
            }
            Some(kept) => {
                let weight: Option<String> = row.try_get("weight")?;
                let is_news = is_news(&cause, weight.as_deref());
                kept.follow(
                    time_in(row, "at")?,
                    is_news,
                    optional_time_in(row, "redacted_at")?,
                );
                (kept.number, kept.text) = (number, dated_text_in(row)?);
            }
            None => {
                kept = Some(Staying {
                    number,
                    text: dated_text_in(row)?,
                    updated: time_in(row, "at")?,
                    redacted: optional_time_in(row, "redacted_at")?,
                });
            }
        }
    }
    let Some(mut kept) = kept.filter(|_| !gone.is_empty() || !turned.is_empty()) else {
        return Ok(None);
    };
    kept.follow(DateTime::<Utc>::MAX_UTC, false, None);
    Ok(Some(Left {
        guid,
        text: kept.text,
        updated: kept.updated,
        shows: kept.number,
        gone,
        turned,
    }))
}

/// The newest revision of those that stay.
struct Staying {
    number: i64,
    text: DatedText,
    /// When the release was updated up to it.
    updated: DateTime<Utc>,
    /// When its text was removed.
    redacted: Option<DateTime<Utc>>,
}

impl Staying {
    /// Goes on to the next that stays, as of a time. A removal is news where it took what was shown.
    fn follow(&mut self, at: DateTime<Utc>, is_news: bool, redacted: Option<DateTime<Utc>>) {
        let removed = self.redacted.filter(|removed| *removed < at);
        let news = is_news.then_some(at);
        self.updated = removed
            .into_iter()
            .chain(news)
            .fold(self.updated, DateTime::max);
        self.redacted = redacted;
    }
}

/// Takes the texts of a copy away from a release. Where it showed one of them, it shows what it has left.
async fn leave(tx: &mut Tx, left: &Left, derived: &Derived, at: DateTime<Utc>) -> Result<()> {
    let id = left.guid.to_string();
    for number in &left.gone {
        sqlx::query("DELETE FROM revisions WHERE guid = $1 AND number = $2")
            .bind(&id)
            .bind(number)
            .execute(&mut **tx)
            .await?;
    }
    for (number, before) in &left.turned {
        sqlx::query(
            "UPDATE revisions SET title = o.title, lead = o.lead, body = o.body, redacted_at = o.redacted_at,
             copy_source = o.copy_source, copy_path = o.copy_path
             FROM revisions o WHERE revisions.guid = $1 AND revisions.number = $2 AND o.guid = $1 AND o.number = $3",
        )
        .bind(&id)
        .bind(number)
        .bind(before)
        .execute(&mut **tx)
        .await?;
    }
    sqlx::query("UPDATE releases SET updated = $1 WHERE guid = $2")
        .bind(left.updated.timestamp())
        .bind(&id)
        .execute(&mut **tx)
        .await?;
    let done = sqlx::query(
        "UPDATE releases SET title = v.title, lead = v.lead, body = v.body, redacted = CASE
         WHEN releases.redacted = $1 THEN $1 WHEN v.redacted_at IS NOT NULL THEN $2 ELSE NULL END
         FROM revisions v WHERE releases.guid = $3 AND v.guid = $3 AND v.number = $4 AND NOT
         (v.title = releases.title AND COALESCE(v.lead, '') = COALESCE(releases.lead, '')
          AND COALESCE(v.body, '') = COALESCE(releases.body, ''))",
    )
    .bind(Redaction::Whole.as_str())
    .bind(Redaction::Current.as_str())
    .bind(&id)
    .bind(left.shows)
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() > 0 {
        write_derived(tx, left.guid, derived, Entrance::Changes, at).await?;
    }
    Ok(())
}

/// Keeps a person's word that two releases are two. What was said otherwise of any of their parts counts no more.
async fn rule_apart(tx: &mut Tx, freed: Guid, from: Guid, at: DateTime<Utc>) -> Result<()> {
    let ours = with_its_parts(tx, freed).await?;
    let theirs = with_its_parts(tx, from).await?;
    for (one, other) in pairs(&ours, &theirs) {
        rule(tx, (one, other), false, at).await?;
    }
    relate(tx, freed, &[(from, KEPT_APART.to_owned())]).await
}
