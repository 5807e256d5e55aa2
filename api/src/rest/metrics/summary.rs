//! `/api/v1/metrics/summary`.

use axum::{extract::State, http::Uri, response::Response};
use common::{rollup::Dimension, time::UnixMicros};
use serde_json::{Map, Value};

use crate::{
    error::ApiError,
    query::{
        metric::{Figures, Metric, estimates},
        metrics::{Question, series},
        range::rfc3339_in,
    },
    rest::{
        answer::{Meta, answer},
        asked::Scope,
        parameters::Parameters,
    },
    state::ApiState,
};

pub(in crate::rest) async fn summary(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let allowed = [&Scope::NAMES[..], &["metrics", "compare"]].concat();
    let parameters = Parameters::read(&uri, &allowed)?;
    let scope = Scope::read(&parameters, UnixMicros::now())?;
    let metrics = parameters.metrics(&usual(&scope))?;
    let compare = parameters.compare()?;
    let question = Question {
        range: scope.range,
        filter: scope.filter.clone(),
        metrics: metrics.clone(),
    };
    let earlier = compare.map(|compare| question.over(compare.range(scope.range, &scope.zone)));
    let meta = Meta::new(state.watermark());
    let snapshot = state.database.snapshot().await?;
    let counted = series(&snapshot, &question, &[scope.range.from, scope.range.to]).await?;
    let before = match &earlier {
        Some(earlier) => {
            let edges = [earlier.range.from, earlier.range.to];
            Some((earlier.range, series(&snapshot, earlier, &edges).await?))
        }
        None => None,
    };
    snapshot.finish().await?;
    let all = counted
        .data
        .iter()
        .chain(before.iter().flat_map(|(_, before)| &before.data));
    let mut meta = scope
        .describe(meta)
        .counted(counted.origin, estimates(all, &metrics))
        .other(counted.other_events);
    let mut data = Map::new();
    let now = counted.data.first().cloned().unwrap_or_default();
    now.show(&metrics, &mut data);
    if let Some((range, before)) = before {
        meta = meta.compared(range, &scope.zone, &before);
        let before = before.data.first().cloned().unwrap_or_default();
        let mut comparison = Map::new();
        let shown = |at| Value::from(rfc3339_in(at, &scope.zone));
        comparison.insert("from".into(), shown(range.from));
        comparison.insert("to".into(), shown(range.to));
        before.show(&metrics, &mut comparison);
        comparison.insert("change".into(), changes(&now, &before, &metrics));
        data.insert("comparison".into(), comparison.into());
    }
    Ok(answer(data, meta))
}

/// All metrics that don't need single events.
fn usual(scope: &Scope) -> Vec<Metric> {
    let dimension = scope.filter.in_one_dimension();
    let lacks_bounces = dimension.is_some_and(|dimension| dimension != Dimension::All);
    let all = Metric::ALL.into_iter();
    all.filter(|metric| !lacks_bounces || *metric != Metric::BounceRate)
        .collect()
}

fn changes(now: &Figures, before: &Figures, metrics: &[Metric]) -> Value {
    let change = |metric: &Metric| {
        let change = now.change(before, *metric);
        (metric.as_str().to_owned(), Value::from(change))
    };
    Value::Object(metrics.iter().map(change).collect())
}
