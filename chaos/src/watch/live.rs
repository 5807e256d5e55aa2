//! A WebSocket client that watches the events of the last hours from begin to end, and comes
//! back with its position whenever it is cut off, as a page would.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// A client that hears nothing for so long reconnects.
const SILENCE: Duration = Duration::from_secs(12);
const CONNECTS: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(300);

/// What it holds at present.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// The window, as the api says it.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) events: u64,
    pub(crate) connections: u64,
}

pub(crate) struct Watcher {
    held: Arc<Mutex<Held>>,
    task: JoinHandle<()>,
}

impl Watcher {
    /// `url` is that of the api, `http://…`.
    pub(crate) fn start(url: &str) -> Self {
        let held = Arc::default();
        let url = format!("{}/ws", url.replacen("http", "ws", 1));
        let task = tokio::spawn(watch(url, Arc::clone(&held)));
        Self { held, task }
    }

    pub(crate) fn held(&self) -> Held {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(url: String, held: Arc<Mutex<Held>>) {
    let mut position = Value::Null;
    loop {
        // Why it ended doesn't matter: what counts is what is held in the end.
        let _ = stay(&url, &held, &mut position).await;
        sleep(PAUSE).await;
    }
}

async fn stay(url: &str, held: &Mutex<Held>, position: &mut Value) -> anyhow::Result<()> {
    let (mut socket, _) = timeout(CONNECTS, connect_async(url)).await??;
    let mut subscribe = json!({"type": "subscribe", "id": "m", "topic": "metrics",
        "params": {"minutes": 180, "metrics": ["events"]}});
    if !position.is_null() {
        subscribe["position"] = position.clone();
    }
    socket.send(Message::text(subscribe.to_string())).await?;
    loop {
        let message = timeout(SILENCE, socket.next()).await?;
        let Message::Text(text) = message.context("the socket has ended")?? else {
            continue;
        };
        let mut message: Value = serde_json::from_str(&text)?;
        let state = match message["type"].as_str() {
            Some("subscribed") => message["snapshot"].take(),
            Some("next") => message["data"].take(),
            Some("error") => {
                // Perhaps the position is one that this node can't go on from.
                *position = Value::Null;
                bail!("refused: {message}");
            }
            _ => continue,
        };
        *position = message["position"].take();
        keep(held, &message["type"], &state);
    }
}

fn keep(held: &Mutex<Held>, kind: &Value, state: &Value) {
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    held.connections += u64::from(kind == "subscribed");
    // Where it goes on from its position there is no snapshot.
    if let Some(events) = state["totals"]["events"].as_u64() {
        held.events = events;
        held.from = state["from"].as_str().unwrap_or_default().to_owned();
        held.to = state["to"].as_str().unwrap_or_default().to_owned();
    }
}
