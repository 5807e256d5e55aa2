//! The commits of the last minutes: from it follows what a returning client has missed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use common::time::UnixMicros;

use super::position::Position;
use crate::query::range::MINUTE;

/// Commits are kept this long.
const KEPT: i64 = 10 * MINUTE;
/// Positions older than this aren't resumed, so that a writer that has left positions had closed
/// before any of them was made.
const OLDEST: i64 = 9 * MINUTE;
/// Commits kept at most.
pub(super) const MOST_COMMITS: usize = 20_000;
/// Minutes that they touched, in all at most: 8 bytes each.
const MOST_MINUTES: usize = 500_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Writer {
    last: i64,
    /// Commits after this one are in the log.
    base: i64,
    /// Positions name it.
    named: bool,
}

#[derive(Debug)]
pub(super) struct Commit {
    pub(super) writer: i64,
    pub(super) seq: i64,
    pub(super) at: UnixMicros,
    /// Those that some window may hold.
    pub(super) minutes: Box<[UnixMicros]>,
}

/// Sequence numbers of a writer rise by one.
#[derive(Debug, Default)]
pub(super) struct Log {
    writers: BTreeMap<i64, Writer>,
    commits: VecDeque<Commit>,
    minutes: usize,
}

impl Log {
    /// Begins with the writers that the database names at the first look: what they had
    /// committed is only in the log as far as [`Self::add_earlier`] brings it.
    pub(super) fn of(writers: &[(i64, i64, bool)]) -> Self {
        let writer = |(id, last, named): &(i64, i64, bool)| {
            let (last, base, named) = (*last, *last, *named);
            (*id, Writer { last, base, named })
        };
        Self {
            writers: writers.iter().map(writer).collect(),
            ..Self::default()
        }
    }

    /// What the database says of writers later: known ones are named or not, and forgotten where
    /// they aren't given. New ones come with their first commit, which is still to be read.
    pub(super) fn set_writers(&mut self, given: &[(i64, i64, bool)]) {
        let mut known = std::mem::take(&mut self.writers);
        for (id, _, named) in given.iter().copied() {
            if let Some(writer) = known.remove(&id) {
                self.writers.insert(id, Writer { named, ..writer });
            }
        }
    }

    /// Commits from before the first look, newest first.
    pub(super) fn add_earlier(&mut self, commit: Commit) {
        let Some(known) = self.writers.get_mut(&commit.writer) else {
            return;
        };
        if known.base == commit.seq && self.commits.len() < MOST_COMMITS {
            known.base = commit.seq - 1;
            self.minutes += commit.minutes.len();
            self.commits.push_front(commit);
        }
    }

    /// A commit that has just been seen.
    pub(super) fn add(&mut self, commit: Commit) {
        let (before, at) = (commit.seq - 1, commit.at);
        let known = self.writers.entry(commit.writer).or_insert(Writer {
            last: before,
            base: before,
            named: true,
        });
        known.last = commit.seq;
        self.minutes += commit.minutes.len();
        self.commits.push_back(commit);
        self.forget(UnixMicros(at.0 - KEPT));
    }

    fn forget(&mut self, before: UnixMicros) {
        while let Some(oldest) = self.commits.front() {
            let fits = self.commits.len() <= MOST_COMMITS && self.minutes <= MOST_MINUTES;
            if fits && oldest.at >= before {
                return;
            }
            if let Some(writer) = self.writers.get_mut(&oldest.writer) {
                writer.base = writer.base.max(oldest.seq);
            }
            self.minutes -= oldest.minutes.len();
            self.commits.pop_front();
        }
    }

    /// Writers and their last commits, for asking what is new.
    pub(super) fn known(&self) -> (Vec<i64>, Vec<i64>) {
        let known = self.writers.iter();
        known.map(|(writer, known)| (*writer, known.last)).unzip()
    }

    /// The present position.
    pub(super) fn position(&self, end: UnixMicros, generation: i64) -> Position {
        let named = self.writers.iter().filter(|(_, writer)| writer.named);
        Position {
            end,
            generation,
            writers: named.map(|(id, writer)| (*id, writer.last)).collect(),
        }
    }

