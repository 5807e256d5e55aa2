//! What the api reads from the environment.

use std::time::Duration;

use common::config::{
    BindConfig, ConfigError, Loader, PostgresConfig, ProcessConfig, RedisConfig, StreamConfig,
};
use serde::Deserialize;
use validator::Validate;

#[derive(Debug, Clone)]
pub struct Config {
    pub process: ProcessConfig,
    pub bind: BindConfig,
    pub redis: RedisConfig,
    pub postgres: PostgresConfig,
    pub stream: StreamConfig,
    pub api: ApiConfig,
}

impl Config {
    /// # Errors
    /// Every variable that is missing or wrong.
    pub fn load(mut loader: Loader) -> Result<Self, ConfigError> {
        let sections = (
            loader.section(),
            loader.section(),
            loader.section(),
            loader.section(),
            loader.section(),
            loader.section(),
        );
        loader.finish()?;
        match sections {
            (Some(process), Some(bind), Some(redis), Some(postgres), Some(stream), Some(api)) => {
                Ok(Self {
                    process,
                    bind,
                    redis,
                    postgres,
                    stream,
                    api,
                })
            }
            _ => Err(ConfigError(Vec::new())),
        }
    }
}

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct ApiConfig {
    #[serde(default = "api_port")]
    pub api_port: u16,
    /// Where a browser reaches the ingestion daemon: the page's controls ask there.
    #[serde(default = "ingestion_public_url")]
    pub ingestion_public_url: Origin,
    /// Origins besides our own that may open a socket or read answers, comma-separated.
    #[serde(default)]
    pub cors_origins: Origins,
    /// Milliseconds that one SQL statement may take.
    #[serde(default = "query_timeout_ms")]
    #[validate(range(min = 100, max = 60_000))]
    pub query_timeout_ms: u64,
    /// Metric queries at once; the next one waits.
    #[serde(default = "query_concurrency")]
    #[validate(range(min = 1, max = 500))]
    pub query_concurrency: usize,
    /// Milliseconds that a query waits for its turn before it is refused with 429.
    #[serde(default = "query_wait_ms")]
    #[validate(range(min = 0, max = 60_000))]
    pub query_wait_ms: u64,
    /// Bytes of what queries have read of past hours that are kept for the next ones; 0 keeps
    /// nothing.
    #[serde(default = "query_cache_bytes")]
    #[validate(range(min = 0, max = 2_000_000_000))]
    pub query_cache_bytes: usize,
    /// Bytes of answers that are kept until the stream is looked at again; 0 keeps none.
    #[serde(default = "answer_cache_bytes")]
    #[validate(range(min = 0, max = 2_000_000_000))]
    pub answer_cache_bytes: usize,
    /// Funnels and retentions at once; the next one waits like a query. They read all events of
    /// their range.
    #[serde(default = "analysis_concurrency")]
    #[validate(range(min = 1, max = 50))]
    pub analysis_concurrency: usize,
    /// Milliseconds that the SQL statement of one may take.
    #[serde(default = "analysis_timeout_ms")]
    #[validate(range(min = 100, max = 600_000))]
    pub analysis_timeout_ms: u64,
    /// Exports at once; the next one gets 429. Each holds a connection of the pool.
    #[serde(default = "export_concurrency")]
    #[validate(range(min = 1, max = 50))]
    pub export_concurrency: usize,
    /// Milliseconds that one export may take, its client's share included.
    #[serde(default = "export_timeout_ms")]
    #[validate(range(min = 1_000, max = 86_400_000))]
    pub export_timeout_ms: u64,
    /// What the consumer is told too: days that raw events are kept; 0 is for ever.
    #[serde(default)]
    pub events_retention_days: u32,
    #[serde(default)]
    pub rollups_retention_days: u32,
    #[serde(default)]
    pub dead_letters_retention_days: u32,
    /// Live clients at once, WebSockets and event streams together; the next one gets 503.
    #[serde(default = "live_max_sockets")]
    #[validate(range(min = 1, max = 100_000))]
    pub live_max_sockets: usize,
    /// Milliseconds between two looks at the database when no hint comes.
    #[serde(default = "live_interval_ms")]
    #[validate(range(min = 50, max = 10_000))]
    pub live_interval_ms: u64,
    /// Milliseconds that a client may take to receive one frame before it is cut off.
    #[serde(default = "live_send_timeout_ms")]
    #[validate(range(min = 100, max = 60_000))]
    pub live_send_timeout_ms: u64,
}

impl ApiConfig {
    #[must_use]
    pub const fn query_timeout(&self) -> Duration {
        Duration::from_millis(self.query_timeout_ms)
    }

    #[must_use]
    pub const fn query_wait(&self) -> Duration {
        Duration::from_millis(self.query_wait_ms)
    }

    #[must_use]
    pub const fn analysis_timeout(&self) -> Duration {
        Duration::from_millis(self.analysis_timeout_ms)
    }

