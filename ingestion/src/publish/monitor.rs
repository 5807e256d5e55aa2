//! Polls the stream and Redis's memory, a few times a second.

use std::{convert::Infallible, time::Duration};

use common::{
    admin::Health,
    backoff::Backoff,
    clients,
    config::RedisConfig,
    shutdown::Shutdown,
    wire::{Source, StreamKeys},
};
use redis::{InfoDict, RedisResult, aio::MultiplexedConnection};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::pressure::{Drain, Limit, Limits, Pressure, Seen};
use crate::observe;

const INTERVAL: Duration = Duration::from_millis(150);

/// Watches Redis; the one place that says whether it is usable.
#[derive(Debug)]
pub struct Monitor {
    pub redis: RedisConfig,
    pub keys: StreamKeys,
    pub limits: Limits,
    pub health: Health,
    pub pressure: watch::Sender<Pressure>,
}

impl Monitor {
    /// Runs until the shutdown begins.
    ///
    /// # Errors
    /// None: without Redis it says so and tries again.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), Infallible> {
        let mut backoff = Backoff::default();
        while !shutdown.is_stopping() {
            let watching = clients::redis::connect(&self.redis, Duration::ZERO);
            let error = match watching.await {
                Ok(connection) => {
                    backoff.reset();
                    tokio::select! {
                        error = self.watch(connection) => error,
                        () = shutdown.stopping() => break,
                    }
                }
                Err(error) => error,
            };
            observe::redis_failed("monitor", &error);
            self.health.down("redis", &error);
            self.pressure.send_modify(|pressure| {
                pressure.limit = Some(Limit::Redis);
                pressure.retry_after_seconds = 1;
            });
            observe::paused(true);
            tokio::select! {
                () = backoff.wait() => {}
                () = shutdown.stopping() => {}
            }
        }
        Ok(())
    }

    async fn watch(&self, mut connection: MultiplexedConnection) -> redis::RedisError {
        let mut drain = Drain::default();
        loop {
            match look(&mut connection, &self.keys).await {
                Ok(seen) => self.judge(&seen, &mut drain),
                Err(error) => return error,
            }
            sleep(INTERVAL).await;
        }
    }

    fn judge(&self, seen: &Seen, drain: &mut Drain) {
        let mut pressure = self.limits.judge(seen);
        drain.observe(seen, Instant::now());
        pressure.drained_per_second = drain.rate;
        pressure.retry_after_seconds = self.limits.retry_after(&pressure);
        match pressure.limit {
            Some(Limit::EvictionPolicy) => {
                let policy = &seen.policy;
                let error = format!(
                    "maxmemory-policy is {policy}; it must be noeviction, or events can vanish"
                );
                self.health.down("redis", error);
            }
            _ => self.health.up("redis"),
        }
        observe::pressure(&pressure);
        let before = self.pressure.send_replace(pressure).limit;
        if before != pressure.limit {
            observe::limit_changed(&pressure);
        }
    }
}

async fn look(connection: &mut MultiplexedConnection, keys: &StreamKeys) -> RedisResult<Seen> {
    let mut accounts = redis::cmd("HMGET");
    accounts.arg(&keys.ledger);
    for source in [Source::Collector, Source::Generator] {
        accounts
            .arg(format!("accepted:{source}"))
            .arg(format!("entries:{source}"));
    }
    let (entries, accounts, info): (u64, Vec<Option<u64>>, InfoDict) = redis::pipe()
        .xlen(&keys.stream)
        .add_command(accounts)
        .cmd("INFO")
        .arg("memory")
        .query_async(connection)
        .await?;
    let account = |n: usize| accounts.get(n).copied().flatten().unwrap_or(0);
    Ok(Seen {
        entries,
        accepted_events: account(0) + account(2),
        accepted_entries: account(1) + account(3),
        used_bytes: info.get("used_memory").unwrap_or(0),
        max_bytes: info.get("maxmemory").unwrap_or(0),
        policy: info.get("maxmemory_policy").unwrap_or_default(),
    })
}
