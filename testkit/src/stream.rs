//! What a stream holds, asked from outside.

use common::wire::StreamKeys;
use redis::{
    AsyncCommands as _, RedisResult,
    aio::MultiplexedConnection,
    streams::{StreamInfoGroupsReply, StreamInfoStreamReply},
};

/// Whether the group has read everything and acknowledged it.
///
/// # Errors
/// Redis, or there is no such stream.
pub async fn is_quiet(
    redis: &mut MultiplexedConnection,
    keys: &StreamKeys,
    group: &str,
) -> RedisResult<bool> {
    let groups: StreamInfoGroupsReply = redis.xinfo_groups(&keys.stream).await?;
    let info: StreamInfoStreamReply = redis.xinfo_stream(&keys.stream).await?;
    let group = groups.groups.iter().find(|reply| reply.name == group);
    Ok(group.is_some_and(|g| g.pending == 0 && g.last_delivered_id == info.last_generated_id))
}

/// Events that our own publishers put on the stream.
///
/// # Errors
/// Redis.
pub async fn accepted(redis: &mut MultiplexedConnection, keys: &StreamKeys) -> RedisResult<u64> {
    let fields = ["accepted:generator", "accepted:collector"];
    let counts: Vec<Option<u64>> = redis.hmget(&keys.ledger, &fields).await?;
    Ok(counts.into_iter().flatten().sum())
}
