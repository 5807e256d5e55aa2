//! The log lines and metrics of the consumer.

mod metrics;

use std::{error::Error, time::Duration};

use ::metrics::{counter, gauge, histogram};
pub(crate) use common::telemetry::causes;
use common::{admin::Health, http::Doors, telemetry, time::UnixMicros, wire::EntryId};
use tokio::sync::mpsc;

use crate::write::{Committed, Failure};

/// What is known of this daemon before anything happens, and of its health when it is asked.
pub(crate) fn begin(health: &Health) {
    telemetry::describe(&metrics::METRICS);
    health.sample(|health| {
        gauge!("tidemark_consumer_ready").set(f64::from(u8::from(health.is_ready())));
        for (dependency, is_up) in health.dependencies() {
            gauge!("tidemark_consumer_dependency_up", "dependency" => dependency)
                .set(f64::from(u8::from(is_up)));
        }
    });
}

/// Watches how much of a channel of a lane is filled.
pub(crate) fn channel<T: Send + 'static>(
    health: &Health,
    lane: &str,
    bound: &'static str,
    sender: &mpsc::Sender<T>,
) {
    let (sender, lane) = (sender.downgrade(), lane.to_owned());
    health.sample(move |_| {
        // Of a lane that has ended nothing is in use.
        let ratio = sender.upgrade().map_or(0.0, |sender| {
            let most = sender.max_capacity();
            (most - sender.capacity()) as f64 / most as f64
        });
        gauge!("tidemark_consumer_bound_used_ratio", "bound" => bound, "lane" => lane.clone())
            .set(ratio);
    });
}

/// Watches how many connections there are of those that may be.
pub(crate) fn connections(health: &Health, doors: &Doors) {
    let doors = doors.clone();
    health.sample(move |_| {
        let ratio = doors.open() as f64 / doors.most() as f64;
        gauge!("tidemark_consumer_bound_used_ratio", "bound" => "http_connections").set(ratio);
    });
}

/// How much of what a lane may remember of its rollups it does.
pub(crate) fn remembered(lane: &str, bytes: usize, most: usize) {
    let ratio = bytes as f64 / most as f64;
    gauge!("tidemark_consumer_bound_used_ratio", "bound" => "rollup_memory", "lane" => lane.to_owned())
        .set(ratio);
}

/// A step of the start is tried again.
pub(crate) fn start_failed(step: &'static str, error: &str) {
    counter!("tidemark_consumer_start_failures_total", "step" => step).increment(1);
    tracing::debug!(step, error, "can't start yet; trying again");
}

pub(crate) fn read_failed(lane: &str, error: &redis::RedisError) {
    counter!("tidemark_consumer_read_failures_total").increment(1);
    tracing::warn!(
        lane,
        %error,
        next = "if it goes on, look at Redis: its log, its memory, this login's rights",
        "can't read the stream; trying again"
    );
}

pub(crate) fn group_recreated(group: &str) {
    counter!("tidemark_consumer_group_recreated_total").increment(1);
    tracing::warn!(
        group,
        "the consumer group was gone; making it again at the beginning of the stream"
    );
}

pub(crate) fn stream_lost(stream: &str, ledger: &str) {
    counter!("tidemark_consumer_streams_lost_total").increment(1);
    tracing::error!(
        stream,
        ledger,
        next = "find out who deleted it or emptied Redis; only its senders can send again what was lost",
        "the stream was lost; entries that nobody had read are lost, and accounts begin anew"
    );
}

pub(crate) fn claimed(lane: &str, entries: usize) {
    counter!("tidemark_consumer_claimed_entries_total").increment(entries as u64);
    tracing::info!(lane, entries, "took over entries of another consumer");
}

pub(crate) fn dead_consumer_removed(consumer: &str) {
    tracing::info!(consumer, "removed a dead consumer that held nothing");
}

pub(crate) fn write_failed(lane: &str, failure: &Failure, events: usize) {
    let (cause, next) = (failure.cause(), failure.next_step());
    counter!("tidemark_consumer_write_failures_total", "cause" => cause).increment(1);
    tracing::warn!(
        lane,
        events,
        cause,
        error = causes(failure),
        next,
        "batch not committed yet"
    );
}

/// Nothing is wrong: the batch goes in another way.
pub(crate) fn write_detour(lane: &str, why: &dyn Error) {
    counter!("tidemark_consumer_write_detours_total").increment(1);
    tracing::debug!(lane, why = causes(why), "batch takes the careful path");
}

pub(crate) fn rows_refused(lane: &str, rows: usize) {
    counter!("tidemark_consumer_rows_refused_total").increment(rows as u64);
    tracing::warn!(
        lane,
        rows,
        next = "`consumer dead-letters list` shows them; replay them once the table takes them",
        "the database refused valid events; they become dead letters"
    );
}

pub(crate) fn left_pending(lane: &str, entries: usize) {
    counter!("tidemark_consumer_left_pending_total").increment(1);
    tracing::warn!(
        lane,
        entries,
        "ending with a batch that could not be written; it stays pending"
    );
}

pub(crate) fn name_taken(lane: &str) {
    tracing::error!(
        lane,
        next = "give each host another CONSUMER_NAME, if two have the same",
        "another process has the lane's name; going on under a free one"
    );
}

