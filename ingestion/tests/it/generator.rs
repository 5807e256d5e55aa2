//! The generator: what it sends is its truth, and it does what it is told.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use common::{
    event::{Acceptance, Limits, parse},
    time::UnixMicros,
};
use ingestion::source::synthetic::truth;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    daemon::Daemon,
    http::{Answer, send},
};

const FAULTS: &str =
    r#"{"duplicates":0.1,"late":0.05,"out_of_order":0.05,"malformed":0.05,"skewed":0.02}"#;

fn run(rate: u32, limit: u64) -> String {
    format!(r#"{{"running":true,"seed":7,"rate":{rate},"limit":{limit},"faults":{FAULTS}}}"#)
}

#[tokio::test]
async fn what_is_in_the_stream_is_the_truth() {
    let daemon = Daemon::start(&[]).await;
    assert_eq!(daemon.put(&run(200_000, 40_000)).await.status, 200);
    daemon.status(|status| status.sent > 0).await;
    // The population changes in the middle.
    assert_eq!(
        daemon
            .put(r#"{"users":77,"mix":{"purchase":90}}"#)
            .await
            .status,
        200
    );
    let status = daemon.status(|status| status.sent == 40_000).await;
    assert_eq!((status.ambiguous, status.dropped), (0, 0));
    assert!(status.segments.len() >= 2);
    let truth = truth(7, &status.segments, 40_000);

    let stream = daemon.stream().await;
    assert_eq!(stream.len() as u64, truth.events);
    let (mut unique, mut refused, mut duplicates) = (HashSet::new(), 0, 0);
    let acceptance = Acceptance {
        at: UnixMicros::now(),
        event_id: Uuid::nil(),
    };
    let mut value_micros = 0;
    for line in &stream {
        match parse(line, acceptance, &Limits::default()) {
            Ok(event) if unique.insert((event.occurred_at, event.event_id)) => {
                value_micros += i128::from(event.value_micros.unwrap_or(0));
            }
            Ok(_) => duplicates += 1,
            Err(_) => refused += 1,
        }
    }
    assert_eq!(unique.len() as u64, truth.unique);
    assert_eq!(duplicates, truth.duplicates);
    assert_eq!(refused, truth.dead_letters.values().sum::<u64>());
    assert_eq!(value_micros, truth.value_micros);
    assert_eq!(daemon.ledger("accepted:generator").await, 40_000);
    let entries = daemon.command(&["XLEN", &daemon.keys.stream]).await;
    let entries: u64 = redis::from_redis_value(entries).unwrap();
    assert_eq!(daemon.ledger("entries:generator").await, entries);
    daemon.end().await;
}

#[tokio::test]
async fn a_new_rate_is_in_effect_within_200_ms() {
    let daemon = Daemon::start(&[]).await;
    for rate in [100.0, 20_000.0, 50.0, 5_000.0] {
        let asked = Instant::now();
        let answer = daemon
            .put(&json!({"running": true, "rate": rate}).to_string())
            .await;
        assert!(
            asked.elapsed() < Duration::from_millis(200),
            "{:?}",
            asked.elapsed()
        );
        let view = answer.json();
        assert_eq!(answer.status, 200, "{view}");
        assert_eq!(
            (&view["rate"], &view["status"]["wanted_rate"]),
            (&json!(rate), &json!(rate))
        );
        let before = daemon.controls.status.borrow().generated;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let made = (daemon.status(|_| true).await.generated - before) as f64;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let after = daemon.status(|_| true).await;
        assert!((made / rate - 1.0).abs() < 0.25, "{rate}: {made}");
        assert!(
            (after.achieved_rate / rate - 1.0).abs() < 0.35,
            "{rate}: {}",
            after.achieved_rate
        );
    }
    daemon.put(r#"{"running":false}"#).await;
    let stopped = daemon
        .status(|status| status.sent == status.generated)
        .await
        .generated;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(daemon.controls.status.borrow().generated, stopped);
    daemon.end().await;
}

#[tokio::test]
async fn profiles_progress_and_are_met() {
    let daemon = Daemon::start(&[]).await;
    let stages = r#"{"kind":"stages","stages":[{"rate":2000,"seconds":1},{"rate":10000,"seconds":1},{"rate":0,"seconds":60}]}"#;
    let answer = daemon
        .put(&format!(r#"{{"running":true,"profile":{stages}}}"#))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let status = daemon
        .status(|status| status.wanted_rate == 0.0 && status.generated > 9_000)
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let total = daemon
        .status(|status| status.sent == status.generated)
        .await
        .sent;
    assert!(
        (11_900..=12_000).contains(&(total + status.missed)),
        "{total}"
    );
    daemon.end().await;
}

#[tokio::test]
async fn another_seed_begins_another_run_and_a_finished_run_can_be_repeated() {
    let daemon = Daemon::start(&[]).await;
    daemon.put(&run(100_000, 1_000)).await;
    let first = daemon.status(|status| status.sent == 1_000).await;
    assert!(first.finished);
    daemon.put(r#"{"running":false}"#).await;
    daemon.put(r#"{"running":true}"#).await;
    let again = daemon
        .status(|status| status.sent == 1_000 && status.run_started > first.run_started)
        .await;
    assert_eq!(again.segments, first.segments);
    daemon.put(r#"{"seed":8}"#).await;
    daemon
        .status(|status| status.sent == 1_000 && status.run_started > again.run_started)
        .await;
    assert_eq!(daemon.ledger("accepted:generator").await, 3_000);
    daemon.end().await;
}

#[tokio::test]
async fn wrong_settings_are_refused_and_change_nothing() {
    let daemon = Daemon::start(&[]).await;
    let before = daemon.get("/api/v1/generator").await.json();
    let answer = daemon
        .put(r#"{"rate":-1,"faults":{"late":2},"users":5}"#)
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    let pointers: HashSet<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        pointers.contains("/rate") && pointers.contains("/faults/late"),
        "{problem}"
    );
    let settings = |mut view: Value| {
        view.as_object_mut().unwrap().remove("status");
        view
    };
    let after = daemon.get("/api/v1/generator").await.json();
    assert_eq!(settings(after), settings(before));
    assert_eq!(daemon.put("nonsense").await.status, 400);
    daemon.end().await;
}

#[tokio::test]
async fn it_reports_itself_in_redis_and_to_the_page() {
    let daemon = Daemon::start(&[]).await;
    daemon.put(r#"{"running":true,"rate":500}"#).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let report = daemon.command(&["GET", &daemon.keys.generator]).await;
    let report: String = redis::from_redis_value(report).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["rate"], json!(500.0));
    assert!(report["status"]["sent"].as_u64().unwrap() > 0, "{report}");
    daemon.end().await;
}

/// What browsers send before a PUT of JSON from a page of another origin.
async fn preflight(daemon: &Daemon, path: &str, method: &str, origin: &str) -> Answer {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", method),
        ("Access-Control-Request-Headers", "content-type"),
    ];
    send(daemon.address, "OPTIONS", path, &headers, b"").await
}

#[tokio::test]
async fn the_pages_origin_may_steer_and_others_may_not() {
    const ALLOW_ORIGIN: &str = "access-control-allow-origin";
    let daemon = Daemon::start(&[]).await;
    let routes = [("/api/v1/generator", "PUT"), ("/api/v1/events", "POST")];
    for (path, method) in routes {
        for page in ["http://localhost:3001", "http://127.0.0.1:3001"] {
            let answer = preflight(&daemon, path, method, page).await;
            assert_eq!(answer.status, 200, "{}", answer.head);
            assert_eq!(answer.header(ALLOW_ORIGIN), Some(page));
            let listed = |name: &str| answer.header(name).unwrap().to_lowercase();
            let methods = listed("access-control-allow-methods");
            assert!(methods.contains(&method.to_lowercase()), "{methods}");
            assert!(listed("access-control-allow-headers").contains("content-type"));
        }
        for foreign in ["http://evil.example", "http://localhost:3001.evil", "null"] {
            let answer = preflight(&daemon, path, method, foreign).await;
            assert_eq!(answer.header(ALLOW_ORIGIN), None, "{foreign}");
        }
    }
    // The answers themselves, refusals too: else the page couldn't say what was wrong.
    let asked = [
        ("GET", "/api/v1/generator", "", 200),
        ("PUT", "/api/v1/generator", r#"{"rate":250}"#, 200),
        ("PUT", "/api/v1/generator", r#"{"rate":-1}"#, 422),
        ("DELETE", "/api/v1/generator", "", 405),
        ("GET", "/nowhere", "", 404),
    ];
    for (method, path, body, status) in asked {
        for (origin, allowed) in [
            ("http://localhost:3001", Some("http://localhost:3001")),
            ("http://evil.example", None),
        ] {
            let headers = [("Origin", origin), ("Content-Type", "application/json")];
            let answer = send(daemon.address, method, path, &headers, body.as_bytes()).await;
            let refused = allowed.is_none() && method != "GET";
            let status = if refused { 403 } else { status };
            assert_eq!(answer.status, status, "{method} {path} {}", answer.head);
            assert_eq!(answer.header(ALLOW_ORIGIN), allowed, "{method} {path}");
        }
    }
    daemon.end().await;
}

#[tokio::test]
async fn listed_origins_are_taken_as_people_write_them() {
    let listed = ("CORS_ORIGINS", "https://a.example/ , HTTPS://b.example");
    let daemon = Daemon::start(&[listed]).await;
    for (origin, allowed) in [
        ("https://a.example", true),
        ("https://b.example", true),
        ("http://localhost:3001", false),
    ] {
        let answer = preflight(&daemon, "/api/v1/events", "POST", origin).await;
        let told = answer.header("access-control-allow-origin");
        assert_eq!(told, allowed.then_some(origin));
    }
    daemon.end().await;
}

#[tokio::test]
async fn a_stop_loses_nothing_that_was_made() {
    let daemon = Daemon::start(&[]).await;
    daemon.put(r#"{"running":true,"rate":100000}"#).await;
    daemon.status(|status| status.sent > 20_000).await;
    daemon.stop().await;
    let generated = daemon.controls.status.borrow().generated;
    assert_eq!(daemon.ledger("accepted:generator").await, generated);
    assert_eq!(daemon.stream().await.len() as u64, generated);
    daemon.end().await;
}
