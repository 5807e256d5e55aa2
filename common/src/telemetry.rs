//! Logs on standard output, metrics for Prometheus.

mod line;

use std::{io::IsTerminal as _, sync::OnceLock};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt::format::JsonFields};

use self::line::{JsonLine, PlainLine};
use crate::config::{LogFormat, ProcessConfig};

/// Installs the process's log subscriber: one JSON object a line with `service`, or text for
/// people. Calls after the first change nothing.
pub fn init_logs(service: &'static str, config: &ProcessConfig) {
    let filter = || {
        EnvFilter::builder()
            .parse(&config.log_level.0)
            .unwrap_or_else(|_| EnvFilter::new("info"))
    };
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter());
    // A second subscriber is refused, which happens where tests share a process.
    let _ = match config.log_format {
        LogFormat::Pretty => {
            let is_coloured = std::io::stdout().is_terminal();
            subscriber
                .with_ansi(is_coloured)
                .event_format(PlainLine::new(is_coloured))
                .try_init()
        }
        LogFormat::Json => tracing_subscriber::fmt()
            .with_env_filter(filter())
            .fmt_fields(JsonFields::new())
            .event_format(JsonLine::new(service))
            .try_init(),
    };
}

/// Upper bounds of latency histograms, in seconds: 1 ms to 30 s.
const LATENCY_BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Upper bounds of histograms of batch sizes, in events.
const SIZE_BUCKETS: [f64; 6] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0];

/// The process's metrics; the first call installs the recorder.
///
/// # Panics
/// Another recorder was installed before: a programming error.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &LATENCY_BUCKETS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_events".into()), &SIZE_BUCKETS)
            })
            .and_then(PrometheusBuilder::install_recorder)
            .expect("the metrics recorder is installed once, with constant buckets")
    })
}
