//! The report on the pipeline.

use std::time::Duration;

use api::query::statements;
use common::time::UnixMicros;
use serde_json::json;
use testkit::Services;
use tokio::time::{sleep, timeout};

use crate::{
    operations::publish,
    support::{Api, Sent, write},
};

#[tokio::test]
async fn the_pipeline_says_how_it_stands() {
    let mut api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    let events: Vec<_> = (0..10)
        .map(|n| Sent::at(UnixMicros(now.0 - n), n as u32))
        .collect();
    write(&mut api.db, &events, 1, &events).await;
    publish(&api, 5, false).await;
    let mut redis = api.services.redis().await;
    let report = r#"{"running":true,"status":{"wanted_rate":5000,"achieved_rate":4998.5}}"#;
    let _: () = redis::cmd("SET")
        .arg(api.services.keys().generator)
        .arg(report)
        .query_async(&mut redis)
        .await
        .unwrap();
    let data = api.data("/api/v1/pipeline").await;
    assert_eq!(data["rate"], json!({"wanted": 5000.0, "achieved": 4998.5}));
    assert_eq!(data["generator"]["running"], true);
    assert_eq!(
        (&data["pending"], &data["consumers"][0]["name"]),
        (&json!(1), &json!("host/0"))
    );
    assert_eq!(data["commits"]["commits"], 2);
    assert_eq!(data["commits"]["events_per_second"], 1.0);
    assert_eq!(
        data["latency_ms"]["total"],
        json!({"p50": 10.0, "p99": 10.0})
    );
    assert_eq!(
        data["totals"],
        json!({"stored": 10, "duplicates": 0, "dead_lettered": 0})
    );
    assert!(data["redis"]["used_memory"].as_u64().unwrap() > 0);
    assert!(data["backlog"]["seconds"].as_f64().unwrap() >= 0.0);
    assert_eq!(
        data["backlog"]["events"], 0,
        "what waits is counted already"
    );
    let events = data["tables"]
        .as_array()
        .unwrap()
        .iter()
        .find(|table| table["name"] == "events")
        .unwrap();
    assert!(events["bytes"].as_u64().unwrap() > 0);
    api.stop().await;
}

/// Statistics follow a commit within seconds; nobody has to run ANALYZE.
#[tokio::test]
async fn tables_are_counted_as_they_grow() {
    let mut api = Api::start().await;
    let now = UnixMicros::now();
    let events: Vec<_> = (0..10)
        .map(|n| Sent::at(UnixMicros(now.0 - n), 1))
        .collect();
    write(&mut api.db, &events, 1, &events).await;
    let rows = async || {
        let sizes = api.db.query(statements::TABLE_SIZES.0, &[]).await.unwrap();
        let rows = |name: &str| -> i64 {
            let size = sizes.iter().find(|size| size.get::<_, &str>(0) == name);
            size.unwrap().get(2)
        };
        rows("events") == 10 && rows("rollup_1m") >= 8
    };
    testkit::wait_until("the rows are known", Duration::from_secs(30), rows).await;
    api.stop().await;
}

/// So many entries, of one event each.
async fn assert_backlog(api: &Api, entries: u64) {
    let backlog = api.data("/api/v1/pipeline").await["backlog"].take();
    assert_eq!(
        (&backlog["entries"], &backlog["events"]),
        (&json!(entries), &json!(entries))
    );
}

#[tokio::test]
async fn an_entry_of_another_program_is_an_event_of_the_backlog() {
    let api = Api::start().await.ready().await;
    let mut redis = api.services.redis().await;
    for _ in 0..3 {
        let _: String = redis::cmd("XADD")
            .arg(api.services.keys().stream)
            .arg("*")
            .arg("event")
            .arg("{}")
            .query_async(&mut redis)
            .await
            .unwrap();
    }
    assert_backlog(&api, 3).await;
    api.stop().await;
}

#[tokio::test]
async fn entries_that_were_gone_when_the_accounts_began_are_no_backlog() {
    let api = Api::start().await.ready().await;
    let (mut redis, keys) = (api.services.redis().await, api.services.keys());
    let _: () = redis::pipe()
        .xadd(&keys.stream, "1-0", &[("event", "{}")])
        .xadd(&keys.stream, "2-0", &[("event", "{}")])
        .xdel(&keys.stream, &["1-0"])
        .hset(&keys.ledger, "gone", 1)
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_backlog(&api, 1).await;
    api.stop().await;
}

/// Tables may hold so much that reading of it takes longer than a statement may.
#[tokio::test]
async fn what_cannot_be_read_of_tables_leaves_the_rest_known() {
    let mut api = Api::start().await.ready().await;
    let events = [Sent::at(UnixMicros::now(), 1)];
    write(&mut api.db, &events, 1, &events).await;
    let unreadable = "ALTER TABLE dead_letters RENAME TO elsewhere";
    api.db.batch_execute(unreadable).await.unwrap();
    let data = api.data("/api/v1/pipeline").await;
    assert_eq!(
        (&data["dead_letters"], &data["tables"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(data["commits"]["commits"], 2, "{data}");
    assert_eq!(data["totals"]["stored"], 1);
    assert_eq!(data["backlog"]["entries"], 0);
    assert_eq!(data["latency_ms"]["total"]["p50"], 10.0);
    api.stop().await;
}

/// Of the statements that a report is made of.
async fn locked_out(api: &Api) -> i64 {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
               AND wait_event_type = 'Lock' AND query LIKE '-- recent_commits%'";
    api.db.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_report_goes_on_when_those_who_asked_leave() {
    let patient = [("QUERY_TIMEOUT_MS", "20000")];
    let api = Api::with(Services::start().await, &patient).await;
    let api = api.ready().await;
    let locked = api.services.db().await;
    let lock = "BEGIN; LOCK TABLE commits IN ACCESS EXCLUSIVE MODE";
    locked.batch_execute(lock).await.unwrap();
    for _ in 0..2 {
        let asked = timeout(Duration::from_secs(1), api.get("/api/v1/pipeline"));
        assert!(asked.await.is_err());
        sleep(Duration::from_millis(500)).await;
        assert_eq!(locked_out(&api).await, 1);
    }
    locked.batch_execute("ROLLBACK").await.unwrap();
    let data = api.data("/api/v1/pipeline").await;
    assert_eq!(data["commits"]["commits"], 0, "{data}");
    api.stop().await;
}
