//! What built buckets held when a query read them, kept for the next one that needs them.
//!
//! A key names its buckets in the [`Version`](super::plan::Version)s that the query's own snapshot found. A
//! coarse bucket's rows change only in a transaction that also changes its version, so what was
//! read beside a version is what this snapshot would read beside it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{bounded::BoundedLru, plan::Piece, rollups::Sketches};
use crate::observe;
use common::rollup::{Dimension, Rollup};

/// What the events of one value add up to, over all buckets of a piece.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub events: u64,
    pub value_micros: i128,
}

impl Sum {
    pub fn add(&mut self, other: Self) {
        self.events += other.events;
        self.value_micros += other.value_micros;
    }
}

pub type Sums = Vec<(String, Sum)>;

/// Values that are counted together.
pub type Group = Arc<[String]>;

#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub piece: Arc<Piece>,
    pub dimension: Dimension,
    pub what: What,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// All events with one of these values, of all buckets.
    Merged { values: Group, sketches: Sketches },
    /// What each value adds up to.
    Sums,
}

#[derive(Debug, Clone)]
pub enum Answer {
    Merged(Arc<Rollup>),
    Sums(Arc<Sums>),
}

/// Answers for pieces, the least recently used of them forgotten first; cheap to clone.
#[derive(Debug, Clone)]
pub struct Kept(Arc<Mutex<BoundedLru<Key, Answer>>>);

impl Kept {
    /// Holds at most about `most_bytes`; 0 keeps nothing.
    #[must_use]
    pub fn new(most_bytes: usize) -> Self {
        let answers = BoundedLru::new(most_bytes, bytes_of);
        Self(Arc::new(Mutex::new(answers)))
    }

    fn lock(&self) -> MutexGuard<'_, BoundedLru<Key, Answer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was read before; never of minutes that may change unseen.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<Answer> {
        if key.piece.built.is_empty() {
            return None;
        }
        let answer = self.lock().get(key).cloned();
        observe::piece(answer.is_some());
        answer
    }

    pub fn keep(&self, key: Key, answer: Answer) {
        if key.piece.built.is_empty() {
            return;
        }
        let mut answers = self.lock();
        // Two queries that missed the same answer at once both bring it.
        answers.put(key, answer);
        observe::kept_bytes(answers.bytes());
    }
}

/// About how much memory they take.
fn bytes_of(key: &Key, answer: &Answer) -> usize {
    let named = match &key.what {
        What::Merged { values, .. } => values.iter().map(String::len).sum(),
        What::Sums => 0,
    };
    let held = match answer {
        Answer::Merged(rollup) => rollup.memory_bytes(),
        Answer::Sums(sums) => {
            let names: usize = sums.iter().map(|(value, _)| value.len()).sum();
            names + size_of_val(sums.as_slice())
        }
    };
    let built = size_of_val(key.piece.built.as_slice());
    size_of::<(Key, Answer, Piece)>() + named + built + held
}

#[cfg(test)]
mod tests {
    use common::{rollup::Tier, time::UnixMicros};

    use super::*;
    use crate::query::{plan::Version, range::Range};

    fn key(transaction: i64) -> Key {
        let range = Range {
            from: UnixMicros(0),
            to: UnixMicros(3_600_000_000),
        };
        let version = Version {
            transaction,
            built_at: UnixMicros(7),
        };
        let piece = Piece {
            tier: Tier::Hour,
            range,
            built: vec![version],
        };
        Key {
            piece: Arc::new(piece),
            dimension: Dimension::Page,
            what: What::Sums,
        }
    }

    fn answer(events: u64) -> Answer {
        let sum = Sum {
            events,
            value_micros: 0,
        };
        Answer::Sums(Arc::new(vec![("/".repeat(100), sum)]))
    }

    #[test]
    fn the_oldest_answers_make_room_and_bytes_are_counted() {
        let each = bytes_of(&key(0), &answer(0));
        let kept = Kept::new(each * 3);
        for transaction in 0..10 {
            // Twice, as two queries at once bring it.
            kept.keep(key(transaction), answer(1));
            kept.keep(key(transaction), answer(2));
            assert!(kept.lock().bytes().0 <= each * 3);
            assert!(kept.get(&key(0)).is_some(), "used all the time");
        }
        let answers = kept.lock();
        assert_eq!((answers.len(), answers.bytes().0), (3, each * 3));
    }

    #[test]
    fn what_is_larger_than_all_is_not_kept() {
        let kept = Kept::new(0);
        kept.keep(key(0), answer(1));
        assert!(kept.get(&key(0)).is_none());
        assert!(kept.lock().is_empty());
    }

    #[test]
    fn another_version_is_another_key() {
        let kept = Kept::new(1 << 20);
        kept.keep(key(1), answer(1));
        assert!(kept.get(&key(2)).is_none());
        assert!(matches!(kept.get(&key(1)), Some(Answer::Sums(sums)) if sums[0].1.events == 1));
    }
}
