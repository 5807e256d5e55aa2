//! The description of every route (OpenAPI 3.1) and a page to read it on.

mod asked;
mod docs;
mod metrics;
mod operation;
mod parameters;
mod raw;
mod schema;
mod security;
mod state;
mod told;

use std::sync::LazyLock;

use axum::{Router, body::Bytes, http::header, response::IntoResponse, routing::get};
use serde_json::{Map, Value, json};

use self::schema::{and_maybe, array, count, object, text};

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    serde_json::to_vec_pretty(&document())
        .unwrap_or_default()
        .into()
});

/// `/openapi.json` and `/docs`.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/openapi.json", get(openapi))
        .merge(docs::router())
}

async fn openapi() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, DOCUMENT.clone())
}

fn document() -> Value {
    let mut paths = Map::new();
    let operations = [
        metrics::operations(),
        raw::operations(),
        state::operations(),
        security::operations(),
    ];
    for operation in operations.into_iter().flatten() {
        let (path, method) = (operation.path, operation.method);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[method] = operation.into_object();
        security::secure(&mut item[method], path, method);
    }
    let mut schemas = metrics::schemas();
    schemas.append(&mut raw::schemas());
    schemas.append(&mut state::schemas());
    schemas.append(&mut asked::schemas());
    schemas.append(&mut told::schemas());
    schemas.append(&mut security::schemas());
    schemas.insert("Problem".into(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tidemark",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Questions about events, answered from rollups where they can be. Every answer says in \
                `meta` up to when it is complete (`watermark`), what it was read from (`source`) and what of it is \
                estimated (`estimates`). Errors are application/problem+json.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": parameters::all(),
            "headers": headers(),
            "responses": responses(),
            "securitySchemes": security::schemes(),
        },
    })
}

fn tags() -> Value {
    let tags = [
        ("metrics", "Counts, sums and percentiles."),
        ("events", "Single events and sessions."),
        ("users", "What users do one after another."),
        ("metadata", "What there is to ask for."),
        ("live", "Updates as they are committed."),
        ("pipeline", "The pipeline about itself."),
        ("daemon", "This process."),
        ("session", "A browser's key."),
    ];
    tags.map(|(name, description)| json!({"name": name, "description": description}))
        .into()
}

fn problem() -> Value {
    let told = |kind: &str, description: &str| json!({"type": kind, "description": description});
    let required = object(json!({
        "status": count(),
        "title": text(),
        "code": told("string", "A stable name for programs, such as invalid_parameter."),
        "detail": told("string", "What was wrong and what to do, for a person."),
    }));
    let optional = json!({
        "parameter": told("string", "Which parameter is wrong."),
        "allowed": array(text()),
        "nearest": {"type": ["string", "integer"], "description": "The nearest value that is allowed."},
    });
    and_maybe(required, optional)
}

fn headers() -> Value {
    let header = |description: &str, required: bool| json!({"description": description, "required": required, "schema": text()});
    json!({
        "ETag": header("Tag of data and meta, clocks apart, for `If-None-Match`.", true),
        "Watermark": header("`meta.watermark`, also where the body doesn't have it.", false),
        "CacheControl": header("Ranges that ended more than a day ago may be held for a minute.", true),
        "RequestId": header("The client's own `X-Request-Id`, or a new one; logs have it too.", true),
        "Link": header("`<…>; rel=\"next\"` where another page follows.", false),
        "RetryAfter": {"description": "Seconds.", "required": false, "schema": count()},
        "RateLimit": header("`\"key\";r=…;t=…`: what remains of the key's rate, and seconds until all of it is back.", false),
        "RateLimitPolicy": header("`\"key\";q=…;w=10`: what the key may use in ten seconds; absent where it has no rate.", false),
        "WwwAuthenticate": header("`Bearer`.", true),
    })
}

fn responses() -> Map<String, Value> {
    let named = [
        (400, "The request can't be read."),
        (401, "No key, or none that is in force."),
        (
            403,
            "The key lacks the scope that `scope` names, or the request comes from a page of another origin.",
        ),
        (404, "There is no such thing."),
        (408, "The body took too long to come."),
        (413, "The body is too large."),
        (415, "The body is not JSON by its Content-Type."),
        (
            422,
            "A parameter is wrong; `parameter` names it and `allowed` or `nearest` say what would be right.",
        ),
        (426, "Only by an upgrade to WebSocket."),
        (
            429,
            "Too many queries at once, more than the key's rate allows, or too many wrong keys; ask again after \
             `Retry-After`.",
        ),
        (500, "Something went wrong here; the log says what."),
        (
            503,
            "Redis, the database or the keys in it can't be asked at present; ask again after `Retry-After`.",
        ),
    ];
    let problem = |(status, description): (u16, &str)| {
        let mut headers = json!({"X-Request-Id": {"$ref": "#/components/headers/RequestId"}});
        let mut add = |name: &str, component: &str| {
            headers[name] = json!({"$ref": format!("#/components/headers/{component}")});
        };
        if matches!(status, 429 | 503) {
            add("Retry-After", "RetryAfter");
        }
        if status == 429 {
            add("RateLimit", "RateLimit");
            add("RateLimit-Policy", "RateLimitPolicy");
        }
        if status == 401 {
            add("WWW-Authenticate", "WwwAuthenticate");
        }
        let content = json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        let response = json!({"description": description, "headers": headers, "content": content});
        (format!("Problem{status}"), response)
    };
    let mut all: Map<_, _> = named.into_iter().map(problem).collect();
    let not_modified = json!({
        "description": "The client's answer still holds.",
        "headers": {
            "ETag": {"$ref": "#/components/headers/ETag"},
            "Watermark": {"$ref": "#/components/headers/Watermark"},
        },
    });
    all.insert("NotModified".into(), not_modified);
    all
}

#[cfg(test)]
mod tests;
