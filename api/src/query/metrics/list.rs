//! Metrics by up to two dimensions, one of which may be time, as one list.

use common::time::UnixMicros;

use super::{Counted, Keys, MAX_CELLS, Question, breakdown, grouped, series};
use crate::query::{
    database::{QueryError, Snapshot},
    filter::Field,
    metric::{Figures, Metric},
    page::Page,
    raw::{self, By, Place},
    rollups::Origin,
};

/// What a list is grouped by, in the order of the answer.
#[derive(Debug, Clone)]
pub enum Dimensions<'a> {
    None,
    Time,
    Field(&'a Field),
    /// Time and a field; `true`: time is first.
    Both(&'a Field, bool),
    Fields([&'a Field; 2]),
}

#[derive(Debug, Clone)]
pub struct Row {
    /// Buckets as their number.
    pub places: Vec<Place>,
    pub figures: Figures,
}

#[derive(Debug, Default)]
pub struct List {
    pub rows: Vec<Row>,
    pub total_rows: u64,
}

/// Groups without events aren't in the list, except in [`Dimensions::None`] and
/// [`Dimensions::Time`].
///
/// # Errors
/// As [`grouped()`].
pub async fn list(
    snapshot: &Snapshot,
    question: &Question,
    dimensions: &Dimensions<'_>,
    edges: &[UnixMicros],
    page: &Page,
) -> Result<Counted<List>, QueryError> {
    match dimensions {
        Dimensions::None => {
            let edges = [question.range.from, question.range.to];
            let counted = series(snapshot, question, &edges).await?;
            Ok(counted.map(|all| sorted(numbered(all, false), page)))
        }
        Dimensions::Time => {
            let counted = series(snapshot, question, edges).await?;
            Ok(counted.map(|all| sorted(numbered(all, true), page)))
        }
        Dimensions::Field(field) => {
            let counted = breakdown(snapshot, question, field, page).await?;
            Ok(counted.map(|found| List {
                rows: found.rows.into_iter().map(keyed).collect(),
                total_rows: found.total_rows,
            }))
        }
        Dimensions::Fields([first, second]) => {
            let by = [By::Value(first), By::Value(second)];
            let found = raw::rows(snapshot, question, &by, Some(page)).await?;
            Ok(Counted::exactly(from_events(found)))
        }
        Dimensions::Both(field, time_first) => {
            both(snapshot, question, (field, *time_first), edges, page).await
        }
    }
}

fn numbered(all: Vec<Figures>, by_time: bool) -> Vec<Row> {
    let row = |(at, figures)| Row {
        places: by_time.then_some(Place::Number(at)).into_iter().collect(),
        figures,
    };
    all.into_iter().enumerate().map(row).collect()
}

fn keyed((key, figures): (String, Figures)) -> Row {
    Row {
        places: vec![Place::Value(key)],
        figures,
    }
}

fn from_events(found: raw::Rows) -> List {
    let row = |row: raw::RawRow| Row {
        places: row.places,
        figures: row.figures,
    };
    List {
        rows: found.rows.into_iter().map(row).collect(),
        total_rows: found.total_rows,
    }
}

/// All values of the field in all buckets: from rollups they are found first, then counted.
async fn both(
    snapshot: &Snapshot,
    question: &Question,
    (field, time_first): (&Field, bool),
    edges: &[UnixMicros],
    page: &Page,
) -> Result<Counted<List>, QueryError> {
    if super::dimension_of(&question.filter, Some(field)).is_none() {
        let (time, value) = (By::Bucket(edges), By::Value(field));
        let by = if time_first {
            [time, value]
        } else {
            [value, time]
        };
        let found = raw::rows(snapshot, question, &by, Some(page)).await?;
        return Ok(Counted::exactly(from_events(found)));
    }
    let all = Page {
        order: Vec::new(),
        limit: MAX_CELLS,
        offset: 0,
        search: None,
    };
    let names = question.only(&[Metric::Events]);
    let found = breakdown(snapshot, &names, field, &all).await?;
    let keys: Vec<String> = found.data.rows.into_iter().map(|(key, _)| key).collect();
    let told_apart = Keys::only(field, &keys);
    let counted = grouped(snapshot, question, edges, told_apart).await?;
    let origin = match (found.origin, counted.origin) {
        (a, b) if a == b => a,
        _ => Origin::RollupAndRaw,
    };
    let mut rows = Vec::new();
    for (key, series) in keys.iter().zip(counted.data) {
        for (bucket, figures) in series.into_iter().enumerate() {
            if figures.events > 0 {
                let (value, bucket) = (Place::Value(key.clone()), Place::Number(bucket));
                let places = if time_first {
                    [bucket, value]
                } else {
                    [value, bucket]
                };
                let places = places.into();
                rows.push(Row { places, figures });
            }
        }
    }
    Ok(Counted {
        data: sorted(rows, page),
        origin,
        other_events: found.other_events,
    })
}

/// As SQL does it for raw rows.
fn sorted(mut rows: Vec<Row>, page: &Page) -> List {
    rows.sort_by(|a, b| page.compare((&a.places, &a.figures), (&b.places, &b.figures)));
    let total_rows = rows.len() as u64;
    let rows = page.cut(rows);
    List { rows, total_rows }
}
