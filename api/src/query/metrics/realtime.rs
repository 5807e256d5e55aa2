//! The last minutes one by one, and the last seconds.

use common::{rollup::Rollup, time::UnixMicros};

use super::{ByRollups, Counted, Question, series};
use crate::query::{
    database::{QueryError, Snapshot},
    filter::Filter,
    metric::{Figures, Metric},
    range::{MINUTE, Range, end_of_minute},
    raw::{self, By, Place},
    rollups::{Merging, Origin},
};

/// How many minutes `realtime` shows.
pub const REALTIME_MINUTES: i64 = 30;
/// How many full seconds it shows.
pub const SECONDS: i64 = 60;
const SECOND: i64 = 1_000_000;
/// Minutes of `last_5`.
const LAST: usize = 5;
/// Events of the last two minutes up to which seconds are counted, one event after the other.
pub const MOST_COUNTED: u64 = 2_000_000;

/// The last 30 minutes one by one, the running one last.
#[derive(Debug)]
pub struct Realtime {
    pub minutes: Vec<(UnixMicros, Figures)>,
    pub last_5: Figures,
    pub last_30: Figures,
    /// Events that occurred in the running and the last full minute, per second of these.
    pub events_per_second: f64,
    /// The last full seconds with their events; `None` beyond [`MOST_COUNTED`].
    pub seconds: Option<Vec<(UnixMicros, u64)>>,
}

/// What `realtime` shows at `now`.
#[must_use]
pub fn realtime_range(now: UnixMicros) -> Range {
    let to = end_of_minute(now);
    Range {
        from: UnixMicros(to.0 - REALTIME_MINUTES * MINUTE),
        to,
    }
}

/// # Errors
/// As [`super::series()`].
pub async fn realtime(
    snapshot: &Snapshot,
    now: UnixMicros,
    filter: &Filter,
) -> Result<Counted<Realtime>, QueryError> {
    let range = realtime_range(now);
    let question = Question {
        range,
        filter: filter.clone(),
        metrics: vec![Metric::Events, Metric::Users],
    };
    let edges: Vec<_> = (0..=REALTIME_MINUTES)
        .map(|m| UnixMicros(range.from.0 + m * MINUTE))
        .collect();
    let counted = windows(snapshot, &question, &edges).await?;
    let Windows {
        minutes,
        last_5,
        last_30,
    } = counted.data;
    let recent: u64 = minutes
        .iter()
        .rev()
        .take(2)
        .map(|minute| minute.events)
        .sum();
    let seconds = if recent > MOST_COUNTED {
        None
    } else {
        Some(seconds(snapshot, now, filter).await?)
    };
    let passed = (now.0 - (range.to.0 - 2 * MINUTE)) as f64 / 1e6;
    let origin = match counted.origin {
        Origin::Raw => Origin::Raw,
        _ => Origin::RollupAndRaw,
    };
    Ok(Counted {
        data: Realtime {
            minutes: edges.into_iter().zip(minutes).collect(),
            last_5,
            last_30,
            events_per_second: recent as f64 / passed,
            seconds,
        },
        origin,
        other_events: counted.other_events,
    })
}

struct Windows {
    minutes: Vec<Figures>,
    last_5: Figures,
    last_30: Figures,
}

/// The minutes one by one, and the last of them together: by rollups from one reading, for these
/// merge; different users of single events are counted anew.
async fn windows(
    snapshot: &Snapshot,
    question: &Question,
    edges: &[UnixMicros],
) -> Result<Counted<Windows>, QueryError> {
    let by_rollups = ByRollups::of(snapshot, question, None).await?;
    if let Some(by) = by_rollups
        && let Some(counted) = series::from_rollups(snapshot, &by, edges).await?
    {
        return Ok(counted.map(|minutes| Windows {
            minutes: minutes.iter().map(Figures::of).collect(),
            last_5: together(&minutes, LAST),
            last_30: together(&minutes, minutes.len()),
        }));
    }
    let all = question.range;
    let from = UnixMicros(all.to.0 - LAST as i64 * MINUTE);
    let last = question.over(Range { from, to: all.to });
    let (last_edges, all_edges) = ([from, all.to], [all.from, all.to]);
    let (minutes, last_5, last_30) = futures_util::try_join!(
        series::from_events(snapshot, question, edges),
        series::from_events(snapshot, &last, &last_edges),
        series::from_events(snapshot, question, &all_edges),
    )?;
    let only = |figures: Vec<Figures>| figures.into_iter().next().unwrap_or_default();
    Ok(Counted::exactly(Windows {
        minutes,
        last_5: only(last_5),
        last_30: only(last_30),
    }))
}

fn together(minutes: &[Rollup], last: usize) -> Figures {
    let mut all = Merging::default();
    let last = minutes.iter().rev().take(last);
    last.for_each(|minute| all.merge(minute.clone()));
    Figures::of(&all.into_rollup())
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
