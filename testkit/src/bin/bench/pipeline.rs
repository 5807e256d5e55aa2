//! The three daemons on a database and a stream of their own, and the generator's controls.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use testkit::{Daemon, Program, Services, audit, free_port, http, memory_of, wait_for};

use crate::{drain::MIB, round::fresh};

const READY_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A rate that the generator can't reach, events per second.
pub(crate) const FLAT_OUT: u32 = 2_000_000;

/// Events of the past.
pub(crate) struct History {
    pub(crate) events: u64,
    /// Before now, over which they are spread.
    pub(crate) seconds: u32,
    /// SQL that says whether their tiers are there.
    pub(crate) built: &'static str,
    /// For making them, storing them, and building their tiers, each.
    pub(crate) limit: Duration,
}

pub(crate) struct Pipeline {
    pub(crate) services: Services,
    pub(crate) consumer: Daemon,
    pub(crate) api: Daemon,
    pub(crate) ingestion: Daemon,
    more: Vec<(String, String)>,
}

impl Pipeline {
    /// Starts all three, the generator at rest. `more` are further variables of each.
    pub(crate) async fn start(more: &[(&str, &str)]) -> anyhow::Result<Self> {
        let services = fresh().await?;
        let consumer = spawn(&services, Program::Consumer, more)?;
        let api = spawn(&services, Program::Api, more)?;
        let ingestion = spawn(&services, Program::Ingestion, more)?;
        let mut pipeline = Self {
            services,
            consumer,
            api,
            ingestion,
            more: owned(more).collect(),
        };
        for daemon in pipeline.daemons() {
            daemon.ready(READY_LIMIT).await?;
        }
        Ok(pipeline)
    }

    pub(crate) const fn daemons(&mut self) -> [&mut Daemon; 3] {
        [&mut self.ingestion, &mut self.consumer, &mut self.api]
    }

    /// Stores events of the past and waits for their tiers.
    pub(crate) async fn history(&self, history: &History) -> anyhow::Result<()> {
        let settings = json!({
            "running": true, "rate": FLAT_OUT, "limit": history.events,
            "history_seconds": history.seconds,
        });
        tell(&self.ingestion, &settings).await?;
        let finished = async || {
            let status = ask(&self.ingestion).await;
            status.is_ok_and(|body| body["status"]["finished"] == true)
        };
        ensure!(wait_for(history.limit, finished).await, "no history");
        audit::quiet(&self.services, history.limit).await?;
        let db = self.services.db().await;
        let built = async || {
            let built = db.query_one(history.built, &[]).await;
            built.is_ok_and(|row| row.get(0))
        };
        ensure!(wait_for(history.limit, built).await, "no tiers");
        Ok(())
    }

    /// A new process in the place of the old one.
    pub(crate) async fn restart_consumer(&mut self) -> anyhow::Result<()> {
        stop(&mut self.consumer).await?;
        let more: Vec<_> = self
            .more
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        self.consumer = spawn(&self.services, Program::Consumer, &more)?;
        Ok(self.consumer.ready(READY_LIMIT).await?)
    }

    /// Where the consumer was stopped before.
    pub(crate) async fn stop_but_consumer(mut self) -> anyhow::Result<()> {
        stop(&mut self.ingestion).await?;
        stop(&mut self.api).await
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        for daemon in self.daemons() {
            stop(daemon).await?;
        }
        Ok(())
    }
}

fn owned(variables: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).into(), (*value).into());
    variables.iter().map(owned)
}

/// A daemon on these services.
fn spawn(services: &Services, program: Program, more: &[(&str, &str)]) -> anyhow::Result<Daemon> {
    let mut variables = services.variables();
    variables.extend(owned(more));
    let log = std::env::temp_dir().join(format!("tidemark-bench-{}.log", program.name()));
    Ok(Daemon::spawn(program, free_port()?, &variables, &[], &log)?)
}

/// Ingestion alone, ready.
pub(crate) async fn ingestion(
    services: &Services,
    more: &[(&str, &str)],
) -> anyhow::Result<Daemon> {
    let mut daemon = spawn(services, Program::Ingestion, more)?;
    daemon.ready(READY_LIMIT).await?;
    Ok(daemon)
}

pub(crate) async fn stop(daemon: &mut Daemon) -> anyhow::Result<()> {
    let status = daemon.terminate(STOP_LIMIT).await?;
    let name = daemon.program.name();
    ensure!(status.success(), "{name} did not stop cleanly: {status}");
    Ok(())
}

/// Tells the generator something; its settings and status, as they are then.
pub(crate) async fn tell(ingestion: &Daemon, settings: &Value) -> anyhow::Result<Value> {
    let url = generator(ingestion);
    let (status, body) = http::put(&url, settings).await.context("PUT generator")?;
    ensure!(status == 200, "PUT {settings} answers {status}: {body}");
    Ok(body)
}

/// The generator's settings and status.
pub(crate) async fn ask(ingestion: &Daemon) -> anyhow::Result<Value> {
    let (status, body) = http::get(&generator(ingestion)).await?;
    ensure!(status == 200, "GET generator answers {status}: {body}");
    Ok(body)
}

fn generator(ingestion: &Daemon) -> String {
    format!("http://127.0.0.1:{}/api/v1/generator", ingestion.port)
}

/// Stops the generator and waits until Redis has acknowledged what it made; its last status.
pub(crate) async fn settle(ingestion: &Daemon) -> anyhow::Result<Value> {
    tell(ingestion, &json!({"running": false})).await?;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let body = ask(ingestion).await?;
        let status = &body["status"];
        if status["generated"] == status["sent"] && status["wanted_rate"] == 0.0 {
            return Ok(body);
        }
    }
    anyhow::bail!("not everything that was generated is acknowledged within 10 s")
}

/// Resident memory in MiB.
pub(crate) fn resident(daemon: &Daemon) -> f64 {
    memory_of(daemon.pid(), "VmRSS").unwrap_or_default() as f64 / MIB
}
