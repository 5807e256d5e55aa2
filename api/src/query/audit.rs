//! Whether every event that was accepted is accounted for.

use common::{rollup::Dimension, time::UnixMicros, wire::Source};
use serde::Serialize;

use super::{
    database::{Database, QueryError, Snapshot},
    rollups::count,
    statements,
    stream::{Stream, StreamError, StreamState},
};

#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Database(#[from] QueryError),
    #[error(transparent)]
    Stream(#[from] StreamError),
}

/// What the consumer did with one source's entries, over all writers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    pub source: Source,
    pub entries: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub dead_lettered: u64,
    pub lost_entries: u64,
}

impl Handled {
    const fn nothing(source: Source) -> Self {
        Self {
            source,
            entries: 0,
            stored: 0,
            duplicates: 0,
            dead_lettered: 0,
            lost_entries: 0,
        }
    }

    const fn events(&self) -> u64 {
        self.stored + self.duplicates + self.dead_lettered
    }
}

/// # Errors
/// As [`Snapshot::rows`].
pub async fn handled(
    snapshot: &Snapshot,
    stream: &str,
    epoch: &str,
) -> Result<Vec<Handled>, QueryError> {
    let rows = snapshot
        .rows(statements::LEDGER, &[&stream, &epoch])
        .await?;
    rows.iter()
        .map(|row| {
            let number = |column| row.try_get(column).map(count);
            Ok(Handled {
                source: Source::from_field(Some(row.try_get::<_, &str>(0)?.as_bytes())),
                entries: number(1)?,
                stored: number(2)?,
                duplicates: number(3)?,
                dead_lettered: number(4)?,
                lost_entries: number(5)?,
            })
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that was accepted is stored, a duplicate or dead-lettered.
    Balanced,
    /// The rest is in flight.
    Settling,
    /// Nothing is in flight, and yet something is missing.
    Lost,
    /// More was handled than was ever accepted.
    Overcounted,
}

/// How one source's account stands. `before` and `after` are what had been accepted before
/// and after the database was read, `quiet` whether nothing was open before.
#[must_use]
pub fn verdict(before: u64, handled: u64, after: u64, quiet: bool) -> Verdict {
    if handled > after {
        Verdict::Overcounted
    } else if handled >= before {
        if after > handled {
            Verdict::Settling
        } else {
            Verdict::Balanced
        }
    } else if quiet {
        Verdict::Lost
    } else {
        Verdict::Settling
    }
}

#[derive(Debug, Serialize)]
pub struct SourceAudit {
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
        let entries = handled.entries + handled.lost_entries;
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

#[derive(Debug, Serialize)]
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

/// What must be equal within one snapshot of the database, over all streams and epochs.
#[derive(Debug, Serialize)]
pub struct DatabaseAudit {
    ledger_stored: u64,
    rollup_1m_events: u64,
    rollup_15m: TierAudit,
    rollup_1d: TierAudit,
    ledger_dead_lettered: u64,
    dead_letters: u64,
    /// Only where asked for: it scans.
    raw_events: Option<u64>,
    equal: bool,
}

/// A coarse tier's usable buckets against the minutes they were built from.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct TierAudit {
    buckets: u64,
    built_events: u64,
    minute_events: u64,
}

#[derive(Debug, Serialize)]
pub struct Audit {
    verdict: Verdict,
    sources: Vec<SourceAudit>,
    total: Total,
    database: DatabaseAudit,
    notes: Vec<&'static str>,
    #[serde(skip)]
    pub watermark: UnixMicros,
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
    let same_epoch = before.epoch() == after.epoch();
    Ok(conclude(sources, sums, before.watermark(), same_epoch))
}

fn conclude(
    sources: Vec<SourceAudit>,
    database: DatabaseAudit,
    watermark: UnixMicros,
    same_epoch: bool,
) -> Audit {
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
    let worst = sources.iter().map(|source| source.verdict).max();
    let mut notes = Vec::new();
    let verdict = match worst.unwrap_or(Verdict::Balanced) {
        _ if !same_epoch => {
            notes.push("the stream was made anew while it was looked at; ask again");
            Verdict::Settling
        }
        verdict if database.equal => verdict,
        verdict => {
            notes.push("ledger, rollups, dead letters or raw rows differ within one snapshot");
            match database.rollup_1m_events.cmp(&database.ledger_stored) {
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
        watermark,
    }
}

async fn sums(snapshot: &Snapshot, raw: bool) -> Result<DatabaseAudit, QueryError> {
    let row = snapshot.row(statements::AUDIT_SUMS, &[]).await?;
    let number = |column| row.try_get(column).map(count);
    let raw_events = match raw {
        true => Some(count(
            snapshot
                .row(statements::AUDIT_RAW_EVENTS, &[])
                .await?
                .try_get(0)?,
        )),
        false => None,
    };
    let mut tiers = [TierAudit::default(), TierAudit::default()];
    let dimension = Dimension::All.id();
    for (tier, audit) in [900, 86_400].into_iter().zip(&mut tiers) {
        let row = snapshot
            .row(statements::AUDIT_TIER, &[&tier, &dimension])
            .await?;
        let number = |column| row.try_get(column).map(count);
        *audit = TierAudit {
            buckets: number(0)?,
            built_events: number(1)?,
            minute_events: number(2)?,
        };
    }
    let [rollup_15m, rollup_1d] = tiers;
    let (ledger_stored, rollup_1m_events) = (number(0)?, number(3)?);
    let (ledger_dead_lettered, dead_letters) = (number(1)?, number(2)?);
    let exact = |tier: &TierAudit| tier.built_events == tier.minute_events;
    let equal = ledger_stored == rollup_1m_events
        && ledger_dead_lettered == dead_letters
        && raw_events.is_none_or(|raw| raw == ledger_stored)
        && exact(&rollup_15m)
        && exact(&rollup_1d);
    Ok(DatabaseAudit {
        ledger_stored,
        rollup_1m_events,
        rollup_15m,
        rollup_1d,
        ledger_dead_lettered,
        dead_letters,
        raw_events,
        equal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_never_cry_wolf() {
        let cases = [
            ((100, 100, 100, true), Verdict::Balanced),
            ((100, 100, 120, true), Verdict::Settling),
            ((100, 110, 120, false), Verdict::Settling),
            ((100, 90, 100, false), Verdict::Settling),
            // Committed but not yet acknowledged: something is open, and yet all is handled.
            ((100, 100, 100, false), Verdict::Balanced),
            ((100, 99, 100, true), Verdict::Lost),
            ((100, 121, 120, false), Verdict::Overcounted),
        ];
        for ((before, handled, after, quiet), want) in cases {
            assert_eq!(verdict(before, handled, after, quiet), want);
        }
    }
}
