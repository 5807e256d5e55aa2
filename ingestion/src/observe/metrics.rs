//! Everything this daemon measures. docs/OPERATIONS.md has the same names and texts.

use common::telemetry::Metric;

const SOURCES: &[&str] = &["collector", "generator"];

/// Whatever turns a whole request of the collector away.
const REFUSALS: &[&str] = &[
    "all_events_refused",
    "backlog_full",
    "body_incomplete",
    "body_too_large",
    "busy",
    "decoded_too_large",
    "internal",
    "malformed_gzip",
    "malformed_json",
    "no_events",
    "outcome_unknown",
    "stream_disk_failed",
    "stream_ids_ahead",
    "stream_memory_full",
    "stream_unavailable",
    "timeout",
    "too_many_events",
    "too_many_untimed",
    "too_many_waiting",
    "unsupported_encoding",
];

const BOUNDS: &[&str] = &[
    "backlog",
    "body_bytes",
    "collector_blocks",
    "collector_in_flight",
    "commit_waiters",
    "first_seen",
    "generator_blocks",
    "generator_in_flight",
    "http_connections",
    "judged_requests",
    "redis_memory",
    "redis_pool",
];

/// [`crate::publish::Limit`], each.
pub(super) const LIMITS: &[&str] = &[
    "backlog",
    "disk",
    "eviction_policy",
    "memory",
    "redis",
    "stream_ids",
];

/// The tasks that use Redis.
const TASKS: &[&str] = &["commits", "first_seen", "monitor", "publisher", "report"];

pub(super) const METRICS: [Metric; 20] = [
    Metric::gauge("tidemark_ingestion_ready", "1 while /health/ready says 200"),
    Metric::gauge(
        "tidemark_ingestion_dependency_up",
        "1 while this dependency can be used",
    )
    .by(&[("dependency", &["redis"])]),
    Metric::gauge(
        "tidemark_ingestion_bound_used_ratio",
        "how full a bound is, from 0 to 1; see Bounds",
    )
    .by(&[("bound", BOUNDS)]),
    Metric::counter(
        "tidemark_ingestion_collector_events_total",
        "events in HTTP bodies, by accepted or rejected",
    )
    .by(&[("verdict", &["accepted", "rejected"])]),
    Metric::counter(
        "tidemark_ingestion_collector_refused_requests_total",
        "requests turned away as a whole, by problem code",
    )
    .by(&[("code", REFUSALS)]),
    Metric::counter(
        "tidemark_ingestion_events_total",
        "events towards Redis: stored, refused, or unknown where no reply came",
    )
    .by(&[
        ("source", SOURCES),
        ("outcome", &["stored", "refused", "unknown"]),
    ]),
    Metric::counter(
        "tidemark_ingestion_refused_entries_total",
        "entries that Redis did not take, by out_of_memory, disk_failed or unavailable",
    )
    .by(&[
        ("source", SOURCES),
        ("reason", &["out_of_memory", "disk_failed", "unavailable"]),
    ]),
    Metric::counter(
        "tidemark_ingestion_retried_entries_total",
        "refused entries of the generator that were kept to be sent again",
    ),
    Metric::counter("tidemark_ingestion_entries_total", "stream entries written")
        .by(&[("source", SOURCES)]),
    Metric::counter("tidemark_ingestion_bytes_total", "bytes of their payloads")
        .by(&[("source", SOURCES)]),
    Metric::histogram(
        "tidemark_ingestion_publish_seconds",
        "from sending an entry to Redis's reply",
    )
    .by(&[("source", SOURCES)]),
    Metric::counter(
        "tidemark_ingestion_redis_failures_total",
        "failed conversations with Redis, by the task that had them",
    )
    .by(&[("task", TASKS)]),
    Metric::gauge(
        "tidemark_ingestion_backlog_events",
        "events in the stream that nobody has read or acknowledged",
    ),
    Metric::gauge(
        "tidemark_ingestion_drained_events_per_second",
        "how fast the consumers take them",
    ),
    Metric::gauge(
        "tidemark_ingestion_redis_used_bytes",
        "Redis's memory in use",
    ),
    Metric::gauge(
        "tidemark_ingestion_redis_limit_bytes",
        "from how much of it on no events are taken",
    ),
    Metric::gauge(
        "tidemark_ingestion_paused",
        "1 while a limit is reached and events are refused",
    ),
    Metric::gauge(
        "tidemark_ingestion_paused_by",
        "1 for the limit that is reached: backlog, memory, redis, eviction_policy, disk or stream_ids",
    )
    .by(&[("limit", LIMITS)]),
    Metric::counter(
        "tidemark_ingestion_generator_missed_events_total",
        "events that the generator's schedule wanted and that were left out",
    ),
    Metric::counter(
        "tidemark_ingestion_refused_connections_total",
        "connections, and requests by way of a trusted proxy, refused with 429 because their address has HTTP_MAX_CONNECTIONS_PER_ADDRESS",
    ),
];
