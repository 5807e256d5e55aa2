//! The dashboard, embedded when the crate is compiled.

use axum::{
    Json, Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use common::http::Problem;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde_json::json;

use crate::config::Config;

#[derive(RustEmbed)]
#[folder = "../web/dist"]
struct Files;

/// Names below `/assets/` hold a hash of their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// `/`, what it needs, and `/config.json` for its scripts.
pub fn router(config: &Config) -> Router {
    let policy = content_security_policy(&config.server.ingestion_public_url.0);
    let settings = json!({
        "ingestion_url": config.server.ingestion_public_url.0,
        "version": env!("CARGO_PKG_VERSION"),
    });
    let page = move |policy: Option<HeaderValue>| move || async move { index(policy) };
    let mut router = Router::new()
        .route("/", get(page(policy.clone())))
        .route("/index.html", get(page(policy)))
        .route("/assets/{*path}", get(asset))
        .route(
            "/config.json",
            get(|| async move { ([(header::CACHE_CONTROL, "no-cache")], Json(settings)) }),
        );
    let top = Files::iter().filter(|name| !name.contains('/') && name != "index.html");
    for name in top {
        let path = format!("/{name}");
        router = router.route(
            &path,
            get(|| async move { respond(Files::get(&name), "no-cache") }),
        );
    }
    router
}

fn content_security_policy(ingestion: &str) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'self'; connect-src 'self' {ingestion}; img-src 'self' data:; \
         object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    );
    HeaderValue::from_str(&policy).ok()
}

fn index(policy: Option<HeaderValue>) -> Response {
    let mut response = respond(Files::get("index.html"), "no-cache");
    let headers = response.headers_mut();
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

async fn asset(Path(path): Path<String>) -> Response {
    respond(Files::get(&format!("assets/{path}")), IMMUTABLE)
}

fn respond(file: Option<EmbeddedFile>, cache: &'static str) -> Response {
    let Some(file) = file else {
        let detail = "there is no such file in the page";
        return Problem::new(StatusCode::NOT_FOUND, "not_found", detail).into_response();
    };
    let kind = file.metadata.mimetype().to_owned();
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, cache.to_owned()),
        ],
        file.data,
    )
        .into_response()
}
