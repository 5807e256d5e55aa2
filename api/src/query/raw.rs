//! Metrics counted exactly from the raw events, for what rollups don't hold.

mod statement;

use common::time::UnixMicros;
use tokio_postgres::Row;

use super::{
    database::{QueryError, Snapshot},
    filter::Field,
    metric::Figures,
    metrics::Question,
    page::Page,
    rollups::{count, parsed},
};

/// The longest range that is counted from raw rows.
const LONGEST_MICROS: i64 = 400 * 86_400_000_000;

/// What rows are grouped by.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// The bucket between two of these edges: its number, from 0.
    Bucket(&'a [UnixMicros]),
    /// The field's value.
    Value(&'a Field),
    /// The number of the key that the field's value is, from 0; what is no key comes last where
    /// `rest` is wanted, and isn't counted otherwise.
    Key {
        field: &'a Field,
        keys: &'a [String],
        rest: bool,
    },
}

/// A row of an answer.
#[derive(Debug, Clone)]
pub struct RawRow {
    /// As [`By`] says: numbers as [`Place::Number`].
    pub places: Vec<Place>,
    pub figures: Figures,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Number(usize),
    Value(String),
}

#[derive(Debug, Default)]
pub struct Rows {
    pub rows: Vec<RawRow>,
    /// Of all pages.
    pub total_rows: u64,
    /// Of all rows, found by the search or not.
    pub total_events: u64,
}

const PLACES: [&str; 3] = ["d0", "d1", "d2"];

/// Counts events from raw rows; without a page all rows come, in no order. At most three
/// dimensions.
///
/// # Errors
/// As [`Snapshot::rows_typed`]; [`QueryError::Refused`] over more than 400 days.
pub async fn rows(
    snapshot: &Snapshot,
    question: &Question,
    by: &[By<'_>],
    page: Option<&Page>,
) -> Result<Rows, QueryError> {
    check(question)?;
    let sql = statement::statement(question, by, page);
    let mut rows = Rows::default();
    for row in snapshot.rows_typed(&sql).await? {
        rows.total_rows = count(row.try_get("total_rows")?);
        rows.total_events = count(row.try_get("total_events")?);
        if row.try_get::<_, Option<i64>>("events")?.is_some() {
            rows.rows.push(RawRow {
                places: places(&row, by)?,
                figures: figures(&row)?,
            });
        }
    }
    Ok(rows)
}

fn check(question: &Question) -> Result<(), QueryError> {
    if question.range.micros() > LONGEST_MICROS {
        return Err(QueryError::Refused {
            code: "range_too_long",
            parameter: "from",
            detail: "this question is answered from single events, over at most 400 days; ask for a shorter range, or for one dimension".into(),
        });
    }
    if question.filter.names_other() {
        return Err(QueryError::Refused {
            code: "unsupported_filter",
            parameter: "filter",
            detail: "(other) is known to rollups only: filter by its dimension alone".into(),
        });
    }
    Ok(())
}

fn places(row: &Row, by: &[By<'_>]) -> Result<Vec<Place>, QueryError> {
    let place = |(name, by): (&&str, &By<'_>)| match by {
        By::Value(_) => row.try_get(*name).map(Place::Value),
        By::Bucket(_) | By::Key { .. } => {
            let number: i32 = row.try_get(*name)?;
            Ok(Place::Number(usize::try_from(number).unwrap_or_default()))
        }
    };
    let places: Result<Vec<_>, tokio_postgres::Error> = PLACES.iter().zip(by).map(place).collect();
    Ok(places?)
}

fn figures(row: &Row) -> Result<Figures, QueryError> {
    let quantiles: Option<Vec<Option<i32>>> = row.try_get("quantiles")?;
    let quantiles = quantiles.unwrap_or_default();
    let quantile = |at: usize| quantiles.get(at).copied().flatten().map(f64::from);
    Ok(Figures {
        events: count(row.try_get("events")?),
        users: count(row.try_get("users")?),
        sessions: count(row.try_get("sessions")?),
        value_micros: parsed(row.try_get("value")?)?,
        bounce_rate: row.try_get("bounce_rate")?,
        duration_avg_ms: row.try_get("duration_avg")?,
        duration_p50_ms: quantile(0),
        duration_p95_ms: quantile(1),
        duration_p99_ms: quantile(2),
        ..Figures::default()
    })
}
