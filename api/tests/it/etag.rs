//! Answers that clients cache, and answers that they share.

use std::{slice::from_ref, time::Duration};

use common::time::UnixMicros;
use testkit::Services;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::sleep};

use crate::support::{Api, MINUTE, Response, Sent, write};

const RANGE: &str = "from=2026-03-08T00:00:00Z&to=2026-03-09T00:00:00Z";

async fn start() -> Api {
    let keep = [
        ("ANSWER_CACHE_BYTES", "33554432"),
        ("QUERY_TIMEOUT_MS", "20000"),
    ];
    Api::with(Services::start().await, &keep)
        .await
        .ready()
        .await
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let mut lines = response.head.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The answer's tag as it was sent, which `head` has in lower case.
fn tag_of(response: &Response) -> String {
    header(response, "etag").unwrap().replace("w/", "W/")
}

async fn ask_again(api: &Api, method: &str, path: &str, tag: &str) -> Response {
    api.send(&format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n"
    ))
    .await
}

#[tokio::test]
async fn who_holds_an_answer_is_told_whether_it_still_holds() {
    let mut api = start().await;
    let (now, at) = (UnixMicros::now(), |micros| UnixMicros(micros).to_rfc3339());
    let first = Sent::at(now, 1);
    write(&mut api.db, from_ref(&first), 1, from_ref(&first)).await;
    let (from, to) = (at(now.0 - 60 * MINUTE), at(now.0 + MINUTE));
    for route in ["summary", "timeseries", "breakdown?dimension=page"] {
        let separator = if route.contains('?') { '&' } else { '?' };
        let path = format!("/api/v1/metrics/{route}{separator}from={from}&to={to}");
        let response = api.get(&path).await;
        assert_eq!(response.status, 200, "{}", response.body);
        let tag = tag_of(&response);
        assert!(header(&response, "watermark").is_some());
        assert_eq!(
            header(&response, "cache-control"),
            Some("private, no-cache")
        );
        for method in ["GET", "HEAD"] {
            let held = ask_again(&api, method, &path, &tag).await;
            assert_eq!((held.status, held.body.as_str()), (304, ""), "{route}");
            assert_eq!(tag_of(&held), tag);
            assert!(header(&held, "watermark") >= header(&response, "watermark"));
            assert_eq!(header(&held, "content-type"), None);
        }
        let other = ask_again(&api, "GET", &path, "W/\"0\"").await;
        assert_eq!((other.status, other.body.is_empty()), (200, false));
    }
    let path = format!("/api/v1/metrics/summary?to={to}");
    let tag = tag_of(&api.get(&path).await);
    let second = Sent::at(now, 2);
    write(&mut api.db, from_ref(&second), 2, &[first, second.clone()]).await;
    let changed = async || ask_again(&api, "GET", &path, &tag).await.status == 200;
    testkit::wait_until("the tag changes", Duration::from_secs(2), changed).await;
    api.stop().await;
}

#[tokio::test]
async fn a_range_that_ended_long_ago_may_be_held_a_minute() {
    let api = start().await;
    let closed = api.get(&format!("/api/v1/metrics/summary?{RANGE}")).await;
    assert_eq!(
        header(&closed, "cache-control"),
        Some("private, max-age=60")
    );
    let state = api.get("/api/v1/pipeline").await;
    assert_eq!(header(&state, "cache-control"), Some("no-store"));
    assert_eq!(header(&state, "etag"), None);
    api.stop().await;
}

#[tokio::test]
async fn an_answer_is_kept_until_the_next_reading_of_the_stream() {
    let api = start().await;
    let path = format!("/api/v1/metrics/summary?{RANGE}");
    let made = async || api.body(&path).await["meta"]["generated_at"].to_string();
    let mut kept = 0;
    for _ in 0..10 {
        let first = made().await;
        kept += u32::from(first == made().await);
    }
    assert!(kept > 5, "{kept}");
    let before = made().await;
    let renewed = async || before != made().await;
    testkit::wait_until("a new answer", Duration::from_secs(2), renewed).await;
    api.stop().await;
}

/// Statements of the api that wait for a lock.
async fn blocked(api: &Api) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    api.db.query_one(sql, &[]).await.unwrap().get(0)
}

async fn wait_for_blocked(api: &Api, want: i64) {
    let there = async || blocked(api).await == want;
    testkit::wait_until("the lock is waited for", Duration::from_secs(5), there).await;
}

const ASKED: [&str; 3] = ["memory", "shared", "new"];

/// Metric answers so far, by where they come from.
async fn answers(api: &Api) -> [f64; 3] {
    let metrics = api.get("/metrics").await;
    ASKED.map(|from| metrics.metric(&format!("tidemark_api_answers_total{{from=\"{from}\"}}")))
}

/// Two that ask the same, and whether one answer is on its way for both.
async fn clients(api: &Api) -> ([TcpStream; 2], bool) {
    let before = answers(api).await;
    let request = format!("GET /api/v1/metrics/summary?{RANGE} HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut clients = [
        TcpStream::connect(api.address).await.unwrap(),
        TcpStream::connect(api.address).await.unwrap(),
    ];
    for client in &mut clients {
        client.write_all(request.as_bytes()).await.unwrap();
    }
    let count = |answers: [f64; 3]| answers.iter().sum::<f64>() as u64;
    let both = async || count(answers(api).await) == count(before) + 2;
    testkit::wait_until("both have asked", Duration::from_secs(5), both).await;
    let share = answers(api).await[1] > before[1];
    (clients, share)
}

/// Connections to the api, without the one that asks for them.
async fn connections(api: &Api) -> u64 {
    let metrics = api.get("/metrics").await;
    let ratio = metrics.metric("tidemark_api_bound_used_ratio{bound=\"http_connections\"}");
    (ratio * 12_000.0).round() as u64 - 1
}

#[tokio::test]
async fn one_query_serves_all_who_wait_and_ends_when_the_last_one_leaves() {
    let api = start().await;
    let lock = api.services.db().await;
    lock.batch_execute("BEGIN; LOCK TABLE rollup_1m, rollup_1d IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    // A reading of the stream between the two makes them different questions.
    let waiting = loop {
        let (waiting, share) = clients(&api).await;
        if share {
            break waiting;
        }
        drop(waiting);
        wait_for_blocked(&api, 0).await;
    };
    wait_for_blocked(&api, 1).await;
    let [first, second] = waiting;
    drop(first);
    let left = async || connections(&api).await == 1;
    testkit::wait_until("the first has left", Duration::from_secs(5), left).await;
    // What it must not have ended would end now.
    sleep(Duration::from_millis(300)).await;
    assert_eq!(blocked(&api).await, 1, "the second still waits");
    drop(second);
    wait_for_blocked(&api, 0).await;
    lock.batch_execute("ROLLBACK").await.unwrap();
    api.stop().await;
}
