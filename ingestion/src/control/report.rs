//! Reports in Redis, for the other daemons, that this one is running and what its generator does.

use std::{convert::Infallible, time::Duration};

use common::{shutdown::Shutdown, wire::StreamKeys};
use deadpool_redis::{Pool, PoolError};
use redis::AsyncCommands as _;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Controls;
use crate::observe;

const INTERVAL: Duration = Duration::from_millis(500);
/// A report that isn't renewed vanishes.
const EXPIRES_SECONDS: u64 = 5;

/// Writes [`super::View`] twice a second until the shutdown begins.
///
/// # Errors
/// None: without Redis nobody can read it anyway.
pub(crate) async fn run(
    pool: Pool,
    keys: StreamKeys,
    controls: Controls,
    shutdown: Shutdown,
) -> Result<(), Infallible> {
    let mut ticks = interval_at(Instant::now() + INTERVAL / 5, INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.stopping() => return Ok(()),
        }
        let Ok(json) = serde_json::to_vec(&controls.view()) else {
            continue;
        };
        if let Err(error) = write(&pool, &keys, json).await {
            observe::redis_failed("report", &error);
        }
    }
}

async fn write(pool: &Pool, keys: &StreamKeys, json: Vec<u8>) -> Result<(), PoolError> {
    let mut connection = pool.get().await?;
    let written = connection.set_ex(&keys.generator, json, EXPIRES_SECONDS);
    Ok(written.await?)
}
