//! A filter over live events and the same filter over REST let the same events pass.

use common::time::UnixMicros;
use serde_json::{Value, json};

use crate::{
    live_client::{connect, hear, say},
    rows::{Event, encoded, insert},
    support::Api,
};

/// Written as a client may send them; the database has its own way of writing them.
const PROPERTIES: [&str; 10] = [
    r#"{"n": 1}"#,
    r#"{"n": 1.0}"#,
    r#"{"n": 1.10}"#,
    r#"{"n": 1e2}"#,
    r#"{"n": 12345678901234567890123}"#,
    r#"{"n": -0.0}"#,
    r#"{"n": "1"}"#,
    r#"{"n": {"b":[1,  2.50],"a":"\u00e9 \"q\" \u0001"}}"#,
    r#"{"n": [null, true, {"z":1,"aa":2}]}"#,
    r#"{"n": null}"#,
];

const PATHS: [&str; 8] = [
    "n", "n.a", "n.b", "n.b.1", "n.-1", "n.-1.aa", "n.01", "n.+1",
];

#[tokio::test]
async fn properties_pass_live_as_they_do_over_rest() {
    let api = Api::start().await.ready().await;
    let now = UnixMicros::now().0;
    let event = |(at, properties): (usize, &&str)| Event {
        properties: Some((*properties).to_owned()),
        ..Event::new(
            UnixMicros(now - 1_000 * at as i64),
            "click",
            &format!("u{at}"),
        )
    };
    let events: Vec<_> = PROPERTIES.iter().enumerate().map(event).collect();
    insert(&api.db, &events).await;
    let mut socket = connect(&api).await;
    for (number, path) in PATHS.iter().enumerate() {
        let texts =
            "SELECT DISTINCT coalesce(properties #>> string_to_array($1, '.'), '') FROM events";
        let texts = api.db.query(texts, &[path]).await.unwrap();
        for (of_path, text) in texts.iter().enumerate() {
            let text: &str = text.get(0);
            let filter = json!(["is", format!("properties.{path}"), [text]]);
            let rest = format!("/api/v1/events?filter={}", encoded(&filter.to_string()));
            let rest = users(&api.data(&rest).await);
            assert!(!rest.is_empty(), "{filter}");
            let subscribe = json!({"type": "subscribe", "id": format!("{number}.{of_path}"), "topic": "events",
                "params": {"filter": filter}});
            say(&mut socket, subscribe).await;
            let live = hear(&mut socket).await;
            assert_eq!(users(&live["snapshot"]["events"]), rest, "{filter}");
            let done = json!({"type": "unsubscribe", "id": format!("{number}.{of_path}")});
            say(&mut socket, done).await;
            assert_eq!(hear(&mut socket).await["type"], "complete");
        }
    }
    // What is shown has the same digits, too.
    let subscribe = json!({"type": "subscribe", "id": "all", "topic": "events"});
    say(&mut socket, subscribe).await;
    let live = hear(&mut socket).await;
    let rest = api.data("/api/v1/events").await;
    assert_eq!(live["snapshot"]["events"], rest);
    api.stop().await;
}

fn users(events: &Value) -> Vec<String> {
    let events = events.as_array().unwrap().iter();
    events
        .map(|event| event["user_id"].as_str().unwrap().to_owned())
        .collect()
}
