//! What was accepted and what became of it, per source.

use common::wire::Source;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    database::{QueryError, Snapshot},
    rollups::count,
    statements,
};

/// What became of one source's entries, over all writers.
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
    pub(super) const fn nothing(source: Source) -> Self {
        Self {
            source,
            entries: 0,
            stored: 0,
            duplicates: 0,
            dead_lettered: 0,
            lost_entries: 0,
        }
    }

    pub(super) const fn events(&self) -> u64 {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
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

impl Verdict {
    /// Each with its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("balanced", Self::Balanced),
        ("settling", Self::Settling),
        ("lost", Self::Lost),
        ("overcounted", Self::Overcounted),
    ];
}

/// The verdict on one source's account. `before` and `after` are what had been accepted before
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
