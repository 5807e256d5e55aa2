//! What PostgreSQL does.

use std::collections::{BTreeMap, HashMap, HashSet};

use common::{rollup::Dimension, time::UnixMicros, wire::EntryId};

use super::super::{failure::Failure, transaction::Stored};
use crate::decode::{Counts, RowKey};

/// A connection.
pub(super) type Backend = u32;
/// First and last entry, as the numbers in `commits.entries`.
pub(super) type Span = (String, String);

/// Of an event or a rollup row: what it counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) events: u64,
    pub(crate) value_micros: i128,
}

/// Why a statement doesn't succeed now.
#[derive(Debug)]
pub(super) enum Refused {
    /// Another transaction must end first.
    Blocked,
    /// Two transactions wait for each other, and this one is ended: SQLSTATE 40P01.
    Deadlock,
    Failed(Failure),
}

/// What a transaction writes besides its rows.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) spans: Vec<Span>,
    pub(super) events: Vec<(RowKey, UnixMicros, Sums)>,
    pub(super) rollups: Vec<(RollupKey, Sums)>,
    pub(super) letters: Vec<(EntryId, u32)>,
    pub(super) entries: Vec<EntryId>,
    pub(super) counts: Counts,
}

pub(super) type RollupKey = (i64, UnixMicros, Dimension, Box<str>);

#[derive(Debug, Default)]
struct Transaction {
    lane: usize,
    rows: HashSet<RowKey>,
    waits_for: Option<Backend>,
    /// Sent with its COMMIT; the outcome is open.
    change: Option<Change>,
    /// The client is gone.
    is_orphan: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) events: HashMap<RowKey, (UnixMicros, Sums)>,
    pub(crate) letters: HashSet<(EntryId, u32)>,
    /// The entries of all commits.
    pub(crate) counted: Vec<EntryId>,
    pub(crate) ledger: Counts,
    spans: Vec<Span>,
    rollups: BTreeMap<RollupKey, Sums>,
    open: BTreeMap<Backend, Transaction>,
    backends: Backend,
    writers: i64,
}

fn is_before(a: &str, b: &str) -> bool {
    (a.len(), a) < (b.len(), b)
}

fn overlap(a: &[Span], b: &[Span]) -> bool {
    let apart = |a: &Span, b: &Span| is_before(&a.1, &b.0) || is_before(&b.1, &a.0);
    a.iter().any(|a| b.iter().any(|b| !apart(a, b)))
}

impl Tables {
    /// A connection for the lane, once the server has ended the lane's last one.
    pub(super) fn connect(&mut self, lane: usize) -> Option<Backend> {
        let is_held = self.open.values().any(|open| open.lane == lane);
        self.backends += 1;
        (!is_held).then_some(self.backends)
    }

    pub(super) fn open_writer(&mut self) -> i64 {
        self.writers += 1;
        self.writers
    }

    /// The same as `handled_entries.sql`, which sees what is committed.
    pub(super) fn is_handled(&self, entry: &str) -> bool {
        let holds = |(first, last): &Span| !is_before(entry, first) && !is_before(last, entry);
        self.spans.iter().any(holds)
    }

    pub(super) fn begin(&mut self, backend: Backend, lane: usize) {
        let begun = Transaction {
            lane,
            ..Transaction::default()
        };
        self.open.insert(backend, begun);
    }

    /// COPY into `events`: fails at a row that is there.
    pub(super) fn copy(&mut self, backend: Backend, rows: &[RowKey]) -> Result<(), Refused> {
        for row in rows {
            if self.events.contains_key(row) {
                return Err(Refused::Failed(Failure::Duplicate));
            }
            self.insert(backend, *row)?;
        }
        Ok(())
    }

    /// `INSERT … ON CONFLICT DO NOTHING RETURNING`.
    pub(super) fn insert_staged(
        &mut self,
        backend: Backend,
        rows: &[RowKey],
    ) -> Result<Stored, Refused> {
        let mut stored = Stored::default();
        for row in rows {
            if !self.events.contains_key(row) {
                self.insert(backend, *row)?;
                stored.insert(*row);
            }
        }
        Ok(stored)
    }

