//! The background work of the consumers, done by one of them at a time: merges the rollup rows of
//! closed writers, builds coarser tiers, removes what is no longer needed.

mod closed_writers;
mod prune;
mod retention;
mod tiers;
mod vacuum;

use std::time::{Duration, Instant};

use common::{
    backoff::Backoff, clients, config::PostgresConfig, config::RedisConfig, shutdown::Shutdown,
    wire::StreamKeys,
};
use tokio::time::timeout;
use tokio_postgres::Client;

pub use retention::Retention;

use crate::{observe, rollup_rows::RollupError, write::REBUILD_LOCK};

/// Held by the one consumer that compacts.
const COMPACT_LOCK: i64 = 0x0063_6f6d_7061_6374;
/// For one pass over everything.
const PASS_TIMEOUT: Duration = Duration::from_secs(300);

const MEASURE: &str = "-- measure
SELECT pg_database_size(current_database()), (SELECT count(*) FROM rollup_dirty)";

#[derive(Debug, Clone)]
pub struct CompactConfig {
    pub postgres: PostgresConfig,
    pub redis: RedisConfig,
    pub keys: StreamKeys,
    pub group: String,
    pub interval: Duration,
    pub max_values: usize,
    pub retention: Retention,
}

#[derive(Debug, thiserror::Error)]
enum CompactError {
    #[error(transparent)]
    Rollup(#[from] RollupError),
    #[error("PostgreSQL")]
    Database(#[from] tokio_postgres::Error),
    #[error("Redis")]
    Redis(#[from] redis::RedisError),
    #[error("not done in time")]
    TimedOut,
}

/// Passes until the shutdown begins.
pub async fn run(config: CompactConfig, shutdown: Shutdown) {
    let mut backoff = Backoff::default();
    loop {
        let pass = tokio::select! {
            () = shutdown.stopping() => return,
            pass = timeout(PASS_TIMEOUT, pass(&config)) => pass.unwrap_or(Err(CompactError::TimedOut)),
        };
        let wait = match pass {
            Ok(()) => {
                backoff.reset();
                config.interval
            }
            Err(error) => {
                observe::compaction_failed(&error);
                backoff.next_delay().max(config.interval)
            }
        };
        tokio::select! {
            () = shutdown.stopping() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One pass, unless another consumer is at it. Each step is a series of short transactions,
/// so that it may be cut off anywhere.
async fn pass(config: &CompactConfig) -> Result<(), CompactError> {
    let client = clients::postgres::connect(&config.postgres, "tidemark-compact").await?;
    let started = Instant::now();
    let row = client
        .query_one("SELECT pg_try_advisory_lock($1)", &[&COMPACT_LOCK])
        .await?;
    if !row.get::<_, bool>(0) {
        return Ok(());
    }
    closed_writers::close_dead(&client).await?;
    let merged = closed_writers::merge(&client, config.max_values).await?;
    observe::compacted("closed_writers", merged);
    let built = tiers::build(&client, config.max_values).await?;
    observe::compacted("tiers", built);
    let pruned = prune::prune(&client, config).await?;
    observe::compacted("prune", pruned);
    let dropped = retention::apply(&client, &config.retention).await?;
    observe::compacted("retention", dropped);
    let vacuumed = vacuum::vacuum(&client).await?;
    observe::compacted("vacuum", vacuumed);
    let row = client.query_one(MEASURE, &[]).await?;
    observe::compaction_passed(started.elapsed(), row.get(0), row.get(1));
    Ok(())
}

/// Begins a transaction that a rebuild can't overlap with.
async fn begin_shared(client: &Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute("BEGIN").await?;
    let lock = "SELECT pg_advisory_xact_lock_shared($1)";
    client.execute(lock, &[&REBUILD_LOCK]).await.map(drop)
}
