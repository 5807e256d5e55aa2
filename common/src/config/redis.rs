//! Where Redis is and how long to wait for it.

use std::fmt;

use ::redis::IntoConnectionInfo as _;
use serde::Deserialize;
use validator::Validate;

/// A `redis://` address. Shown without its credentials.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct RedisUrl(pub String);

impl TryFrom<String> for RedisUrl {
    type Error = &'static str;

    fn try_from(url: String) -> Result<Self, Self::Error> {
        if url.as_str().into_connection_info().is_err() {
            return Err("must be a Redis URL, redis://[user:password@]host:port[/database]");
        }
        Ok(Self(url))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::secret::without_credentials(&self.0, f)
    }
}

#[derive(Debug, Clone, Deserialize, Validate)]
pub struct RedisConfig {
    pub redis_url: RedisUrl,
    /// Connections in the pool; each serves one request at a time.
    #[serde(default = "pool_size")]
    #[validate(range(min = 1, max = 100))]
    pub redis_pool_size: usize,
    /// Milliseconds until a connection must be there.
    #[serde(default = "connect_timeout_ms")]
    #[validate(range(min = 1, max = 60_000))]
    pub connect_timeout_ms: u64,
    /// Milliseconds until Redis must have replied.
    #[serde(default = "response_timeout_ms")]
    #[validate(range(min = 1, max = 60_000))]
    pub redis_response_timeout_ms: u64,
}

fn pool_size() -> usize {
    4
}

fn connect_timeout_ms() -> u64 {
    2_000
}

fn response_timeout_ms() -> u64 {
    2_000
}
