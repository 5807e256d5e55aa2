//! The rate limit of a key: a token bucket that holds ten seconds of its rate.

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
};

/// Seconds of its rate that a key may use at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).expect("it isn't 0");
// draft-ietf-httpapi-ratelimit-headers-10, and the three fields of its seventh version, which
// more clients know.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
/// All headers that tell clients about their rate.
pub const HEADERS: [HeaderName; 5] = [POLICY, STATE, LIMIT, REMAINING, RESET];

#[derive(Debug)]
pub(super) struct Rate {
    limiter: DefaultDirectRateLimiter<StateInformationMiddleware>,
    per_second: u32,
    burst: u32,
    /// As of the last time that something was taken.
    remaining: AtomicU32,
}

/// Why nothing may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exceeded {
    /// After this time there are enough tokens.
    For(Duration),
    /// There is never so much.
    Always { most: u32 },
}

impl Rate {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        let burst = per_second.saturating_mul(BURST_SECONDS);
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self {
            limiter: RateLimiter::direct(quota).with_middleware(),
            per_second: per_second.get(),
            burst: burst.get(),
            remaining: AtomicU32::new(burst.get()),
        }
    }

    /// Requests, or events.
    pub(super) fn take(&self, count: NonZeroU32) -> Result<(), Exceeded> {
        let most = self.burst;
        let taken = self.limiter.check_n(count);
        match taken.map_err(|_| Exceeded::Always { most })? {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                self.remaining.store(remaining, Ordering::Relaxed);
                Ok(())
            }
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Err(Exceeded::For(wait))
            }
        }
    }

    /// The events of a body, whose request was taken as one of them.
    pub(super) fn take_events(&self, events: u32) -> Result<(), Exceeded> {
        if events > self.burst {
            return Err(Exceeded::Always { most: self.burst });
        }
        match NonZeroU32::new(events.saturating_sub(1)) {
            Some(further) => self.take(further),
            None => Ok(()),
        }
    }

    /// Tells clients about their rate, in headers.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let remaining = self.remaining.load(Ordering::Relaxed);
        let full_in = (self.burst - remaining.min(self.burst)).div_ceil(self.per_second);
        let policy = format!("\"key\";q={};w={BURST_SECONDS}", self.burst);
        let state = format!("\"key\";r={remaining};t={full_in}");
        for (name, text) in [(POLICY, policy), (STATE, state)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
        headers.insert(LIMIT, self.burst.into());
        headers.insert(REMAINING, remaining.into());
        headers.insert(RESET, full_in.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn ten_seconds_may_be_used_at_once_and_no_more() {
        let rate = Rate::new(some(2));
        rate.take(some(19)).unwrap();
        rate.take(some(1)).unwrap();
        let Err(Exceeded::For(wait)) = rate.take(some(4)) else {
            panic!("it is empty");
        };
        assert!(
            wait > Duration::from_secs(1) && wait <= Duration::from_secs(2),
            "{wait:?}"
        );
        assert_eq!(rate.take(some(21)), Err(Exceeded::Always { most: 20 }));
        assert_eq!(rate.take_events(21), Err(Exceeded::Always { most: 20 }));
        assert!(matches!(rate.take_events(20), Err(Exceeded::For(_))));
        rate.take_events(1).unwrap();
        let mut headers = HeaderMap::new();
        rate.tell(&mut headers);
        assert_eq!(headers[POLICY], "\"key\";q=20;w=10");
        assert_eq!(headers[STATE], "\"key\";r=0;t=10");
        assert_eq!(headers[LIMIT], "20");
        assert_eq!(headers[REMAINING], "0");
        assert_eq!(headers[RESET], "10");
    }
}
