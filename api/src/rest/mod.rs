//! REST: parameters in, JSON out.

mod answer;
mod asked;
mod cursor;
mod events;
mod export;
mod funnel;
mod metadata;
mod metrics;
mod operations;
pub mod parameters;
mod query;
mod retention;
mod sessions;
pub mod time;
mod timeseries;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    routing::{get, post},
};
use common::http::Problem;

use crate::state::ApiState;

pub fn router(state: ApiState) -> Router {
    Router::new()
        .route("/api/v1/metrics/summary", get(metrics::summary))
        .route("/api/v1/metrics/timeseries", get(timeseries::timeseries))
        .route("/api/v1/metrics/breakdown", get(metrics::breakdown))
        .route("/api/v1/metrics/realtime", get(metrics::realtime))
        .route("/api/v1/query", post(query::query))
        .route("/api/v1/events", get(events::events))
        .route("/api/v1/events/export", get(export::export))
        .route(
            "/api/v1/funnel",
            get(funnel::by_query).post(funnel::by_body),
        )
        .route("/api/v1/retention", get(retention::retention))
        .route("/api/v1/sessions", get(sessions::sessions))
        .route("/api/v1/sessions/{session_id}", get(sessions::session))
        .route("/api/v1/metadata", get(metadata::metadata))
        .route("/api/v1/pipeline", get(operations::pipeline))
        .route("/api/v1/audit", get(operations::audit))
        .route("/api/v1/dead-letters", get(operations::dead_letters))
        .with_state(state)
}

/// The router's answer to a wrong method; axum adds `Allow`.
pub async fn method_not_allowed(request: Request) -> Problem {
    let detail = format!(
        "{} is not answered at {}",
        request.method(),
        request.uri().path()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}
