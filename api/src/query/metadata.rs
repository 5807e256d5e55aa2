//! What there is to ask about: which values occur, from when to when, how often.

use std::collections::HashMap;

use common::{
    rollup::{Dimension, OTHER},
    time::UnixMicros,
};
use futures_util::future::try_join_all;

use super::{
    database::{Instant, QueryError, Snapshot},
    pieces,
    range::{MINUTE, Range},
    reach, rollups, statements,
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
    let (first, last): (Option<Instant>, Option<Instant>) = (row.try_get(0)?, row.try_get(1)?);
    let (Some(Instant(from)), Some(Instant(last))) = (first, last) else {
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
        let read = pieces
            .iter()
            .map(|piece| pieces::sums(snapshot, piece, *dimension));
        let mut sums: HashMap<String, u64> = HashMap::new();
        for piece in try_join_all(read).await? {
            for (value, sum) in piece.iter() {
                match sums.get_mut(value) {
                    Some(events) => *events += sum.events,
                    None => drop(sums.insert(value.clone(), sum.events)),
                }
            }
        }
        let other_events = sums.remove(OTHER).unwrap_or_default();
        let mut values: Vec<_> = sums.into_iter().collect();
        values.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
        all.push(Values {
            dimension: *dimension,
            values,
            other_events,
        });
    }
    Ok(all)
}
