//! The last minutes one by one, and the last seconds.

use common::time::UnixMicros;

use super::{Counted, Question, series};
use crate::query::{
    database::{QueryError, Snapshot},
    filter::Filter,
    metric::{Figures, Metric},
    range::{MINUTE, Range},
    raw::{self, By, Place},
    rollups::Origin,
};

/// How many minutes `realtime` shows.
pub const REALTIME_MINUTES: i64 = 30;
/// How many full seconds it shows.
pub const SECONDS: i64 = 60;
const SECOND: i64 = 1_000_000;
/// Events of the last two minutes up to which seconds are counted, one event after the other.
const MOST_COUNTED: u64 = 2_000_000;

/// The last 30 minutes one by one, the running one last.
#[derive(Debug)]
pub struct Realtime {
    pub minutes: Vec<(UnixMicros, Figures)>,
    pub last_5: Figures,
    pub last_30: Figures,
    /// Events that occurred in the running and the last full minute, per second of these.
    pub events_per_second: f64,
    /// The last full seconds with their events; none where these are too many to be counted.
    pub seconds: Vec<(UnixMicros, u64)>,
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
/// As [`series()`].
pub async fn realtime(
    snapshot: &Snapshot,
    now: UnixMicros,
    filter: &Filter,
) -> Result<Counted<Realtime>, QueryError> {
    let range = realtime_range(now);
    let question = |minutes: i64| Question {
        range: Range {
            from: UnixMicros(range.to.0 - minutes * MINUTE),
            to: range.to,
        },
        filter: filter.clone(),
        metrics: vec![Metric::Events, Metric::Users],
    };
    let (all, last) = (question(REALTIME_MINUTES), question(5));
    let edges: Vec<_> = (0..=REALTIME_MINUTES)
        .map(|m| UnixMicros(range.from.0 + m * MINUTE))
        .collect();
    let last_edges = [last.range.from, last.range.to];
    let all_edges = [range.from, range.to];
    let (minutes, last_5, last_30) = futures_util::try_join!(
        series(snapshot, &all, &edges),
        series(snapshot, &last, &last_edges),
        series(snapshot, &all, &all_edges),
    )?;
    let recent: u64 = minutes
        .data
        .iter()
        .rev()
        .take(2)
        .map(|minute| minute.events)
        .sum();
    let seconds = if recent > MOST_COUNTED {
        Vec::new()
    } else {
        seconds(snapshot, now, filter).await?
    };
    let passed = (now.0 - (range.to.0 - 2 * MINUTE)) as f64 / 1e6;
    let only = |counted: Counted<Vec<Figures>>| counted.data.into_iter().next().unwrap_or_default();
    let origin = match minutes.origin {
        Origin::Raw => Origin::Raw,
        _ => Origin::RollupAndRaw,
    };
    let other_events = last_30.other_events;
    Ok(Counted {
        data: Realtime {
            minutes: edges.into_iter().zip(minutes.data).collect(),
            last_5: only(last_5),
            last_30: only(last_30),
            events_per_second: recent as f64 / passed,
            seconds,
        },
        origin,
        other_events,
    })
}

async fn seconds(
    snapshot: &Snapshot,
    now: UnixMicros,
    filter: &Filter,
) -> Result<Vec<(UnixMicros, u64)>, QueryError> {
    let end = now.0.div_euclid(SECOND) * SECOND;
    let start = end - SECONDS * SECOND;
    let edges: Vec<_> = (0..=SECONDS)
        .map(|n| UnixMicros(start + n * SECOND))
        .collect();
    let question = Question {
        range: Range {
            from: UnixMicros(start),
            to: UnixMicros(end),
        },
        filter: filter.clone(),
        metrics: vec![Metric::Events],
    };
    let mut events: Vec<_> = edges
        .iter()
        .take(SECONDS as usize)
        .map(|at| (*at, 0))
        .collect();
    for row in raw::rows(snapshot, &question, &[By::Bucket(&edges)], None)
        .await?
        .rows
    {
        if let Some(Place::Number(second)) = row.places.first()
            && let Some((_, count)) = events.get_mut(*second)
        {
            *count = row.figures.events;
        }
    }
    Ok(events)
}
