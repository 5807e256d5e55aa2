//! What a rollup row holds.

use super::{Dimension, Distinct, Durations, Identity, Session, Visits};
use crate::event::Event;

/// A sketch whose stored bytes can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored {0} sketch is not readable")]
pub struct InvalidSketch(pub &'static str);

/// What one event adds to each rollup it belongs to; the hashes are computed once.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub user: Identity,
    pub session: Option<Session>,
    pub value_micros: Option<i64>,
    pub duration_ms: Option<u32>,
}

impl Sample {
    #[must_use]
    pub fn of(event: &Event<'_>) -> Self {
        Self {
            user: Identity::of(&event.user_id),
            session: event.session_id.as_deref().map(Session::of),
            value_micros: event.value_micros,
            duration_ms: event.duration_ms.and_then(|ms| u32::try_from(ms).ok()),
        }
    }
}

/// The aggregate of some events.
#[derive(Debug, Clone, Default)]
pub struct Rollup {
    pub events: u64,
    /// Exact sum of `value_micros`.
    pub value_micros: i128,
    /// Events that have a value.
    pub values: u64,
    /// Exact sum of `duration_ms`; divided by `durations.count()` it is the mean.
    pub duration_ms: u64,
    pub durations: Durations,
    pub users: Distinct,
    pub sessions: Distinct,
    /// Known of all events together ([`Dimension::All`]), and not where a consumer of before V5
    /// had a part in the row.
    pub visits: Visits,
}

impl Rollup {
    /// Of no events yet, for a row of `dimension`. Visits are kept of [`Dimension::All`] only: a
    /// thousand rows of pages would have one row's worth of use for them.
    #[must_use]
    pub fn of(dimension: Dimension) -> Self {
        let visits = match dimension {
            Dimension::All => Visits::default(),
            _ => Visits::UNKNOWN,
        };
        Self {
            visits,
            ..Self::default()
        }
    }

    /// Eight times for each event: a call of its own costs a tenth of all of it.
    #[inline(always)]
    pub fn add(&mut self, sample: &Sample) {
        self.events += 1;
        self.users.insert(sample.user);
        if let Some(session) = sample.session {
            self.sessions.insert(session.identity);
            self.visits.insert(session);
        }
        if let Some(micros) = sample.value_micros {
            self.value_micros += i128::from(micros);
            self.values += 1;
        }
        if let Some(ms) = sample.duration_ms {
            self.duration_ms += u64::from(ms);
            self.durations.insert(ms);
        }
    }

    /// About how much memory this takes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.users.memory_bytes()
            + self.sessions.memory_bytes()
            + self.durations.memory_bytes()
            + self.visits.memory_bytes()
    }

    pub fn merge(&mut self, other: &Self) {
        self.merge_but_sets(other);
        self.users.merge(&other.users);
        self.sessions.merge(&other.sessions);
    }

    /// Merges all but `users` and `sessions`, for callers that merge those separately.
    pub fn merge_but_sets(&mut self, other: &Self) {
        self.events += other.events;
        self.value_micros += other.value_micros;
        self.values += other.values;
        self.duration_ms += other.duration_ms;
        self.durations.merge(&other.durations);
        self.visits.merge(&other.visits);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rollup::DISTINCT_RELATIVE_ERROR;

    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let sample = (
            0..3_000_u32,
            prop::option::of(0..3_000_u32),
            prop::option::of(any::<i64>()),
            prop::option::of(0..1_000_000_u32),
        )
            .prop_map(|(user, session, value_micros, duration_ms)| Sample {
                user: Identity::of(&format!("u{user}")),
                session: session.map(|s| Session::of(&format!("s{s}"))),
                value_micros,
                duration_ms,
            });
        prop::collection::vec(sample, 0..2_000)
    }

    fn rollup_of(samples: &[Sample]) -> Rollup {
        let mut rollup = Rollup::default();
        samples.iter().for_each(|sample| rollup.add(sample));
        rollup
    }

    fn assert_same(a: &Rollup, b: &Rollup) {
        assert_eq!(a.events, b.events);
        assert_eq!((a.value_micros, a.values), (b.value_micros, b.values));
        assert_eq!((a.duration_ms, &a.durations), (b.duration_ms, &b.durations));
        assert_eq!(a.visits, b.visits);
        let close = |a: &Distinct, b: &Distinct| {
            (a.estimate() - b.estimate()).abs() <= 1e-9 * a.estimate().max(1.0)
        };
        assert!(close(&a.users, &b.users), "{:?} {:?}", a.users, b.users);
        assert!(
            close(&a.sessions, &b.sessions),
            "{:?} {:?}",
            a.sessions,
            b.sessions
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn merging_in_any_grouping_and_order_gives_the_same(
            samples in samples(),
            cuts in prop::collection::vec(0..2_000_usize, 0..6),
            reversed in any::<bool>(),
        ) {
            let whole = rollup_of(&samples);
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(samples.len())).collect();
            cuts.extend([0, samples.len()]);
            cuts.sort_unstable();
            let mut parts: Vec<_> =
                cuts.windows(2).map(|w| rollup_of(&samples[w[0]..w[1]])).collect();
            if reversed {
                parts.reverse();
            }
            let mut merged = Rollup::default();
            parts.iter().for_each(|part| merged.merge(part));
            assert_same(&merged, &whole);
            if parts.len() > 2 {
                let mut tail = parts[1].clone();
                parts[2..].iter().for_each(|part| tail.merge(part));
                let mut grouped = parts[0].clone();
                grouped.merge(&tail);
                assert_same(&grouped, &whole);
            }
        }

        #[test]
        fn stored_sketches_are_read_back(samples in samples()) {
            let whole = rollup_of(&samples);
            let back = Rollup {
                users: Distinct::decode(&whole.users.encode()).unwrap(),
                sessions: Distinct::decode(&whole.sessions.encode()).unwrap(),
                durations: Durations::decode(&whole.durations.encode()).unwrap(),
                visits: Visits::decode(whole.visits.encode().as_deref()).unwrap(),
                ..whole.clone()
            };
            assert_same(&whole, &back);
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Distinct::decode(&bytes);
        }
    }

    #[test]
    fn few_identities_are_counted_exactly_and_many_within_four_errors() {
        for n in [0_u32, 1, 10, 100, 300, 10_000, 200_000] {
            let mut users = Distinct::default();
            for repeat in 0..2 {
                for i in 0..n {
                    users.insert(Identity::of(&format!("user-{}", (i + repeat * 7) % n)));
                }
            }
            let error = (users.estimate() - f64::from(n)).abs();
            let bound = if n <= 300 {
                0.5
            } else {
                4.0 * DISTINCT_RELATIVE_ERROR * f64::from(n)
            };
            assert!(error <= bound, "{n}: {}", users.estimate());
        }
    }
}
