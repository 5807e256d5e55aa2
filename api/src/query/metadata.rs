//! What can be queried: which values occur, in which range, how often.

use common::{
    rollup::{Dimension, OTHER},
    time::UnixMicros,
};

use super::{
    database::{QueryError, Snapshot},
    range::{MINUTE, Range},
    reach, rollups, statements, values,
};

/// The values of one dimension, with their events, the most frequent first.
#[derive(Debug)]
pub struct Values {
    pub dimension: Dimension,
    /// Without `(other)`.
    pub values: Vec<(String, u64)>,
    /// Events of values that rollups don't tell apart: there are more values than are listed.
    pub other_events: u64,
}

/// Minutes that have events, from the first to the last, and how many there are in all. `None`
/// while there are none.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn data_range(snapshot: &Snapshot) -> Result<Option<(Range, u64)>, QueryError> {
    let row = snapshot.row(statements::DATA_RANGE, &[]).await?;
    let (first, last): (Option<UnixMicros>, Option<UnixMicros>) =
        (row.try_get(0)?, row.try_get(1)?);
    let (Some(from), Some(last)) = (first, last) else {
        return Ok(None);
    };
    let to = UnixMicros(last.0 + MINUTE);
    let range = Range { from, to };
    Ok(Some((range, reach::events_in(snapshot, range).await?)))
}

/// The values of every dimension in whole minutes.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn values(snapshot: &Snapshot, minutes: Range) -> Result<Vec<Values>, QueryError> {
    let edges = [minutes.from, minutes.to];
    let pieces = rollups::cover(snapshot, Some(minutes), &edges).await?;
    let mut all = Vec::new();
    for dimension in &Dimension::ALL[1..] {
        let read = values::Values::of(snapshot, &pieces, *dimension, &[]).await?;
        let mut sums = read.sums();
        let other_events = sums.remove(OTHER).unwrap_or_default().events;
        let values = sums.into_iter();
        let mut values: Vec<_> = values
            .map(|(value, sum)| (value.to_owned(), sum.events))
            .collect();
        values.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        all.push(Values {
            dimension: *dimension,
            values,
            other_events,
        });
    }
    Ok(all)
}
