//! Many who ask at once, by wrk.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use common::time::UnixMicros;
use tokio::process::Command;
use uuid::Uuid;

use crate::figure::{Bar, Figure, Unit};

/// Asks for the same path, or with `different` for ranges of 24 hours of which no two are alike.
const SCRIPT: &str = include_str!("load.lua");
const CONNECTIONS: &str = "16";
const LASTS: &str = "5s";
const SAME: &str = "/api/v1/metrics/summary?from=now-24h";

pub(super) async fn figures(port: u16) -> anyhow::Result<Vec<Figure>> {
    let same = "the same summary of 24 hours asked again";
    let different = "different questions about 24 hours";
    let unchanged = "the same, where the client has the answer (304)";
    let measures = [
        (different, "different", Bar::AtLeast(1_000.0)),
        (same, "same", Bar::AtLeast(10_000.0)),
        (unchanged, "unchanged", Bar::AtLeast(10_000.0)),
    ];
    let mut figures = Vec::new();
    for (measure, mode, bar) in measures {
        let figure = match rate(port, mode).await? {
            Some(rate) => Figure::new(measure, Unit::PerSecond, rate),
            None => Figure::missing(measure, Unit::PerSecond, "wrk is not installed"),
        };
        figures.push(figure.bar(bar));
    }
    Ok(figures)
}

/// Answers per second; `None` without wrk.
async fn rate(port: u16, mode: &str) -> anyhow::Result<Option<f64>> {
    let script = std::env::temp_dir().join(format!("tidemark-{}.lua", Uuid::new_v4().simple()));
    std::fs::write(&script, SCRIPT)?;
    let url = format!("http://127.0.0.1:{port}{SAME}");
    let now = UnixMicros::now().as_millis() / 1_000 / 60 * 60;
    let ran = Command::new("wrk")
        .args(["--threads", "1", "--connections", CONNECTIONS])
        .args(["--duration", LASTS, "--script"])
        .arg(&script)
        .args([url.as_str(), "--", mode, &now.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .await;
    std::fs::remove_file(&script)?;
    let Ok(output) = ran else { return Ok(None) };
    let said = String::from_utf8_lossy(&output.stdout);
    let refused = said.lines().find(|line| line.contains("Non-2xx"));
    ensure!(refused.is_none(), "questions were refused: {said}");
    let line = said
        .lines()
        .find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    let rate = line.with_context(|| format!("wrk printed {said}"))?;
    Ok(Some(rate.trim().parse()?))
}
