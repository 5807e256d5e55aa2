//! Sessions, put together from raw events.

use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio_postgres::{Row, types::Type};
use utoipa::ToSchema;

use super::{
    database::{QueryError, Snapshot},
    events::{COLUMNS, FullEvent, PROPERTIES, within},
    filter::Filter,
    number::{decimal, rounded},
    range::{Range, rfc3339_in},
    rollups::{count, parsed},
    sql_text::SqlText,
};

/// Sessions at and after it have been shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub started_at: i64,
    pub session_id: String,
}

/// What the events of one session within a range amount to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    pub session_id: String,
    /// Of its first event.
    pub user_id: String,
    pub started_at: String,
    pub ended_at: String,
    pub duration_seconds: f64,
    pub events: u64,
    /// Its first and last events that have a page.
    pub entry_page: Option<String>,
    pub exit_page: Option<String>,
    pub value: String,
    pub country: Option<String>,
    pub device: Option<String>,
    pub browser: Option<String>,
    #[serde(skip)]
    pub extent: Range,
}

/// Sessions with an event that passes `filter`, the one that started last first, and where the
/// next page goes on.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn page(
    snapshot: &Snapshot,
    range: Range,
    filter: &Filter,
    after: Option<&Position>,
    limit: usize,
    zone: &TimeZone,
) -> Result<(Vec<Session>, Option<Position>), QueryError> {
    let mut positions = positions(snapshot, range, filter, after, limit + 1).await?;
    let more = positions.len() > limit;
    positions.truncate(limit);
    let Some(first) = positions.last() else {
        return Ok((Vec::new(), None));
    };
    // None of them began before the last one of the page did.
    let range = Range {
        from: UnixMicros(first.started_at),
        to: range.to,
    };
    let next = more.then(|| first.clone());
    let ids = positions.into_iter().map(|position| position.session_id);
    let sessions = details(snapshot, range, ids.collect(), zone).await?;
    Ok((sessions, next))
}

async fn positions(
    snapshot: &Snapshot,
    range: Range,
    filter: &Filter,
    after: Option<&Position>,
    limit: usize,
) -> Result<Vec<Position>, QueryError> {
    let mut sql = SqlText::named("session_page");
    sql.push("SELECT session_id, min(occurred_at) FROM events WHERE ");
    within(&mut sql, range);
    sql.push(" AND session_id IS NOT NULL GROUP BY session_id HAVING ");
    if filter.is_everything() {
        sql.push("TRUE");
    } else {
        sql.push("bool_or(");
        filter.condition(&mut sql);
        sql.push(")");
    }
    if let Some(after) = after {
        sql.push(" AND (min(occurred_at), session_id COLLATE \"C\") < (")
            .bind(UnixMicros(after.started_at), Type::TIMESTAMPTZ)
            .push(", ")
            .bind(after.session_id.clone(), Type::TEXT)
            .push(")");
    }
    sql.push(" ORDER BY 2 DESC, session_id COLLATE \"C\" DESC LIMIT ")
        .bind(i64::try_from(limit).unwrap_or(i64::MAX), Type::INT8);
    let rows = snapshot.rows_typed(&sql).await?;
    let read = |row: &Row| {
        let at: UnixMicros = row.try_get(1)?;
        Ok(Position {
            session_id: row.try_get(0)?,
            started_at: at.0,
        })
    };
    rows.iter().map(read).collect()
}

/// Those of `ids` that have events in `range`, the one that started last first.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn details(
    snapshot: &Snapshot,
    range: Range,
    ids: Vec<String>,
    zone: &TimeZone,
) -> Result<Vec<Session>, QueryError> {
    let mut sql = SqlText::named("session_details");
    sql.push(
        "SELECT session_id, first(user_id, occurred_at), min(occurred_at), max(occurred_at), count(*), \
         first(page, occurred_at) FILTER (WHERE page IS NOT NULL), \
         last(page, occurred_at) FILTER (WHERE page IS NOT NULL), \
         coalesce(sum(value_micros), 0)::text, \
         first(country, occurred_at) FILTER (WHERE country IS NOT NULL), \
         first(device, occurred_at) FILTER (WHERE device IS NOT NULL), \
         first(browser, occurred_at) FILTER (WHERE browser IS NOT NULL) \
         FROM events WHERE ",
    );
    within(&mut sql, range);
    sql.push(" AND session_id = ANY (")
        .bind(ids, Type::TEXT_ARRAY)
        .push(") GROUP BY session_id ORDER BY 3 DESC, session_id COLLATE \"C\" DESC");
    let rows = snapshot.rows_typed(&sql).await?;
    rows.iter().map(|row| read(row, zone)).collect()
}

fn read(row: &Row, zone: &TimeZone) -> Result<Session, QueryError> {
    let (started, ended): (UnixMicros, UnixMicros) = (row.try_get(2)?, row.try_get(3)?);
    Ok(Session {
        session_id: row.try_get(0)?,
        user_id: row.try_get(1)?,
        started_at: rfc3339_in(started, zone),
        ended_at: rfc3339_in(ended, zone),
        duration_seconds: rounded((ended.0 - started.0) as f64 / 1e6),
        events: count(row.try_get(4)?),
        entry_page: row.try_get(5)?,
        exit_page: row.try_get(6)?,
        value: decimal(parsed(row.try_get(7)?)?),
        country: row.try_get(8)?,
        device: row.try_get(9)?,
        browser: row.try_get(10)?,
        extent: Range {
            from: started,
            to: UnixMicros(ended.0 + 1),
        },
    })
}

/// The events of one session, in the order of time, at most `limit`.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn path(
    snapshot: &Snapshot,
    session: &Session,
    limit: usize,
    zone: &TimeZone,
) -> Result<Vec<FullEvent>, QueryError> {
    let mut sql = SqlText::named("session_path");
    sql.push("SELECT ").push(COLUMNS).push(PROPERTIES);
    sql.push(" FROM events WHERE ");
    within(&mut sql, session.extent);
    sql.push(" AND session_id = ")
        .bind(session.session_id.clone(), Type::TEXT)
        .push(" ORDER BY occurred_at, event_id LIMIT ")
        .bind(i64::try_from(limit).unwrap_or(i64::MAX), Type::INT8);
    let rows = snapshot.rows_typed(&sql).await?;
    rows.iter().map(|row| FullEvent::read(row, zone)).collect()
}
