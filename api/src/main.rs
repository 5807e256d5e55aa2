//! The api daemon.

mod cli;

use std::{process::ExitCode, sync::Arc};

use api::config::Config;
use clap::Parser as _;
use common::{
    config::{Loader, bind},
    shutdown::Shutdown,
    telemetry, trace,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BAD_CONFIGURATION: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let config = match Config::load(Loader::from_env()) {
        Ok(config) => Arc::new(config),
        Err(error) => {
            eprint!("{error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    if let Some(command) = arguments.command {
        return match cli::run(command, &config).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("api: {error:#}");
                ExitCode::FAILURE
            }
        };
    }
    telemetry::init_logs("api", &config.process);
    let traces = trace::begin("api", &config.process);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "starting");
    let served = serve(config).await;
    traces.finish().await;
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Arc<Config>) -> anyhow::Result<()> {
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let listener = bind(config.bind.bind_address, config.server.api_port).await?;
    let deadline = config.process.shutdown_timeout();
    api::run(config, listener, shutdown.clone())?;
    shutdown.finished(deadline).await?;
    tracing::info!("stopped");
    Ok(())
}
