//! What stored events take on disk.

use testkit::Services;

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
