//! Takes over entries that a dead consumer holds.

use std::time::Duration;

use common::wire::EntryId;
use redis::{RedisResult, Value, aio::MultiplexedConnection};

use super::reply::{self, Delivered, UnexpectedReply};
use crate::observe;

/// Entries claimed at once, at most. XAUTOCLAIM looks at ten times as many.
const MAX_COUNT: usize = 100;

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

    /// The next step of the sweep: at most `count` entries idle for long, now ours.
    pub(super) async fn claim(
        &mut self,
        redis: &mut MultiplexedConnection,
        stream: &str,
        group: &str,
        consumer: &str,
        count: usize,
    ) -> RedisResult<Delivered> {
        let reply: Value = redis::cmd("XAUTOCLAIM")
            .arg(stream)
            .arg(group)
            .arg(consumer)
            .arg(self.min_idle.as_millis() as u64)
            .arg(self.cursor.to_string())
            .arg("COUNT")
            .arg(count.min(MAX_COUNT))
            .query_async(redis)
            .await?;
        let delivered = self.took(reply).map_err(|error| {
            redis::RedisError::from((redis::ErrorKind::Parse, "XAUTOCLAIM", error.to_string()))
        })?;
        // At once: what follows may fail.
        observe::gone_when_claimed(consumer, &delivered.lost);
        Ok(delivered)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(cursor: &str) -> Value {
        let cursor = Value::BulkString(cursor.into());
        let nothing = Value::Array(Vec::new());
        Value::Array(vec![cursor, nothing.clone(), nothing])
    }

    #[test]
    fn a_sweep_goes_on_until_it_comes_round() {
        let mut claimer = Claimer::new(Duration::ZERO);
        assert!(!claimer.is_under_way());
        claimer.took(reply("7-1")).unwrap();
        assert!(claimer.is_under_way());
        claimer.took(reply("0-0")).unwrap();
        assert!(!claimer.is_under_way());
    }
}
