//! Admission of connections, and the answer to those that are refused.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::StatusCode,
};
use hyper::body::{Frame, SizeHint};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::Semaphore, time::timeout};

use super::{
    Client, PerAddress, Problem, Share,
    sending::{Bounded, Sending},
};
use crate::config::{BindConfig, Proxies};

/// Refused connections that are answered at the same time; others are just closed.
const REFUSALS_AT_ONCE: usize = 64;
/// How long a client may take to read the refusal.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);
const RETRY_AFTER_SECONDS: u64 = 5;

/// The bounds of [`super::serve`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Doors {
    most: usize,
    pub(super) permits: Arc<Semaphore>,
    shares: PerAddress,
    pub(super) proxies: Arc<Proxies>,
    refusals: Arc<Semaphore>,
    refused: fn(),
}

impl Doors {
    /// `refused` is told of each connection, and each request by way of a proxy, that is turned
    /// away because its address has too many.
    #[must_use]
    pub fn new(config: &BindConfig, refused: fn()) -> Self {
        Self {
            most: config.http_max_connections,
            permits: Arc::new(Semaphore::new(config.http_max_connections)),
            shares: PerAddress::new(config.http_max_connections_per_address),
            proxies: Arc::new(config.trusted_proxies.clone()),
            refusals: Arc::new(Semaphore::new(REFUSALS_AT_ONCE)),
            refused,
        }
    }

    /// Connections there may be at once.
    #[must_use]
    pub const fn most(&self) -> usize {
        self.most
    }

    /// Connections there are.
    #[must_use]
    pub fn open(&self) -> usize {
        self.most - self.permits.available_permits()
    }

    pub(super) fn trust(&self, peer: IpAddr) -> bool {
        self.proxies.trust(peer)
    }

    /// # Errors
    /// The client has reached its limit; the refusal is counted.
    pub(super) fn share(&self, client: Client) -> Result<Share, Problem> {
        self.shares.take(client).ok_or_else(|| {
            (self.refused)();
            too_many()
        })
    }

    /// Answers a client with the reason for the refusal, unless too many are being answered.
    pub(super) async fn turn_away(&self, stream: TcpStream, why: &Problem) {
        if let Ok(_place) = self.refusals.try_acquire() {
            let _ = timeout(REFUSAL_TIMEOUT, tell(stream, why)).await;
        }
    }
}

fn too_many() -> Problem {
    let detail = "this address has all the connections it may have; close some, or wait";
    let status = StatusCode::TOO_MANY_REQUESTS;
    Problem::new(status, "too_many_connections", detail).retry_after(RETRY_AFTER_SECONDS)
}

/// Answers before anything was read.
async fn tell(stream: TcpStream, why: &Problem) -> io::Result<()> {
    let mut stream = Bounded::new(stream, Sending::default());
    let body = why.text();
    let answer = format!(
        "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/problem+json\r\n\
         retry-after: {RETRY_AFTER_SECONDS}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// A response that holds its client's share until it is sent.
pub(super) struct Shared {
    body: Body,
    _share: Share,
}

impl Shared {
    pub(super) fn new(body: Body, share: Share) -> Self {
        Self {
            body,
            _share: share,
        }
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
