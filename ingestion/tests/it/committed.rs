//! `?wait=committed`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    daemon::{Daemon, config, until},
    http::{self, send},
    private_redis::PrivateRedis,
};

fn event(n: u32) -> Value {
    json!({"event_type": "page_view", "user_id": format!("u{n}"), "page": "/"})
}

const GROUP: &str = "timescale-writer";

async fn make_group(daemon: &Daemon) {
    let stream = &daemon.keys.stream;
    let make = ["XGROUP", "CREATE", stream, GROUP, "0", "MKSTREAM"];
    daemon.command(&make).await;
}

/// Delivers one entry; its id.
async fn deliver(daemon: &Daemon) -> String {
    let stream = &daemon.keys.stream;
    let read = ["XREADGROUP", "GROUP", GROUP, "c", "STREAMS", stream, ">"];
    let read = daemon.command(&read).await;
    let read: redis::streams::StreamReadReply = redis::from_redis_value(read).unwrap();
    read.keys[0].ids[0].id.clone()
}

/// Waits until so many events are in the stream.
async fn until_accepted(daemon: &Daemon, events: u64) {
    until("they are in the stream", || async {
        daemon.ledger("accepted:collector").await == events
    })
    .await;
}

async fn acknowledge(daemon: &Daemon, id: &str) {
    let stream = &daemon.keys.stream;
    daemon.command(&["XACK", stream, GROUP, id]).await;
}

fn post_and_wait(daemon: &Daemon) -> tokio::task::JoinHandle<http::Answer> {
    let (address, body) = (daemon.address, event(1).to_string());
    tokio::spawn(async move {
        let path = "/api/v1/events?wait=committed";
        send(address, "POST", path, &[], body.as_bytes()).await
    })
}

#[tokio::test]
async fn committed_means_acknowledged_by_the_consumer() {
    let daemon = Daemon::start(&[]).await;
    make_group(&daemon).await;
    let request = post_and_wait(&daemon);
    until_accepted(&daemon, 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!request.is_finished(), "not delivered yet");
    let id = deliver(&daemon).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!request.is_finished(), "not acknowledged yet");
    acknowledge(&daemon, &id).await;
    let answer = request.await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["committed"]),
        (200, &json!(true))
    );
    assert_eq!(daemon.post_with(&[], "{}").await.status, 422);
    daemon.end().await;
}

#[tokio::test]
async fn who_waits_for_commits_keeps_nobody_else_out() {
    let daemon = Daemon::start(&[]).await;
    make_group(&daemon).await;
    let waiting: Vec<_> = (0..30).map(|_| post_and_wait(&daemon)).collect();
    until_accepted(&daemon, 30).await;
    let start = Instant::now();
    assert_eq!(daemon.post(event(2).to_string()).await.status, 202);
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert!(waiting.iter().all(|request| !request.is_finished()));
    let stream = &daemon.keys.stream;
    let read = [
        "XREADGROUP",
        "GROUP",
        GROUP,
        "c",
        "NOACK",
        "STREAMS",
        stream,
        ">",
    ];
    daemon.command(&read).await;
    for request in waiting {
        assert_eq!(request.await.unwrap().status, 200);
    }
    daemon.end().await;
}

#[tokio::test]
async fn what_a_lost_stream_held_is_not_called_committed() {
    let daemon = Daemon::start(&[]).await;
    make_group(&daemon).await;
    let request = post_and_wait(&daemon);
    until_accepted(&daemon, 1).await;
    let lost = ["DEL", &daemon.keys.stream, &daemon.keys.ledger];
    daemon.command(&lost).await;
    assert_eq!(daemon.post(event(2).to_string()).await.status, 202);
    make_group(&daemon).await;
    let later = deliver(&daemon).await;
    acknowledge(&daemon, &later).await;
    let answer = request.await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["committed"]),
        (202, &json!(false))
    );
    // The new stream is as good as the old one was.
    let request = post_and_wait(&daemon);
    until_accepted(&daemon, 2).await;
    let id = deliver(&daemon).await;
    acknowledge(&daemon, &id).await;
    assert_eq!(request.await.unwrap().status, 200);
    daemon.end().await;
}

const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];

async fn accepted(redis: &PrivateRedis, daemon: &Daemon) -> Value {
    let read = ["HGET", &daemon.keys.ledger, "accepted:collector"];
    let value: Option<u64> = redis::from_redis_value(redis.command(&read).await.unwrap()).unwrap();
    json!(value)
}

#[tokio::test]
async fn what_a_restarted_redis_still_has_can_be_committed() {
    let mut redis = PrivateRedis::start(DURABLE).await;
    let daemon = Daemon::start_with(config(&[("REDIS_URL", &redis.url)])).await;
    let stream = daemon.keys.stream.clone();
    let make = ["XGROUP", "CREATE", &stream, GROUP, "0", "MKSTREAM"];
    redis.command(&make).await.unwrap();
    let request = post_and_wait(&daemon);
    until("it is accepted", || async {
        accepted(&redis, &daemon).await == 1
    })
    .await;
    redis.restart().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!request.is_finished(), "not committed yet");
    let read = ["XREADGROUP", "GROUP", GROUP, "c", "STREAMS", &stream, ">"];
    let read = redis.command(&read).await.unwrap();
    let read: redis::streams::StreamReadReply = redis::from_redis_value(read).unwrap();
    let id = read.keys[0].ids[0].id.clone();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!request.is_finished(), "pending");
    redis.command(&["XACK", &stream, GROUP, &id]).await.unwrap();
    let answer = request.await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["committed"]),
        (200, &json!(true))
    );
    daemon.end().await;
}

#[tokio::test]
async fn what_a_restarted_redis_has_lost_is_not_waited_for() {
    let mut redis = PrivateRedis::start(DURABLE).await;
    let daemon = Daemon::start_with(config(&[("REDIS_URL", &redis.url)])).await;
    let stream = daemon.keys.stream.clone();
    let make = ["XGROUP", "CREATE", &stream, GROUP, "0", "MKSTREAM"];
    redis.command(&make).await.unwrap();
    let start = Instant::now();
    let request = post_and_wait(&daemon);
    until("it is accepted", || async {
        accepted(&redis, &daemon).await == 1
    })
    .await;
    // The same id comes again with something else, as after a lost second.
    let entries = redis.command(&["XRANGE", &stream, "-", "+"]).await.unwrap();
    let entries: redis::streams::StreamRangeReply = redis::from_redis_value(entries).unwrap();
    let id = &entries.ids[0].id;
    for words in [
        &["DEL", &stream][..],
        &["XADD", &stream, id, "batch", "{}"],
        &make,
    ] {
        redis.command(words).await.unwrap();
    }
    redis.restart().await;
    let answer = request.await.unwrap();
    assert_eq!(
        (answer.status, &answer.json()["committed"]),
        (202, &json!(false))
    );
    assert!(start.elapsed() < Duration::from_secs(9));
    daemon.end().await;
}
