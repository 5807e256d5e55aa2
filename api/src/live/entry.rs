//! Admission of live clients: who may connect, and how many at once.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use common::{
    auth::{Caller, is_own_origin},
    http::{Client, PerAddress, Problem, Share},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{hub::Hub, socket};
use crate::{access::Who, observe, state::ApiState};

/// Clients say little; tungstenite would take 128 KiB per socket for reading.
const READ_BUFFER: usize = 1_024;
const MAX_MESSAGE: usize = 64 * 1_024;
const WRITE_BUFFER: usize = 4 * 1_024;
/// A frame must fit; 100 events of the longest fields are about 800 KiB.
const MAX_WRITE_BUFFER: usize = 4 * 1_024 * 1_024;

/// The state needed to admit a client.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    state: ApiState,
    pub(super) hub: Arc<Hub>,
    places: Arc<Semaphore>,
    most: usize,
    shares: PerAddress,
}

impl Entry {
    pub(super) fn new(state: ApiState, hub: Arc<Hub>) -> Self {
        let live = &state.config.live;
        let (places, share) = (live.live_max_sockets, live.live_max_sockets_per_address);
        Self {
            shares: PerAddress::new(share),
            state,
            hub,
            places: Arc::new(Semaphore::new(places)),
            most: places,
        }
    }

    pub(super) fn send_timeout(&self) -> Duration {
        self.state.config.live.live_send_timeout()
    }

    pub(super) fn enter(&self, client: Client, headers: &HeaderMap) -> Result<Place, Problem> {
        if !origin_allowed(headers, client, &self.state) {
            let detail = "live updates are for our own page or an origin in CORS_ORIGINS";
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "foreign_origin",
                detail,
            ));
        }
        let full = || {
            let detail = "all sockets are taken";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_sockets", detail)
        };
        if self.hub.shutdown.is_stopping() {
            return Err(full().retry_after(1));
        }
        let share = self.shares.take(client).ok_or_else(|| {
            observe::connection_refused();
            let detail = "this address has all the sockets it may have; close some first";
            let status = StatusCode::TOO_MANY_REQUESTS;
            Problem::new(status, "too_many_sockets", detail).retry_after(5)
        })?;
        let permit = self.places.clone().try_acquire_owned();
        let permit = permit.map_err(|_| full().retry_after(5))?;
        let place = Place {
            _share: share,
            permit: Some(permit),
            places: self.places.clone(),
            most: self.most,
        };
        place.count();
        Ok(place)
    }
}

/// Held while a client is connected.
#[derive(Debug)]
pub(super) struct Place {
    _share: Share,
    permit: Option<OwnedSemaphorePermit>,
    places: Arc<Semaphore>,
    most: usize,
}

impl Place {
    fn count(&self) {
        observe::sockets(self.most - self.places.available_permits(), self.most);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        self.count();
    }
}

pub(super) async fn upgrade(
    State(entry): State<Entry>,
    Extension(client): Extension<Client>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let place = match entry.enter(client, &headers) {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    let (send_timeout, who) = (entry.send_timeout(), Who::of(&caller, client));
    upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |websocket| {
            let (hub, sockets) = (entry.hub.clone(), entry.hub.sockets.clone());
            sockets.track_future(async move {
                let code = socket::run(websocket, hub, (caller, who), send_timeout).await;
                observe::socket_closed(code);
                drop(place);
            })
        })
}

/// Programs send no origin; a browser's must be our own host or listed.
fn origin_allowed(headers: &HeaderMap, client: Client, state: &ApiState) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    is_own_origin(origin, headers, client.is_https)
        || state.config.server.cors_origins.allow(origin)
}
