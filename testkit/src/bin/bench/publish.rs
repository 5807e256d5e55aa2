//! Generator → stream: the daemon alone, flat out.

use std::time::{Duration, Instant};

use anyhow::ensure;
use redis::AsyncCommands as _;
use testkit::{Daemon, Program, Services, free_port, stream};

use crate::Round;

const LIMIT: Duration = Duration::from_secs(120);
const SEED: &str = "42";

/// A database and a stream that holds `events` events, published by the daemon.
pub(crate) async fn publish(events: u64, round: &mut Round) -> anyhow::Result<Services> {
    let services = Services::start().await;
    let mut redis = services.redis().await;
    let keys = services.keys();
    let mut variables = services.variables();
    // The backlog is the point here.
    variables.insert("BACKLOG_MAX_EVENTS".into(), (events * 2).to_string());
    let limit = events.to_string();
    let arguments = [
        "--run", "--rate", "2000000", "--seed", SEED, "--limit", &limit,
    ];
    let arguments = arguments.map(str::to_owned);
    let log = std::env::temp_dir().join("tidemark-bench-ingestion.log");
    let mut daemon = Daemon::spawn(
        Program::Ingestion,
        free_port()?,
        &variables,
        &arguments,
        &log,
    )?;
    let mut started = None;
    let deadline = Instant::now() + LIMIT;
    loop {
        let accepted = stream::accepted(&mut redis, &keys).await?;
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
    if let Some((at, first)) = started {
        round.publish = (events - first) as f64 / at.elapsed().as_secs_f64();
    }
    round.ingestion_memory = daemon.peak_memory()?;
    ensure!(
        daemon.terminate(LIMIT).await?.success(),
        "ingestion did not stop cleanly"
    );
    let bytes: usize = redis::cmd("MEMORY")
        .arg("USAGE")
        .arg(&keys.stream)
        .query_async(&mut redis)
        .await?;
    let _: () = redis.del(&keys.generator).await?;
    round.event_bytes = bytes as f64 / events as f64;
    Ok(services)
}
