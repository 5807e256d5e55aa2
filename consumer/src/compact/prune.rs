//! Removes commit rows that can't matter any more: their entries are gone from the stream,
//! so nobody can deliver them again.

use std::time::Duration;

use common::{clients, wire::EntryId};
use redis::Script;
use tokio_postgres::Client;

use super::{CompactConfig, CompactError};
use crate::write::entry_number;

/// The oldest entry that is in the stream or pending; the next one to come where there is
/// none; and the stream's epoch.
const OLDEST: &str = r"
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
local stream = {}
for i = 1, #info, 2 do stream[info[i]] = info[i + 1] end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local oldest = first[1] and first[1][1] or stream['last-generated-id']
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
local lowest = (not pending['err'] and pending[1] > 0) and pending[2] or oldest
return {oldest, lowest, redis.call('HGET', KEYS[2], 'epoch')}";

pub(super) async fn prune(client: &Client, config: &CompactConfig) -> Result<u64, CompactError> {
    let mut redis = clients::redis::connect(&config.redis, Duration::ZERO).await?;
    let oldest: Option<(String, String, Option<String>)> = Script::new(OLDEST)
        .key(&config.keys.stream)
        .key(&config.keys.ledger)
        .arg(&config.group)
        .invoke_async(&mut redis)
        .await?;
    let Some((oldest, lowest, Some(epoch))) = oldest else {
        return Ok(0);
    };
    let id = |text: &str| text.parse().unwrap_or(EntryId::MIN);
    let keep_from = id(&oldest).min(id(&lowest));
    let sql = "SELECT id FROM streams WHERE key = $1 AND epoch = $2";
    let Some(stream) = client
        .query_opt(sql, &[&config.keys.stream, &epoch])
        .await?
    else {
        return Ok(0);
    };
    let stream_id: i32 = stream.get(0);
    let keep_from = entry_number(stream_id, keep_from);
    let pruned = client
        .execute(
            PRUNE_COMMITS,
            &[&stream_id, &keep_from, &config.keys.stream],
        )
        .await?;
    client.execute(PRUNE_WRITERS, &[]).await?;
    Ok(pruned)
}

/// An hour is kept for readers in any case, and what compaction needs until it is merged.
/// Entries of an epoch that is over can't come back, but a stalled consumer might.
const PRUNE_COMMITS: &str = "-- prune_commits
DELETE FROM commits USING writers
 WHERE writers.id = commits.writer_id
   AND writers.merged_at IS NOT NULL
   AND commits.committed_at < now() - INTERVAL '1 hour'
   AND (commits.stream_id = $1 AND upper(commits.entries) < ($2::text)::numeric
        OR commits.committed_at < now() - INTERVAL '1 day'
           AND commits.stream_id IN (SELECT id FROM streams WHERE key = $3 AND id <> $1))";

const PRUNE_WRITERS: &str = "-- prune_writers
DELETE FROM writers
 WHERE merged_at < now() - INTERVAL '1 day'
   AND NOT EXISTS (SELECT FROM commits WHERE commits.writer_id = writers.id)";
