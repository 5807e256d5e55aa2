//! Vacuums rollup rows that were overwritten. A lane rewrites the rows of the open minutes with
//! every commit, much faster than autovacuum runs by default; late events replace coarse rows.

use tokio_postgres::{Client, Error};

/// Dead rows in a chunk above which it is vacuumed.
const DEAD_ROWS: i64 = 2_000;

/// Of the chunks that this login may vacuum: as the owner, or from PostgreSQL 17 on with the right
/// to. Where it may not, autovacuum does it.
const REWRITTEN_CHUNKS: &str = "-- rewritten_chunks
SELECT format('%I.%I', chunk_schema, chunk_name)
  FROM timescaledb_information.chunks
  JOIN pg_stat_user_tables ON schemaname = chunk_schema AND relname = chunk_name
  JOIN pg_class ON pg_class.oid = relid
 WHERE hypertable_name LIKE 'rollup\\_%' AND n_dead_tup > $1
   AND CASE WHEN current_setting('server_version_num')::integer >= 170000
            THEN has_table_privilege(relid, 'MAINTAIN')
            ELSE pg_has_role(relowner, 'USAGE') END";

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
