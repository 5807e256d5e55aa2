//! A batch on its way into the database.

use std::{
    collections::{HashMap, HashSet},
    mem,
    time::Duration,
};

use common::{
    event::{Code, Limits},
    wire::EntryId,
};

use super::{
    committed::Committed, failure::Failure, recover, suspects::Suspects, traced::Traced,
    transaction::Path,
};
use crate::decode::{Batch, PerSource, Rejected};

/// Of the time for one attempt, where a batch turns out to need more.
const MAX_DOUBLINGS: u32 = 4;

/// A batch and what was learned about it so far.
pub(super) struct Work {
    pub(super) batch: Batch,
    /// What is acknowledged in the end, whatever is left out on the way.
    pub(super) entries: Vec<EntryId>,
    pub(super) path: Path,
    /// Predicted before the first attempt, and again when the batch changes.
    pub(super) suspects: Option<Suspects>,
    /// Some of its entries may have been counted.
    pub(super) check_handled: bool,
    /// A commit has counted something within its piece of the stream.
    overlaps: bool,
    /// Rows that the database rejects.
    pub(super) refused: Rejected,
    /// Attempts that were not done in time; each doubles the time of the next.
    pub(super) timeouts: u32,
    /// Attempts that failed one after the other.
    pub(super) failures: u32,
    /// Attempts that showed that the batch has to go in another way.
    pub(super) detours: u32,
    pub(super) traced: Traced,
}

impl Work {
    pub(super) fn new(batch: Batch, path: Path) -> Self {
        Self {
            entries: batch.entry_ids().collect(),
            path,
            suspects: None,
            check_handled: batch.redelivered,
            overlaps: false,
            traced: Traced::begin(&batch),
            batch,
            refused: Rejected::new(),
            timeouts: 0,
            failures: 0,
            detours: 0,
        }
    }

    /// For one attempt: longer for a batch that wasn't done in time before.
    pub(super) fn limit(&self, first: Duration) -> Duration {
        first * (1 << self.timeouts.min(MAX_DOUBLINGS))
    }

    /// What a failed attempt says about the batch.
    pub(super) fn learn(&mut self, failure: &Failure) {
        match failure {
            Failure::Duplicate => self.path = Path::Staged,
            Failure::Handled => (self.check_handled, self.overlaps) = (true, true),
            failure if failure.ends_session() => {
                self.timeouts += u32::from(matches!(failure, Failure::TimedOut));
                // It may have been committed: the entries tell.
                self.check_handled = true;
            }
            _ => {}
        }
    }

    pub(super) fn committed(self, counts: PerSource) -> Committed {
        let batch = self.batch;
        Committed {
            entries: self.entries,
            counts,
            bytes: batch.bytes,
            dead_letters: by_reason(&batch),
            lost: Committed::named(&batch.lost),
            stream_wait: Duration::from_secs_f64(batch.mean_stream_ms() / 1_000.0),
            write: batch.finished_at.elapsed(),
        }
    }

    /// These of its entries are counted: without them it is tried again.
    pub(super) fn checked(&mut self, handled: &HashSet<EntryId>, limits: Limits) {
        self.check_handled = false;
        if mem::take(&mut self.overlaps) || !handled.is_empty() {
            self.leave_out(handled, limits);
        }
    }

    /// Decodes the batch again without these entries and the rows known to be refused. Its
    /// entries then stand for themselves, no longer for a piece of the stream.
    pub(super) fn leave_out(&mut self, handled: &HashSet<EntryId>, limits: Limits) {
        let empty = Batch::empty(self.batch.epoch.clone());
        let batch = mem::replace(&mut self.batch, empty);
        self.suspects = None;
        self.batch = recover::without(batch, handled, self.refused.clone(), limits);
    }
}

fn by_reason(batch: &Batch) -> Vec<(Code, u64)> {
    let mut counts = HashMap::new();
    for letter in &batch.dead_letters {
        *counts.entry(letter.code).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use common::{
        event::Violations,
        wire::{Payload, Source},
    };

    use super::*;
    use crate::{decode::DeadLetter, read::Entry, write::tests::batch};

    const fn id(ms: u64) -> EntryId {
        EntryId { ms, seq: 0 }
    }

    fn entry(ms: u64) -> Entry {
        Entry {
            id: id(ms),
            source: Source::External,
            payload: Payload::Missing,
            trace: Default::default(),
        }
    }

    #[test]
    fn only_what_is_lost_is_named_as_lost() {
        let lost = (2..302).map(id).collect();
        let batch = batch(vec![entry(1), entry(5_000)], lost, true);
        let mut work = Work::new(batch, Path::Straight);
        // One turns out to be counted already.
        work.leave_out(&HashSet::from([id(2)]), Limits::default());
        let done = work.committed(PerSource::default());
        assert_eq!(done.entries.len(), 302);
        assert_eq!(done.lost, (3..103).map(id).collect::<Vec<_>>());
    }

    #[test]
    fn a_batch_is_taken_apart_only_where_something_of_it_is_counted() {
        let batch = batch((1..4).map(entry).collect(), Vec::new(), false);
        let mut work = Work::new(batch, Path::Straight);
        let finished = work.batch.finished_at;
        for (failure, spans) in [(Failure::TimedOut, 1), (Failure::Handled, 3)] {
            work.learn(&failure);
            assert!(work.check_handled);
            work.checked(&HashSet::new(), Limits::default());
            assert!(!work.check_handled);
            assert_eq!(work.batch.spans.len(), spans);
        }
        work.checked(&HashSet::from([id(2)]), Limits::default());
        assert_eq!(work.batch.spans.len(), 2);
        assert_eq!(work.batch.finished_at, finished);
    }

    #[test]
    fn a_failure_changes_only_what_it_tells_of() {
        let mut work = Work::new(Batch::empty("e".into()), Path::Straight);
        work.learn(&Failure::Rebuilt);
        assert!(!work.check_handled && work.path == Path::Straight);
        work.learn(&Failure::Duplicate);
        assert!(!work.check_handled && work.path == Path::Staged);
        work.learn(&Failure::Handled);
        assert!(work.check_handled);
    }

    #[test]
    fn what_is_committed_is_told_by_reason_and_with_its_mean_wait() {
        let mut batch = Batch::empty("e".into());
        let why = Violations::whole(Code::NoPayload, "nothing");
        batch.dead_letters = (0..3)
            .map(|index| DeadLetter::new(0, index, &why, b""))
            .collect();
        batch.stream_ms_sum = 6_000.0;
        let done = Work::new(batch, Path::Straight).committed(PerSource::default());
        assert_eq!(done.dead_letters, [(Code::NoPayload, 3)]);
        assert_eq!(done.stream_wait, Duration::from_secs(2));
    }

    #[test]
    fn each_attempt_that_is_not_done_in_time_doubles_the_time_of_the_next() {
        let mut work = Work::new(Batch::empty("e".into()), Path::Straight);
        let mut limits = Vec::new();
        for _ in 0..6 {
            limits.push(work.limit(Duration::from_secs(12)).as_secs());
            work.learn(&Failure::TimedOut);
        }
        assert_eq!(limits, [12, 24, 48, 96, 192, 192]);
        assert!(work.check_handled);
    }
}
