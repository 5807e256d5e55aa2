//! Where and with what it was measured.

use std::fmt;

use serde::{Deserialize, Serialize};
use testkit::{Hardware, Services, field};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) versions: String,
    /// Of the checkout, when it was measured.
    pub(crate) commit: String,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cpu,
            cores,
            memory_gib,
            versions,
            ..
        } = self;
        write!(f, "{cpu}, {cores} cores, {memory_gib} GiB; {versions}")
    }
}

impl Machine {
    pub(crate) async fn this() -> anyhow::Result<Self> {
        let Hardware {
            cpu,
            cores,
            memory_gib,
        } = Hardware::this()?;
        Ok(Self {
            cpu,
            cores,
            memory_gib,
            versions: versions().await?,
            commit: commit(),
        })
    }
}

fn commit() -> String {
    let output = std::process::Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output();
    let output = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    output
        .ok()
        .filter(|commit| !commit.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

async fn versions() -> anyhow::Result<String> {
    let services = Services::start().await;
    let row = services
        .db()
        .await
        .query_one(
            "SELECT current_setting('server_version'), extversion,
                    current_setting('timescaledb.license', true)
               FROM pg_extension WHERE extname = 'timescaledb'",
            &[],
        )
        .await?;
    let server: String = row.get(0);
    let postgres = server.split_whitespace().next().unwrap_or_default();
    let (timescaledb, license): (&str, &str) = (row.get(1), row.get(2));
    let mut redis = services.redis().await;
    let info: String = redis::cmd("INFO")
        .arg("server")
        .query_async(&mut redis)
        .await?;
    let redis = field(&info, "redis_version").unwrap_or("unknown");
    Ok(format!(
        "Redis {redis}, PostgreSQL {postgres}, TimescaleDB {timescaledb} ({license} edition), \
         Tidemark {}",
        env!("CARGO_PKG_VERSION"),
    ))
}
