//! One WebSocket: reads the client's messages and sends frames at the client's pace, until it is too
//! slow.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use common::{auth::Caller, time::UnixMicros};
use futures_util::SinkExt as _;
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tokio_tungstenite::tungstenite::{Error as WireError, error::ProtocolError};

use super::{
    frame::{Kind, recovered},
    hub::{Hub, Subscription},
    protocol::{Asked, Refusal, Request},
    pull::Pulled,
    rows::timestamp,
};
use crate::{access::Who, observe};

pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);
/// A client that is silent for this long is pinged.
const QUIET: Duration = Duration::from_secs(8);
/// A client that answers no ping for this long is gone.
const SILENCE: Duration = Duration::from_secs(20);
/// How long to wait for the client's side of a close.
const GOODBYE: Duration = Duration::from_millis(500);
const MAX_SUBSCRIPTIONS: usize = 16;
/// Messages a client may send per heartbeat.
const MAX_MESSAGES: u32 = 100;
/// Our own: the client reads too slowly.
pub(super) const TOO_SLOW: u16 = 4008;
/// The key that it was opened with was revoked.
const NO_KEY: u16 = 4001;

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
    caller: Caller,
    who: Who,
    subscriptions: Vec<(Box<str>, Subscription)>,
    /// There may be something to pull.
    waker: Arc<Notify>,
    send_timeout: Duration,
    heard: Instant,
    messages: u32,
}

/// Runs until either side closes; the close code, 1006 where there was none.
pub(super) async fn run(
    websocket: WebSocket,
    hub: Arc<Hub>,
    (caller, who): (Caller, Who),
    send_timeout: Duration,
) -> u16 {
    let mut socket = Socket {
        websocket,
        hub,
        caller,
        who,
        subscriptions: Vec::new(),
        waker: Arc::default(),
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

/// What every client gets every [`HEARTBEAT`].
pub(super) fn heartbeat(hub: &Hub) -> String {
    let watermark = hub.moment().and_then(|moment| moment.watermark);
    let (watermark, at) = (timestamp(watermark), timestamp(Some(UnixMicros::now())));
    format!(r#"{{"type":"heartbeat","watermark":{watermark},"at":{at}}}"#)
}

impl Socket {
    async fn serve(&mut self) -> End {
        let (waker, shutdown) = (self.waker.clone(), self.hub.shutdown.clone());
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                () = shutdown.stopping() => Err(End::Close(close_code::AWAY, "the server stops")),
                message = self.websocket.recv() => self.hear(message).await,
                () = waker.notified() => Ok(()),
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
        let (mut sent, mut at) = (0, 0);
        while let Some((id, subscription)) = self.subscriptions.get_mut(at) {
            let Some(pulled) = subscription.pull() else {
                at += 1;
                continue;
            };
            let text = match pulled {
                Pulled::Frame(kind, frame) => frame.text(kind, id),
                Pulled::Recovered(position) => {
                    recovered(id, subscription.topic(), &position).into()
                }
                Pulled::Conflated(frame) => {
                    observe::conflated();
                    frame.text(Kind::Next, id)
                }
                Pulled::Ended(why) => {
                    let text = why.text(Some(id));
                    self.subscriptions.remove(at);
                    text.into()
                }
            };
            self.feed(Message::Text(text)).await?;
            sent += 1;
        }
        if sent > 0 {
            observe::frames_sent(sent);
            self.flush().await?;
        }
        Ok(())
    }

    /// Into the buffer, or further where that is full.
    async fn feed(&mut self, message: Message) -> Result<(), End> {
        outcome(timeout(self.send_timeout, self.websocket.feed(message)).await)
    }

    async fn flush(&mut self) -> Result<(), End> {
        outcome(timeout(self.send_timeout, self.websocket.flush()).await)
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        self.feed(Message::Text(text.into())).await?;
        self.flush().await
    }

    async fn beat(&mut self) -> Result<(), End> {
        let quiet = self.heard.elapsed();
        if quiet > SILENCE {
            return Err(End::Close(close_code::POLICY, "no answer to pings"));
        }
        if self.caller.is_revoked() {
            return Err(End::Close(NO_KEY, "the key is no more in force"));
        }
        self.messages = 0;
        self.feed(Message::Text(heartbeat(&self.hub).into()))
            .await?;
        if quiet > QUIET {
            self.feed(Message::Ping(Default::default())).await?;
        }
        self.flush().await
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
            Message::Close(_) => {
                // What answers it is written already, and only has to go out.
                let _ = timeout(GOODBYE, self.websocket.flush()).await;
                Err(End::Gone)
            }
            Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn act(&mut self, text: &str) -> Result<(), End> {
        let (id, refusal) = match Request::read(text) {
            Ok(Request::Ping) => return self.say(r#"{"type":"pong"}"#.into()).await,
            Ok(Request::Subscribe { id, asked }) => match self.subscribe(&id, &asked) {
                Ok(subscription) => {
                    self.subscriptions.push((id.into(), subscription));
                    return Ok(());
                }
                Err(refusal) => (Some(id), refusal),
            },
            Ok(Request::Unsubscribe { id }) => match self.index(&id) {
                Some(at) => {
                    self.subscriptions.remove(at);
                    return self
                        .say(format!(r#"{{"type":"complete","id":"{id}"}}"#))
                        .await;
                }
                None => {
                    let detail = "there is no subscription of this id";
                    (Some(id), Refusal::new("unknown_id", detail))
                }
            },
            Err(refused) => refused,
        };
        self.say(refusal.text(id.as_deref())).await
    }

    fn subscribe(&self, id: &str, asked: &Asked) -> Result<Subscription, Refusal> {
        self.place(id)?;
        self.caller.charge_message().map_err(Refusal::of_rate)?;
        let (spec, from) = asked.read()?;
        self.hub.subscribe(spec, self.who, from, self.waker.clone())
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.subscriptions
            .iter()
            .position(|(known, _)| **known == *id)
    }

    /// Whether there is one for another subscription.
    fn place(&self, id: &str) -> Result<(), Refusal> {
        if self.index(id).is_some() {
            let detail = "there is a subscription of this id already";
            return Err(Refusal::new("id_in_use", detail));
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            let detail = format!("a socket has at most {MAX_SUBSCRIPTIONS} subscriptions");
            return Err(Refusal::new("too_many_subscriptions", detail));
        }
        Ok(())
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

fn outcome<E>(sent: Result<Result<(), axum::Error>, E>) -> Result<(), End> {
    match sent {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(TOO_SLOW, "too slow")),
    }
}

/// What a client did wrong on the wire decides the code.
fn end_of(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<WireError>() {
        Some(WireError::Capacity(_)) => End::Close(close_code::SIZE, "message too large"),
        Some(WireError::Utf8(_)) => End::Close(close_code::INVALID, "not UTF-8"),
        // Nobody is there to hear a code.
        Some(WireError::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => End::Gone,
        Some(WireError::Protocol(_)) => {
            End::Close(close_code::PROTOCOL, "not the WebSocket protocol")
        }
        _ => End::Gone,
    }
}
