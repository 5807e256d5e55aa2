//! The audit: whether every accepted event is accounted for.

use common::{time::UnixMicros, wire::Source};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    database::{Database, QueryError},
    ledger::{Handled, Verdict, handled, verdict},
    stream::{Stream, StreamError, StreamState},
    sums::{DatabaseAudit, sums},
};

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Database(#[from] QueryError),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SourceAudit {
    #[schema(value_type = String)]
    source: Source,
    /// Events; unknown for programs that append by themselves.
    accepted: Option<u64>,
    entries_accepted: u64,
    entries_handled: u64,
    stored: u64,
    duplicates: u64,
    dead_lettered: u64,
    lost_entries: u64,
    /// Events accepted and not handled yet; for external programs unknown.
    in_flight: Option<u64>,
    entries_in_flight: u64,
    verdict: Verdict,
}

impl SourceAudit {
    fn of(handled: &Handled, before: &StreamState, after: &StreamState) -> Self {
        let source = handled.source;
        // A lost entry has no source any more: it stays missing from its own.
        let entries = handled.entries;
        let quiet = before.oldest_open().is_none();
        let counted = source != Source::External;
        let by_entries = verdict(
            before.entries(source),
            entries,
            after.entries(source),
            quiet,
        );
        let by_events = match counted {
            true => verdict(
                before.accepted(source),
                handled.events(),
                after.accepted(source),
                quiet,
            ),
            false => by_entries,
        };
        let lost = if handled.lost_entries > 0 {
            Verdict::Lost
        } else {
            Verdict::Balanced
        };
        let accepted = counted.then(|| after.accepted(source));
        Self {
            source,
            accepted,
            entries_accepted: after.entries(source),
            entries_handled: entries,
            stored: handled.stored,
            duplicates: handled.duplicates,
            dead_lettered: handled.dead_lettered,
            lost_entries: handled.lost_entries,
            in_flight: accepted.map(|accepted| accepted.saturating_sub(handled.events())),
            entries_in_flight: after.entries(source).saturating_sub(entries),
            verdict: by_events.max(by_entries).max(lost),
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditTotal)]
pub struct Total {
    accepted: u64,
    stored: u64,
    duplicates: u64,
    dead_lettered: u64,
    in_flight: u64,
    entries_accepted: u64,
    entries_handled: u64,
    entries_in_flight: u64,
    lost_entries: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Audit {
    verdict: Verdict,
    sources: Vec<SourceAudit>,
    total: Total,
    database: DatabaseAudit,
    notes: Vec<&'static str>,
    /// Entries that are neither handled nor in the stream.
    #[serde(skip)]
    pub missing_entries: u64,
    #[serde(skip)]
    pub watermark: UnixMicros,
}

impl Audit {
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// By how many events the database differs from itself; 0 if all is well.
    #[must_use]
    pub fn drift_events(&self) -> u64 {
        self.database.drift_events()
    }

    /// Entries that somebody deleted before they were read, in this epoch of the stream.
    #[must_use]
    pub const fn lost_entries(&self) -> u64 {
        self.total.lost_entries
    }
}

/// Redis, then the database, then Redis again: what lies between may only be in flight.
///
/// # Errors
/// Redis or the database can't be asked.
pub async fn audit(database: &Database, stream: &Stream, raw: bool) -> Result<Audit, AuditError> {
    let before = stream.state().await?;
    let snapshot = database.snapshot().await?;
    let epoch = before.epoch().unwrap_or_default();
    let handled = handled(&snapshot, stream.key(), epoch).await?;
    let sums = sums(&snapshot, raw).await?;
    snapshot.finish().await?;
    let after = stream.state().await?;
    let sources: Vec<_> = Source::ALL
        .into_iter()
        .map(|source| {
            let nothing = Handled::nothing(source);
            let of_source = handled.iter().find(|handled| handled.source == source);
            SourceAudit::of(of_source.unwrap_or(&nothing), &before, &after)
        })
        .collect();
    let entries = handled.iter().map(|h| h.entries + h.lost_entries).sum();
    let reading = Reading {
        same_epoch: before.epoch() == after.epoch(),
        missing_entries: before.missing(entries),
        watermark: before.watermark(),
    };
    Ok(conclude(sources, sums, &reading))
}

/// What the two looks at Redis say of the stream as a whole.
struct Reading {
    same_epoch: bool,
    missing_entries: u64,
    watermark: UnixMicros,
}

fn conclude(sources: Vec<SourceAudit>, database: DatabaseAudit, reading: &Reading) -> Audit {
    let sum = |field: fn(&SourceAudit) -> u64| sources.iter().map(field).sum();
    let total = Total {
        accepted: sum(|s| {
            s.accepted
                .unwrap_or(s.stored + s.duplicates + s.dead_lettered)
        }),
        stored: sum(|s| s.stored),
        duplicates: sum(|s| s.duplicates),
        dead_lettered: sum(|s| s.dead_lettered),
        in_flight: sum(|s| s.in_flight.unwrap_or_default()),
        entries_accepted: sum(|s| s.entries_accepted),
        entries_handled: sum(|s| s.entries_handled),
        entries_in_flight: sum(|s| s.entries_in_flight),
        lost_entries: sum(|s| s.lost_entries),
    };
    let mut notes = Vec::new();
    let mut worst = sources.iter().map(|source| source.verdict).max();
    if reading.missing_entries > 0 {
        notes.push("entries have vanished from the stream before they were handled");
        worst = worst.max(Some(Verdict::Lost));
    }
    let verdict = match worst.unwrap_or(Verdict::Balanced) {
        _ if !reading.same_epoch => {
            notes.push("the stream was made anew while it was looked at; ask again");
            Verdict::Settling
        }
        verdict if database.equal => verdict,
        verdict => {
            let minutes = database.rollup_1m_events.unwrap_or_default();
            notes.push("ledger, rollups, dead letters or raw rows differ within one snapshot");
            match database
                .rollup_events
                .max(minutes)
                .cmp(&database.ledger_stored)
            {
                std::cmp::Ordering::Greater => Verdict::Overcounted,
                _ => verdict.max(Verdict::Lost),
            }
        }
    };
    Audit {
        verdict,
        sources,
        total,
        database,
        notes,
        missing_entries: reading.missing_entries,
        watermark: reading.watermark,
    }
}
