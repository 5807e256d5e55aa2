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

const BAD_CONFIGURATION: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let config = match Config::load(Loader::from_env()) {
        Ok(config) => config,
        Err(error) => {
            eprint!("{error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    if let Some(command) = arguments.command {
        return match cli::run(command, config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("consumer: {error:#}");
                ExitCode::FAILURE
            }
        };
    }
    telemetry::init_logs("consumer", &config.process);
    fault::arm();
    let traces = trace::begin("consumer", &config.process);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    let folds = !arguments.without_rollups;
    let served = serve(Config { folds, ..config }).await;
    traces.finish().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    if !config.folds {
        tracing::warn!("the rollups stay empty: this is for measurements only");
    }
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let listener = bind(config.bind.bind_address, config.consumer.consumer_port).await?;
    let deadline = config.process.shutdown_timeout();
    consumer::run(config, listener, &shutdown);
    shutdown.finished(deadline).await?;
    tracing::info!("stopped");
    Ok(())
}
