//! The database's side of the audit: the ledger beside the rows that were written with it.

use std::time::Duration;

use common::{
    rollup::{Dimension, Tier},
    time::UnixMicros,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    database::{QueryError, Snapshot},
    range::Range,
    rollups::{self, count},
    statements,
};

/// What must be equal within one snapshot of the database, over all streams and epochs.
#[derive(Debug, Serialize, ToSchema)]
pub struct DatabaseAudit {
    pub ledger_stored: u64,
    /// By the coarsest usable buckets, as queries count.
    pub rollup_events: u64,
    /// By the minutes alone; only with `raw`.
    pub rollup_1m_events: Option<u64>,
    /// Coarse buckets of the last two days; with `raw` all.
    pub rollup_15m: TierAudit,
    pub rollup_1h: TierAudit,
    pub rollup_1d: TierAudit,
    pub ledger_dead_lettered: u64,
    pub dead_letters: u64,
    /// Only with `raw`: it scans.
    pub raw_events: Option<u64>,
    pub equal: bool,
}

/// A coarse tier's usable buckets against the minutes they were built from.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct TierAudit {
    buckets: u64,
    built_events: u64,
    minute_events: u64,
}

impl DatabaseAudit {
    /// By how many events they differ, where they differ most.
    #[must_use]
    pub fn drift_events(&self) -> u64 {
        let tiers = [&self.rollup_15m, &self.rollup_1h, &self.rollup_1d];
        let of_tier = |tier: &TierAudit| tier.built_events.abs_diff(tier.minute_events);
        let drifts = [
            self.ledger_stored.abs_diff(self.rollup_events),
            self.ledger_dead_lettered.abs_diff(self.dead_letters),
        ];
        let drifts = drifts.into_iter().chain(tiers.map(of_tier));
        drifts.max().unwrap_or_default()
    }
}

/// How far back coarse buckets are compared with their minutes each time.
const TIERS_CHECKED: Duration = Duration::from_secs(2 * 86_400);

/// # Errors
/// As [`Snapshot::rows`].
pub async fn sums(snapshot: &Snapshot, raw: bool) -> Result<DatabaseAudit, QueryError> {
    let dimension = Dimension::All.id();
    let row = snapshot.row(statements::AUDIT_SUMS, &[&dimension]).await?;
    let number = |column| row.try_get(column).map(count);
    let (ledger_stored, ledger_dead_lettered) = (number(0)?, number(1)?);
    let (dead_letters, dropped) = (number(2)?, number(3)?);
    let bounds: (Option<UnixMicros>, Option<UnixMicros>) = (row.try_get(4)?, row.try_get(5)?);
    let days = match bounds {
        (Some(first), Some(last)) => Some(whole_days(first, last)),
        _ => None,
    };
    let rollup_events = match days {
        Some(days) => events_of(snapshot, days).await? + dropped,
        None => dropped,
    };
    let (mut rollup_1m_events, mut raw_events) = (None, None);
    let mut since = UnixMicros::now().saturating_sub(TIERS_CHECKED);
    if raw {
        since = days.map_or(since, |days| days.from);
        let row = snapshot
            .row(statements::AUDIT_MINUTES, &[&dimension])
            .await?;
        rollup_1m_events = Some(count(row.try_get(0)?) + dropped);
        let row = snapshot.row(statements::AUDIT_RAW_EVENTS, &[]).await?;
        raw_events = Some(count(row.try_get(0)?));
    }
    let rollup_15m = tier(snapshot, Tier::QuarterHour, since).await?;
    let rollup_1h = tier(snapshot, Tier::Hour, since).await?;
    let rollup_1d = tier(snapshot, Tier::Day, since).await?;
    let exact = |tier: &TierAudit| tier.built_events == tier.minute_events;
    let equal = ledger_stored == rollup_events
        && ledger_dead_lettered == dead_letters
        && rollup_1m_events.is_none_or(|events| events == ledger_stored)
        && raw_events.is_none_or(|raw| raw == ledger_stored)
        && exact(&rollup_15m)
        && exact(&rollup_1h)
        && exact(&rollup_1d);
    Ok(DatabaseAudit {
        ledger_stored,
        rollup_events,
        rollup_1m_events,
        rollup_15m,
        rollup_1h,
        rollup_1d,
        ledger_dead_lettered,
        dead_letters,
        raw_events,
        equal,
    })
}

fn whole_days(first: UnixMicros, last: UnixMicros) -> Range {
    let day = Duration::from_secs(Tier::Day.seconds().unsigned_abs());
    Range {
        from: Tier::Day.bucket(first),
        to: Tier::Day.bucket(last).saturating_add(day),
    }
}

/// All events between, read as coarsely as is exact: a year is some hundred rows.
async fn events_of(snapshot: &Snapshot, days: Range) -> Result<u64, QueryError> {
    let mut events = 0;
    for piece in rollups::cover(snapshot, Some(days), &[days.from, days.to]).await? {
        let statement = statements::rollup_value_sums(piece.tier);
        let (from, to) = (piece.range.from, piece.range.to);
        let dimension = Dimension::All.id();
        for row in snapshot.rows(statement, &[&dimension, &from, &to]).await? {
            events += count(row.try_get(1)?);
        }
    }
    Ok(events)
}

async fn tier(snapshot: &Snapshot, tier: Tier, since: UnixMicros) -> Result<TierAudit, QueryError> {
    let seconds = i32::try_from(tier.seconds()).unwrap_or(i32::MAX);
    let dimension = Dimension::All.id();
    let row = snapshot
        .row(statements::AUDIT_TIER, &[&seconds, &dimension, &since])
        .await?;
    let number = |column| row.try_get(column).map(count);
    Ok(TierAudit {
        buckets: number(0)?,
        built_events: number(1)?,
        minute_events: number(2)?,
    })
}
