//! `/api/v1/metrics/breakdown`.

use axum::{
    extract::State,
    http::{HeaderValue, Uri, header},
    response::Response,
};
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
        range::Range,
    },
    rest::{
        answer::{Meta, answer},
        asked::{Scope, field_of, with_order},
        parameters::Parameters,
    },
    state::ApiState,
};

const MAX_LIMIT: u32 = 1_000;
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
    let cursor = Cursor::of(&parameters)?;
    if let Some(cursor) = &cursor {
        scope.range = cursor.range;
    }
    let page = Page {
        order: vec![parameters.order()?],
        limit: parameters.limit(10, MAX_LIMIT)? as usize,
        offset: cursor.map_or(0, |cursor| cursor.offset),
        search: parameters.get("search").map(str::to_owned),
    };
    let question = Question {
        range: scope.range,
        filter: scope.filter.clone(),
        metrics: with_order(&shown, &page.order),
    };
    let earlier = parameters.compare()?.map(|compare| Question {
        range: compare.shift(scope.range, &scope.zone).range(scope.range),
        ..question.clone()
    });
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let counted = metrics::breakdown(&snapshot, &question, &field, &page).await?;
    let before = match &earlier {
        Some(earlier) => Some(same_keys(&snapshot, earlier, &field, &counted.data).await?),
        None => None,
    };
    snapshot.finish().await?;
    let next = Cursor::after(&page, scope.range, &counted.data);
    let meta = described(
        &scope,
        meta,
        &field,
        &page,
        &counted,
        &shown,
        before.as_deref(),
    )
    .with(
        "next_cursor",
        next.as_deref().map(Value::from).unwrap_or_default(),
    );
    let mut response = answer(rows(&counted.data, &shown, before.as_deref()), meta);
    if let Some(next) = next {
        link_next(&uri, &next, &mut response);
    }
    Ok(response)
}

/// The figures of the keys shown in another range.
async fn same_keys(
    snapshot: &Snapshot,
    earlier: &Question,
    field: &Field,
    shown: &Breakdown,
) -> Result<Vec<Figures>, QueryError> {
    let keys: Vec<_> = shown.rows.iter().map(|row| row.0.clone()).collect();
    let keys = Keys {
        field,
        keys: &keys,
        rest: false,
    };
    let edges = [earlier.range.from, earlier.range.to];
    let counted = metrics::grouped(snapshot, earlier, &edges, keys).await?;
    Ok(counted.data.into_iter().flatten().collect())
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

/// Where the next page begins, in the range that the first one had: `now` moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    range: Range,
    offset: usize,
}

impl Cursor {
    fn of(parameters: &Parameters) -> Result<Option<Self>, ApiError> {
        let Some(text) = parameters.get("cursor") else {
            return Ok(None);
        };
        let mut parts = text.split('.').map(|part| part.parse::<i64>().ok());
        let mut next = || parts.next().flatten();
        let cursor = match (next(), next(), next()) {
            (Some(from), Some(to), Some(offset)) if from < to => {
                let range = Range {
                    from: UnixMicros(from),
                    to: UnixMicros(to),
                };
                usize::try_from(offset)
                    .ok()
                    .map(|offset| Self { range, offset })
            }
            _ => None,
        };
        let cursor = cursor.filter(|cursor| cursor.offset < MAX_OFFSET);
        cursor.map(Some).ok_or_else(|| {
            let detail = "cursor must be a next_cursor of an earlier answer";
            ApiError::parameter("cursor", detail)
        })
    }

    fn after(page: &Page, range: Range, breakdown: &Breakdown) -> Option<String> {
        let next = page.offset + breakdown.rows.len();
        let more = !breakdown.rows.is_empty() && (next as u64) < breakdown.total_rows;
        (more && next < MAX_OFFSET).then(|| format!("{}.{}.{next}", range.from.0, range.to.0))
    }
}

/// RFC 8288: the same question with another cursor.
fn link_next(uri: &Uri, cursor: &str, response: &mut Response) {
    let query = uri.query().unwrap_or_default().split('&');
    let others = query.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let cursor = format!("cursor={cursor}");
    let query: Vec<&str> = others.chain([cursor.as_str()]).collect();
    let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
    if let Ok(link) = HeaderValue::try_from(link) {
        response.headers_mut().insert(header::LINK, link);
    }
}
