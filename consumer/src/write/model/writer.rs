//! What the writer of a lane does, from one wait to the next.

use std::{
    mem,
    pin::pin,
    task::{Context, Poll, Waker},
};

use common::{event::Limits, rollup::Tier};

use super::{
    super::{
        accounts::{entry_number, multirange},
        committed::Committed,
        failure::Failure,
        session::WriterState,
        suspects::{Recent, Suspects},
        transaction::{Attempt, Path, Stored, Written},
        work::Work,
    },
    tables::{Backend, Change, Refused, Span, Sums, Tables},
};
use crate::decode::{Batch, PerSource, RowKey};

/// So few that the rest is counted as `(other)`.
const MAX_VALUES: usize = 2;
const STREAM_ID: i32 = 1;

/// What has been done for a batch.
#[derive(Default)]
enum Done {
    #[default]
    Nothing,
    Begun,
    Copied,
    /// All rows are in; these by way of the temporary table.
    Rows(Stored),
    /// COMMIT is sent.
    Finished(Written),
}

pub(crate) struct Writer {
    lane: usize,
    folds_before_insert: bool,
    recent: Recent,
    session: Option<(Backend, WriterState)>,
    work: Option<Work>,
    done: Done,
}

impl Writer {
    pub(crate) fn new(lane: usize, folds_before_insert: bool) -> Self {
        Self {
            lane,
            folds_before_insert,
            recent: Recent::default(),
            session: None,
            work: None,
            done: Done::Nothing,
        }
    }

    pub(crate) fn is_free(&self) -> bool {
        self.work.is_none()
    }

    /// Takes a batch. Returns what a build that acknowledges too early would say.
    pub(crate) fn take(&mut self, batch: Batch) -> Committed {
        let too_early = Committed::not_yet(&batch);
        self.work = Some(Work::new(batch, Path::Straight));
        too_early
    }

    /// Goes on to the next wait.
    pub(crate) fn step(&mut self, tables: &mut Tables) -> Option<Committed> {
        let mut work = self.work.take()?;
        let Some((backend, mut writer)) = self.session.take() else {
            let connected = tables.connect(self.lane);
            self.session = connected.map(|new| (new, WriterState::new(tables.open_writer())));
            self.work = Some(work);
            return None;
        };
        let done = mem::take(&mut self.done);
        let outcome = self.go_on(done, &mut work, (backend, &mut writer), tables);
        self.session = Some((backend, writer));
        match outcome {
            Ok(Next::Committed(counts)) => return Some(work.committed(counts)),
            Ok(Next::Done(done)) => self.done = done,
            Err(stuck) => match *stuck {
                (Refused::Blocked, done) => self.done = done,
                (Refused::Deadlock, _) => tables.roll_back(backend),
                (Refused::Failed(failure), _) => {
                    tables.roll_back(backend);
                    work.learn(&failure);
                    if matches!(failure, Failure::Duplicate) {
                        self.recent.watch(&work.batch.rows);
                    }
                }
            },
        }
        self.work = Some(work);
        None
    }

    /// No answer any more, whatever was sent.
    pub(crate) fn cut(&mut self, tables: &mut Tables) {
        if let Some((backend, _)) = self.session.take() {
            tables.orphan(backend);
        }
        self.done = Done::Nothing;
        if let Some(work) = &mut self.work {
            work.learn(&Failure::TimedOut);
        }
    }

    /// A new writer id, between two batches.
    pub(crate) fn rotate(&mut self, tables: &mut Tables) {
        if let (None, Some((_, writer))) = (&self.work, &mut self.session) {
            *writer = WriterState::new(tables.open_writer());
        }
    }

