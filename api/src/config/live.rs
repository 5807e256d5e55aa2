//! Limits on live clients, and how often they are updated.

use std::time::Duration;

use serde::Deserialize;
use validator::Validate;

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct LiveConfig {
    /// Live clients at once, WebSockets and event streams together; the next one gets 503.
    #[serde(default = "live_max_sockets")]
    #[validate(range(min = 1, max = 100_000))]
    pub live_max_sockets: usize,
    /// The same of one client address (of IPv6 a /64); the next one gets 429.
    #[serde(default = "live_max_sockets_per_address")]
    #[validate(range(min = 1, max = 100_000))]
    pub live_max_sockets_per_address: usize,
    /// Milliseconds between two looks at the database when no hint comes.
    #[serde(default = "live_interval_ms")]
    #[validate(range(min = 50, max = 10_000))]
    pub live_interval_ms: u64,
    /// Milliseconds that a client may take to receive one frame before it is cut off.
    #[serde(default = "live_send_timeout_ms")]
    #[validate(range(min = 100, max = 60_000))]
    pub live_send_timeout_ms: u64,
}

impl LiveConfig {
    #[must_use]
    pub const fn live_interval(&self) -> Duration {
        Duration::from_millis(self.live_interval_ms)
    }

    #[must_use]
    pub const fn live_send_timeout(&self) -> Duration {
        Duration::from_millis(self.live_send_timeout_ms)
    }
}

fn live_max_sockets() -> usize {
    10_500
}

fn live_max_sockets_per_address() -> usize {
    500
}

fn live_interval_ms() -> u64 {
    500
}

fn live_send_timeout_ms() -> u64 {
    10_000
}
