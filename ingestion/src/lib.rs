//! Takes events in, from HTTP and from a seeded generator, and publishes them to the stream.

pub mod cli;
pub mod config;
pub mod control;
mod observe;
pub mod place;
mod progress;
pub mod publish;
pub mod routes;
pub mod source;
mod until;

use common::{
    admin::Health,
    auth::{self, Gate},
    clients,
    http::Doors,
    shutdown::Shutdown,
    wire::{Source, StreamKeys},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

pub use config::Config;
use control::Controls;
use publish::{Monitor, OnRefusal, Pressure, Publisher};
use source::{
    http::{Collector, CommitPoller, FirstSeen},
    synthetic::{Generator, Status},
};

/// Blocks of 500 events waiting for a publisher: the only queues between the stages.
const GENERATED_BLOCKS: usize = 8;
const COLLECTED_BLOCKS: usize = 64;

/// Starts the daemon: tasks that end when `shutdown` begins and that
/// [`Shutdown::finished`] awaits.
///
/// # Errors
/// The Redis URL is wrong, which a loaded configuration excludes.
pub fn run(config: Config, listener: TcpListener, shutdown: &Shutdown) -> anyhow::Result<Controls> {
    let keys = StreamKeys::new(&config.stream.stream_key);
    let pool = clients::redis::pool(&config.redis)?;

    // generator ─▶ blocks ─▶ publisher ─┐
    //                                   ├─▶ stream; what the monitor sees there stops both
    // collector ─▶ blocks ─▶ publisher ─┘
    let (settings_in, settings_out) = watch::channel(config.generator.clone());
    let (status_in, status_out) = watch::channel(Status::default());
    let (pressure_in, pressure_out) = watch::channel(Pressure::default());
    let (generated_in, generated_out) = mpsc::channel(GENERATED_BLOCKS);
    let (collected_in, collected_out) = mpsc::channel(COLLECTED_BLOCKS);
    let health = health(&config, shutdown);
    observe::bounds(&health, &generated_in, &collected_in, &pool);
    let controls = Controls {
        settings: settings_in,
        status: status_out,
    };

    let generated = publisher(&config, Source::Generator, OnRefusal::Hold);
    shutdown.spawn(
        "publish generator",
        generated.run(generated_out, shutdown.clone()),
    );
    let collected = publisher(&config, Source::Collector, OnRefusal::Report);
    shutdown.spawn(
        "publish collector",
        collected.run(collected_out, shutdown.clone()),
    );

    let generator = Generator {
        limits: config.stream.limits(),
        policy: config.batch_policy(),
        blocks: generated_in,
        wanted: settings_out,
        pressure: pressure_out.clone(),
        status: status_in,
    };
    shutdown.spawn("generator", generator.run(shutdown.clone()));

    let group = config.stream.consumer_group.clone();
    let (poller, commits) =
        CommitPoller::new(config.redis.clone(), pool.clone(), keys.clone(), group);
    shutdown.spawn("commits", poller.run(shutdown.clone()));
    let collector = Collector {
        limits: config.stream.limits(),
        policy: config.batch_policy(),
        blocks: collected_in,
        pressure: pressure_out.clone(),
        first_seen: FirstSeen::new(pool.clone(), &keys, config.ingestion.untimed_ids_max),
        commits,
        shutdown: shutdown.clone(),
    };
    serve(&config, collector, &controls, &health, listener, shutdown);

    let monitor = monitor(&config, health, pressure_in);
    shutdown.spawn("monitor", monitor.run(shutdown.clone()));
    shutdown.spawn(
        "report",
        control::report(pool, keys, controls.clone(), shutdown.clone()),
    );
    shutdown.spawn(
        "until",
        until::run(config.until, controls.clone(), shutdown.clone()),
    );
    shutdown.spawn(
        "progress",
        progress::run(controls.clone(), pressure_out, shutdown.clone()),
    );
    Ok(controls)
}

fn publisher(config: &Config, source: Source, on_refusal: OnRefusal) -> Publisher {
    Publisher {
        source,
        redis: config.redis.clone(),
        keys: StreamKeys::new(&config.stream.stream_key),
        policy: config.batch_policy(),
        max_in_flight: config.ingestion.publish_max_in_flight,
        on_refusal,
    }
}

fn monitor(config: &Config, health: Health, pressure: watch::Sender<Pressure>) -> Monitor {
    Monitor {
        redis: config.redis.clone(),
        keys: StreamKeys::new(&config.stream.stream_key),
        limits: config.limits(),
        health,
        pressure,
    }
}

fn health(config: &Config, shutdown: &Shutdown) -> Health {
    let (version, app_env) = (env!("CARGO_PKG_VERSION"), &config.process.app_env);
    let health = Health::new("ingestion", version, app_env, &["redis"], shutdown.clone());
    observe::begin(&health);
    health
}

fn serve(
    config: &Config,
    collector: Collector,
    controls: &Controls,
    health: &Health,
    listener: TcpListener,
    shutdown: &Shutdown,
) {
    let origins = &config.ingestion.cors_origins;
    let settings = auth::Settings {
        postgres: config.postgres.clone(),
        bind_address: config.bind.bind_address,
        origins: origins.clone(),
    };
    let gate = Gate::start(settings, health, shutdown);
    let router = routes::router(collector, controls.clone(), health.clone(), gate, origins);
    let doors = Doors::new(&config.bind, observe::connection_refused);
    let counted = doors.clone();
    health.sample(move |_| {
        observe::bound(
            "http_connections",
            counted.open() as f64,
            counted.most() as f64,
        );
    });
    let server = common::http::serve(listener, router, doors, shutdown.clone());
    shutdown.spawn("http", server);
}
