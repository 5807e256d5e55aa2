//! Queries, one after the other over one connection, and how long they take.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use common::time::UnixMicros;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, client::conn::http1::SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Time zones of whole, half and quarter hours; some change their clocks.
const ZONES: [&str; 5] = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
];
const MINUTE: i64 = 60;

/// What the page asks for a range.
const KINDS: [&str; 4] = [
    "summary?",
    "timeseries?metrics=events,users,sessions,value&",
    "breakdown?dimension=page&",
    "breakdown?dimension=country&",
];

pub(crate) struct Asker {
    sender: SendRequest<Empty<Bytes>>,
    authority: String,
}

impl Asker {
    pub(crate) async fn connect(port: u16) -> anyhow::Result<Self> {
        let authority = format!("127.0.0.1:{port}");
        let stream = TcpStream::connect(&authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, authority })
    }

    /// The answer and the milliseconds that it took.
    pub(crate) async fn ask(&mut self, path: &str) -> anyhow::Result<(Value, f64)> {
        let request = Request::get(path)
            .header("host", &self.authority)
            .body(Empty::new())?;
        let started = Instant::now();
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let took = started.elapsed().as_secs_f64() * 1e3;
        let said = String::from_utf8_lossy(&body);
        ensure!(status == 200, "GET {path} answers {status}: {said}");
        let body = serde_json::from_slice(&body).with_context(|| format!("GET {path}"))?;
        Ok((body, took))
    }
}

/// Ranges of `days` that end in the last hours, no two alike, with what is asked of them.
pub(crate) fn questions(days: i64, count: usize) -> Vec<String> {
    let now = UnixMicros::now().as_millis() / 1_000 / MINUTE * MINUTE;
    let all = (0..count).map(|n| {
        let to = now - (n as i64 + 1) * MINUTE;
        let from = to - days * 86_400;
        let kind = KINDS[n % KINDS.len()];
        let zone = ZONES[n / KINDS.len() % ZONES.len()];
        format!("/api/v1/metrics/{kind}from={from}&to={to}&tz={zone}")
    });
    all.collect()
}
