//! The values of a field, largest first or in the requested order.

use std::slice::from_ref;

use common::rollup::OTHER;

use super::{
    ByRollups, Counted, Question,
    grouped::{self, Keys, MAX_CELLS},
};
use crate::query::{
    database::{QueryError, Snapshot},
    filter::Field,
    metric::{Figures, Metric},
    page::{Page, Sort},
    raw::{self, By, Place},
    rollups::Sketches,
    values::passing,
};

/// A page of values, and what all of them add up to.
#[derive(Debug, Default)]
pub struct Breakdown {
    pub rows: Vec<(String, Figures)>,
    /// Values that there are, on this page or another.
    pub total_rows: u64,
    pub total_events: u64,
}

/// # Errors
/// As [`super::series()`].
pub async fn breakdown(
    snapshot: &Snapshot,
    question: &Question,
    field: &Field,
    page: &Page,
) -> Result<Counted<Breakdown>, QueryError> {
    let by_rollups = ByRollups::of(snapshot, question, Some(field)).await?;
    if let Some(by_rollups) = by_rollups
        && let Some(counted) = from_rollups(snapshot, &by_rollups, field, page).await?
    {
        return Ok(counted);
    }
    from_events(snapshot, question, field, page)
        .await
        .map(Counted::exactly)
}

/// Different users and the like are counted for the values of the page only, where these can be
/// found without: sorting all events by value and user takes many times as long.
async fn from_events(
    snapshot: &Snapshot,
    question: &Question,
    field: &Field,
    page: &Page,
) -> Result<Breakdown, QueryError> {
    let found_by_sums = page.order.iter().all(sorted_by_sums) && page.limit <= FEW_KEYS;
    let sums = question.only(&[Metric::Events, Metric::Value]);
    let asked = if found_by_sums { &sums } else { question };
    let found = raw::rows(snapshot, asked, &[By::Value(field)], Some(page)).await?;
    let key = |row: raw::RawRow| match row.places.into_iter().next() {
        Some(Place::Value(key)) => (key, row.figures),
        _ => (String::new(), row.figures),
    };
    let mut rows: Vec<_> = found.rows.into_iter().map(key).collect();
    let only_sums = |metric: &Metric| sums.metrics.contains(metric);
    if found_by_sums && !rows.is_empty() && !question.metrics.iter().all(only_sums) {
        let keys: Vec<String> = rows.into_iter().map(|(key, _)| key).collect();
        let told_apart = Keys::only(field, &keys);
        let edges = [question.range.from, question.range.to];
        let figures = grouped::from_events(snapshot, question, &edges, told_apart).await?;
        rows = keys
            .into_iter()
            .zip(figures.into_iter().flatten())
            .collect();
    }
    Ok(Breakdown {
        rows,
        total_rows: found.total_rows,
        total_events: found.total_events,
    })
}

/// Up to this many values are compared with each event.
const FEW_KEYS: usize = 100;

/// What is on the page is known without sketches.
fn sorted_by_sums((sort, _): &(Sort, bool)) -> bool {
    let sums = [Metric::Events, Metric::Value].map(Sort::Metric);
    sums.contains(sort) || matches!(sort, Sort::Dimension(_))
}

async fn from_rollups(
    snapshot: &Snapshot,
    by: &ByRollups<'_>,
    field: &Field,
    page: &Page,
) -> Result<Option<Counted<Breakdown>>, QueryError> {
    let question = by.question;
    let values = by.values(snapshot).await?;
    let sums = values.sums();
    let other_events = sums.get(OTHER).map_or(0, |other| other.events);
    let Some(sums) = passing(&question.filter, sums) else {
        return Ok(None);
    };
    let total_events = sums.values().map(|sum| sum.events).sum();
    let told = question.filter.names_other();
    let search = page.search.as_deref().unwrap_or_default();
    let found = sums.iter().filter(|(value, _)| value.contains(search));
    let mut rows: Vec<(String, Figures)> = found
        .map(|(value, sum)| {
            let figures = Figures {
                events: sum.events,
                value_micros: sum.value_micros,
                ..Figures::default()
            };
            ((*value).to_owned(), figures)
        })
        .collect();
    let total_rows = rows.len() as u64;
    // Sketches of the page only, unless they say what is on it.
    if page.order.iter().all(sorted_by_sums) {
        sort(&mut rows, page);
        rows = page.cut(rows);
        rows = complete(snapshot, by, field, rows).await?;
    } else if rows.len() > MAX_CELLS {
        return Err(QueryError::Refused {
            code: "too_many_values",
            parameter: "order",
            detail: format!(
                "{} values can't be sorted by this; order by events or value, or ask for fewer of them",
                rows.len()
            ),
        });
    } else {
        rows = complete(snapshot, by, field, rows).await?;
        sort(&mut rows, page);
        rows = page.cut(rows);
    }
    Ok(Some(Counted {
        data: Breakdown {
            rows,
            total_rows,
            total_events,
        },
        origin: by.origin(),
        other_events: (!told).then_some(other_events),
    }))
}

/// Adds what the sums by value don't tell.
async fn complete(
    snapshot: &Snapshot,
    by: &ByRollups<'_>,
    field: &Field,
    rows: Vec<(String, Figures)>,
) -> Result<Vec<(String, Figures)>, QueryError> {
    let sketched = Sketches::of(&by.question.metrics) != Sketches::default();
    if rows.is_empty() || !(sketched || by.lacks_bounce_rate()) {
        return Ok(rows);
    }
    let keys: Vec<String> = rows.into_iter().map(|(key, _)| key).collect();
    let edges = [by.question.range.from, by.question.range.to];
    let told_apart = Keys::only(field, &keys);
    let counted = grouped::from_rollups(snapshot, by, &edges, told_apart).await?;
    let figures = counted.map(|counted| counted.data).unwrap_or_default();
    let figures = figures.into_iter();
    let figures = figures.map(|row| row.into_iter().next().unwrap_or_default());
    Ok(keys.into_iter().zip(figures).collect())
}

fn sort(rows: &mut [(String, Figures)], page: &Page) {
    rows.sort_by(|(key, figures), (other_key, others)| {
        page.compare((from_ref(key), figures), (from_ref(other_key), others))
    });
}
