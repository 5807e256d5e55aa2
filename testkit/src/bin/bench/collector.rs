//! Events over HTTP, by wrk.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use common::{event::Limits, time::UnixMicros};
use ingestion::source::synthetic::{Content, Population, Run};
use redis::AsyncCommands as _;
use testkit::{Daemon, Services};
use uuid::Uuid;

use crate::{
    drain::MIB,
    figure::{Bar, Figure, Outcome, Unit},
    pipeline::{ingestion, stop},
    round::fresh,
    wrk::{self, Wrk},
};

/// Different bodies of 500 events each.
const BODIES: u64 = 20;
const EVENTS: u64 = 500;
const WRK: Wrk = Wrk {
    script: include_str!("collector.lua"),
    connections: 8,
    // Nobody drains the stream meanwhile: longer would fill Redis.
    lasts: Duration::from_secs(4),
};

const MEASURE: &str = "collector over HTTP, 500 events of NDJSON a request: accepted";
const WITH_KEYS: &str = "collector over HTTP that asks for keys, as a share of one that doesn't";

pub(crate) async fn run() -> anyhow::Result<Outcome> {
    let bar = Bar::AtLeast(150_000.0);
    let Some(open) = collect(false).await? else {
        let missing = Figure::missing(MEASURE, Unit::EventsPerSecond, wrk::MISSING);
        return Ok(vec![missing.bar(bar)].into());
    };
    let guarded = collect(true).await?.context("wrk was there a moment ago")?;
    let measure = "peak memory of `ingestion`, collecting";
    let figures = vec![
        Figure::new(MEASURE, Unit::EventsPerSecond, open.rate).bar(bar),
        Figure::new(WITH_KEYS, Unit::Ratio, guarded.rate / open.rate).bar(Bar::AtLeast(0.9)),
        Figure::new(measure, Unit::Mebibytes, open.memory)
            .largest()
            .bar(Bar::AtMost(100.0)),
    ];
    Ok(figures.into())
}

struct Collected {
    /// Events per second.
    rate: f64,
    /// In MiB, at most.
    memory: f64,
}

/// Sends to a collector of its own, with a key where it asks for keys; `None` without wrk.
async fn collect(asks_for_keys: bool) -> anyhow::Result<Option<Collected>> {
    let services = fresh().await?;
    let folder = Folder::with_bodies(services.stream.limits())?;
    let (auth, key) = match asks_for_keys {
        true => ("on", services.key(&["write"], None).await.text()),
        false => ("off", String::new()),
    };
    let mut daemon = ingestion(&services, &[("AUTH", auth)]).await?;
    let rate = send(&services, &daemon, &folder.0, &key).await?;
    let memory = daemon.peak_memory()? as f64 / MIB;
    stop(&mut daemon).await?;
    Ok(rate.map(|rate| Collected { rate, memory }))
}

/// Events per second that Redis accepted while wrk ran; `None` without wrk.
async fn send(
    services: &Services,
    daemon: &Daemon,
    folder: &Path,
    key: &str,
) -> anyhow::Result<Option<f64>> {
    let url = format!("http://127.0.0.1:{}/api/v1/events", daemon.port);
    let (folder, bodies) = (folder.to_string_lossy(), BODIES.to_string());
    let started = Instant::now();
    if WRK.run(&url, &[&folder, &bodies, key]).await?.is_none() {
        return Ok(None);
    }
    let seconds = started.elapsed().as_secs_f64();
    let mut redis = services.redis().await;
    let ledger = services.keys().ledger;
    let accepted: u64 = redis.hget(&ledger, "accepted:collector").await?;
    Ok(Some(accepted as f64 / seconds))
}

/// Removed with what is in it.
struct Folder(PathBuf);

impl Folder {
    /// Bodies of the generator's events.
    fn with_bodies(limits: Limits) -> anyhow::Result<Self> {
        let name = format!("tidemark-bench-{}", Uuid::new_v4().simple());
        let folder = Self(std::env::temp_dir().join(name));
        std::fs::create_dir(&folder.0).context("a folder for the bodies")?;
        let started = UnixMicros::now();
        let run = Run { seed: 42, started };
        let content = Content::new(run, &Population::default(), 0, &limits);
        let mut scratch = content.scratch();
        for n in 0..BODIES {
            let mut body = Vec::new();
            for i in n * EVENTS..(n + 1) * EVENTS {
                content.write(i, started, &mut scratch, &mut body);
            }
            std::fs::write(folder.0.join(format!("{}.ndjson", n + 1)), body)?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
