//! The log lines and metrics of the api.

mod metrics;

use std::{fmt::Display, time::Instant};

use ::metrics::{counter, gauge, histogram};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use common::{
    admin::Health,
    auth::Gate,
    telemetry,
    time::UnixMicros,
    trace::{self, Kind, Span, Trace},
};

use crate::query::{audit::Audit, ledger::Verdict, stream::StreamState};

/// What is known of this daemon before anything happens, and of its health when it is asked.
pub fn begin(health: &Health) {
    telemetry::describe(&metrics::METRICS);
    health.sample(|health| {
        gauge!("tidemark_api_ready").set(f64::from(u8::from(health.is_ready())));
        for (dependency, is_up) in health.dependencies() {
            gauge!("tidemark_api_dependency_up", "dependency" => dependency)
                .set(f64::from(u8::from(is_up)));
        }
    });
}

/// How full a bound is: so much of so much.
pub fn bound(name: &'static str, (used, limit): (usize, usize)) {
    let ratio = used as f64 / limit.max(1) as f64;
    gauge!("tidemark_api_bound_used_ratio", "bound" => name).set(ratio);
}

/// The stream as it was last seen, and when.
pub fn stream(state: &StreamState, at: Instant) {
    let age = (UnixMicros::now().0 - state.watermark().0).max(0);
    gauge!("tidemark_api_watermark_age_seconds").set(age as f64 / 1e6);
    gauge!("tidemark_api_stream_age_seconds").set(at.elapsed().as_secs_f64());
    gauge!("tidemark_api_stream_entries").set(state.length as f64);
    gauge!("tidemark_api_stream_pending_entries").set(state.pending as f64);
    gauge!("tidemark_api_stream_consumers").set(state.consumers.len() as f64);
}

/// The stream has never been seen since the start.
pub fn no_stream(started: Instant) {
    let age = started.elapsed().as_secs_f64();
    gauge!("tidemark_api_watermark_age_seconds").set(age);
    gauge!("tidemark_api_stream_age_seconds").set(age);
}

/// The accounts were looked at.
pub fn audited(audit: &Audit) {
    let verdict = audit.verdict();
    for (name, each) in Verdict::ALL {
        gauge!("tidemark_api_audit_verdict", "verdict" => name)
            .set(f64::from(u8::from(each == verdict)));
    }
    let (drift, lost) = (audit.drift_events(), audit.lost_entries());
    gauge!("tidemark_api_audit_drift_events").set(drift as f64);
    gauge!("tidemark_api_audit_lost_entries").set(lost as f64);
    gauge!("tidemark_api_audit_missing_entries").set(audit.missing_entries as f64);
    gauge!("tidemark_api_audit_timestamp_seconds").set(UnixMicros::now().0 as f64 / 1e6);
    if drift > 0 {
        tracing::error!(
            drift,
            "ledger, rollups and dead letters differ; `consumer rollup check` says where"
        );
    }
}

pub fn audit_failed(error: &dyn Display) {
    counter!("tidemark_api_audit_failures_total").increment(1);
    tracing::debug!(%error, "no audit; trying again later");
}

/// A dependency can't be used. Readiness says so by itself, once.
pub fn watch_failed(dependency: &'static str) {
    counter!("tidemark_api_watch_failures_total", "dependency" => dependency).increment(1);
}

/// Hints of commits are late until the subscription is back; nothing is lost.
pub fn hints_ended(why: &str) {
    counter!("tidemark_api_hint_failures_total").increment(1);
    tracing::debug!(why, "no commit hints; subscribing again");
}

/// Times and counts every request.
pub async fn request(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The pattern, not the path: a client can't make new series.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let route = route.unwrap_or("other").to_owned();
    let caller = caller(&gate, request.headers());
    let name = || format!("{} {route}", method(request.method()));
    let mut span = Span::begin(name, Kind::Server, &caller);
    let mut response = trace::within(span.trace(), next.run(request)).await;
    let status = response.status();
    span.set("http.response.status_code", status.as_u16().into());
    if status.is_server_error() {
        span.fail(|| status.to_string());
    }
    response
        .headers_mut()
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    let status = status.as_u16().to_string();
    histogram!("tidemark_api_request_seconds", "route" => route.clone())
        .record(started.elapsed().as_secs_f64());
    counter!("tidemark_api_requests_total", "route" => route, "status" => status).increment(1);
    response
}

/// Where in a trace the caller says it is. A stranger doesn't decide what is recorded.
fn caller(gate: &Gate, headers: &HeaderMap) -> Trace {
    let told = trace::caller(headers);
    match told == Trace::default() || gate.knows(headers) {
        true => told,
        false => Trace::default(),
    }
}

/// As OpenTelemetry names it: any other word is the client's own.
fn method(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS
        | Method::TRACE
        | Method::CONNECT => method.as_str(),
        _ => "_OTHER",
    }
}

/// A query needs built buckets: they are `kept` or have to be read.
pub fn piece(kept: bool) {
    let from = if kept { "memory" } else { "database" };
    counter!("tidemark_api_pieces_total", "from" => from).increment(1);
}

pub fn kept_bytes(held: (usize, usize)) {
    gauge!("tidemark_api_kept_bytes").set(held.0 as f64);
    bound("query_cache", held);
}

/// A metric answer comes from `memory`, is `shared` with one that is on its way, or is `new`.
pub fn answer(from: &'static str) {
    counter!("tidemark_api_answers_total", "from" => from).increment(1);
}

pub fn answer_bytes(held: (usize, usize)) {
    gauge!("tidemark_api_answer_bytes").set(held.0 as f64);
    bound("answer_cache", held);
}

/// An export is whole.
pub fn export_ended(events: u64) {
    counter!("tidemark_api_exports_total", "outcome" => "whole").increment(1);
    counter!("tidemark_api_exported_events_total").increment(events);
}

/// The client left before the end of its export.
pub fn export_left() {
    counter!("tidemark_api_exports_total", "outcome" => "left").increment(1);
}

pub fn export_broken(error: &str) {
    counter!("tidemark_api_exports_total", "outcome" => "broken").increment(1);
    tracing::warn!(error, "export broke off");
}

pub fn sockets(open: usize, most: usize) {
    gauge!("tidemark_api_sockets").set(open as f64);
    bound("live_sockets", (open, most));
}

pub fn socket_closed(code: u16) {
    counter!("tidemark_api_sockets_closed_total", "code" => code.to_string()).increment(1);
}

pub fn frames_sent(count: u64) {
    counter!("tidemark_api_frames_sent_total").increment(count);
}

/// A slow client was given the newest state instead of each change.
pub fn conflated() {
    counter!("tidemark_api_frames_conflated_total").increment(1);
}

pub fn feed_tick(started: Instant) {
    histogram!("tidemark_api_feed_tick_seconds").record(started.elapsed().as_secs_f64());
}

pub fn feed_failed(error: &str) {
    counter!("tidemark_api_feed_failures_total").increment(1);
    tracing::warn!(
        error,
        next = "if it goes on, look at PostgreSQL: its log, its load, this login's rights",
        "live feed can't read; retrying"
    );
}

/// An address has all the connections or live sockets it may have.
pub fn connection_refused() {
    counter!("tidemark_api_refused_connections_total").increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_nobody_knows_names_no_span() {
        assert_eq!(method(&Method::POST), "POST");
        let made_up = Method::from_bytes(b"X-0123").unwrap();
        assert_eq!(method(&made_up), "_OTHER");
    }
}
