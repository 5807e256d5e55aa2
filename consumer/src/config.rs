//! The consumer's own variables.

use std::time::Duration;

use common::config::{
    AuthConfig, BindConfig, ConfigError, Loader, PostgresConfig, ProcessConfig, RedisConfig,
    RetentionConfig, StreamConfig, refuse_open_doors,
};
use serde::Deserialize;
use validator::Validate;

use crate::decode::BatchPolicy;

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct ConsumerConfig {
    #[serde(default = "port")]
    pub consumer_port: u16,
    /// Name of this host in the consumer group; by default the hostname.
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    pub consumer_name: Option<String>,
    /// Lanes of this process; each has two Redis connections and one to PostgreSQL of its own.
    #[serde(default = "lanes")]
    #[validate(range(min = 1, max = 64))]
    pub consumer_lanes: usize,
    /// Events in one commit, at most.
    #[serde(default = "batch_max_events")]
    #[validate(range(min = 1, max = 200_000))]
    pub batch_max_events: usize,
    /// Payload bytes in one commit, at most, as far as one stream entry isn't larger.
    #[serde(default = "batch_max_bytes")]
    #[validate(range(min = 1_024, max = 268_435_456))]
    pub batch_max_bytes: usize,
    /// Milliseconds that the first event of a batch waits for others.
    #[serde(default = "batch_linger_ms")]
    #[validate(range(min = 0, max = 10_000))]
    pub batch_linger_ms: u64,
    /// Milliseconds for one attempt to write a batch; then its connection is thrown away.
    #[serde(default = "write_timeout_ms")]
    #[validate(range(min = 100, max = 600_000))]
    pub write_timeout_ms: u64,
    /// Milliseconds after which an unacknowledged entry is taken over from another consumer.
    #[serde(default = "claim_idle_ms")]
    #[validate(range(min = 100, max = 86_400_000))]
    pub claim_idle_ms: u64,
    /// Distinct values counted by name per minute and dimension; the others are `(other)`.
    #[serde(default = "rollup_max_values")]
    #[validate(range(min = 10, max = 100_000))]
    pub rollup_max_values: usize,
    /// Seconds between two passes of compaction and retention.
    #[serde(default = "compact_interval")]
    #[validate(range(min = 1, max = 3_600))]
    pub compact_interval: u64,
    /// Days after which chunks of raw events are compressed, where the edition of TimescaleDB
    /// can; 0 never.
    #[serde(default)]
    #[validate(range(min = 0, max = 36_500))]
    pub compress_after_days: u32,
    /// Whether the consumer brings the database to its schema when it starts.
    #[serde(default = "migrate_on_start")]
    pub migrate_on_start: bool,
}

impl ConsumerConfig {
    #[must_use]
    pub fn batch_policy(&self) -> BatchPolicy {
        BatchPolicy {
            max_events: self.batch_max_events,
            max_bytes: self.batch_max_bytes,
            linger: Duration::from_millis(self.batch_linger_ms),
        }
    }

    #[must_use]
    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms)
    }

    #[must_use]
    pub fn claim_idle(&self) -> Duration {
        Duration::from_millis(self.claim_idle_ms)
    }

    /// The host's part of a lane's name.
    #[must_use]
    pub fn host(&self) -> String {
        self.consumer_name.clone().unwrap_or_else(|| {
            let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname");
            let hostname = hostname.unwrap_or_default().trim().to_owned();
            if hostname.is_empty() {
                "consumer".to_owned()
            } else {
                hostname
            }
        })
    }
}

const DAY: u64 = 86_400;

/// The raw row is what a late duplicate is recognised by: it must outlive every event that
/// is still accepted, and the time that this one may wait in the stream.
fn refuse_short_retention(
    loader: &mut Loader,
    stream: Option<&StreamConfig>,
    retention: Option<&RetentionConfig>,
) {
    let (Some(stream), Some(retention)) = (stream, retention) else {
        return;
    };
    let days = u64::from(retention.events_retention_days);
    if days > 0 && days * DAY < stream.event_max_age + DAY {
        loader.refuse(
            "EVENTS_RETENTION_DAYS",
            "must be 0 or at least a day more than EVENT_MAX_AGE (in seconds): a duplicate of \
             an event that was dropped would be counted again",
        );
    }
}

fn port() -> u16 {
    3003
}

fn lanes() -> usize {
    2
}

fn batch_max_events() -> usize {
    28_672
}

fn batch_max_bytes() -> usize {
    10 * 1024 * 1024
}

fn batch_linger_ms() -> u64 {
    25
}

fn write_timeout_ms() -> u64 {
    12_000
}

fn claim_idle_ms() -> u64 {
    30_000
}

fn rollup_max_values() -> usize {
    1_000
}

fn compact_interval() -> u64 {
    15
}

fn migrate_on_start() -> bool {
    true
}

/// Everything the consumer is told.
#[derive(Debug, Clone)]
pub struct Config {
    pub process: ProcessConfig,
    pub bind: BindConfig,
    pub auth: AuthConfig,
    pub redis: RedisConfig,
    pub postgres: PostgresConfig,
    pub stream: StreamConfig,
    pub retention: RetentionConfig,
    pub consumer: ConsumerConfig,
    /// Always, but where the cost of folding is measured.
    pub folds: bool,
}

impl Config {
    /// # Errors
    /// Every wrong variable at once.
    pub fn load(mut loader: Loader) -> Result<Self, ConfigError> {
        let (process, bind) = (loader.section(), loader.section());
        let (redis, postgres) = (loader.section(), loader.section());
        let (stream, retention) = (loader.section(), loader.section());
        let (consumer, auth) = (loader.section(), loader.section());
        refuse_open_doors(&mut loader, auth.as_ref(), bind.as_ref());
        refuse_short_retention(&mut loader, stream.as_ref(), retention.as_ref());
        loader.finish()?;
        // Unwrap safety: a section that is absent has left a problem.
        #[allow(clippy::unwrap_used)]
        Ok(Self {
            process: process.unwrap(),
            bind: bind.unwrap(),
            auth: auth.unwrap(),
            redis: redis.unwrap(),
            postgres: postgres.unwrap(),
            stream: stream.unwrap(),
            retention: retention.unwrap(),
            consumer: consumer.unwrap(),
            folds: true,
        })
    }
}
