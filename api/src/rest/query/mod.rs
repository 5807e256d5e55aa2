//! `POST /api/v1/query`: any metrics by up to two dimensions.

mod body;
mod parts;

use std::collections::HashMap;

use axum::{body::Bytes, extract::State, response::Response};
use common::time::UnixMicros;
use serde_json::{Map, Value, json};

use self::body::Asked;
use super::answer::{Meta, answer_with_query};
use crate::{
    error::ApiError,
    query::{
        database::{QueryError, Snapshot},
        interval::bucket_edges,
        metric::{Figures, estimates},
        metrics::{self, Counted, Keys, Question, Row},
        range::{Range, rfc3339_in},
        raw::Place,
    },
    state::ApiState,
};

pub(super) async fn query(
    State(state): State<ApiState>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let asked = Asked::read(&body, UnixMicros::now())?;
    let edges = match asked.interval {
        Some(interval) => bucket_edges(asked.range, interval, &asked.zone),
        None => vec![asked.range.from, asked.range.to],
    };
    let question = asked.question();
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let dimensions = asked.dimensions();
    let counted = metrics::list(&snapshot, &question, &dimensions, &edges, &asked.page)
        .await
        .map_err(by_member)?;
    let rows = &counted.data.rows;
    let before = before(&snapshot, &asked, &question, &edges, rows)
        .await
        .map_err(by_member)?;
    snapshot.finish().await?;
    let figures = rows
        .iter()
        .map(|row| &row.figures)
        .chain(before.iter().flat_map(|(_, before)| &before.data));
    let mut meta = meta
        .range(asked.range, &asked.zone_name, &asked.zone)
        .counted(counted.origin, estimates(figures, &asked.metrics))
        .other(counted.other_events);
    if let Some((range, before)) = &before {
        meta = meta.compared(*range, &asked.zone, before);
    }
    if asked.total_rows {
        meta = meta.with("total_rows", counted.data.total_rows);
    }
    let row = |(at, row): (usize, &Row)| {
        let place = |place: &Place| match place {
            Place::Value(value) => Value::from(value.as_str()),
            Place::Number(bucket) => rfc3339_in(edges[*bucket], &asked.zone).into(),
        };
        let dimensions: Vec<_> = row.places.iter().map(place).collect();
        let mut shown = Map::new();
        shown.insert("dimensions".into(), dimensions.into());
        shown.insert("metrics".into(), asked.shown(&row.figures).into());
        if let Some((_, before)) = &before {
            let metrics = before.data.get(at).map(|figures| asked.shown(figures));
            shown.insert("comparison".into(), json!({ "metrics": metrics }));
        }
        shown
    };
    let data: Vec<_> = rows.iter().enumerate().map(row).collect();
    Ok(answer_with_query(data, meta, asked.echo()))
}

/// What the other routes have as parameters are members here.
fn by_member(error: QueryError) -> ApiError {
    let member = |parameter| match parameter {
        "filter" => "filters",
        "interval" => "dimensions",
        "order" => "order_by",
        named => named,
    };
    match error {
        QueryError::Refused {
            code,
            parameter,
            detail,
        } => ApiError::refused(code, member(parameter), detail),
        QueryError::Pattern { parameter, why } => QueryError::Pattern {
            parameter: member(parameter),
            why,
        }
        .into(),
        other => other.into(),
    }
}

/// For each row what it is compared with.
async fn before(
    snapshot: &Snapshot,
    asked: &Asked,
    question: &Question,
    edges: &[UnixMicros],
    rows: &[Row],
) -> Result<Option<(Range, Counted<Vec<Figures>>)>, QueryError> {
    let Some(compare) = asked.compare else {
        return Ok(None);
    };
    let shift = compare.shift(asked.range, &asked.zone);
    let earlier = question.over(shift.range(asked.range));
    let edges = match asked.interval {
        Some(interval) => shift.buckets(asked.range, edges, interval),
        None => vec![earlier.range.from, earlier.range.to],
    };
    let mut keys: Vec<String> = Vec::new();
    let mut key_of: HashMap<&str, usize> = HashMap::new();
    for place in rows.iter().flat_map(|row| &row.places) {
        if let Place::Value(value) = place
            && !key_of.contains_key(value.as_str())
        {
            key_of.insert(value, keys.len());
            keys.push(value.clone());
        }
    }
    let counted = match asked.field() {
        Some(field) => {
            let told_apart = Keys::only(field, &keys);
            metrics::grouped(snapshot, &earlier, &edges, told_apart).await?
        }
        None => metrics::series(snapshot, &earlier, &edges)
            .await?
            .map(|buckets| vec![buckets]),
    };
    let of_row = |row: &Row| {
        let (mut key, mut bucket) = (0, 0);
        for place in &row.places {
            match place {
                Place::Number(number) => bucket = *number,
                Place::Value(value) => {
                    key = key_of.get(value.as_str()).copied().unwrap_or_default();
                }
            }
        }
        let series = counted.data.get(key);
        series
            .and_then(|series| series.get(bucket))
            .cloned()
            .unwrap_or_default()
    };
    let figures: Vec<_> = rows.iter().map(of_row).collect();
    Ok(Some((earlier.range, counted.map(|_| figures))))
}
