//! One run's servers, proxies and daemons, and what is done to them.

mod backlog;
mod daemons;
mod faults;
mod steps;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use common::wire::StreamKeys;
use redis::aio::MultiplexedConnection;
use testkit::{Daemon, free_port};
use tokio_postgres::Client;

pub(crate) use daemons::DATABASE;

use crate::{
    fault::{Fault, Node, Nodes, Service},
    load,
    peak::Peak,
    proxy::{Proxy, Toxic},
    scenario::{Scenario, Setup},
    servers::{Postgres, Programs, Redis, Template},
};
use faults::Held;

pub(crate) const STREAM: &str = "events";
pub(crate) const GROUP: &str = "timescale-writer";

/// Machinery that all runs share.
pub(crate) struct Machinery {
    pub(crate) programs: Programs,
    pub(crate) template: Template,
    /// Holds a folder for each run.
    pub(crate) runs: PathBuf,
}

pub(crate) struct Stage {
    pub(crate) folder: PathBuf,
    pub(crate) redis_server: Redis,
    pub(crate) postgres: Postgres,
    /// Those that run, by what they are.
    pub(crate) daemons: BTreeMap<Node, Daemon>,
    pub(crate) load: Option<load::Running>,
    /// When the first fault began, and when the last one was being ended and was ended.
    pub(crate) first_fault: Option<Instant>,
    pub(crate) healing: Option<Instant>,
    pub(crate) healed: Option<Instant>,
    /// When Redis lost what it may have lost.
    pub(crate) crashes: Vec<Instant>,
    /// How often a daemon has died or was ended.
    pub(crate) deaths: u64,
    /// Where it was measured.
    pub(crate) peak: Option<Peak>,
    setup: Setup,
    ports: BTreeMap<Node, u16>,
    proxies: Vec<(Node, Service, Proxy)>,
    faults: Vec<(Fault, Held)>,
    started: Instant,
    log: std::sync::Mutex<std::fs::File>,
}

impl Stage {
    /// Servers as the scenario wants them, and daemons on their way.
    pub(crate) async fn set(
        machinery: &Arc<Machinery>,
        scenario: &Scenario,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let folder = machinery.runs.join(format!("{}-{seed}", scenario.name));
        let programs = &machinery.programs;
        programs
            .run(&[], &["mkdir", "-p", &folder.to_string_lossy()])
            .await?;
        let setup = scenario.setup.clone();
        let redis_server = Redis::prepare(programs, &folder, &setup, free_port()?).await?;
        let postgres =
            Postgres::prepare(programs, &machinery.template, &folder, &setup, free_port()?).await?;
        let log = std::fs::File::create(folder.join("steps.log"))?;
        let mut stage = Self {
            folder,
            redis_server,
            postgres,
            daemons: BTreeMap::new(),
            load: None,
            first_fault: None,
            healing: None,
            healed: None,
            crashes: Vec::new(),
            deaths: 0,
            peak: None,
            setup,
            ports: BTreeMap::new(),
            proxies: Vec::new(),
            faults: Vec::new(),
            started: Instant::now(),
            log: log.into(),
        };
        stage.start_servers().await?;
        for node in stage.nodes() {
            stage.connect(node).await?;
            stage.start_daemon(node, &[], true)?;
        }
        Ok(stage)
    }

    async fn start_servers(&mut self) -> anyhow::Result<()> {
        if self.setup.redis_runs {
            self.redis_server.start().await?;
        }
        if self.setup.postgres_runs {
            self.postgres.start().await?;
        }
        Ok(())
    }

    /// Everybody who takes part, dead or alive.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        let consumers = (0..self.setup.consumers).map(Node::Consumer);
        let apis = (0..self.setup.apis).map(Node::Api);
        consumers.chain(apis).chain([Node::Ingestion]).collect()
    }

    async fn connect(&mut self, node: Node) -> anyhow::Result<()> {
        self.ports.insert(node, free_port()?);
        for service in [Service::Redis, Service::Postgres] {
            // Ingestion knows no database, but for keys.
            let is_postgres = service == Service::Postgres;
            let upstream = match is_postgres {
                true => self.postgres.port,
                false => self.redis_server.port,
            };
            let proxy = Proxy::open(upstream, is_postgres).await?;
            self.proxies.push((node, service, proxy));
        }
        Ok(())
    }

    fn proxies(&self, service: Service, nodes: Nodes) -> impl Iterator<Item = &Proxy> {
        let of_these = self
            .proxies
            .iter()
            .filter(move |(node, to, _)| *to == service && nodes.has(*node));
        of_these.map(|(_, _, proxy)| proxy)
    }

    fn set_toxic(&self, service: Service, nodes: Nodes, toxic: Toxic) {
        self.proxies(service, nodes)
            .for_each(|proxy| proxy.set(toxic));
    }

    pub(crate) fn port(&self, node: Node) -> u16 {
        self.ports.get(&node).copied().unwrap_or_default()
    }

    /// `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self, node: Node) -> String {
        format!("http://127.0.0.1:{}", self.port(node))
    }

    /// A connection to Redis past the proxies.
    pub(crate) async fn redis(&self) -> anyhow::Result<MultiplexedConnection> {
        self.redis_server.connect().await
    }

    /// A superuser's connection to the daemons' database, past the proxies.
    pub(crate) async fn db(&self) -> anyhow::Result<Client> {
        self.postgres.connect(DATABASE).await
    }

    pub(crate) async fn sql(&self, statements: &str) -> anyhow::Result<()> {
        let db = self.db().await?;
        db.batch_execute(statements)
            .await
            .with_context(|| statements.to_owned())
    }

    pub(crate) fn keys(&self) -> StreamKeys {
        StreamKeys::new(STREAM)
    }

    pub(crate) fn doors(&self) -> load::Doors {
        load::Doors {
            ingestion: self.url(Node::Ingestion),
            redis_port: self.redis_server.port,
            stream: STREAM.to_owned(),
        }
    }

    /// Into the log of what was done.
    pub(crate) fn note(&self, what: &str) {
        use std::io::Write as _;
        let since = self.started.elapsed().as_secs_f64();
        if let Ok(mut log) = self.log.lock() {
            let _ = writeln!(log, "{since:8.3} {what}");
        }
    }

    fn fault_begins(&mut self) {
        self.first_fault.get_or_insert_with(Instant::now);
    }

    /// Ends everybody; every daemon has to end by itself, with code 0.
    pub(crate) async fn strike(&mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for node in self.nodes().into_iter().rev() {
            if self.daemons.contains_key(&node) {
                outcome = outcome.and(self.terminate(node).await);
            }
        }
        self.end_servers().await;
        outcome
    }

    /// Whatever state they are in.
    pub(crate) async fn end_servers(&mut self) {
        self.daemons.clear();
        let _ = self.postgres.signal("CONT").await;
        if self.postgres.runs() {
            let _ = self.postgres.stop("QUIT").await;
        }
    }

    pub(crate) fn remove_data(&self) {
        for data in ["postgres", "redis", "disk"] {
            let _ = std::fs::remove_dir_all(self.folder.join(data));
        }
    }

    pub(crate) const fn stop_limit() -> Duration {
        Duration::from_secs(10)
    }
}
