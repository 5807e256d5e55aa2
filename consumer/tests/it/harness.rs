//! A consumer in this process, and what a test asks of the services.

use std::time::Duration;

use common::{
    config::{BindConfig, Loader, ProcessConfig},
    shutdown::Shutdown,
};
use consumer::config::{Config, ConsumerConfig};
use redis::{AsyncCommands as _, aio::MultiplexedConnection};
use testkit::{Services, wait_until};
use tokio::net::TcpListener;
use tokio_postgres::Client;

pub(crate) const SOON: Duration = Duration::from_secs(20);

/// One test's services with a stream to write to and a database to ask.
pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) redis: MultiplexedConnection,
    pub(crate) db: Client,
}

/// What became of all events, from the tables themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sums {
    pub(crate) events: i64,
    pub(crate) dead_letters: i64,
    pub(crate) ledger_stored: i64,
    pub(crate) ledger_duplicates: i64,
    pub(crate) ledger_dead_lettered: i64,
}

impl World {
    pub(crate) async fn new() -> Self {
        let services = Services::start().await;
        Self {
            redis: services.redis().await,
            db: services.db().await,
            services,
        }
    }

    pub(crate) fn config(&self, changes: &[(&str, &str)]) -> Config {
        let mut variables = self.services.variables();
        variables.extend([
            ("CLAIM_IDLE_MS".into(), "1500".into()),
            ("COMPACT_INTERVAL".into(), "1".into()),
            ("LOG_LEVEL".into(), "warn".into()),
        ]);
        variables.extend(
            changes
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );
        let mut loader = Loader::from_variables(variables);
        let process: Option<ProcessConfig> = loader.section();
        let bind: Option<BindConfig> = loader.section();
        let consumer: Option<ConsumerConfig> = loader.section();
        loader.finish().unwrap();
        Config {
            process: process.unwrap(),
            bind: bind.unwrap(),
            redis: self.services.redis.clone(),
            postgres: self.services.postgres.clone(),
            stream: self.services.stream.clone(),
            consumer: consumer.unwrap(),
        }
    }

    /// A running consumer with one lane, unless `changes` say otherwise.
    pub(crate) async fn consumer(&self, changes: &[(&str, &str)]) -> Running {
        let mut all = vec![("CONSUMER_LANES", "1")];
        all.extend(changes);
        let config = self.config(&all);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shutdown = Shutdown::new();
        consumer::run(config, listener, &shutdown);
        Running { shutdown }
    }

    pub(crate) async fn add(&mut self, field: &str, value: &str) -> String {
        let key = self.services.stream.stream_key.clone();
        self.redis.xadd(key, "*", &[(field, value)]).await.unwrap()
    }

    pub(crate) async fn add_batch(&mut self, events: &[String]) -> String {
        self.add("batch", &events.join("\n")).await
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.db.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub(crate) async fn sums(&self) -> Sums {
        let row = self
            .db
            .query_one(
                "SELECT (SELECT count(*) FROM events),
                        (SELECT count(*) FROM dead_letters),
                        (SELECT coalesce(sum(stored), 0)::bigint FROM ledger),
                        (SELECT coalesce(sum(duplicates), 0)::bigint FROM ledger),
                        (SELECT coalesce(sum(dead_lettered), 0)::bigint FROM ledger)",
                &[],
            )
            .await
            .unwrap();
        Sums {
            events: row.get(0),
            dead_letters: row.get(1),
            ledger_stored: row.get(2),
            ledger_duplicates: row.get(3),
            ledger_dead_lettered: row.get(4),
        }
    }

    /// Waits until nothing is unread or pending.
    pub(crate) async fn quiet(&self) {
        let (redis, keys) = (self.redis.clone(), self.services.keys());
        let group = self.services.stream.consumer_group.clone();
        wait_until("the stream is read and acknowledged", SOON, || {
            let (mut redis, stream, group) = (redis.clone(), keys.stream.clone(), group.clone());
            async move { is_quiet(&mut redis, &stream, &group).await }
        })
        .await;
    }

    /// Σ rollups = count(events), for every bucket and dimension, by SQL alone.
    pub(crate) async fn assert_rollups_add_up(&self) {
        let off = self
            .count(
                "WITH raw AS (
                    SELECT time_bucket('1 minute', occurred_at) AS bucket, count(*) AS events,
                           coalesce(sum(value_micros), 0) AS value
                      FROM events GROUP BY 1),
                 folded AS (
                    SELECT bucket, dimension, sum(events) AS events, sum(value_micros) AS value
                      FROM rollup_1m GROUP BY 1, 2)
                 SELECT count(*) FROM (SELECT bucket, d AS dimension, events, value
                                         FROM raw, generate_series(0, 7) AS d) AS want
                   FULL JOIN folded USING (bucket, dimension)
                  WHERE want.events IS DISTINCT FROM folded.events
                     OR want.value IS DISTINCT FROM folded.value",
            )
            .await;
        assert_eq!(
            off, 0,
            "buckets and dimensions whose rollups differ from the raw rows"
        );
    }
}

async fn is_quiet(redis: &mut MultiplexedConnection, stream: &str, group: &str) -> bool {
    let groups: redis::RedisResult<redis::streams::StreamInfoGroupsReply> =
        redis.xinfo_groups(stream).await;
    let info: redis::RedisResult<redis::streams::StreamInfoStreamReply> =
        redis.xinfo_stream(stream).await;
    let (Ok(groups), Ok(info)) = (groups, info) else {
        return false;
    };
    let group = groups.groups.iter().find(|g| g.name == group);
    group.is_some_and(|g| g.pending == 0 && g.last_delivered_id == info.last_generated_id)
}

/// A consumer that runs until it is stopped.
pub(crate) struct Running {
    shutdown: Shutdown,
}

impl Running {
    pub(crate) async fn stop(self) {
        self.shutdown.stop();
        self.shutdown
            .finished(Duration::from_secs(10))
            .await
            .unwrap();
    }
}

/// An event by number: the same number is the same event.
pub(crate) fn event(n: u32) -> String {
    event_at(n, "2026-11-01T10:00:00Z")
}

pub(crate) fn event_at(n: u32, occurred_at: &str) -> String {
    let kind = ["page_view", "click", "purchase"][n as usize % 3];
    format!(
        r#"{{"event_id":"00000000-0000-7000-8000-{n:012x}","event_type":"{kind}","occurred_at":"{occurred_at}","user_id":"u{}","session_id":"s{}","page":"/p{}","country":"DE","value":{}.25,"duration_ms":{}}}"#,
        n % 50,
        n % 70,
        n % 20,
        n % 100,
        n % 5_000,
    )
}
