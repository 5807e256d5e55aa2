//! When a batch is full: by events, by bytes, by age. A pure value.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchPolicy {
    pub max_events: usize,
    pub max_bytes: usize,
    /// How long the first event waits for others.
    pub linger: Duration,
}

impl BatchPolicy {
    #[must_use]
    pub const fn is_full(&self, events: usize, bytes: usize) -> bool {
        events >= self.max_events || bytes >= self.max_bytes
    }

    /// Where a run of many small entries would go on far beyond what fills a batch, the rest of
    /// it begins another.
    #[must_use]
    pub const fn most_events(&self) -> usize {
        self.max_events.saturating_mul(2)
    }

    /// How much longer a batch that began `age` ago may wait.
    #[must_use]
    pub const fn remaining(&self, age: Duration) -> Duration {
        self.linger.saturating_sub(age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_limit_closes_a_batch() {
        let policy = BatchPolicy {
            max_events: 10,
            max_bytes: 1_000,
            linger: Duration::from_millis(25),
        };
        assert!(!policy.is_full(9, 999));
        assert!(policy.is_full(10, 0));
        assert!(policy.is_full(0, 1_000));
        assert_eq!(
            policy.remaining(Duration::from_millis(20)),
            Duration::from_millis(5)
        );
        assert_eq!(policy.remaining(Duration::from_secs(1)), Duration::ZERO);
    }
}
