//! Preloaded stream → stored, folded, acknowledged, trimmed: the consumer's own processes.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime},
};

use anyhow::ensure;
use redis::AsyncCommands as _;
use testkit::{Daemon, Program, Services, free_port, stream};

use crate::{cpu::Meter, figure::Cost, quiet};

pub(crate) const MIB: f64 = 1024.0 * 1024.0;
const LIMIT: Duration = Duration::from_secs(300);

/// What drains the stream.
#[derive(Debug, Clone)]
pub(crate) struct Consumers {
    pub(crate) processes: usize,
    /// Of each process.
    pub(crate) lanes: usize,
    /// Further arguments of each.
    pub(crate) arguments: Vec<String>,
}

impl Default for Consumers {
    fn default() -> Self {
        Self {
            processes: 1,
            lanes: 2,
            arguments: Vec::new(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Drained {
    /// Events per second.
    pub(crate) rate: f64,
    /// Mean events of a commit.
    pub(crate) commit_events: f64,
    /// Time of a lane for one event, in microseconds, by its own clock: decoding and encoding;
    /// folding and the transaction.
    pub(crate) decoding: f64,
    pub(crate) writing: f64,
    /// The highest peak of a process, MiB.
    pub(crate) memory: f64,
    pub(crate) cost: Option<Cost>,
}

impl Drained {
    /// The CPU time of an event in `other` by that in this drain, all processes together. Where
    /// the CPU is the limit it is the ratio of the rates, and noise of others disturbs it less.
    pub(crate) fn by_cpu(&self, other: &Self) -> Option<f64> {
        Some(other.cost.as_ref()?.sum() / self.cost.as_ref()?.sum())
    }
}

impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "drained {:.0}/s, {:.0} events a commit, {:.0} MiB",
            self.rate, self.commit_events, self.memory
        )?;
        self.cost.iter().try_for_each(|cost| write!(f, "; {cost}"))
    }
}

/// Drains a stream that holds `events` events of any fate.
pub(crate) async fn drain(
    phase: &str,
    source: &Services,
    consumers: &Consumers,
    events: u64,
) -> anyhow::Result<Drained> {
    quiet::wait(source).await?;
    let db = source.db().await;
    let sql = "SELECT clock_timestamp()";
    let began: SystemTime = db.query_one(sql, &[]).await?.get(0);
    let meter = Meter::start(source).await?;
    let mut daemons = spawn(source, consumers)?;
    drained(source).await?;
    // The first read is where the first batch began: its commit less its stages.
    let row = db
        .query_one(
            "SELECT extract(epoch FROM clock_timestamp() - min(committed_at
                        - make_interval(secs => (decode_ms + queue_ms + write_ms) / 1000)))::float8,
                    sum(stored + duplicates + dead_lettered)::bigint, count(*),
                    sum(decode_ms)::float8, sum(write_ms)::float8
               FROM commits
              WHERE committed_at >= $1",
            &[&began],
        )
        .await?;
    let (seconds, handled, commits): (f64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    let micros = |column| row.get::<_, f64>(column) * 1_000.0 / events as f64;
    ensure!(
        handled.unsigned_abs() == events,
        "{handled} of {events} events are accounted for"
    );
    let cost = match meter {
        Some(meter) => {
            let pids: Vec<_> = daemons.iter().map(|d| ("consumer", d.pid())).collect();
            Some(meter.stop(phase, events, &pids).await?)
        }
        None => None,
    };
    let mut memory = 0;
    for daemon in &mut daemons {
        memory = memory.max(daemon.peak_memory()?);
        ensure!(
            daemon.terminate(LIMIT).await?.success(),
            "the consumer did not stop cleanly"
        );
    }
    Ok(Drained {
        rate: events as f64 / seconds,
        commit_events: events as f64 / commits as f64,
        decoding: micros(3),
        writing: micros(4),
        memory: memory as f64 / MIB,
        cost,
    })
}

fn spawn(source: &Services, consumers: &Consumers) -> anyhow::Result<Vec<Daemon>> {
    let log = std::env::temp_dir().join("tidemark-bench-consumer.log");
    let mut variables = source.variables();
    variables.insert("CONSUMER_LANES".into(), consumers.lanes.to_string());
    let mut daemons = Vec::new();
    for _ in 0..consumers.processes {
        let port = free_port()?;
        let arguments = &consumers.arguments;
        daemons.push(Daemon::spawn(
            Program::Consumer,
            port,
            &variables,
            arguments,
            &log,
        )?);
    }
    Ok(daemons)
}

/// Waits until nothing is unread, pending or left in the stream.
async fn drained(source: &Services) -> anyhow::Result<()> {
    let (mut redis, keys) = (source.redis().await, source.keys());
    let deadline = Instant::now() + LIMIT;
    loop {
        let quiet = stream::is_quiet(&mut redis, &keys, &source.stream.consumer_group).await;
        if quiet.unwrap_or(false) && redis.xlen::<_, u64>(&keys.stream).await? == 0 {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "the stream is not drained within {LIMIT:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