    /// The minutes that commits after `from` touched. `None` where that isn't known: it is too
    /// old, from another generation, or counts what nobody has committed.
    pub(super) fn missed(&self, from: &Position, now: &Position) -> Option<BTreeSet<UnixMicros>> {
        if from.generation != now.generation || from.end.0 < now.end.0 - OLDEST {
            return None;
        }
        let seen = |(id, seq): (&i64, &i64)| {
            let known = self.writers.get(id);
            known.is_some_and(|known| known.base <= *seq && *seq <= known.last)
        };
        let unseen = |(id, writer): (&i64, &Writer)| {
            from.writers.contains_key(id) || !writer.named || writer.base <= 0
        };
        if !from.writers.iter().all(seen) || !self.writers.iter().all(unseen) {
            return None;
        }
        let named = |id: i64| self.writers.get(&id).is_some_and(|writer| writer.named);
        let missed = |commit: &&Commit| match from.writers.get(&commit.writer) {
            Some(seq) => commit.seq > *seq,
            None => named(commit.writer),
        };
        let missed = self.commits.iter().filter(missed);
        Some(
            missed
                .flat_map(|commit| commit.minutes.iter().copied())
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000 * MINUTE;

    fn commit(writer: i64, seq: i64, at: i64, minutes: &[i64]) -> Commit {
        let minutes = minutes.iter().map(|minute| UnixMicros(minute * MINUTE));
        Commit {
            writer,
            seq,
            at: UnixMicros(at),
            minutes: minutes.collect(),
        }
    }

    fn log() -> Log {
        let mut log = Log::of(&[(3, 7, true), (4, 2, true), (5, 9, false)]);
        for (writer, seq) in [(3, 7), (4, 2), (3, 6), (4, 1), (3, 4)] {
            log.add_earlier(commit(writer, seq, NOW, &[900 + seq]));
        }
        log.add(commit(3, 8, NOW, &[990, 991]));
        log.add(commit(6, 1, NOW, &[992]));
        log
    }

    fn missed(log: &Log, position: &str) -> Option<Vec<i64>> {
        let from = Position::parse(position).unwrap();
        let missed = log.missed(&from, &log.position(UnixMicros(NOW), 1))?;
        Some(missed.into_iter().map(|minute| minute.0 / MINUTE).collect())
    }

    #[test]
    fn what_came_after_a_position_is_known() {
        let log = log();
        let now = log.position(UnixMicros(NOW), 1).to_string();
        assert_eq!(now, "@1000.1,3:8,4:2,6:1");
        assert_eq!(missed(&log, &now), Some(vec![]));
        assert_eq!(missed(&log, "@1000.1,3:7,4:2,6:1"), Some(vec![990, 991]));
        // Writer 4 is known from its first commit, 6 as well.
        assert_eq!(missed(&log, "@999.1,3:8"), Some(vec![901, 902, 992]));
        // 5 closed lately and is named by older positions.
        assert_eq!(
            missed(&log, "@999.1,3:5,4:2,5:9"),
            Some(vec![906, 907, 990, 991, 992])
        );
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let log = log();
        let unknown = [
            ("a writer's commits go back too far", "@999.1,3:4,4:2,6:1"),
            (
                "a writer isn't in it and not known from its birth",
                "@999.1,4:2,6:1",
            ),
            ("the future", "@1000.1,3:9,4:2,6:1"),
            ("a writer nobody knows", "@1000.1,3:8,4:2,6:1,9:1"),
            ("another generation", "@1000.2,3:8,4:2,6:1"),
            ("too old", "@990.1,3:8,4:2,6:1"),
            (
                "a pruned writer, not as far as it got",
                "@1000.1,3:8,4:2,5:8,6:1",
            ),
        ];
        for (why, position) in unknown {
            assert_eq!(missed(&log, position), None, "{why}");
        }
    }

    #[test]
    fn a_new_writer_is_known_from_its_first_commit() {
        let mut log = log();
        let before = log.position(UnixMicros(NOW), 1).to_string();
        // 7 has committed twice since the last look, and 5 is gone.
        log.set_writers(&[(3, 8, true), (4, 2, false), (6, 1, true), (7, 2, true)]);
        assert_eq!(log.known(), (vec![3, 4, 6], vec![8, 2, 1]));
        log.add(commit(7, 1, NOW, &[993]));
        log.add(commit(7, 2, NOW, &[994]));
        let now = log.position(UnixMicros(NOW), 1).to_string();
        assert_eq!(now, "@1000.1,3:8,6:1,7:2");
        assert_eq!(missed(&log, &before), Some(vec![993, 994]));
    }

    #[test]
    fn old_commits_are_forgotten_and_no_longer_claimed() {
        let mut log = log();
        log.add(commit(6, 2, NOW + KEPT + 1, &[1_000]));
        assert_eq!(log.commits.len(), 1);
        assert_eq!(missed(&log, "@1000.1,3:8,4:2,6:1"), Some(vec![1_000]));
        assert_eq!(missed(&log, "@1000.1,3:7,4:2,6:1"), None);
        for seq in 3..MOST_COMMITS as i64 + 10 {
            log.add(commit(6, seq, NOW + KEPT + 1, &[]));
        }
        assert_eq!(log.commits.len(), MOST_COMMITS);
        assert_eq!(missed(&log, "@1000.1,3:8,4:2,6:1"), None);
    }
}
