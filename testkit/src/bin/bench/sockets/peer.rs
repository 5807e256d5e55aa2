//! The broadcaster that a Node programmer would write (bench/peers/ws).

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use testkit::{free_port, wait_for};
use tokio::{net::TcpStream, process::Command};

use super::{client::Clients, rate as measured};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/peers/ws");
const LIMIT: Duration = Duration::from_secs(20);

/// Frames per second of `bytes` to each of `sockets`; `None` where it isn't installed.
pub(super) async fn rate(sockets: usize, bytes: f64) -> anyhow::Result<Option<f64>> {
    if !Path::new(FOLDER).join("node_modules").exists() {
        return Ok(None);
    }
    let port = free_port()?;
    let mut child = Command::new("node")
        .arg(PathBuf::from(FOLDER).join("main.js"))
        .env("PORT", port.to_string())
        .env("FRAME_BYTES", format!("{bytes:.0}"))
        .env("NODE_ENV", "production")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("can't start node")?;
    let answers = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
    ensure!(wait_for(LIMIT, answers).await, "the broadcaster isn't up");
    let clients = Clients::open(port, sockets, Vec::new(), false).await?;
    let (frames, _) = measured(&clients).await;
    clients.close().await?;
    child.kill().await?;
    Ok(Some(frames))
}
