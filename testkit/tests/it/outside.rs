//! What other programs put on the stream and send to the collector is seen within a second.

use std::time::{Duration, Instant};

use redis::AsyncCommands as _;
use serde_json::{Value, json};
use testkit::{http, wait_until};

use crate::harness::{LIMIT, Pipeline, socket::Socket};

/// The promise is a second; it is measured here, and asserted with room for a busy machine.
const SOON: Duration = Duration::from_secs(3);

async fn append(pipeline: &Pipeline, event: &str) {
    let mut redis = pipeline.services.redis().await;
    let fields = [("event", event)];
    let _: String = redis
        .xadd(pipeline.services.keys().stream, "*", &fields)
        .await
        .unwrap();
}

fn in_time(what: &str, since: Instant) {
    let took = since.elapsed();
    println!("{what}: {took:?}");
    assert!(took < SOON, "{what} after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_another_program_is_seen_everywhere() {
    let pipeline = Pipeline::start(&["a"]).await;
    let (mut metrics, before) = Socket::subscribe(&pipeline.api, "metrics").await;
    let (mut events, _) = Socket::subscribe(&pipeline.api, "events").await;
    assert_eq!(before["totals"]["events"], 0);
    let event = json!({"event_type": "purchase", "user_id": "somebody", "value": 19.99,
        "country": "DE", "page": "/outside"});
    let added = Instant::now();
    append(&pipeline, &event.to_string()).await;
    let counted = |data: &Value| data["totals"]["events"] == 1;
    let update = metrics.until("the event in metrics", counted).await;
    in_time("on the socket, topic metrics", added);
    assert_eq!(update["totals"]["value"], "19.99");
    let shown = |data: &Value| data["events"][0]["page"] == "/outside";
    let update = events.until("the event itself", shown).await;
    in_time("on the socket, topic events", added);
    assert_eq!(update["events"][0]["user_id"], "somebody");
    let summary = pipeline.get("/metrics/summary").await;
    in_time("in REST", added);
    assert_eq!(
        (&summary["events"], &summary["value"]),
        (&json!(1), &json!("19.99"))
    );
    let shares = pipeline.get("/metrics/breakdown?dimension=country").await;
    assert_eq!(
        (&shares[0]["key"], &shares[0]["events"]),
        (&json!("DE"), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_malformed_is_a_dead_letter_with_its_reason() {
    let pipeline = Pipeline::start(&["a"]).await;
    let malformed = [
        ("{\"event_type\":", "malformed_json"),
        (r#"{"event_type":"login"}"#, "required"),
        (
            r#"{"event_type":"login","user_id":"u","colour":"red"}"#,
            "unknown_field",
        ),
    ];
    let added = Instant::now();
    for (event, _) in malformed {
        append(&pipeline, event).await;
    }
    append(
        &pipeline,
        r#"{"event_type":"login","user_id":"a neighbour"}"#,
    )
    .await;
    let all = async || {
        pipeline
            .get("/dead-letters")
            .await
            .as_array()
            .unwrap()
            .len()
            == 3
    };
    wait_until("three dead letters", LIMIT, all).await;
    in_time("on /api/v1/dead-letters", added);
    let shown = pipeline.get("/dead-letters").await;
    let db = pipeline.services.db().await;
    for (event, reason) in malformed {
        let sql = "SELECT count(*) FROM dead_letters WHERE payload = $1 AND reason = $2";
        let row = db
            .query_one(sql, &[&event.as_bytes(), &reason])
            .await
            .unwrap();
        assert_eq!(row.get::<_, i64>(0), 1, "{event}");
        let shown = shown.as_array().unwrap().iter();
        let of_event: Vec<_> = shown.filter(|letter| letter["payload"] == event).collect();
        assert_eq!(of_event.len(), 1);
        assert_eq!(of_event[0]["reason"], reason);
        assert_eq!(of_event[0]["source"], "external");
    }
    let neighbour = async || pipeline.get("/metrics/summary").await["events"] == 1;
    wait_until("the neighbour is counted", LIMIT, neighbour).await;
    let balanced = async || pipeline.get("/audit?raw=true").await["verdict"] == "balanced";
    wait_until("the audit is balanced", LIMIT, balanced).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_committed_event_can_be_read_at_once() {
    let pipeline = Pipeline::start(&["a"]).await;
    let url = format!("{}?wait=committed", pipeline.collector());
    for count in 1..=20 {
        let event = r#"{"event_type":"login","user_id":"u1"}"#;
        let (status, body) = http::post(&url, "application/json", event.into())
            .await
            .unwrap();
        assert_eq!((status, &body["committed"]), (200, &json!(true)), "{body}");
        assert_eq!(pipeline.get("/metrics/summary").await["events"], count);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rate_follows_and_the_pipeline_shows_it() {
    let pipeline = Pipeline::start(&["a"]).await;
    for rate in [400.0, 1_500.0, 200.0] {
        let asked = Instant::now();
        let view = pipeline
            .generate(&json!({"running": true, "rate": rate}))
            .await;
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{:?}",
            asked.elapsed()
        );
        assert_eq!(view["status"]["wanted_rate"], rate);
        let follows = async || {
            let shown = pipeline.get("/pipeline").await;
            let achieved = shown["rate"]["achieved"].as_f64().unwrap_or_default();
            shown["rate"]["wanted"] == rate && (achieved - rate).abs() < 0.2 * rate
        };
        wait_until("the achieved rate is the wanted one", LIMIT, follows).await;
        println!("{rate}/s after {:?}", asked.elapsed());
    }
    let stopped = pipeline.generate(&json!({"running": false})).await;
    assert_eq!(stopped["status"]["wanted_rate"], 0.0);
}
