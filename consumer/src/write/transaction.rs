//! One attempt to write a batch.

use std::{collections::HashSet, time::Instant};

use bytes::Bytes;
use common::{time::UnixMicros, wire::Source};
use foldhash::fast::FixedState;
use futures_util::{SinkExt as _, pin_mut};
use tokio_postgres::{Client, Error, Statement};
use uuid::Uuid;

use super::{
    accounts::{mark_dirty, upsert_rollups},
    failure::Failure,
    session::{REBUILD_LOCK, Session},
};
use crate::{
    decode::{Batch, PerSource, Row},
    fold::Folded,
    rollup_rows::Params,
};

/// How a batch goes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// COPY into `events`; fails where an event is already stored.
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
            &self.batch.copy,
        );
        // The server works on the rows while we fold them.
        let fold = self.fold(session, |_| true);
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
        copy_in(client, &statements.copy_staged, &self.batch.copy).await?;
        let returned = client.query(&statements.insert_staged, &[]).await?;
        let stored: HashSet<(UnixMicros, Uuid), FixedState> = returned
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        let is_stored = |row: &Row| stored.contains(&(row.occurred_at, row.event_id));
        Ok((self.fold(session, is_stored).await, self.counts(is_stored)))
    }

    /// Lets others go on now and then: on the same thread the rows are being sent.
    async fn fold(&self, session: &Session, is_stored: impl Fn(&Row) -> bool) -> Vec<Folded> {
        if !self.folds {
            return Vec::new();
        }
        let memory = &session.writer.memory;
        let mut fold = memory.begin(&self.batch.values, self.max_values);
        for rows in self.batch.rows.chunks(ROWS_IN_ONE_GO) {
            let stored = rows.iter().filter(|row| is_stored(row));
            stored.for_each(|row| fold.add(row));
            tokio::task::yield_now().await;
        }
        fold.finish()
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
}

pub(super) async fn copy_in(
    client: &Client,
    statement: &Statement,
    rows: &[Bytes],
) -> Result<u64, Error> {
    let sink = client.copy_in::<_, Bytes>(statement).await?;
    pin_mut!(sink);
    for piece in rows {
        sink.feed(piece.clone()).await?;
    }
    sink.finish().await
}
