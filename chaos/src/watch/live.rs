//! WebSocket clients that watch the events of the last hours from start to end, and reconnect with
//! their position whenever they are cut off, as a browser would.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{ClientRequestBuilder, Message},
};

use crate::{fault::Node, http, scenario::Draw};

/// A client that hears nothing for so long reconnects.
const SILENCE: Duration = Duration::from_secs(12);
const CONNECTS: Duration = Duration::from_secs(3);

/// What is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Every commit is told.
    Metrics,
    /// At most four frames a second: of these there may be thousands.
    Breakdown,
}

impl Topic {
    fn subscribe(self) -> Value {
        let (topic, params) = match self {
            Self::Metrics => ("metrics", json!({"minutes": 180, "metrics": ["events"]})),
            Self::Breakdown => (
                "breakdown",
                json!({"dimension": "device", "minutes": 60, "limit": 1}),
            ),
        };
        json!({"type": "subscribe", "id": "m", "topic": topic, "params": params})
    }

    fn events(self, state: &Value) -> Option<u64> {
        match self {
            Self::Metrics => state["totals"]["events"].as_u64(),
            Self::Breakdown => state["total_events"].as_u64(),
        }
    }
}

/// What it holds at present.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    /// The window, as the api says it.
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) events: u64,
    pub(crate) connections: u64,
    /// How many times it went on from its position.
    pub(crate) recovered: u64,
    /// The nodes that have ended a subscription, each with the code of its close, if it sent one.
    pub(crate) ends: Vec<(Node, Option<u16>)>,
    /// The longest time from the end of a connection until it was subscribed again.
    pub(crate) longest_away: Duration,
    /// An answer that a client can't make sense of.
    pub(crate) surprise: Option<String>,
}

pub(crate) struct Watcher {
    held: Arc<Mutex<Held>>,
    task: JoinHandle<()>,
}

impl Watcher {
    /// `nodes` are those that it may turn to, the first one first, each with its `http://…`.
    pub(super) fn start(nodes: &[(Node, String)], topic: Topic, draw: Draw) -> Self {
        let held = Arc::default();
        let nodes = nodes.iter();
        let nodes =
            nodes.map(|(node, url)| (*node, format!("{}/ws", url.replacen("http", "ws", 1))));
        let client = Client {
            nodes: nodes.collect(),
            topic,
            draw,
            held: Arc::clone(&held),
            position: Value::Null,
            away_since: None,
        };
        let task = tokio::spawn(client.watch());
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

struct Client {
    nodes: Vec<(Node, String)>,
    topic: Topic,
    draw: Draw,
    held: Arc<Mutex<Held>>,
    position: Value,
    away_since: Option<Instant>,
}

impl Client {
    async fn watch(mut self) {
        for attempt in 0.. {
            let (node, url) = self.nodes[attempt % self.nodes.len()].clone();
            let before = self.lock().connections;
            // Why it ended otherwise doesn't matter: what counts is what is held in the end.
            let code = self.stay(&url).await.ok();
            if self.lock().connections > before {
                self.lock().ends.push((node, code));
            }
            self.away_since.get_or_insert_with(Instant::now);
            // Not all at once.
            sleep(self.draw.seconds(0.1..1.5)).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the node closes; the code that it gives.
    async fn stay(&mut self, url: &str) -> anyhow::Result<u16> {
        let request = ClientRequestBuilder::new(url.parse()?)
            .with_header("Authorization", http::authorization());
        let (mut socket, _) = timeout(CONNECTS, connect_async(request)).await??;
        let mut subscribe = self.topic.subscribe();
        if !self.position.is_null() {
            subscribe["position"] = self.position.clone();
        }
        socket.send(Message::text(subscribe.to_string())).await?;
        loop {
            let message = timeout(SILENCE, socket.next()).await?;
            let text = match message.context("the socket has ended")?? {
                Message::Text(text) => text,
                Message::Close(frame) => return Ok(frame.context("no code")?.code.into()),
                _ => continue,
            };
            let mut message: Value = serde_json::from_str(&text)?;
            let state = match message["type"].as_str() {
                Some("subscribed") => {
                    self.subscribed(&message)?;
                    message["snapshot"].take()
                }
                Some("next") => message["data"].take(),
                Some("error") => {
                    // Perhaps the position is one that this node can't go on from.
                    self.position = Value::Null;
                    bail!("refused: {message}");
                }
                _ => continue,
            };
            self.position = message["position"].take();
            self.keep(&state);
        }
    }

    /// Who comes with a position is told whether something was missed.
    fn subscribed(&mut self, message: &Value) -> anyhow::Result<()> {
        let since = self.away_since.take();
        let mut held = self.lock();
        held.connections += 1;
        if let Some(since) = since {
            held.longest_away = held.longest_away.max(since.elapsed());
        }
        let recovered = message["recovered"].as_bool();
        held.recovered += u64::from(recovered == Some(true));
        let comes_back = !self.position.is_null();
        let has_state = message["snapshot"].is_object();
        let makes_sense = match recovered {
            None => !comes_back && has_state,
            Some(goes_on) => comes_back && goes_on != has_state,
        };
        if !makes_sense {
            held.surprise = Some(message.to_string());
        }
        ensure!(makes_sense, "{message} makes no sense");
        Ok(())
    }

    fn keep(&self, state: &Value) {
        let mut held = self.lock();
        // Where it goes on from its position there is no snapshot.
        if let Some(events) = self.topic.events(state) {
            held.events = events;
            held.from = state["from"].as_str().unwrap_or_default().to_owned();
            held.to = state["to"].as_str().unwrap_or_default().to_owned();
        }
    }
}
