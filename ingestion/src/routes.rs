//! All routes of the daemon.

use axum::{
    Router,
    http::{HeaderValue, Method, StatusCode, header},
    middleware,
};
use common::{
    admin::{self, Health},
    auth::{Gate, RATE_HEADERS, Rules, Scope, session},
    config::Origins,
    http::{Problem, X_REQUEST_ID, errors_are_problems, not_found},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{
    control::{self, Controls},
    source::http::{self, Collector},
};

/// What needs another scope than `read`.
pub const RULES: Rules = Rules {
    open: &["/health/live", "/health/ready"],
    other: &[
        (Method::POST, "/api/v1/events", Scope::Write),
        (Method::PUT, "/api/v1/generator", Scope::Control),
        (Method::PATCH, "/api/v1/generator", Scope::Control),
    ],
};

/// All routes.
pub fn router(
    collector: Collector,
    controls: Controls,
    health: Health,
    gate: Gate,
    origins: &Origins,
) -> Router {
    let closed = Router::new()
        .merge(http::router(collector, &health))
        .merge(control::router(controls))
        .merge(admin::router(health))
        // Before the gate, which then stands before this as well.
        .method_not_allowed_fallback(method_not_allowed);
    gate.protect(closed, RULES)
        .merge(session::router(gate))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(errors_are_problems))
        // Outermost: a preflight is an OPTIONS that no route has, and a page is to read
        // refusals too.
        .layer(cors(origins))
}

async fn method_not_allowed(method: Method) -> Problem {
    let detail = format!("{method} is not possible here");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// Exactly these origins may call from a page, with its session.
fn cors(origins: &Origins) -> CorsLayer {
    let origins = origins
        .0
        .iter()
        .filter_map(|origin| HeaderValue::from_str(&origin.0).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            X_REQUEST_ID,
        ])
        .expose_headers(
            [header::RETRY_AFTER, X_REQUEST_ID]
                .into_iter()
                .chain(RATE_HEADERS)
                .collect::<Vec<_>>(),
        )
        .max_age(std::time::Duration::from_secs(600))
}
