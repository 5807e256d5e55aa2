//! Dead letters: listed, or appended to the stream again.

use std::time::Duration;

use common::{
    clients,
    config::{PostgresConfig, RedisConfig},
    time::UnixMicros,
    wire::{FIELD_EVENT, StreamKeys},
};
use redis::{AsyncCommands as _, Script, aio::MultiplexedConnection};
use tokio_postgres::{Client, types::ToSql};

/// A dead letter as it is stored.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    pub id: i64,
    /// The stream's number in this database.
    pub stream_id: i32,
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
    /// Only those whose payload was kept as a whole.
    pub whole: bool,
}

impl Selection {
    fn params<'a>(&'a self, limit: &'a Option<i64>) -> [&'a (dyn ToSql + Sync); 7] {
        [
            &self.reason,
            &self.since,
            &self.until,
            &self.after,
            &self.include_replayed,
            &self.whole,
            limit,
        ]
    }
}

const SELECT: &str = "-- select_dead_letters
SELECT id, stream_id, entry_id, entry_index, source, reason, detail, payload, received_at,
       replayed_at
  FROM dead_letters
 WHERE ($1::text IS NULL OR reason = $1)
   AND ($2::timestamptz IS NULL OR received_at >= $2)
   AND ($3::timestamptz IS NULL OR received_at < $3)
   AND id > $4
   AND ($5 OR replayed_at IS NULL)
   AND NOT ($6 AND reason = 'entry_too_large')
 ORDER BY id
 LIMIT $7";

/// # Errors
/// The database can't be asked.
pub async fn list(
    postgres: &PostgresConfig,
    selection: &Selection,
) -> Result<Vec<DeadLetter>, tokio_postgres::Error> {
    let client = clients::postgres::connect(postgres, "tidemark-dead-letters").await?;
    select(&client, selection).await
}

async fn select(
    client: &Client,
    selection: &Selection,
) -> Result<Vec<DeadLetter>, tokio_postgres::Error> {
    let limit = Some(selection.limit);
    let rows = client.query(SELECT, &selection.params(&limit)).await?;
    Ok(rows
        .iter()
        .map(|row| DeadLetter {
            id: row.get("id"),
            stream_id: row.get("stream_id"),
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

/// What a replay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed {
    pub appended: u64,
    /// Letters that were selected as well, beyond the limit.
    pub left: u64,
}

/// For how long Redis remembers what was appended and isn't marked: until a replay that was
/// broken off is begun again.
const REMEMBERED_SECONDS: u64 = 7 * 86_400;

/// Appends a letter unless this replay of it was appended before, in one step: of one that is
/// begun again, only the first appends.
const APPEND_ONCE: &str = r"
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[3]) then return 0 end
redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[2])
return 1";

/// Puts the selected letters on the stream as new entries and marks them, each once: a letter
/// that was appended before a crash, and not marked, is marked by the next replay. What was
/// replayed is counted as accepted from an external source, once more. A letter that holds only
/// a part of its entry is left alone.
///
/// # Errors
/// A service can't be reached; letters before the failure are replayed.
pub async fn replay(
    postgres: &PostgresConfig,
    redis: &RedisConfig,
    keys: &StreamKeys,
    selection: &Selection,
) -> Result<Replayed, ReplayError> {
    let selection = Selection {
        whole: true,
        ..selection.clone()
    };
    let mut client = clients::postgres::connect(postgres, "tidemark-dead-letters").await?;
    let count = format!("SELECT count(*) FROM ({SELECT}) AS matching");
    let matching = client.query_one(&count, &selection.params(&None)).await?;
    let matching = u64::try_from(matching.get::<_, i64>(0)).unwrap_or_default();
    let letters = select(&client, &selection).await?;
    let mut redis = clients::redis::connect(redis, Duration::ZERO).await?;
    let mut appended = 0;
    for letter in &letters {
        appended += replay_one(&mut client, &mut redis, keys, letter).await?;
    }
    Ok(Replayed {
        appended,
        left: matching.saturating_sub(letters.len() as u64),
    })
}

/// Appends the letter and marks it, while no other replay can; 0 if another one has.
async fn replay_one(
    client: &mut Client,
    redis: &mut MultiplexedConnection,
    keys: &StreamKeys,
    letter: &DeadLetter,
) -> Result<u64, ReplayError> {
    let transaction = client.transaction().await?;
    let mark = "UPDATE dead_letters SET replayed_at = clock_timestamp()
                 WHERE id = $1 AND replayed_at IS NOT DISTINCT FROM $2";
    let marked = transaction
        .execute(mark, &[&letter.id, &letter.replayed_at])
        .await?;
    if marked == 0 {
        return Ok(0);
    }
    let name = remembered_as(keys, letter);
    let appended = Script::new(APPEND_ONCE)
        .key(&keys.stream)
        .key(&name)
        .arg(FIELD_EVENT)
        .arg(&letter.payload)
        .arg(REMEMBERED_SECONDS)
        .invoke_async(redis)
        .await?;
    transaction.commit().await?;
    // The mark says it now. A database that is restored to before it must be able to replay
    // the letter again.
    redis.del::<_, ()>(&name).await?;
    Ok(appended)
}

/// By where the event came from: a letter's id may be given to another one after a restore.
/// Another replay of the same letter, on purpose, has another name.
#[must_use]
pub fn remembered_as(keys: &StreamKeys, letter: &DeadLetter) -> String {
    let DeadLetter {
        stream_id,
        entry_id,
        entry_index,
        ..
    } = letter;
    let before = letter.replayed_at.map_or(0, |at| at.0);
    let prefix = &keys.replayed;
    format!("{prefix}{stream_id}:{entry_id}:{entry_index}:{before}")
}
