//! Watches from outside: every entry of the stream, every hint, every frame.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use common::{
    clients,
    time::UnixMicros,
    wire::{EntryId, lines},
};
use futures_util::{SinkExt as _, StreamExt as _};
use redis::streams::StreamReadReply;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::pipeline::Pipeline;

const BLOCK: Duration = Duration::from_millis(200);

/// One entry of the stream.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: EntryId,
    /// When each of its events was created.
    pub(super) created: Vec<UnixMicros>,
}

/// A frame of the topic `metrics`, when the client had all of it.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) at: UnixMicros,
    /// The last commit of each writer that it counts.
    pub(super) position: BTreeMap<i64, i64>,
}

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) entries: Vec<Entry>,
    pub(super) hints: Vec<UnixMicros>,
    pub(super) frames: Vec<Frame>,
}

/// Tasks of their own, each with a connection of its own.
pub(super) struct Watches {
    stop: watch::Sender<bool>,
    entries: JoinHandle<Vec<Entry>>,
    hints: JoinHandle<Vec<UnixMicros>>,
    frames: JoinHandle<Vec<Frame>>,
}

impl Watches {
    /// Everything that happens from now on is seen.
    pub(super) async fn start(pipeline: &Pipeline) -> anyhow::Result<Self> {
        let (stop, stopped) = watch::channel(false);
        let services = &pipeline.services;
        let redis = clients::redis::connect(&services.redis, BLOCK).await?;
        let entries = entries(redis, services.keys().stream, stopped.clone());
        let hints = clients::redis::subscribe(&services.redis, &services.keys().commits).await?;
        let hints = hints_of(hints, stopped.clone());
        let url = format!("ws://127.0.0.1:{}/ws", pipeline.api.port);
        let (mut socket, _) = connect_async(url).await?;
        let subscribe = json!({"type": "subscribe", "id": "b", "topic": "metrics"});
        socket.send(Message::text(subscribe.to_string())).await?;
        socket.next().await.context("the socket ended")??;
        Ok(Self {
            entries: tokio::spawn(entries),
            hints: tokio::spawn(hints),
            frames: tokio::spawn(frames(socket, stopped)),
            stop,
        })
    }

    pub(super) async fn stop(self) -> anyhow::Result<Seen> {
        self.stop.send_replace(true);
        Ok(Seen {
            entries: self.entries.await?,
            hints: self.hints.await?,
            frames: self.frames.await?,
        })
    }
}

async fn entries(
    mut redis: redis::aio::MultiplexedConnection,
    stream: String,
    stop: watch::Receiver<bool>,
) -> Vec<Entry> {
    let (mut entries, mut after) = (Vec::new(), String::from("0"));
    while !*stop.borrow() {
        let mut read = redis::cmd("XREAD");
        read.arg("BLOCK").arg(BLOCK.as_millis() as u64);
        read.arg("STREAMS").arg(&stream).arg(&after);
        let reply: Option<StreamReadReply> = match read.query_async(&mut redis).await {
            Ok(reply) => reply,
            Err(_) => break,
        };
        let ids = reply.into_iter().flat_map(|reply| reply.keys);
        for entry in ids.flat_map(|key| key.ids) {
            let batch: Vec<u8> = entry.get("batch").unwrap_or_default();
            entries.extend(entry.id.parse().ok().map(|id| Entry {
                id,
                created: lines(&batch).filter_map(created).collect(),
            }));
            after = entry.id;
        }
    }
    entries
}

fn created(event: &[u8]) -> Option<UnixMicros> {
    #[derive(Deserialize)]
    struct Created<'a> {
        occurred_at: &'a str,
    }
    let event: Created<'_> = serde_json::from_slice(event).ok()?;
    UnixMicros::parse_rfc3339(event.occurred_at)
}

async fn hints_of(hints: redis::aio::PubSub, mut stop: watch::Receiver<bool>) -> Vec<UnixMicros> {
    let (mut seen, mut messages) = (Vec::new(), hints.into_on_message());
    loop {
        tokio::select! {
            Some(_) = messages.next() => seen.push(UnixMicros::now()),
            _ = stop.changed() => return seen,
        }
    }
}

async fn frames<S>(mut socket: S, mut stop: watch::Receiver<bool>) -> Vec<Frame>
where
    S: futures_util::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    let mut frames = Vec::new();
    loop {
        let message = tokio::select! {
            message = socket.next() => message,
            _ = stop.changed() => return frames,
        };
        let Some(Ok(message)) = message else {
            return frames;
        };
        let at = UnixMicros::now();
        let text = message.to_text().unwrap_or_default();
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        if message["type"] == "next" {
            let position = position(message["position"].as_str().unwrap_or_default());
            frames.push(Frame { at, position });
        }
    }
}

/// The last commit of each writer, from `writer:seq,writer:seq`.
pub(crate) fn position(text: &str) -> BTreeMap<i64, i64> {
    let pairs = text.split(',').filter_map(|pair| {
        let (writer, seq) = pair.split_once(':')?;
        Some((writer.parse().ok()?, seq.parse().ok()?))
    });
    pairs.collect()
}
