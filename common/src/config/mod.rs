//! Configuration from the environment (and `.env`): every problem at once, by variable.
//!
//! A section is a flat struct, filled by envy and checked by validator. Its field
//! `connect_timeout_ms` is the variable `CONNECT_TIMEOUT_MS`. Defaults are in the struct,
//! and `.env.example` repeats them for the reader; a test holds the two together.

mod auth;
mod bind;
mod environment;
mod loader;
mod origins;
mod postgres;
mod process;
mod proxies;
mod range;
mod redis;
mod retention;
mod secret;
mod stream;

pub use auth::{Auth, AuthConfig, refuse_open_doors};
pub use bind::{BindConfig, bind};
pub use environment::sample_variables;
pub use loader::{ConfigError, Loader, Problem};
pub use origins::{Origin, Origins};
pub use postgres::{PostgresConfig, PostgresUrl};
pub use process::{LogFilter, LogFormat, OtlpEndpoint, ProcessConfig};
pub use proxies::Proxies;
pub use range::{OutOfRange, out_of_range};
pub use redis::{RedisConfig, RedisUrl};
pub use retention::RetentionConfig;
pub use stream::StreamConfig;
