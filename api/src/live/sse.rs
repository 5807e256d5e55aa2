//! The protocol without a WebSocket: one subscription as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use common::{
    auth::Caller,
    http::{Client, Problem, Sending},
};
use futures_util::stream;
use serde::Deserialize;
use tokio::{
    sync::Notify,
    time::{Instant, Interval, MissedTickBehavior, interval},
};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{
    entry::{Entry, Place},
    frame::{Kind, event, recovered},
    hub::{Hub, Subscription},
    protocol::{From, Refusal},
    pull::Pulled,
    socket::{HEARTBEAT, TOO_SLOW, heartbeat},
    spec::{Params, Spec},
};
use crate::{access::Who, observe};

const LAST_EVENT_ID: &str = "last-event-id";
const GONE: u16 = 1006;
/// There may be room again after so long.
const FULL_SECONDS: u64 = 5;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    topic: String,
    /// A JSON object.
    params: Option<String>,
    position: Option<String>,
}

impl Asked {
    /// `Last-Event-ID` is the newer one of two positions: browsers send it when they come back.
    fn read(&self, headers: &HeaderMap) -> Result<(Spec, From), Refusal> {
        let params = match self.params.as_deref() {
            None | Some("") => Ok(Params::new()),
            Some(text) => serde_json::from_str(text),
        };
        let params = params.map_err(|error| {
            let detail = format!("params must be a JSON object: {error}");
            Refusal::new("invalid_parameter", detail)
        })?;
        let last = headers.get(LAST_EVENT_ID);
        let last = last.map(|last| last.to_str().unwrap_or_default());
        let position = last.or(self.position.as_deref());
        Ok((Spec::read(&self.topic, &params)?, From::read(position)))
    }
}

pub(super) async fn stream(
    State(entry): State<Entry>,
    Extension(client): Extension<Client>,
    Extension(sending): Extension<Sending>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let place = match entry.enter(client, &headers) {
        Ok(place) => place,
        Err(problem) => return problem.into_response(),
    };
    let asked = asked.map_err(|error| Refusal::new("invalid_parameter", error.body_text()));
    let (spec, from) = match asked.and_then(|Query(asked)| asked.read(&headers)) {
        Ok(read) => read,
        Err(refusal) => return problem(refusal).into_response(),
    };
    let waker = Arc::<Notify>::default();
    let who = Who::of(&caller, client);
    let subscription = match entry.hub.subscribe(spec, who, from, waker.clone()) {
        Ok(subscription) => subscription,
        Err(refusal) => return problem(refusal).into_response(),
    };
    let send_timeout = entry.send_timeout();
    sending.bound(send_timeout);
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = Events {
        subscription: Some(subscription),
        waker,
        heartbeat,
        given: Instant::now(),
        send_timeout,
        sending,
        _token: entry.hub.sockets.token(),
        hub: entry.hub,
        caller,
        code: GONE,
        _place: place,
    };
    let events = stream::unfold(Box::new(events), |mut events| async move {
        let bytes = events.next().await?;
        Some((Ok::<_, Infallible>(bytes), events))
    });
    let kind = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (kind, Body::from_stream(events)).into_response()
}

fn problem(Refusal { code, detail }: Refusal) -> Problem {
    let of = |status| Problem::new(status, code, detail);
    match code {
        "node_full" => of(StatusCode::SERVICE_UNAVAILABLE).retry_after(FULL_SECONDS),
        "caller_full" => of(StatusCode::TOO_MANY_REQUESTS).retry_after(FULL_SECONDS),
        _ => of(StatusCode::UNPROCESSABLE_ENTITY),
    }
}

struct Events {
    /// `None` once the last event was given.
    subscription: Option<Subscription>,
    waker: Arc<Notify>,
    heartbeat: Interval,
    /// When the last event was given: a client that takes long to ask for the next is slow.
    given: Instant,
    send_timeout: Duration,
    sending: Sending,
    hub: Arc<Hub>,
    caller: Caller,
    code: u16,
    _token: TaskTrackerToken,
    _place: Place,
}

impl Drop for Events {
    fn drop(&mut self) {
        let code = if self.sending.was_cut() {
            TOO_SLOW
        } else {
            self.code
        };
        observe::socket_closed(code);
    }
}

impl Events {
    async fn next(&mut self) -> Option<Bytes> {
        self.subscription.as_ref()?;
        if self.given.elapsed() > self.send_timeout {
            self.code = TOO_SLOW;
            let detail = "this client took too long to read what it was sent";
            return Some(self.last(&Refusal::new("too_slow", detail)));
        }
        if self.caller.is_revoked() {
            let detail = "the key that this stream was opened with is no more in force";
            return Some(self.last(&Refusal::new("key_revoked", detail)));
        }
        let shutdown = self.hub.shutdown.clone();
        let bytes = loop {
            let subscription = self.subscription.as_mut()?;
            if let Some(pulled) = subscription.pull() {
                observe::frames_sent(1);
                let topic = subscription.topic();
                break match pulled {
                    Pulled::Frame(kind, frame) => frame.streamed(kind),
                    Pulled::Recovered(position) => {
                        let text = recovered(topic, topic, &position);
                        event("subscribed", Some(&position), &text)
                    }
                    Pulled::Conflated(frame) => {
                        observe::conflated();
                        frame.streamed(Kind::Next)
                    }
                    Pulled::Ended(why) => return Some(self.last(&why)),
                };
            }
            tokio::select! {
                () = shutdown.stopping() => return None,
                () = self.waker.notified() => {}
                _ = self.heartbeat.tick() => break event("heartbeat", None, &heartbeat(&self.hub)),
            }
        };
        self.given = Instant::now();
        Some(bytes)
    }

    fn last(&mut self, why: &Refusal) -> Bytes {
        let topic = self
            .subscription
            .take()
            .map(|subscription| subscription.topic());
        event("error", None, &why.text(topic))
    }
}
