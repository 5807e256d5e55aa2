//! What tables hold: their sizes, and dead letters by reason. Where there is much of it both take
//! long, so they are read apart from the rest of a report, the more rarely the longer they take.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    database::{Database, QueryError},
    report::{DeadLetters, Reason, TableSize},
    rollups::count,
    statements,
};

const REASONS: usize = 10;
const SIZES_LIVE: Duration = Duration::from_secs(10);
const REASONS_LIVE: Duration = Duration::from_secs(2);
/// So many times as long as reading took, or failing, the database is left alone.
const REST: u32 = 20;

#[derive(Debug, Default)]
pub(super) struct Tables {
    sizes: Part<Vec<TableSize>>,
    dead_letters: Part<DeadLetters>,
}

impl Tables {
    /// Reads what is due. One of them may fail and be unknown until it is due again.
    pub(super) async fn renew(&mut self, database: &Database) {
        let started = Instant::now();
        if self.dead_letters.is_due(started) {
            let read = dead_letters(database).await;
            self.dead_letters = Part::read(read, started, REASONS_LIVE);
        }
        let started = Instant::now();
        if self.sizes.is_due(started) {
            let read = sizes(database).await;
            self.sizes = Part::read(read, started, SIZES_LIVE);
        }
    }

    pub(super) fn sizes(&self) -> Option<Vec<TableSize>> {
        self.sizes.value.clone()
    }

    pub(super) fn dead_letters(&self) -> Option<DeadLetters> {
        self.dead_letters.value.clone()
    }
}

#[derive(Debug, Default)]
struct Part<T> {
    value: Option<T>,
    /// `None` before it was read for the first time.
    due: Option<Instant>,
}

impl<T> Part<T> {
    fn read(read: Result<T, QueryError>, started: Instant, least: Duration) -> Self {
        let now = Instant::now();
        let value = read.inspect_err(|error| tracing::debug!(%error, "tables not read"));
        Self {
            value: value.ok(),
            due: Some(now + least.max(REST * (now - started))),
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| due <= now)
    }
}

async fn dead_letters(database: &Database) -> Result<DeadLetters, QueryError> {
    let snapshot = database.internal_snapshot().await?;
    let mut letters = DeadLetters::default();
    for row in snapshot.rows(statements::DEAD_LETTER_REASONS, &[]).await? {
        let reason = Reason {
            reason: row.try_get(0)?,
            count: count(row.try_get(1)?),
        };
        letters.total += reason.count;
        letters.last_hour += count(row.try_get(2)?);
        if letters.by_reason.len() < REASONS {
            letters.by_reason.push(reason);
        }
    }
    snapshot.finish().await?;
    Ok(letters)
}

async fn sizes(database: &Database) -> Result<Vec<TableSize>, QueryError> {
    let snapshot = database.internal_snapshot().await?;
    let rows = snapshot.rows(statements::TABLE_SIZES, &[]).await?;
    snapshot.finish().await?;
    rows.iter()
        .map(|row| {
            Ok(TableSize {
                name: row.try_get(0)?,
                bytes: row.try_get(1)?,
                rows: row.try_get(2)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_is_read_rarely_also_when_it_fails() {
        let started = Instant::now();
        let part = Part::read(Ok(7), started, SIZES_LIVE);
        assert_eq!(part.value, Some(7));
        let rests = |part: &Part<i32>, rest: Duration| {
            let due = Instant::now() + rest;
            !part.is_due(due - Duration::from_millis(1)) && part.is_due(due)
        };
        assert!(rests(&part, SIZES_LIVE));
        tokio::time::advance(Duration::from_secs(3)).await;
        let part = Part::<i32>::read(Err(QueryError::Timeout), started, SIZES_LIVE);
        assert_eq!(part.value, None);
        assert!(rests(&part, Duration::from_secs(60)));
        assert!(Part::<i32>::default().is_due(started));
    }
}
