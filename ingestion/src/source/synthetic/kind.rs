//! What kind of event `i` is: normal, or one with an injected fault.

use serde::Serialize;

use super::{
    malformed::Malformation,
    rng::{Draws, hash, unit},
    settings::Faults,
};

/// A duplicate reaches back less than this many events.
pub(super) const RECENT: u64 = 512;
/// So often a duplicate looks for a normal event before it is sent as one itself.
const TRIES: u32 = 8;

const KIND: u64 = 0x6b69_6e64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Normal,
    /// The same bytes as event `of`.
    Duplicate {
        of: u64,
    },
    Late,
    OutOfOrder,
    Malformed(Malformation),
    Skewed,
}

/// Where each fault ends on the line from 0 to 1.
#[derive(Debug)]
pub(super) struct Kinds {
    seed: u64,
    /// Duplicates don't reach before this event: other settings made those.
    from: u64,
    until: [f64; 5],
}

impl Kinds {
    pub(super) fn new(seed: u64, from: u64, faults: &Faults) -> Self {
        let parts = [
            faults.duplicates,
            faults.malformed,
            faults.late,
            faults.out_of_order,
            faults.skewed,
        ];
        let mut sum = 0.0;
        let until = parts.map(|part| {
            sum += part;
            sum
        });
        Self {
            seed: hash(seed, KIND),
            from,
            until,
        }
    }

    pub(super) fn of(&self, i: u64) -> Kind {
        match self.section(i) {
            0 => self
                .recent_normal(i)
                .map_or(Kind::Normal, |of| Kind::Duplicate { of }),
            1 => Kind::Malformed(Malformation::of(hash(self.seed ^ 1, i))),
            2 => Kind::Late,
            3 => Kind::OutOfOrder,
            4 => Kind::Skewed,
            _ => Kind::Normal,
        }
    }

    fn section(&self, i: u64) -> usize {
        let x = unit(hash(self.seed, i));
        // Most events are normal, which the last bound decides at once.
        if x >= self.until[4] {
            return self.until.len();
        }
        self.until
            .iter()
            .position(|until| x < *until)
            .unwrap_or(self.until.len())
    }

    fn recent_normal(&self, i: u64) -> Option<u64> {
        let reach = (RECENT - 1).min(i - self.from);
        let mut draws = Draws::at(self.seed ^ 2, i);
        (0..TRIES)
            .take_while(|_| reach > 0)
            .map(|_| i - 1 - u64::from(draws.below(reach as u32)))
            .find(|j| self.section(*j) == self.until.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_at_their_rates() {
        let faults = Faults {
            duplicates: 0.1,
            late: 0.05,
            out_of_order: 0.03,
            malformed: 0.02,
            skewed: 0.01,
        };
        let kinds = Kinds::new(42, 0, &faults);
        let n = 200_000_u64;
        let share = |wanted: fn(Kind) -> bool| {
            (0..n).filter(|i| wanted(kinds.of(*i))).count() as f64 / n as f64
        };
        let near = |share: f64, rate: f64| {
            // Five standard deviations of a binomial share.
            (share - rate).abs() < 5.0 * (rate * (1.0 - rate) / n as f64).sqrt() + 1e-4
        };
        assert!(near(share(|k| matches!(k, Kind::Duplicate { .. })), 0.1));
        assert!(near(share(|k| k == Kind::Late), 0.05));
        assert!(near(share(|k| k == Kind::OutOfOrder), 0.03));
        assert!(near(share(|k| matches!(k, Kind::Malformed(_))), 0.02));
        assert!(near(share(|k| k == Kind::Skewed), 0.01));
    }

    #[test]
    fn a_duplicate_repeats_a_recent_normal_event_of_the_same_segment() {
        let faults = Faults {
            duplicates: 0.5,
            malformed: 0.3,
            ..Faults::default()
        };
        let kinds = Kinds::new(1, 1_000, &faults);
        let mut duplicates = 0;
        for i in 1_000..21_000 {
            if let Kind::Duplicate { of } = kinds.of(i) {
                duplicates += 1;
                assert!(of >= 1_000 && of < i && i - of < RECENT);
                assert_eq!(kinds.of(of), Kind::Normal);
            }
        }
        assert!(duplicates > 7_000);
        assert_eq!(Kinds::new(1, 5, &faults).recent_normal(5), None);
    }
}
