//! `/api/v1/metrics/timeseries`.

use axum::{extract::State, http::Uri, response::Response};
use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::{
    answer::{Meta, answer},
    asked::{Scope, field_of},
    parameters::Parameters,
};
use crate::{
    error::ApiError,
    query::{
        compare::Compare,
        database::{QueryError, Snapshot},
        filter::Field,
        interval::{Interval, bucket_edges},
        metric::{Figures, Metric, estimates},
        metrics::{self, Counted, Keys, Question},
        page::{Page, Sort},
        range::{Range, rfc3339_in},
    },
    state::ApiState,
};

const MAX_GROUPS: u32 = 50;

/// What stands where nothing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    Zero,
    Null,
    None,
}

impl Fill {
    fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        match parameters.get("fill").unwrap_or("zero") {
            "zero" => Ok(Self::Zero),
            "null" => Ok(Self::Null),
            "none" => Ok(Self::None),
            _ => {
                let detail = "fill must be zero, null or none";
                let allowed = vec!["zero", "null", "none"];
                Err(ApiError::parameter("fill", detail).with("allowed", allowed))
            }
        }
    }
}

/// A range, and the edges of its buckets.
struct Buckets {
    range: Range,
    edges: Vec<UnixMicros>,
}

impl Buckets {
    fn of(range: Range, interval: Interval, zone: &TimeZone) -> Self {
        Self {
            range,
            edges: bucket_edges(range, interval, zone),
        }
    }

    /// What each bucket is compared with.
    fn before(&self, compare: Compare, interval: Interval, zone: &TimeZone) -> Self {
        let shift = compare.shift(self.range, zone);
        Self {
            range: shift.range(self.range),
            edges: shift.buckets(self.range, &self.edges, interval),
        }
    }
}

pub(super) async fn timeseries(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let own = [
        "interval", "metrics", "fill", "compare", "group_by", "limit",
    ];
    let parameters = Parameters::read(&uri, &[&Scope::NAMES[..], &own].concat())?;
    let now = UnixMicros::now();
    let scope = Scope::read(&parameters, now)?;
    let interval = parameters.interval(scope.range)?;
    let (shown, fill) = (parameters.metrics(&Metric::USUAL)?, Fill::of(&parameters)?);
    let group_by = parameters.get("group_by");
    let group_by = group_by
        .map(|name| field_of("group_by", name))
        .transpose()?;
    let limit = parameters.limit(5, MAX_GROUPS)?;
    if group_by.is_none() && parameters.get("limit").is_some() {
        return Err(ApiError::parameter(
            "limit",
            "limit goes with group_by only",
        ));
    }
    let buckets = Buckets::of(scope.range, interval, &scope.zone);
    let before = parameters
        .compare()?
        .map(|compare| buckets.before(compare, interval, &scope.zone));
    let series = Series {
        question: Question {
            range: scope.range,
            filter: scope.filter.clone(),
            metrics: shown.clone(),
        },
        buckets: &buckets,
        before: before.as_ref(),
        zone: &scope.zone,
        fill,
        now,
    };
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let told = match &group_by {
        Some(field) => series.grouped(&snapshot, field, limit as usize).await?,
        None => series.single(&snapshot).await?,
    };
    snapshot.finish().await?;
    let figures = told.counted.data.iter();
    let figures = figures.chain(told.before.iter().flat_map(|before| &before.data));
    let mut meta = scope
        .describe(meta)
        .counted(told.counted.origin, estimates(figures, &shown))
        .with("interval", interval.as_str())
        .other(told.counted.other_events);
    if let (Some(buckets), Some(counted)) = (&before, &told.before) {
        meta = meta.compared(buckets.range, &scope.zone, counted);
    }
    if let Some(field) = group_by {
        meta = meta.with("group_by", field.name()).with("limit", limit);
    }
    Ok(answer(told.rows, meta))
}

struct Series<'a> {
    question: Question,
    buckets: &'a Buckets,
    before: Option<&'a Buckets>,
    zone: &'a TimeZone,
    fill: Fill,
    now: UnixMicros,
}

