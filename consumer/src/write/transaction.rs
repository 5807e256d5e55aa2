//! One attempt to write a batch.

use std::{collections::HashSet, time::Instant};

use bytes::Bytes;
use common::{fault, wire::Source};
use foldhash::fast::FixedState;
use futures_util::{SinkExt as _, pin_mut};
use tokio_postgres::{Client, Error, Statement};

use super::{
    accounts::{mark_dirty, upsert_rollups},
    failure::Failure,
    session::{REBUILD_LOCK, Session},
    suspects::Suspects,
};
use crate::{
    decode::{Batch, PerSource, Row, RowKey},
    fold::{Fold, Folded, Memory},
    rollup_rows::Params,
};

/// Keys of rows that weren't in the table before.
pub(super) type Stored = HashSet<RowKey, FixedState>;

/// How a batch goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// COPY into `events`, suspects aside; fails where an event is already stored.
    Straight,
    /// By way of a temporary table; what is already stored is left out.
    Staged,
}

/// Rows folded before others may go on: a fraction of a millisecond.
const ROWS_IN_ONE_GO: usize = 512;

pub(super) struct Attempt<'a> {
    pub(super) batch: &'a Batch,
    pub(super) stream_id: i32,
    pub(super) path: Path,
    pub(super) suspects: &'a Suspects,
    pub(super) max_values: usize,
    pub(super) folds: bool,
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
        fault::point("before_copy");
        let (folded, counts) = match self.path {
            Path::Straight => self.straight(session).await?,
            Path::Staged => self.staged(session).await?,
        };
        let seq = session.writer.seq + 1;
        fault::point("before_commit");
        self.finish(session, &folded, &counts, seq, started).await?;
        fault::point("after_commit");
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
        let suspects = self.suspects;
        let rows = match suspects.is_empty() {
            true => self.batch.copy.all(),
            false => self.batch.copy.only(|row| !suspects.contains(row)),
        };
        let copy = copy_in(&session.client, &session.statements.copy_events, rows);
        // The server works on the rows while we fold them.
        let memory = &session.writer.memory;
        let fold = self.fold(memory, |row, _| !suspects.contains(row));
        let straight = self.batch.rows.len() - suspects.len();
        let (copied, mut fold) = match straight {
            0 => (Ok(0), fold.await),
            _ => tokio::join!(biased; copy, fold),
        };
        all_there(straight, copied?)?;
        if suspects.is_empty() {
            return Ok((fold.finish(), self.counts(&Stored::default())));
        }
        let rows = self.batch.copy.only(|row| suspects.contains(row));
        let stored = insert_staged(session, rows).await?;
        let rows = suspects.iter().map(|row| &self.batch.rows[row]);
        check_duplicates(session, rows, &stored).await?;
        self.fold_suspects(&mut fold, &stored);
        Ok((fold.finish(), self.counts(&stored)))
    }

    async fn staged(&self, session: &Session) -> Result<(Vec<Folded>, PerSource), Failure> {
        let stored = insert_staged(session, self.batch.copy.all()).await?;
        check_duplicates(session, &self.batch.rows, &stored).await?;
        let memory = &session.writer.memory;
        let fold = self.fold(memory, |_, row| is_folded(row, &stored)).await;
        Ok((fold.finish(), self.counts(&stored)))
    }

    /// Lets others go on now and then: on the same thread the rows are being sent.
    pub(super) async fn fold<'s>(
        &'s self,
        memory: &'s Memory,
        is_stored: impl Fn(usize, &Row) -> bool,
    ) -> Fold<'s> {
        let mut fold = memory.begin(&self.batch.values, self.max_values);
        if !self.folds {
            return fold;
        }
        for (number, row) in self.batch.rows.iter().enumerate() {
            if is_stored(number, row) {
                fold.add(row);
            }
            if number % ROWS_IN_ONE_GO == 0 {
                tokio::task::yield_now().await;
            }
        }
        fold
    }

    pub(super) fn fold_suspects(&self, fold: &mut Fold<'_>, stored: &Stored) {
        for row in self.suspects.iter() {
            let row = &self.batch.rows[row];
            if self.folds && is_folded(row, stored) {
                fold.add(row);
            }
        }
    }

    /// `stored` are the rows that went in by way of the temporary table.
    pub(super) fn counts(&self, stored: &Stored) -> PerSource {
        let batch = self.batch;
        let mut counts = PerSource::default();
        for entry in &batch.entries {
            counts.of(entry.source).entries += 1;
        }
        for (number, row) in batch.rows.iter().enumerate() {
            let counts = counts.of(batch.source(row.entry));
            let is_stored = self.went_straight(number) || stored.contains(&row.key());
            counts.stored += u64::from(is_stored);
            counts.duplicates += u64::from(!is_stored);
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

    pub(super) fn went_straight(&self, row: usize) -> bool {
        self.path == Path::Straight && !self.suspects.contains(row)
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
}

pub(super) async fn copy_in(
    client: &Client,
    statement: &Statement,
    rows: Vec<Bytes>,
) -> Result<u64, Error> {
    let sink = client.copy_in::<_, Bytes>(statement).await?;
    pin_mut!(sink);
    for piece in rows {
        sink.feed(piece).await?;
        fault::point("in_copy");
    }
    sink.finish().await
}

/// What was stored before is folded by a broken build only.
fn is_folded(row: &Row, stored: &Stored) -> bool {
    stored.contains(&row.key()) || fault::is_on("fold_before_insert")
}

/// Inserts rows by way of the temporary table; returns those that weren't stored before.
pub(super) async fn insert_staged(session: &Session, rows: Vec<Bytes>) -> Result<Stored, Error> {
    let (client, statements) = (&session.client, &session.statements);
    copy_in(client, &statements.copy_staged, rows).await?;
    let stored = client.query(&statements.insert_staged, &[]).await?;
    Ok(stored.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// What isn't among the `stored` must have been there before: whatever else keeps a row out of
/// the table would have it counted as a duplicate.
async fn check_duplicates(
    session: &Session,
    rows: impl IntoIterator<Item = &Row>,
    stored: &Stored,
) -> Result<(), Failure> {
    let keys = rows.into_iter().map(Row::key);
    let (times, ids): (Vec<_>, Vec<_>) = keys.filter(|key| !stored.contains(key)).unzip();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
        return Ok(());
    };
    let asked: Params<'_> = &[&times, &ids, first, last];
    let there = session
        .client
        .query_one(&session.statements.count_stored, asked)
        .await?;
    all_there(times.len(), there.get::<_, i64>(0).unsigned_abs())
}

fn all_there(wanted: usize, there: u64) -> Result<(), Failure> {
    match (wanted as u64).saturating_sub(there) {
        0 => Ok(()),
        dropped => Err(Failure::Dropped(dropped)),
    }
}
