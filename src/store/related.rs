//! Releases that are like one another and yet two; and a person's word on which are one.

use chrono::{DateTime, Utc};
use sqlx::Row;

use super::shown::{Touch, touch};
use super::{Result, Store, Tx, guid_in};
use crate::release::{Guid, Related, Status};

/// A person's word on a release, by the releases that the feeds show now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rulings {
    /// It is part of these.
    pub one: Vec<Guid>,
    /// It is none of these.
    pub apart: Vec<Guid>,
}

impl Store {
    /// Notes what speaks against a release's being one with others.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn relate(&self, guid: Guid, others: &[(Guid, String)]) -> Result<()> {
        if others.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        relate(&mut tx, guid, others).await?;
        touch(&mut tx, guid, Touch::Beside).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a person has said of a release, and of those that are part of it, and others.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn rulings(&self, guid: Guid) -> Result<Rulings> {
        let rows = sqlx::query(
            "SELECT DISTINCT COALESCE(o.merged_into, o.guid) AS guid, x.is_one
             FROM rulings x JOIN releases o ON o.guid = x.other
             WHERE x.guid = $1 OR x.guid IN (SELECT guid FROM releases WHERE merged_into = $1) ORDER BY 1",
        )
        .bind(guid.to_string())
        .fetch_all(&self.pool)
        .await?;
        let mut rulings = Rulings::default();
        for row in rows {
            let other = guid_in(&row)?;
            let of_its_kind = match row.try_get::<i64, _>("is_one")? {
                0 => &mut rulings.apart,
                _ => &mut rulings.one,
            };
            of_its_kind.push(other);
        }
        rulings.one.retain(|one| *one != guid);
        Ok(rulings)
    }

    /// The releases that the feeds show and that are like one and yet another, newest first.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn related(&self, guid: Guid) -> Result<Vec<Related>> {
        let rows = sqlx::query(
            "SELECT r.guid, r.url, r.title,
             CASE WHEN $2 IN (r.status, o.status) OR r.redacted IS NOT NULL OR o.redacted IS NOT NULL
             THEN '' ELSE x.why END AS why
             FROM related x JOIN releases r ON r.guid = x.other JOIN releases o ON o.guid = x.guid
             WHERE x.guid = $1 AND r.merged_into IS NULL ORDER BY r.published DESC, r.guid",
        )
        .bind(guid.to_string())
        // What one of them says and the other does not is the words of a text that may be for nobody.
        .bind(Status::Withdrawn.as_str())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Related {
                    id: guid_in(row)?.id(),
                    url: row.try_get("url")?,
                    title: row.try_get("title")?,
                    why: row.try_get("why")?,
                })
            })
            .collect()
    }
}

/// Notes what speaks against a release's being one with others.
pub(super) async fn relate(tx: &mut Tx, guid: Guid, others: &[(Guid, String)]) -> Result<()> {
    for (other, why) in others {
        for (one, other) in [(guid, *other), (*other, guid)] {
            sqlx::query(
                "INSERT INTO related (guid, other, why) VALUES ($1, $2, $3)
                 ON CONFLICT (guid, other) DO UPDATE SET why = excluded.why",
            )
            .bind(one.to_string())
            .bind(other.to_string())
            .bind(why)
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

/// Notes a person's word on whether two releases are one; a later word takes the place of an earlier one.
pub(super) async fn rule(
    tx: &mut Tx,
    (one, other): (Guid, Guid),
    is_one: bool,
    at: DateTime<Utc>,
) -> Result<()> {
    for (one, other) in [(one, other), (other, one)] {
        sqlx::query(
            "INSERT INTO rulings (guid, other, is_one, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (guid, other) DO UPDATE SET is_one = excluded.is_one, at = excluded.at",
        )
        .bind(one.to_string())
        .bind(other.to_string())
        .bind(i64::from(is_one))
        .bind(at.timestamp())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
