//! One test's services, with a stream to write to and a database to ask.

use std::time::Duration;

use redis::{AsyncCommands as _, FromRedisValue, aio::MultiplexedConnection};
use testkit::{Services, wait_until};
use tokio_postgres::Client;

use super::sums::{self, Sums};

/// For everything that is waited for.
pub(crate) const SOON: Duration = Duration::from_secs(40);

/// The consumers' CONSUMER_NAME; their lanes are `test/0`, `test/1`, …
pub(crate) const NAME: &str = "test";

pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) db: Client,
    pub(crate) producer: Producer,
}

/// A lock on the table of events.
pub(crate) struct Lock(Client);

impl Lock {
    pub(crate) async fn release(self) {
        self.0.batch_execute("ROLLBACK").await.unwrap();
    }
}

/// Appends to the stream.
#[derive(Clone)]
pub(crate) struct Producer {
    pub(crate) redis: MultiplexedConnection,
    stream: String,
}

impl Producer {
    pub(crate) async fn add(&mut self, fields: &[(&str, &[u8])]) -> String {
        self.redis.xadd(&self.stream, "*", fields).await.unwrap()
    }

    pub(crate) async fn event(&mut self, json: &str) -> String {
        self.add(&[("event", json.as_bytes())]).await
    }

    pub(crate) async fn batch(&mut self, events: &[String]) -> String {
        self.add(&[("batch", events.join("\n").as_bytes())]).await
    }

    /// `events` in entries of `at_once`.
    pub(crate) async fn batches(&mut self, events: &[String], at_once: usize) {
        for entry in events.chunks(at_once) {
            self.batch(entry).await;
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let services = Services::start().await;
        Self {
            producer: Producer {
                redis: services.redis().await,
                stream: services.stream.stream_key.clone(),
            },
            db: services.db().await,
            services,
        }
    }

    pub(crate) fn stream(&self) -> String {
        self.services.stream.stream_key.clone()
    }

    pub(crate) fn group(&self) -> String {
        self.services.stream.consumer_group.clone()
    }

    /// A command on Redis, its words separated by blanks; `$s` is the stream, `$g` the group.
    pub(crate) async fn redis<T: FromRedisValue>(&self, command: &str) -> T {
        self.try_redis(command).await.unwrap()
    }

    pub(crate) async fn try_redis<T: FromRedisValue>(
        &self,
        command: &str,
    ) -> redis::RedisResult<T> {
        let (stream, group) = (self.stream(), self.group());
        let mut words = command.split(' ').map(|word| match word {
            "$s" => stream.as_str(),
            "$g" => group.as_str(),
            word => word,
        });
        let mut command = redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command.query_async(&mut self.producer.redis.clone()).await
    }

    /// A second group that reads nothing: nothing is trimmed while it is there.
    pub(crate) async fn keep_everything(&self) {
        let () = self
            .redis("XGROUP CREATE $s keeps-everything 0 MKSTREAM")
            .await;
    }

    /// Delivers the next `count` entries to a consumer that does nothing with them.
    pub(crate) async fn deliver_to(&self, consumer: &str, count: usize) {
        let command = format!("XREADGROUP GROUP $g {consumer} COUNT {count} STREAMS $s >");
        let reply: redis::streams::StreamReadReply = self.redis(&command).await;
        let delivered: usize = reply.keys.iter().map(|key| key.ids.len()).sum();
        assert_eq!(delivered, count);
    }

    /// Keeps everybody else off the table of events until [`Lock::release`].
    pub(crate) async fn lock_events(&self) -> Lock {
        let db = self.services.db().await;
        let lock = "SET idle_in_transaction_session_timeout = 0;
                    BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE";
        db.batch_execute(lock).await.unwrap();
        Lock(db)
    }

    pub(crate) async fn consumers(&self) -> Vec<String> {
        let reply: redis::streams::StreamInfoConsumersReply =
            self.redis("XINFO CONSUMERS $s $g").await;
        reply.consumers.into_iter().map(|c| c.name).collect()
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.db.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// A load of `entries` of `at_once` events each, in the background.
    pub(crate) fn load(&self, entries: u32, at_once: u32) -> tokio::task::JoinHandle<u32> {
        let mut producer = self.producer.clone();
        tokio::spawn(async move {
            for n in 0..entries {
                let numbers = n * at_once..(n + 1) * at_once;
                producer.batch(&super::events::events(numbers)).await;
            }
            entries * at_once
        })
    }

    /// Waits until `sql` counts `wanted`.
    pub(crate) async fn until_count(&self, sql: &str, wanted: i64) {
        wait_until(sql, SOON, || async { self.count(sql).await == wanted }).await;
    }

    /// Waits until nothing is unread or pending; then every one of the `sent` events must
    /// have exactly one fate, and the rollups must be those of the raw rows.
    pub(crate) async fn settled(&self, sent: u32) -> Sums {
        let sums = self.quiet().await;
        sums.assert_sound(sent);
        assert_eq!(sums::minutes_off(&self.db).await, 0, "rollups ≠ raw rows");
        sums
    }

    /// Waits until nothing is unread or pending.
    pub(crate) async fn quiet(&self) -> Sums {
        wait_until("the stream is read and acknowledged", SOON, || {
            self.is_quiet()
        })
        .await;
        Sums::read(&self.db).await
    }

    /// Buckets of the coarser tiers that can be used and are wrong.
    pub(crate) async fn stale_tiers(&self) -> i64 {
        sums::tier_off(&self.db, "rollup_15m", 900).await
            + sums::tier_off(&self.db, "rollup_1h", 3_600).await
            + sums::tier_off(&self.db, "rollup_1d", 86_400).await
    }

    async fn is_quiet(&self) -> bool {
        let groups = self.try_redis::<redis::streams::StreamInfoGroupsReply>("XINFO GROUPS $s");
        let stream = self.try_redis::<redis::streams::StreamInfoStreamReply>("XINFO STREAM $s");
        let (Ok(groups), Ok(stream)) = (groups.await, stream.await) else {
            return false;
        };
        let group = groups.groups.iter().find(|g| g.name == self.group());
        group.is_some_and(|g| g.pending == 0 && g.last_delivered_id == stream.last_generated_id)
    }
}
