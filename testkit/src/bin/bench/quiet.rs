//! A phase begins only when nothing of the previous one is left to do.

use std::time::{Duration, Instant};

use anyhow::ensure;
use testkit::Services;

const LIMIT: Duration = Duration::from_secs(120);

/// Waits until Redis neither rewrites its AOF nor saves, and PostgreSQL has written out what
/// the last phase left.
pub(crate) async fn wait(services: &Services) -> anyhow::Result<()> {
    let mut redis = services.redis().await;
    let deadline = Instant::now() + LIMIT;
    loop {
        let info: String = redis::cmd("INFO")
            .arg("persistence")
            .query_async(&mut redis)
            .await?;
        let is_busy = info.lines().any(|line| {
            let busy = [
                "aof_rewrite_in_progress:1",
                "aof_rewrite_scheduled:1",
                "rdb_bgsave_in_progress:1",
            ];
            busy.contains(&line.trim())
        });
        if !is_busy {
            break;
        }
        ensure!(
            Instant::now() < deadline,
            "Redis saves for more than {LIMIT:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A role of another's server may lack the right to; then the phases are only less alike.
    let _ = services.db().await.batch_execute("CHECKPOINT").await;
    Ok(())
}
