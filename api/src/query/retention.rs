//! How many users come back: cohorts by the period of a user's first event in the range, and
//! who of them was there in the periods after it.

use common::time::UnixMicros;
use tokio_postgres::types::Type;

use super::{
    database::{QueryError, Snapshot},
    events::within,
    filter::Filter,
    range::Range,
    rollups::count,
    sql_text::SqlText,
};

#[derive(Debug)]
pub struct Retention {
    pub range: Range,
    /// The edges of the periods that the range touches, ascending; one more than periods.
    pub edges: Vec<UnixMicros>,
    /// Which events make a user belong to a cohort.
    pub filter: Filter,
    /// Which events count as coming back.
    pub returned: Filter,
    /// How many periods of each cohort are looked at, its own among them.
    pub periods: usize,
}

/// Users whose first event lies in one period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cohort {
    pub size: u64,
    /// By period, from its own on, as far as the range goes: how many came back.
    pub returned: Vec<u64>,
}

/// One cohort for each period, in the order of time.
///
/// # Errors
/// As [`Snapshot::rows`].
pub async fn cohorts(
    snapshot: &Snapshot,
    retention: &Retention,
) -> Result<Vec<Cohort>, QueryError> {
    let all = retention.edges.len().saturating_sub(1);
    let cohort = |start: usize| Cohort {
        size: 0,
        returned: vec![0; retention.periods.min(all - start)],
    };
    let mut cohorts: Vec<_> = (0..all).map(cohort).collect();
    for row in snapshot.rows_typed(&statement(retention)).await? {
        let index = |column| {
            row.try_get(column)
                .map(|n: i32| usize::try_from(n).unwrap_or(0))
        };
        // The first period is number 1.
        let (start, period) = (index(0)?.saturating_sub(1), index(1)?);
        let Some(cohort) = cohorts.get_mut(start) else {
            continue;
        };
        if period == 0 {
            cohort.size = count(row.try_get(2)?);
        }
        if let Some(returned) = cohort.returned.get_mut(period) {
            *returned = count(row.try_get(3)?);
        }
    }
    Ok(cohorts)
}

/// Rows `(cohort, periods since it began, its users of that period, those who came back)`. In
/// a user's own first period an event from before the first one isn't coming back.
fn statement(retention: &Retention) -> SqlText {
    let mut sql = SqlText::named("retention");
    sql.push("WITH seen AS (SELECT user_id, width_bucket(occurred_at, ")
        .bind(retention.edges.clone(), Type::TIMESTAMPTZ_ARRAY)
        .push(") AS period, min(occurred_at) FILTER (WHERE ");
    retention.filter.condition(&mut sql);
    sql.push(") AS began, max(occurred_at) FILTER (WHERE ");
    retention.returned.condition(&mut sql);
    sql.push(") AS returned FROM events WHERE ");
    within(&mut sql, retention.range);
    sql.push(" AND (");
    retention.filter.condition(&mut sql);
    sql.push(" OR ");
    retention.returned.condition(&mut sql);
    sql.push(
        ") GROUP BY 1, 2), \
         firsts AS (SELECT user_id, min(period) AS cohort, min(began) AS began FROM seen \
                   WHERE began IS NOT NULL GROUP BY 1) \
         SELECT cohort, period - cohort, count(*), count(*) FILTER (WHERE returned >= firsts.began) \
         FROM firsts JOIN seen USING (user_id) WHERE period >= cohort AND period - cohort < ",
    )
    .bind(i32::try_from(retention.periods).unwrap_or(i32::MAX), Type::INT4)
    .push(" GROUP BY 1, 2");
    sql
}
