//! `POST /api/v1/events` as the contract has it.

use std::time::{Duration, Instant};

use async_compression::tokio::bufread::GzipEncoder;
use common::event::{Acceptance, Limits, parse};
use common::time::UnixMicros;
use common::wire::lines;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use uuid::Uuid;

use crate::{daemon::Daemon, http::send};

fn event(n: u32) -> Value {
    json!({"event_type": "page_view", "user_id": format!("u{n}"), "page": "/"})
}

async fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzipEncoder::new(bytes).read_to_end(&mut out).await.unwrap();
    out
}

#[tokio::test]
async fn every_form_is_taken() {
    let daemon = Daemon::start(&[]).await;
    let ndjson = format!("{}\n{}\n\n{}", event(1), event(2), event(3));
    let forms = [
        (event(0).to_string(), "application/json", 1),
        (
            serde_json::to_string_pretty(&event(0)).unwrap(),
            "application/json",
            1,
        ),
        (
            json!([event(1), event(2)]).to_string(),
            "application/json",
            2,
        ),
        (
            json!({"batch": [event(1), event(2), event(3)]}).to_string(),
            "application/json",
            3,
        ),
        (ndjson.clone(), "application/x-ndjson", 3),
        (ndjson, "text/plain", 3),
    ];
    let mut total = 0;
    for (body, kind, count) in forms {
        total += count;
        for gzipped in [false, true] {
            let kind = ("Content-Type", kind);
            let answer = if gzipped {
                total += count;
                daemon
                    .post_with(
                        &[kind, ("Content-Encoding", "gzip")],
                        gzip(body.as_bytes()).await,
                    )
                    .await
            } else {
                daemon.post_with(&[kind], &body).await
            };
            assert_eq!(answer.status, 202, "{body}");
            let told = answer.json();
            assert_eq!(
                (&told["accepted"], &told["rejected"]),
                (&json!(count), &json!(0))
            );
        }
    }
    let stream = daemon.stream().await;
    assert_eq!(stream.len(), total);
    assert_eq!(daemon.ledger("accepted:collector").await, total as u64);
    let acceptance = Acceptance {
        at: UnixMicros::now(),
        event_id: Uuid::nil(),
    };
    for line in stream {
        let event = parse(&line, acceptance, &Limits::default()).unwrap();
        assert_eq!(event.event_id.get_version_num(), 7);
        assert!((UnixMicros::now().0 - event.occurred_at.0) < 60_000_000);
    }
    daemon.end().await;
}

#[tokio::test]
async fn wrong_events_are_named_and_their_neighbours_taken() {
    let daemon = Daemon::start(&[]).await;
    let body = json!([event(0), {"event_type": "page_view"}, 7, event(1), {"event_type": "login", "user_id": "u", "pagee": 1}]);
    let answer = daemon.post(body.to_string()).await;
    let told = answer.json();
    assert_eq!(answer.status, 202);
    assert_eq!(
        (&told["accepted"], &told["rejected"]),
        (&json!(2), &json!(3))
    );
    let errors = told["errors"].as_array().unwrap();
    let has = |index: u32, pointer: &str, code: &str| {
        errors
            .iter()
            .any(|e| e["index"] == index && e["pointer"] == pointer && e["code"] == code)
    };
    assert!(has(1, "/user_id", "required"), "{told}");
    assert!(has(2, "", "not_an_object"), "{told}");
    assert!(has(4, "/pagee", "unknown_field"), "{told}");
    assert_eq!(daemon.stream().await.len(), 2);

    let answer = daemon.post("{broken").await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(answer.json()["errors"][0]["code"], "malformed_json");

    let many = "{}\n".repeat(5_000);
    let told = daemon.post(many).await.json();
    assert_eq!(told["rejected"], 5_000);
    assert_eq!(told["errors"].as_array().unwrap().len(), 100);
    assert!(told["errors_total"].as_u64().unwrap() >= 5_000);
    daemon.end().await;
}

