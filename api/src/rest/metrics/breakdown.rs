//! `/api/v1/metrics/breakdown`.

use axum::{extract::State, http::Uri, response::Response};
use common::time::UnixMicros;
use serde_json::{Map, Value};

use crate::{
    error::ApiError,
    query::{
        database::{QueryError, Snapshot},
        filter::Field,
        metric::{Figures, Metric, estimates},
        metrics::{self, Breakdown, Counted, Keys, Question},
        page::Page,
    },
    rest::{
        answer::{Meta, answer},
        asked::{Scope, field_of, with_order},
        cursor::{self, Cursor, link_next},
        parameters::Parameters,
    },
    state::ApiState,
};

pub(in crate::rest) const MAX_LIMIT: u32 = 1_000;
/// Pages begin below this.
const MAX_OFFSET: usize = 1_000_000;

pub(in crate::rest) async fn breakdown(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let own = [
        "dimension",
        "metrics",
        "order",
        "limit",
        "cursor",
        "compare",
        "search",
    ];
    let parameters = Parameters::read(&uri, &[&Scope::NAMES[..], &own].concat())?;
    let mut scope = Scope::read(&parameters, UnixMicros::now())?;
    let field = field_of("dimension", parameters.get("dimension").unwrap_or_default())?;
    let shown = parameters.metrics(&Metric::USUAL)?;
    let order = parameters.order()?;
    let search = parameters.get("search").map(str::to_owned);
    let asked = cursor::question(
        "breakdown",
        &parameters,
        &(&scope.filter, &field, order, &search),
    );
    let cursor = Cursor::<usize>::read(&parameters, asked)?;
    if let Some(cursor) = &cursor {
        scope.range = cursor.range();
    }
    let page = Page {
        order: vec![order],
        limit: parameters.limit(10, MAX_LIMIT)? as usize,
        offset: cursor.map_or(0, |cursor| cursor.after.min(MAX_OFFSET)),
        search,
    };
    let question = Question {
        range: scope.range,
        filter: scope.filter.clone(),
        metrics: with_order(&shown, &page.order),
    };
    let earlier = parameters
        .compare()?
        .map(|compare| question.over(compare.range(scope.range, &scope.zone)));
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let counted = metrics::breakdown(&snapshot, &question, &field, &page).await?;
    let before = match &earlier {
        Some(earlier) => {
            let same_keys = same_keys(&snapshot, earlier, &field, &counted.data);
            Some((earlier.range, same_keys.await?))
        }
        None => None,
    };
    snapshot.finish().await?;
    let next = next(&page, &counted.data);
    let next = next.map(|after| Cursor::new(asked, scope.range, after).text());
    let figures = before.as_ref().map(|(_, before)| before.data.as_slice());
    let mut meta = described(&scope, meta, &field, &page, &counted, &shown, figures).with(
        "next_cursor",
        next.as_deref().map(Value::from).unwrap_or_default(),
    );
    if let Some((range, before)) = &before {
        meta = meta.compared(*range, &scope.zone, before);
    }
    let mut response = answer(rows(&counted.data, &shown, figures), meta);
    if let Some(next) = next {
        link_next(&mut response, &uri, &next);
    }
    Ok(response)
}

/// The figures of the keys shown in another range.
async fn same_keys(
    snapshot: &Snapshot,
    earlier: &Question,
    field: &Field,
    shown: &Breakdown,
) -> Result<Counted<Vec<Figures>>, QueryError> {
    let keys: Vec<_> = shown.rows.iter().map(|row| row.0.clone()).collect();
    let keys = Keys::only(field, &keys);
    let edges = [earlier.range.from, earlier.range.to];
    let counted = metrics::grouped(snapshot, earlier, &edges, keys).await?;
    Ok(counted.map(|rows| rows.into_iter().flatten().collect()))
}

fn described(
    scope: &Scope,
    meta: Meta,
    field: &Field,
    page: &Page,
    counted: &Counted<Breakdown>,
    shown: &[Metric],
    before: Option<&[Figures]>,
) -> Meta {
    let figures = counted.data.rows.iter().map(|(_, figures)| figures);
    let figures = figures.chain(before.unwrap_or_default());
    scope
        .describe(meta)
        .counted(counted.origin, estimates(figures, shown))
        .with("dimension", field.name())
        .with("limit", page.limit)
        .with("total_events", counted.data.total_events)
        .with("total_rows", counted.data.total_rows)
        .other(counted.other_events)
}

fn rows(
    breakdown: &Breakdown,
    shown: &[Metric],
    before: Option<&[Figures]>,
) -> Vec<Map<String, Value>> {
    let total = breakdown.total_events.max(1) as f64;
    let row = |(at, (key, figures)): (usize, &(String, Figures))| {
        let mut row = Map::new();
        row.insert("key".into(), key.as_str().into());
        figures.show(shown, &mut row);
        row.insert("share".into(), (figures.events as f64 / total).into());
        if let Some(before) = before {
            let mut comparison = Map::new();
            let before = before.get(at).cloned().unwrap_or_default();
            before.show(shown, &mut comparison);
            row.insert("comparison".into(), comparison.into());
        }
        row
    };
    breakdown.rows.iter().enumerate().map(row).collect()
}

/// Where the next page begins.
fn next(page: &Page, breakdown: &Breakdown) -> Option<usize> {
    let next = page.offset + breakdown.rows.len();
    let more = !breakdown.rows.is_empty() && (next as u64) < breakdown.total_rows;
    (more && next < MAX_OFFSET).then_some(next)
}
