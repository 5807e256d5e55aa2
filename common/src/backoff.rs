//! How long to wait before trying again.

use std::time::Duration;

use rand::RngExt as _;

/// Exponential backoff with equal jitter: each wait lies between half and all of a
/// ceiling that doubles from `first` to `last`. It never gives up by itself.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    last: Duration,
    ceiling: Duration,
}

impl Default for Backoff {
    /// 100 ms, doubling to 2 s: who comes back is used again within 3 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(2))
    }
}

impl Backoff {
    #[must_use]
    pub const fn new(first: Duration, last: Duration) -> Self {
        Self {
            first,
            last,
            ceiling: first,
        }
    }

    /// The next wait.
    pub fn next_delay(&mut self) -> Duration {
        let ceiling = self.ceiling;
        self.ceiling = (ceiling * 2).min(self.last);
        ceiling.mul_f64(rand::rng().random_range(0.5..=1.0))
    }

    /// Call after a success.
    pub const fn reset(&mut self) {
        self.ceiling = self.first;
    }

    /// Sleeps for [`Self::next_delay`].
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_delay()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_last_and_start_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..10).map(|_| backoff.next_delay()).collect();
        assert!(waits[0] <= Duration::from_millis(100));
        assert!(waits[9] >= Duration::from_secs(1) && waits[9] <= Duration::from_secs(2));
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_millis(100));
    }
}
