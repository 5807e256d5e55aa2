//! Clients that come back, to the node they were on or to another.

use std::sync::Arc;

use common::time::UnixMicros;
use serde_json::{Value, json};
use testkit::Services;

use crate::{
    live_client::{Socket, connect, hear, say},
    support::{Api, MINUTE, Sent, write},
};

async fn subscribe(
    socket: &mut Socket,
    topic: &str,
    params: &Value,
    position: Option<&Value>,
) -> Value {
    let mut message = json!({"type": "subscribe", "id": "s", "topic": topic, "params": params});
    if let Some(position) = position {
        message["position"] = position.clone();
    }
    say(socket, message).await;
    hear(socket).await
}

fn events(minutes: &[i64], user: u32) -> Vec<Sent> {
    let now = UnixMicros::now().0;
    let at = minutes
        .iter()
        .map(|minute| UnixMicros(now - minute * MINUTE));
    at.map(|at| Sent::at(at, user)).collect()
}

#[tokio::test]
async fn another_node_sends_what_was_missed_and_nothing_else() {
    let services = Arc::new(Services::start().await);
    let mut one = Api::with(services.clone(), &[]).await.ready().await;
    let other = Api::with(services.clone(), &[]).await.ready().await;
    let mut all = events(&[1, 5, 9], 1);
    write(&mut one.db, &all.clone(), 1, &all).await;
    let params = json!({"minutes": 30});
    let mut socket = connect(&one).await;
    let first = subscribe(&mut socket, "metrics", &params, None).await;
    assert_eq!(
        (&first["recovered"], &first["snapshot"]["totals"]["events"]),
        (&Value::Null, &json!(3))
    );
    drop(socket);
    let missed = events(&[2, 5, 100], 2);
    all.extend(missed.iter().cloned());
    write(&mut one.db, &missed, 2, &all).await;
    let position = &first["position"];
    let mut socket = connect(&other).await;
    let back = subscribe(&mut socket, "metrics", &params, Some(position)).await;
    assert_eq!(
        (&back["recovered"], &back["snapshot"]),
        (&json!(true), &Value::Null),
        "{back}"
    );
    let next = hear(&mut socket).await;
    assert_eq!(
        (&next["type"], &next["data"]["totals"]["events"]),
        (&json!("next"), &json!(5))
    );
    let minutes = next["data"]["minutes"].as_array().unwrap();
    let counts: Vec<_> = minutes
        .iter()
        .filter(|minute| minute["events"] != 0)
        .collect();
    let counted: u64 = counts
        .iter()
        .filter_map(|minute| minute["events"].as_u64())
        .sum();
    // The minute of two writers, and the new one.
    assert_eq!((counts.len(), counted), (2, 3), "{next}");
    // A node that has just been started knows as well.
    other.stop().await;
    let other = Api::with(services, &[]).await.ready().await;
    let mut socket = connect(&other).await;
    let back = subscribe(&mut socket, "metrics", &params, Some(position)).await;
    assert_eq!(back["recovered"], true, "{back}");
    assert_eq!(hear(&mut socket).await["data"]["totals"]["events"], 5);
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn what_cannot_be_known_is_answered_by_a_snapshot() {
    let mut api = Api::start().await.ready().await;
    let all = events(&[1], 1);
    write(&mut api.db, &all, 1, &all).await;
    let mut socket = connect(&api).await;
    let first = subscribe(&mut socket, "metrics", &json!({}), None).await;
    let position = first["position"].as_str().unwrap().to_owned();
    let (head, writers) = position.split_once(',').unwrap();
    let (end, generation) = head[1..].split_once('.').unwrap();
    let old = end.parse::<i64>().unwrap() - 20;
    let unknown = [
        "nonsense".to_owned(),
        "1:1,2:1".to_owned(),
        format!("{position}99"),
        format!("{position},77:1"),
        format!("@{old}.{generation},{writers}"),
        format!("@{end}.9{generation},{writers}"),
    ];
    for position in unknown {
        let mut socket = connect(&api).await;
        let back = subscribe(&mut socket, "metrics", &json!({}), Some(&json!(position))).await;
        assert_eq!(back["recovered"], false, "{position}");
        assert_eq!(back["snapshot"]["totals"]["events"], 1, "{position}");
    }
    // What changes rollups without a commit raises the generation.
    let mut socket = connect(&api).await;
    subscribe(&mut socket, "metrics", &json!({}), None).await;
    let rebuilt = "UPDATE rollup_1m SET events = 5 WHERE dimension = 0; UPDATE rollup_generation SET generation = generation + 1";
    api.db
        .batch_execute(&format!("BEGIN; {rebuilt}; COMMIT"))
        .await
        .unwrap();
    assert_eq!(hear(&mut socket).await["data"]["totals"]["events"], 5);
    let mut socket = connect(&api).await;
    let back = subscribe(&mut socket, "metrics", &json!({}), Some(&json!(position))).await;
    assert_eq!(
        (&back["recovered"], &back["snapshot"]["totals"]["events"]),
        (&json!(false), &json!(5))
    );
    api.stop().await;
}

#[tokio::test]
async fn events_go_on_where_the_frames_are_still_there() {
    let mut api = Api::start().await.ready().await;
    let (mut stays, mut goes) = (connect(&api).await, connect(&api).await);
    let filter = json!({"filter": ["is", "user_id", ["u1"]], "rate": 50});
    subscribe(&mut stays, "events", &filter, None).await;
    let first = subscribe(&mut goes, "events", &filter, None).await;
    assert_eq!(first["snapshot"]["events"], json!([]));
    drop(goes);
    let mut all = events(&[0, 0], 1);
    all.extend(events(&[0], 2));
    write(&mut api.db, &all, 1, &all).await;
    let seen = hear(&mut stays).await;
    assert_eq!(
        seen["data"]["events"].as_array().map(Vec::len),
        Some(2),
        "{seen}"
    );
    assert_eq!(
        (&seen["data"]["skipped"], &seen["data"]["rate"]),
        (&json!(0), &json!(50))
    );
    assert!(
        seen["data"]["events"][0]
            .as_object()
            .unwrap()
            .contains_key("properties")
    );
    let mut back = connect(&api).await;
    let recovered = subscribe(&mut back, "events", &filter, Some(&first["position"])).await;
    assert_eq!(recovered["recovered"], true, "{recovered}");
    assert_eq!(hear(&mut back).await["data"], seen["data"]);
    // The last one to listen takes the frames along.
    drop((stays, back));
    let mut late = connect(&api).await;
    let other = json!({"filter": ["is", "user_id", ["u1"]], "rate": 51});
    let anew = subscribe(&mut late, "events", &other, Some(&first["position"])).await;
    assert_eq!(
        (
            &anew["recovered"],
            anew["snapshot"]["events"].as_array().map(Vec::len)
        ),
        (&json!(false), Some(2))
    );
    api.stop().await;
}
