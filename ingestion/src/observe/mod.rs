//! The log lines and metrics of ingestion.

mod metrics;

use std::{
    fmt::Display,
    sync::{Arc, OnceLock},
    time::Duration,
};

use ::metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use common::{admin::Health, telemetry, wire::Source};
use tokio::sync::{Semaphore, mpsc};

use crate::{
    publish::{Limit, Pressure},
    source::{Block, Outcome, Refusal, http::FirstSeen, synthetic::Settings},
};

/// Sets the metrics known at the start, and samples the health at each scrape.
pub(crate) fn begin(health: &Health) {
    telemetry::describe(&metrics::METRICS);
    health.sample(|health| {
        gauge!("tidemark_ingestion_ready").set(f64::from(u8::from(health.is_ready())));
        for (dependency, is_up) in health.dependencies() {
            gauge!("tidemark_ingestion_dependency_up", "dependency" => dependency)
                .set(f64::from(u8::from(is_up)));
        }
    });
}

/// How full a bound is.
pub(crate) fn bound(name: &'static str, used: f64, limit: f64) {
    let ratio = if limit > 0.0 { used / limit } else { 0.0 };
    gauge!("tidemark_ingestion_bound_used_ratio", "bound" => name).set(ratio);
}

/// Watches how many of `count` permits are taken.
pub(crate) fn permits(
    health: &Health,
    name: &'static str,
    semaphore: &Arc<Semaphore>,
    count: usize,
) {
    let semaphore = Arc::downgrade(semaphore);
    health.sample(move |_| {
        if let Some(semaphore) = semaphore.upgrade() {
            let taken = count.saturating_sub(semaphore.available_permits());
            bound(name, taken as f64, count as f64);
        }
    });
}

/// Watches how many ids Redis remembers for this process.
pub(crate) fn first_seen(health: &Health, first_seen: &FirstSeen) {
    let first_seen = first_seen.clone();
    health.sample(move |_| {
        let (remembered, most) = first_seen.remembered();
        bound("first_seen", remembered as f64, most as f64);
    });
}

/// Watches the queues between the stages, and the pool of connections.
pub(crate) fn bounds(
    health: &Health,
    generated: &mpsc::Sender<Block>,
    collected: &mpsc::Sender<Block>,
    redis: &deadpool_redis::Pool,
) {
    channel(health, "generator_blocks", generated);
    channel(health, "collector_blocks", collected);
    let redis = redis.clone();
    health.sample(move |_| {
        let status = redis.status();
        let lent = status.size.saturating_sub(status.available);
        bound("redis_pool", lent as f64, status.max_size as f64);
    });
}

fn channel(health: &Health, name: &'static str, sender: &mpsc::Sender<Block>) {
    let sender = sender.downgrade();
    health.sample(move |_| {
        if let Some(sender) = sender.upgrade() {
            let most = sender.max_capacity();
            bound(name, (most - sender.capacity()) as f64, most as f64);
        }
    });
}

struct Published {
    events: Counter,
    entries: Counter,
    bytes: Counter,
    seconds: Histogram,
    in_flight: Gauge,
}

impl Published {
    fn of(source: Source) -> Self {
        let name = source.as_str();
        let in_flight = match source {
            Source::Collector => "collector_in_flight",
            _ => "generator_in_flight",
        };
        Self {
            events: counter!("tidemark_ingestion_events_total", "source" => name, "outcome" => "stored"),
            entries: counter!("tidemark_ingestion_entries_total", "source" => name),
            bytes: counter!("tidemark_ingestion_bytes_total", "source" => name),
            seconds: histogram!("tidemark_ingestion_publish_seconds", "source" => name),
            in_flight: gauge!("tidemark_ingestion_bound_used_ratio", "bound" => in_flight),
        }
    }

    fn handles(source: Source) -> &'static Self {
        static COLLECTOR: OnceLock<Published> = OnceLock::new();
        static GENERATOR: OnceLock<Published> = OnceLock::new();
        let cell = match source {
            Source::Collector => &COLLECTOR,
            _ => &GENERATOR,
        };
        cell.get_or_init(|| Self::of(source))
    }
}

