//! A plain HTTP client for JSON on loopback.

use std::{io, time::Duration};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};

const TIMEOUT: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    /// Seconds of `Retry-After`.
    pub retry_after: Option<u64>,
    pub body: Bytes,
}

impl Answer {
    /// The body; `null` where it isn't JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Any request with these headers.
///
/// # Errors
/// Nobody answers within ten seconds.
pub async fn ask(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> io::Result<Answer> {
    timeout(TIMEOUT, exchange(method, url, headers, body))
        .await
        .map_err(io::Error::other)?
}

/// Status and body; a body that isn't JSON is `null`.
///
/// # Errors
/// Nobody answers within ten seconds.
pub async fn get(url: &str) -> io::Result<(u16, Value)> {
    send("GET", url, "application/json", Bytes::new()).await
}

/// As [`get`], for an answer that counts all that is committed by now: none that is kept.
///
/// # Errors
/// Nobody answers within ten seconds.
pub async fn get_fresh(url: &str) -> io::Result<(u16, Value)> {
    get_with(url, ("cache-control", "no-cache")).await
}

/// The body of [`get`], where the status is 200.
///
/// # Errors
/// As [`get`], or another status.
pub async fn body(url: &str) -> anyhow::Result<Value> {
    succeeded(url, get(url).await)
}

fn succeeded(url: &str, answer: io::Result<(u16, Value)>) -> anyhow::Result<Value> {
    let (status, body) = answer.with_context(|| format!("GET {url}"))?;
    ensure!(status == 200, "GET {url} answers {status}: {body}");
    Ok(body)
}

/// As [`get`], with this header.
///
/// # Errors
/// Nobody answers within ten seconds.
pub async fn get_with(url: &str, header: (&str, &str)) -> io::Result<(u16, Value)> {
    json(ask("GET", url, &[header], Bytes::new()).await)
}

/// The body of an answer that isn't JSON, where the status is 200.
///
/// # Errors
/// Nobody answers within ten seconds, or with another status.
pub async fn text(url: &str) -> io::Result<String> {
    let answer = ask("GET", url, &[("accept", "text/plain")], Bytes::new()).await?;
    match answer.status {
        200 => String::from_utf8(answer.body.into()).map_err(io::Error::other),
        status => Err(io::Error::other(format!("GET {url} answers {status}"))),
    }
}

/// # Errors
/// Nobody answers within ten seconds.
pub async fn put(url: &str, body: &Value) -> io::Result<(u16, Value)> {
    send("PUT", url, "application/json", body.to_string().into()).await
}

/// # Errors
/// Nobody answers within ten seconds.
pub async fn post(url: &str, content_type: &str, body: Bytes) -> io::Result<(u16, Value)> {
    send("POST", url, content_type, body).await
}

/// As [`post`], with another header than its content type.
///
/// # Errors
/// As [`get`].
pub async fn post_with(url: &str, header: (&str, &str), body: Bytes) -> io::Result<(u16, Value)> {
    json(ask("POST", url, &[header], body).await)
}

async fn send(
    method: &str,
    url: &str,
    content_type: &str,
    body: Bytes,
) -> io::Result<(u16, Value)> {
    json(ask(method, url, &[("content-type", content_type)], body).await)
}

fn json(answer: io::Result<Answer>) -> io::Result<(u16, Value)> {
    answer.map(|answer| (answer.status, answer.json()))
}

async fn exchange(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> io::Result<Answer> {
    let uri: Uri = url.parse().map_err(io::Error::other)?;
    let authority = uri
        .authority()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_string();
    let stream = TcpStream::connect(&authority).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", authority);
    let request = headers
        .iter()
        .fold(request, |request, (name, value)| {
            request.header(*name, *value)
        })
        .body(Full::new(body))
        .map_err(io::Error::other)?;
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let status = response.status().as_u16();
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    connection.abort();
    Ok(Answer {
        status,
        retry_after,
        body,
    })
}
