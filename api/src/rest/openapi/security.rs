//! Keys and sessions, described from the same rules that the gate enforces.

use axum::http::Method;
use common::auth::{Scope, session};
use serde_json::{Map, Value, json};

use super::{
    operation::Operation,
    schema::{array, component, nullable, object, one_of, text},
};
use crate::access::RULES;

pub(super) fn schemes() -> Value {
    json!({
        "key": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "tmk_<id>_<secret>",
            "description": "A key made by `api keys create`. Its scopes are write, read, control and admin, which is \
                all of them. Where the daemon runs with AUTH=off, nothing is asked for.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "tidemark_key",
            "description": "Set by `POST /api/v1/session`, for browsers; behind TLS it is `__Host-tidemark_key`. With it, \
                what isn't a GET must come from our own page or an origin in CORS_ORIGINS.",
        },
    })
}

/// Says of an operation what it needs, and what it answers where that is missing.
pub(super) fn secure(operation: &mut Value, path: &str, method: &str) {
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap_or_default();
    let needed = match path {
        session::ROUTE => None,
        path => RULES.needed(&method, path),
    };
    let Some(scope) = needed.map(Scope::as_str) else {
        operation["security"] = json!([]);
        return;
    };
    operation["security"] = json!([{"key": [scope]}, {"session": [scope]}]);
    if let Some(responses) = operation["responses"].as_object_mut() {
        for status in [401, 403, 429, 503] {
            let reference = format!("#/components/responses/Problem{status}");
            let known = responses.entry(status.to_string());
            known.or_insert_with(|| json!({ "$ref": reference }));
        }
    }
}

pub(super) fn operations() -> Vec<Operation> {
    let json = "application/json";
    let of = |operation: Operation| operation.tag("session");
    vec![
        of(Operation::get(
            session::ROUTE,
            "currentSession",
            "Who asks, and what they may do",
        ))
        .says("Answers without a key, too: then there is no name and no scope.")
        .gives(200, "The session.", json, component("CurrentSession"))
        .refuses(&[401, 429, 503]),
        of(Operation::post(
            session::ROUTE,
            "beginSession",
            "Signs a browser in",
        ))
        .says("Sets a cookie with the key that no script can read. It ends with the key.")
        .body("NewSession", json!({"key": "tmk_0123456789ab_…"}))
        .gives(
            200,
            "The session; the cookie is set.",
            json,
            component("CurrentSession"),
        )
        .refuses(&[401, 403, 408, 413, 415, 422, 429, 503]),
        of(Operation::delete(
            session::ROUTE,
            "endSession",
            "Signs a browser out",
        ))
        .becomes(204, "The cookie is taken away.")
        .refuses(&[403]),
    ]
}

pub(super) fn schemas() -> Map<String, Value> {
    let scopes = Scope::ALL.map(Scope::as_str);
    let session = object(json!({
        "auth": one_of(&["on", "off"]),
        "name": nullable(text()),
        "scopes": array(one_of(&scopes)),
    }));
    let mut all = Map::new();
    all.insert("CurrentSession".into(), session);
    let mut asked = object(json!({"key": text()}));
    asked["additionalProperties"] = json!(false);
    all.insert("NewSession".into(), asked);
    all
}
