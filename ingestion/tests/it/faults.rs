//! Redis that is full, gone or not there yet.

use std::time::Duration;

use common::wire::StreamKeys;
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

use crate::{
    daemon::{Daemon, config, redis_url, until},
    private_redis::PrivateRedis,
};

const EVENT: &str = r#"{"event_type":"login","user_id":"u1"}"#;

#[tokio::test]
async fn a_full_backlog_stops_both_sources_until_it_is_drained() {
    let daemon = Daemon::start(&[("BACKLOG_MAX_EVENTS", "1000")]).await;
    daemon.put(r#"{"running":true,"rate":5000}"#).await;
    until("paused", || async {
        daemon.controls.status.borrow().paused_by.is_some()
    })
    .await;
    until("refused", || async {
        daemon.post(EVENT).await.status == 429
    })
    .await;
    let answer = daemon.post(EVENT).await;
    assert_eq!(answer.json()["code"], "backlog_full");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(daemon.get("/health/ready").await.status, 200);
    let view = daemon.get("/api/v1/generator").await.json();
    assert_eq!(view["status"]["paused_by"], "backlog");
    let paused_by = "tidemark_ingestion_paused_by{limit=\"backlog\"}";
    assert_eq!(daemon.metric(paused_by).await, 1.0);
    until("missed", || async {
        daemon.controls.status.borrow().missed > 0
    })
    .await;
    let before = daemon.controls.status.borrow().generated;
    assert!(before < 1_500, "the bound is kept: {before}");
    daemon.put(r#"{"rate":100}"#).await;
    daemon
        .command(&["XTRIM", &daemon.keys.stream, "MAXLEN", "0"])
        .await;
    until("taken again", || async {
        daemon.post(EVENT).await.status == 202
    })
    .await;
    daemon
        .status(|status| status.paused_by.is_none() && status.generated > before)
        .await;
    assert_eq!(daemon.metric(paused_by).await, 0.0);
    daemon.end().await;
}

#[tokio::test]
async fn small_entries_after_large_ones_count_as_they_are() {
    let limits = [
        ("BACKLOG_MAX_EVENTS", "1000"),
        ("PUBLISH_BATCH_EVENTS", "1"),
    ];
    let config = config(&limits);
    // A generator wrote large ones before, which are stored and gone.
    let ledger = StreamKeys::new(&config.stream.stream_key).ledger;
    let client = redis::Client::open(redis_url()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("HSET")
        .arg(&ledger)
        .arg(&[
            ("entries:generator", 1_000),
            ("accepted:generator", 500_000),
        ])
        .query_async(&mut redis)
        .await
        .unwrap();
    let daemon = Daemon::start_with(config).await;
    let lines = |count| format!("{EVENT}\n").repeat(count);
    assert_eq!(daemon.post(lines(300)).await.status, 202);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(daemon.post(lines(700)).await.status, 202);
    until("refused", || async {
        daemon.post(EVENT).await.status == 429
    })
    .await;
    daemon.end().await;
}

#[tokio::test]
async fn full_memory_refuses_before_redis_does() {
    let daemon = Daemon::start(&[]).await;
    let mut tight = config(&[]);
    tight.ingestion.redis_memory_max_bytes = 1;
    tight.ingestion.redis_memory_max_percent = 0;
    let full = Daemon::start_with(tight).await;
    let answer = full.post(EVENT).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("stream_memory_full"))
    );
    assert!(answer.header("retry-after").is_some());
    assert_eq!(daemon.post(EVENT).await.status, 202);
    daemon.end().await;
    full.end().await;
}

async fn is_ready(daemon: &Daemon) -> bool {
    daemon.get("/health/ready").await.status == 200
}

#[tokio::test]
async fn an_id_of_the_future_stops_the_intake_until_the_stream_is_moved_aside() {
    let daemon = Daemon::start(&[]).await;
    let stream = daemon.keys.stream.clone();
    daemon
        .command(&["XADD", &stream, "4102444800000-0", "event", "x"])
        .await;
    until("not ready", || async { !is_ready(&daemon).await }).await;
    let answer = daemon.post(EVENT).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("stream_ids_ahead"))
    );
    assert_eq!(answer.header("retry-after"), Some("60"));
    let health = daemon.get("/health").await.json();
    let told = health["dependencies"]["redis"]["error"].as_str().unwrap();
    assert!(told.contains("move the stream aside"), "{told}");
    // Without its entry it would go on all the same.
    daemon.command(&["XTRIM", &stream, "MAXLEN", "0"]).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(daemon.post(EVENT).await.status, 503);
    let aside = format!("{stream}-aside");
    daemon.command(&["RENAME", &stream, &aside]).await;
    until("taken again", || async {
        daemon.post(EVENT).await.status == 202
    })
    .await;
    assert!(is_ready(&daemon).await);
    daemon.command(&["DEL", &aside]).await;
    daemon.end().await;
}

