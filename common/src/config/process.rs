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
}

impl ProcessConfig {
    /// How long a stop may take.
    #[must_use]
    pub const fn shutdown_timeout(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.shutdown_timeout_ms)
    }
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
