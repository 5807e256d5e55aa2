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
use tokio_postgres::{Client, NoTls};

pub use retention::Retention;

use crate::{observe, rollup_rows::RollupError, write::REBUILD_LOCK};

/// Held by the one consumer that compacts.
const COMPACT_LOCK: i64 = 0x0063_6f6d_7061_6374;
/// For one step of a pass.
const STEP_TIMEOUT: Duration = Duration::from_secs(300);
/// Retention counts the rows of a day before it drops them.
const RETENTION_TIMEOUT: Duration = Duration::from_secs(30 * 60);

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

/// One after the other. None needs another to succeed: where a disk is full, rows can't be
/// merged, and what makes room comes later.
#[derive(Debug, Clone, Copy)]
enum Step {
    ClosedWriters,
    Tiers,
    Prune,
    Retention,
    Vacuum,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::ClosedWriters,
        Self::Tiers,
        Self::Prune,
        Self::Retention,
        Self::Vacuum,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::ClosedWriters => "closed_writers",
            Self::Tiers => "tiers",
            Self::Prune => "prune",
            Self::Retention => "retention",
            Self::Vacuum => "vacuum",
        }
    }

    const fn timeout(self) -> Duration {
        match self {
            Self::Retention => RETENTION_TIMEOUT,
            _ => STEP_TIMEOUT,
        }
    }

    /// A series of short transactions, so that it may be cut off anywhere. Returns what it did.
    async fn run(self, client: &Client, config: &CompactConfig) -> Result<u64, CompactError> {
        Ok(match self {
            Self::ClosedWriters => {
                closed_writers::close_dead(client).await?;
                closed_writers::merge(client, config.max_values).await?
            }
            Self::Tiers => tiers::build(client, config.max_values).await?,
            Self::Prune => prune::prune(client, config).await?,
            Self::Retention => retention::apply(client, &config.retention).await?,
            Self::Vacuum => vacuum::vacuum(client).await?,
        })
    }
}

/// Passes until the shutdown begins.
pub async fn run(config: CompactConfig, shutdown: Shutdown) {
    let mut backoff = Backoff::default();
    loop {
        let pass = tokio::select! {
            () = shutdown.stopping() => return,
            pass = pass(&config) => pass,
        };
        let wait = match pass {
            Ok(true) => {
                backoff.reset();
                config.interval
            }
            Ok(false) => backoff.next_delay().max(config.interval),
            Err(error) => {
                observe::compaction_failed("begin", &error);
                backoff.next_delay().max(config.interval)
            }
        };
        tokio::select! {
            () = shutdown.stopping() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One pass, unless another consumer is at it. False where a step failed.
async fn pass(config: &CompactConfig) -> Result<bool, CompactError> {
    let started = Instant::now();
    let Some(client) = in_time(STEP_TIMEOUT, begin(config)).await? else {
        return Ok(true);
    };
    let mut is_whole = true;
    for step in Step::ALL {
        match in_time(step.timeout(), step.run(&client, config)).await {
            Ok(rows) => observe::compacted(step.name(), rows),
            Err(error) => {
                observe::compaction_failed(step.name(), &error);
                is_whole = false;
                in_time(STEP_TIMEOUT, clear(&client, &error)).await?;
            }
        }
    }
    if is_whole {
        let measure = async { Ok(client.query_one(MEASURE, &[]).await?) };
        let row = in_time(STEP_TIMEOUT, measure).await?;
        observe::compaction_passed(started.elapsed(), row.get(0), row.get(1));
    }
    Ok(is_whole)
}

async fn in_time<T>(
    limit: Duration,
    step: impl Future<Output = Result<T, CompactError>>,
) -> Result<T, CompactError> {
    let done = timeout(limit, step).await;
    done.unwrap_or(Err(CompactError::TimedOut))
}

/// `None` where another consumer compacts.
async fn begin(config: &CompactConfig) -> Result<Option<Client>, CompactError> {
    let client = clients::postgres::connect(&config.postgres, "tidemark-compact").await?;
    let lock = "SELECT pg_try_advisory_lock($1)";
    let row = client.query_one(lock, &[&COMPACT_LOCK]).await?;
    Ok(row.get::<_, bool>(0).then_some(client))
}

/// Ends what a failed step may have left behind: its transaction, and a statement that runs on.
async fn clear(client: &Client, error: &CompactError) -> Result<(), CompactError> {
    if matches!(error, CompactError::TimedOut) {
        client.cancel_token().cancel_query(NoTls).await?;
    }
    Ok(client.batch_execute("ROLLBACK").await?)
}

/// Begins a transaction that a rebuild can't overlap with.
async fn begin_shared(client: &Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute("BEGIN").await?;
    let lock = "SELECT pg_advisory_xact_lock_shared($1)";
    client.execute(lock, &[&REBUILD_LOCK]).await.map(drop)
}
