//! The ingestion daemon.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Parser as _;
use common::{config::Loader, shutdown::Shutdown, telemetry};
use ingestion::{
    Config,
    cli::{Cli, Command, truth_of},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
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
        let ready = ready(config.ingestion.ingestion_port).await;
        return Ok(ExitCode::from(u8::from(!ready)));
    }
    config.until = cli.generator.until();
    config.generator = cli.generator.over(config.generator);
    if let Err(errors) = config.generator.validate() {
        eprintln!("the command line is wrong\n  {errors}");
        return Ok(ExitCode::from(BAD_CONFIGURATION));
    }
    telemetry::init_logs("ingestion", &config.process);
    telemetry::metrics();
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
    tracing::info!(clean, "stopped");
    Ok(ExitCode::from(u8::from(!clean)))
}

/// Whether the daemon on this machine answers that it is ready.
async fn ready(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let request = b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        std::io::Result::Ok(head == *b"HTTP/1.1 200")
    };
    matches!(timeout(Duration::from_secs(2), ask).await, Ok(Ok(true)))
}
