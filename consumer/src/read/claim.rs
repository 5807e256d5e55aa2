//! Takes over entries that a dead consumer holds, and removes dead consumers.

use std::time::Duration;

use common::wire::EntryId;
use redis::{RedisResult, Script, Value, aio::MultiplexedConnection};

use super::reply::{self, Delivered};

/// Entries claimed at once. XAUTOCLAIM looks at ten times as many.
const CLAIM_COUNT: usize = 100;

/// Checks and deletes in one step: DELCONSUMER throws pending entries away.
const REMOVE_IDLE_EMPTY_CONSUMERS: &str = r"
local removed = {}
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local consumer = {}
    for i = 1, #fields, 2 do consumer[fields[i]] = fields[i + 1] end
    if consumer['pending'] == 0 and consumer['idle'] > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
        table.insert(removed, consumer['name'])
    end
end
return removed";

/// Where the last sweep of XAUTOCLAIM stopped.
#[derive(Debug)]
pub(super) struct Claimer {
    cursor: EntryId,
    min_idle: Duration,
}

impl Claimer {
    pub(super) fn new(min_idle: Duration) -> Self {
        Self {
            cursor: EntryId::MIN,
            min_idle,
        }
    }

    /// The next step of the sweep: entries idle for long, now ours.
    pub(super) async fn claim(
        &mut self,
        redis: &mut MultiplexedConnection,
        stream: &str,
        group: &str,
        consumer: &str,
    ) -> RedisResult<Delivered> {
        let reply: Value = redis::cmd("XAUTOCLAIM")
            .arg(stream)
            .arg(group)
            .arg(consumer)
            .arg(self.min_idle.as_millis() as u64)
            .arg(self.cursor.to_string())
            .arg("COUNT")
            .arg(CLAIM_COUNT)
            .query_async(redis)
            .await?;
        let (cursor, delivered) = reply::from_claim(reply).map_err(|error| {
            redis::RedisError::from((redis::ErrorKind::Parse, "XAUTOCLAIM", error.to_string()))
        })?;
        self.cursor = cursor;
        Ok(delivered)
    }

    /// Whether the sweep has begun and not yet come round.
    pub(super) fn is_under_way(&self) -> bool {
        self.cursor != EntryId::MIN
    }

    /// Names of consumers that held nothing and said nothing for the idle time.
    pub(super) async fn remove_dead_consumers(
        &self,
        redis: &mut MultiplexedConnection,
        stream: &str,
        group: &str,
    ) -> RedisResult<Vec<String>> {
        Script::new(REMOVE_IDLE_EMPTY_CONSUMERS)
            .key(stream)
            .arg(group)
            .arg(self.min_idle.as_millis() as u64)
            .invoke_async(redis)
            .await
    }
}
