//! Which rows of a batch may be stored already: those that a lane of this process has begun
//! to write lately.
//!
//! A guess that costs little: suspects go in by way of a temporary table, the others
//! straight. Whether an event is a duplicate is decided by the unique index alone.

use std::{
    collections::HashSet,
    hash::BuildHasher as _,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use foldhash::fast::FixedState;

use crate::decode::{Row, RowKey};

/// Keys in each of the two generations: about 5 MB.
const GENERATION: usize = 250_000;
/// How long keys are remembered after the last duplicate.
const WATCH: Duration = Duration::from_secs(300);

/// Numbers of rows that may be duplicates.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    rows: HashSet<usize, FixedState>,
    /// Whether suspects were looked up at all.
    pub(super) were_sought: bool,
}

impl Suspects {
    pub(super) fn contains(&self, row: usize) -> bool {
        self.rows.contains(&row)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().copied()
    }
}

/// What the lanes of this process have begun to write, while duplicates come. Nothing is
/// remembered before the first one.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    watched_until: Option<Instant>,
    young: HashSet<u64, FixedState>,
    old: HashSet<u64, FixedState>,
}

impl Recent {
    /// A duplicate was found among `rows`: from now on keys are remembered.
    pub(super) fn watch(&self, rows: &[Row]) {
        let mut generations = self.lock();
        generations.watch();
        for row in rows {
            generations.meet(row.key());
        }
    }

    /// A lane begins to write `rows`. It tells so before its transaction begins: then it waits
    /// for suspects only in transactions that began before its own, which can't deadlock.
    pub(super) fn begin(&self, rows: &[Row]) -> Suspects {
        let mut generations = self.lock();
        if !generations.is_watched() {
            *generations = Generations::default();
            return Suspects::default();
        }
        let met = |(number, row): (usize, &Row)| generations.meet(row.key()).then_some(number);
        let rows: HashSet<_, _> = rows.iter().enumerate().filter_map(met).collect();
        if !rows.is_empty() {
            generations.watch();
        }
        Suspects {
            rows,
            were_sought: true,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn is_watched(&self) -> bool {
        self.watched_until
            .is_some_and(|until| Instant::now() < until)
    }

    fn watch(&mut self) {
        self.watched_until = Some(Instant::now() + WATCH);
    }

    /// Remembers the key; whether it was remembered before.
    fn meet(&mut self, key: RowKey) -> bool {
        let hash = FixedState::default().hash_one(key);
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        !self.young.insert(hash) || self.old.contains(&hash)
    }
}

#[cfg(test)]
mod tests {
    use common::{event::Event, rollup::Sample, time::UnixMicros};
    use uuid::Uuid;

    use super::*;

    fn rows(ids: std::ops::Range<u128>) -> Vec<Row> {
        let event = Event {
            event_id: Uuid::nil(),
            event_type: "login".into(),
            occurred_at: UnixMicros(7),
            user_id: "u".into(),
            session_id: None,
            page: None,
            referrer: None,
            country: None,
            device: None,
            browser: None,
            os: None,
            value_micros: None,
            duration_ms: None,
            properties: None,
        };
        let row = |id| Row {
            entry: 0,
            index: 0,
            occurred_at: event.occurred_at,
            event_id: Uuid::from_u128(id),
            values: [0; 8],
            sample: Sample::of(&event),
        };
        ids.map(row).collect()
    }

    #[test]
    fn what_was_begun_before_is_suspect_once_a_duplicate_was_met() {
        let recent = Recent::default();
        assert!(recent.begin(&rows(0..10)).is_empty());
        assert!(
            recent.begin(&rows(0..10)).is_empty(),
            "nothing is remembered yet"
        );
        recent.watch(&rows(0..10));
        let suspects = recent.begin(&rows(8..14));
        let mut numbers: Vec<_> = suspects.iter().collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1]);
        assert!(suspects.contains(1) && !suspects.contains(2));
    }

    #[test]
    fn keys_are_remembered_until_some_time_after_the_last_suspect() {
        let recent = Recent::default();
        recent.watch(&rows(0..10));
        let (almost, none) = (Duration::from_secs(60), Suspects::default());
        assert!(none.is_empty());
        let until = Instant::now() + almost;
        recent.lock().watched_until = Some(until);
        assert!(recent.begin(&rows(20..30)).is_empty());
        assert_eq!(recent.lock().watched_until, Some(until));
        assert!(!recent.begin(&rows(25..26)).is_empty());
        assert!(recent.lock().watched_until >= Some(until + almost));
        recent.lock().watched_until = Some(Instant::now());
        assert!(recent.begin(&rows(25..26)).is_empty());
        assert!(recent.lock().young.is_empty(), "forgotten");
    }

    #[test]
    fn no_more_than_two_generations_are_remembered() {
        let recent = Recent::default();
        recent.watch(&[]);
        let many = GENERATION as u128;
        recent.begin(&rows(0..3 * many));
        assert!(recent.begin(&rows(0..10)).is_empty());
        assert_eq!(recent.begin(&rows(3 * many - 10..3 * many)).len(), 10);
    }
}
