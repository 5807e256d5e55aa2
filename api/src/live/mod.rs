//! Live updates; docs/LIVE.md has the protocol. One feed per process reads what was committed and
//! sends every client the same frames, so that clients cost the database nothing.

mod channel;
mod entry;
mod event;
mod feed;
mod fill;
mod frame;
mod held;
mod hints;
mod hub;
mod log;
mod pipeline;
mod position;
mod protocol;
mod publish;
mod pull;
mod quota;
mod read;
mod rows;
mod shown;
mod socket;
mod spec;
mod sse;
mod tail;
mod top;
mod whole;
mod window;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use common::{shutdown::Shutdown, wire::StreamKeys};
use tokio::{sync::Notify, time::timeout};
use tokio_util::task::TaskTracker;

pub use hub::Hub;
pub use protocol::refusal_of;

use crate::state::ApiState;

/// How long sockets may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// Starts the feeds and what wakes them.
pub fn start(state: &ApiState, shutdown: &Shutdown) -> Arc<Hub> {
    let hub = Arc::new(Hub::new(shutdown.clone(), TaskTracker::new()));
    let measured = hub.clone();
    state.health.sample(move |_| measured.measure());
    let hints = Arc::new([Notify::new(), Notify::new()]);
    let channel = StreamKeys::new(&state.config.stream.stream_key).commits;
    let redis = state.config.redis.clone();
    let listen = hints::listen(redis, channel, hints.clone());
    let feed = feed::run(state.clone(), hub.clone(), hints.clone());
    let pipeline = pipeline::run(state.clone(), hub.clone(), hints);
    shutdown.spawn_until_stop("commit hints", listen);
    shutdown.spawn_until_stop("live feed", feed);
    shutdown.spawn_until_stop("live pipeline", pipeline);
    let (stop, sockets) = (shutdown.clone(), hub.sockets.clone());
    shutdown.spawn("sockets", async move {
        stop.stopping().await;
        sockets.close();
        let _ = timeout(GOODBYE, sockets.wait()).await;
        Ok::<_, Infallible>(())
    });
    hub
}

/// `/ws` and `/api/v1/live`.
pub fn router(state: ApiState, hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/ws", get(entry::upgrade))
        .route("/api/v1/live", get(sse::stream))
        .with_state(entry::Entry::new(state, hub))
}