/// The rows, and all figures in them.
struct Told {
    rows: Value,
    counted: Counted<Vec<Figures>>,
    before: Option<Counted<Vec<Figures>>>,
}

impl Series<'_> {
    fn earlier(&self) -> Option<(Question, &[UnixMicros])> {
        let before = self.before?;
        Some((self.question.over(before.range), &before.edges))
    }

    async fn single(&self, snapshot: &Snapshot) -> Result<Told, QueryError> {
        let counted = metrics::series(snapshot, &self.question, &self.buckets.edges).await?;
        let before = match self.earlier() {
            Some((question, edges)) => Some(metrics::series(snapshot, &question, edges).await?),
            None => None,
        };
        let figures = before.as_ref().map(|before| before.data.as_slice());
        Ok(Told {
            rows: self.rows(&counted.data, figures).into(),
            counted,
            before,
        })
    }

    /// The values with the most events, and the rest where there is any.
    async fn grouped(
        &self,
        snapshot: &Snapshot,
        field: &Field,
        limit: usize,
    ) -> Result<Told, QueryError> {
        let page = Page {
            order: vec![(Sort::Metric(Metric::Events), true)],
            limit,
            offset: 0,
            search: None,
        };
        let largest = self.question.only(&[Metric::Events]);
        let largest = metrics::breakdown(snapshot, &largest, field, &page)
            .await?
            .data;
        let rest = largest.total_rows > largest.rows.len() as u64;
        let keys: Vec<String> = largest.rows.into_iter().map(|(key, _)| key).collect();
        let told_apart = Keys {
            field,
            keys: &keys,
            rest,
        };
        let edges = &self.buckets.edges;
        let counted = metrics::grouped(snapshot, &self.question, edges, told_apart).await?;
        let before = match self.earlier() {
            Some((question, edges)) => {
                Some(metrics::grouped(snapshot, &question, edges, told_apart).await?)
            }
            None => None,
        };
        let rest = rest.then_some(None);
        let names = keys.iter().map(Some).chain(rest);
        let group = |(at, (key, series)): (usize, (Option<&String>, &Vec<Figures>))| {
            let before = before.as_ref().and_then(|before| before.data.get(at));
            let rows = self.rows(series, before.map(Vec::as_slice));
            json!({"key": key, "rest": key.is_none(), "rows": rows})
        };
        let rows: Vec<_> = names.zip(&counted.data).enumerate().map(group).collect();
        let flat = |rows: Vec<Vec<Figures>>| rows.into_iter().flatten().collect();
        Ok(Told {
            rows: rows.into(),
            counted: counted.map(flat),
            before: before.map(|before| before.map(flat)),
        })
    }

    fn rows(&self, buckets: &[Figures], before: Option<&[Figures]>) -> Vec<Map<String, Value>> {
        let rows = buckets.iter().enumerate();
        rows.filter(|(_, figures)| self.fill != Fill::None || figures.events > 0)
            .map(|(at, figures)| {
                let mut row = self.row(self.buckets, at, figures);
                let edges = &self.buckets.edges;
                let (start, end) = (edges[at], edges[at + 1]);
                let range = self.buckets.range;
                let partial = start < range.from || end > range.to || end > self.now;
                row.insert("partial".into(), partial.into());
                if let (Some(before), Some(buckets)) = (before, self.before) {
                    let comparison = before.get(at).map(|then| self.row(buckets, at, then));
                    row.insert("comparison".into(), comparison.into());
                }
                row
            })
            .collect()
    }

    fn row(&self, buckets: &Buckets, at: usize, figures: &Figures) -> Map<String, Value> {
        let mut row = Map::new();
        row.insert(
            "bucket".into(),
            rfc3339_in(buckets.edges[at], self.zone).into(),
        );
        for metric in &self.question.metrics {
            let hidden = self.fill == Fill::Null && figures.events == 0;
            let value = if hidden {
                Value::Null
            } else {
                figures.shown(*metric)
            };
            row.insert(metric.as_str().into(), value);
        }
        row
    }
}
