//! Drops what is older than configured, and keeps account of it.

use tokio_postgres::{Client, Error};

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
    let mut dropped = drop_chunks(client, "events", retention.events_days).await?;
    for table in ["rollup_1m", "rollup_15m", "rollup_1d"] {
        dropped += drop_chunks(client, table, retention.rollups_days).await?;
    }
    if retention.dead_letters_days > 0 {
        dropped += drop_dead_letters(client, retention.dead_letters_days).await?;
    }
    if retention.compress_after_days > 0 {
        compress(client, retention.compress_after_days).await?;
    }
    Ok(dropped)
}

/// Drops whole chunks, and in the same transaction records how many rows they held.
async fn drop_chunks(client: &Client, table: &str, days: u32) -> Result<u64, Error> {
    if days == 0 {
        return Ok(0);
    }
    let older_than = format!("now() - make_interval(days => {days})");
    let chunks =
        format!("SELECT c::text FROM show_chunks('{table}', older_than => {older_than}) AS c");
    let chunks = client.query(&chunks, &[]).await?;
    let mut dropped = 0;
    for chunk in chunks {
        // Quoted by regclass's own output; one chunk is one short transaction.
        let name: String = chunk.get(0);
        let is_all = if table == "events" {
            "true"
        } else {
            "dimension = 0"
        };
        let unit = if table == "events" {
            "count(*)"
        } else {
            "coalesce(sum(events), 0)"
        };
        let batch = format!(
            "BEGIN;
             LOCK TABLE {name} IN EXCLUSIVE MODE;
             INSERT INTO dropped (relation, older_than, rows)
             SELECT '{table}', {older_than}, {unit} FROM {name} WHERE {is_all};
             SELECT drop_chunks('{table}', older_than => range_end, newer_than => range_start)
               FROM timescaledb_information.chunks
              WHERE format('%I.%I', chunk_schema, chunk_name)::regclass = '{name}'::regclass;
             COMMIT"
        );
        if let Err(error) = client.batch_execute(&batch).await {
            client.batch_execute("ROLLBACK").await?;
            return Err(error);
        }
        dropped += 1;
    }
    Ok(dropped)
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
    let switch_on = format!(
        "ALTER TABLE events SET (timescaledb.compress,
             timescaledb.compress_orderby = 'occurred_at, event_id',
             timescaledb.compress_segmentby = 'event_type');
         SELECT add_compression_policy('events', make_interval(days => {after_days}),
             if_not_exists => true)"
    );
    client.batch_execute(&switch_on).await?;
    tracing::info!(after_days, "compression of raw events is switched on");
    Ok(())
}
