//! One client: reads what it says, sends what it subscribed to, at its pace but not slower
//! than the bound.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use common::time::UnixMicros;
use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Error as WireError;

use super::{
    frame::Kind,
    hub::{Hub, Pulled, Subscription},
    protocol::{Refusal, Request},
};
use crate::observe;

const HEARTBEAT: Duration = Duration::from_secs(5);
/// A client that answers no ping for this long is gone.
const SILENCE: Duration = Duration::from_secs(20);
/// How long to wait for the client's side of a close.
const GOODBYE: Duration = Duration::from_millis(500);
const MAX_SUBSCRIPTIONS: usize = 16;
/// Messages a client may send per heartbeat.
const MAX_MESSAGES: u32 = 100;
/// Our own: the client reads too slowly.
const TOO_SLOW: u16 = 4008;

/// Why a socket ends.
#[derive(Debug)]
enum End {
    /// The client closed, or is gone: there is nobody to tell.
    Gone,
    Close(u16, &'static str),
}

struct Socket {
    websocket: WebSocket,
    hub: Arc<Hub>,
    subscriptions: Vec<Subscription>,
    send_timeout: Duration,
    heard: Instant,
    messages: u32,
}

/// Runs until either side closes; the close code, 1006 where there was none.
pub(super) async fn run(websocket: WebSocket, hub: Arc<Hub>, send_timeout: Duration) -> u16 {
    let mut socket = Socket {
        websocket,
        hub,
        subscriptions: Vec::new(),
        send_timeout,
        heard: Instant::now(),
        messages: 0,
    };
    match socket.serve().await {
        End::Gone => 1006,
        End::Close(code, reason) => {
            socket.close(code, reason).await;
            code
        }
    }
}

impl Socket {
    async fn serve(&mut self) -> End {
        let mut ticks = self.hub.ticks();
        let shutdown = self.hub.shutdown.clone();
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                () = shutdown.stopping() => Err(End::Close(close_code::AWAY, "the server stops")),
                message = self.websocket.recv() => self.hear(message).await,
                _ = ticks.changed() => Ok(()),
                _ = heartbeat.tick() => self.beat().await,
            };
            let step = match step {
                Ok(()) => self.pump().await,
                Err(end) => Err(end),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// Sends everything that is there to be sent.
    async fn pump(&mut self) -> Result<(), End> {
        for at in 0..self.subscriptions.len() {
            while let Some(pulled) = self.subscriptions[at].pull() {
                let id = &self.subscriptions[at].id;
                let text = match pulled {
                    Pulled::Snapshot(frame) => frame.text(Kind::Subscribed, id),
                    Pulled::Next(frame) => frame.text(Kind::Next, id),
                    Pulled::Conflated(frame) => {
                        observe::conflated();
                        frame.text(Kind::Next, id)
                    }
                };
                self.send(Message::Text(text)).await?;
                observe::frames_sent(1);
            }
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.send_timeout, self.websocket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Close(TOO_SLOW, "too slow")),
        }
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        self.send(Message::Text(Utf8Bytes::from(text))).await
    }

    async fn beat(&mut self) -> Result<(), End> {
        if self.heard.elapsed() > SILENCE {
            return Err(End::Close(close_code::POLICY, "no answer to pings"));
        }
        self.messages = 0;
        let watermark = self.hub.watermark().map(UnixMicros::to_rfc3339);
        let at = UnixMicros::now().to_rfc3339();
        let beat = json!({"type": "heartbeat", "watermark": watermark, "at": at});
        self.say(beat.to_string()).await?;
        self.send(Message::Ping(Default::default())).await
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let message = match message {
            None => return Err(End::Gone),
            Some(Err(error)) => return Err(end_of(error)),
            Some(Ok(message)) => message,
        };
        self.heard = Instant::now();
        self.messages += 1;
        if self.messages > MAX_MESSAGES {
            return Err(End::Close(close_code::POLICY, "too many messages"));
        }
        match message {
            Message::Text(text) => self.act(&text).await,
            Message::Binary(_) => Err(End::Close(close_code::UNSUPPORTED, "text only")),
            Message::Close(_) => Err(End::Gone),
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn act(&mut self, text: &str) -> Result<(), End> {
        match Request::read(text).and_then(|request| self.allowed(request)) {
            Ok(Request::Ping) => self.say(json!({"type": "pong"}).to_string()).await,
            Ok(Request::Subscribe { id, topic }) => {
                self.subscriptions.push(self.hub.subscribe(id, topic));
                Ok(())
            }
            Ok(Request::Unsubscribe { id }) => {
                self.subscriptions
                    .retain(|subscription| subscription.id != id);
                self.say(json!({"type": "complete", "id": id}).to_string())
                    .await
            }
            Err(refusal) => self.say(refusal.text()).await,
        }
    }

    fn allowed(&self, request: Request) -> Result<Request, Refusal> {
        let known = |id: &str| {
            self.subscriptions
                .iter()
                .any(|subscription| subscription.id == id)
        };
        match &request {
            Request::Subscribe { id, .. } if known(id) => Err(Refusal::new(
                Some(id),
                "id_in_use",
                "there is a subscription of this id already",
            )),
            Request::Subscribe { id, .. } if self.subscriptions.len() >= MAX_SUBSCRIPTIONS => {
                Err(Refusal::new(
                    Some(id),
                    "too_many_subscriptions",
                    format!("a socket has at most {MAX_SUBSCRIPTIONS} subscriptions"),
                ))
            }
            Request::Unsubscribe { id } if !known(id) => Err(Refusal::new(
                Some(id),
                "unknown_id",
                "there is no subscription of this id",
            )),
            _ => Ok(request),
        }
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        self.subscriptions.clear();
        let frame = CloseFrame {
            code,
            reason: Utf8Bytes::from_static(reason),
        };
        let close = self.websocket.send(Message::Close(Some(frame)));
        if timeout(GOODBYE, close).await.is_err() {
            return;
        }
        let answer = async {
            while let Some(Ok(message)) = self.websocket.recv().await {
                if matches!(message, Message::Close(_)) {
                    return;
                }
            }
            // After a wire error nothing is read any more. What lies unread would turn our
            // leaving into a reset that overtakes the close frame: leave the client time.
            std::future::pending().await
        };
        let _ = timeout(GOODBYE, answer).await;
    }
}

/// What a client did wrong on the wire decides the code.
fn end_of(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<WireError>() {
        Some(WireError::Capacity(_)) => End::Close(close_code::SIZE, "message too large"),
        Some(WireError::Utf8(_)) => End::Close(close_code::INVALID, "not UTF-8"),
        Some(WireError::Protocol(_)) => {
            End::Close(close_code::PROTOCOL, "not the WebSocket protocol")
        }
        _ => End::Gone,
    }
}
