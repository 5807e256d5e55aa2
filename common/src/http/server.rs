//! Serves a router with bounds that `axum::serve` doesn't have: on the time until the head
//! of a request is there, on the number of connections, and on the time to stop.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::sending::{Bounded, Sending};
use crate::{backoff::Backoff, shutdown::Shutdown};

/// How long a client may take to send the head of a request, idle keep-alive included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long open requests may go on once the process stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);

/// Runs until the shutdown begins and open requests are answered. Upgraded connections
/// (WebSocket) are not waited for: their owner closes them.
///
/// # Errors
/// None today: a connection that can't be accepted is logged and retried.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    max_connections: usize,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    let permits = Arc::new(Semaphore::new(max_connections));
    let connections = TaskTracker::new();
    let mut backoff = Backoff::default();
    loop {
        let accepted = tokio::select! {
            () = shutdown.stopping() => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                backoff.wait().await;
                continue;
            }
        };
        backoff.reset();
        let (router, shutdown) = (router.clone(), shutdown.clone());
        connections.spawn(async move {
            serve_connection(stream, router, shutdown).await;
            drop(permit);
        });
    }
    connections.close();
    let _ = timeout(DRAIN_TIMEOUT, connections.wait()).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await;
    let permit = permit.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

async fn serve_connection(stream: tokio::net::TcpStream, router: Router, shutdown: Shutdown) {
    let sending = Sending::default();
    let bounded = Bounded::new(stream, sending.clone());
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        sending.unbind();
        request.extensions_mut().insert(sending.clone());
        router.clone().oneshot(request.map(axum::body::Body::new))
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    let connection = http.serve_connection(TokioIo::new(bounded), service);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = shutdown.stopping() => {
            connection.as_mut().graceful_shutdown();
            match timeout(DRAIN_TIMEOUT, connection).await {
                Ok(result) => result,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "connection ended early");
    }
}
