//! The figures of each bucket; a summary is a series of one.

use common::{rollup::OTHER, time::UnixMicros};

use super::{ByRollups, Counted, Question, set_bounce_rates};
use crate::query::{
    cells::cells,
    database::{QueryError, Snapshot},
    kept::Group,
    metric::Figures,
    pieces::Asked,
    raw::{self, By, Place},
    rollups::Sketches,
    values::{Meant, Values, meant, needs_whole_values, passes},
};

/// One for each bucket between two of `edges`, over the events of the question's range.
///
/// # Errors
/// As [`Snapshot::rows`] and [`raw::rows`].
pub async fn series(
    snapshot: &Snapshot,
    question: &Question,
    edges: &[UnixMicros],
) -> Result<Counted<Vec<Figures>>, QueryError> {
    let by_rollups = ByRollups::of(snapshot, question, None).await?;
    if let Some(by_rollups) = by_rollups
        && let Some(counted) = from_rollups(snapshot, &by_rollups, edges).await?
    {
        return Ok(counted);
    }
    from_events(snapshot, question, edges)
        .await
        .map(Counted::exactly)
}

async fn from_events(
    snapshot: &Snapshot,
    question: &Question,
    edges: &[UnixMicros],
) -> Result<Vec<Figures>, QueryError> {
    let buckets = edges.len().saturating_sub(1);
    let mut figures = vec![Figures::default(); buckets];
    let by_bucket = [By::Bucket(edges)];
    let by: &[By<'_>] = if buckets > 1 { &by_bucket } else { &[] };
    for row in raw::rows(snapshot, question, by, None).await?.rows {
        let bucket = match row.places.first() {
            Some(Place::Number(bucket)) => *bucket,
            _ => 0,
        };
        if let Some(place) = figures.get_mut(bucket) {
            *place = row.figures;
        }
    }
    Ok(figures)
}

/// `None` where values that were shortened would have to be looked into.
async fn from_rollups(
    snapshot: &Snapshot,
    by: &ByRollups<'_>,
    edges: &[UnixMicros],
) -> Result<Option<Counted<Vec<Figures>>>, QueryError> {
    let question = by.question;
    let Some(group) = group_of(snapshot, by).await? else {
        return Ok(None);
    };
    let bounded = !question.filter.is_everything() && !group.iter().any(|value| value == OTHER);
    let mut groups = vec![group];
    if bounded {
        groups.push([OTHER.to_owned()].into());
    }
    let asked = Asked {
        dimension: by.dimension,
        groups: &groups,
        sketches: Sketches::of(&question.metrics),
    };
    let cells = cells(snapshot, question.range, edges, asked, &by.parts).await?;
    let figures = |row: &Vec<_>| row.iter().map(Figures::of).collect::<Vec<_>>();
    let mut data = cells.first().map(figures).unwrap_or_default();
    if by.lacks_bounce_rate() {
        let exact = from_events(snapshot, &question.bounce_rate(), edges).await?;
        set_bounce_rates(&mut data, &exact);
    }
    let other = cells
        .get(1)
        .map(|other| other.iter().map(|bucket| bucket.events).sum());
    Ok(Some(Counted {
        data,
        origin: by.origin(),
        other_events: other,
    }))
}

/// The values that pass the filter.
async fn group_of(snapshot: &Snapshot, by: &ByRollups<'_>) -> Result<Option<Group>, QueryError> {
    let filter = &by.question.filter;
    if let Meant::Values(values) = meant(filter) {
        return Ok(Some(values));
    }
    let values = Values::read(snapshot, by.question.range, by.dimension, &by.parts).await?;
    let sums = values.sums();
    if needs_whole_values(filter, sums.keys().copied()) {
        return Ok(None);
    }
    let mut passing: Vec<String> = sums
        .into_keys()
        .filter(|value| passes(filter, value))
        .map(str::to_owned)
        .collect();
    passing.sort_unstable();
    Ok(Some(passing.into()))
}
