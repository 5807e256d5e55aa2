//! All routes of the daemon.

use axum::{
    Router,
    http::{HeaderValue, Method, StatusCode, header},
    middleware,
};
use common::{
    admin::{self, Health},
    http::{Problem, not_found, problem_for_plain_rejections},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{
    control::{self, Controls},
    source::http::{self, Collector},
};

pub(crate) fn router(
    collector: Collector,
    controls: Controls,
    health: Health,
    origins: &[String],
) -> Router {
    Router::new()
        .merge(http::router(collector, &health))
        .merge(control::router(controls))
        .merge(admin::router(health))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(problem_for_plain_rejections))
        // Outermost: a preflight is an OPTIONS that no route has, and a page is to read
        // refusals too.
        .layer(cors(origins))
}

async fn method_not_allowed(method: Method) -> Problem {
    let detail = format!("{method} is not possible here");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// Exactly these origins may call from a page.
fn cors(origins: &[String]) -> CorsLayer {
    let origins = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH])
        .allow_headers([header::CONTENT_TYPE, header::CONTENT_ENCODING])
        .expose_headers([header::RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(600))
}
