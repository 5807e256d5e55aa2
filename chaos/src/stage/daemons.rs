//! The daemons of a stage.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use anyhow::{Context as _, ensure};
use testkit::{Daemon, Program, http, wait_for};

use super::{GROUP, STREAM, Stage};
use crate::{
    fault::{Node, Service},
    servers::PASSWORD,
};

pub(crate) const DATABASE: &str = "tidemark";

/// What every daemon is told. Entries of the dead are claimed and rollups compacted so often
/// that a run of seconds sees it; everything that a promise names a time for is left alone.
const VARIABLES: [(&str, &str); 8] = [
    // The template is migrated, and the consumer's login may change no tables.
    ("MIGRATE_ON_START", "false"),
    ("STREAM_KEY", STREAM),
    ("CONSUMER_GROUP", GROUP),
    ("CLAIM_IDLE_MS", "3000"),
    ("COMPACT_INTERVAL", "2"),
    ("LOG_LEVEL", "info"),
    ("POSTGRES_POOL_SIZE", "15"),
    ("RUST_BACKTRACE", "1"),
];

/// Variables for one life only: who comes back after a fault point shall not meet it again.
const ONCE: &str = "FAILPOINTS";

const PROGRAMS_READY: Duration = Duration::from_secs(60);

impl Node {
    pub(crate) const fn program(self) -> Program {
        match self {
            Self::Ingestion => Program::Ingestion,
            Self::Consumer(_) => Program::Consumer,
            Self::Api(_) => Program::Api,
        }
    }

    /// What it is to the database: who may do its work and nothing else.
    const fn login(self) -> &'static str {
        match self {
            Self::Ingestion => "tm_ingestion",
            Self::Consumer(_) => "tm_consumer",
            Self::Api(_) => "tm_api",
        }
    }

    /// "consumer-a".
    pub(crate) fn name(self) -> String {
        let letter = |number: usize| char::from(b'a' + number as u8);
        match self {
            Self::Ingestion => "ingestion".to_owned(),
            Self::Consumer(number) => format!("consumer-{}", letter(number)),
            Self::Api(number) => format!("api-{}", letter(number)),
        }
    }
}

impl Stage {
    fn variables(
        &self,
        node: Node,
        more: &[(&'static str, String)],
        is_first: bool,
    ) -> BTreeMap<String, String> {
        let port = |service| {
            let proxy = self.proxies(service, crate::fault::Nodes::One(node)).next();
            proxy.map_or(0, |proxy| proxy.port)
        };
        let mut variables = BTreeMap::from([
            (
                "REDIS_URL".to_owned(),
                format!("redis://127.0.0.1:{}/", port(Service::Redis)),
            ),
            (
                "POSTGRES_URL".to_owned(),
                format!(
                    "postgres://{}:{PASSWORD}@127.0.0.1:{}/{DATABASE}",
                    node.login(),
                    port(Service::Postgres)
                ),
            ),
        ]);
        let mut set = |name: &str, value: &str| {
            variables.insert(name.to_owned(), value.to_owned());
        };
        for (name, value) in VARIABLES {
            set(name, value);
        }
        if let Node::Consumer(_) = node {
            set("CONSUMER_NAME", &node.name());
        }
        for (whose, name, value) in &self.setup.variables {
            if *whose == node && (is_first || *name != ONCE) {
                set(name, value);
            }
        }
        for (name, value) in more {
            set(name, value);
        }
        variables
    }

    /// Where all its lives print.
    pub(crate) fn log_of(&self, node: Node) -> PathBuf {
        self.folder.join(format!("{}.log", node.name()))
    }

    pub(crate) fn start_daemon(
        &mut self,
        node: Node,
        more: &[(&'static str, String)],
        is_first: bool,
    ) -> anyhow::Result<()> {
        let variables = self.variables(node, more, is_first);
        let (port, log) = (self.port(node), self.log_of(node));
        let daemon = Daemon::spawn(node.program(), port, &variables, &[], &log)?;
        self.daemons.insert(node, daemon);
        Ok(())
    }

    /// Each answers, ready or not.
    pub(crate) async fn all_live(&self) -> anyhow::Result<()> {
        for node in self.daemons.keys() {
            let url = format!("{}/health/live", self.url(*node));
            let is_live = async || matches!(http::get(&url).await, Ok((200, _)));
            let is_live = wait_for(PROGRAMS_READY, is_live).await;
            ensure!(is_live, "{} isn't alive", node.name());
        }
        Ok(())
    }

    pub(crate) async fn all_ready(&mut self) -> anyhow::Result<()> {
        for daemon in self.daemons.values_mut() {
            daemon.ready(PROGRAMS_READY).await?;
        }
        Ok(())
    }

    /// One that runs.
    pub(crate) fn daemon(&mut self, node: Node) -> anyhow::Result<&mut Daemon> {
        let daemon = self.daemons.get_mut(&node);
        daemon.with_context(|| format!("{} doesn't run", node.name()))
    }

    /// Taken out of those that run.
    pub(super) fn remove_daemon(&mut self, node: Node) -> anyhow::Result<Daemon> {
        let daemon = self.daemons.remove(&node);
        self.deaths += 1;
        daemon.with_context(|| format!("{} doesn't run", node.name()))
    }

    /// SIGTERM; it has to end in time and with code 0.
    pub(crate) async fn terminate(&mut self, node: Node) -> anyhow::Result<()> {
        let mut daemon = self.remove_daemon(node)?;
        let status = daemon.terminate(Self::stop_limit()).await;
        let status =
            status.with_context(|| format!("{} doesn't end after SIGTERM", node.name()))?;
        ensure!(
            status.success(),
            "{} ends after SIGTERM with {status}",
            node.name()
        );
        Ok(())
    }
}
