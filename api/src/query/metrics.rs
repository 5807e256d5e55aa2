//! The four metric questions.

use std::collections::HashMap;

use common::{
    rollup::{Dimension, Distinct, DistinctUnion, OTHER, Rollup},
    time::UnixMicros,
};

use futures_util::future::try_join_all;

use super::{
    database::{Instant, QueryError, Snapshot},
    plan,
    range::{MINUTE, Range},
    rollups::{self, Origin, Sketches, Subject},
    statements,
};

/// All events of a range in one rollup.
///
/// # Errors
/// As [`rollups::fold`].
pub async fn summary(
    snapshot: &Snapshot,
    range: Range,
    subject: &Subject,
) -> Result<(Rollup, Origin), QueryError> {
    let all = Sketches {
        users: true,
        sessions: true,
        durations: true,
    };
    let edges = [range.from, range.to];
    let (buckets, origin) = rollups::fold(snapshot, range, &edges, subject, all).await?;
    Ok((buckets.into_iter().next().unwrap_or_default(), origin))
}

/// A value of a dimension with what its events add up to.
#[derive(Debug, Clone, Default)]
pub struct Share {
    pub key: String,
    pub events: u64,
    pub value_micros: i128,
    pub users: Distinct,
    pub sessions: Distinct,
}

/// The sets of one share, while they are being merged.
#[derive(Debug, Default)]
struct Sets {
    users: DistinctUnion,
    sessions: DistinctUnion,
}

/// The largest values of a dimension, and the events of all values that were asked for.
#[derive(Debug)]
pub struct Breakdown {
    pub shares: Vec<Share>,
    pub total_events: u64,
    /// Events under `(other)`: where there are some, each value may have had more.
    pub other_events: u64,
    pub origin: Origin,
}

/// Sums for every value, sketches for the `limit` largest only.
///
/// # Errors
/// As [`rollups::fold`].
pub async fn breakdown(
    snapshot: &Snapshot,
    range: Range,
    dimension: Dimension,
    only: Option<&str>,
    limit: usize,
) -> Result<Breakdown, QueryError> {
    let split = plan::split(range);
    let pieces = rollups::cover(snapshot, split.minutes, &[range.from, range.to]).await?;
    let mut sums: HashMap<String, Share> = HashMap::new();
    let rows = pieces.iter().map(async |piece| {
        let bounds = (Instant(piece.range.from), Instant(piece.range.to));
        let statement = statements::rollup_value_sums(piece.tier);
        snapshot
            .rows(statement, &[&dimension.id(), &bounds.0, &bounds.1])
            .await
    });
    for row in try_join_all(rows).await?.iter().flatten() {
        let share = sums.entry(row.try_get(0)?).or_default();
        share.events += rollups::count(row.try_get(1)?);
        share.value_micros += rollups::parsed::<i128>(row.try_get(2)?)?;
    }
    let mut raw: HashMap<String, Rollup> = HashMap::new();
    for edge in split.edges.into_iter().flatten() {
        rollups::each_raw(snapshot, edge, dimension, |_, value, sample| {
            match raw.get_mut(value) {
                Some(rollup) => rollup.add(sample),
                None => raw.entry(value.to_owned()).or_default().add(sample),
            }
        })
        .await?;
    }
    for (key, rollup) in raw {
        let share = sums.entry(key).or_default();
        share.events += rollup.events;
        share.value_micros += rollup.value_micros;
        share.users.merge(&rollup.users);
        share.sessions.merge(&rollup.sessions);
    }
    let other_events = sums.get(OTHER).map_or(0, |other| other.events);
    sums.retain(|key, _| only.is_none_or(|only| only == key));
    let total_events = sums.values().map(|share| share.events).sum();
    let mut shares = largest(sums, limit);
    add_sketches(snapshot, &pieces, dimension, &mut shares).await?;
    Ok(Breakdown {
        shares,
        total_events,
        other_events,
        origin: Origin::of(&split.edges),
    })
}

