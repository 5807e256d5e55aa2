//! One attempt to write a batch.

use std::{collections::HashSet, time::Instant};

use bytes::Bytes;
use common::{
    rollup::Tier,
    time::UnixMicros,
    wire::{EntryId, Source},
};
use foldhash::fast::FixedState;
use futures_util::{SinkExt as _, pin_mut};
use tokio_postgres::{Client, Error, Statement};
use uuid::Uuid;

use super::{
    failure::Failure,
    session::{REBUILD_LOCK, Session},
};
use crate::{
    decode::{Batch, DeadLetter, PerSource, Row},
    fold::Folded,
    rollup_rows::{Columns, Params},
};

/// A coarse bucket may be built 20 minutes after it ends (see `compact`); changes to its
/// minutes are marked from 5 minutes on, so that clocks may differ by a quarter of an hour.
const MARK_DIRTY_AFTER_SECONDS: i64 = 5 * 60;

/// How a batch goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// COPY into `events`; fails where an event is already stored.
    Straight,
    /// By way of a temporary table; what is already stored is left out.
    Staged,
}

pub(super) struct Attempt<'a> {
    pub(super) batch: &'a Batch,
    pub(super) stream_id: i32,
    pub(super) path: Path,
    pub(super) max_values: usize,
    /// From the batch's last decoded entry to now.
    pub(super) queue_ms: f32,
}

/// What a committed attempt did.
pub(super) struct Written {
    pub(super) counts: PerSource,
    pub(super) folded: Vec<Folded>,
    pub(super) seq: i64,
    pub(super) generation: i64,
}

