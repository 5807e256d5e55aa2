//! Reads the stream, validates, and writes each event to the database exactly once.

mod ack;
pub mod compact;
pub mod config;
pub mod dead_letters;
pub mod decode;
pub mod fold;
mod lane;
pub mod migrate;
#[cfg(test)]
mod model;
mod observe;
pub mod read;
pub mod rebuild;
mod rollup_rows;
pub mod write;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::Router;
use common::{
    admin::{self, Health},
    auth::{self, Gate, Rules},
    backoff::Backoff,
    config::{Origins, PostgresConfig},
    http,
    shutdown::Shutdown,
    wire::StreamKeys,
};
use tokio::net::TcpListener;

use crate::{
    compact::{CompactConfig, Retention},
    config::Config,
    write::Recent,
};

/// `/health` and `/metrics` need a key with the scope `read`.
pub const RULES: Rules = Rules {
    open: &["/health/live", "/health/ready"],
    other: &[],
};

/// Starts the consumer's tasks; they end with `shutdown`.
pub fn run(config: Config, listener: TcpListener, shutdown: &Shutdown) {
    let version = env!("CARGO_PKG_VERSION");
    let dependencies = ["redis", "postgres"];
    let health = Health::new(
        "consumer",
        version,
        &config.process.app_env,
        &dependencies,
        shutdown.clone(),
    );
    observe::begin(&health);
    let router = router(health.clone(), &gate(&config, &health, shutdown));
    let doors = http::Doors::new(&config.bind, observe::connection_refused);
    observe::connections(&health, &doors);
    shutdown.spawn(
        "http",
        http::serve(listener, router, doors, shutdown.clone()),
    );
    let starting = shutdown.clone();
    shutdown.spawn("start", async move {
        if config.consumer.migrate_on_start {
            migrate_with_retries(&config.postgres, &health, &starting).await;
        }
        observe::lanes(config.consumer.consumer_lanes);
        let recent = Arc::new(Recent::default());
        for number in 0..config.consumer.consumer_lanes {
            if !starting.is_stopping() {
                let (config, recent, health) = (config.clone(), recent.clone(), health.clone());
                lane::start(number, config, recent, health, &starting);
            }
        }
        let compaction = compact::run(compaction(&config), starting.clone());
        starting.spawn("compaction", async move {
            compaction.await;
            Ok::<_, Infallible>(())
        });
        Ok::<_, Infallible>(())
    });
}

fn gate(config: &Config, health: &Health, shutdown: &Shutdown) -> Gate {
    let settings = auth::Settings {
        postgres: config.auth.is_on().then(|| config.postgres.clone()),
        bind_address: config.bind.bind_address,
        origins: Origins::default(),
    };
    Gate::start(settings, health, shutdown)
}

/// All routes.
pub fn router(health: Health, gate: &Gate) -> Router {
    gate.protect(admin::router(health), RULES)
        .fallback(http::not_found)
        .layer(axum::middleware::from_fn(http::errors_are_problems))
}

async fn migrate_with_retries(postgres: &PostgresConfig, health: &Health, shutdown: &Shutdown) {
    let mut backoff = Backoff::default();
    while !shutdown.is_stopping() {
        let migrated = tokio::select! {
            () = shutdown.stopping() => return,
            migrated = migrate::run(postgres) => migrated,
        };
        match migrated {
            Ok(applied) => {
                tracing::info!(?applied, "the database has the schema of this version");
                return;
            }
            Err(error) => {
                let error = format!("{error:#}");
                observe::start_failed("migrate", &error);
                health.down("postgres", error);
            }
        }
        tokio::select! {
            () = shutdown.stopping() => return,
            () = backoff.wait() => {}
        }
    }
}

fn compaction(config: &Config) -> CompactConfig {
    let (consumer, retention) = (&config.consumer, &config.retention);
    CompactConfig {
        postgres: config.postgres.clone(),
        redis: config.redis.clone(),
        keys: StreamKeys::new(&config.stream.stream_key),
        group: config.stream.consumer_group.clone(),
        interval: Duration::from_secs(consumer.compact_interval),
        max_values: consumer.rollup_max_values,
        retention: Retention {
            events_days: retention.events_retention_days,
            rollups_days: retention.rollups_retention_days,
            dead_letters_days: retention.dead_letters_retention_days,
            compress_after_days: consumer.compress_after_days,
        },
    }
}
