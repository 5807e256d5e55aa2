//! Polls the stream and Redis's memory, a few times a second.

use std::{convert::Infallible, time::Duration};

use common::{
    admin::Health, backoff::Backoff, clients, config::RedisConfig, shutdown::Shutdown,
    wire::StreamKeys,
};
use redis::{RedisResult, aio::MultiplexedConnection};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    backlog::History,
    look::{Given, given, look},
    pressure::{Drain, Limit, Limits, Pressure, Seen},
};
use crate::observe;

const INTERVAL: Duration = Duration::from_millis(150);
/// What the stream was given is asked so rarely because that costs Redis a copy of two entries.
const GIVEN_INTERVAL: Duration = Duration::from_secs(1);

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
        let mut history = History::default();
        while !shutdown.is_stopping() {
            let watching = clients::redis::connect(&self.redis, Duration::ZERO);
            let error = match watching.await {
                Ok(connection) => {
                    backoff.reset();
                    tokio::select! {
                        error = self.watch(connection, &mut history) => error,
                        () = shutdown.stopping() => break,
                    }
                }
                Err(error) => error,
            };
            observe::redis_failed("monitor", &error);
            self.health.down("redis", &error);
            observe::paused(Some(Limit::Redis));
            let before = *self.pressure.borrow();
            self.tell(Pressure {
                limit: Some(Limit::Redis),
                retry_after_seconds: 1,
                ..before
            });
            tokio::select! {
                () = backoff.wait() => {}
                () = shutdown.stopping() => {}
            }
        }
        Ok(())
    }

    async fn watch(
        &self,
        mut connection: MultiplexedConnection,
        history: &mut History,
    ) -> redis::RedisError {
        let mut drain = Drain::default();
        let mut given = (Instant::now(), Given::default());
        loop {
            match self.look(&mut connection, &mut given).await {
                Ok(seen) => self.judge(&seen, history, &mut drain),
                Err(error) => return error,
            }
            sleep(INTERVAL).await;
        }
    }

    /// `known`: when to ask again what the stream was given, and what it was.
    async fn look(
        &self,
        connection: &mut MultiplexedConnection,
        known: &mut (Instant, Given),
    ) -> RedisResult<Seen> {
        let is_due = Instant::now() >= known.0;
        if is_due {
            let given = given(connection, &self.keys).await?;
            *known = (Instant::now() + GIVEN_INTERVAL, given);
        }
        look(connection, &self.keys, known.1, is_due).await
    }

    fn judge(&self, seen: &Seen, history: &mut History, drain: &mut Drain) {
        if seen.is_whole {
            history.remember(seen.total, seen.waiting);
        }
        let backlog = history.backlog(seen.total, seen.waiting);
        drain.observe(seen, backlog, Instant::now());
        let mut pressure = self.limits.judge(seen, backlog);
        pressure.drained_per_second = drain.rate;
        pressure.retry_after_seconds = self.limits.retry_after(&pressure);
        match unusable(pressure.limit, seen, &self.keys) {
            Some(error) => self.health.down("redis", error),
            None => self.health.up("redis"),
        }
        observe::pressure(&pressure);
        self.tell(pressure);
    }

    fn tell(&self, pressure: Pressure) {
        let before = self.pressure.send_replace(pressure).limit;
        if before != pressure.limit {
            observe::limit_changed(&pressure);
        }
    }
}

/// Why nothing can be written, where waiting alone doesn't help.
fn unusable(limit: Option<Limit>, seen: &Seen, keys: &StreamKeys) -> Option<String> {
    match limit? {
        Limit::EvictionPolicy => Some(format!(
            "maxmemory-policy is {}; it must be noeviction, or events can vanish",
            seen.policy
        )),
        Limit::Disk => seen.disk_failure.clone(),
        Limit::StreamIds => Some(format!(
            "somebody gave an entry of {} an id far ahead of Redis's clock, and all that follow \
             it lie there, too; move the stream aside",
            keys.stream
        )),
        Limit::Backlog | Limit::Memory | Limit::Redis => None,
    }
}
