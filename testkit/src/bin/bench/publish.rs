//! Generator → stream: the daemon alone, flat out.

use std::time::{Duration, Instant};

use anyhow::ensure;
use redis::AsyncCommands as _;
use testkit::{Daemon, Program, Services, free_port, stream};

use crate::{capacity, cpu::Meter, drain::MIB, figure::Cost};

const LIMIT: Duration = Duration::from_secs(120);
const SEED: &str = "42";

#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// Events per second.
    pub(crate) rate: f64,
    /// The daemon's peak, MiB.
    pub(crate) memory: f64,
    /// Of Redis, for an event.
    pub(crate) event_bytes: f64,
    pub(crate) cost: Option<Cost>,
}

/// Fills the stream with `events` events of the generator; `more` are further arguments of
/// the daemon.
pub(crate) async fn publish(
    services: &Services,
    events: u64,
    more: &[&str],
) -> anyhow::Result<Published> {
    let mut redis = services.redis().await;
    let keys = services.keys();
    let mut variables = services.variables();
    // The backlog is the point here.
    variables.insert("BACKLOG_MAX_EVENTS".into(), (events * 2).to_string());
    let limit = events.to_string();
    let arguments = [
        "--run", "--rate", "2000000", "--seed", SEED, "--limit", &limit,
    ];
    let arguments: Vec<_> = arguments
        .iter()
        .chain(more)
        .map(|s| (*s).to_owned())
        .collect();
    let log = std::env::temp_dir().join("tidemark-bench-ingestion.log");
    let known = stream::accepted(&mut redis, &keys).await?;
    let meter = Meter::start(services).await?;
    let port = free_port()?;
    let mut daemon = Daemon::spawn(Program::Ingestion, port, &variables, &arguments, &log)?;
    let mut started = None;
    let deadline = Instant::now() + LIMIT;
    loop {
        let accepted = stream::accepted(&mut redis, &keys).await? - known;
        if accepted > 0 && started.is_none() {
            started = Some((Instant::now(), accepted));
        }
        if accepted >= events {
            break;
        }
        ensure!(
            Instant::now() < deadline,
            "only {accepted} of {events} events were published"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rate = started.map_or(0.0, |(at, first)| {
        (events - first) as f64 / at.elapsed().as_secs_f64()
    });
    let cost = match meter {
        Some(meter) => {
            let daemons = [("ingestion", daemon.pid())];
            Some(meter.stop(capacity::PUBLISH, events, &daemons).await?)
        }
        None => None,
    };
    let memory = daemon.peak_memory()? as f64 / MIB;
    ensure!(
        daemon.terminate(LIMIT).await?.success(),
        "ingestion did not stop cleanly"
    );
    let _: () = redis.del(&keys.generator).await?;
    Ok(Published {
        rate,
        memory,
        event_bytes: stream_bytes(services).await? / events as f64,
        cost,
    })
}

/// Redis memory of the stream.
pub(crate) async fn stream_bytes(services: &Services) -> anyhow::Result<f64> {
    let bytes: usize = redis::cmd("MEMORY")
        .arg("USAGE")
        .arg(services.keys().stream)
        .query_async(&mut services.redis().await)
        .await?;
    Ok(bytes as f64)
}
