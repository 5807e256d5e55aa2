use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Services, wait_until};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    rows::{Event, at, encoded, insert, plus},
    support::{Api, Response},
};

mod ways;

async fn post(api: &Api, body: &Value) -> Response {
    let body = body.to_string();
    let request = format!(
        "POST /api/v1/funnel HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    api.send(&request).await
}

const START: &str = "2026-03-08T00:00:00Z";

fn asked(rest: Value) -> Value {
    let mut asked = json!({
        "from": START, "to": "2026-03-09T00:00:00Z",
        "steps": [
            {"name": "view", "filter": ["is", "event_type", ["view"]]},
            {"filter": ["is", "event_type", ["cart"]]},
            {"filter": "event_type:buy"},
        ],
    });
    asked
        .as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    asked
}

/// Of five users one gets through.
fn shoppers() -> Vec<Event> {
    let moment = |seconds| plus(at(START), seconds);
    let event = |seconds, kind: &str, user: &str| Event::new(moment(seconds), kind, user);
    let mut events = vec![
        // Through, after a first try that took too long.
        event(0, "view", "ann"),
        event(3_000, "view", "ann"),
        event(3_010, "cart", "ann"),
        event(3_040, "buy", "ann"),
        // In the wrong order.
        event(0, "cart", "bob"),
        event(1, "view", "bob"),
        event(2, "buy", "bob"),
        // All in one moment is one step.
        event(5, "view", "cid"),
        event(5, "cart", "cid"),
        // Two steps; the third is too late by a second.
        event(10, "view", "dan"),
        event(30, "cart", "dan"),
        event(10 + 1_801, "buy", "dan"),
        event(7, "cart", "eve"),
    ];
    events[1].country = Some("DE".into());
    events[9].country = Some("DE".into());
    events
}

#[tokio::test]
async fn a_funnel_counts_users_in_order_and_in_time() {
    let api = Api::start().await.ready().await;
    let events = shoppers();
    insert(&api.db, &events).await;
    let response = post(&api, &asked(json!({"window": "30m", "by": "country"}))).await;
    assert_eq!(response.status, 200, "{}", response.body);
    let body = response.json();
    let step = |name: &str, users: [u64; 3], median: Value| {
        let [users, before, first] = users.map(|users| users as f64);
        json!({"name": name, "users": users as u64, "conversion": users / first, "step_conversion": users / before,
               "drop_off": (before - users) as u64, "median_seconds_from_previous": median})
    };
    assert_eq!(
        body["data"]["steps"],
        json!([
            step("view", [4, 4, 4], json!(null)),
            step("step 2", [2, 4, 4], json!(15.0)),
            step("step 3", [1, 2, 4], json!(30.0))
        ])
    );
    let groups = body["data"]["groups"].as_array().unwrap();
    let users = |group: &Value| {
        (
            group["key"].clone(),
            group["steps"][0]["users"].clone(),
            group["steps"][2]["users"].clone(),
        )
    };
    assert_eq!(
        groups.iter().map(users).collect::<Vec<_>>(),
        [
            (json!(""), json!(2), json!(0)),
            (json!("DE"), json!(2), json!(1))
        ]
    );
    let all = asked(json!({}));
    let steps = encoded(&all["steps"].to_string());
    let path = format!(
        "/api/v1/funnel?from={START}&to=2026-03-09T00:00:00Z&window=30m&filter=user_id:is:ann|dan&steps={steps}"
    );
    let data = api.data(&path).await;
    assert_eq!(data["steps"][1]["users"], 2);
    assert!(data.get("groups").is_none());
    api.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_funnel_is_named() {
    let api = Api::start().await.ready().await;
    let ten: Vec<_> = (0..10).map(|n| n.to_string()).collect();
    for (rest, parameter) in [
        (json!({"window": "400d"}), "window"),
        (json!({"by": "planet"}), "by"),
        (json!({"filters": [["is", "planet", ["x"]]]}), "filters"),
        (json!({"from": "yesterday"}), "from"),
        (json!({"steps": [{"filter": "event_type:a"}]}), "steps"),
        (
            json!({"steps": [{"filter": "event_type:a"}, {"filter": ["is"]}]}),
            "steps",
        ),
        // Twenty-one patterns, one in the filter and the others in two steps.
        (
            json!({"filters": [["matches", "page", ["a"]]],
                   "steps": [{"filter": ["matches", "page", ten]}, {"filter": ["matches", "os", ten]}]}),
            "steps",
        ),
        (json!({"planet": 1}), "planet"),
        (json!({"steps": null}), "steps"),
        (json!({"filters": "os:x"}), "filters"),
        (json!({"tz": 7}), "tz"),
    ] {
        let response = post(&api, &asked(rest)).await;
        assert_eq!(
            (response.status, &response.json()["parameter"]),
            (422, &json!(parameter)),
            "{}",
            response.body
        );
    }
    api.stop().await;
}

#[tokio::test]
async fn the_largest_funnel_is_answered() {
    let api = Api::start().await.ready().await;
    let mut events = shoppers();
    events[0].properties = Some(r#"{"a": "100%_\\x"}"#.into());
    events[1].properties = Some(r#"{"a": "100 x"}"#.into());
    insert(&api.db, &events).await;
    // As many values as fit into a body, in ten steps of 64 tests.
    let values: Vec<_> = (0..60).map(|n| format!("{n:02}")).collect();
    let test = json!(["contains", "properties.a", values]);
    let step = |part: &str| {
        let mut tests = vec![test.clone(); 63];
        tests.push(json!(["contains", "properties.a", [part]]));
        json!({"filter": ["and", tests]})
    };
    let steps: Vec<_> = ["%_", "_\\", "0%", "", "\\x", "%", "_", "\\", "1_0", "x"]
        .map(step)
        .into();
    let response = post(&api, &asked(json!({"steps": steps, "by": "properties.a"}))).await;
    assert_eq!(response.status, 200, "{}", response.body);
    assert_eq!(response.json()["data"]["steps"][0]["users"], 1);
    // What LIKE takes for wildcards are letters.
    for (part, users) in [
        ("%", 1),
        ("_", 1),
        ("\\", 1),
        ("1_0", 0),
        ("0%x", 0),
        ("", 5),
        ("100", 1),
    ] {
        let step = json!({"filter": ["contains", "properties.a", ["zz", part]]});
        let body = post(&api, &asked(json!({"steps": [step.clone(), step]})))
            .await
            .json();
        assert_eq!(body["data"]["steps"][0]["users"], users, "{part}");
    }
    api.stop().await;
}

/// Funnels that run, as the database sees it.
async fn running(db: &tokio_postgres::Client) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE datname = current_database() AND query LIKE '-- funnel%' AND state = 'active'";
    db.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_funnel_has_its_own_time_and_place_and_ends_with_its_client() {
    let limits = [
        ("QUERY_TIMEOUT_MS", "200"),
        ("QUERY_WAIT_MS", "0"),
        ("ANALYSIS_TIMEOUT_MS", "2000"),
        ("ANALYSIS_CONCURRENCY", "1"),
    ];
    let api = Api::with(Services::start().await, &limits)
        .await
        .ready()
        .await;
    let holder = api.services.db().await;
    let hold = "BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE";
    holder.batch_execute(hold).await.unwrap();
    let steps = encoded(&asked(json!({}))["steps"].to_string());
    let path = format!("/api/v1/funnel?steps={steps}");
    let code = |response: Response| (response.status, response.json()["code"].clone());
    let timed_out = (503, json!("query_timeout"));
    let started = Instant::now();
    assert_eq!(code(api.get("/api/v1/events").await), timed_out);
    assert!(started.elapsed() < Duration::from_secs(1));
    let second = async {
        let runs = async || running(&api.db).await == 1;
        wait_until("it runs", Duration::from_secs(2), runs).await;
        api.get("/api/v1/retention").await
    };
    let (first, second) = tokio::join!(api.get(&path), second);
    assert!(
        first.body.contains("take a shorter range"),
        "{}",
        first.body
    );
    assert_eq!(
        (code(first), code(second)),
        (timed_out, (429, json!("busy")))
    );
    assert!(started.elapsed() > Duration::from_millis(1_900));

    let mut client = TcpStream::connect(api.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let runs = async || running(&api.db).await == 1;
    wait_until("it runs", Duration::from_secs(2), runs).await;
    drop(client);
    let gone = async || running(&api.db).await == 0;
    wait_until("it is cancelled", Duration::from_secs(1), gone).await;
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(api.get(&path).await.status, 200);
    api.stop().await;
}
