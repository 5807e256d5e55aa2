//! Serves a router with limits that `axum::serve` doesn't have: the time until the request head is
//! complete and its size, connections in total and per client address, the time a client may leave
//! a response unread, and the time to shut down. Every answer to a request that could be read has an
//! `X-Request-Id`.

use std::{convert::Infallible, io, net::IpAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{StatusCode, Version, header},
    response::{IntoResponse as _, Response},
};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::OwnedSemaphorePermit,
    time::timeout,
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::{
    Client, Problem,
    doors::{Doors, Shared},
    request_id::RequestId,
    sending::{Bounded, Sending},
};
use crate::{backoff::Backoff, shutdown::Shutdown};

/// How long a client may take to send the head of a request, idle keep-alive included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a head, and of what is read or written ahead; hyper's own bound is 400 KiB.
const MAX_HEAD: usize = 64 * 1024;
/// Bytes that the system holds of an answer beyond those on their way to the client.
const MAX_UNSENT: u32 = 64 * 1024;
/// How long open requests may go on once the process stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(4);

/// Runs until the shutdown begins and open requests are answered. Upgraded connections
/// (WebSocket) are not waited for: their owner closes them. Every request has extensions
/// [`Client`] and [`Sending`].
///
/// # Errors
/// None today: a connection that can't be accepted is logged and retried.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    doors: Doors,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    let connections = TaskTracker::new();
    let mut backoff = Backoff::default();
    loop {
        let accepted = tokio::select! {
            () = shutdown.stopping() => break,
            accepted = accept(&listener, &doors) => accepted,
        };
        let (stream, peer, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "can't accept a connection");
                backoff.wait().await;
                continue;
            }
        };
        backoff.reset();
        let visit = Visit {
            peer,
            doors: doors.clone(),
            router: router.clone(),
        };
        let shutdown = shutdown.clone();
        connections.spawn(async move {
            visit.receive(stream, shutdown).await;
            drop(permit);
        });
    }
    connections.close();
    let _ = timeout(DRAIN_TIMEOUT, connections.wait()).await;
    Ok(())
}

async fn accept(
    listener: &TcpListener,
    doors: &Doors,
) -> io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    // Room for one more: who waits for it waits in the backlog of the socket. Nobody else takes it.
    drop(doors.permits.acquire().await);
    let (stream, peer) = listener.accept().await?;
    let permit = doors.permits.clone().try_acquire_owned();
    let permit = permit.map_err(io::Error::other)?;
    stream.set_nodelay(true)?;
    // By default the system takes up to 4 MiB for a client that reads nothing.
    socket2::SockRef::from(&stream).set_tcp_notsent_lowat(MAX_UNSENT)?;
    Ok((stream, peer.ip().to_canonical(), permit))
}

/// One connection.
#[derive(Clone)]
struct Visit {
    peer: IpAddr,
    doors: Doors,
    router: Router,
}

impl Visit {
    async fn receive(self, stream: TcpStream, shutdown: Shutdown) {
        // Many clients share the connections of a proxy: there it is requests that are counted.
        if self.doors.trust(self.peer) {
            return self.serve(stream, shutdown).await;
        }
        match self.doors.share(Client::direct(self.peer)) {
            Ok(_share) => self.serve(stream, shutdown).await,
            Err(why) => self.doors.turn_away(stream, &why).await,
        }
    }

    async fn serve(self, stream: TcpStream, shutdown: Shutdown) {
        let sending = Sending::default();
        let bounded = Bounded::new(stream, sending.clone());
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let (visit, sending) = (self.clone(), sending.clone());
            async move {
                let id = RequestId::of(&request);
                let answer = visit.answer(request, sending).instrument(id.span());
                let mut answer = answer.await;
                id.add_to(answer.headers_mut());
                Ok::<_, Infallible>(answer)
            }
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_HEAD);
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

    async fn answer(self, request: Request<Incoming>, sending: Sending) -> Response {
        sending.begin();
        if !names_one_host(&request) {
            let detail = "a request names its host once, in one header";
            let problem = Problem::new(StatusCode::BAD_REQUEST, "bad_host", detail);
            return ([(header::CONNECTION, "close")], problem).into_response();
        }
        let client = Client::of(self.peer, request.headers(), &self.doors.proxies);
        if !self.doors.trust(self.peer) {
            return self.routed(request, client, sending).await;
        }
        match self.doors.share(client) {
            Ok(share) => {
                let answer = self.routed(request, client, sending).await;
                answer.map(|body| Body::new(Shared::new(body, share)))
            }
            Err(problem) => problem.into_response(),
        }
    }

    async fn routed(
        self,
        request: Request<Incoming>,
        client: Client,
        sending: Sending,
    ) -> Response {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(sending.clone());
        let Ok(answer) = self.router.oneshot(request).await;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            sending.unbind();
        }
        answer
    }
}

/// RFC 9112, 3.2: of a request without a host, or with two, nobody knows whom it is for.
fn names_one_host(request: &Request<Incoming>) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11)
}
