//! Every moment of the api that is logged or counted.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_ID: usize = 128;

/// Names, times and counts every request.
pub async fn request(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    // The pattern, not the path: a client can't make new series.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let route = route.unwrap_or("other").to_owned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    let status = response.status().as_u16().to_string();
    metrics::histogram!("tidemark_api_request_seconds", "route" => route.clone())
        .record(started.elapsed().as_secs_f64());
    metrics::counter!("tidemark_api_requests_total", "route" => route, "status" => status)
        .increment(1);
    response
}

/// The client's, if it is short and plain, else a new one.
fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID).filter(|id| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
        (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(plain)
    });
    let fresh = || {
        let id = Uuid::now_v7().to_string();
        HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
    };
    given.cloned().unwrap_or_else(fresh)
}

/// An address has all the connections or live sockets it may have.
pub fn connection_refused() {
    metrics::counter!("tidemark_api_refused_connections_total").increment(1);
}

/// A query needs built buckets: they are `kept` or have to be read.
pub fn piece(kept: bool) {
    let from = if kept { "memory" } else { "database" };
    metrics::counter!("tidemark_api_pieces_total", "from" => from).increment(1);
}

pub fn kept_bytes(bytes: usize) {
    metrics::gauge!("tidemark_api_kept_bytes").set(bytes as f64);
}

/// A metric answer comes from `memory`, is `shared` with one that is on its way, or is `new`.
pub fn answer(from: &'static str) {
    metrics::counter!("tidemark_api_answers_total", "from" => from).increment(1);
}

pub fn answer_bytes(bytes: usize) {
    metrics::gauge!("tidemark_api_answer_bytes").set(bytes as f64);
}

/// An export is whole.
pub fn export_ended(events: u64) {
    metrics::counter!("tidemark_api_exports_total", "outcome" => "whole").increment(1);
    metrics::counter!("tidemark_api_exported_events_total").increment(events);
}

/// The client left before the end of its export.
pub fn export_left() {
    metrics::counter!("tidemark_api_exports_total", "outcome" => "left").increment(1);
}

pub fn export_broken(error: &str) {
    metrics::counter!("tidemark_api_exports_total", "outcome" => "broken").increment(1);
    tracing::warn!(error, "export broke off");
}

pub fn sockets(open: usize) {
    metrics::gauge!("tidemark_api_sockets").set(open as f64);
}

pub fn socket_closed(code: u16) {
    metrics::counter!("tidemark_api_sockets_closed_total", "code" => code.to_string()).increment(1);
}

pub fn frames_sent(count: u64) {
    metrics::counter!("tidemark_api_frames_sent_total").increment(count);
}

/// A slow client was given the newest state instead of each change.
pub fn conflated() {
    metrics::counter!("tidemark_api_frames_conflated_total").increment(1);
}

pub fn feed_tick(started: Instant) {
    metrics::histogram!("tidemark_api_feed_tick_seconds").record(started.elapsed().as_secs_f64());
}

pub fn feed_failed(error: &str) {
    metrics::counter!("tidemark_api_feed_failures_total").increment(1);
    tracing::warn!(error, "live feed can't read; retrying");
}
