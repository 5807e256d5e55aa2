//! The `consumer` daemon and its maintenance commands.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use common::{
    config::{Loader, bind},
    fault,
    shutdown::Shutdown,
    telemetry, trace,
};
use consumer::config::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bad configuration.
const EXIT_CONFIG: u8 = 2;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let config = match Config::load(Loader::from_env()) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("consumer: {error}");
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("consumer: can't start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(async {
        match arguments.command {
            Some(command) => cli::run(command, config).await,
            None => {
                let folds = !arguments.without_rollups;
                serve(Config { folds, ..config }).await
            }
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("consumer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    telemetry::init_logs("consumer", &config.process);
    fault::arm();
    let traces = trace::begin("consumer", &config.process);
    let port = config.consumer.consumer_port;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), port, "starting");
    if !config.folds {
        tracing::warn!("the rollups stay empty: this is for measurements only");
    }
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let listener = bind(config.bind.bind_address, port).await?;
    let deadline = config.process.shutdown_timeout();
    consumer::run(config, listener, &shutdown);
    let finished = shutdown.finished(deadline).await;
    traces.finish().await;
    finished?;
    tracing::info!("stopped");
    Ok(())
}
