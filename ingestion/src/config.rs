//! The daemon's configuration, section by section.

use std::{cmp::max, time::Duration};

use common::config::{
    AuthConfig, BindConfig, ConfigError, Loader, Origin, Origins, PostgresConfig, ProcessConfig,
    RedisConfig, StreamConfig, refuse_open_doors,
};
use serde::Deserialize;
use validator::Validate;

use crate::{
    publish::{BatchPolicy, Limits},
    source::synthetic::Settings,
};

mod generator;
mod text;

pub use generator::GeneratorConfig;
pub use text::{MixText, ProfileText};

/// Everything, valid.
#[derive(Debug, Clone)]
pub struct Config {
    pub process: ProcessConfig,
    pub bind: BindConfig,
    pub auth: AuthConfig,
    /// Where the keys are; unused with `AUTH=off`.
    pub postgres: Option<PostgresConfig>,
    pub redis: RedisConfig,
    pub stream: StreamConfig,
    pub ingestion: IngestionConfig,
    /// The generator's initial settings.
    pub generator: Settings,
    pub until: Until,
}

/// When the generator stops by itself, besides at its limit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Until {
    /// After this many seconds.
    pub seconds: Option<u64>,
    /// End the process once it has stopped and everything is settled.
    pub exit: bool,
}

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct IngestionConfig {
    #[serde(default = "port")]
    pub ingestion_port: u16,
    /// Events in one stream entry, at most.
    #[serde(default = "batch_events")]
    #[validate(range(min = 1, max = 10_000))]
    pub publish_batch_events: u32,
    /// Bytes in one stream entry, at most; a single larger event makes an entry of its own.
    #[serde(default = "batch_bytes")]
    #[validate(range(min = 1_024, max = 16_777_216))]
    pub publish_batch_bytes: usize,
    /// Milliseconds that an event waits for others.
    #[serde(default = "linger_ms")]
    #[validate(range(min = 0, max = 1_000))]
    pub publish_linger_ms: u64,
    /// Entries sent and not yet acknowledged, per source.
    #[serde(default = "max_in_flight")]
    #[validate(range(min = 1, max = 256))]
    pub publish_max_in_flight: usize,
    /// Events in the stream above which no more are taken.
    #[serde(default = "backlog_max_events")]
    #[validate(range(min = 1))]
    pub backlog_max_events: u64,
    /// Percent of Redis's `maxmemory` above which no more events are taken.
    #[serde(default = "memory_max_percent")]
    #[validate(range(min = 1, max = 100))]
    pub redis_memory_max_percent: u64,
    /// The same in bytes, where Redis has no `maxmemory`.
    #[serde(default = "memory_max_bytes")]
    #[validate(range(min = 1_048_576))]
    pub redis_memory_max_bytes: u64,
    /// New ids of events without a time that Redis remembers for ten minutes, at most.
    #[serde(default = "untimed_ids_max")]
    #[validate(range(min = 20_000))]
    pub untimed_ids_max: usize,
    /// Origins (comma-separated) whose pages may call this daemon.
    #[serde(default = "cors_origins")]
    pub cors_origins: Origins,
}

fn port() -> u16 {
    3_002
}

fn batch_events() -> u32 {
    500
}

fn batch_bytes() -> usize {
    256 * 1024
}

fn linger_ms() -> u64 {
    5
}

fn max_in_flight() -> usize {
    8
}

fn backlog_max_events() -> u64 {
    5_000_000
}

fn memory_max_percent() -> u64 {
    85
}

fn memory_max_bytes() -> u64 {
    4 << 30
}

fn untimed_ids_max() -> usize {
    4_000_000
}

fn cors_origins() -> Origins {
    let ours = ["http://localhost:3001", "http://127.0.0.1:3001"];
    Origins(ours.map(|origin| Origin(origin.into())).into())
}

impl Config {
    /// # Errors
    /// Every variable that is missing or wrong.
    pub fn load(mut loader: Loader) -> Result<Self, ConfigError> {
        let process = loader.section();
        let bind = loader.section();
        let auth: Option<AuthConfig> = loader.section();
        refuse_open_doors(&mut loader, auth.as_ref(), bind.as_ref());
        let postgres = match &auth {
            Some(auth) if auth.is_on() => loader.section(),
            _ => None,
        };
        let redis = loader.section();
        let stream = loader.section();
        let ingestion: Option<IngestionConfig> = loader.section();
        let generator = loader.section_by(generator::problems);
        loader.finish()?;
        // Unwrap safety: a section that is absent has left a problem.
        #[allow(clippy::unwrap_used)]
        Ok(Self {
            process: process.unwrap(),
            bind: bind.unwrap(),
            auth: auth.unwrap(),
            postgres,
            redis: redis.unwrap(),
            stream: stream.unwrap(),
            ingestion: ingestion.unwrap(),
            generator: generator.unwrap().into(),
            until: Until::default(),
        })
    }

    pub(crate) fn batch_policy(&self) -> BatchPolicy {
        BatchPolicy {
            max_events: self.ingestion.publish_batch_events,
            max_bytes: self.ingestion.publish_batch_bytes,
            linger: Duration::from_millis(self.ingestion.publish_linger_ms),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            backlog_max_events: self.ingestion.backlog_max_events,
            memory_max_percent: self.ingestion.redis_memory_max_percent,
            memory_max_bytes: self.ingestion.redis_memory_max_bytes,
            // Clocks are set back by a little now and then, and ids stay.
            ahead_max_ms: max(self.stream.event_max_future, 60) * 1_000,
        }
    }
}
