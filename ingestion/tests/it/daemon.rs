//! The daemon's production code on port 0, with a stream of its own.

use std::{
    net::SocketAddr,
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use common::{
    config::{Loader, sample_variables},
    shutdown::Shutdown,
    wire::{Payload, StreamKeys, lines},
};
use ingestion::{Config, control::Controls, source::synthetic::Status};
use redis::{Value, aio::MultiplexedConnection, streams::StreamRangeReply};
use tokio::{net::TcpListener, time::timeout};

use crate::http::{Answer, send};

pub(crate) fn redis_url() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| std::env::var("REDIS_URL").unwrap_or_else(|_| services_url()))
        .clone()
}

fn services_url() -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/services.sh");
    let output = Command::new(script).arg("env").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let url = text
        .lines()
        .find_map(|line| line.strip_prefix("REDIS_URL="));
    url.expect("the services run").to_owned()
}

/// Waits until `condition` holds, for ten seconds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    for _ in 0..200 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

pub(crate) struct Daemon {
    pub(crate) address: SocketAddr,
    pub(crate) keys: StreamKeys,
    pub(crate) controls: Controls,
    pub(crate) redis: MultiplexedConnection,
    shutdown: Shutdown,
}

pub(crate) fn config(variables: &[(&str, &str)]) -> Config {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut all = sample_variables();
    all.insert("REDIS_URL".into(), redis_url());
    let stream = format!("it-ingestion-{}-{count}", std::process::id());
    all.insert("STREAM_KEY".into(), stream);
    all.insert("AUTH".into(), "off".into());
    for (name, value) in variables {
        all.insert((*name).into(), (*value).into());
    }
    Config::load(Loader::from_variables(all)).unwrap()
}

impl Daemon {
    pub(crate) async fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_with(config(variables)).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        let daemon = Self::start_unready(config).await;
        daemon.ready().await;
        daemon
    }

    pub(crate) async fn start_unready(config: Config) -> Self {
        let keys = StreamKeys::new(&config.stream.stream_key);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let controls = ingestion::run(config, listener, &shutdown).unwrap();
        let client = redis::Client::open(redis_url()).unwrap();
        let redis = client.get_multiplexed_async_connection().await.unwrap();
        Self {
            address,
            keys,
            controls,
            redis,
            shutdown,
        }
    }

    pub(crate) async fn ready(&self) {
        let ready = async {
            while self.get("/health/ready").await.status != 200 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(10), ready)
            .await
            .expect("ready in time");
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.address, "GET", path, &[], b"").await
    }

    /// The value of a series, written as in `/metrics`.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let text = String::from_utf8(self.get("/metrics").await.body).unwrap();
        let mut lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        let found = lines.find(|(name, _)| *name == series);
        found.expect(series).1.parse().unwrap()
    }

    pub(crate) async fn post(&self, body: impl AsRef<[u8]>) -> Answer {
        self.post_with(&[("Content-Type", "application/json")], body)
            .await
    }

    pub(crate) async fn post_with(
        &self,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        send(
            self.address,
            "POST",
            "/api/v1/events",
            headers,
            body.as_ref(),
        )
        .await
    }

    pub(crate) async fn put(&self, body: &str) -> Answer {
        let headers = [("Content-Type", "application/json")];
        send(
            self.address,
            "PUT",
            "/api/v1/generator",
            &headers,
            body.as_bytes(),
        )
        .await
    }

    /// Waits until the generator's status is as wanted.
    pub(crate) async fn status(&self, wanted: impl Fn(&Status) -> bool) -> Status {
        let mut status = self.controls.status.clone();
        let reached = status.wait_for(|status| wanted(status));
        let result = timeout(Duration::from_secs(20), reached).await;
        let reached = result
            .ok()
            .and_then(Result::ok)
            .map(|status| status.clone());
        reached.unwrap_or_else(|| panic!("not reached: {:?}", self.controls.status.borrow()))
    }

    /// What each entry of the stream holds.
    pub(crate) async fn entries(&self) -> Vec<Vec<u8>> {
        let mut redis = self.redis.clone();
        let reply: StreamRangeReply = redis::cmd("XRANGE")
            .arg(&self.keys.stream)
            .arg("-")
            .arg("+")
            .query_async(&mut redis)
            .await
            .unwrap();
        let entries = reply.ids.iter();
        entries.map(|entry| entry.get("batch").unwrap()).collect()
    }

    /// All events in the stream, each as it was written, in order.
    pub(crate) async fn stream(&self) -> Vec<Vec<u8>> {
        let entries = self.entries().await.into_iter();
        entries
            .flat_map(|batch| {
                let count = Payload::Batch(batch.clone()).events().count();
                let events: Vec<_> = lines(&batch).map(<[u8]>::to_vec).collect();
                assert_eq!(events.len(), count);
                events
            })
            .collect()
    }

    pub(crate) async fn ledger(&self, field: &str) -> u64 {
        let mut redis = self.redis.clone();
        let value: Option<u64> = redis::cmd("HGET")
            .arg(&self.keys.ledger)
            .arg(field)
            .query_async(&mut redis)
            .await
            .unwrap();
        value.unwrap_or(0)
    }

    pub(crate) async fn command(&self, words: &[&str]) -> Value {
        let mut redis = self.redis.clone();
        let mut command = redis::cmd(words[0]);
        words[1..].iter().for_each(|word| {
            command.arg(*word);
        });
        command.query_async(&mut redis).await.unwrap()
    }

    /// Stops as SIGTERM does, without deleting anything.
    pub(crate) async fn stop(&self) {
        self.shutdown.stop();
        self.shutdown
            .finished(Duration::from_secs(10))
            .await
            .expect("a clean stop");
    }

    /// Stops and deletes the stream.
    pub(crate) async fn end(self) {
        self.stop().await;
        let StreamKeys {
            stream,
            ledger,
            generator,
            ..
        } = &self.keys;
        self.command(&["DEL", stream, ledger, generator]).await;
    }
}
