//! Parts of a minute at the ends of a range, counted from raw rows.

use std::collections::HashMap;

use common::{
    rollup::{Dimension, Rollup},
    time::UnixMicros,
};

use super::{
    database::{QueryError, Snapshot},
    range::Range,
    rollups,
};

/// A part, by value of a dimension.
#[derive(Debug)]
pub struct Part {
    pub from: UnixMicros,
    pub values: HashMap<String, Rollup>,
}

/// # Errors
/// As [`Snapshot::rows`].
pub async fn read(
    snapshot: &Snapshot,
    edges: [Option<Range>; 2],
    dimension: Dimension,
) -> Result<Vec<Part>, QueryError> {
    let mut parts = Vec::new();
    for edge in edges.into_iter().flatten() {
        let mut values: HashMap<String, Rollup> = HashMap::new();
        rollups::each_raw(snapshot, edge, dimension, |value, sample| {
            match values.get_mut(value) {
                Some(rollup) => rollup.add(sample),
                None => values.entry(value.to_owned()).or_default().add(sample),
            }
        })
        .await?;
        let from = edge.from;
        parts.push(Part { from, values });
    }
    Ok(parts)
}
