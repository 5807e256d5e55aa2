//! Reclaims the space of rollup rows that were overwritten. A lane rewrites the rows of the
//! open minutes with every commit, many times faster than autovacuum looks by default; late
//! events have coarse rows replaced.

use tokio_postgres::{Client, Error};

/// Dead rows in a chunk above which it is vacuumed.
const DEAD_ROWS: i64 = 2_000;

const REWRITTEN_CHUNKS: &str = "-- rewritten_chunks
SELECT format('%I.%I', chunk_schema, chunk_name)
  FROM timescaledb_information.chunks
  JOIN pg_stat_user_tables ON schemaname = chunk_schema AND relname = chunk_name
 WHERE hypertable_name LIKE 'rollup\\_%' AND n_dead_tup > $1";

/// Vacuums such chunks; returns how many.
pub(super) async fn vacuum(client: &Client) -> Result<u64, Error> {
    let chunks = client.query(REWRITTEN_CHUNKS, &[&DEAD_ROWS]).await?;
    for chunk in &chunks {
        // Quoted by format(); waits for nobody and truncates nothing, so that nobody waits.
        let chunk: &str = chunk.get(0);
        let vacuum = format!("VACUUM (SKIP_LOCKED, TRUNCATE false, ANALYZE) {chunk}");
        client.batch_execute(&vacuum).await?;
    }
    Ok(chunks.len() as u64)
}
