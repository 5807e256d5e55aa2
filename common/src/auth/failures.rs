//! Counts wrong keys per address. A 256-bit secret can't be guessed; this limits the work and the
//! noise of trying.

use std::{
    net::IpAddr,
    num::{NonZeroU32, NonZeroUsize},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use lru::LruCache;

/// In a minute, of one address.
const MOST: NonZeroU32 = NonZeroU32::new(10).expect("it isn't 0");
/// Of more addresses than this, those that failed least lately are forgotten.
const MOST_ADDRESSES: NonZeroUsize = NonZeroUsize::new(10_000).expect("it isn't 0");

#[derive(Debug)]
pub(super) struct Failures(Mutex<LruCache<IpAddr, DefaultDirectRateLimiter>>);

impl Default for Failures {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST_ADDRESSES)))
    }
}

impl Failures {
    /// Counts one.
    ///
    /// # Errors
    /// There were too many; the next attempt is considered after this time.
    pub(super) fn count(&self, address: IpAddr) -> Result<(), Duration> {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limiter =
            addresses.get_or_insert(address, || RateLimiter::direct(Quota::per_minute(MOST)));
        limiter
            .check()
            .map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_a_minute_are_heard_of_each_address() {
        let failures = Failures::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        for _ in 0..MOST.get() {
            failures.count(address(1)).unwrap();
        }
        let wait = failures.count(address(1)).unwrap_err();
        assert!(wait <= Duration::from_secs(6), "{wait:?}");
        failures.count(address(2)).unwrap();
    }

    #[test]
    fn the_table_is_bounded() {
        let failures = Failures::default();
        for n in 0..20_000_u32 {
            let _ = failures.count(IpAddr::from(n.to_be_bytes()));
        }
        let kept = failures.0.lock().unwrap().len();
        assert_eq!(kept, MOST_ADDRESSES.get());
    }
}
