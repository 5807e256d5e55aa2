//! `/api/v1/metadata`: what can be queried, and within which bounds.

use axum::{extract::State, http::Uri, response::Response};
use common::{config::RetentionConfig, rollup::Dimension, time::UnixMicros};
use serde_json::{Map, Value, json};

use super::{
    answer::{Meta, answer},
    funnel, list, metrics,
    parameters::Parameters,
    retention, sessions,
};
use crate::{
    config::QueryConfig,
    error::ApiError,
    query::{
        chains,
        filter::{self, Field},
        interval::Interval,
        metadata::{self, Values},
        metric::Metric,
        range::{MAX_BUCKETS, MINUTE, Range, end_of_minute},
        rollups::Origin,
    },
    state::ApiState,
};

/// Over which time values are listed.
const LISTED_DAYS: i64 = 7;
const TOP: usize = 20;
const EVENT_TYPES: usize = 200;

pub(super) async fn metadata(
    State(state): State<ApiState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    Parameters::read(&uri, &[])?;
    let meta = Meta::new(state.watermark());
    let end = end_of_minute(UnixMicros::now());
    let listed = Range {
        from: UnixMicros(end.0 - LISTED_DAYS * 1_440 * MINUTE),
        to: end,
    };
    let snapshot = state.database.snapshot().await?;
    let data = metadata::data_range(&snapshot).await?;
    let values = metadata::values(&snapshot, listed).await?;
    snapshot.finish().await?;
    let data = match data {
        Some((range, events)) => json!({
            "from": range.from.to_rfc3339(),
            "to": range.to.to_rfc3339(),
            "events": events,
        }),
        None => json!({"from": null, "to": null, "events": 0}),
    };
    let intervals = Interval::ALL.map(Interval::as_str);
    let body = json!({
        "event_types": event_types(&values),
        "dimensions": dimensions(&values),
        "metrics": Metric::names(),
        "intervals": std::iter::once("auto").chain(intervals).collect::<Vec<_>>(),
        "data": data,
        "retention": kept(&state.config.retention),
        "limits": limits(&state.config.query),
        "time_zones": "IANA names such as Europe/Berlin in tz, UTC by default; hours and longer intervals \
                       follow the zone's clock, weeks begin on Monday",
    });
    let meta = meta
        .range(listed, "UTC", &jiff::tz::TimeZone::UTC)
        .counted(Origin::Rollup, Map::new());
    Ok(answer(body, meta))
}

fn event_type((name, events): &(String, u64)) -> Value {
    json!({"name": name, "events": events})
}

fn top((key, events): &(String, u64)) -> Value {
    json!({"key": key, "events": events})
}

fn event_types(values: &[Values]) -> Vec<Value> {
    let types = values
        .iter()
        .filter(|values| values.dimension == Dimension::EventType);
    types
        .flat_map(|types| types.values.iter().take(EVENT_TYPES).map(event_type))
        .collect()
}

/// `values` is how many were seen; absent where only raw events know.
fn dimensions(values: &[Values]) -> Vec<Value> {
    let listed = values.iter().map(|values| {
        json!({
            "name": values.dimension.as_str(),
            "source": "rollup",
            "values": values.values.len(),
            "other_events": values.other_events,
            "top": values.values.iter().take(TOP).map(top).collect::<Vec<_>>(),
        })
    });
    let raw = Field::NAMES
        .into_iter()
        .filter(|name| name.parse::<Dimension>().is_err());
    let raw = raw.map(|name| json!({"name": name, "source": "raw", "top": []}));
    listed.chain(raw).collect()
}

/// Days; `null` is for ever.
fn kept(config: &RetentionConfig) -> Value {
    let days = |days: u32| (days > 0).then_some(days);
    json!({
        "events_days": days(config.events_retention_days),
        "rollups_days": days(config.rollups_retention_days),
        "dead_letters_days": days(config.dead_letters_retention_days),
    })
}

fn limits(config: &QueryConfig) -> Value {
    json!({
        "buckets": MAX_BUCKETS,
        "breakdown_rows": metrics::MAX_LIMIT,
        "events_per_page": list::MOST,
        "sessions_per_page": list::MOST,
        "events_per_session_path": sessions::MOST_EVENTS,
        "funnel_steps": {"min": funnel::MIN_STEPS, "max": chains::MAX_STEPS},
        "retention_periods": retention::MOST_PERIODS,
        "retention_cohorts": retention::MOST_COHORTS,
        "filter_depth": filter::MAX_DEPTH,
        "filter_tests": filter::MAX_TESTS,
        "filter_values": filter::MAX_VALUES,
        "filter_value_bytes": filter::MAX_VALUE_BYTES,
        "query_timeout_ms": config.query_timeout_ms,
        "queries_at_once": config.query_concurrency,
        "analyses_at_once": config.analysis_concurrency,
        "analysis_timeout_ms": config.analysis_timeout_ms,
        "exports_at_once": config.export_concurrency,
        "export_timeout_ms": config.export_timeout_ms,
    })
}
