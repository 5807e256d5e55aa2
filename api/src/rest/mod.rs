//! REST: parameters in, JSON out.

mod answer;
mod answers;
mod asked;
mod body;
mod conditional;
mod cursor;
mod events;
mod export;
mod funnel;
mod list;
mod members;
mod metadata;
mod metrics;
mod openapi;
mod operations;
pub mod parameters;
mod query;
mod retention;
mod sessions;
mod sharing;
pub mod time;
mod timeseries;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};
use common::http::Problem;

use self::answers::Answers;
use crate::state::ApiState;

pub fn router(state: ApiState) -> Router {
    shared(&state)
        .route("/api/v1/events/export", get(export::export))
        .route("/api/v1/pipeline", get(operations::pipeline))
        .route("/api/v1/audit", get(operations::audit))
        .route("/api/v1/dead-letters", get(operations::dead_letters))
        .merge(openapi::router())
        .route_layer(from_fn(conditional::not_modified))
        .with_state(state)
}

/// Routes whose answers are kept, and shared by those who ask the same.
fn shared(state: &ApiState) -> Router<ApiState> {
    let routes = Router::new()
        .route("/api/v1/metrics/summary", get(metrics::summary))
        .route("/api/v1/metrics/timeseries", get(timeseries::timeseries))
        .route("/api/v1/metrics/breakdown", get(metrics::breakdown))
        .route("/api/v1/metrics/realtime", get(metrics::realtime))
        .route("/api/v1/query", post(query::query))
        .route("/api/v1/events", get(events::events))
        .route(
            "/api/v1/funnel",
            get(funnel::by_query).post(funnel::by_body),
        )
        .route("/api/v1/retention", get(retention::retention))
        .route("/api/v1/sessions", get(sessions::sessions))
        .route("/api/v1/sessions/{session_id}", get(sessions::session))
        .route("/api/v1/metadata", get(metadata::metadata));
    let routes = match state.config.query.answer_cache_bytes {
        0 => routes,
        bytes => {
            let shared = (state.clone(), Answers::new(bytes));
            routes.route_layer(from_fn_with_state(shared, sharing::share))
        }
    };
    // Before a flight begins: a body comes from one client only.
    routes.route_layer(from_fn(body::read))
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
