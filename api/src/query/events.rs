//! Single events.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio_postgres::{Row, types::Type};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    database::QueryError,
    number,
    range::{Range, rfc3339_in},
    rollups::corrupt,
    sql_text::SqlText,
};

/// What [`EventRow::read`] reads, in this order; [`FullEvent::read`] wants [`PROPERTIES`] too.
pub(super) const COLUMNS: &str = "event_id, event_type, occurred_at, accepted_at, user_id, session_id, page, referrer, \
     country, device, browser, os, value_micros, duration_ms";
pub(super) const PROPERTIES: &str = ", properties::text";

/// The condition on time that every statement over `events` begins with.
pub(super) fn within(sql: &mut SqlText, range: Range) {
    sql.push("occurred_at >= ")
        .bind(range.from, Type::TIMESTAMPTZ)
        .push(" AND occurred_at < ")
        .bind(range.to, Type::TIMESTAMPTZ);
}

/// An event without its properties.
#[derive(Debug, Clone, Serialize, ToSchema)]
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
    fn read(row: &Row, zone: &TimeZone) -> Result<Self, QueryError> {
        let time = |column| row.try_get(column).map(|at| rfc3339_in(at, zone));
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

/// An event with everything that was sent of it.
#[derive(Debug, Clone, Serialize)]
pub struct FullEvent {
    #[serde(flatten)]
    pub event: EventRow,
    pub properties: Option<Box<RawValue>>,
}

impl FullEvent {
    /// A row of `COLUMNS` and `PROPERTIES`.
    ///
    /// # Errors
    /// [`QueryError::Corrupt`] for what can't be read.
    pub fn read(row: &Row, zone: &TimeZone) -> Result<Self, QueryError> {
        let properties: Option<String> = row.try_get(14)?;
        let properties = properties.map(RawValue::from_string).transpose();
        Ok(Self {
            event: EventRow::read(row, zone)?,
            properties: properties.map_err(corrupt)?,
        })
    }
}