    /// A row that another transaction has inserted is waited for. What was inserted before stays,
    /// so that the statement goes on there.
    fn insert(&mut self, backend: Backend, row: RowKey) -> Result<(), Refused> {
        let other = |(other, open): (&Backend, &Transaction)| {
            (*other != backend && open.rows.contains(&row)).then_some(*other)
        };
        if let Some(other) = self.open.iter().find_map(other) {
            return Err(self.wait(backend, other));
        }
        self.transaction(backend).rows.insert(row);
        Ok(())
    }

    /// All that follows the rows, and COMMIT: from here on it may be committed.
    pub(super) fn finish(&mut self, backend: Backend, change: Change) -> Result<(), Refused> {
        if overlap(&self.spans, &change.spans) {
            return Err(Refused::Failed(Failure::Handled));
        }
        let other = |(other, open): (&Backend, &Transaction)| {
            let sent = open.change.as_ref()?;
            overlap(&sent.spans, &change.spans).then_some(*other)
        };
        if let Some(other) = self.open.iter().find_map(other) {
            return Err(self.wait(backend, other));
        }
        self.transaction(backend).change = Some(change);
        Ok(())
    }

    pub(super) fn commit(&mut self, backend: Backend) {
        let change = self.open.remove(&backend).and_then(|open| open.change);
        self.apply(change.unwrap());
    }

    pub(super) fn roll_back(&mut self, backend: Backend) {
        self.open.remove(&backend);
    }

    /// The client is gone; the server will notice.
    pub(super) fn orphan(&mut self, backend: Backend) {
        if let Some(open) = self.open.get_mut(&backend) {
            open.is_orphan = true;
        }
    }

    /// The server ends a transaction whose client is gone: a COMMIT that was sent may count.
    pub(crate) fn end_orphan(&mut self, is_committed: bool) {
        let orphan = self.open.iter().find(|(_, open)| open.is_orphan);
        let Some(backend) = orphan.map(|(backend, _)| *backend) else {
            return;
        };
        match self.open.remove(&backend).and_then(|open| open.change) {
            Some(change) if is_committed => self.apply(change),
            _ => {}
        }
    }

    /// Sums over all writers, by minute and dimension.
    pub(crate) fn rolled_up(&self) -> BTreeMap<(UnixMicros, Dimension), Sums> {
        let mut sums = BTreeMap::<_, Sums>::new();
        for ((_, bucket, dimension, _), row) in &self.rollups {
            let sum = sums.entry((*bucket, *dimension)).or_default();
            sum.events += row.events;
            sum.value_micros += row.value_micros;
        }
        sums
    }

    fn apply(&mut self, change: Change) {
        for (key, bucket, sums) in change.events {
            let before = self.events.insert(key, (bucket, sums));
            assert!(before.is_none(), "the unique index let a row in twice");
        }
        self.spans.extend(change.spans);
        self.rollups.extend(change.rollups);
        self.letters.extend(change.letters);
        self.counted.extend(change.entries);
        let Counts {
            entries,
            stored,
            duplicates,
            dead_lettered,
            lost_entries,
        } = change.counts;
        self.ledger.entries += entries;
        self.ledger.stored += stored;
        self.ledger.duplicates += duplicates;
        self.ledger.dead_lettered += dead_lettered;
        self.ledger.lost_entries += lost_entries;
    }

    fn transaction(&mut self, backend: Backend) -> &mut Transaction {
        self.open.get_mut(&backend).unwrap()
    }

    fn wait(&mut self, backend: Backend, other: Backend) -> Refused {
        self.transaction(backend).waits_for = Some(other);
        let mut next = Some(other);
        while let Some(waiting) = next {
            if waiting == backend {
                return Refused::Deadlock;
            }
            next = self.open.get(&waiting).and_then(|open| open.waits_for);
        }
        Refused::Blocked
    }
}
