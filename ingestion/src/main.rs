//! The ingestion daemon.

use std::process::ExitCode;

use clap::Parser as _;
use common::{
    config::{Loader, bind},
    fault,
    http::healthcheck,
    shutdown::Shutdown,
    telemetry, trace,
};
use ingestion::{
    Config,
    cli::{Cli, Command, TruthOf},
};
use validator::Validate as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BAD_CONFIGURATION: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Truth(run)) = &cli.command {
        return tell(run);
    }
    let mut config = match Config::load(Loader::from_env()) {
        Ok(config) => config,
        Err(error) => {
            eprint!("{error}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    if matches!(cli.command, Some(Command::Healthcheck)) {
        let answer = healthcheck(config.bind.bind_address, config.ingestion.ingestion_port).await;
        return ExitCode::from(u8::from(answer.is_err()));
    }
    config.until = cli.generator.until();
    config.generator = cli.generator.over(config.generator);
    if let Err(errors) = config.generator.validate() {
        eprintln!("the command line is wrong\n  {errors}");
        return ExitCode::from(BAD_CONFIGURATION);
    }
    telemetry::init_logs("ingestion", &config.process);
    fault::arm();
    let traces = trace::begin("ingestion", &config.process);
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

fn tell(run: &TruthOf) -> ExitCode {
    match run.answer() {
        Ok(truth) => {
            println!("{truth}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(BAD_CONFIGURATION)
        }
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let shutdown = Shutdown::new();
    shutdown.on_signals()?;
    let listener = bind(config.bind.bind_address, config.ingestion.ingestion_port).await?;
    let deadline = config.process.shutdown_timeout();
    ingestion::run(config, listener, &shutdown)?;
    shutdown.finished(deadline).await?;
    tracing::info!("stopped");
    Ok(())
}