/// Takes no writes after a failed snapshot, and lets its folder be changed.
const BREAKABLE: &[&str] = &[
    "--save",
    "3600 1000000",
    "--enable-protected-configs",
    "yes",
];

#[tokio::test]
async fn a_disk_that_redis_cant_write_stops_the_intake_while_that_lasts() {
    let redis = PrivateRedis::start(BREAKABLE).await;
    let daemon = Daemon::start_with(config(&[("REDIS_URL", &redis.url)])).await;
    assert_eq!(daemon.post(EVENT).await.status, 202);
    let gone = redis.folder.join("gone");
    std::fs::create_dir(&gone).unwrap();
    let gone = gone.to_str().unwrap();
    redis
        .command(&["CONFIG", "SET", "dir", gone])
        .await
        .unwrap();
    std::fs::remove_dir(gone).unwrap();
    redis.command(&["BGSAVE"]).await.unwrap();
    until("not ready", || async { !is_ready(&daemon).await }).await;
    let answer = daemon.post(EVENT).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("stream_disk_failed"))
    );
    assert!(answer.header("retry-after").is_some());
    let health = daemon.get("/health").await.json();
    let told = health["dependencies"]["redis"]["error"].as_str().unwrap();
    assert!(told.contains("MISCONF"), "{told}");
    let folder = redis.folder.to_str().unwrap();
    redis
        .command(&["CONFIG", "SET", "dir", folder])
        .await
        .unwrap();
    redis.command(&["BGSAVE"]).await.unwrap();
    until("taken again", || async {
        daemon.post(EVENT).await.status == 202
    })
    .await;
    assert!(is_ready(&daemon).await);
    daemon.end().await;
}

/// Passes bytes to Redis until it is cut.
async fn proxy(listener: TcpListener) {
    let target = redis_url();
    let target = target
        .trim_start_matches("redis://")
        .trim_end_matches('/')
        .to_owned();
    let target = target
        .rsplit('@')
        .next()
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((mut from, _)) = listener.accept().await else {
            return;
        };
        let target = target.clone();
        connections.spawn(async move {
            let mut to = TcpStream::connect(&target).await.unwrap();
            let _ = copy_bidirectional(&mut from, &mut to).await;
        });
    }
}

#[tokio::test]
async fn redis_may_come_late_go_and_come_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("redis://{address}");
    let daemon = Daemon::start_unready(config(&[("REDIS_URL", &url)])).await;
    daemon.put(r#"{"running":true,"rate":2000,"seed":5}"#).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(daemon.get("/health/live").await.status, 200);
    assert_eq!(daemon.get("/health/ready").await.status, 503);
    let answer = daemon.post(EVENT).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (503, Some("stream_unavailable"))
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    let paused_by = "tidemark_ingestion_paused_by{limit=\"redis\"}";
    assert_eq!(daemon.metric(paused_by).await, 1.0);
    let failures = "tidemark_ingestion_redis_failures_total{task=\"report\"}";
    assert!(daemon.metric(failures).await > 0.0);

    for round in 1..=2 {
        let listener = TcpListener::bind(address).await.unwrap();
        let proxy = tokio::spawn(proxy(listener));
        daemon.ready().await;
        until("taken", || async { daemon.post(EVENT).await.status == 202 }).await;
        let sent = daemon.controls.status.borrow().sent;
        daemon.status(|status| status.sent > sent + 500).await;
        proxy.abort();
        until("not ready", || async {
            daemon.get("/health/ready").await.status == 503
        })
        .await;
        assert_eq!(daemon.post(EVENT).await.status, 503, "round {round}");
    }
    // Without Redis, a stop is still clean.
    daemon.put(r#"{"running":false}"#).await;
    daemon.stop().await;
    let status = daemon.controls.status.borrow().clone();
    assert!(daemon.ledger("accepted:generator").await >= status.sent);
    let at_most = status.generated;
    assert!(
        daemon.ledger("accepted:generator").await <= at_most,
        "{at_most}"
    );
    assert_eq!(json!(status)["paused_by"], "redis");
    daemon.end().await;
}
