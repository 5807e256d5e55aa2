//! The load, and what happens under it second by second.

use std::time::Duration;

use common::time::UnixMicros;
use redis::AsyncCommands as _;
use serde_json::json;
use testkit::{Program, stream};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_postgres::Client;

use crate::{
    drain::MIB,
    pipeline::{FLAT_OUT, History, Pipeline, resident, tell},
};

const HISTORY: History = History {
    events: 500_000,
    seconds: 86_400,
    // Of the 24 hours before now, those that are over and whole.
    built: "SELECT count(*) >= 22 FROM rollup_built WHERE tier = 3600",
    limit: Duration::from_secs(90),
};
/// Until the backlog is at its bound.
const WARM_UP: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(100);
const STEPS_PER_SECOND: u32 = 10;
/// Between two looks at the size of the table.
const SIZE_EVERY: u32 = 10 * STEPS_PER_SECOND;

/// Stores events of the last 24 hours and waits for their tiers, so that queries have what
/// they ask for. Its consumer is replaced by a new one: the memory that so many minutes took
/// is not that of the load. The old one's peak, MiB.
pub(crate) async fn history(pipeline: &mut Pipeline) -> anyhow::Result<f64> {
    pipeline.history(&HISTORY).await?;
    let peak = pipeline.consumer.peak_memory()? as f64 / MIB;
    pipeline.restart_consumer().await?;
    Ok(peak)
}

/// The generator goes on in the same run, so that one truth holds for all of it.
pub(crate) async fn flat_out(pipeline: &Pipeline) -> anyhow::Result<()> {
    let settings = json!({
        "running": true, "rate": FLAT_OUT, "limit": null, "history_seconds": null,
    });
    tell(&pipeline.ingestion, &settings).await?;
    sleep(WARM_UP).await;
    Ok(())
}

#[derive(Debug)]
pub(crate) struct Load {
    /// Events stored in each second.
    pub(crate) stored: Vec<f64>,
    /// Events in the stream, ten times a second.
    pub(crate) backlog: Vec<f64>,
    /// MiB, ten times a second.
    pub(crate) resident: Vec<(Program, Vec<f64>)>,
}

impl Load {
    /// With `most`, the table of events is emptied whenever it is larger.
    pub(crate) async fn watch(
        pipeline: &mut Pipeline,
        lasts: Duration,
        most: Option<f64>,
    ) -> anyhow::Result<Self> {
        let db = pipeline.services.db().await;
        let (mut redis, keys) = (pipeline.services.redis().await, pipeline.services.keys());
        let daemons = pipeline.daemons();
        let mut load = Self {
            stored: Vec::new(),
            backlog: Vec::new(),
            resident: daemons.map(|d| (d.program, Vec::new())).into(),
        };
        let (from, until) = (UnixMicros::now(), Instant::now() + lasts);
        let mut ticks = interval(STEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for step in 1.. {
            ticks.tick().await;
            if Instant::now() >= until {
                break;
            }
            let entries: u64 = redis.xlen(&keys.stream).await?;
            let accepted = stream::accepted(&mut redis, &keys).await?;
            let sent: u64 = redis.hget(&keys.ledger, "entries:generator").await?;
            load.backlog
                .push(entries as f64 * accepted as f64 / sent as f64);
            for (daemon, (_, samples)) in pipeline.daemons().iter().zip(&mut load.resident) {
                samples.push(resident(daemon));
            }
            if let Some(most) = most.filter(|_| step % SIZE_EVERY == 0) {
                empty_if_larger(&db, most).await?;
            }
        }
        load.stored = stored(&db, from, lasts).await?;
        Ok(load)
    }
}

async fn stored(db: &Client, from: UnixMicros, lasts: Duration) -> anyhow::Result<Vec<f64>> {
    let sql = "SELECT coalesce(sum(stored), 0)::float8
                 FROM generate_series(0, $2::int - 1) AS second
                 LEFT JOIN commits
                   ON committed_at >= $1::timestamptz + make_interval(secs => second)
                  AND committed_at < $1::timestamptz + make_interval(secs => second + 1)
                GROUP BY second ORDER BY second";
    let seconds = lasts.as_secs() as i32;
    let rows = db.query(sql, &[&from, &seconds]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn empty_if_larger(db: &Client, most: f64) -> anyhow::Result<()> {
    let sql = "SELECT hypertable_size('events')::float8";
    let size: f64 = db.query_one(sql, &[]).await?.get(0);
    if size > most {
        db.batch_execute("TRUNCATE events").await?;
    }
    Ok(())
}
