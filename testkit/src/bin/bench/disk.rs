//! What stored events take on disk, and whether there is room for them.

use testkit::Services;
use tokio::process::Command;

/// Bytes written to the log so far, by the whole server.
pub(crate) async fn log_position(services: &Services) -> anyhow::Result<f64> {
    let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8";
    Ok(services.db().await.query_one(sql, &[]).await?.get(0))
}

/// Bytes of `events` with its index, and of all rollup tables with theirs.
pub(crate) async fn sizes(services: &Services) -> anyhow::Result<(f64, f64)> {
    let sql = "SELECT hypertable_size('events')::float8,
                      (hypertable_size('rollup_1m') + hypertable_size('rollup_15m')
                       + hypertable_size('rollup_1d'))::float8";
    let row = services.db().await.query_one(sql, &[]).await?;
    Ok((row.get(0), row.get(1)))
}

/// Why there is no room for `need` bytes on the disk of the database; `None` where there is, or
/// where that is another machine's.
pub(crate) async fn lacks(services: &Services, need: u64) -> anyhow::Result<Option<String>> {
    let free = free_bytes(services).await?.filter(|free| *free < need);
    Ok(free.map(|free| format!("{} GB are free, {} GB needed", free >> 30, need >> 30)))
}

async fn free_bytes(services: &Services) -> anyhow::Result<Option<u64>> {
    let row = services
        .db()
        .await
        .query_one("SHOW data_directory", &[])
        .await?;
    let folder: String = row.get(0);
    let output = Command::new("df")
        .args(["--output=avail", "--block-size=1", &folder])
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text
        .lines()
        .nth(1)
        .and_then(|line| line.trim().parse().ok()))
}
