//! A client of `/ws`.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use testkit::Daemon;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};

use super::LIMIT;

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// With one subscription; its snapshot comes first.
    pub(crate) async fn subscribe(api: &Daemon, topic: &str) -> (Self, Value) {
        let url = format!("ws://127.0.0.1:{}/ws", api.port);
        let mut socket = Self(connect_async(url).await.unwrap().0);
        let subscribe = json!({"type": "subscribe", "id": "t", "topic": topic});
        let subscribe = Message::text(subscribe.to_string());
        socket.0.send(subscribe).await.unwrap();
        let mut first = socket.next(LIMIT).await.expect("a snapshot");
        assert_eq!(first["type"], "subscribed", "{first}");
        (socket, first["snapshot"].take())
    }

    /// The next message that isn't a heartbeat; `None` after a close or `limit`.
    async fn next(&mut self, limit: Duration) -> Option<Value> {
        loop {
            let message = timeout(limit, self.0.next()).await.ok()??;
            let Ok(Message::Text(text)) = message else {
                message.ok().filter(|message| !message.is_close())?;
                continue;
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            if message["type"] != "heartbeat" {
                return Some(message);
            }
        }
    }

    /// Reads updates until one is as wanted.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let read = async {
            loop {
                let mut message = self.next(LIMIT).await.expect("updates go on");
                assert_eq!(message["type"], "next", "{message}");
                if wanted(&message["data"]) {
                    return message["data"].take();
                }
            }
        };
        let read = timeout(LIMIT, read).await;
        read.unwrap_or_else(|_| panic!("no update within {LIMIT:?}: {what}"))
    }

    /// Reads to the end: the code of the server's close.
    pub(crate) async fn close_code(mut self) -> Option<u16> {
        loop {
            match timeout(LIMIT, self.0.next())
                .await
                .expect("an end in time")?
            {
                Ok(Message::Close(Some(CloseFrame { code, .. }))) => return Some(code.into()),
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }
}
