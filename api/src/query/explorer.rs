//! Pages of events that match a filter, newest first. Only time is indexed, so the search goes
//! backwards step by step, and a page ends when its time is up.

use std::time::{Duration, Instant as Clock};

use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{
    database::{QueryError, Snapshot},
    events::{COLUMNS, FullEvent, PROPERTIES, within},
    filter::Filter,
    range::{MINUTE, Range},
    sql_text::SqlText,
};

/// A step that was quicker is followed by one four times as wide, a slower one by half of it.
const QUICK: Duration = Duration::from_millis(60);
const SLOW: Duration = Duration::from_millis(300);

/// Events at and after it have been shown or passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub at: i64,
    pub event_id: Uuid,
}

#[derive(Debug)]
pub struct Page {
    pub events: Vec<FullEvent>,
    /// Where the next page goes on; `None`: there is nothing more in the range.
    pub next: Option<Position>,
    /// The page is shorter than it could be: earlier events weren't looked at yet.
    pub searched_from: Option<UnixMicros>,
}

/// What a page holds.
#[derive(Debug)]
pub struct Question<'q> {
    pub range: Range,
    pub after: Option<Position>,
    pub filter: &'q Filter,
    pub limit: usize,
    pub zone: &'q TimeZone,
    /// After this time a page is returned with what was found.
    pub patience: Duration,
}

/// # Errors
/// As [`Snapshot::rows`].
pub async fn page(snapshot: &Snapshot, question: &Question<'_>) -> Result<Page, QueryError> {
    let started = Clock::now();
    let (from, limit) = (question.range.from, question.limit);
    let mut to = question
        .after
        .map_or(question.range.to.0, |after| after.at.saturating_add(1))
        .min(question.range.to.0);
    let mut width = MINUTE;
    let mut found: Vec<(Position, FullEvent)> = Vec::new();
    while to > from.0 {
        let step = to.saturating_sub(width).max(from.0);
        let stepped = Clock::now();
        let window = Range {
            from: UnixMicros(step),
            to: UnixMicros(to),
        };
        found.extend(read(snapshot, question, window, limit + 1 - found.len()).await?);
        to = step;
        if found.len() > limit {
            found.truncate(limit);
            let next = found.last().map(|(position, _)| *position);
            return Ok(ended(found, next, None));
        }
        if started.elapsed() > question.patience && to > from.0 {
            let next = Position {
                at: to,
                event_id: Uuid::nil(),
            };
            return Ok(ended(found, Some(next), Some(UnixMicros(to))));
        }
        width = next_width(width, stepped.elapsed());
    }
    Ok(ended(found, None, None))
}

fn next_width(width: i64, took: Duration) -> i64 {
    if took < QUICK {
        width.saturating_mul(4)
    } else if took > SLOW {
        (width / 2).max(MINUTE / 60)
    } else {
        width
    }
}

fn ended(
    found: Vec<(Position, FullEvent)>,
    next: Option<Position>,
    searched_from: Option<UnixMicros>,
) -> Page {
    Page {
        events: found.into_iter().map(|(_, event)| event).collect(),
        next,
        searched_from,
    }
}

async fn read(
    snapshot: &Snapshot,
    question: &Question<'_>,
    window: Range,
    limit: usize,
) -> Result<Vec<(Position, FullEvent)>, QueryError> {
    let mut sql = SqlText::named("events_page");
    sql.push("SELECT ").push(COLUMNS).push(PROPERTIES);
    sql.push(" FROM events WHERE ");
    within(&mut sql, window);
    if let Some(after) = question.after {
        sql.push(" AND (occurred_at, event_id) < (")
            .bind(UnixMicros(after.at), Type::TIMESTAMPTZ)
            .push(", ")
            .bind(after.event_id, Type::UUID)
            .push(")");
    }
    sql.push(" AND ");
    question.filter.condition(&mut sql);
    sql.push(" ORDER BY occurred_at DESC, event_id DESC LIMIT ")
        .bind(i64::try_from(limit).unwrap_or(i64::MAX), Type::INT8);
    let rows = snapshot.rows_typed(&sql).await?;
    let read = |row: &tokio_postgres::Row| {
        let at: UnixMicros = row.try_get(2)?;
        let position = Position {
            at: at.0,
            event_id: row.try_get(0)?,
        };
        Ok((position, FullEvent::read(row, question.zone)?))
    };
    rows.iter().map(read).collect()
}
