//! Routes for the pipeline, the daemon itself and live updates.

use serde_json::{Map, Value, json};

use super::{
    operation::Operation,
    schema::{add, and_maybe, array, component, count, moment, object, one_of, text},
};
use crate::query::{audit::Audit, dead_letters::DeadLetter, report::Report};

const STATUSES: [&str; 3] = ["ready", "not_ready", "stopping"];

pub(super) fn operations() -> Vec<Operation> {
    let mut all = of_the_pipeline();
    all.extend(of_the_daemon());
    all.extend(live());
    all
}

fn of_the_pipeline() -> Vec<Operation> {
    vec![
        Operation::get(
            "/api/v1/pipeline",
            "pipeline",
            "What arrives, what waits, how long each stage takes",
        )
        .tag("pipeline")
        .answers_now(&component("Pipeline"), "StateMeta")
        .refuses(&[422]),
        Operation::get(
            "/api/v1/audit",
            "audit",
            "Whether every accepted event is accounted for",
        )
        .tag("pipeline")
        .asks(&["raw"])
        .answers_now(&component("Audit"), "StateMeta")
        .refuses(&[422, 429, 500, 503]),
        Operation::get(
            "/api/v1/dead-letters",
            "deadLetters",
            "What was refused, newest first",
        )
        .tag("pipeline")
        .asks(&["letters_limit"])
        .answers_now(&array(component("DeadLetter")), "LettersMeta")
        .refuses(&[422, 429, 500, 503]),
    ]
}

fn of_the_daemon() -> Vec<Operation> {
    let json = "application/json";
    let get = |path, id: &str, summary: &str| Operation::get(path, id, summary).tag("daemon");
    let live = object(json!({"status": one_of(&["live"])}));
    let readiness = object(json!({"status": one_of(&STATUSES)}));
    vec![
        get("/health", "health", "The daemon and what it depends on").gives(
            200,
            "Its health.",
            json,
            component("Health"),
        ),
        get("/health/live", "healthLive", "Whether the process runs")
            .gives(200, "It does.", json, live),
        get(
            "/health/ready",
            "healthReady",
            "Whether it can answer questions",
        )
        .gives(200, "It can.", json, readiness.clone())
        .gives(503, "It can't yet, or no more.", json, readiness),
        get(
            "/metrics",
            "prometheus",
            "Metrics of the daemon for Prometheus",
        )
        .gives(200, "Prometheus's text format.", "text/plain", text()),
        get("/openapi.json", "openapi", "This document").gives(
            200,
            "OpenAPI 3.1.",
            json,
            json!({"type": "object"}),
        ),
        get("/docs", "docs", "This document, to read").gives(200, "A page.", "text/html", text()),
    ]
}

fn live() -> Vec<Operation> {
    vec![
        Operation::get("/api/v1/live", "live", "A topic's updates as server-sent events")
            .tag("live")
            .says("Events `subscribed`, `next`, `heartbeat` and `error`; `id` is the position, and `Last-Event-ID` \
                resumes there. Never ends by itself.")
            .asks(&["topic", "params"])
            .gives(200, "Events without an end.", "text/event-stream", text())
            .refuses(&[403, 422, 503]),
        Operation::get("/ws", "socket", "Topics over a WebSocket")
            .tag("live")
            .says("Messages are JSON: subscribe, unsubscribe and ping from the client; subscribed, next, complete, \
                error, pong and heartbeat from here.")
            .becomes(101, "A WebSocket.")
            .refuses(&[400, 403, 426, 503]),
    ]
}

pub(super) fn schemas() -> Map<String, Value> {
    let mut all = Map::new();
    add::<Report>(&mut all);
    add::<Audit>(&mut all);
    add::<DeadLetter>(&mut all);
    let dependency = and_maybe(
        object(json!({"status": one_of(&["waiting", "up", "down"]), "since": moment()})),
        json!({"error": text()}),
    );
    let health = object(json!({
        "status": one_of(&STATUSES),
        "service": text(),
        "version": text(),
        "environment": text(),
        "uptime_seconds": count(),
        "dependencies": {"type": "object", "additionalProperties": dependency},
    }));
    all.insert("Health".into(), health);
    all
}
