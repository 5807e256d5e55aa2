//! What a Node programmer would write, in bench/peers, started beside ours.

use std::{collections::BTreeMap, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use testkit::{free_port, wait_for};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/peers");
const LIMIT: Duration = Duration::from_secs(20);

/// A folder of bench/peers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NodePeer(pub(crate) &'static str);

impl NodePeer {
    /// Why it can't be started; `None` where it can.
    pub(crate) fn lacks(self) -> Option<String> {
        let installed = self.folder().join("node_modules").exists();
        (!installed).then(|| format!("`npm ci` in bench/peers/{} installs it", self.0))
    }

    fn folder(self) -> PathBuf {
        PathBuf::from(PEERS).join(self.0)
    }

    /// Its process, which ends when it is dropped.
    pub(crate) fn command(self, variables: &BTreeMap<String, String>) -> Command {
        let mut command = Command::new("node");
        command
            .arg(self.folder().join("main.js"))
            .envs(variables)
            .env("NODE_ENV", "production")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// A server, and its port once it takes connections.
    pub(crate) async fn serve(
        self,
        variables: &BTreeMap<String, String>,
    ) -> anyhow::Result<(Child, u16)> {
        let port = free_port()?;
        let mut command = self.command(variables);
        let child = command.env("PORT", port.to_string()).spawn();
        let child = child.context("can't start node")?;
        let listens = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        let is_up = wait_for(LIMIT, listens).await;
        ensure!(is_up, "the peer in bench/peers/{} isn't up", self.0);
        Ok((child, port))
    }
}
