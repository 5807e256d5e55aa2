//! The ingestion daemon.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Parser as _;
use common::{config::Loader, fault, http::healthcheck, shutdown::Shutdown, telemetry, trace};
use ingestion::{
    Config,
    cli::{Cli, Command, truth_of},
};
use validator::Validate as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BAD_CONFIGURATION: u8 = 2;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if let Some(Command::Truth { count, generator }) = &cli.command {
        println!("{}", truth_of(&generator.over(Default::default()), *count));
        return Ok(ExitCode::SUCCESS);
    }
    let mut config = match Config::load(Loader::from_env()) {
        Ok(config) => config,
        Err(error) => {
            eprint!("{error}");
            return Ok(ExitCode::from(BAD_CONFIGURATION));
        }
    };
    if matches!(cli.command, Some(Command::Healthcheck)) {
        let answer = healthcheck(config.bind.bind_address, config.ingestion.ingestion_port).await;
        return Ok(ExitCode::from(u8::from(answer.is_err())));
    }
    config.until = cli.generator.until();
    config.generator = cli.generator.over(config.generator);
    if let Err(errors) = config.generator.validate() {
        eprintln!("the command line is wrong\n  {errors}");
        return Ok(ExitCode::from(BAD_CONFIGURATION));
    }
    telemetry::init_logs("ingestion", &config.process);
    fault::arm();
    let traces = trace::begin("ingestion", &config.process);
    let version = env!("CARGO_PKG_VERSION");
    let port = config.ingestion.ingestion_port;
    tracing::info!(
        version,
        environment = config.process.app_env,
        port,
        "starting"
    );
    let shutdown = Shutdown::new();
    shutdown.on_signals().context("signal handlers")?;
    let listener = common::config::bind(config.bind.bind_address, port).await?;
    let deadline = Duration::from_millis(config.process.shutdown_timeout_ms);
    ingestion::run(config, listener, &shutdown)?;
    let clean = shutdown.finished(deadline).await.is_ok();
    traces.finish().await;
    tracing::info!(clean, "stopped");
    Ok(ExitCode::from(u8::from(!clean)))
}
