//! What a commit writes besides its rows: rollups, dead letters, and the accounts.

use std::time::{Duration, Instant};

use common::{rollup::Tier, time::UnixMicros, wire::EntryId};
use tokio_postgres::Error;

use super::{session::Session, transaction::Attempt};
use crate::{
    decode::{Batch, Counts, DeadLetter, PerSource},
    fold::Folded,
    rollup_rows::{Columns, Params},
};

/// A coarse bucket may be built 20 minutes after it ends (see `compact`); changes to its
/// minutes are marked from 5 minutes on, so that clocks may differ by a quarter of an hour.
const MARK_DIRTY_AFTER_SECONDS: i64 = 5 * 60;

impl Attempt<'_> {
    pub(super) async fn insert_dead_letters(&self, session: &Session) -> Result<(), Error> {
        let letters = &self.batch.dead_letters;
        if letters.is_empty() {
            return Ok(());
        }
        fn column<'l, T>(letters: &'l [DeadLetter], of: impl Fn(&'l DeadLetter) -> T) -> Vec<T> {
            letters.iter().map(of).collect()
        }
        let entries = column(letters, |l| {
            self.batch.entries[l.entry as usize].id.to_string()
        });
        let sources = column(letters, |l| self.batch.source(l.entry).as_str());
        let indexes = column(letters, |l| l.index as i32);
        let reasons = column(letters, |l| l.code.as_str());
        let details = column(letters, |l| l.detail.replace('\0', "\u{fffd}"));
        let payloads = column(letters, |l| l.payload.as_slice());
        let params: Params<'_> = &[
            &self.stream_id,
            &entries,
            &indexes,
            &sources,
            &reasons,
            &details,
            &payloads,
        ];
        let statement = &session.statements.insert_dead_letters;
        session.client.execute(statement, params).await.map(drop)
    }

    pub(super) async fn add_to_ledger(
        &self,
        session: &Session,
        counts: &PerSource,
    ) -> Result<(), Error> {
        let touched = || counts.iter().filter(|(_, c)| **c != Default::default());
        let sources: Vec<_> = touched().map(|(source, _)| source.as_str()).collect();
        let column = |of: fn(&Counts) -> u64| -> Vec<i64> {
            touched().map(|(_, counts)| of(counts) as i64).collect()
        };
        let (entries, stored) = (column(|c| c.entries), column(|c| c.stored));
        let (duplicates, dead) = (column(|c| c.duplicates), column(|c| c.dead_lettered));
        let lost = column(|c| c.lost_entries);
        let params: Params<'_> = &[
            &self.stream_id,
            &session.writer.id,
            &sources,
            &entries,
            &stored,
            &duplicates,
            &dead,
            &lost,
        ];
        let statement = &session.statements.add_to_ledger;
        session.client.execute(statement, params).await.map(drop)
    }

    pub(super) async fn insert_commit(
        &self,
        session: &Session,
        folded: &[Folded],
        counts: &PerSource,
        seq: i64,
        started: Instant,
    ) -> Result<(), Error> {
        let batch = self.batch;
        let ids: Vec<EntryId> = batch.entry_ids().collect();
        let total = counts.total();
        let accepted = |id: Option<&EntryId>| id.map_or(UnixMicros(0), |id| id.accepted_at());
        let params: Params<'_> = &[
            &session.writer.id,
            &seq,
            &self.stream_id,
            &multirange(self.stream_id, batch),
            &(ids.len() as i32),
            &(total.stored as i32),
            &(total.duplicates as i32),
            &(total.dead_lettered as i32),
            &(batch.bytes as i32),
            &minutes(folded),
            &accepted(ids.iter().min()),
            &accepted(ids.iter().max()),
            &(batch.mean_stream_ms() as f32),
            &milliseconds(batch.decoding),
            &self.queue_ms,
            &milliseconds(started.elapsed()),
        ];
        let statement = &session.statements.insert_commit;
        session.client.execute(statement, params).await.map(drop)
    }
}

pub(super) async fn upsert_rollups(
    session: &Session,
    seq: i64,
    folded: &[Folded],
) -> Result<(), Error> {
    if folded.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(folded);
    let params = columns.params(&session.writer.id, &seq);
    let statement = &session.statements.upsert_rollups;
    session.client.execute(statement, &params).await.map(drop)
}

pub(super) async fn mark_dirty(session: &Session, folded: &[Folded]) -> Result<(), Error> {
    let now = UnixMicros::now();
    let minutes = minutes(folded).into_iter();
    let old: Vec<_> = minutes
        .filter(|minute| may_be_built(*minute, now))
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    let statement = &session.statements.mark_dirty;
    session.client.execute(statement, &[&old]).await.map(drop)
}

/// Whether the coarse bucket of a minute may have been built before this batch.
fn may_be_built(minute: UnixMicros, now: UnixMicros) -> bool {
    let quarter_hour = Tier::QuarterHour;
    let ends = quarter_hour.bucket(minute).0 + quarter_hour.seconds() * 1_000_000;
    ends + MARK_DIRTY_AFTER_SECONDS * 1_000_000 < now.0
}

fn minutes(folded: &[Folded]) -> Vec<UnixMicros> {
    let mut minutes: Vec<_> = folded.iter().map(|row| row.bucket).collect();
    minutes.sort_unstable();
    minutes.dedup();
    minutes
}

/// As the table of commits has it.
pub(super) fn milliseconds(duration: Duration) -> f32 {
    duration.as_secs_f32() * 1_000.0
}

/// The batch's entries as a multirange literal.
pub(super) fn multirange(stream_id: i32, batch: &Batch) -> String {
    let spans = batch.spans.iter().map(|(first, last)| {
        format!(
            "[{},{}]",
            entry_number(stream_id, *first),
            entry_number(stream_id, *last)
        )
    });
    format!("{{{}}}", spans.collect::<Vec<_>>().join(","))
}

/// A stream's entry as one number: the stream's id, then the entry's in the 39 digits that
/// 128 bits need.
#[must_use]
pub fn entry_number(stream_id: i32, id: EntryId) -> String {
    format!("{stream_id}{:039}", id.as_u128())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1_000_000;

    #[test]
    fn a_minute_is_late_once_its_quarter_of_an_hour_has_been_over_for_five_minutes() {
        let quarter = 1_763_596_800_000_000;
        let late = |minute: i64, now: i64| {
            may_be_built(
                UnixMicros(quarter + minute * MINUTE),
                UnixMicros(quarter + now),
            )
        };
        for minute in [0, 7, 14] {
            assert!(!late(minute, 20 * MINUTE));
            assert!(late(minute, 20 * MINUTE + 1));
        }
        assert!(!late(15, 20 * MINUTE + 1));
    }

    #[test]
    fn durations_are_in_milliseconds() {
        assert_eq!(milliseconds(Duration::from_micros(1_500)), 1.5);
    }

    #[test]
    fn entries_of_two_streams_never_share_a_number() {
        let last = EntryId {
            ms: u64::MAX,
            seq: u64::MAX,
        };
        assert_eq!(
            entry_number(7, EntryId { ms: 1, seq: 2 }),
            "7000000000000000000018446744073709551618"
        );
        assert_eq!(
            entry_number(7, last),
            "7340282366920938463463374607431768211455"
        );
        assert!(entry_number(7, last) < entry_number(8, EntryId::MIN));
    }
}