/// How many entries of at most `most` are in flight to Redis.
pub(crate) fn in_flight(source: Source, entries: usize, most: usize) {
    let ratio = entries as f64 / most.max(1) as f64;
    Published::handles(source).in_flight.set(ratio);
}

/// An entry is in the stream.
pub(crate) fn published(source: Source, events: u32, bytes: usize, took: Duration) {
    let metrics = Published::handles(source);
    metrics.events.increment(events.into());
    metrics.entries.increment(1);
    metrics.bytes.increment(bytes as u64);
    metrics.seconds.record(took.as_secs_f64());
}

/// An entry isn't in the stream, or may not be.
pub(crate) fn not_published(source: Source, events: u32, outcome: Outcome, error: &str) {
    let label = match outcome {
        Outcome::Unknown => "unknown",
        _ => "refused",
    };
    counter!("tidemark_ingestion_events_total", "source" => source.as_str(), "outcome" => label)
        .increment(events.into());
    if let Outcome::Refused(refusal) = outcome {
        let reason = match refusal {
            Refusal::OutOfMemory => "out_of_memory",
            Refusal::DiskFailed => "disk_failed",
            Refusal::Unavailable => "unavailable",
        };
        counter!("tidemark_ingestion_refused_entries_total", "source" => source.as_str(), "reason" => reason)
            .increment(1);
    }
    let next = match outcome {
        Outcome::Unknown => "its source is told that the outcome is unknown",
        _ => "its source is told to come again; free memory or disk of Redis if it persists",
    };
    tracing::warn!(%source, events, ?outcome, error, next, "events not published");
}

/// A refused entry is kept, to be sent again.
pub(crate) fn retried() {
    counter!("tidemark_ingestion_retried_entries_total").increment(1);
}

/// A task couldn't talk to Redis. Readiness says so by itself, once.
pub(crate) fn redis_failed(task: &'static str, error: &dyn Display) {
    counter!("tidemark_ingestion_redis_failures_total", "task" => task).increment(1);
    tracing::debug!(task, %error, "can't talk to Redis; trying again");
}

/// Redis was polled.
pub(crate) fn pressure(pressure: &Pressure) {
    gauge!("tidemark_ingestion_backlog_events").set(pressure.backlog_events as f64);
    gauge!("tidemark_ingestion_redis_used_bytes").set(pressure.redis_used_bytes as f64);
    gauge!("tidemark_ingestion_redis_limit_bytes").set(pressure.redis_limit_bytes as f64);
    gauge!("tidemark_ingestion_drained_events_per_second").set(pressure.drained_per_second);
    paused(pressure.limit);
    let room = pressure.room_events as f64;
    let backlog = pressure.backlog_events as f64;
    bound("backlog", backlog, backlog + room);
    let (used, limit) = (pressure.redis_used_bytes, pressure.redis_limit_bytes);
    bound("redis_memory", used as f64, limit as f64);
}

pub(crate) fn paused(by: Option<Limit>) {
    let flag = |is_set| f64::from(u8::from(is_set));
    gauge!("tidemark_ingestion_paused").set(flag(by.is_some()));
    let by = by.map(Limit::as_str);
    for limit in metrics::LIMITS {
        gauge!("tidemark_ingestion_paused_by", "limit" => *limit).set(flag(by == Some(*limit)));
    }
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
            next = next_step(limit),
            "taking no events"
        ),
        None => tracing::info!(backlog_events, redis_used_bytes, "taking events"),
    }
}

const fn next_step(limit: Limit) -> &'static str {
    match limit {
        Limit::Backlog | Limit::Memory => "see whether the consumers keep up",
        Limit::Redis => "bring Redis back",
        Limit::EvictionPolicy => "set Redis's maxmemory-policy to noeviction",
        Limit::Disk => "make room on Redis's disk, and look at its log",
        Limit::StreamIds => {
            "move the stream aside: docs/OPERATIONS.md, TidemarkTakesNoEvents, has the steps"
        }
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

/// An address has reached its limit of connections.
pub(crate) fn connection_refused() {
    counter!("tidemark_ingestion_refused_connections_total").increment(1);
}
