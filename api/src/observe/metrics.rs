//! Everything this daemon measures. docs/OPERATIONS.md has the same names and texts.

use common::telemetry::Metric;

const BOUNDS: &[&str] = &[
    "analysis_places",
    "answer_cache",
    "export_places",
    "http_connections",
    "live_cells",
    "live_patterns",
    "live_sockets",
    "live_subscriptions",
    "postgres_pool",
    "query_cache",
    "query_places",
    "redis_pool",
];

const DEPENDENCIES: &[&str] = &["redis", "postgres"];

pub(super) const METRICS: [Metric; 31] = [
    Metric::gauge("tidemark_api_ready", "1 while /health/ready says 200"),
    Metric::gauge(
        "tidemark_api_dependency_up",
        "1 while this dependency can be used",
    )
    .by(&[("dependency", DEPENDENCIES)]),
    Metric::gauge(
        "tidemark_api_bound_used_ratio",
        "how full a bound is, from 0 to 1; see Bounds",
    )
    .by(&[("bound", BOUNDS)]),
    Metric::gauge(
        "tidemark_api_watermark_age_seconds",
        "how old the watermark is: every event accepted before is counted",
    ),
    Metric::gauge(
        "tidemark_api_stream_entries",
        "entries in the stream, as last seen",
    ),
    Metric::gauge(
        "tidemark_api_stream_pending_entries",
        "of them, delivered to a consumer and not yet acknowledged",
    ),
    Metric::gauge(
        "tidemark_api_stream_consumers",
        "lanes that the consumer group knows",
    ),
    Metric::gauge(
        "tidemark_api_audit_verdict",
        "1 for the verdict of the last audit",
    )
    .by(&[("verdict", &["balanced", "settling", "lost", "overcounted"])]),
    Metric::gauge(
        "tidemark_api_audit_drift_events",
        "events by which ledger, rollups and dead letters differ within one snapshot: an alarm",
    ),
    Metric::gauge(
        "tidemark_api_audit_lost_entries",
        "entries of this stream that were deleted before they were read: an alarm where it grows",
    ),
    Metric::gauge(
        "tidemark_api_audit_missing_entries",
        "entries that were neither handled nor in the stream, at least: trimmed or deleted unread: an alarm above 0",
    ),
    Metric::gauge(
        "tidemark_api_audit_timestamp_seconds",
        "when the last audit ended, in seconds since 1970; 0 if none has",
    ),
    Metric::counter(
        "tidemark_api_audit_failures_total",
        "audits that could not be made",
    ),
    Metric::counter(
        "tidemark_api_watch_failures_total",
        "times a dependency was looked at and could not be used, each tried again",
    )
    .by(&[("dependency", DEPENDENCIES)]),
    Metric::counter(
        "tidemark_api_hint_failures_total",
        "times the subscription to hints of commits ended or could not begin",
    ),
    Metric::counter("tidemark_api_requests_total", "requests answered")
        .by(&[("route", &[]), ("status", &[])]),
    Metric::histogram("tidemark_api_request_seconds", "how long that took").by(&[("route", &[])]),
    Metric::counter(
        "tidemark_api_pieces_total",
        "runs of built buckets that queries needed, from memory or database",
    )
    .by(&[("from", &["memory", "database"])]),
    Metric::gauge(
        "tidemark_api_kept_bytes",
        "memory that such answers take, at most QUERY_CACHE_BYTES",
    ),
    Metric::counter(
        "tidemark_api_answers_total",
        "metric answers: from memory, shared with one that was on its way, or new",
    )
    .by(&[("from", &["memory", "shared", "new"])]),
    Metric::gauge(
        "tidemark_api_answer_bytes",
        "memory that kept answers take, at most ANSWER_CACHE_BYTES",
    ),
    Metric::counter(
        "tidemark_api_exports_total",
        "exports of events: whole, left by their client, or broken",
    )
    .by(&[("outcome", &["whole", "left", "broken"])]),
    Metric::counter(
        "tidemark_api_exported_events_total",
        "events in whole exports",
    ),
    Metric::gauge("tidemark_api_sockets", "open WebSockets and event streams"),
    Metric::counter(
        "tidemark_api_sockets_closed_total",
        "the same, closed, by close code",
    )
    .by(&[(
        "code",
        &[
            "1000", "1001", "1002", "1003", "1006", "1007", "1008", "1009", "4001", "4008",
        ],
    )]),
    Metric::counter("tidemark_api_frames_sent_total", "frames sent to them"),
    Metric::counter(
        "tidemark_api_frames_conflated_total",
        "updates a slow client was spared, getting the newest state instead",
    ),
    Metric::histogram(
        "tidemark_api_feed_tick_seconds",
        "one look of the live feed at the database",
    ),
    Metric::counter("tidemark_api_feed_failures_total", "looks that failed"),
    Metric::gauge(
        "tidemark_api_stream_age_seconds",
        "how long ago the stream was last seen",
    ),
    Metric::counter(
        "tidemark_api_refused_connections_total",
        "the same of the api, and live sockets beyond LIVE_MAX_SOCKETS_PER_ADDRESS",
    ),
];
