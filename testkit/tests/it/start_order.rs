//! Daemons that start before Redis and PostgreSQL do: alive, not ready, and then ready.

use std::time::Duration;

use serde_json::json;
use testkit::{Daemon, free_port, http, wait_until};
use tokio::time::sleep;

use crate::harness::{LIMIT, Pipeline, QUIET, forwarder::Forwarder};

async fn status(daemon: &Daemon, path: &str) -> Option<u16> {
    let url = format!("http://127.0.0.1:{}/health{path}", daemon.port);
    http::get(&url).await.ok().map(|(status, _)| status)
}

/// Each is alive; ready are those that need nothing else.
async fn alive_and_ready(pipeline: &mut Pipeline, ready: impl Fn(&Daemon) -> bool) -> bool {
    for daemon in pipeline.daemons() {
        assert_eq!(status(daemon, "/live").await, Some(200));
        let expected = if ready(daemon) { 200 } else { 503 };
        if status(daemon, "/ready").await != Some(expected) {
            return false;
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn daemons_wait_for_what_they_need() {
    let (redis, postgres) = (free_port().unwrap(), free_port().unwrap());
    let mut pipeline = Pipeline::start_too_early(redis, postgres).await;
    for daemon in pipeline.daemons() {
        let live = async || status(daemon, "/live").await == Some(200);
        wait_until("it is alive", LIMIT, live).await;
    }
    for _ in 0..10 {
        assert!(alive_and_ready(&mut pipeline, |_| false).await);
        sleep(Duration::from_millis(100)).await;
    }
    let url = pipeline.services.postgres.postgres_url.0.clone();
    let _postgres = Forwarder::open(postgres, &url).await;
    sleep(Duration::from_secs(1)).await;
    assert!(alive_and_ready(&mut pipeline, |_| false).await);
    let url = pipeline.services.redis.redis_url.0.clone();
    let _redis = Forwarder::open(redis, &url).await;
    pipeline.ready().await;

    pipeline
        .generate(&json!({"running": true, "rate": 1000, "limit": 1000}))
        .await;
    let sent = async || pipeline.generator().await["status"]["sent"] == 1_000;
    wait_until("all are sent", LIMIT, sent).await;
    testkit::audit::quiet(&pipeline.services, QUIET)
        .await
        .unwrap();
    assert_eq!(pipeline.get("/metrics/summary").await["events"], 1_000);
}