pub(crate) fn ack_failed(lane: &str, error: &redis::RedisError) {
    counter!("tidemark_consumer_ack_failures_total").increment(1);
    tracing::warn!(
        lane,
        %error,
        next = "if it goes on, look at Redis; what is committed is stored, and counted once",
        "can't acknowledge; trying again"
    );
}

/// Live readers hear of the commit with their next look.
pub(crate) fn hint_failed(lane: &str, error: &redis::RedisError) {
    counter!("tidemark_consumer_hint_failures_total").increment(1);
    tracing::debug!(lane, %error, "can't tell readers of a commit");
}

pub(crate) fn trim_failed(lane: &str, error: &redis::RedisError) {
    counter!("tidemark_consumer_trim_failures_total").increment(1);
    tracing::warn!(
        lane,
        %error,
        next = "if it goes on, look at Redis: entries that are stored stay in its memory",
        "can't trim the stream; trying again"
    );
}

pub(crate) fn trimmed(entries: u64) {
    counter!("tidemark_consumer_trimmed_entries_total").increment(entries);
}

/// Entries are gone that we haven't removed.
const AFTER_REMOVAL: &str =
    "find out who trims or deletes; only the senders can send again what was lost";

/// Some of them may be in a lane's hands: those are stored.
pub(crate) fn removed_by_others(entries: u64, from: &str, to: &str) {
    counter!("tidemark_consumer_removed_entries_total").increment(entries);
    tracing::error!(
        entries,
        from,
        to,
        next = AFTER_REMOVAL,
        "somebody else removed entries from the stream; those that nobody had read are lost"
    );
}

/// Pending entries turn out to be gone when they are taken over. From Redis 7 on they are no
/// longer pending then: whoever was told of them is the only one to know.
pub(crate) fn gone_when_claimed(lane: &str, lost: &[EntryId]) {
    if lost.is_empty() {
        return;
    }
    let (entries, ids) = (lost.len(), ids(lost));
    tracing::warn!(
        lane,
        entries,
        ids,
        next = AFTER_REMOVAL,
        "pending entries were deleted from the stream; those that no commit has counted are lost"
    );
}

fn ids(entries: &[EntryId]) -> String {
    let ids: Vec<_> = entries.iter().map(ToString::to_string).collect();
    ids.join(" ")
}

pub(crate) fn acknowledged(done: &Committed) {
    for (source, counts) in done.counts.iter() {
        let source = source.as_str();
        for (fate, events) in [
            ("stored", counts.stored),
            ("duplicate", counts.duplicates),
            ("dead_lettered", counts.dead_lettered),
        ] {
            counter!("tidemark_consumer_events_total", "source" => source, "fate" => fate)
                .increment(events);
        }
        if counts.lost_entries > 0 {
            counter!("tidemark_consumer_lost_entries_total").increment(counts.lost_entries);
            tracing::error!(
                entries = counts.lost_entries,
                ids = ids(&done.lost),
                "entries were deleted from the stream before they were read; their events are lost"
            );
        }
    }
    for (reason, events) in &done.dead_letters {
        counter!("tidemark_consumer_dead_letters_total", "reason" => reason.as_str())
            .increment(*events);
    }
    counter!("tidemark_consumer_commits_total").increment(1);
    histogram!("tidemark_consumer_batch_bytes").record(done.bytes as f64);
    histogram!("tidemark_consumer_batch_events").record(done.counts.total().stored as f64);
    histogram!("tidemark_consumer_stream_seconds").record(done.stream_wait);
    histogram!("tidemark_consumer_write_seconds").record(done.write);
}

pub(crate) fn compaction_failed(step: &'static str, error: &dyn Error) {
    counter!("tidemark_consumer_compaction_failures_total").increment(1);
    tracing::warn!(
        step,
        error = causes(error),
        "compaction failed; trying again"
    );
}

/// A pass over everything has ended, by the one consumer that compacts.
pub(crate) fn compaction_passed(took: Duration, database_bytes: i64, dirty_minutes: i64) {
    gauge!("tidemark_consumer_compacted_timestamp_seconds").set(UnixMicros::now().0 as f64 / 1e6);
    gauge!("tidemark_consumer_compaction_seconds").set(took.as_secs_f64());
    gauge!("tidemark_consumer_database_bytes").set(database_bytes as f64);
    gauge!("tidemark_consumer_rollup_dirty_buckets").set(dirty_minutes as f64);
}

/// So many buckets of the tier of these seconds are to be built.
pub(crate) fn due(tier: &'static str, buckets: usize) {
    gauge!("tidemark_consumer_rollup_due_buckets", "tier" => tier).set(buckets as f64);
}

pub(crate) fn compacted(step: &'static str, rows: u64) {
    counter!("tidemark_consumer_compacted_total", "step" => step).increment(rows);
    if rows > 0 {
        tracing::debug!(step, rows, "compacted");
    }
}

/// An address has all the connections it may have.
pub(crate) fn connection_refused() {
    counter!("tidemark_consumer_refused_connections_total").increment(1);
}

pub(crate) fn lanes(count: usize) {
    gauge!("tidemark_consumer_lanes").set(count as f64);
}
