//! Several series at once, one for each value of a field.

use common::{rollup::Rollup, time::UnixMicros};

use super::{ByRollups, Counted, Question, set_bounce_rates};
use crate::query::{
    database::{QueryError, Snapshot},
    filter::Field,
    kept::Group,
    metric::{Figures, Metric},
    raw::{self, By, Place},
    values::passes,
};

/// The values of a field that are told apart, and whether all others are counted together.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    pub field: &'a Field,
    pub keys: &'a [String],
    pub rest: bool,
}

impl<'a> Keys<'a> {
    /// These, and none of the rest.
    #[must_use]
    pub const fn only(field: &'a Field, keys: &'a [String]) -> Self {
        Self {
            field,
            keys,
            rest: false,
        }
    }
}

/// More numbers than this aren't put together for one answer.
pub const MAX_CELLS: usize = 50_000;

/// By key, the rest last, then by bucket between two of `edges`.
///
/// # Errors
/// As [`super::series()`]; [`QueryError::Refused`] for more than [`MAX_CELLS`] of them.
pub async fn grouped(
    snapshot: &Snapshot,
    question: &Question,
    edges: &[UnixMicros],
    keys: Keys<'_>,
) -> Result<Counted<Vec<Vec<Figures>>>, QueryError> {
    check(keys, edges)?;
    let by_rollups = ByRollups::of(snapshot, question, Some(keys.field)).await?;
    if let Some(by_rollups) = by_rollups
        && let Some(counted) = from_rollups(snapshot, &by_rollups, edges, keys).await?
    {
        return Ok(counted);
    }
    from_events(snapshot, question, edges, keys)
        .await
        .map(Counted::exactly)
}

fn check(keys: Keys<'_>, edges: &[UnixMicros]) -> Result<(), QueryError> {
    let (keys, buckets) = (keys.keys.len(), edges.len().saturating_sub(1));
    if keys.saturating_mul(buckets) <= MAX_CELLS {
        return Ok(());
    }
    Err(QueryError::Refused {
        code: "too_many_buckets",
        parameter: "interval",
        detail: format!(
            "{keys} values in {buckets} buckets are more than {MAX_CELLS}; ask for a coarser interval, a shorter range or fewer values"
        ),
    })
}

pub(super) async fn from_events(
    snapshot: &Snapshot,
    question: &Question,
    edges: &[UnixMicros],
    Keys { field, keys, rest }: Keys<'_>,
) -> Result<Vec<Vec<Figures>>, QueryError> {
    let buckets = edges.len().saturating_sub(1);
    let rows = keys.len() + usize::from(rest);
    let mut figures = vec![vec![Figures::default(); buckets]; rows];
    let by = [By::Key { field, keys, rest }, By::Bucket(edges)];
    for row in raw::rows(snapshot, question, &by, None).await?.rows {
        let [Place::Number(key), Place::Number(bucket)] = row.places.as_slice() else {
            continue;
        };
        if let Some(place) = figures.get_mut(*key).and_then(|row| row.get_mut(*bucket)) {
            *place = row.figures;
        }
    }
    Ok(figures)
}

pub(super) async fn from_rollups(
    snapshot: &Snapshot,
    by: &ByRollups<'_>,
    edges: &[UnixMicros],
    keys: Keys<'_>,
) -> Result<Option<Counted<Vec<Vec<Figures>>>>, QueryError> {
    let question = by.question;
    let of_key = |key: &String| {
        let passing = Some(key).filter(|key| passes(&question.filter, key));
        passing.cloned().into_iter().collect()
    };
    let mut groups: Vec<Group> = keys.keys.iter().map(of_key).collect();
    if keys.rest {
        let values = by.values(snapshot).await?;
        let Some(mut rest) = values.passing(&question.filter) else {
            return Ok(None);
        };
        rest.retain(|value| !keys.keys.contains(value));
        groups.push(rest.into());
    }
    let counted = by.count(snapshot, edges, groups).await?;
    let figures = |row: Vec<Rollup>| row.iter().map(Figures::of).collect();
    let mut counted: Counted<Vec<Vec<Figures>>> =
        counted.map(|rows| rows.into_iter().map(figures).collect());
    if by.lacks_bounce_rate() {
        let rates = question.only(&[Metric::BounceRate]);
        let exact = from_events(snapshot, &rates, edges, keys).await?;
        for (row, exact) in counted.data.iter_mut().zip(exact) {
            set_bounce_rates(row, &exact);
        }
    }
    Ok(Some(counted))
}
