//! Limits on queries: how long they may take, how many run at once, how much is cached.

use std::time::Duration;

use serde::Deserialize;
use validator::Validate;

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct QueryConfig {
    /// Milliseconds that one SQL statement may take.
    #[serde(default = "query_timeout_ms")]
    #[validate(range(min = 100, max = 60_000))]
    pub query_timeout_ms: u64,
    /// Metric queries at once; the next one waits.
    #[serde(default = "query_concurrency")]
    #[validate(range(min = 1, max = 500))]
    pub query_concurrency: usize,
    /// Milliseconds that a query waits for its turn before it is refused with 429.
    #[serde(default = "query_wait_ms")]
    #[validate(range(min = 0, max = 60_000))]
    pub query_wait_ms: u64,
    /// Bytes of what queries have read of past hours that are kept for the next ones; 0 keeps
    /// nothing.
    #[serde(default = "query_cache_bytes")]
    #[validate(range(min = 0, max = 2_000_000_000))]
    pub query_cache_bytes: usize,
    /// Bytes of answers that are kept until the stream is looked at again; 0 keeps none.
    #[serde(default = "answer_cache_bytes")]
    #[validate(range(min = 0, max = 2_000_000_000))]
    pub answer_cache_bytes: usize,
    /// Funnels and retentions at once; the next one waits like a query. They read all events of
    /// their range.
    #[serde(default = "analysis_concurrency")]
    #[validate(range(min = 1, max = 50))]
    pub analysis_concurrency: usize,
    /// Milliseconds that the SQL statement of one may take.
    #[serde(default = "analysis_timeout_ms")]
    #[validate(range(min = 100, max = 600_000))]
    pub analysis_timeout_ms: u64,
    /// Exports at once; the next one gets 429. Each holds a connection of the pool.
    #[serde(default = "export_concurrency")]
    #[validate(range(min = 1, max = 50))]
    pub export_concurrency: usize,
    /// Milliseconds that one export may take, its client's share included.
    #[serde(default = "export_timeout_ms")]
    #[validate(range(min = 1_000, max = 86_400_000))]
    pub export_timeout_ms: u64,
}

impl QueryConfig {
    /// What all questions at once take of the pool.
    pub(super) const fn most_connections(&self) -> usize {
        self.query_concurrency + self.analysis_concurrency + self.export_concurrency
    }

    #[must_use]
    pub const fn query_timeout(&self) -> Duration {
        Duration::from_millis(self.query_timeout_ms)
    }

    #[must_use]
    pub const fn query_wait(&self) -> Duration {
        Duration::from_millis(self.query_wait_ms)
    }

    #[must_use]
    pub const fn analysis_timeout(&self) -> Duration {
        Duration::from_millis(self.analysis_timeout_ms)
    }

    #[must_use]
    pub const fn export_timeout(&self) -> Duration {
        Duration::from_millis(self.export_timeout_ms)
    }
}

fn query_timeout_ms() -> u64 {
    3_000
}

fn query_concurrency() -> usize {
    8
}

fn query_wait_ms() -> u64 {
    1_000
}

fn query_cache_bytes() -> usize {
    128 << 20
}

fn answer_cache_bytes() -> usize {
    32 << 20
}

fn analysis_concurrency() -> usize {
    2
}

fn analysis_timeout_ms() -> u64 {
    15_000
}

fn export_concurrency() -> usize {
    2
}

fn export_timeout_ms() -> u64 {
    600_000
}
