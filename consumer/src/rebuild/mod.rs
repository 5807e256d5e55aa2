//! Rollups recomputed from raw rows, to compare (`check`) or to replace them (`rebuild`).

mod check;
mod raw;

use std::time::Duration;

use common::{
    clients,
    config::PostgresConfig,
    rollup::{Dimension, Tier},
    time::UnixMicros,
};
use tokio_postgres::Client;

pub use check::{Drift, MOST_DRIFTS, check};
use raw::fold_raw;

use crate::{
    rollup_rows::{self, RollupError},
    write::REBUILD_LOCK,
};

/// Rebuilt or compared in one step, and for this long commits wait in a rebuild.
const STEP: Tier = Tier::QuarterHour;

/// A half-open range of whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minutes {
    pub from: UnixMicros,
    pub to: UnixMicros,
}

impl Minutes {
    /// Rounded outward to whole minutes.
    #[must_use]
    pub fn covering(from: UnixMicros, to: UnixMicros) -> Self {
        let last = UnixMicros(to.0.saturating_sub(1));
        Self {
            from: Tier::Minute.bucket(from),
            to: Tier::Minute
                .bucket(last)
                .saturating_add(Duration::from_secs(60)),
        }
    }

    fn steps(self) -> impl Iterator<Item = Self> {
        let width = Duration::from_secs(STEP.seconds().unsigned_abs());
        let mut from = self.from;
        std::iter::from_fn(move || {
            let end = STEP.bucket(from).saturating_add(width).min(self.to);
            let step = (from < self.to).then_some(Self { from, to: end });
            from = end;
            step
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(transparent)]
    Rollup(#[from] RollupError),
    #[error("the database refused")]
    Database(#[from] tokio_postgres::Error),
    #[error(
        "raw events before {0} were dropped; give a later --from: without raw events, rollups can be neither compared nor recomputed"
    )]
    Dropped(String),
}

/// The minutes that have rollups or raw rows, if there are any; without those whose raw rows
/// retention has dropped.
///
/// # Errors
/// The database can't be asked.
pub async fn whole_range(postgres: &PostgresConfig) -> Result<Option<Minutes>, RebuildError> {
    let client = clients::postgres::connect(postgres, "tidemark-rebuild").await?;
    let sql = "SELECT least((SELECT min(occurred_at) FROM events), (SELECT min(bucket) FROM rollup_1m)),
                      greatest((SELECT max(occurred_at) FROM events), (SELECT max(bucket) FROM rollup_1m))";
    let row = client.query_one(sql, &[]).await?;
    let bounds: (Option<UnixMicros>, Option<UnixMicros>) = (row.get(0), row.get(1));
    let (Some(from), Some(last)) = bounds else {
        return Ok(None);
    };
    let from = dropped_until(&client)
        .await?
        .map_or(from, |until| from.max(until));
    let whole = Minutes::covering(from, UnixMicros(last.0 + 1));
    Ok((whole.from < whole.to).then_some(whole))
}

async fn dropped_until(client: &Client) -> Result<Option<UnixMicros>, tokio_postgres::Error> {
    let sql = "SELECT max(older_than) FROM dropped WHERE relation = 'events'";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

async fn ensure_raw(client: &Client, range: Minutes) -> Result<(), RebuildError> {
    match dropped_until(client).await? {
        Some(until) if until > range.from => Err(RebuildError::Dropped(until.to_rfc3339())),
        _ => Ok(()),
    }
}

/// Replaces the rollups of `range` by what the raw rows say, a quarter of an hour at a time.
/// It may run beside the daemons: commits wait for a step to end and then start with fresh
/// memory. Returns the events folded.
///
/// # Errors
/// Raw rows of the range were dropped, or the database refuses.
pub async fn rebuild(
    postgres: &PostgresConfig,
    range: Minutes,
    max_values: usize,
) -> Result<u64, RebuildError> {
    let client = clients::postgres::connect(postgres, "tidemark-rebuild").await?;
    client
        .batch_execute("SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '60s'")
        .await?;
    ensure_raw(&client, range).await?;
    let mut events = 0;
    for step in range.steps() {
        client.batch_execute("BEGIN").await?;
        let outcome = rebuild_step(&client, step, max_values).await;
        let end = if outcome.is_ok() {
            "COMMIT"
        } else {
            "ROLLBACK"
        };
        client.batch_execute(end).await?;
        events += outcome?;
    }
    Ok(events)
}

async fn rebuild_step(
    client: &Client,
    step: Minutes,
    max_values: usize,
) -> Result<u64, RebuildError> {
    client
        .execute("SELECT pg_advisory_xact_lock($1)", &[&REBUILD_LOCK])
        .await?;
    client
        .execute(
            "UPDATE rollup_generation SET generation = generation + 1",
            &[],
        )
        .await?;
    let delete = "DELETE FROM rollup_1m WHERE bucket >= $1 AND bucket < $2";
    client.execute(delete, &[&step.from, &step.to]).await?;
    let memory = fold_raw(client, step, max_values).await?;
    let rows = memory.into_rows();
    let all = rows.iter().filter(|row| row.dimension == Dimension::All);
    let events = all.map(|row| row.rollup.events).sum();
    rollup_rows::insert(client, "rollup_1m", &rows).await?;
    let mark = "INSERT INTO rollup_dirty (bucket)
                SELECT generate_series($1::timestamptz, $2::timestamptz - INTERVAL '1 minute',
                                       INTERVAL '1 minute')";
    client.execute(mark, &[&step.from, &step.to]).await?;
    Ok(events)
}
