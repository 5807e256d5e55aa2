//! Single events, newest first.

use common::time::UnixMicros;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{
    database::{Instant, QueryError, Snapshot},
    number, statements,
};

/// An event as lists show it: all but its properties.
#[derive(Debug, Clone, Serialize)]
pub struct EventRow {
    pub event_id: Uuid,
    pub event_type: String,
    pub occurred_at: String,
    pub accepted_at: String,
    pub user_id: String,
    pub session_id: Option<String>,
    pub page: Option<String>,
    pub referrer: Option<String>,
    pub country: Option<String>,
    pub device: Option<String>,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub value: Option<String>,
    pub duration_ms: Option<i32>,
}

impl EventRow {
    fn read(row: &Row) -> Result<Self, QueryError> {
        let time = |column| row.try_get(column).map(|Instant(at)| at.to_rfc3339());
        let value: Option<i64> = row.try_get(12)?;
        Ok(Self {
            event_id: row.try_get(0)?,
            event_type: row.try_get(1)?,
            occurred_at: time(2)?,
            accepted_at: time(3)?,
            user_id: row.try_get(4)?,
            session_id: row.try_get(5)?,
            page: row.try_get(6)?,
            referrer: row.try_get(7)?,
            country: row.try_get(8)?,
            device: row.try_get(9)?,
            browser: row.try_get(10)?,
            os: row.try_get(11)?,
            value: value.map(|micros| number::decimal(i128::from(micros))),
            duration_ms: row.try_get(13)?,
        })
    }
}

/// The newest events that occurred up to `until`.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn newest(
    snapshot: &Snapshot,
    until: UnixMicros,
    limit: i64,
) -> Result<Vec<EventRow>, QueryError> {
    let rows = snapshot
        .rows(statements::NEWEST_EVENTS, &[&Instant(until), &limit])
        .await?;
    rows.iter().map(EventRow::read).collect()
}

/// Events of the given minutes that were accepted between two moments, both included.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn accepted_between(
    snapshot: &Snapshot,
    minutes: &[UnixMicros],
    accepted: (UnixMicros, UnixMicros),
    limit: i64,
) -> Result<Vec<EventRow>, QueryError> {
    let minutes: Vec<_> = minutes.iter().copied().map(Instant).collect();
    let (first, last) = (Instant(accepted.0), Instant(accepted.1));
    let rows = snapshot
        .rows(
            statements::ACCEPTED_EVENTS,
            &[&minutes, &first, &last, &limit],
        )
        .await?;
    rows.iter().map(EventRow::read).collect()
}
