//! A client of the live protocol: what it says, hears and holds.

use std::{collections::BTreeMap, time::Duration};

use common::time::UnixMicros;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};

use crate::support::{Api, MINUTE};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) async fn connect(api: &Api) -> Socket {
    connect_async(format!("ws://{}/ws", api.address))
        .await
        .unwrap()
        .0
}

pub(crate) async fn say(socket: &mut Socket, message: Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .unwrap();
}

/// The next message that is neither heartbeat nor ping.
pub(crate) async fn hear(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(Duration::from_secs(5), socket.next())
            .await
            .expect("in time")
            .unwrap()
            .unwrap();
        let Message::Text(text) = message else {
            continue;
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message["type"] != "heartbeat" {
            return message;
        }
    }
}

pub(crate) async fn close_code(socket: &mut Socket) -> Option<u16> {
    loop {
        match timeout(Duration::from_secs(5), socket.next())
            .await
            .expect("in time")
        {
            Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return Some(code.into()),
            Some(Ok(_)) => {}
            _ => return None,
        }
    }
}

/// What a client of `metrics` holds after a snapshot and its deltas.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    pub(crate) minutes: BTreeMap<String, Value>,
    pub(crate) totals: Value,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Held {
    pub(crate) fn take(&mut self, body: &Value) {
        self.take_wide(body, 1);
    }

    /// With buckets of so many minutes.
    pub(crate) fn take_wide(&mut self, body: &Value, width: i64) {
        for minute in body["minutes"].as_array().unwrap() {
            self.minutes.insert(
                minute["bucket"].as_str().unwrap().to_owned(),
                minute.clone(),
            );
        }
        self.from = body["from"].as_str().unwrap().to_owned();
        self.to = body["to"].as_str().unwrap().to_owned();
        let from = UnixMicros::parse_rfc3339(&self.from).unwrap();
        let width = width * MINUTE;
        let first = UnixMicros(from.0.div_euclid(width) * width).to_rfc3339();
        self.minutes = self.minutes.split_off(&first);
        self.totals = body["totals"].clone();
    }
}
