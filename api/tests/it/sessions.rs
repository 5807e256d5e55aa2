use std::collections::BTreeSet;

use common::time::UnixMicros;
use serde_json::{Value, json};

use crate::{
    rows::{Event, at, encoded, insert, plus},
    support::Api,
};

#[tokio::test]
async fn sessions_are_put_together_from_their_events() {
    let api = Api::start().await.ready().await;
    let start = at("2026-03-08T12:00:00Z");
    let event = |seconds, kind: &str, user: &str| Event::new(plus(start, seconds), kind, user);
    let events = [
        Event {
            value_micros: Some(1_000_000),
            ..event(0, "view", "u1").in_session("s 1/é", "/")
        },
        Event {
            page: None,
            country: Some("DE".into()),
            ..event(5, "click", "u1").in_session("s 1/é", "")
        },
        Event {
            value_micros: Some(500_000),
            ..event(90, "buy", "u1").in_session("s 1/é", "/thanks")
        },
        event(10, "view", "u2").in_session("s2", "/a"),
        event(20, "view", "u3"),
    ];
    insert(&api.db, &events).await;
    let range = "from=2026-03-08T00:00:00Z&to=2026-03-09T00:00:00Z";
    let absent = json!(null);
    let first = json!({
        "session_id": "s 1/é", "user_id": "u1", "started_at": "2026-03-08T12:00:00Z", "ended_at": "2026-03-08T12:01:30Z",
        "duration_seconds": 90.0, "events": 3, "entry_page": "/", "exit_page": "/thanks", "value": "1.5",
        "country": "DE", "device": absent, "browser": absent,
    });
    let second = json!({
        "session_id": "s2", "user_id": "u2", "started_at": "2026-03-08T12:00:10Z", "ended_at": "2026-03-08T12:00:10Z",
        "duration_seconds": 0.0, "events": 1, "entry_page": "/a", "exit_page": "/a", "value": "0",
        "country": absent, "device": absent, "browser": absent,
    });
    let sessions = async |more: &str| api.data(&format!("/api/v1/sessions?{range}{more}")).await;
    assert_eq!(sessions("").await, json!([second, first]));
    // All of a session is shown, though one event passes.
    assert_eq!(sessions("&filter=event_type:buy").await, json!([first]));
    assert_eq!(sessions("&filter=event_type:none").await, json!([]));

    let path = format!("/api/v1/sessions/{}?{range}", encoded("s 1/é"));
    let body = api.body(&path).await;
    let data = &body["data"];
    let kinds: Vec<_> = data["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["event_type"])
        .collect();
    assert_eq!(kinds, ["view", "click", "buy"]);
    assert_eq!(
        (&data["event_count"], &data["exit_page"]),
        (&json!(3), &json!("/thanks"))
    );
    assert_eq!(body["meta"]["truncated"], false);
    for path in [
        format!("/api/v1/sessions/nobody?{range}"),
        "/api/v1/sessions/s2?from=now-1h".into(),
    ] {
        let response = api.get(&path).await;
        assert_eq!(
            (response.status, &response.json()["code"]),
            (404, &json!("unknown_session"))
        );
    }
    api.stop().await;
}

#[tokio::test]
async fn pages_hold_each_session_once_while_they_go_on() {
    let api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    // Several begin in one moment.
    let events: Vec<_> = (0..200_i64)
        .map(|n| {
            Event::new(plus(now, -(n / 7) * 60 - 10), "view", "u").in_session(&format!("s{n}"), "/")
        })
        .collect();
    insert(&api.db, &events).await;
    let (mut seen, mut started) = (BTreeSet::new(), Vec::new());
    let first = "/api/v1/sessions?limit=30&filter=event_type:view";
    let mut path = first.to_owned();
    loop {
        let body = api.body(&path).await;
        for session in body["data"].as_array().unwrap() {
            assert!(
                seen.insert(session["session_id"].clone().to_string()),
                "{session}"
            );
            started.push(at(session["started_at"].as_str().unwrap()));
        }
        let Some(cursor) = body["meta"]["next_cursor"].as_str() else {
            break;
        };
        path = format!("{first}&cursor={cursor}");
        let goes_on =
            |n: usize| Event::new(UnixMicros::now(), "view", "u").in_session(&format!("s{n}"), "/");
        let begins = Event::new(UnixMicros::now(), "view", "u")
            .in_session(&format!("new{}", seen.len()), "/");
        insert(&api.db, &[goes_on(3), goes_on(100), goes_on(190), begins]).await;
    }
    assert_eq!(seen.iter().filter(|id| id.starts_with("\"s")).count(), 200);
    assert!(started.is_sorted_by(|a, b| a >= b));
    api.stop().await;
}

/// Far more events than one answer may read: the list says how far back it goes.
#[tokio::test]
async fn a_crowd_shortens_what_is_looked_at() {
    let api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    let events: Vec<_> = (0..10)
        .map(|hour| {
            Event::new(plus(now, -hour * 3_600 - 60), "view", "u")
                .in_session(&format!("s{hour}"), "/")
        })
        .collect();
    insert(&api.db, &events).await;
    let first = "/api/v1/sessions?from=now-10h&limit=1";
    let body = api.body(first).await;
    let cursor = body["meta"]["next_cursor"].as_str().unwrap().to_owned();
    // Rollups of a crowd that isn't there: only their numbers are read.
    let crowd = "INSERT INTO rollup_1m (bucket, dimension, value, writer_id, seq, events, value_micros, \"values\", \
                 duration_ms, users, sessions, durations) \
                 SELECT date_trunc('minute', now()) - n * interval '1 hour', 0, '', 1, 1, 900000, 0, 0, 0, '', '', '' \
                 FROM generate_series(0, 9) n";
    api.db.batch_execute(crowd).await.unwrap();
    let body = api.body("/api/v1/sessions?from=now-10h").await;
    let sessions: Vec<Value> = body["data"].as_array().unwrap().clone();
    assert!(!sessions.is_empty() && sessions.len() < 4, "{body}");
    let searched = at(body["meta"]["searched_from"].as_str().unwrap());
    assert!(searched > plus(now, -3 * 3_600), "{body}");
    // A cursor, which may be anybody's, reaches no further than twice as many.
    let body = api.body(&format!("{first}&cursor={cursor}")).await;
    let searched = at(body["meta"]["searched_from"].as_str().unwrap());
    assert!(searched > plus(now, -5 * 3_600), "{body}");
    let unknown = api.get("/api/v1/sessions/s9?from=now-10h").await;
    assert_eq!(unknown.status, 404);
    let narrow = format!(
        "/api/v1/sessions/s9?from={}&to={}",
        plus(now, -9 * 3_600 - 120).to_rfc3339(),
        plus(now, -9 * 3_600).to_rfc3339()
    );
    assert_eq!(api.data(&narrow).await["event_count"], 1);
    api.stop().await;
}
