//! PostgreSQL connections. tokio-postgres has no timeout of any kind by default and
//! keepalives after two hours: here all are set, on both sides.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{Client, Config, Error, NoTls};

use crate::config::PostgresConfig;

const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;
const USER_TIMEOUT: Duration = Duration::from_secs(15);

/// What the server does for us: notices that we are gone, and bounds what we may hold.
const SERVER_SIDE: &str = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 \
    -c tcp_keepalives_count=3 -c client_connection_check_interval=5s -c timezone=UTC \
    -c jit=off -c idle_in_transaction_session_timeout=15s -c lock_timeout=10s";

fn settings(config: &PostgresConfig, application: &str, options: &str) -> Result<Config, Error> {
    let mut settings: Config = config.postgres_url.0.parse()?;
    settings
        .application_name(application)
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
        .keepalives(true)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .tcp_user_timeout(USER_TIMEOUT)
        .options(format!("{SERVER_SIDE} {options}"));
    Ok(settings)
}

/// A connection of one's own. It closes when the client is dropped.
///
/// # Errors
/// PostgreSQL isn't there, or doesn't let us in.
pub async fn connect(config: &PostgresConfig, application: &str) -> Result<Client, Error> {
    let (client, connection) = settings(config, application, "")?.connect(NoTls).await?;
    // Ends by itself when the client is dropped; the error reaches whoever uses the client.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "database connection ended");
        }
    });
    Ok(client)
}

/// A pool. `statement_timeout` bounds every statement on its connections.
///
/// # Errors
/// The URL is wrong, which a loaded configuration excludes.
pub fn pool(
    config: &PostgresConfig,
    application: &str,
    statement_timeout: Duration,
) -> Result<Pool, Error> {
    let options = format!("-c statement_timeout={}", statement_timeout.as_millis());
    let settings = settings(config, application, &options)?;
    let manager = Manager::from_config(
        settings,
        NoTls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let wait = Some(Duration::from_millis(config.connect_timeout_ms));
    Ok(Pool::builder(manager)
        .max_size(config.postgres_pool_size)
        .wait_timeout(wait)
        .create_timeout(wait)
        .recycle_timeout(wait)
        .runtime(Runtime::Tokio1)
        .build()
        .expect("a runtime is given, which is all that build() asks for"))
}

/// Closes connections that nobody used for the configured time. Never returns.
pub async fn close_idle(pool: Pool, config: &PostgresConfig) {
    let idle = Duration::from_millis(config.idle_timeout_ms);
    loop {
        tokio::time::sleep(idle / 2).await;
        pool.retain(|_, metrics| metrics.last_used() < idle);
    }
}
