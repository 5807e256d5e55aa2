//! Live updates. One feed per process reads what was committed and hands every socket the
//! same frames; what a socket costs the database is nothing.

mod feed;
mod frame;
mod hints;
mod hub;
mod moment;
mod protocol;
mod socket;
mod tail;
mod upgrade;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use common::{shutdown::Shutdown, wire::StreamKeys};
use tokio::{sync::Notify, time::timeout};
use tokio_util::task::TaskTracker;

pub use hub::Hub;

use crate::state::ApiState;

/// How long sockets may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

/// Starts the feed and what wakes it.
pub fn start(state: &ApiState, shutdown: &Shutdown) -> Arc<Hub> {
    let hub = Arc::new(Hub::new(shutdown.clone(), TaskTracker::new()));
    let hints = Arc::new([Notify::new(), Notify::new()]);
    let channel = StreamKeys::new(&state.config.stream.stream_key).commits;
    let redis = state.config.redis.clone();
    let listen = hints::listen(redis, channel, hints.clone());
    let metrics = feed::metrics(state.clone(), hub.clone(), hints.clone());
    let pipeline = feed::pipeline(state.clone(), hub.clone(), hints);
    shutdown.spawn_until_stop("commit hints", listen);
    shutdown.spawn_until_stop("live feed", metrics);
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

/// `/ws`.
pub fn router(state: ApiState, hub: Arc<Hub>) -> Router {
    let places = state.config.api.live_max_sockets;
    Router::new()
        .route("/ws", get(upgrade::upgrade))
        .with_state(upgrade::Live::new(state, hub, places))
}
