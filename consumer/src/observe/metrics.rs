//! Everything this daemon measures. docs/OPERATIONS.md has the same names and texts.

use common::telemetry::Metric;

const SOURCES: &[&str] = &["collector", "generator", "external"];

/// The reason codes of the contract.
const REASONS: &[&str] = &[
    "decoder_fault",
    "duplicate_field",
    "entry_too_large",
    "invalid_format",
    "invalid_type",
    "malformed_json",
    "no_payload",
    "not_an_object",
    "nul_character",
    "out_of_range",
    "rejected_by_database",
    "required",
    "too_deep",
    "too_far_in_future",
    "too_long",
    "too_many_keys",
    "too_old",
    "too_short",
    "unknown_field",
];

const CAUSES: &[&str] = &[
    "conflict",
    "data",
    "lost",
    "no_room",
    "other",
    "refused",
    "timed_out",
];

pub(super) const METRICS: [Metric; 34] = [
    Metric::gauge("tidemark_consumer_ready", "1 while /health/ready says 200"),
    Metric::gauge(
        "tidemark_consumer_dependency_up",
        "1 while this dependency can be used",
    )
    .by(&[("dependency", &["redis", "postgres"])]),
    Metric::gauge(
        "tidemark_consumer_bound_used_ratio",
        "how full a bound of the daemon or of a lane is, from 0 to 1; see Bounds",
    )
    .by(&[("bound", &[]), ("lane", &[])]),
    Metric::gauge("tidemark_consumer_lanes", "lanes of this process"),
    Metric::counter("tidemark_consumer_commits_total", "commits acknowledged"),
    Metric::histogram(
        "tidemark_consumer_batch_events",
        "events stored by one commit",
    ),
    Metric::histogram(
        "tidemark_consumer_batch_bytes",
        "payload bytes of one commit",
    ),
    Metric::histogram(
        "tidemark_consumer_stream_seconds",
        "mean wait of a batch's events, from acceptance to decoding",
    ),
    Metric::histogram(
        "tidemark_consumer_write_seconds",
        "from a finished batch to its known commit, retries included",
    ),
    Metric::counter(
        "tidemark_consumer_events_total",
        "events by what became of them: stored, duplicate, dead_lettered",
    )
    .by(&[
        ("source", SOURCES),
        ("fate", &["stored", "duplicate", "dead_lettered"]),
    ]),
    Metric::counter(
        "tidemark_consumer_dead_letters_total",
        "events refused, by the reason code of the contract",
    )
    .by(&[("reason", REASONS)]),
    Metric::counter(
        "tidemark_consumer_lost_entries_total",
        "entries somebody else deleted before they were read: an alarm",
    ),
    Metric::counter(
        "tidemark_consumer_removed_entries_total",
        "entries somebody else removed from the stream, read or not: an alarm",
    ),
    Metric::counter(
        "tidemark_consumer_claimed_entries_total",
        "entries taken over from other consumers",
    ),
    Metric::counter(
        "tidemark_consumer_group_recreated_total",
        "times the consumer group had disappeared",
    ),
    Metric::counter(
        "tidemark_consumer_streams_lost_total",
        "times a lane found the stream deleted or Redis emptied: an alarm",
    ),
    Metric::counter(
        "tidemark_consumer_trimmed_entries_total",
        "entries removed from the stream after all groups had acknowledged them",
    ),
    Metric::counter(
        "tidemark_consumer_rows_refused_total",
        "valid events that the database refused, now dead letters",
    ),
    Metric::counter(
        "tidemark_consumer_start_failures_total",
        "failed attempts to migrate the schema or to take a lane's name",
    )
    .by(&[("step", &["migrate", "lane_name"])]),
    Metric::counter(
        "tidemark_consumer_read_failures_total",
        "failed reads of the stream",
    ),
    Metric::counter(
        "tidemark_consumer_write_detours_total",
        "batches that went the careful way because of a duplicate or a redelivery",
    ),
    Metric::counter(
        "tidemark_consumer_write_failures_total",
        "failed attempts to commit a batch, each tried again, by cause",
    )
    .by(&[("cause", CAUSES)]),
    Metric::counter(
        "tidemark_consumer_left_pending_total",
        "batches that an ending lane left in the stream",
    ),
    Metric::counter(
        "tidemark_consumer_ack_failures_total",
        "failed acknowledgements",
    ),
    Metric::counter("tidemark_consumer_trim_failures_total", "failed trims"),
    Metric::counter(
        "tidemark_consumer_hint_failures_total",
        "commits that live readers could not be told of at once",
    ),
    Metric::counter(
        "tidemark_consumer_compacted_total",
        "rows merged, built, pruned or dropped in the background",
    )
    .by(&[(
        "step",
        &["closed_writers", "tiers", "prune", "retention", "vacuum"],
    )]),
    Metric::counter(
        "tidemark_consumer_compaction_failures_total",
        "failed steps of compaction",
    ),
    Metric::gauge(
        "tidemark_consumer_compacted_timestamp_seconds",
        "when this consumer last ended a pass of compaction, in seconds since 1970; 0 if never",
    ),
    Metric::gauge(
        "tidemark_consumer_compaction_seconds",
        "how long that pass took",
    ),
    Metric::gauge(
        "tidemark_consumer_rollup_due_buckets",
        "coarse buckets that pass found due, by the tier's seconds",
    )
    .by(&[("tier", &["900", "3600", "86400"])]),
    Metric::gauge(
        "tidemark_consumer_rollup_dirty_buckets",
        "minutes changed since their coarse buckets were built, after that pass",
    ),
    Metric::gauge(
        "tidemark_consumer_database_bytes",
        "size of the database on disk, at that pass",
    ),
    Metric::counter(
        "tidemark_consumer_refused_connections_total",
        "connections, and requests by way of a trusted proxy, refused with 429 because their address has HTTP_MAX_CONNECTIONS_PER_ADDRESS",
    ),
];
