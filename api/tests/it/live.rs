use std::time::Duration;

use common::time::UnixMicros;
use futures_util::SinkExt as _;
use serde_json::json;
use testkit::Services;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _},
};

use crate::{
    live_client::{Held, close_code, connect, hear, say},
    support::{Api, Sent, write},
};

const METRICS: [&str; 5] = ["events", "users", "sessions", "value", "bounce_rate"];

#[tokio::test]
async fn snapshot_and_deltas_hold_what_rest_says() {
    let mut api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    let mut all: Vec<Sent> = Vec::new();
    let mut socket = connect(&api).await;
    say(
        &mut socket,
        json!({"type": "subscribe", "id": "m", "topic": "metrics",
            "params": {"minutes": 30, "metrics": METRICS}}),
    )
    .await;
    let first = hear(&mut socket).await;
    assert_eq!(
        (&first["type"], &first["topic"]),
        (&json!("subscribed"), &json!("metrics"))
    );
    let mut held = Held::default();
    held.take(&first["snapshot"]);
    assert_eq!(held.minutes.len(), 30);
    for seq in 1..=5 {
        let new: Vec<_> = (0..20)
            .map(|n| Sent {
                session: Some(n * seq as u32),
                value_micros: Some(10_000 * seq),
                ..Sent::at(
                    UnixMicros(now.0 - i64::from(n) * 97_000_000 - seq * 13),
                    n * 3 + seq as u32,
                )
            })
            .collect();
        all.extend(new.iter().cloned());
        write(&mut api.db, &new, seq, &all).await;
        while held.totals["events"].as_u64() < Some(expected(&all, &held)) {
            let next = hear(&mut socket).await;
            assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("m")));
            held.take(&next["data"]);
        }
    }
    let asked = format!("from=now-30m&to=now&metrics={}", METRICS.join(","));
    let rest = api.data(&format!("/api/v1/metrics/summary?{asked}")).await;
    assert_eq!(held.totals, rest);
    let rate = held.totals["bounce_rate"].as_f64().unwrap();
    assert!(rate > 0.0 && rate < 1.0, "{rate}");
    let series = format!("/api/v1/metrics/timeseries?{asked}&interval=1m");
    let series = api.data(&series).await;
    for minute in series.as_array().unwrap() {
        let mut minute = minute.clone();
        minute.as_object_mut().unwrap().remove("partial");
        assert_eq!(held.minutes[minute["bucket"].as_str().unwrap()], minute);
    }
    api.stop().await;
}

fn expected(all: &[Sent], held: &Held) -> u64 {
    let from = UnixMicros::parse_rfc3339(&held.from).unwrap();
    all.iter().filter(|event| event.at >= from).count() as u64
}

#[tokio::test]
async fn events_and_pipeline_come_as_they_happen() {
    let mut api = Api::start().await.ready().await;
    let mut socket = connect(&api).await;
    say(
        &mut socket,
        json!({"type": "subscribe", "id": "e", "topic": "events"}),
    )
    .await;
    assert_eq!(
        hear(&mut socket).await["snapshot"],
        json!({"events": [], "sampled": false, "skipped": 0, "rate": 20})
    );
    let now = UnixMicros::now();
    let events: Vec<_> = (0..3)
        .map(|n| Sent::at(UnixMicros(now.0 - i64::from(n) * 1_000_000), n))
        .collect();
    write(&mut api.db, &events, 1, &events).await;
    let next = hear(&mut socket).await;
    let users: Vec<_> = next["data"]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["user_id"].clone())
        .collect();
    assert_eq!(
        (users, &next["data"]["sampled"]),
        (vec![json!("u0"), json!("u1"), json!("u2")], &json!(false))
    );
    // A late one.
    let late = vec![Sent::at(UnixMicros(now.0 - 86_400_000_000), 9)];
    write(&mut api.db, &late, 2, &late).await;
    assert_eq!(
        hear(&mut socket).await["data"]["events"][0]["user_id"],
        "u9"
    );

    say(&mut socket, json!({"type": "unsubscribe", "id": "e"})).await;
    assert_eq!(
        hear(&mut socket).await,
        json!({"type": "complete", "id": "e"})
    );
    say(
        &mut socket,
        json!({"type": "subscribe", "id": "p", "topic": "pipeline"}),
    )
    .await;
    assert_eq!(hear(&mut socket).await["snapshot"]["totals"]["stored"], 4);
    assert_eq!(hear(&mut socket).await["type"], "next");
    api.stop().await;
}

#[tokio::test]
async fn mistakes_are_answered_and_abuse_is_closed() {
    let api = Api::start().await.ready().await;
    let mut socket = connect(&api).await;
    say(&mut socket, json!({"type": "ping"})).await;
    assert_eq!(hear(&mut socket).await, json!({"type": "pong"}));
    say(
        &mut socket,
        json!({"type": "subscribe", "id": "a", "topic": "money"}),
    )
    .await;
    let error = hear(&mut socket).await;
    assert_eq!(
        (&error["type"], &error["id"], &error["code"]),
        (&json!("error"), &json!("a"), &json!("unknown_topic"))
    );
    let wrong = [
        (Message::binary(vec![1]), 1003),
        (Message::text("x".repeat(70_000)), 1009),
    ];
    for (message, code) in wrong {
        let mut socket = connect(&api).await;
        let _ = socket.send(message).await;
        assert_eq!(close_code(&mut socket).await, Some(code));
    }
    let mut socket = connect(&api).await;
    for _ in 0..200 {
        let _ = socket.send(Message::text(r#"{"type":"ping"}"#)).await;
    }
    assert_eq!(close_code(&mut socket).await, Some(1008));
    api.stop().await;
}

async fn refused(api: &Api, origin: Option<&str>) -> Option<u16> {
    let mut request = format!("ws://{}/ws", api.address)
        .into_client_request()
        .unwrap();
    if let Some(origin) = origin {
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
    }
    match connect_async(request).await {
        Ok(_) => None,
        Err(Error::Http(response)) => Some(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn sockets_are_bounded_and_origins_checked() {
    let limits = [
        ("LIVE_MAX_SOCKETS", "1"),
        ("CORS_ORIGINS", "https://good.example"),
    ];
    let api = Api::with(Services::start().await, &limits)
        .await
        .ready()
        .await;
    for foreign in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert_eq!(refused(&api, Some(foreign)).await, Some(403), "{foreign}");
    }
    let kept = connect(&api).await;
    assert_eq!(refused(&api, None).await, Some(503));
    drop(kept);
    let own = format!("http://{}", api.address);
    for origin in [own.as_str(), "https://good.example"] {
        let allowed = async || refused(&api, Some(origin)).await.is_none();
        testkit::wait_until(
            "a place is free and the origin allowed",
            Duration::from_secs(5),
            allowed,
        )
        .await;
    }
    api.stop().await;
}

#[tokio::test]
async fn a_stop_closes_sockets_with_1001() {
    let api = Api::start().await.ready().await;
    let mut socket = connect(&api).await;
    say(&mut socket, json!({"type": "ping"})).await;
    hear(&mut socket).await;
    let shutdown = api.shutdown.clone();
    shutdown.stop();
    assert_eq!(close_code(&mut socket).await, Some(1001));
    api.stop().await;
}
