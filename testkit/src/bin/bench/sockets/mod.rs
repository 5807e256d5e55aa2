//! Ten thousand sockets at one update a second, and a thousand at full speed.

mod client;
mod peer;

use std::{collections::BTreeMap, sync::atomic::Ordering::Relaxed, time::Duration};

use anyhow::ensure;
use bytes::Bytes;
use common::time::UnixMicros;
use serde_json::json;
use testkit::http;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{
    drain::MIB,
    figure::{Bar, Figure, Outcome, Unit},
    latency::{percentile, position},
    pipeline::{Pipeline, tell},
};
use client::{Arrival, Clients};

const MANY: usize = 10_000;
/// One address has all the clients.
const ALL_FROM_HERE: [(&str, &str); 2] = [
    ("HTTP_MAX_CONNECTIONS_PER_ADDRESS", "12000"),
    ("LIVE_MAX_SOCKETS_PER_ADDRESS", "12000"),
];
const UPDATES: u32 = 20;
const FEW: usize = 1_000;
/// Of each of the few: so many frames come of one update.
const WINDOWS: u16 = 8;
const FULL_SPEED: Duration = Duration::from_secs(5);
const WARM_UP: Duration = Duration::from_secs(3);

pub(crate) async fn run() -> anyhow::Result<Outcome> {
    let mut figures = many().await?;
    figures.extend(few().await?);
    Ok(figures.into())
}

fn subscribe(minutes: u16) -> String {
    let params = json!({"minutes": minutes});
    json!({"type": "subscribe", "id": format!("m{minutes}"), "topic": "metrics", "params": params})
        .to_string()
}

async fn many() -> anyhow::Result<Vec<Figure>> {
    let pipeline = Pipeline::start(&ALL_FROM_HERE).await?;
    let clients = Clients::open(pipeline.api.port, MANY, vec![subscribe(5)], true).await?;
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..UPDATES {
        ticks.tick().await;
        send_one(&pipeline).await?;
    }
    sleep(WARM_UP).await;
    let closed = clients.received.closed.load(Relaxed);
    ensure!(closed == 0, "{closed} sockets were closed");
    let noted = clients.close().await?;
    let memory = pipeline.api.peak_memory()? as f64 / MIB;
    let late = latencies(&pipeline, &noted).await?;
    pipeline.stop().await?;
    let expected = MANY * UPDATES as usize;
    ensure!(
        late.len() >= expected * 9 / 10,
        "{} frames of {expected}",
        late.len()
    );
    let of = |q| percentile(late.iter().copied(), q);
    let name = "10,000 sockets, one update a second: commit → wire";
    Ok(vec![
        Figure::new(format!("{name}, p50"), Unit::Milliseconds, of(0.5)),
        Figure::new(format!("{name}, p99"), Unit::Milliseconds, of(0.99)).bar(Bar::AtMost(500.0)),
        Figure::new(
            "peak memory of `api`, 10,000 sockets",
            Unit::Mebibytes,
            memory,
        )
        .largest()
        .bar(Bar::AtMost(400.0)),
    ])
}

async fn send_one(pipeline: &Pipeline) -> anyhow::Result<()> {
    let url = format!("http://127.0.0.1:{}/api/v1/events", pipeline.ingestion.port);
    let event = json!({"event_type": "login", "user_id": "somebody"}).to_string();
    let (status, body) = http::post(&url, "application/json", Bytes::from(event)).await?;
    ensure!(status == 202, "POST {url} answers {status}: {body}");
    Ok(())
}

/// Of every socket and commit: from the commit's last row to the first frame that counts it.
async fn latencies(pipeline: &Pipeline, noted: &[Vec<Arrival>]) -> anyhow::Result<Vec<f64>> {
    let db = pipeline.services.db().await;
    let commits = "SELECT writer_id, seq, committed_at FROM commits ORDER BY committed_at";
    let rows = db.query(commits, &[]).await?;
    let commits: Vec<(i64, i64, UnixMicros)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let mut late = Vec::new();
    for arrivals in noted {
        let mut arrivals = arrivals.iter().map(|a| (position(&a.position), a.at));
        let mut latest = arrivals.next();
        for (writer, seq, at) in &commits {
            let counts =
                |known: &BTreeMap<i64, i64>| known.get(writer).is_some_and(|last| last >= seq);
            while latest.as_ref().is_some_and(|(known, _)| !counts(known)) {
                latest = arrivals.next();
            }
            let Some((_, seen)) = &latest else { break };
            late.push((seen.0 - at.0) as f64 / 1e3);
        }
    }
    Ok(late)
}

async fn few() -> anyhow::Result<Vec<Figure>> {
    let pipeline = Pipeline::start(&ALL_FROM_HERE).await?;
    tell(
        &pipeline.ingestion,
        &json!({"running": true, "rate": 20_000}),
    )
    .await?;
    let windows = (1..=WINDOWS).map(subscribe).collect();
    let clients = Clients::open(pipeline.api.port, FEW, windows, false).await?;
    let (ours, bytes) = rate(&clients).await;
    clients.close().await?;
    tell(&pipeline.ingestion, &json!({"running": false})).await?;
    pipeline.stop().await?;
    let name = "1,000 sockets at full speed: frames";
    let mut figures = vec![Figure::new(name, Unit::PerSecond, ours)];
    let ratio = "1,000 sockets at full speed, as a multiple of the Node broadcaster's frames";
    let bar = Bar::AtLeast(2.0);
    if let Some(why) = peer::PEER.lacks() {
        figures.push(Figure::missing(ratio, Unit::Ratio, why).bar(bar));
        return Ok(figures);
    }
    let theirs = peer::rate(FEW, bytes).await?;
    let name = "1,000 sockets at full speed: frames of a Node broadcaster (ws)";
    figures.push(Figure::new(name, Unit::PerSecond, theirs));
    figures.push(Figure::new(ratio, Unit::Ratio, ours / theirs).bar(bar));
    Ok(figures)
}

/// Frames per second, and the mean bytes of one.
async fn rate(clients: &Clients) -> (f64, f64) {
    sleep(WARM_UP).await;
    let counts = || {
        let received = &clients.received;
        (received.frames.load(Relaxed), received.bytes.load(Relaxed))
    };
    let (frames, bytes) = counts();
    sleep(FULL_SPEED).await;
    let (more, further) = counts();
    let frames = (more - frames) as f64;
    (
        frames / FULL_SPEED.as_secs_f64(),
        (further - bytes) as f64 / frames.max(1.0),
    )
}
