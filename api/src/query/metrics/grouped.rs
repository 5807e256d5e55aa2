//! Series of several values of a field at once.

use common::{rollup::OTHER, time::UnixMicros};

use super::{ByRollups, Counted, Question, set_bounce_rates};
use crate::query::{
    cells::cells,
    database::{QueryError, Snapshot},
    filter::Field,
    kept::Group,
    metric::Figures,
    pieces::Asked,
    raw::{self, By, Place},
    rollups::Sketches,
    values::{Values, needs_whole_values, passes},
};

/// The values of a field that are told apart, and whether all others are counted together.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    pub field: &'a Field,
    pub keys: &'a [String],
    pub rest: bool,
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
        let values: Vec<String> = Some(key)
            .filter(|key| passes(&question.filter, key))
            .into_iter()
            .cloned()
            .collect();
        Group::from(values)
    };
    let mut groups: Vec<Group> = keys.keys.iter().map(of_key).collect();
    if keys.rest {
        let values = Values::read(snapshot, question.range, by.dimension, &by.parts).await?;
        let sums = values.sums();
        if needs_whole_values(&question.filter, sums.keys().copied()) {
            return Ok(None);
        }
        let mut rest: Vec<String> = sums
            .into_keys()
            .filter(|value| passes(&question.filter, value))
            .filter(|value| !keys.keys.iter().any(|key| key == value))
            .map(str::to_owned)
            .collect();
        rest.sort_unstable();
        groups.push(rest.into());
    }
    let rows = groups.len();
    let told = groups
        .iter()
        .any(|group| group.iter().any(|value| value == OTHER));
    if !told {
        groups.push([OTHER.to_owned()].into());
    }
    let asked = Asked {
        dimension: by.dimension,
        groups: &groups,
        sketches: Sketches::of(&question.metrics),
    };
    let cells = cells(snapshot, question.range, edges, asked, &by.parts).await?;
    let figures = |row: &Vec<_>| row.iter().map(Figures::of).collect::<Vec<_>>();
    let mut data: Vec<Vec<Figures>> = cells.iter().take(rows).map(figures).collect();
    if by.lacks_bounce_rate() {
        let exact = from_events(snapshot, &question.bounce_rate(), edges, keys).await?;
        for (row, exact) in data.iter_mut().zip(exact) {
            set_bounce_rates(row, &exact);
        }
    }
    let other = groups
        .iter()
        .zip(&cells)
        .filter(|(group, _)| group.iter().any(|value| value == OTHER))
        .flat_map(|(_, row)| row)
        .map(|bucket| bucket.events)
        .sum();
    Ok(Some(Counted {
        data,
        origin: by.origin(),
        other_events: (!told).then_some(other),
    }))
}
