use std::net::Ipv4Addr;

use common::{
    admin::Health,
    config::{Loader, sample_variables},
    shutdown::Shutdown,
};
use serde_json::{Value, json};
use testkit::Services;
use tokio_postgres::Client;
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    access::Who,
    config::Config,
    live::{hub::Subscription, protocol::From, pull::Pulled},
};

/// A feed that looks when it is told to, with one subscriber.
struct Looking {
    feed: Feed,
    subscription: Subscription,
    db: Client,
    /// The minute of all events.
    minute: i64,
    _services: Services,
}

impl Looking {
    async fn start() -> Self {
        let services = Services::start().await;
        let mut variables = sample_variables();
        variables.extend(services.variables());
        let config = Arc::new(Config::load(Loader::from_variables(variables)).unwrap());
        let shutdown = Shutdown::new();
        let health = Health::new("api", "0", "test", &["redis", "postgres"], shutdown.clone());
        let state = ApiState::start(config, health, &shutdown).unwrap();
        let hub = Arc::new(Hub::new(shutdown, TaskTracker::new()));
        let params = json!({"minutes": 30, "metrics": ["events"]});
        let spec = Spec::read("metrics", params.as_object().unwrap()).unwrap();
        let who = Who::Address(Ipv4Addr::LOCALHOST.into());
        let subscription = hub.subscribe(spec, who, From::Start, Arc::default());
        Self {
            feed: Feed::new(state, hub),
            subscription: subscription.unwrap(),
            db: services.db().await,
            minute: UnixMicros::now().0 / MINUTE - 5,
            _services: services,
        }
    }

    /// One event more of `writer`, with each commit.
    async fn commit(&self, writer: i64, seq: i64) {
        let minute = format!("to_timestamp({} * 60)", self.minute);
        let commit = format!(
            "BEGIN; \
             INSERT INTO streams (key, epoch) VALUES ('k', 'e') ON CONFLICT DO NOTHING; \
             INSERT INTO writers (id, consumer) VALUES ({writer}, 'test') ON CONFLICT DO NOTHING; \
             INSERT INTO rollup_1m (bucket, dimension, value, writer_id, seq, events, value_micros, \"values\", \
                 duration_ms, users, sessions, durations) \
             VALUES ({minute}, 0, '', {writer}, {seq}, {seq}, 0, 0, 0, '', '', '') \
             ON CONFLICT (dimension, bucket, value, writer_id) DO UPDATE SET events = excluded.events; \
             INSERT INTO commits (writer_id, seq, stream_id, entries, entry_count, stored, duplicates, dead_lettered, \
                 bytes, buckets, accepted_first, accepted_last, stream_ms, decode_ms, queue_ms, write_ms) \
             SELECT {writer}, {seq}, id, '{{}}', 1, 1, 0, 0, 1, ARRAY[{minute}], now(), now(), 1, 1, 1, 1 FROM streams; \
             COMMIT"
        );
        self.db.batch_execute(&commit).await.unwrap();
    }

    /// The events that the subscriber is told of after a look, if it is told anything.
    async fn look(&mut self) -> Option<u64> {
        self.feed.tick().await.unwrap();
        let Pulled::Frame(kind, frame) = self.subscription.pull()? else {
            panic!("no frame");
        };
        let said: Value = serde_json::from_str(&frame.text(kind, "s")).unwrap();
        let data = said.get("snapshot").or_else(|| said.get("data"));
        data.unwrap()["totals"]["events"].as_u64()
    }
}

#[tokio::test]
async fn a_writer_that_began_since_the_last_look_is_counted_when_writers_are_asked_for() {
    let mut looking = Looking::start().await;
    looking.commit(1, 1).await;
    assert_eq!(looking.look().await, Some(1));
    looking.commit(2, 1).await;
    looking.feed.writers_read = Some(Instant::now() - WRITERS_INTERVAL);
    assert_eq!(looking.look().await, Some(2));
}

#[tokio::test]
async fn after_a_long_pause_a_writer_that_has_closed_since_is_counted() {
    let mut looking = Looking::start().await;
    looking.commit(1, 1).await;
    assert_eq!(looking.look().await, Some(1));
    looking.commit(1, 2).await;
    let closed = "UPDATE writers SET closed_at = now() - interval '11 minutes'";
    looking.db.batch_execute(closed).await.unwrap();
    let paused_at = UnixMicros::now().0 - LONGEST_PAUSE - 1;
    looking.feed.followed = Some(UnixMicros(paused_at));
    assert_eq!(looking.look().await, Some(2));
}