    fn go_on(
        &self,
        done: Done,
        work: &mut Work,
        (backend, writer): (Backend, &mut WriterState),
        tables: &mut Tables,
    ) -> Result<Next, Stuck> {
        let next = match done {
            Done::Nothing if work.check_handled => {
                let is_handled = |id: &_| tables.is_handled(&entry_number(STREAM_ID, *id));
                let handled = work.batch.entry_ids().filter(is_handled).collect();
                work.checked(&handled, Limits::default());
                Done::Nothing
            }
            Done::Nothing if work.batch.spans.is_empty() => {
                return Ok(Next::Committed(PerSource::default()));
            }
            Done::Nothing => {
                let suspects = || self.recent.begin(&work.batch.rows);
                work.suspects.get_or_insert_with(suspects);
                tables.begin(backend, self.lane);
                Done::Begun
            }
            Done::Begun if work.path == Path::Staged => {
                let stored = tables.insert_staged(backend, &keys(work, |_| true));
                Done::Rows(stored.map_err(at(Done::Begun))?)
            }
            Done::Begun => {
                let rows = keys(work, |row| !suspects(work).contains(row));
                let copied = tables.copy(backend, &rows);
                copied.map_err(at(Done::Begun))?;
                Done::Copied
            }
            Done::Copied => {
                let rows = keys(work, |row| suspects(work).contains(row));
                let stored = tables.insert_staged(backend, &rows);
                Done::Rows(stored.map_err(at(Done::Copied))?)
            }
            Done::Rows(stored) => {
                let (written, change) = self.fold(work, writer, &stored);
                let sent = tables.finish(backend, change);
                sent.map_err(at(Done::Rows(stored)))?;
                Done::Finished(written)
            }
            Done::Finished(written) => {
                tables.commit(backend);
                return Ok(Next::Committed(writer.advance(written)));
            }
        };
        Ok(Next::Done(next))
    }

    fn fold(&self, work: &Work, writer: &WriterState, stored: &Stored) -> (Written, Change) {
        let batch = &work.batch;
        let attempt = Attempt {
            batch,
            stream_id: STREAM_ID,
            path: work.path,
            suspects: suspects(work),
            max_values: MAX_VALUES,
            folds: true,
            queue_ms: 0.0,
        };
        let everything = || batch.rows.iter().map(|row| row.key()).collect();
        let to_fold = match self.folds_before_insert {
            true => everything(),
            false => stored.clone(),
        };
        let is_folded = |number, row: &crate::decode::Row| match work.path {
            Path::Straight => !suspects(work).contains(number),
            Path::Staged => to_fold.contains(&row.key()),
        };
        let mut fold = at_once(attempt.fold(&writer.memory, is_folded));
        if work.path == Path::Straight {
            attempt.fold_suspects(&mut fold, &to_fold);
        }
        let folded = fold.finish();
        let counts = attempt.counts(stored);
        let rollups = folded.iter().map(|row| {
            let sums = Sums {
                events: row.rollup.events,
                value_micros: row.rollup.value_micros,
            };
            let key = (writer.id, row.bucket, row.dimension, row.value.clone());
            (key, sums)
        });
        let is_stored = |(number, row): &(usize, &crate::decode::Row)| {
            attempt.went_straight(*number) || stored.contains(&row.key())
        };
        let events = batch.rows.iter().enumerate().filter(is_stored);
        let change = Change {
            spans: spans(&multirange(STREAM_ID, batch)),
            events: events.map(|(_, row)| event(row)).collect(),
            rollups: rollups.collect(),
            letters: batch
                .dead_letters
                .iter()
                .map(|letter| (batch.entries[letter.entry as usize].id, letter.index))
                .collect(),
            entries: batch.entries.iter().map(|entry| entry.id).collect(),
            counts: counts.total(),
        };
        let written = Written {
            counts,
            folded,
            seq: writer.seq + 1,
            generation: 0,
        };
        (written, change)
    }
}

enum Next {
    Done(Done),
    Committed(PerSource),
}

/// Why it didn't go on, and from where it may be tried again.
type Stuck = Box<(Refused, Done)>;

fn at(done: Done) -> impl FnOnce(Refused) -> Stuck {
    |refused| Box::new((refused, done))
}

fn suspects(work: &Work) -> &Suspects {
    work.suspects.as_ref().unwrap()
}

fn keys(work: &Work, wanted: impl Fn(usize) -> bool) -> Vec<RowKey> {
    let rows = work.batch.rows.iter().enumerate();
    let wanted = rows.filter(|(number, _)| wanted(*number));
    wanted.map(|(_, row)| row.key()).collect()
}

fn event(row: &crate::decode::Row) -> (RowKey, common::time::UnixMicros, Sums) {
    let sums = Sums {
        events: 1,
        value_micros: row.sample.value_micros.unwrap_or_default().into(),
    };
    (row.key(), Tier::Minute.bucket(row.occurred_at), sums)
}

/// A multirange literal, taken apart.
fn spans(literal: &str) -> Vec<Span> {
    let inside = literal.trim_matches(['{', '}', '[', ']']);
    let pairs = inside.split("],[").filter_map(|pair| pair.split_once(','));
    pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// The end of a future that waits for nobody.
fn at_once<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = polled {
            return output;
        }
    }
}
