//! The four metric questions.

use std::{collections::HashMap, sync::Arc};

use common::{
    rollup::{Dimension, Distinct, DistinctUnion, OTHER, Rollup},
    time::UnixMicros,
};

use futures_util::future::try_join_all;

use super::{
    database::{QueryError, Snapshot},
    kept::Sum,
    pieces,
    plan::{self, Piece},
    range::{MINUTE, Range},
    rollups::{self, Origin, Sketches, Subject},
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
    let read = pieces
        .iter()
        .map(|piece| pieces::sums(snapshot, piece, dimension));
    let read = try_join_all(read).await?;
    let raw = raw_by_value(snapshot, split.edges, dimension).await?;
    let mut sums: HashMap<&str, Sum> = HashMap::new();
    for (value, sum) in read.iter().flat_map(|sums| sums.iter()) {
        sums.entry(value).or_default().add(*sum);
    }
    for (value, rollup) in &raw {
        sums.entry(value).or_default().add(Sum {
            events: rollup.events,
            value_micros: rollup.value_micros,
        });
    }
    let other_events = sums.get(OTHER).map_or(0, |other| other.events);
    sums.retain(|key, _| only.is_none_or(|only| only == *key));
    let total_events = sums.values().map(|sum| sum.events).sum();
    let mut shares = largest(&sums, limit);
    for share in &mut shares {
        if let Some(rollup) = raw.get(&share.key) {
            share.users.merge(&rollup.users);
            share.sessions.merge(&rollup.sessions);
        }
    }
    add_sketches(snapshot, &pieces, dimension, &mut shares).await?;
    Ok(Breakdown {
        shares,
        total_events,
        other_events,
        origin: Origin::of(&split.edges),
    })
}

async fn raw_by_value(
    snapshot: &Snapshot,
    edges: [Option<Range>; 2],
    dimension: Dimension,
) -> Result<HashMap<String, Rollup>, QueryError> {
    let mut raw: HashMap<String, Rollup> = HashMap::new();
    for edge in edges.into_iter().flatten() {
        rollups::each_raw(snapshot, edge, dimension, |_, value, sample| {
            match raw.get_mut(value) {
                Some(rollup) => rollup.add(sample),
                None => raw.entry(value.to_owned()).or_default().add(sample),
            }
        })
        .await?;
    }
    Ok(raw)
}

fn largest(sums: &HashMap<&str, Sum>, limit: usize) -> Vec<Share> {
    let mut sums: Vec<_> = sums.iter().collect();
    sums.sort_unstable_by(|(a, of_a), (b, of_b)| {
        of_b.events.cmp(&of_a.events).then_with(|| a.cmp(b))
    });
    let share = |(key, sum): (&&str, &Sum)| Share {
        key: (*key).to_owned(),
        events: sum.events,
        value_micros: sum.value_micros,
        ..Share::default()
    };
    sums.into_iter().take(limit).map(share).collect()
}

async fn add_sketches(
    snapshot: &Snapshot,
    pieces: &[Arc<Piece>],
    dimension: Dimension,
    shares: &mut [Share],
) -> Result<(), QueryError> {
    let keys: Vec<String> = shares.iter().map(|share| share.key.clone()).collect();
    let read = pieces
        .iter()
        .map(|piece| pieces::sets(snapshot, piece, dimension, &keys));
    let read = try_join_all(read).await?;
    for (place, share) in shares.iter_mut().enumerate() {
        let (mut users, mut sessions) = (DistinctUnion::default(), DistinctUnion::default());
        for sets in &read {
            users.add(&sets[place].users);
            sessions.add(&sets[place].sessions);
        }
        share.users.merge(&users.into_distinct());
        share.sessions.merge(&sessions.into_distinct());
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
