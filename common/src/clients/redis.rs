//! Redis connections. Built on `redis` and `deadpool-redis`, which leave TCP_NODELAY,
//! keepalive and user timeout off unless told otherwise.

use std::time::Duration;

use ::redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, RedisResult,
    aio::MultiplexedConnection,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};
use deadpool_redis::{Manager, Pool, Runtime};

use crate::config::RedisConfig;

/// After how much silence a peer is taken for dead: idle 10 s, then probes of 5 s, 3 of them.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const USER_TIMEOUT: Duration = Duration::from_secs(10);

fn client(config: &RedisConfig) -> RedisResult<Client> {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_IDLE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(3);
    let tcp = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
        .set_user_timeout(USER_TIMEOUT);
    let info = config.redis_url.0.as_str().into_connection_info()?;
    Client::open(info.set_tcp_settings(tcp))
}

fn timeouts(config: &RedisConfig, response: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_millis(config.connect_timeout_ms)))
        .set_response_timeout(Some(response))
}

/// A connection of one's own. `blocking` is the longest time a command on it may block in
/// Redis: zero for ordinary commands.
///
/// # Errors
/// Redis isn't there, or doesn't let us in.
pub async fn connect(
    config: &RedisConfig,
    blocking: Duration,
) -> RedisResult<MultiplexedConnection> {
    let response = Duration::from_millis(config.redis_response_timeout_ms) + blocking;
    client(config)?
        .get_multiplexed_async_connection_with_config(&timeouts(config, response))
        .await
}

/// A connection that listens to Pub/Sub channels.
///
/// # Errors
/// As [`connect`].
pub async fn subscribe(config: &RedisConfig, channel: &str) -> RedisResult<::redis::aio::PubSub> {
    let wait = Duration::from_millis(config.connect_timeout_ms);
    let client = client(config)?;
    let subscribe = async {
        let mut pubsub = client.get_async_pubsub().await?;
        pubsub.subscribe(channel).await?;
        Ok(pubsub)
    };
    match tokio::time::timeout(wait, subscribe).await {
        Ok(result) => result,
        Err(_) => Err((::redis::ErrorKind::Io, "timed out").into()),
    }
}

/// A pool for short commands. Each connection is lent to one caller at a time.
///
/// # Errors
/// The URL is wrong, which a loaded configuration excludes.
pub fn pool(config: &RedisConfig) -> RedisResult<Pool> {
    let wait = Duration::from_millis(config.connect_timeout_ms);
    let response = Duration::from_millis(config.redis_response_timeout_ms);
    let info = client(config)?.get_connection_info().clone();
    let manager = Manager::new_with_config(info, timeouts(config, response))?;
    Pool::builder(manager)
        .max_size(config.redis_pool_size)
        .wait_timeout(Some(wait))
        .create_timeout(Some(wait))
        .recycle_timeout(Some(wait))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|_| (::redis::ErrorKind::InvalidClientConfig, "no runtime").into())
}
