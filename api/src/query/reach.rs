//! How far back a scan of raw events goes. Only time is indexed, so a query that has to read all
//! events of a range is limited by their number, which is known from rollups beforehand.

use common::{
    rollup::{Dimension, Tier},
    time::UnixMicros,
};

use super::{
    database::{QueryError, Snapshot},
    plan,
    range::{MINUTE, Range, first_minute},
    rollups,
    values::Values,
};

/// About as many events as are grouped by session in a second.
pub const MOST_GROUPED: u64 = 2_000_000;
/// About as many events as are scanned for one session in a second.
pub const MOST_SEARCHED: u64 = 8_000_000;

/// How many events rollups count in whole minutes.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn events_in(snapshot: &Snapshot, minutes: Range) -> Result<u64, QueryError> {
    let edges = [minutes.from, minutes.to];
    let minutes = plan::split(minutes).minutes;
    let pieces = rollups::cover(snapshot, minutes, &edges).await?;
    let all = Values::of(snapshot, &pieces, Dimension::All, &[]).await?;
    Ok(all.sums().into_values().map(|sum| sum.events).sum())
}

/// The part of `range` up to its end that holds at most `most` events; at least its last minute.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn within_reach(
    snapshot: &Snapshot,
    range: Range,
    most: u64,
) -> Result<Range, QueryError> {
    let end = first_minute(range.to);
    let first = Tier::Minute.bucket(range.from).0;
    let (mut reached, mut width, mut events) = (end.0, MINUTE, 0_u64);
    while reached > first {
        let from = reached.saturating_sub(width).max(first);
        let step = Range {
            from: UnixMicros(from),
            to: UnixMicros(reached),
        };
        events = events.saturating_add(events_in(snapshot, step).await?);
        if events > most && reached < end.0 {
            break;
        }
        reached = from;
        width = end.0 - from;
    }
    Ok(Range {
        from: UnixMicros(reached).max(range.from),
        to: range.to,
    })
}

/// Where the part begins that was searched, if it isn't all that was asked about.
#[must_use]
pub fn searched_from(asked: Range, searched: Range) -> Option<UnixMicros> {
    (searched.from > asked.from).then_some(searched.from)
}
