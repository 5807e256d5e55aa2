//! What every daemon has.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use validator::Validate;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One object a line, for programs.
    Json,
    /// For people.
    Pretty,
}

/// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,consumer=debug`.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct LogFilter(pub String);

impl TryFrom<String> for LogFilter {
    type Error = &'static str;

    fn try_from(filter: String) -> Result<Self, Self::Error> {
        let levels = ["off", "error", "warn", "info", "debug", "trace"];
        let known = |part: &str| {
            let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
            levels.contains(&level.trim().to_lowercase().as_str())
        };
        if filter.split(',').all(known) && EnvFilter::builder().parse(&filter).is_ok() {
            return Ok(Self(filter));
        }
        Err("must be error, warn, info, debug or trace, or a filter such as info,consumer=debug")
    }
}

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct ProcessConfig {
    /// Name of the deployment, in logs and `/health`.
    #[serde(default = "app_env")]
    #[validate(length(min = 1, max = 64, message = "must have 1 to 64 characters"))]
    pub app_env: String,
    #[serde(default = "log_level")]
    pub log_level: LogFilter,
    #[serde(default = "log_format")]
    pub log_format: LogFormat,
    /// Milliseconds between SIGTERM and the end, whatever is still running.
    #[serde(default = "shutdown_timeout_ms")]
    #[validate(range(min = 100, max = 300_000))]
    pub shutdown_timeout_ms: u64,
    /// Where traces are sent, such as `http://127.0.0.1:4318`; if absent, nowhere.
    pub otlp_endpoint: Option<OtlpEndpoint>,
    /// Of the traces that begin here, so much is recorded, 0 to 1. Callers decide for theirs.
    #[serde(default = "trace_sample_ratio")]
    #[validate(range(min = 0.0, max = 1.0))]
    pub trace_sample_ratio: f64,
}

/// The address of an OpenTelemetry collector that takes OTLP over plain HTTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct OtlpEndpoint(pub String);

impl TryFrom<String> for OtlpEndpoint {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let authority = url.strip_prefix("http://").unwrap_or_default();
        let authority = authority.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
            return Err("must be http://HOST:PORT of a collector that takes OTLP over HTTP");
        }
        Ok(Self(url))
    }
}

impl ProcessConfig {
    /// How long a stop may take.
    #[must_use]
    pub const fn shutdown_timeout(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.shutdown_timeout_ms)
    }
}

fn trace_sample_ratio() -> f64 {
    1.0
}

fn app_env() -> String {
    "development".into()
}

fn log_level() -> LogFilter {
    LogFilter("info".into())
}

fn log_format() -> LogFormat {
    LogFormat::Json
}

fn shutdown_timeout_ms() -> u64 {
    8_000
}
