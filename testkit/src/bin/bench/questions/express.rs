//! The server that a Node programmer would write (bench/peers/express), on the same database.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use testkit::{Services, free_port, http, wait_for};
use tokio::process::Command;

use super::asked::{Asker, questions};
use crate::{
    figure::{Figure, Unit},
    latency::percentile,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bench/peers/express");
const QUESTIONS: usize = 24;
const LIMIT: Duration = Duration::from_secs(20);

const PEER: &str = "the same from Express and pg on the raw table, p50";
const RATIO: &str = "Express and pg, as a multiple of our time for 24 hours, p50";

/// `ours` is our own median for the last 24 hours, milliseconds.
pub(super) async fn figures(services: &Services, ours: f64) -> anyhow::Result<Vec<Figure>> {
    if !Path::new(FOLDER).join("node_modules").exists() {
        let why = "`npm ci` in bench/peers/express installs it";
        return Ok(vec![Figure::missing(PEER, Unit::Milliseconds, why)]);
    }
    let port = free_port()?;
    let mut child = Command::new("node")
        .arg(PathBuf::from(FOLDER).join("main.js"))
        .envs(services.variables())
        .env("PORT", port.to_string())
        .env("NODE_ENV", "production")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("can't start node")?;
    let url = format!("http://127.0.0.1:{port}/health");
    let answers = async || matches!(http::get(&url).await, Ok((200, _)));
    ensure!(wait_for(LIMIT, answers).await, "the Express peer isn't up");
    let mut asker = Asker::connect(port).await?;
    let mut took = Vec::new();
    for question in questions(1, QUESTIONS) {
        took.push(asker.ask(&question).await?.1);
    }
    child.kill().await?;
    let theirs = percentile(took.into_iter().skip(4), 0.5);
    Ok(vec![
        Figure::new(PEER, Unit::Milliseconds, theirs),
        Figure::new(RATIO, Unit::Ratio, theirs / ours),
    ])
}
