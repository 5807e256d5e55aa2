//! Rollups of groups of values, one for each bucket of an answer.

use std::{collections::HashMap, sync::Arc};

use common::{rollup::Rollup, time::UnixMicros};

use super::{
    database::{QueryError, Snapshot},
    parts::Part,
    pieces::{self, Asked},
    plan::Piece,
    rollups::Merging,
};

/// By group, then by bucket between two of `edges`. `pieces` and `parts` are those of one range,
/// the parts in the same dimension.
///
/// # Errors
/// As [`pieces::merged`].
pub async fn cells(
    snapshot: &Snapshot,
    pieces: &[Arc<Piece>],
    edges: &[UnixMicros],
    asked: Asked<'_>,
    parts: &[Part],
) -> Result<Vec<Vec<Rollup>>, QueryError> {
    let read = pieces::merged(snapshot, pieces, asked).await?;
    let row = |_| {
        let buckets = edges.len().saturating_sub(1);
        (0..buckets).map(|_| Merging::default()).collect()
    };
    let mut cells: Vec<Vec<Merging>> = asked.groups.iter().map(row).collect();
    for (piece, groups) in pieces.iter().zip(read) {
        let bucket = bucket_of(edges, piece.range.from);
        for (cells, rollup) in cells.iter_mut().zip(groups) {
            if rollup.events > 0 {
                cells[bucket].add(&rollup);
            }
        }
    }
    if !parts.is_empty() {
        let group = |(at, values): (usize, &Arc<[String]>)| {
            let places = values.iter().map(|value| (value.clone(), at));
            places.collect::<Vec<_>>()
        };
        let groups: HashMap<String, usize> =
            asked.groups.iter().enumerate().flat_map(group).collect();
        for part in parts {
            let bucket = bucket_of(edges, part.from);
            for (value, rollup) in &part.values {
                if let Some(group) = groups.get(value) {
                    cells[*group][bucket].add(rollup);
                }
            }
        }
    }
    let merged = |row: Vec<Merging>| row.into_iter().map(Merging::into_rollup).collect();
    Ok(cells.into_iter().map(merged).collect())
}

fn bucket_of(edges: &[UnixMicros], at: UnixMicros) -> usize {
    let after = edges.partition_point(|edge| *edge <= at);
    after.saturating_sub(1).min(edges.len().saturating_sub(2))
}
