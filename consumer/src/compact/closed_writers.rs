//! Rows of closed writers become rows of writer 0.

use common::time::UnixMicros;
use tokio_postgres::{Client, Error};

use super::begin_shared;
use crate::{
    rollup_rows::{self, Merged, RollupError, STATE_COLUMNS},
    write::LANE_LOCKS,
};

/// Minutes merged in one transaction, and in one pass.
const MINUTES_AT_ONCE: usize = 5;
const MINUTES_IN_A_PASS: i64 = 500;

/// Closes the writers of lanes that are gone: those whose name nobody holds. A lane takes a
/// new writer id before it writes again, so a writer closed here stays closed.
pub(super) async fn close_dead(client: &Client) -> Result<(), Error> {
    let sql = "SELECT DISTINCT consumer FROM writers WHERE closed_at IS NULL AND id <> 0";
    for row in client.query(sql, &[]).await? {
        let consumer: &str = row.get(0);
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&LANE_LOCKS, &consumer];
        let take = "SELECT pg_try_advisory_lock($1, hashtext($2))";
        if !client.query_one(take, &params).await?.get::<_, bool>(0) {
            continue;
        }
        let close =
            "UPDATE writers SET closed_at = now() WHERE consumer = $1 AND closed_at IS NULL";
        let closed = client.execute(close, &[&consumer]).await;
        client
            .execute("SELECT pg_advisory_unlock($1, hashtext($2))", &params)
            .await?;
        closed?;
    }
    Ok(())
}

/// Merges the rollup rows and the accounts of closed writers; returns the rows merged.
pub(super) async fn merge(client: &Client, max_values: usize) -> Result<u64, RollupError> {
    let sql =
        "SELECT id FROM writers WHERE closed_at IS NOT NULL AND merged_at IS NULL AND id <> 0";
    let writers: Vec<i64> = client
        .query(sql, &[])
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect();
    if writers.is_empty() {
        return Ok(0);
    }
    let rows = client
        .query(MINUTES_OF_WRITERS, &[&writers, &MINUTES_IN_A_PASS])
        .await?;
    let minutes: Vec<UnixMicros> = rows.iter().map(|row| row.get(0)).collect();
    let mut merged = 0;
    for minutes in minutes.chunks(MINUTES_AT_ONCE) {
        merged += merge_minutes(client, &writers, minutes, max_values).await?;
    }
    if minutes.len() as i64 == MINUTES_IN_A_PASS {
        return Ok(merged);
    }
    client.execute(MERGE_ACCOUNTS, &[&writers]).await?;
    client
        .execute(
            "UPDATE writers SET merged_at = now() WHERE id = ANY($1)",
            &[&writers],
        )
        .await?;
    Ok(merged)
}

/// Every event is in dimension 0, so its rows name every minute.
const MINUTES_OF_WRITERS: &str = "-- minutes_of_writers
SELECT DISTINCT bucket FROM rollup_1m
 WHERE dimension = 0 AND writer_id = ANY($1)
 ORDER BY bucket
 LIMIT $2";

const MERGE_ACCOUNTS: &str = "-- merge_accounts
WITH gone AS (DELETE FROM ledger WHERE writer_id = ANY($1) RETURNING *)
INSERT INTO ledger AS known
    (stream_id, writer_id, source, entries, stored, duplicates, dead_lettered, lost_entries)
SELECT stream_id, 0, source, sum(entries), sum(stored), sum(duplicates), sum(dead_lettered),
       sum(lost_entries)
  FROM gone GROUP BY stream_id, source
ON CONFLICT (stream_id, writer_id, source) DO UPDATE SET
    entries = known.entries + excluded.entries,
    stored = known.stored + excluded.stored,
    duplicates = known.duplicates + excluded.duplicates,
    dead_lettered = known.dead_lettered + excluded.dead_lettered,
    lost_entries = known.lost_entries + excluded.lost_entries";

async fn merge_minutes(
    client: &Client,
    writers: &[i64],
    minutes: &[UnixMicros],
    max_values: usize,
) -> Result<u64, RollupError> {
    let take = format!(
        "-- take_closed_rollups
         DELETE FROM rollup_1m
          WHERE dimension = ANY('{{0,1,2,3,4,5,6,7}}') AND bucket = ANY($1)
            AND (writer_id = ANY($2) OR writer_id = 0)
         RETURNING dimension, bucket, value, {STATE_COLUMNS}"
    );
    begin_shared(client).await?;
    let outcome = async {
        let taken = client.query(&take, &[&minutes, &writers]).await?;
        let mut merged = Merged::default();
        for row in &taken {
            merged.add(row, |minute| minute)?;
        }
        rollup_rows::insert(client, "rollup_1m", &merged.into_rows(max_values)).await?;
        Ok(taken.len() as u64)
    };
    finish(client, outcome.await).await
}

/// COMMIT after a success, ROLLBACK after a failure.
pub(super) async fn finish<T>(
    client: &Client,
    outcome: Result<T, RollupError>,
) -> Result<T, RollupError> {
    let end = if outcome.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    client.batch_execute(end).await?;
    outcome
}
