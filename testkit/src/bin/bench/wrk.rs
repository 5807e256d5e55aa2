//! wrk: many requests at once over connections that are kept.

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, ensure};
use tokio::process::Command;
use uuid::Uuid;

pub(crate) const MISSING: &str = "wrk is not installed";

pub(crate) struct Wrk {
    /// In Lua: what is asked.
    pub(crate) script: &'static str,
    pub(crate) connections: u32,
    pub(crate) lasts: Duration,
}

impl Wrk {
    /// Answers per second; `None` without wrk. The script is given `arguments`.
    ///
    /// # Errors
    /// An answer that isn't one of success, or no answers.
    pub(crate) async fn run(&self, url: &str, arguments: &[&str]) -> anyhow::Result<Option<f64>> {
        let script = std::env::temp_dir().join(format!("tidemark-{}.lua", Uuid::new_v4().simple()));
        std::fs::write(&script, self.script)?;
        let ran = Command::new("wrk")
            .args([
                "--threads",
                "1",
                "--connections",
                &self.connections.to_string(),
            ])
            .args([
                "--duration",
                &format!("{}s", self.lasts.as_secs()),
                "--script",
            ])
            .arg(&script)
            .args([url, "--"])
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()
            .await;
        std::fs::remove_file(&script)?;
        let Ok(output) = ran else { return Ok(None) };
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "wrk failed: {said}");
        let refused = said.lines().find(|line| line.contains("Non-2xx"));
        ensure!(refused.is_none(), "requests to {url} were refused: {said}");
        let line = said
            .lines()
            .find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        let rate = line.with_context(|| format!("wrk printed {said}"))?;
        Ok(Some(rate.trim().parse()?))
    }
}
