//! The consumer group and the identity of the stream it reads.

use std::sync::Arc;

use common::wire::StreamKeys;
use redis::{RedisResult, aio::MultiplexedConnection};
use uuid::Uuid;

/// Makes the group where it is missing, at the beginning of the stream: `$` would skip what
/// was added before anyone read.
pub(super) async fn ensure(
    redis: &mut MultiplexedConnection,
    keys: &StreamKeys,
    group: &str,
) -> RedisResult<()> {
    let mut create = redis::cmd("XGROUP");
    create
        .arg("CREATE")
        .arg(&keys.stream)
        .arg(group)
        .arg("0")
        .arg("MKSTREAM");
    match create.query_async::<()>(redis).await {
        Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
        _ => Ok(()),
    }
}

/// The stream's epoch: made by whoever comes first, gone when Redis loses the stream.
pub(super) async fn epoch(
    redis: &mut MultiplexedConnection,
    keys: &StreamKeys,
) -> RedisResult<Arc<str>> {
    let fresh = Uuid::now_v7().to_string();
    let (epoch,): (String,) = redis::pipe()
        .atomic()
        .hset_nx(&keys.ledger, "epoch", fresh)
        .ignore()
        .hget(&keys.ledger, "epoch")
        .query_async(redis)
        .await?;
    Ok(epoch.into())
}

/// Whether the group (or the whole stream) was destroyed under us.
pub(super) fn is_missing(error: &redis::RedisError) -> bool {
    matches!(error.code(), Some("NOGROUP" | "UNBLOCKED"))
}