#[tokio::test]
async fn limits_are_kept_quickly() {
    let daemon = Daemon::start(&[]).await;
    let bomb = gzip(&vec![b' '; 200 * 1024 * 1024]).await;
    let nested = "[".repeat(900_000);
    let huge = format!(
        "{{\"event_type\":\"login\",\"user_id\":\"{}\"}}",
        "u".repeat(1_000_000)
    );
    let gzipped = [("Content-Encoding", "gzip")];
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);
    let cases: [Case<'_>; 10] = [
        (&[], &vec![b' '; 1024 * 1024 + 1], 413, "body_too_large"),
        (
            &gzipped,
            &bomb[..bomb.len().min(1024 * 1024)],
            413,
            "decoded_too_large",
        ),
        (&gzipped, b"not gzip", 400, "malformed_gzip"),
        (
            &[("Content-Encoding", "br")],
            b"{}",
            415,
            "unsupported_encoding",
        ),
        (&[], nested.as_bytes(), 400, "malformed_json"),
        (&[], huge.as_bytes(), 422, "all_events_refused"),
        (&[], &b"{}\n".repeat(20_001), 413, "too_many_events"),
        (&[], b"", 422, "no_events"),
        (&[], b"[]", 422, "no_events"),
        (&[], b"[{},", 400, "malformed_json"),
    ];
    for (headers, body, status, code) in cases {
        let start = Instant::now();
        let answer = daemon.post_with(headers, body).await;
        assert_eq!(
            (answer.status, answer.json()["code"].as_str()),
            (status, Some(code))
        );
        assert!(
            start.elapsed() < Duration::from_millis(500),
            "{code}: {:?}",
            start.elapsed()
        );
    }
    for (method, path, status) in [("GET", "/api/v1/events", 405), ("GET", "/nothing", 404)] {
        let answer = send(daemon.address, method, path, &[], b"").await;
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    assert!(daemon.stream().await.is_empty());
    daemon.end().await;
}

#[tokio::test]
async fn a_retry_of_an_id_without_a_time_is_the_same_event() {
    let daemon = Daemon::start(&[]).await;
    let id = Uuid::now_v7();
    let mut body = event(1);
    body["event_id"] = json!(id);
    for _ in 0..3 {
        assert_eq!(daemon.post(body.to_string()).await.status, 202);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut stream = daemon.stream().await;
    assert_eq!(stream.len(), 3);
    stream.dedup();
    assert_eq!(stream.len(), 1, "all three have the same time");
    let key = format!("{}{}", daemon.keys.first_seen, id.as_simple());
    daemon.command(&["DEL", &key]).await;
    daemon.end().await;
}

#[tokio::test]
async fn large_bodies_become_entries_within_the_bounds() {
    let daemon = Daemon::start(&[("PUBLISH_BATCH_EVENTS", "100")]).await;
    let body: String = (0..2_345).map(|n| format!("{}\n", event(n))).collect();
    let told = daemon.post(body).await.json();
    assert_eq!(told["accepted"], 2_345);
    assert_eq!(daemon.stream().await.len(), 2_345);
    assert_eq!(daemon.ledger("entries:collector").await, 24);
    daemon.end().await;
}

#[tokio::test]
async fn entries_stay_within_the_bound_of_bytes() {
    let daemon = Daemon::start(&[("PUBLISH_BATCH_BYTES", "1024")]).await;
    let long = |n: u32, length: usize| json!({"event_type": "page_view", "user_id": format!("u{n}"), "page": "/".repeat(length)});
    // One that is larger than the bound, among many that aren't.
    let body: String = (0..50)
        .map(|n| long(n, if n == 20 { 1_500 } else { 1 + 7 * n as usize }))
        .map(|event| format!("{event}\n"))
        .collect();
    assert_eq!(daemon.post(body).await.json()["accepted"], 50);
    daemon
        .put(r#"{"running":true,"rate":5000,"limit":2000}"#)
        .await;
    daemon.status(|status| status.sent == 2_000).await;
    let entries = daemon.entries().await;
    let events = |entry: &Vec<u8>| lines(entry).count();
    assert_eq!(entries.iter().map(events).sum::<usize>(), 2_050);
    let larger: Vec<_> = entries.iter().filter(|entry| entry.len() > 1_024).collect();
    assert!(!larger.is_empty());
    for entry in larger {
        assert_eq!(events(entry), 1, "{}", entry.len());
    }
    daemon.end().await;
}

#[tokio::test]
async fn small_requests_share_entries() {
    let daemon = Daemon::start(&[("PUBLISH_LINGER_MS", "50")]).await;
    let requests = (0..20).map(|n| {
        let body = event(n).to_string();
        let address = daemon.address;
        tokio::spawn(async move {
            send(address, "POST", "/api/v1/events", &[], body.as_bytes())
                .await
                .status
        })
    });
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(request.await.unwrap(), 202);
    }
    assert_eq!(daemon.ledger("accepted:collector").await, 20);
    assert!(daemon.ledger("entries:collector").await <= 5);
    daemon.end().await;
}
