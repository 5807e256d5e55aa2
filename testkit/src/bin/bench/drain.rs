//! Preloaded stream → stored, folded, acknowledged, trimmed: the consumer's own process.

use std::time::{Duration, Instant};

use anyhow::ensure;
use redis::AsyncCommands as _;
use testkit::{Daemon, Program, Services, free_port, stream};

use crate::Round;

const LIMIT: Duration = Duration::from_secs(300);

pub(crate) async fn drain(source: &Services, events: u64, round: &mut Round) -> anyhow::Result<()> {
    let (mut redis, keys) = (source.redis().await, source.keys());
    let db = source.db().await;
    let log = std::env::temp_dir().join("tidemark-bench-consumer.log");
    let variables = source.variables();
    let mut daemon = Daemon::spawn(Program::Consumer, free_port()?, &variables, &[], &log)?;
    let deadline = Instant::now() + LIMIT;
    loop {
        let quiet = stream::is_quiet(&mut redis, &keys, &source.stream.consumer_group).await;
        if quiet.unwrap_or(false) && redis.xlen::<_, u64>(&keys.stream).await? == 0 {
            break;
        }
        ensure!(
            Instant::now() < deadline,
            "the stream is not drained within {LIMIT:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The first read is where the first batch began: its commit less its stages.
    let row = db
        .query_one(
            "SELECT extract(epoch FROM clock_timestamp() - min(committed_at
                        - make_interval(secs => (decode_ms + queue_ms + write_ms) / 1000)))::float8,
                    sum(stored)::bigint, count(*)
               FROM commits",
            &[],
        )
        .await?;
    let (seconds, stored): (f64, i64) = (row.get(0), row.get(1));
    ensure!(
        stored.unsigned_abs() == events,
        "{stored} of {events} events are stored"
    );
    round.drain = events as f64 / seconds;
    round.commits = row.get(2);
    round.consumer_memory = daemon.peak_memory()?;
    ensure!(
        daemon.terminate(LIMIT).await?.success(),
        "the consumer did not stop cleanly"
    );
    Ok(())
}
