//! CORS: the origins in `CORS_ORIGINS` may send requests and read the responses.

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::state::ApiState;

/// Headers of answers besides those that any page may read.
const EXPOSED: &str = "ETag, Link, RateLimit, RateLimit-Limit, RateLimit-Policy, \
    RateLimit-Remaining, RateLimit-Reset, Retry-After, Watermark, X-Request-Id";
/// All of any route: the session ends by DELETE.
const METHODS: &str = "DELETE, GET, HEAD, POST";
/// Headers of requests besides those that any page may send: the key, and what asks for an answer
/// of one's own or of after a break.
const TAKEN: &str =
    "Authorization, Cache-Control, Content-Type, If-None-Match, Last-Event-ID, X-Request-Id";
/// Seconds for which a browser needs not ask again what it may send.
const PREFLIGHT_LASTS: &str = "600";

/// Lets listed origins read the answer, and tells them beforehand what they may send.
pub async fn allow(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return next.run(request).await;
    };
    let allowed = &state.config.server.cors_origins;
    let listed = origin.to_str().is_ok_and(|origin| allowed.allow(origin));
    let asks = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match listed && asks {
        true => preflight(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if listed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let exposed = HeaderValue::from_static(EXPOSED);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        let yes = HeaderValue::from_static("true");
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    }
    response
}

fn preflight() -> Response {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, TAKEN),
        (header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_LASTS),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}
