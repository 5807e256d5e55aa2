//! The metrics and log lines of keys. docs/OPERATIONS.md has the same names and texts.

use std::time::Duration;

use metrics::{counter, gauge};

use super::refusal::CODES;
use crate::telemetry::{self, Metric};

const METRICS: [Metric; 4] = [
    Metric::counter(
        "tidemark_auth_refused_total",
        "requests that were not let in, by problem code",
    )
    .by(&[("code", &CODES)]),
    Metric::gauge("tidemark_auth_keys", "keys in force, 0 with AUTH=off"),
    Metric::gauge(
        "tidemark_auth_keys_age_seconds",
        "how old the keys in memory are while they can't be read again, else 0",
    ),
    Metric::counter(
        "tidemark_auth_read_failures_total",
        "failed reads of the keys, each tried again",
    ),
];

pub(super) fn begin() {
    telemetry::describe(&METRICS);
}

pub(super) fn refused(code: &'static str) {
    counter!("tidemark_auth_refused_total", "code" => code).increment(1);
}

/// The keys were read: this many are in force.
pub(super) fn read(keys: usize) {
    gauge!("tidemark_auth_keys").set(keys as f64);
    gauge!("tidemark_auth_keys_age_seconds").set(0.0);
}

/// The keys can't be read and are this old.
pub(super) fn unread(age: Duration) {
    counter!("tidemark_auth_read_failures_total").increment(1);
    gauge!("tidemark_auth_keys_age_seconds").set(age.as_secs_f64());
}
