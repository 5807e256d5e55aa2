//! The daemons, and where they are.

use std::{collections::BTreeMap, net::TcpListener, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use testkit::{Daemon, Program, Services, free_port, http};

use crate::{Arguments, FAULTS};

const READY_LIMIT: Duration = Duration::from_secs(30);
const DATABASE: &str = "tidemark_demo";

pub(crate) struct Stage {
    pub(crate) services: Services,
    pub(crate) logs: PathBuf,
    api: Daemon,
    ingestion: Daemon,
    consumer: Daemon,
}

impl Stage {
    /// Starts the daemons: on a database and a stream of the demo's own, emptied before, or
    /// with `--forever` on the configured ones.
    pub(crate) async fn set(arguments: &Arguments) -> anyhow::Result<Self> {
        let services = if arguments.forever {
            Services::configured()
        } else {
            Services::emptied(DATABASE).await
        };
        let logs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.services/logs"));
        std::fs::create_dir_all(&logs)?;
        let logs = logs.canonicalize()?;
        let (api, ingestion, consumer) = (port(3001)?, port(3002)?, port(3003)?);
        let mut variables = services.variables();
        variables.extend(addresses(api, ingestion));
        let spawn = |program: Program, port, arguments: &[String]| {
            let log = logs.join(format!("{}.log", program.name()));
            Daemon::spawn(program, port, &variables, arguments, &log)
        };
        let mut stage = Self {
            consumer: spawn(Program::Consumer, consumer, &[])?,
            api: spawn(Program::Api, api, &[])?,
            ingestion: spawn(Program::Ingestion, ingestion, &generator(arguments))?,
            services,
            logs,
        };
        for daemon in [&mut stage.consumer, &mut stage.api, &mut stage.ingestion] {
            daemon
                .ready(READY_LIMIT)
                .await
                .context("its log says why")?;
        }
        Ok(stage)
    }

    pub(crate) fn page(&self) -> String {
        format!("http://localhost:{}/", self.api.port)
    }

    pub(crate) const fn api_port(&self) -> u16 {
        self.api.port
    }

    /// `data` of a GET on the api.
    pub(crate) async fn api(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("http://127.0.0.1:{}/api/v1{path}", self.api.port);
        Ok(http::body(&url).await?["data"].take())
    }

    /// The generator's settings and status.
    pub(crate) async fn generator(&self) -> anyhow::Result<Value> {
        let url = format!("http://127.0.0.1:{}/api/v1/generator", self.ingestion.port);
        http::body(&url).await
    }

    /// Stops all, those first that others depend on last.
    pub(crate) async fn strike(&mut self, limit: Duration) -> anyhow::Result<()> {
        for daemon in [&mut self.ingestion, &mut self.consumer, &mut self.api] {
            let status = daemon.terminate(limit).await;
            let status = status.with_context(|| format!("stopping {}", daemon.program.name()))?;
            ensure!(
                status.success(),
                "{} ended with {status}",
                daemon.program.name()
            );
        }
        Ok(())
    }
}

/// The usual port, or another one where somebody has it.
fn port(usual: u16) -> std::io::Result<u16> {
    match TcpListener::bind(("127.0.0.1", usual)) {
        Ok(_) => Ok(usual),
        Err(_) => free_port(),
    }
}

fn addresses(api: u16, ingestion: u16) -> BTreeMap<String, String> {
    BTreeMap::from([
        (
            "CORS_ORIGINS".into(),
            format!("http://localhost:{api},http://127.0.0.1:{api}"),
        ),
        (
            "INGESTION_PUBLIC_URL".into(),
            format!("http://127.0.0.1:{ingestion}"),
        ),
    ])
}

fn generator(arguments: &Arguments) -> Vec<String> {
    let mut flags = vec![
        "--run".to_owned(),
        format!("--rate={}", arguments.rate),
        format!("--seed={}", arguments.seed),
    ];
    if !arguments.forever {
        flags.push(format!("--duration={}", arguments.duration));
    }
    flags.extend(FAULTS.iter().map(|(flag, rate)| format!("{flag}={rate}")));
    flags
}
