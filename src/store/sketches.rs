//! The index by which copies are found: a few hashes of each release's runs of words.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, Row};

use super::{Result, Store, Tx, guid_in, placeholders};
use crate::duplicates::{MOST_CANDIDATES, SKETCH_VERSION, WINDOW_DAYS};
use crate::release::{Guid, Status};

/// A hash that more releases of the window have tells none of them: it is their template's, or everybody's.
const MOST_SHARING: usize = 32;
/// A copy shares at least one in so many of the hashes that tell something.
const FEWEST_SHARED: usize = 8;
/// As many of the best are looked up; some of them may be withdrawn.
const MOST_LOOKED_UP: usize = 3 * MOST_CANDIDATES;

impl Store {
    /// The releases that the feeds show and that share the most of a sketch, published within the window; first those that
    /// share the rarest hashes. What it costs is bounded, however many releases there are.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn candidates(
        &self,
        sketch: &[i64],
        published: DateTime<Utc>,
        except: Guid,
    ) -> Result<Vec<Guid>> {
        if sketch.is_empty() {
            return Ok(Vec::new());
        }
        let mut best: Vec<Shared> = self.sharing(sketch, published).await?;
        best.sort_by(|a, b| b.rarity.total_cmp(&a.rarity).then(a.number.cmp(&b.number)));
        best.truncate(MOST_LOOKED_UP);
        let shown = self.shown_by_number(&best).await?;
        let candidates = best.iter().filter_map(|one| shown.get(&one.number));
        Ok(candidates
            .filter(|guid| **guid != except)
            .take(MOST_CANDIDATES)
            .copied()
            .collect())
    }

    /// The releases that share enough of a sketch.
    async fn sharing(&self, sketch: &[i64], published: DateTime<Utc>) -> Result<Vec<Shared>> {
        // Each hash is looked up by itself, so that none that everybody has is read to its end.
        let of_one = |n: usize| {
            format!(
                "SELECT * FROM (SELECT hash, release FROM sketches WHERE hash = ${} AND day BETWEEN $1 AND $2
                 LIMIT {}) AS s{n}",
                n + 3,
                MOST_SHARING + 1
            )
        };
        let all: Vec<String> = (0..sketch.len()).map(of_one).collect();
        let window = TimeDelta::days(WINDOW_DAYS);
        let mut query = sqlx::query(AssertSqlSafe(all.join(" UNION ALL ")))
            .bind(day(published - window))
            .bind(day(published + window));
        for hash in sketch {
            query = query.bind(*hash);
        }
        let mut by_hash: HashMap<i64, Vec<i64>> = HashMap::new();
        for row in query.fetch_all(&self.pool).await? {
            by_hash
                .entry(row.try_get("hash")?)
                .or_default()
                .push(row.try_get("release")?);
        }
        let found = by_hash.len();
        by_hash.retain(|_, sharing| sharing.len() <= MOST_SHARING);
        let common = found - by_hash.len();
        let needed = (sketch.len() - common).div_ceil(FEWEST_SHARED);
        let mut shared: HashMap<i64, (usize, f64)> = HashMap::new();
        for sharing in by_hash.values() {
            #[expect(clippy::cast_precision_loss, reason = "at most a few dozen")]
            let rarity = 1.0 / sharing.len() as f64;
            for number in sharing {
                let of = shared.entry(*number).or_default();
                of.0 += 1;
                of.1 += rarity;
            }
        }
        let enough = shared
            .into_iter()
            .filter(|(_, (count, _))| *count >= needed);
        let enough = enough.map(|(number, (_, rarity))| Shared { number, rarity });
        Ok(enough.collect())
    }

    /// Those of some releases that the feeds show with their text, by their numbers. What was withdrawn and comes again is
    /// news: it must not vanish behind a notice.
    async fn shown_by_number(&self, some: &[Shared]) -> Result<HashMap<i64, Guid>> {
        if some.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT number, guid FROM releases
             WHERE merged_into IS NULL AND status = $1 AND number IN ({})",
            placeholders(2, some.len())
        );
        let mut query = sqlx::query(AssertSqlSafe(sql)).bind(Status::Current.as_str());
        for one in some {
            query = query.bind(one.number);
        }
        let rows = query.fetch_all(&self.pool).await?;
        rows.iter()
            .map(|row| Ok((row.try_get("number")?, guid_in(row)?)))
            .collect()
    }

    /// Some releases whose sketch is of another version than today's.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn unsketched(&self, most: i64) -> Result<Vec<Guid>> {
        // Newer ones are of a newer program, which is gone: a range of each side can use the index, `<>` cannot.
        let rows = sqlx::query(
            "SELECT guid FROM releases WHERE sketched < $1
             UNION ALL SELECT guid FROM releases WHERE sketched > $1 LIMIT $2",
        )
        .bind(SKETCH_VERSION)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(guid_in).collect()
    }

    /// Keeps the sketches of some releases, made anew.
    ///
    /// # Errors
    /// [`super::Error`].
    pub async fn sketch(&self, made: &[(Guid, Vec<i64>)]) -> Result<()> {
        let mut tx = self.begin().await?;
        for (guid, sketch) in made {
            write_sketch(&mut tx, *guid, sketch).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// A release that shares some of a sketch.
struct Shared {
    number: i64,
    /// The more, the fewer others share the same.
    rarity: f64,
}

fn day(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(24 * 60 * 60)
}

/// Puts a release's sketch in place of the one it had. A release that is not shown by itself is found by none.
pub(super) async fn write_sketch(tx: &mut Tx, guid: Guid, sketch: &[i64]) -> Result<()> {
    drop_sketch(tx, guid).await?;
    let row = sqlx::query(
        "SELECT number, published FROM releases WHERE guid = $1 AND merged_into IS NULL",
    )
    .bind(guid.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(row) = row.filter(|_| !sketch.is_empty()) {
        let published = super::time_in(&row, "published")?;
        let rows: Vec<String> = (0..sketch.len())
            .map(|n| format!("(${}, $1, $2)", n + 3))
            .collect();
        let sql = format!(
            "INSERT INTO sketches (hash, day, release) VALUES {}",
            rows.join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(day(published))
            .bind(row.try_get::<i64, _>("number")?);
        for hash in sketch {
            query = query.bind(*hash);
        }
        query.execute(&mut **tx).await?;
    }
    sqlx::query("UPDATE releases SET sketched = $1 WHERE guid = $2")
        .bind(SKETCH_VERSION)
        .bind(guid.to_string())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Takes a release's sketch away.
pub(super) async fn drop_sketch(tx: &mut Tx, guid: Guid) -> Result<()> {
    sqlx::query(
        "DELETE FROM sketches WHERE release = (SELECT number FROM releases WHERE guid = $1)",
    )
    .bind(guid.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
