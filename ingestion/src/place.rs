//! The place of an event: its entry, and the [`Life`] of the stream.

use std::{
    hash::{DefaultHasher, Hasher as _},
    time::Duration,
};

use common::{clients, config::RedisConfig, wire::EntryId};
use redis::{InfoDict, RedisResult, aio::MultiplexedConnection};
use uuid::Uuid;

/// The identity of the stream and of the process that keeps it. Redis may lose the stream,
/// which then has another epoch; or come back a second younger with the epoch that it had,
/// which only the process's own identity tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub epoch: Uuid,
    pub server: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub entry: EntryId,
    /// `None` if Redis doesn't report it.
    pub life: Option<Life>,
    /// The fingerprint of what it holds, where somebody waits for its commit.
    pub payload: Option<u64>,
}

impl Place {
    pub(crate) fn is_of(self, epoch: Uuid) -> bool {
        self.life.is_some_and(|life| life.epoch == epoch)
    }
}

/// Tells the payload of an entry from that of another with the same id.
pub(crate) fn fingerprint(payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(payload);
    hasher.finish()
}

/// Which process of Redis told this of itself.
pub(crate) fn server_of(info: &InfoDict) -> Option<u128> {
    let run_id: String = info.get("run_id")?;
    // 40 hexadecimal digits, anew at each start.
    u128::from_str_radix(run_id.get(..32)?, 16).ok()
}

/// A dedicated connection, and the identity of the Redis process behind it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) redis: MultiplexedConnection,
    server: Option<u128>,
}

impl Link {
    /// # Errors
    /// Redis isn't there, or doesn't let us in.
    pub(crate) async fn open(config: &RedisConfig) -> RedisResult<Self> {
        let mut redis = clients::redis::connect(config, Duration::ZERO).await?;
        let mut info = redis::cmd("INFO");
        let info: InfoDict = info.arg("server").query_async(&mut redis).await?;
        let server = server_of(&info);
        Ok(Self { redis, server })
    }

    /// The same, after a while.
    pub(crate) async fn open_after(delay: Duration, config: RedisConfig) -> RedisResult<Self> {
        tokio::time::sleep(delay).await;
        Self::open(&config).await
    }

    /// Of the stream whose ledger holds this epoch.
    pub(crate) fn life(&self, epoch: &str) -> Option<Life> {
        Some(Life {
            epoch: epoch.parse().ok()?,
            server: self.server?,
        })
    }
}
