//! The moments of this daemon, each a log line or a metric or both.

use std::{sync::OnceLock, time::Duration};

use common::wire::Source;
use metrics::{Counter, Histogram, counter, gauge, histogram};

use crate::{
    publish::Pressure,
    source::{Outcome, synthetic::Settings},
};

struct Published {
    events: Counter,
    entries: Counter,
    bytes: Counter,
    seconds: Histogram,
}

impl Published {
    fn of(source: Source) -> Self {
        let name = source.as_str();
        Self {
            events: counter!("tidemark_ingestion_events_total", "source" => name, "outcome" => "stored"),
            entries: counter!("tidemark_ingestion_entries_total", "source" => name),
            bytes: counter!("tidemark_ingestion_bytes_total", "source" => name),
            seconds: histogram!("tidemark_ingestion_publish_seconds", "source" => name),
        }
    }
}

/// An entry is in the stream.
pub(crate) fn published(source: Source, events: u32, bytes: usize, took: Duration) {
    static COLLECTOR: OnceLock<Published> = OnceLock::new();
    static GENERATOR: OnceLock<Published> = OnceLock::new();
    let cell = if source == Source::Collector {
        &COLLECTOR
    } else {
        &GENERATOR
    };
    let metrics = cell.get_or_init(|| Published::of(source));
    metrics.events.increment(events.into());
    metrics.entries.increment(1);
    metrics.bytes.increment(bytes as u64);
    metrics.seconds.record(took.as_secs_f64());
}

/// An entry isn't in the stream, or perhaps not.
pub(crate) fn not_published(source: Source, events: u32, outcome: Outcome, error: &str) {
    let label = match outcome {
        Outcome::Unknown => "unknown",
        _ => "refused",
    };
    counter!("tidemark_ingestion_events_total", "source" => source.as_str(), "outcome" => label)
        .increment(events.into());
    tracing::warn!(%source, events, ?outcome, error, "events not published");
}

/// Redis was looked at.
pub(crate) fn pressure(pressure: &Pressure) {
    gauge!("tidemark_ingestion_backlog_events").set(pressure.backlog_events as f64);
    gauge!("tidemark_ingestion_redis_used_bytes").set(pressure.redis_used_bytes as f64);
    gauge!("tidemark_ingestion_redis_limit_bytes").set(pressure.redis_limit_bytes as f64);
    gauge!("tidemark_ingestion_drained_events_per_second").set(pressure.drained_per_second);
    gauge!("tidemark_ingestion_paused").set(f64::from(u8::from(pressure.limit.is_some())));
}

/// A limit was reached or left.
pub(crate) fn limit_changed(pressure: &Pressure) {
    let Pressure {
        backlog_events,
        redis_used_bytes,
        redis_limit_bytes,
        ..
    } = *pressure;
    match pressure.limit {
        Some(limit) => tracing::warn!(
            ?limit,
            backlog_events,
            redis_used_bytes,
            redis_limit_bytes,
            "taking no events until there is room"
        ),
        None => tracing::info!(backlog_events, redis_used_bytes, "taking events"),
    }
}

/// The generator was told something else.
pub(crate) fn generator_set(settings: &Settings, from_index: u64) {
    tracing::info!(
        running = settings.running,
        rate = settings.rate,
        profile = ?settings.profile,
        seed = settings.seed,
        from_index,
        "generator set"
    );
}

/// The generator left out part of its schedule.
pub(crate) fn missed(events: u64) {
    counter!("tidemark_ingestion_generator_missed_events_total").increment(events);
}

/// An address has all the connections it may have.
pub(crate) fn connection_refused() {
    counter!("tidemark_ingestion_refused_connections_total").increment(1);
}

/// A request of the collector was judged.
pub(crate) fn judged(accepted: usize, rejected: usize) {
    counter!("tidemark_ingestion_collector_events_total", "verdict" => "accepted")
        .increment(accepted as u64);
    counter!("tidemark_ingestion_collector_events_total", "verdict" => "rejected")
        .increment(rejected as u64);
}

/// A request of the collector was turned away.
pub(crate) fn turned_away(code: &'static str) {
    counter!("tidemark_ingestion_collector_refused_requests_total", "code" => code).increment(1);
}
