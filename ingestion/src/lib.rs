//! Takes events in, from HTTP and from a seeded generator, and publishes them to the stream.

pub mod cli;
pub mod config;
mod observe;
pub mod publish;
pub mod source;
mod until;

use axum::Router;
use common::{
    admin::Health,
    shutdown::Shutdown,
    wire::{Source, StreamKeys},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

pub use config::Config;
use publish::{Monitor, OnRefusal, Pressure, Publisher};
use source::synthetic::{Generator, Settings, Status};

/// Blocks waiting for the publisher, per source.
const WAITING_BLOCKS: usize = 8;

/// The generator's controls, for a program that runs the daemon inside itself.
#[derive(Debug, Clone)]
pub struct Controls {
    /// What the generator is asked to do; send only valid settings.
    pub settings: watch::Sender<Settings>,
    pub status: watch::Receiver<Status>,
    pub pressure: watch::Receiver<Pressure>,
}

/// Starts the daemon: tasks that end when `shutdown` begins, and that
/// [`Shutdown::finished`] awaits.
pub fn run(config: Config, listener: TcpListener, shutdown: &Shutdown) -> Controls {
    let keys = StreamKeys::new(&config.stream.stream_key);
    let app_env = &config.process.app_env;
    let version = env!("CARGO_PKG_VERSION");
    let health = Health::new("ingestion", version, app_env, &["redis"], shutdown.clone());

    let (settings_in, settings_out) = watch::channel(config.generator.clone());
    let (status_in, status_out) = watch::channel(Status::default());
    let (pressure_in, pressure_out) = watch::channel(Pressure::default());
    let (generated_in, generated_out) = mpsc::channel(WAITING_BLOCKS);
    let controls = Controls {
        settings: settings_in,
        status: status_out,
        pressure: pressure_out.clone(),
    };

    let publisher = |source, on_refusal| Publisher {
        source,
        redis: config.redis.clone(),
        keys: keys.clone(),
        policy: config.batch_policy(),
        max_in_flight: config.ingestion.publish_max_in_flight,
        on_refusal,
    };
    let generated = publisher(Source::Generator, OnRefusal::Hold);
    shutdown.spawn("publish generator", generated.run(generated_out, shutdown.clone()));

    let generator = Generator {
        limits: config.stream.limits(),
        policy: config.batch_policy(),
        blocks: generated_in,
        wanted: settings_out,
        pressure: pressure_out,
        status: status_in,
    };
    shutdown.spawn("generator", generator.run(shutdown.clone()));

    let monitor = Monitor {
        redis: config.redis.clone(),
        keys: keys.clone(),
        limits: config.limits(),
        health: health.clone(),
        pressure: pressure_in,
    };
    shutdown.spawn("monitor", monitor.run(shutdown.clone()));
    shutdown.spawn("until", until::run(config.until, controls.clone(), shutdown.clone()));

    let router: Router = common::admin::router(health);
    let connections = config.bind.http_max_connections;
    let server = common::http::serve(listener, router, connections, shutdown.clone());
    shutdown.spawn("http", server);
    controls
}
