//! From an HTTP request to a socket: who may, and how many.

use std::sync::Arc;

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::http::Problem;
use tokio::sync::Semaphore;

use super::{hub::Hub, socket};
use crate::{observe, state::ApiState};

/// tungstenite would take 128 KiB per socket for reading.
const READ_BUFFER: usize = 4 * 1_024;
const MAX_MESSAGE: usize = 64 * 1_024;
const WRITE_BUFFER: usize = 4 * 1_024;
/// A frame must fit; 50 events of the longest fields are about 400 KiB.
const MAX_WRITE_BUFFER: usize = 1_024 * 1_024;

/// What an upgrade needs.
#[derive(Debug, Clone)]
pub(super) struct Live {
    state: ApiState,
    hub: Arc<Hub>,
    places: Arc<Semaphore>,
    most: usize,
}

impl Live {
    pub(super) fn new(state: ApiState, hub: Arc<Hub>, places: usize) -> Self {
        Self {
            state,
            hub,
            places: Arc::new(Semaphore::new(places)),
            most: places,
        }
    }
}

pub(super) async fn upgrade(
    State(live): State<Live>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let refuse = |status, code, detail: &str| Problem::new(status, code, detail);
    if !origin_allowed(&headers, &live.state) {
        let detail = "sockets are opened from our own page or an origin in CORS_ORIGINS";
        return refuse(StatusCode::FORBIDDEN, "foreign_origin", detail).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let full = || {
        refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_sockets",
            "all sockets are taken",
        )
    };
    let Ok(place) = live.places.clone().try_acquire_owned() else {
        return full().retry_after(5).into_response();
    };
    if live.hub.shutdown.is_stopping() {
        return full().retry_after(1).into_response();
    }
    let send_timeout = live.state.config.api.live_send_timeout();
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |websocket| {
            let (hub, sockets) = (live.hub.clone(), live.hub.sockets.clone());
            let count = move || live.most - live.places.available_permits();
            observe::sockets(count());
            sockets.track_future(async move {
                let code = socket::run(websocket, hub, send_timeout).await;
                observe::socket_closed(code);
                drop(place);
                observe::sockets(count());
            })
        })
}

/// Programs send no origin; a browser's must be our own host or listed.
fn origin_allowed(headers: &HeaderMap, state: &ApiState) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let own = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    let same = own
        .zip(host)
        .is_some_and(|(own, host)| own.eq_ignore_ascii_case(host));
    same || state.config.api.cors_origins.allow(origin)
}
