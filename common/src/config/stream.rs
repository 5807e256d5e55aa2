//! The stream, and what may enter it.

use std::time::Duration;

use serde::Deserialize;
use validator::Validate;

use crate::event::Limits;

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct StreamConfig {
    #[serde(default = "stream_key")]
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    pub stream_key: String,
    #[serde(default = "consumer_group")]
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    pub consumer_group: String,
    /// Seconds that `occurred_at` may lie before acceptance.
    #[serde(default = "event_max_age")]
    #[validate(range(min = 60, max = 315_360_000))]
    pub event_max_age: u64,
    /// Seconds that `occurred_at` may lie after acceptance.
    #[serde(default = "event_max_future")]
    #[validate(range(min = 0, max = 86_400))]
    pub event_max_future: u64,
}

impl StreamConfig {
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            max_age: Duration::from_secs(self.event_max_age),
            max_future: Duration::from_secs(self.event_max_future),
        }
    }
}

fn stream_key() -> String {
    "events".into()
}

fn consumer_group() -> String {
    "timescale-writer".into()
}

fn event_max_age() -> u64 {
    365 * 86_400
}

fn event_max_future() -> u64 {
    600
}
