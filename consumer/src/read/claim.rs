//! Takes over entries that a dead consumer holds, and removes dead consumers.

use std::time::Duration;

use common::wire::EntryId;
use redis::{RedisResult, Script, Value, aio::MultiplexedConnection};

use super::reply::{self, Delivered, UnexpectedReply};

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
    pub(super) cursor: EntryId,
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
        self.took(reply).map_err(|error| {
            redis::RedisError::from((redis::ErrorKind::Parse, "XAUTOCLAIM", error.to_string()))
        })
    }

    pub(super) fn took(&mut self, reply: Value) -> Result<Delivered, UnexpectedReply> {
        let (cursor, delivered) = reply::from_claim(reply)?;
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

#[cfg(test)]
mod tests {
    use testkit::{Services, wait_until};

    use super::*;

    #[tokio::test]
    async fn only_idle_consumers_that_hold_nothing_are_removed() {
        let services = Services::without_schema().await;
        let (mut redis, stream) = (services.redis().await, services.stream.stream_key.clone());
        let run = |words: &str| {
            let mut command = redis::cmd("XGROUP");
            words.split(' ').for_each(|word| {
                command.arg(if word == "$" { &stream } else { word });
            });
            command
        };
        let () = run("CREATE $ g 0 MKSTREAM")
            .query_async(&mut redis)
            .await
            .unwrap();
        let _: i64 = run("CREATECONSUMER $ g empty")
            .query_async(&mut redis)
            .await
            .unwrap();
        let mut add = redis::cmd("XADD");
        add.arg(&stream).arg("*").arg("event").arg("{}");
        let _: String = add.query_async(&mut redis).await.unwrap();
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP")
            .arg("g")
            .arg("holds")
            .arg("STREAMS")
            .arg(&stream)
            .arg(">");
        let _: Value = read.query_async(&mut redis).await.unwrap();

        let patient = Claimer::new(Duration::from_secs(3_600));
        let removed = patient
            .remove_dead_consumers(&mut redis, &stream, "g")
            .await
            .unwrap();
        assert_eq!(removed, [""; 0]);
        let hasty = Claimer::new(Duration::from_millis(10));
        let removed = std::cell::RefCell::new(Vec::new());
        wait_until(
            "the empty one is idle for long enough",
            Duration::from_secs(10),
            || async {
                let mut redis = redis.clone();
                let gone = hasty
                    .remove_dead_consumers(&mut redis, &stream, "g")
                    .await
                    .unwrap();
                removed.borrow_mut().extend(gone);
                !removed.borrow().is_empty()
            },
        )
        .await;
        assert_eq!(*removed.borrow(), ["empty"]);
        let mut pending = redis::cmd("XPENDING");
        pending.arg(&stream).arg("g");
        let pending: redis::streams::StreamPendingReply =
            pending.query_async(&mut redis).await.unwrap();
        assert_eq!(pending.count(), 1);
    }
}
