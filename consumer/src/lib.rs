//! Reads the stream, validates, and writes each event to the database exactly once.

mod ack;
pub mod config;
pub mod decode;
pub mod fold;
mod lane;
pub mod migrate;
mod observe;
pub mod read;
pub mod write;

use axum::Router;
use common::{admin::{self, Health}, backoff::Backoff, config::PostgresConfig, http, shutdown::Shutdown};
use tokio::net::TcpListener;

use crate::config::Config;

/// Starts the consumer's tasks; they end with `shutdown`.
pub fn run(config: Config, listener: TcpListener, shutdown: &Shutdown) {
    let version = env!("CARGO_PKG_VERSION");
    let dependencies = ["redis", "postgres"];
    let health =
        Health::new("consumer", version, &config.process.app_env, &dependencies, shutdown.clone());
    let router: Router = Router::new()
        .merge(admin::router(health.clone()))
        .fallback(http::not_found)
        .layer(axum::middleware::from_fn(http::problem_for_plain_rejections));
    let max_connections = config.bind.http_max_connections;
    shutdown.spawn("http", http::serve(listener, router, max_connections, shutdown.clone()));
    let starting = shutdown.clone();
    shutdown.spawn("start", async move {
        if config.consumer.migrate_on_start {
            migrate_with_retries(&config.postgres, &health, &starting).await;
        }
        observe::lanes(config.consumer.consumer_lanes);
        for _ in 0..config.consumer.consumer_lanes {
            if !starting.is_stopping() {
                lane::start(config.clone(), health.clone(), &starting);
            }
        }
        Ok::<_, std::convert::Infallible>(())
    });
}

async fn migrate_with_retries(postgres: &PostgresConfig, health: &Health, shutdown: &Shutdown) {
    let mut backoff = Backoff::default();
    while !shutdown.is_stopping() {
        match migrate::run(postgres).await {
            Ok(applied) => {
                tracing::info!(?applied, "the database has the schema of this version");
                return;
            }
            Err(error) => health.down("postgres", format!("{error:#}")),
        }
        tokio::select! {
            () = shutdown.stopping() => return,
            () = backoff.wait() => {}
        }
    }
}
