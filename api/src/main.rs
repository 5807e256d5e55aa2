//! The api daemon.

use std::{process::ExitCode, sync::Arc, time::Duration};

use api::config::Config;
use clap::{Parser, Subcommand};
use common::{
    config::{Loader, bind},
    http::healthcheck,
    shutdown::Shutdown,
    telemetry, trace,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Answers questions about events over REST and WebSocket, and serves the dashboard.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Ask the api on this machine whether it is ready; exit code 0 if so.
    Healthcheck,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(Loader::from_env()) {
        Ok(config) => Arc::new(config),
        Err(error) => {
            eprint!("{error}");
            return ExitCode::from(2);
        }
    };
    if let Some(Command::Healthcheck) = arguments.command {
        let answer = healthcheck(config.server.api_port).await;
        return ExitCode::from(u8::from(answer.is_err()));
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
    let deadline = Duration::from_millis(config.process.shutdown_timeout_ms);
    api::run(config, listener, shutdown.clone())?;
    shutdown.finished(deadline).await?;
    tracing::info!("stopped");
    Ok(())
}
