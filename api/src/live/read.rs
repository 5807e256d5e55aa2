//! The statements of the feed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use common::{
    rollup::{Dimension, Rollup},
    time::UnixMicros,
};
use tokio_postgres::{Row, types::ToSql};

use super::{
    held::Values,
    log::{Commit, MOST_COMMITS},
    spec::MAX_MINUTES,
    tail::News,
    window::first,
};
use crate::query::{
    database::{QueryError, Snapshot},
    kept::Sum,
    range::MINUTE,
    rollups::{self, Sketches},
    statements,
};

/// Events may lie so far in the future.
const AHEAD: i64 = 11 * MINUTE;

/// What changes whenever rollups change without a commit.
pub(super) async fn generation(snapshot: &Snapshot) -> Result<i64, QueryError> {
    let row = snapshot.row(statements::LIVE_GENERATION, &[]).await?;
    Ok(row.try_get(0)?)
}

/// The writers there are.
pub(super) async fn writers(snapshot: &Snapshot) -> Result<Vec<(i64, i64, bool)>, QueryError> {
    let rows = snapshot.rows(statements::LIVE_WRITERS, &[]).await?;
    let writer = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    rows.iter().map(writer).collect()
}

/// The commits of before the first look, the newest first.
pub(super) async fn earlier(
    snapshot: &Snapshot,
    end: UnixMicros,
) -> Result<Vec<Commit>, QueryError> {
    let most = i64::try_from(MOST_COMMITS).unwrap_or(i64::MAX);
    let rows = snapshot.rows(statements::LIVE_LOG, &[&most]).await?;
    let commit = |row: &Row| {
        Ok(Commit {
            writer: row.try_get(0)?,
            seq: row.try_get(1)?,
            at: row.try_get(3)?,
            minutes: within(&row.try_get::<_, Vec<UnixMicros>>(2)?, end),
        })
    };
    rows.iter().map(commit).collect()
}

/// What was committed beyond the `known` sequence numbers of writers.
pub(super) async fn news(
    snapshot: &Snapshot,
    known: &(Vec<i64>, Vec<i64>),
    end: UnixMicros,
) -> Result<(News, Vec<Commit>), QueryError> {
    let (mut news, mut commits) = (News::default(), Vec::new());
    let at = UnixMicros::now();
    for row in snapshot
        .rows(statements::LIVE_COMMITS, &[&known.0, &known.1])
        .await?
    {
        let buckets: Vec<UnixMicros> = row.try_get(3)?;
        news.stored += rollups::count(i64::from(row.try_get::<_, i32>(2)?));
        news.minutes.extend(buckets.iter().copied());
        news.accept(row.try_get(4)?, row.try_get(5)?);
        commits.push(Commit {
            writer: row.try_get(0)?,
            seq: row.try_get(1)?,
            at,
            minutes: within(&buckets, end),
        });
    }
    Ok((news, commits))
}

/// The minutes that some window may hold, now or soon.
fn within(buckets: &[UnixMicros], end: UnixMicros) -> Box<[UnixMicros]> {
    let window = first(MAX_MINUTES, end)..UnixMicros(end.0 + AHEAD);
    let minutes = buckets.iter().copied();
    minutes.filter(|at| window.contains(at)).collect()
}

/// An entry for each of `pairs`, empty where there is nothing.
pub(super) async fn sums(
    snapshot: &Snapshot,
    pairs: &BTreeSet<(Dimension, UnixMicros)>,
) -> Result<HashMap<(Dimension, UnixMicros), Arc<Values>>, QueryError> {
    let mut sums: HashMap<_, Values> = pairs.iter().map(|pair| (*pair, Values::new())).collect();
    let Some((from, to)) = bounds(pairs.iter().map(|(_, at)| *at)) else {
        return Ok(HashMap::new());
    };
    let dimensions: Vec<i16> = pairs.iter().map(|(dimension, _)| dimension.id()).collect();
    let buckets: Vec<UnixMicros> = pairs.iter().map(|(_, at)| *at).collect();
    let parameters: [&(dyn ToSql + Sync); 4] = [&dimensions, &buckets, &from, &to];
    snapshot
        .each_row(statements::LIVE_SUMS, &parameters, |row| {
            let at = row.try_get(1)?;
            let dimension = Dimension::from_id(row.try_get(0)?);
            let values = dimension.and_then(|dimension| sums.get_mut(&(dimension, at)));
            if let Some(values) = values {
                let sum = Sum {
                    events: rollups::count(row.try_get(3)?),
                    value_micros: rollups::parsed(row.try_get(4)?)?,
                };
                values.entry(row.try_get(2)?).or_default().add(sum);
            }
            Ok(())
        })
        .await?;
    Ok(sums
        .into_iter()
        .map(|(pair, values)| (pair, Arc::new(values)))
        .collect())
}

pub(super) type CellKey = (Dimension, UnixMicros, String);

/// Gives each row to all of its key's places.
pub(super) async fn cells(
    snapshot: &Snapshot,
    keys: &HashMap<CellKey, Vec<usize>>,
    sketches: Sketches,
    mut place: impl FnMut(usize, Rollup),
) -> Result<(), QueryError> {
    let Some((from, to)) = bounds(keys.keys().map(|(_, at, _)| *at)) else {
        return Ok(());
    };
    let dimensions: Vec<i16> = keys
        .keys()
        .map(|(dimension, _, _)| dimension.id())
        .collect();
    let buckets: Vec<UnixMicros> = keys.keys().map(|(_, at, _)| *at).collect();
    let values: Vec<&str> = keys.keys().map(|(_, _, value)| value.as_str()).collect();
    let Sketches {
        users,
        sessions,
        durations,
        visits,
    } = sketches;
    let parameters: [&(dyn ToSql + Sync); 9] = [
        &dimensions,
        &buckets,
        &values,
        &from,
        &to,
        &users,
        &sessions,
        &durations,
        &visits,
    ];
    snapshot
        .each_row(statements::LIVE_CELLS, &parameters, |row| {
            let (at, rollup) = rollups::decode(row)?;
            let Some(dimension) = Dimension::from_id(row.try_get(8)?) else {
                return Ok(());
            };
            let places = keys.get(&(dimension, at, row.try_get(9)?));
            if let Some((last, others)) = places.and_then(|places| places.split_last()) {
                others.iter().for_each(|at| place(*at, rollup.clone()));
                place(*last, rollup);
            }
            Ok(())
        })
        .await
}

/// From the first minute to the end of the last one.
pub(super) fn bounds(
    minutes: impl Iterator<Item = UnixMicros> + Clone,
) -> Option<(UnixMicros, UnixMicros)> {
    let (from, last) = (minutes.clone().min()?, minutes.max()?);
    Some((from, UnixMicros(last.0 + MINUTE)))
}