fn largest(sums: HashMap<String, Share>, limit: usize) -> Vec<Share> {
    let mut shares: Vec<_> = sums
        .into_iter()
        .map(|(key, share)| Share { key, ..share })
        .collect();
    shares.sort_unstable_by(|a, b| b.events.cmp(&a.events).then_with(|| a.key.cmp(&b.key)));
    shares.truncate(limit);
    shares
}

async fn add_sketches(
    snapshot: &Snapshot,
    pieces: &[plan::Piece],
    dimension: Dimension,
    shares: &mut [Share],
) -> Result<(), QueryError> {
    let keys: Vec<String> = shares.iter().map(|share| share.key.clone()).collect();
    let places: HashMap<&str, usize> = keys.iter().map(String::as_str).zip(0..).collect();
    let mut sets: Vec<Sets> = shares.iter().map(|_| Sets::default()).collect();
    let rows = pieces.iter().map(async |piece| {
        let bounds = (Instant(piece.range.from), Instant(piece.range.to));
        let statement = statements::rollup_value_sketches(piece.tier);
        let buckets: Vec<_> = piece.buckets().map(Instant).collect();
        snapshot
            .rows(
                statement,
                &[&dimension.id(), &bounds.0, &bounds.1, &keys, &buckets],
            )
            .await
    });
    for row in try_join_all(rows).await?.iter().flatten() {
        let Some(place) = places.get(row.try_get::<_, &str>(0)?) else {
            continue;
        };
        let sets = &mut sets[*place];
        let decode = |bytes| Distinct::decode(bytes).map_err(rollups::corrupt);
        sets.users.add(&decode(row.try_get(1)?)?);
        sets.sessions.add(&decode(row.try_get(2)?)?);
    }
    for (share, sets) in shares.iter_mut().zip(sets) {
        share.users.merge(&sets.users.into_distinct());
        share.sessions.merge(&sets.sessions.into_distinct());
    }
    Ok(())
}

/// How many minutes `realtime` shows.
pub const REALTIME_MINUTES: i64 = 30;

/// The last 30 minutes one by one, the running one last.
#[derive(Debug)]
pub struct Realtime {
    pub minutes: Vec<(UnixMicros, Rollup)>,
    pub last_5: Rollup,
    pub last_30: Rollup,
    /// Events that occurred in the running and the last full minute, per second of these.
    pub events_per_second: f64,
}

/// What `realtime` shows at `now`.
#[must_use]
pub fn realtime_range(now: UnixMicros) -> Range {
    let end = (now.0.div_euclid(MINUTE) + 1) * MINUTE;
    Range {
        from: UnixMicros(end - REALTIME_MINUTES * MINUTE),
        to: UnixMicros(end),
    }
}

/// # Errors
/// As [`rollups::fold`].
pub async fn realtime(
    snapshot: &Snapshot,
    now: UnixMicros,
    subject: &Subject,
) -> Result<Realtime, QueryError> {
    let range = realtime_range(now);
    let edges: Vec<_> = (0..=REALTIME_MINUTES)
        .map(|m| UnixMicros(range.from.0 + m * MINUTE))
        .collect();
    let sketches = Sketches {
        users: true,
        ..Sketches::default()
    };
    let (buckets, _) = rollups::fold(snapshot, range, &edges, subject, sketches).await?;
    let merged = |count: usize| {
        let mut all = Rollup::default();
        buckets
            .iter()
            .rev()
            .take(count)
            .for_each(|minute| all.merge(minute));
        all
    };
    let recent: u64 = buckets
        .iter()
        .rev()
        .take(2)
        .map(|minute| minute.events)
        .sum();
    let seconds = (now.0 - (range.to.0 - 2 * MINUTE)) as f64 / 1e6;
    Ok(Realtime {
        last_5: merged(5),
        last_30: merged(buckets.len()),
        events_per_second: recent as f64 / seconds,
        minutes: edges.into_iter().zip(buckets).collect(),
    })
}
