//! Dead letters: listed, or appended to the stream again.

use std::time::Duration;

use common::{
    clients,
    config::{PostgresConfig, RedisConfig},
    time::UnixMicros,
    wire::{FIELD_EVENT, StreamKeys},
};
use redis::Script;
use tokio_postgres::types::ToSql;

/// A dead letter as it is stored.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    pub id: i64,
    pub entry_id: String,
    pub entry_index: i32,
    pub source: String,
    pub reason: String,
    pub detail: String,
    pub payload: Vec<u8>,
    pub received_at: UnixMicros,
    pub replayed_at: Option<UnixMicros>,
}

/// Which dead letters: all of these conditions.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub reason: Option<String>,
    pub since: Option<UnixMicros>,
    /// Only those received before.
    pub until: Option<UnixMicros>,
    /// Only those above this id.
    pub after: i64,
    pub limit: i64,
    pub include_replayed: bool,
}

const SELECT: &str = "-- select_dead_letters
SELECT id, entry_id, entry_index, source, reason, detail, payload, received_at, replayed_at
  FROM dead_letters
 WHERE ($1::text IS NULL OR reason = $1)
   AND ($2::timestamptz IS NULL OR received_at >= $2)
   AND ($3::timestamptz IS NULL OR received_at < $3)
   AND id > $4
   AND ($5 OR replayed_at IS NULL)
 ORDER BY id
 LIMIT $6";

/// # Errors
/// The database can't be asked.
pub async fn list(
    postgres: &PostgresConfig,
    selection: &Selection,
) -> Result<Vec<DeadLetter>, tokio_postgres::Error> {
    let client = clients::postgres::connect(postgres, "tidemark-dead-letters").await?;
    let params: [&(dyn ToSql + Sync); 6] = [
        &selection.reason,
        &selection.since,
        &selection.until,
        &selection.after,
        &selection.include_replayed,
        &selection.limit,
    ];
    let rows = client.query(SELECT, &params).await?;
    Ok(rows
        .iter()
        .map(|row| DeadLetter {
            id: row.get("id"),
            entry_id: row.get("entry_id"),
            entry_index: row.get("entry_index"),
            source: row.get("source"),
            reason: row.get("reason"),
            detail: row.get("detail"),
            payload: row.get("payload"),
            received_at: row.get("received_at"),
            replayed_at: row.get("replayed_at"),
        })
        .collect())
}

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("PostgreSQL")]
    Database(#[from] tokio_postgres::Error),
    #[error("Redis")]
    Redis(#[from] redis::RedisError),
}

/// For how long Redis remembers what was replayed: until a replay that was broken off is begun
/// again.
const REMEMBERED_SECONDS: u64 = 7 * 86_400;

/// Appends a letter unless this replay of it was appended before, in one step: of two commands
/// at once, or of one that is begun again, only the first appends.
const APPEND_ONCE: &str = r"
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[3]) then return 0 end
redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[2])
return 1";

/// Puts the selected letters on the stream as new entries and marks them, each once: a letter
/// that was appended before a crash, and not marked, is marked by the next replay. What was
/// replayed is counted as accepted from an external source, once more. Returns how many were
/// appended.
///
/// # Errors
/// A service can't be reached; letters before the failure are replayed.
pub async fn replay(
    postgres: &PostgresConfig,
    redis: &RedisConfig,
    keys: &StreamKeys,
    selection: &Selection,
) -> Result<u64, ReplayError> {
    let letters = list(postgres, selection).await?;
    let client = clients::postgres::connect(postgres, "tidemark-dead-letters").await?;
    let mut redis = clients::redis::connect(redis, Duration::ZERO).await?;
    let append = Script::new(APPEND_ONCE);
    let mut replayed = 0;
    for letter in &letters {
        // Another replay of the same letter, on purpose, has another name.
        let before = letter.replayed_at.map_or(0, |at| at.0);
        let name = format!("{}{}:{before}", keys.replayed, letter.id);
        replayed += append
            .key(&keys.stream)
            .key(name)
            .arg(FIELD_EVENT)
            .arg(&letter.payload)
            .arg(REMEMBERED_SECONDS)
            .invoke_async::<u64>(&mut redis)
            .await?;
        let mark = "UPDATE dead_letters SET replayed_at = now()
                     WHERE id = $1 AND replayed_at IS NOT DISTINCT FROM $2";
        client
            .execute(mark, &[&letter.id, &letter.replayed_at])
            .await?;
    }
    Ok(replayed)
}
