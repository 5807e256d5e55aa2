//! What a query needs of a piece: from what is kept, else from its snapshot.

use std::{collections::HashMap, sync::Arc};

use common::rollup::{Dimension, Distinct, DistinctUnion};
use tokio_postgres::types::ToSql;

use super::{
    database::{Instant, QueryError, Snapshot},
    kept::{Answer, Key, Rows, Sets, Sum, Sums, What},
    plan::Piece,
    rollups::{self, Sketches, Subject},
    statements,
};

/// The rows of `subject` in a piece.
///
/// # Errors
/// As [`Snapshot::rows`]; [`QueryError::Corrupt`] where a sketch can't be read.
pub async fn rows(
    snapshot: &Snapshot,
    piece: &Arc<Piece>,
    subject: &Subject,
    sketches: Sketches,
) -> Result<Arc<Rows>, QueryError> {
    let value = subject.value.clone();
    let key = Key {
        piece: piece.clone(),
        dimension: subject.dimension,
        what: What::Rows { value, sketches },
    };
    if let Some(Answer::Rows(rows)) = snapshot.kept().get(&key) {
        return Ok(rows);
    }
    let (from, to) = (Instant(piece.range.from), Instant(piece.range.to));
    let dimension = subject.dimension.id();
    let Sketches {
        users,
        sessions,
        durations,
    } = sketches;
    let statement = statements::rollup_rows(piece.tier);
    let read = snapshot
        .rows(
            statement,
            &[
                &dimension,
                &subject.value,
                &from,
                &to,
                &users,
                &sessions,
                &durations,
            ],
        )
        .await?;
    let rows: Result<Rows, _> = read.iter().map(rollups::decode).collect();
    let rows = Arc::new(rows?);
    snapshot.kept().keep(key, Answer::Rows(rows.clone()));
    Ok(rows)
}

/// What each value of `dimension` adds up to in a piece.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn sums(
    snapshot: &Snapshot,
    piece: &Arc<Piece>,
    dimension: Dimension,
) -> Result<Arc<Sums>, QueryError> {
    let key = Key {
        piece: piece.clone(),
        dimension,
        what: What::Sums,
    };
    if let Some(Answer::Sums(sums)) = snapshot.kept().get(&key) {
        return Ok(sums);
    }
    let (from, to) = (Instant(piece.range.from), Instant(piece.range.to));
    let statement = statements::rollup_value_sums(piece.tier);
    let mut sums = Sums::new();
    for row in snapshot
        .rows(statement, &[&dimension.id(), &from, &to])
        .await?
    {
        let sum = Sum {
            events: rollups::count(row.try_get(1)?),
            value_micros: rollups::parsed(row.try_get(2)?)?,
        };
        sums.push((row.try_get(0)?, sum));
    }
    let sums = Arc::new(sums);
    snapshot.kept().keep(key, Answer::Sums(sums.clone()));
    Ok(sums)
}

/// The sets of each of `values` in a piece, in their order.
///
/// # Errors
/// As [`rows`].
pub async fn sets(
    snapshot: &Snapshot,
    piece: &Arc<Piece>,
    dimension: Dimension,
    values: &[String],
) -> Result<Vec<Arc<Sets>>, QueryError> {
    let key = |value: &String| Key {
        piece: piece.clone(),
        dimension,
        what: What::Sets {
            value: value.clone(),
        },
    };
    let mut known = HashMap::new();
    for value in values {
        if let Some(Answer::Sets(sets)) = snapshot.kept().get(&key(value)) {
            known.insert(value.as_str(), sets);
        }
    }
    let unknown = |value: &&String| !known.contains_key(value.as_str());
    let missing: Vec<&String> = values.iter().filter(unknown).collect();
    if !missing.is_empty() {
        let read = read_sets(snapshot, piece, dimension, &missing).await?;
        for (value, sets) in missing.into_iter().zip(read) {
            let sets = Arc::new(sets);
            let answer = Answer::Sets(sets.clone());
            snapshot.kept().keep(key(value), answer);
            known.insert(value, sets);
        }
    }
    let of = |value: &String| known.get(value.as_str()).cloned().unwrap_or_default();
    Ok(values.iter().map(of).collect())
}

async fn read_sets(
    snapshot: &Snapshot,
    piece: &Piece,
    dimension: Dimension,
    values: &[&String],
) -> Result<Vec<Sets>, QueryError> {
    let places: HashMap<&str, usize> = values.iter().map(|value| value.as_str()).zip(0..).collect();
    let mut sets: Vec<(DistinctUnion, DistinctUnion)> = Vec::new();
    sets.resize_with(values.len(), Default::default);
    let (from, to) = (Instant(piece.range.from), Instant(piece.range.to));
    let buckets: Vec<_> = piece.buckets().map(Instant).collect();
    let statement = statements::rollup_value_sketches(piece.tier);
    let parameters: &[&(dyn ToSql + Sync)] = &[&dimension.id(), &from, &to, &values, &buckets];
    for row in snapshot.rows(statement, parameters).await? {
        let Some(place) = places.get(row.try_get::<_, &str>(0)?) else {
            continue;
        };
        let (users, sessions) = &mut sets[*place];
        let decode = |bytes| Distinct::decode(bytes).map_err(rollups::corrupt);
        users.add(&decode(row.try_get(1)?)?);
        sessions.add(&decode(row.try_get(2)?)?);
    }
    let merged = |(users, sessions): (DistinctUnion, DistinctUnion)| Sets {
        users: users.into_distinct(),
        sessions: sessions.into_distinct(),
    };
    Ok(sets.into_iter().map(merged).collect())
}