    #[must_use]
    pub const fn export_timeout(&self) -> Duration {
        Duration::from_millis(self.export_timeout_ms)
    }

    #[must_use]
    pub const fn live_interval(&self) -> Duration {
        Duration::from_millis(self.live_interval_ms)
    }

    #[must_use]
    pub const fn live_send_timeout(&self) -> Duration {
        Duration::from_millis(self.live_send_timeout_ms)
    }
}

/// `scheme://host[:port]`, as browsers send it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origin(pub String);

impl TryFrom<String> for Origin {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const SHAPE: &str = "must be origins such as https://example.org, without a path";
        let origin = text.trim().trim_end_matches('/').to_ascii_lowercase();
        let host = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
        match host {
            Some(host) if !host.is_empty() && host.chars().all(allowed) => Ok(Self(origin)),
            _ => Err(SHAPE),
        }
    }
}

/// A comma-separated list; empty means none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Origins(pub Vec<Origin>);

impl TryFrom<String> for Origins {
    type Error = &'static str;

    fn try_from(list: String) -> Result<Self, Self::Error> {
        let origins = list.split(',').filter(|origin| !origin.trim().is_empty());
        origins
            .map(|origin| Origin::try_from(origin.to_owned()))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Origins {
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        self.0
            .iter()
            .any(|allowed| allowed.0.eq_ignore_ascii_case(origin))
    }
}

fn api_port() -> u16 {
    3001
}

fn ingestion_public_url() -> Origin {
    Origin("http://127.0.0.1:3002".into())
}

fn query_timeout_ms() -> u64 {
    3_000
}

fn query_concurrency() -> usize {
    8
}

fn query_wait_ms() -> u64 {
    1_000
}

fn query_cache_bytes() -> usize {
    64 << 20
}

fn analysis_concurrency() -> usize {
    2
}

fn analysis_timeout_ms() -> u64 {
    15_000
}

fn export_concurrency() -> usize {
    2
}

fn export_timeout_ms() -> u64 {
    600_000
}

fn answer_cache_bytes() -> usize {
    32 << 20
}

fn live_max_sockets() -> usize {
    10_500
}

fn live_interval_ms() -> u64 {
    500
}

fn live_send_timeout_ms() -> u64 {
    10_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let mut variables = common::config::sample_variables();
        for (name, value) in changes {
            variables.insert((*name).to_owned(), (*value).to_owned());
        }
        Config::load(Loader::from_variables(variables))
    }

    #[test]
    fn the_sample_holds_the_defaults() {
        let sample = load(&[]).unwrap().api;
        let mut bare = common::config::sample_variables();
        let ours = [
            "API_PORT",
            "INGESTION_PUBLIC_URL",
            "CORS_ORIGINS",
            "QUERY_TIMEOUT_MS",
            "QUERY_CONCURRENCY",
            "QUERY_WAIT_MS",
            "QUERY_CACHE_BYTES",
            "ANSWER_CACHE_BYTES",
            "ANALYSIS_CONCURRENCY",
            "ANALYSIS_TIMEOUT_MS",
            "EXPORT_CONCURRENCY",
            "EXPORT_TIMEOUT_MS",
            "EVENTS_RETENTION_DAYS",
            "ROLLUPS_RETENTION_DAYS",
            "DEAD_LETTERS_RETENTION_DAYS",
            "LIVE_MAX_SOCKETS",
            "LIVE_INTERVAL_MS",
            "LIVE_SEND_TIMEOUT_MS",
        ];
        for name in ours {
            assert!(bare.remove(name).is_some(), "{name} is in .env.example");
        }
        let defaults = Config::load(Loader::from_variables(bare)).unwrap().api;
        assert_eq!(format!("{sample:?}"), format!("{defaults:?}"));
    }

    #[test]
    fn every_wrong_variable_is_named() {
        let wrong = [
            ("API_PORT", "70000"),
            ("CORS_ORIGINS", "example.org"),
            ("INGESTION_PUBLIC_URL", "http://x/'; script-src *"),
            ("LIVE_INTERVAL_MS", "0"),
            ("QUERY_CONCURRENCY", "many"),
        ];
        let problems = load(&wrong).unwrap_err().0;
        let names: Vec<_> = problems
            .iter()
            .map(|problem| problem.variable.as_str())
            .collect();
        assert_eq!(names, wrong.map(|(name, _)| name));
    }

    #[test]
    fn origins_match_exactly() {
        let origins = Origins::try_from("https://a.example, http://b:8080/".to_owned()).unwrap();
        assert!(origins.allow("https://a.example") && origins.allow("http://b:8080"));
        for other in [
            "http://a.example",
            "https://a.example.evil",
            "https://xa.example",
            "null",
        ] {
            assert!(!origins.allow(other), "{other}");
        }
    }
}
