//! PostgreSQL connections. tokio-postgres has no timeout of any kind by default and
//! keepalives after two hours: here all are set, on both sides.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio::time::timeout;
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
    // The URL's own first: of two the last one counts.
    let own = settings.get_options().unwrap_or_default().to_owned();
    settings
        .application_name(application)
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
        .keepalives(true)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES)
        .tcp_user_timeout(USER_TIMEOUT)
        .options(format!("{own} {SERVER_SIDE} {options}"));
    Ok(settings)
}

/// A connection of one's own. It closes when the client is dropped.
///
/// # Errors
/// PostgreSQL isn't there in time, or doesn't let us in.
pub async fn connect(config: &PostgresConfig, application: &str) -> Result<Client, Error> {
    let settings = settings(config, application, "")?;
    // The library's own timeout ends with the TCP handshake; its error is the right one here, too.
    let limit = Duration::from_millis(config.connect_timeout_ms);
    let connected = timeout(limit, settings.connect(NoTls)).await;
    let (client, connection) = connected.unwrap_or_else(|_| Err(Error::__private_api_timeout()))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Loader;

    fn config(variables: &[(&str, &str)]) -> PostgresConfig {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Loader::from_variables(variables.iter().map(owned))
            .section()
            .unwrap()
    }

    #[test]
    fn options_of_the_url_are_kept() {
        let url = "postgres://u@localhost/d?options=-csearch_path%3Dtidemark";
        let settings = settings(&config(&[("POSTGRES_URL", url)]), "test", "").unwrap();
        let options = settings.get_options().unwrap();
        assert!(options.starts_with("-csearch_path=tidemark "), "{options}");
        assert!(options.contains("timezone=UTC"));
    }

    #[tokio::test]
    async fn a_server_that_accepts_and_says_nothing_is_given_up() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://u@{}/d", silent.local_addr().unwrap());
        let config = config(&[("POSTGRES_URL", &url), ("CONNECT_TIMEOUT_MS", "100")]);
        let connecting = timeout(Duration::from_secs(10), connect(&config, "test"));
        assert!(connecting.await.unwrap().is_err());
    }
}
