//! The figures of each bucket; a summary is a series of one.

use common::{rollup::Rollup, time::UnixMicros};

use super::{ByRollups, Counted, Question, set_bounce_rates};
use crate::query::{
    database::{QueryError, Snapshot},
    kept::Group,
    metric::{Figures, Metric},
    raw::{self, By, Place},
    values::{Meant, meant},
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
    if let Some(by) = by_rollups
        && let Some(counted) = from_rollups(snapshot, &by, edges).await?
    {
        let mut counted: Counted<Vec<_>> =
            counted.map(|buckets| buckets.iter().map(Figures::of).collect());
        if by.lacks_bounce_rate() {
            let rates = question.only(&[Metric::BounceRate]);
            let exact = from_events(snapshot, &rates, edges).await?;
            set_bounce_rates(&mut counted.data, &exact);
        }
        return Ok(counted);
    }
    from_events(snapshot, question, edges)
        .await
        .map(Counted::exactly)
}

pub(super) async fn from_events(
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
pub(super) async fn from_rollups(
    snapshot: &Snapshot,
    by: &ByRollups<'_>,
    edges: &[UnixMicros],
) -> Result<Option<Counted<Vec<Rollup>>>, QueryError> {
    let Some(group) = group_of(snapshot, by).await? else {
        return Ok(None);
    };
    let counted = by.count(snapshot, edges, vec![group]).await?;
    Ok(Some(
        counted.map(|rows| rows.into_iter().next().unwrap_or_default()),
    ))
}

/// The values that pass the filter.
async fn group_of(snapshot: &Snapshot, by: &ByRollups<'_>) -> Result<Option<Group>, QueryError> {
    let filter = &by.question.filter;
    if let Meant::Values(values) = meant(filter) {
        return Ok(Some(values));
    }
    let values = by.values(snapshot).await?;
    Ok(values.passing(filter).map(Group::from))
}
