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

/// The body of [`get_fresh`], where the status is 200.
///
/// # Errors
/// As [`get_fresh`], or another status.
pub async fn fresh_body(url: &str) -> anyhow::Result<Value> {
    succeeded(url, get_fresh(url).await)
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
    json(exchange("GET", url, header, Bytes::new())).await
}

/// The body of an answer that isn't JSON, where the status is 200.
///
/// # Errors
/// Nobody answers within ten seconds, or with another status.
pub async fn text(url: &str) -> io::Result<String> {
    let exchange = exchange("GET", url, ("accept", "text/plain"), Bytes::new());
    match timeout(TIMEOUT, exchange)
        .await
        .map_err(io::Error::other)??
    {
        (200, body) => String::from_utf8(body.into()).map_err(io::Error::other),
        (status, _) => Err(io::Error::other(format!("GET {url} answers {status}"))),
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
    json(exchange("POST", url, header, body)).await
}

async fn send(
    method: &str,
    url: &str,
    content_type: &str,
    body: Bytes,
) -> io::Result<(u16, Value)> {
    json(exchange(method, url, ("content-type", content_type), body)).await
}

async fn json(
    exchange: impl Future<Output = io::Result<(u16, Bytes)>>,
) -> io::Result<(u16, Value)> {
    let (status, body) = timeout(TIMEOUT, exchange)
        .await
        .map_err(io::Error::other)??;
    Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
}

async fn exchange(
    method: &str,
    url: &str,
    (name, value): (&str, &str),
    body: Bytes,
) -> io::Result<(u16, Bytes)> {
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
        .header("host", authority)
        .header(name, value)
        .body(Full::new(body))
        .map_err(io::Error::other)?;
    let response = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let status = response.status().as_u16();
    let body = response
        .into_body()
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    connection.abort();
    Ok((status, body))
}
