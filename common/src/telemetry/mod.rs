//! Logs on standard output, metrics for Prometheus.

mod line;
mod metrics;
mod process;

use std::{error::Error, io::IsTerminal as _};

use tracing_subscriber::{EnvFilter, fmt::format::JsonFields};

use self::line::{JsonLine, PlainLine};
pub use self::metrics::{Metric, describe, render};
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

/// An error with what caused it, in one line.
#[must_use]
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
