//! The body of `/pipeline`; what isn't known at the moment is `null`.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::stream::{ConsumerState, RedisMemory};

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Pipeline)]
pub struct Report {
    /// Ingestion's last report, as it sent it.
    #[schema(value_type = Option<Object>)]
    pub(super) generator: Option<Box<RawValue>>,
    pub(super) rate: Rate,
    pub(super) backlog: Backlog,
    pub(super) pending: Option<u64>,
    pub(super) consumers: Vec<ConsumerState>,
    pub(super) commits: Commits,
    pub(super) latency_ms: Latency,
    pub(super) totals: Option<Totals>,
    pub(super) dead_letters: Option<DeadLetters>,
    pub(super) redis: Option<RedisMemory>,
    pub(super) tables: Option<Vec<TableSize>>,
    pub(super) watermark: Option<String>,
    pub(super) watermark_age_seconds: Option<f64>,
    pub(super) generated_at: String,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineRate)]
pub(super) struct Rate {
    pub(super) wanted: Option<f64>,
    pub(super) achieved: Option<f64>,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineBacklog)]
pub(super) struct Backlog {
    pub(super) entries: Option<u64>,
    pub(super) events: Option<u64>,
    pub(super) seconds: Option<f64>,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineCommits)]
pub(super) struct Commits {
    pub(super) window_seconds: f64,
    pub(super) commits: Option<u64>,
    pub(super) events_per_second: Option<f64>,
    pub(super) bytes_per_second: Option<f64>,
    pub(super) batch: Batch,
    pub(super) commit_ms: CommitTime,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineBatch)]
pub(super) struct Batch {
    pub(super) mean: Option<f64>,
    pub(super) max: Option<i64>,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineCommitTime)]
pub(super) struct CommitTime {
    pub(super) mean: Option<f64>,
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// Milliseconds.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineLatency)]
pub(super) struct Latency {
    pub(super) stream: Percentiles,
    pub(super) decode: Percentiles,
    pub(super) queue: Percentiles,
    pub(super) write: Percentiles,
    pub(super) total: Percentiles,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(super) struct Percentiles {
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineTotals)]
pub(super) struct Totals {
    pub(super) stored: u64,
    pub(super) duplicates: u64,
    pub(super) dead_lettered: u64,
}

#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[schema(as = PipelineDeadLetters)]
pub(super) struct DeadLetters {
    pub(super) total: u64,
    pub(super) last_hour: u64,
    pub(super) by_reason: Vec<Reason>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeadLetterReason)]
pub(super) struct Reason {
    pub(super) reason: String,
    pub(super) count: u64,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct TableSize {
    pub(super) name: String,
    pub(super) bytes: i64,
    pub(super) rows: i64,
}