impl Attempt<'_> {
    /// Runs the transaction to its COMMIT. On any failure but a lost connection the
    /// transaction is rolled back.
    pub(super) async fn run(&self, session: &Session) -> Result<Written, Failure> {
        let outcome = self.transaction(session).await;
        if let Err(failure) = &outcome
            && !failure.ends_session()
        {
            session.client.batch_execute("ROLLBACK").await?;
        }
        outcome
    }

    async fn transaction(&self, session: &Session) -> Result<Written, Failure> {
        let started = Instant::now();
        let generation = self.begin(session).await?;
        if session
            .writer
            .generation
            .is_some_and(|known| known != generation)
        {
            return Err(Failure::Rebuilt);
        }
        let (folded, counts) = match self.path {
            Path::Straight => self.straight(session).await?,
            Path::Staged => self.staged(session).await?,
        };
        let seq = session.writer.seq + 1;
        self.finish(session, &folded, &counts, seq, started).await?;
        Ok(Written {
            counts,
            folded,
            seq,
            generation,
        })
    }

    /// BEGIN, then the lock that a rebuild takes alone, then the generation: read by a
    /// statement of its own, whose snapshot is younger than the lock.
    async fn begin(&self, session: &Session) -> Result<i64, Error> {
        let (client, statements) = (&session.client, &session.statements);
        let lock: Params<'_> = &[&REBUILD_LOCK];
        let (begun, locked, generation) = tokio::join!(
            biased;
            client.batch_execute("BEGIN"),
            client.query_one(&statements.share_rebuild_lock, lock),
            client.query_one(&statements.generation, &[]),
        );
        begun?;
        locked?;
        Ok(generation?.get(0))
    }

    async fn straight(&self, session: &Session) -> Result<(Vec<Folded>, PerSource), Failure> {
        let copy = copy_in(
            &session.client,
            &session.statements.copy_events,
            self.batch.copy.clone(),
        );
        // The server works on the rows while we fold them.
        let fold = async { self.fold(session, |_| true) };
        let (copied, folded) = if self.batch.rows.is_empty() {
            (Ok(0), fold.await)
        } else {
            tokio::join!(biased; copy, fold)
        };
        copied?;
        Ok((folded, self.counts(|_| true)))
    }

    async fn staged(&self, session: &Session) -> Result<(Vec<Folded>, PerSource), Failure> {
        let (client, statements) = (&session.client, &session.statements);
        copy_in(client, &statements.copy_staged, self.batch.copy.clone()).await?;
        let returned = client.query(&statements.insert_staged, &[]).await?;
        let stored: HashSet<(UnixMicros, Uuid), FixedState> = returned
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        let is_stored = |row: &Row| stored.contains(&(row.occurred_at, row.event_id));
        Ok((self.fold(session, is_stored), self.counts(is_stored)))
    }

    fn fold(&self, session: &Session, is_stored: impl Fn(&Row) -> bool) -> Vec<Folded> {
        let rows = self.batch.rows.iter().filter(|row| is_stored(row));
        session
            .writer
            .memory
            .fold(rows, &self.batch.values, self.max_values)
    }

    fn counts(&self, is_stored: impl Fn(&Row) -> bool) -> PerSource {
        let batch = self.batch;
        let mut counts = PerSource::default();
        for entry in &batch.entries {
            counts.of(entry.source).entries += 1;
        }
        for row in &batch.rows {
            let counts = counts.of(batch.source(row.entry));
            counts.stored += u64::from(is_stored(row));
            counts.duplicates += u64::from(!is_stored(row));
        }
        for entry in &batch.repeated {
            counts.of(batch.source(*entry)).duplicates += 1;
        }
        for letter in &batch.dead_letters {
            counts.of(batch.source(letter.entry)).dead_lettered += 1;
        }
        counts.of(Source::External).lost_entries += batch.lost.len() as u64;
        counts
    }

    /// Everything after the rows goes out in one go, COMMIT included: if one statement
    /// fails, so do those behind it, and the COMMIT rolls back.
    async fn finish(
        &self,
        session: &Session,
        folded: &[Folded],
        counts: &PerSource,
        seq: i64,
        started: Instant,
    ) -> Result<(), Failure> {
        let results = tokio::join!(
            biased;
            self.insert_dead_letters(session),
            upsert_rollups(session, seq, folded),
            self.add_to_ledger(session, counts),
            mark_dirty(session, folded),
            self.insert_commit(session, folded, counts, seq, started),
            session.client.batch_execute("COMMIT"),
        );
        let (letters, rollups, ledger, dirty, commit_row, committed) = results;
        letters
            .and(rollups)
            .and(ledger)
            .and(dirty)
            .and(commit_row)
            .and(committed)?;
        Ok(())
    }

    async fn insert_dead_letters(&self, session: &Session) -> Result<(), Error> {
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

    async fn add_to_ledger(&self, session: &Session, counts: &PerSource) -> Result<(), Error> {
        let touched = || counts.iter().filter(|(_, c)| **c != Default::default());
        let sources: Vec<_> = touched().map(|(source, _)| source.as_str()).collect();
        let column = |of: fn(&crate::decode::Counts) -> u64| -> Vec<i64> {
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

    async fn insert_commit(
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
            &(batch.decoding.as_secs_f32() * 1_000.0),
            &self.queue_ms,
            &(started.elapsed().as_secs_f32() * 1_000.0),
        ];
        let statement = &session.statements.insert_commit;
        session.client.execute(statement, params).await.map(drop)
    }
}

pub(super) async fn copy_in(
    client: &Client,
    statement: &Statement,
    rows: Bytes,
) -> Result<u64, Error> {
    let sink = client.copy_in::<_, Bytes>(statement).await?;
    pin_mut!(sink);
    sink.send(rows).await?;
    sink.finish().await
}

async fn upsert_rollups(session: &Session, seq: i64, folded: &[Folded]) -> Result<(), Error> {
    if folded.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(folded);
    let params = columns.params(&session.writer.id, &seq);
    let statement = &session.statements.upsert_rollups;
    session.client.execute(statement, &params).await.map(drop)
}

async fn mark_dirty(session: &Session, folded: &[Folded]) -> Result<(), Error> {
    let now = UnixMicros::now();
    let is_old = |minute: &UnixMicros| {
        let ends = Tier::QuarterHour.bucket(*minute).0 + Tier::QuarterHour.seconds() * 1_000_000;
        ends + MARK_DIRTY_AFTER_SECONDS * 1_000_000 < now.0
    };
    let old: Vec<_> = minutes(folded).into_iter().filter(is_old).collect();
    if old.is_empty() {
        return Ok(());
    }
    let statement = &session.statements.mark_dirty;
    session.client.execute(statement, &[&old]).await.map(drop)
}

fn minutes(folded: &[Folded]) -> Vec<UnixMicros> {
    let mut minutes: Vec<_> = folded.iter().map(|row| row.bucket).collect();
    minutes.sort_unstable();
    minutes.dedup();
    minutes
}

/// The batch's entries as a multirange literal.
fn multirange(stream_id: i32, batch: &Batch) -> String {
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
