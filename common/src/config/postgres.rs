//! Where PostgreSQL is and how many connections may be open.

use std::fmt;

use serde::Deserialize;
use validator::Validate;

/// A `postgres://` address. Shown without its credentials.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PostgresUrl(pub String);

impl TryFrom<String> for PostgresUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        let scheme = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let parsed = url.parse::<tokio_postgres::Config>();
        match parsed {
            Ok(config) if scheme && !config.get_hosts().is_empty() => Ok(Self(url)),
            _ => Err("must be a PostgreSQL URL, postgres://user:password@host:port/database"),
        }
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::secret::without_credentials(&self.0, f)
    }
}

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct PostgresConfig {
    pub postgres_url: PostgresUrl,
    /// Connections in the pool.
    #[serde(default = "pool_size")]
    #[validate(range(min = 1, max = 500))]
    pub postgres_pool_size: usize,
    /// Milliseconds until a connection must be there, and until one must be free.
    #[serde(default = "connect_timeout_ms")]
    #[validate(range(min = 1, max = 60_000))]
    pub connect_timeout_ms: u64,
    /// Milliseconds after which an unused connection is closed.
    #[serde(default = "idle_timeout_ms")]
    #[validate(range(min = 1_000, max = 3_600_000))]
    pub idle_timeout_ms: u64,
}

fn pool_size() -> usize {
    20
}

fn connect_timeout_ms() -> u64 {
    2_000
}

fn idle_timeout_ms() -> u64 {
    30_000
}
