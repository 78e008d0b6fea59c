//! How texts are removed, with all that holds some of their words.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::{Holder, PartText, Redaction, RemovedLeads};
use crate::duplicates::Verdict;
use crate::layout;
use crate::release::{Evidence, Guid, seen};
use crate::store::sketches::drop_sketch;
use crate::store::{Result, Tx, guid_in, json_in, json_of};

/// Whether the text that a release shows is removed.
pub(in crate::store) async fn extent_of(tx: &mut Tx, guid: Guid) -> Result<Option<Redaction>> {
    let row = sqlx::query("SELECT redacted FROM releases WHERE guid = $1")
        .bind(guid.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let redacted: Option<String> = row.try_get("redacted")?;
    Ok(Redaction::of(redacted.as_deref()))
}

/// Removes every text of a release and of its parts.
pub(in crate::store) async fn remove_all(
    tx: &mut Tx,
    guid: Guid,
    extent: Redaction,
    at: DateTime<Utc>,
) -> Result<()> {
    let id = guid.to_string();
    let parts = sqlx::query("SELECT guid FROM releases WHERE guid = $1 OR merged_into = $1")
        .bind(&id)
        .fetch_all(&mut **tx)
        .await?;
    for row in &parts {
        let part = guid_in(row)?;
        let numbers = sqlx::query("SELECT number FROM revisions WHERE guid = $1")
            .bind(part.to_string())
            .fetch_all(&mut **tx)
            .await?;
        for row in &numbers {
            remove_revision(tx, part, row.try_get("number")?, at).await?;
        }
        remove_current(tx, part, extent, at).await?;
    }
    let copies = sqlx::query("SELECT source, path FROM merges WHERE guid = $1 AND folded IS NULL")
        .bind(&id)
        .fetch_all(&mut **tx)
        .await?;
    for row in &copies {
        let copy = (row.try_get("source")?, row.try_get("path")?);
        remove_copy(tx, guid, copy, extent).await?;
    }
    let addresses = sqlx::query("SELECT source, path FROM addresses WHERE guid = $1")
        .bind(&id)
        .fetch_all(&mut **tx)
        .await?;
    for row in &addresses {
        hide_leads(tx, guid, (row.try_get("source")?, row.try_get("path")?)).await?;
    }
    hide_reasons(tx, guid).await?;
    if extent == Redaction::Whole {
        // Nothing that they say is taken in any more.
        sqlx::query("UPDATE addresses SET page_due = NULL WHERE guid = $1")
            .bind(&id)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Removes the text of some of a release's revisions, of which one may be shown.
pub(super) async fn remove_revisions(
    tx: &mut Tx,
    guid: Guid,
    numbers: &[i64],
    at: DateTime<Utc>,
) -> Result<()> {
    for number in numbers {
        remove_revision(tx, guid, *number, at).await?;
    }
    let row = sqlx::query("SELECT MAX(number) AS number FROM revisions WHERE guid = $1")
        .bind(guid.to_string())
        .fetch_one(&mut **tx)
        .await?;
    if numbers.contains(&row.try_get("number")?) {
        remove_current(tx, guid, Redaction::Current, at).await?;
    }
    // What the ways in say of it holds the lead of the newest that is its own, whatever copy's is shown in its place.
    let places = sqlx::query(
        "SELECT a.source, a.path FROM addresses a LEFT JOIN merges m ON m.source = a.source AND m.path = a.path
         WHERE ((a.guid = $1 AND m.path IS NULL) OR m.folded = $1)
         AND (SELECT redacted_at FROM revisions WHERE guid = $1 AND copy_path IS NULL
              ORDER BY number DESC LIMIT 1) IS NOT NULL",
    )
    .bind(guid.to_string())
    .fetch_all(&mut **tx)
    .await?;
    for row in &places {
        hide_leads(tx, guid, (row.try_get("source")?, row.try_get("path")?)).await?;
    }
    Ok(())
}

/// Removes a text of what is part of a release.
pub(super) async fn remove_part(tx: &mut Tx, part: &PartText, at: DateTime<Utc>) -> Result<()> {
    match &part.holder {
        Holder::InCopy { source, path } => {
            let copy = (source.as_str(), path.as_str());
            remove_copy(tx, part.guid, copy, Redaction::Current).await?;
            hide_leads(tx, part.guid, copy).await
        }
        Holder::InRevision(number) => remove_revisions(tx, part.guid, &[*number], at).await,
    }
}

async fn remove_revision(tx: &mut Tx, guid: Guid, number: i64, at: DateTime<Utc>) -> Result<()> {
    let row = sqlx::query("SELECT lead FROM revisions WHERE guid = $1 AND number = $2")
        .bind(guid.to_string())
        .bind(number)
        .fetch_one(&mut **tx)
        .await?;
    sqlx::query(
        "UPDATE revisions SET lead = NULL, body = NULL, redacted_at = $1 WHERE guid = $2 AND number = $3",
    )
    .bind(at.timestamp())
    .bind(guid.to_string())
    .bind(number)
    .execute(&mut **tx)
    .await?;
    note_lead(tx, guid, row.try_get("lead")?).await
}

/// Removes the text that a release shows.
async fn remove_current(
    tx: &mut Tx,
    guid: Guid,
    extent: Redaction,
    at: DateTime<Utc>,
) -> Result<()> {
    let id = guid.to_string();
    sqlx::query(
        "UPDATE releases SET lead = NULL, body = NULL, redacted = $1, updated = $2 WHERE guid = $3",
    )
    .bind(extent.as_str())
    .bind(at.timestamp())
    .bind(&id)
    .execute(&mut **tx)
    .await?;
    drop_sketch(tx, guid).await?;
    hide_sentences(tx, &id).await
}

/// Removes the text of a copy that was no release before.
async fn remove_copy(
    tx: &mut Tx,
    of: Guid,
    (source, path): (&str, &str),
    extent: Redaction,
) -> Result<()> {
    let row = sqlx::query("SELECT lead FROM merges WHERE source = $1 AND path = $2")
        .bind(source)
        .bind(path)
        .fetch_one(&mut **tx)
        .await?;
    sqlx::query(
        "UPDATE merges SET lead = NULL, body = NULL, redacted = $1 WHERE source = $2 AND path = $3",
    )
    .bind(extent.as_str())
    .bind(source)
    .bind(path)
    .execute(&mut **tx)
    .await?;
    note_lead(tx, of, row.try_get("lead")?).await
}

/// Lets a release that was a copy until now be redacted as the copy was; gives whether that is for ever.
pub(in crate::store) async fn redact_new(
    tx: &mut Tx,
    guid: Guid,
    (source, path): (&str, &str),
    of: Guid,
) -> Result<bool> {
    let row = sqlx::query("SELECT redacted FROM merges WHERE source = $1 AND path = $2")
        .bind(source)
        .bind(path)
        .fetch_one(&mut **tx)
        .await?;
    let redacted: Option<String> = row.try_get("redacted")?;
    know_again(tx, guid, of, redacted.is_some()).await?;
    let Some(extent) = Redaction::of(redacted.as_deref()) else {
        return Ok(false);
    };
    let id = guid.to_string();
    sqlx::query("UPDATE releases SET redacted = $1 WHERE guid = $2")
        .bind(extent.as_str())
        .bind(&id)
        .execute(&mut **tx)
        .await?;
    sqlx::query("UPDATE revisions SET redacted_at = at WHERE guid = $1")
        .bind(&id)
        .execute(&mut **tx)
        .await?;
    Ok(extent == Redaction::Whole)
}

/// Lets what was removed of a release and its parts be known again in another as in themselves: the leads, and where it had
/// such a text the texts, however short they are.
pub(in crate::store) async fn know_again(
    tx: &mut Tx,
    guid: Guid,
    of: Guid,
    has_text: bool,
) -> Result<()> {
    let texts = "INSERT INTO redactions (guid, text, paragraph, at)
         SELECT $1, x.text, x.paragraph, MIN(x.at) FROM redactions x JOIN releases r ON r.guid = x.guid
         WHERE r.guid = $2 OR r.merged_into = $2 GROUP BY x.text, x.paragraph
         ON CONFLICT (guid, text, paragraph) DO NOTHING";
    let leads = "INSERT INTO redacted_leads (guid, lead)
         SELECT DISTINCT $1, x.lead FROM redacted_leads x JOIN releases r ON r.guid = x.guid
         WHERE r.guid = $2 OR r.merged_into = $2
         ON CONFLICT (guid, lead) DO NOTHING";
    for sql in has_text.then_some(texts).into_iter().chain([leads]) {
        sqlx::query(sql)
            .bind(guid.to_string())
            .bind(of.to_string())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Hides what words of a release's texts stand in the reasons for its merges and for what it is kept apart from.
pub(super) async fn hide_reasons(tx: &mut Tx, guid: Guid) -> Result<()> {
    for sql in [
        "UPDATE related SET why = $1 WHERE guid IN (SELECT guid FROM releases WHERE guid = $2 OR merged_into = $2)
         OR other IN (SELECT guid FROM releases WHERE guid = $2 OR merged_into = $2)",
        "UPDATE merges SET reason = $1 WHERE guid = $2 AND verdict = $3",
    ] {
        sqlx::query(sql)
            .bind("it was compared with a text that has been removed")
            .bind(guid.to_string())
            .bind(Verdict::IssuedAgain.as_str())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Hides the removed leads in what the ways in said of a release and its copies.
pub(super) async fn hide_removed(tx: &mut Tx, guid: Guid, removed: &RemovedLeads) -> Result<()> {
    let places = sqlx::query("SELECT source, path FROM addresses WHERE guid = $1")
        .bind(guid.to_string())
        .fetch_all(&mut **tx)
        .await?;
    for row in &places {
        let place = (row.try_get("source")?, row.try_get("path")?);
        let said = said(tx, place).await?;
        note_said(
            tx,
            place,
            said.map(|said| said.map(|said| removed.out_of(&said))),
        )
        .await?;
    }
    Ok(())
}

/// What the ways in said of an address holds the lead; the headline may stay.
async fn hide_leads(tx: &mut Tx, guid: Guid, place: (&str, &str)) -> Result<()> {
    let said = said(tx, place).await?;
    for said in said.iter().flatten() {
        // The listing may cut it.
        note_lead(tx, guid, seen::lead(said).map(str::to_owned)).await?;
    }
    note_said(
        tx,
        place,
        said.map(|said| said.as_deref().map(seen::headline)),
    )
    .await
}

/// What the feed and the listing last said of an address.
async fn said(tx: &mut Tx, (source, path): (&str, &str)) -> Result<[Option<String>; 2]> {
    let row = sqlx::query(
        "SELECT feed_seen, listing_seen FROM addresses WHERE source = $1 AND path = $2",
    )
    .bind(source)
    .bind(path)
    .fetch_one(&mut **tx)
    .await?;
    Ok([row.try_get("feed_seen")?, row.try_get("listing_seen")?])
}

async fn note_said(
    tx: &mut Tx,
    (source, path): (&str, &str),
    [feed, listing]: [Option<String>; 2],
) -> Result<()> {
    sqlx::query(
        "UPDATE addresses SET feed_seen = $1, listing_seen = $2 WHERE source = $3 AND path = $4",
    )
    .bind(feed)
    .bind(listing)
    .bind(source)
    .bind(path)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes a lead that is never stored again, unless it stands in a text of the release's own that is not removed.
async fn note_lead(tx: &mut Tx, guid: Guid, lead: Option<String>) -> Result<()> {
    let Some(lead) = lead else { return Ok(()) };
    let Some(hash) = layout::hash(&lead) else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO redacted_leads (guid, lead) SELECT r.guid, $1 FROM releases r WHERE r.guid = $2
         AND NOT EXISTS (SELECT 1 FROM revisions v WHERE v.guid = $2 AND v.copy_path IS NULL AND v.lead = $3)
         ON CONFLICT (guid, lead) DO NOTHING",
    )
    .bind(hash)
    .bind(guid.to_string())
    .bind(lead)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The phrases that a topic was given for may stay; the sentences around them are the text's.
async fn hide_sentences(tx: &mut Tx, guid: &str) -> Result<()> {
    let rows = sqlx::query("SELECT topic, evidence FROM tags WHERE guid = $1")
        .bind(guid)
        .fetch_all(&mut **tx)
        .await?;
    for row in rows {
        let mut evidence: Vec<Evidence> =
            json_in(&row.try_get::<String, _>("evidence")?, "evidence")?;
        evidence.iter_mut().for_each(|one| one.sentence.clear());
        sqlx::query("UPDATE tags SET evidence = $1 WHERE guid = $2 AND topic = $3")
            .bind(json_of(&evidence, "evidence")?)
            .bind(guid)
            .bind(row.try_get::<String, _>("topic")?)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
