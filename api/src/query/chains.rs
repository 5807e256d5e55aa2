//! How far one user got through ordered steps within a window of time.

/// More steps than this are refused.
pub const MAX_STEPS: usize = 10;

/// One way through the first steps: when each was taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// As many as steps were taken; microseconds, each later than the one before.
    pub times: Vec<i64>,
    /// What the first step's event is grouped by.
    pub key: Option<String>,
}

/// One moment of a user: which steps' conditions its events fulfil.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    pub at: i64,
    /// Bit n stands for step n.
    pub steps: u32,
    pub key: Option<String>,
}

/// Follows one user's moments, which come in the order of time, each once.
///
/// For each step it keeps the chain that reached it and began last: whatever an earlier one can
/// still reach within its window, that one can too. So no way through is missed.
#[derive(Debug)]
pub struct Walk {
    window: i64,
    reached: Vec<Option<Chain>>,
    best: Option<Chain>,
}

impl Walk {
    /// A step counts up to `window` microseconds after the first one.
    #[must_use]
    pub fn new(steps: usize, window: i64) -> Self {
        Self {
            window,
            reached: vec![None; steps],
            best: None,
        }
    }

    pub fn moment(&mut self, moment: Moment) {
        // From the last step to the first: one moment can't be two steps of a chain.
        for step in (0..self.reached.len()).rev() {
            if moment.steps & (1 << step) == 0 {
                continue;
            }
            let Some(chain) = self.extended(step, &moment) else {
                continue;
            };
            if self
                .best
                .as_ref()
                .is_none_or(|best| best.times.len() <= step)
            {
                self.best = Some(chain.clone());
            }
            self.reached[step] = Some(chain);
        }
    }

    fn extended(&self, step: usize, moment: &Moment) -> Option<Chain> {
        let Some(before) = step.checked_sub(1) else {
            return Some(Chain {
                times: vec![moment.at],
                key: moment.key.clone(),
            });
        };
        let chain = self.reached[before].as_ref()?;
        let start = chain.times[0];
        let held = self.reached[step].as_ref();
        let later = held.is_none_or(|held| held.times[0] < start);
        (later && moment.at.saturating_sub(start) <= self.window).then(|| {
            let mut chain = chain.clone();
            chain.times.push(moment.at);
            chain
        })
    }

    /// The chain of most steps, of those the one that was complete first; `None` where not even
    /// the first step was taken.
    #[must_use]
    pub fn finish(self) -> Option<Chain> {
        self.best
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walk(moments: &[(i64, u32)], steps: usize, window: i64) -> Vec<i64> {
        let mut walk = Walk::new(steps, window);
        for (at, steps) in moments {
            walk.moment(Moment {
                at: *at,
                steps: *steps,
                key: None,
            });
        }
        walk.finish().map(|chain| chain.times).unwrap_or_default()
    }

    #[test]
    fn a_later_start_counts_where_the_first_one_failed() {
        assert_eq!(walk(&[(0, 1), (50, 1), (60, 2)], 2, 20), [50, 60]);
        assert_eq!(walk(&[(0, 1), (20, 2)], 2, 20), [0, 20]);
        assert_eq!(walk(&[(0, 1), (21, 2)], 2, 20), [0]);
        assert_eq!(walk(&[(0, 2), (5, 1)], 2, 20), [5]);
    }

    #[test]
    fn one_moment_is_one_step() {
        assert_eq!(walk(&[(0, 0b11)], 2, 20), [0]);
        assert_eq!(walk(&[(0, 0b11), (1, 0b11), (2, 0b11)], 3, 20), [0, 1]);
        assert_eq!(
            walk(&[(0, 0b111), (1, 0b111), (2, 0b111)], 3, 20),
            [0, 1, 2]
        );
    }

    #[test]
    fn a_chain_that_goes_on_keeps_its_own_start() {
        // The second start takes over the first step, not what the first start reached.
        let moments = [(0, 1), (10, 2), (15, 1), (18, 4)];
        assert_eq!(walk(&moments, 3, 20), [0, 10, 18]);
    }

    /// Every way there is: the longest length, and of such ways the earliest end and then the
    /// latest start.
    fn brute_force(moments: &[(i64, u32)], steps: usize, window: i64) -> (usize, i64, i64) {
        let mut best = (0, 0, 0);
        let mut open: Vec<Vec<i64>> = vec![Vec::new()];
        while let Some(chain) = open.pop() {
            let end = chain.last().copied().unwrap_or(-1);
            let start = chain.first().copied().unwrap_or_default();
            if chain.len() > best.0 || (chain.len() == best.0 && (end, -start) < (best.1, -best.2))
            {
                best = (chain.len(), end, start);
            }
            if chain.len() == steps {
                continue;
            }
            for (at, mask) in moments {
                let fits = chain.is_empty() || (*at > end && at - start <= window);
                if fits && mask & (1 << chain.len()) != 0 {
                    let mut longer = chain.clone();
                    longer.push(*at);
                    open.push(longer);
                }
            }
        }
        best
    }

    proptest! {
        #[test]
        fn no_way_through_is_missed(
            mut moments in prop::collection::btree_map(0_i64..40, 0_u32..8, 0..12),
            window in 1_i64..25,
        ) {
            moments.retain(|_, mask| *mask != 0);
            let moments: Vec<_> = moments.into_iter().collect();
            let (length, end, start) = brute_force(&moments, 3, window);
            let times = walk(&moments, 3, window);
            prop_assert_eq!(times.len(), length);
            prop_assert!(times.is_sorted_by(|a, b| a < b));
            if length > 0 {
                prop_assert_eq!((times[length - 1], times[0]), (end, start));
            }
        }
    }
}
