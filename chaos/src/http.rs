//! Requests to the daemons, with a key that opens everything.

use std::{io, sync::OnceLock};

use anyhow::{Context as _, ensure};
use common::auth::Key;
use serde_json::Value;
use testkit::http::ask;

pub(crate) use testkit::http::Answer;

/// One for all runs: each has a copy of the template's database.
static KEY: OnceLock<String> = OnceLock::new();

/// From now on every request shows this key.
pub(crate) fn carry(key: &Key) {
    let _ = KEY.set(format!("Bearer {}", key.text()));
}

/// The value of `Authorization`.
pub(crate) fn authorization() -> &'static str {
    KEY.get().map_or("", String::as_str)
}

async fn send(method: &str, url: &str, header: (&str, &str), body: String) -> io::Result<Answer> {
    let headers = [("authorization", authorization()), header];
    ask(method, url, &headers, body.into()).await
}

/// For an answer that counts all that is committed by now: none that is kept.
pub(crate) async fn get(url: &str) -> io::Result<Answer> {
    let fresh = ("cache-control", "no-cache");
    send("GET", url, fresh, String::new()).await
}

/// The body of [`get`], where the status is 200.
pub(crate) async fn body(url: &str) -> anyhow::Result<Value> {
    let answer = get(url).await.with_context(|| format!("GET {url}"))?;
    let (status, body) = (answer.status, answer.json());
    ensure!(status == 200, "GET {url} answers {status}: {body}");
    Ok(body)
}

/// What a daemon measures; `None` where it can't be asked.
pub(crate) async fn metrics(url: &str) -> Option<String> {
    let answer = get(&format!("{url}/metrics")).await.ok()?;
    let text = String::from_utf8(answer.body.into()).ok()?;
    (answer.status == 200).then_some(text)
}

/// Of a series without labels in what [`metrics`] gives; decimals are cut off.
pub(crate) fn number(metrics: &str, series: &str) -> Option<u64> {
    let mut values = metrics.lines().filter_map(|line| line.strip_prefix(series));
    let number = values.find_map(|value| value.strip_prefix(' '))?;
    Some(number.parse::<f64>().ok()? as u64)
}

pub(crate) async fn put(url: &str, body: &Value) -> io::Result<Answer> {
    let json = ("content-type", "application/json");
    send("PUT", url, json, body.to_string()).await
}

pub(crate) async fn post(url: &str, content_type: &str, body: String) -> io::Result<Answer> {
    send("POST", url, ("content-type", content_type), body).await
}
