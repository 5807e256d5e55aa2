//! Drops data older than its retention, and accounts for it.

use common::time::UnixMicros;
use tokio_postgres::{Client, Error};

use crate::write::REBUILD_LOCK;

/// Days to keep; 0 is for ever.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    pub events_days: u32,
    pub rollups_days: u32,
    pub dead_letters_days: u32,
    /// Days after which raw chunks are compressed, where the edition can.
    pub compress_after_days: u32,
}

pub(super) async fn apply(client: &Client, retention: &Retention) -> Result<u64, Error> {
    let mut dropped = drop_days(client, "events", retention.events_days, "").await?;
    dropped += drop_days(client, "rollup_1m", retention.rollups_days, DELETE_COARSE).await?;
    if retention.dead_letters_days > 0 {
        dropped += drop_dead_letters(client, retention.dead_letters_days).await?;
    }
    if retention.compress_after_days > 0 {
        compress(client, retention.compress_after_days).await?;
    }
    Ok(dropped)
}

/// The coarse tiers go with their minutes: a query must not find a day whose hours are gone.
/// A lane may remember a dropped minute: the new generation makes it forget.
const DELETE_COARSE: &str = "
    DELETE FROM rollup_15m WHERE bucket < edge;
    DELETE FROM rollup_1h WHERE bucket < edge;
    DELETE FROM rollup_1d WHERE bucket < edge;
    DELETE FROM rollup_built WHERE bucket < edge;
    DELETE FROM rollup_dirty WHERE bucket < edge;
    UPDATE rollup_generation SET generation = generation + 1;";

/// Drops the chunks of whole days before the edge, and in the same transaction records how
/// many events they stood for. Chunks are days, aligned to UTC.
async fn drop_days(client: &Client, table: &str, days: u32, also: &str) -> Result<u64, Error> {
    if days == 0 {
        return Ok(0);
    }
    let edge = format!(
        "SELECT date_trunc('day', now() - make_interval(days => {days})),
                (SELECT count(*) FROM show_chunks('{table}',
                    older_than => date_trunc('day', now() - make_interval(days => {days}))))"
    );
    let row = client.query_one(&edge, &[]).await?;
    let (edge, chunks): (UnixMicros, i64) = (row.get(0), row.get(1));
    if chunks == 0 {
        return Ok(0);
    }
    let (column, events) = match table {
        "events" => ("occurred_at", "count(*)"),
        _ => (
            "bucket",
            "coalesce(sum(events) FILTER (WHERE dimension = 0), 0)",
        ),
    };
    let edge = format!("'{}'::timestamptz", edge.to_rfc3339());
    let drop = format!(
        "BEGIN;
         SELECT pg_advisory_xact_lock({REBUILD_LOCK});
         INSERT INTO dropped (relation, older_than, rows)
         SELECT '{table}', {edge}, {events} FROM {table} WHERE {column} < {edge};
         SELECT drop_whole_days('{table}', {edge});
         {also}
         COMMIT",
        also = also.replace("edge", &edge),
    );
    if let Err(error) = client.batch_execute(&drop).await {
        client.batch_execute("ROLLBACK").await?;
        return Err(error);
    }
    Ok(chunks.unsigned_abs())
}

async fn drop_dead_letters(client: &Client, days: u32) -> Result<u64, Error> {
    let sql = "WITH gone AS (
                   DELETE FROM dead_letters
                    WHERE received_at < now() - make_interval(days => $1) RETURNING 1)
               INSERT INTO dropped (relation, older_than, rows)
               SELECT 'dead_letters', now() - make_interval(days => $1), count(*) FROM gone
               HAVING count(*) > 0";
    client.execute(sql, &[&(days as i32)]).await
}

/// Switches compression on once; its policy then runs inside the database.
async fn compress(client: &Client, after_days: u32) -> Result<(), Error> {
    let sql = "SELECT current_setting('timescaledb.license', true) = 'timescale'
                  AND NOT EXISTS (SELECT FROM timescaledb_information.jobs
                                   WHERE hypertable_name = 'events'
                                     AND proc_name IN ('policy_compression', 'policy_columnstore'))";
    let wanted: Option<bool> = client.query_one(sql, &[]).await?.get(0);
    if wanted != Some(true) {
        return Ok(());
    }
    let switch_on = format!("SELECT compress_events({after_days})");
    client.batch_execute(&switch_on).await?;
    tracing::info!(after_days, "compression of raw events is switched on");
    Ok(())
}
