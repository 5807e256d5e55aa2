//! Metrics of the process, under the names that Prometheus's own clients use.

use std::{fs, sync::OnceLock};

use metrics::gauge;

use super::Metric;
use crate::time::UnixMicros;

pub(super) const METRICS: [Metric; 4] = [
    Metric::gauge(
        "process_resident_memory_bytes",
        "memory that the process has resident",
    ),
    Metric::gauge(
        "process_open_fds",
        "open file descriptors, sockets among them",
    ),
    Metric::gauge("process_max_fds", "and how many it may open"),
    Metric::gauge(
        "process_start_time_seconds",
        "when it was started, in seconds since 1970",
    ),
];

/// Reads /proc; what can't be read stays as it was.
pub(super) fn sample() {
    static STARTED: OnceLock<f64> = OnceLock::new();
    let started = STARTED.get_or_init(|| UnixMicros::now().0 as f64 / 1e6);
    gauge!("process_start_time_seconds").set(*started);
    if let Some(kib) = number_in("/proc/self/status", "VmRSS:") {
        gauge!("process_resident_memory_bytes").set(kib * 1024.0);
    }
    if let Some(most) = number_in("/proc/self/limits", "Max open files") {
        gauge!("process_max_fds").set(most);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(open.count() as f64);
    }
}

/// The first number of the line that begins so.
fn number_in(path: &str, begin: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    let rest = text.lines().find_map(|line| line.strip_prefix(begin))?;
    rest.split_whitespace().next()?.parse().ok()
}
