use common::{rollup::Tier, time::UnixMicros};
use serde_json::{Value, json};

use crate::{
    rows::at,
    support::{Api, MINUTE, Sent, build, write},
};

mod ages;
mod sums;

fn plus(start: UnixMicros, seconds: f64) -> UnixMicros {
    UnixMicros(start.0 + (seconds * 1e6) as i64)
}

#[tokio::test]
async fn a_small_day_is_answered_exactly() {
    let mut api = Api::start().await.ready().await;
    let start = at("2026-03-08T06:59:00Z");
    let events = [
        Sent {
            session: Some(1),
            page: Some("/"),
            value_micros: Some(19_990_000),
            duration_ms: Some(100),
            ..Sent::at(start, 1)
        },
        Sent {
            session: Some(1),
            page: Some("/"),
            value_micros: Some(-1),
            ..Sent::at(plus(start, 30.5), 2)
        },
        Sent {
            page: Some("/a:b"),
            duration_ms: Some(50),
            ..Sent::at(plus(start, 61.0), 1)
        },
        Sent {
            page: None,
            country: Some("DE"),
            ..Sent::at(plus(start, 7_200.0), 3)
        },
    ];
    write(&mut api.db, &events, 1, &events).await;
    let range = "from=2026-03-08T06:59:00Z&to=2026-03-08T09:00:00Z";
    let body = api.body(&format!("/api/v1/metrics/summary?{range}")).await;
    assert_eq!(
        body["data"],
        json!({"events": 4, "users": 3, "sessions": 1, "value": "19.989999", "events_per_session": 4.0,
               "bounce_rate": 0.0,
               "duration_avg_ms": 75.0, "duration_p50_ms": 50.0, "duration_p95_ms": 100.0, "duration_p99_ms": 100.0})
    );
    assert_eq!(body["meta"]["source"], "rollup");
    assert_eq!(body["meta"]["from"], "2026-03-08T06:59:00Z");
    assert!(body["meta"]["watermark"].is_string());

    let path = format!(
        "/api/v1/metrics/timeseries?{range}&interval=1h&tz=America/New_York&metrics=events,value"
    );
    let body = api.body(&path).await;
    assert_eq!(
        body["data"],
        json!([
            {"bucket": "2026-03-08T01:00:00-05:00", "events": 2, "value": "19.989999", "partial": true},
            {"bucket": "2026-03-08T03:00:00-04:00", "events": 1, "value": "0", "partial": false},
            {"bucket": "2026-03-08T04:00:00-04:00", "events": 1, "value": "0", "partial": false},
        ])
    );
    assert_eq!(body["meta"]["estimates"], json!({}));

    let body = api
        .body(&format!(
            "/api/v1/metrics/breakdown?{range}&dimension=page&limit=2"
        ))
        .await;
    assert_eq!(
        body["data"],
        json!([
            {"key": "/", "events": 2, "users": 2, "sessions": 1, "value": "19.989999", "share": 0.5},
            {"key": "", "events": 1, "users": 1, "sessions": 0, "value": "0", "share": 0.25},
        ])
    );
    assert_eq!(body["meta"]["total_events"], 4);
    assert_eq!(body["meta"]["lower_bounds"], false);

    assert_filters(&api, range).await;
    api.stop().await;
}

async fn assert_filters(api: &Api, range: &str) {
    let filtered = "dimension=page&filter=page:%2F";
    let body = api
        .body(&format!("/api/v1/metrics/breakdown?{range}&{filtered}"))
        .await;
    let (data, meta) = (&body["data"], &body["meta"]);
    assert_eq!(
        (data.as_array().unwrap().len(), &data[0]["share"]),
        (1, &json!(1.0))
    );
    assert_eq!(meta["total_events"], 2, "of what is filtered");
    for (filter, events) in [
        ("page:/a:b", 1),
        ("page:", 1),
        ("country:DE", 1),
        ("page:%2F", 2),
        ("page:none", 0),
    ] {
        let data = api
            .data(&format!("/api/v1/metrics/summary?{range}&filter={filter}"))
            .await;
        assert_eq!(data["events"], events, "{filter}");
    }
}

#[tokio::test]
async fn what_other_holds_is_said() {
    let mut api = Api::start().await.ready().await;
    let minute = at("2026-03-08T06:59:00Z");
    let page = |n: u32, page| Sent {
        page: Some(page),
        ..Sent::at(plus(minute, f64::from(n)), n)
    };
    let named = [page(0, "/"), page(1, "/"), page(2, common::rollup::OTHER)];
    write(&mut api.db, &named, 1, &named).await;
    let whole = "from=2026-03-08T06:59:00Z&to=2026-03-08T07:00:00Z";
    let asked = [
        ("breakdown", "dimension=page", Some(1)),
        ("breakdown", "dimension=page&filter=page:%2F", Some(1)),
        ("breakdown", "dimension=country", Some(0)),
        ("summary", "filter=page:%2F", Some(1)),
        ("timeseries", "filter=page:%2F", Some(1)),
        ("summary", "filter=country:DE", Some(0)),
        ("summary", "filter=page:(other)", None),
        ("summary", "", None),
    ];
    for (metric, query, other) in asked {
        let path = format!("/api/v1/metrics/{metric}?{whole}&{query}");
        let meta = api.body(path.trim_end_matches('&')).await["meta"].take();
        assert_eq!(meta["other_events"], json!(other), "{path}");
        let bounds = other.map(|other| other > 0);
        assert_eq!(meta["lower_bounds"], json!(bounds), "{path}");
    }
    let now = "/api/v1/metrics/realtime?filter=page:%2F";
    assert_eq!(api.body(now).await["meta"]["lower_bounds"], false);
    api.stop().await;
}

#[tokio::test]
async fn parts_of_minutes_are_counted_from_raw_rows() {
    let mut api = Api::start().await.ready().await;
    let start = at("2026-03-08T06:59:00Z");
    let events: Vec<_> = (0..300)
        .map(|n| Sent::at(plus(start, f64::from(n)), n as u32))
        .collect();
    write(&mut api.db, &events, 1, &events).await;
    for (from, to, counted, source) in [
        ("06:59:00", "07:02:00", 180, "rollup"),
        ("06:59:10.5", "07:02:10", 179, "rollup+raw"),
        ("06:59:10", "06:59:11", 1, "rollup+raw"),
        ("06:59:10.000001", "06:59:11", 0, "rollup+raw"),
    ] {
        let range = format!("from=2026-03-08T{from}Z&to=2026-03-08T{to}Z");
        let body = api.body(&format!("/api/v1/metrics/summary?{range}")).await;
        assert_eq!(body["data"]["events"], counted, "{range}");
        assert_eq!(body["meta"]["source"], source, "{range}");
    }
    api.stop().await;
}

#[tokio::test]
async fn a_dirty_bucket_is_not_used() {
    let mut api = Api::start().await.ready().await;
    let start = at("2026-03-08T00:00:00Z");
    let events: Vec<_> = (0..200)
        .map(|n| Sent::at(UnixMicros(start.0 + n * 20 * MINUTE), n as u32))
        .collect();
    write(&mut api.db, &events, 1, &events).await;
    build(&mut api.db, Tier::QuarterHour, &events, |_| false).await;
    build(&mut api.db, Tier::Hour, &events, |_| false).await;
    build(&mut api.db, Tier::Day, &events, |_| false).await;
    let path = "/api/v1/metrics/summary?from=2026-03-08T00:00:00Z&to=2026-03-11T00:00:00Z";
    let half_a_day = "/api/v1/metrics/summary?from=2026-03-08T00:00:00Z&to=2026-03-08T12:00:00Z";
    assert_eq!(api.data(path).await["events"], 200);
    assert_eq!(api.data(half_a_day).await["events"], 36);
    // A late event, marked, then one more whose mark is gone: the coarse row lies, and is used.
    let late = Sent::at(UnixMicros(start.0 + 5 * MINUTE), 7);
    let all: Vec<_> = events.iter().cloned().chain([late.clone()]).collect();
    write(&mut api.db, &[late], 2, &all).await;
    api.db
        .batch_execute("INSERT INTO rollup_dirty (bucket) VALUES ('2026-03-08T00:05:00Z')")
        .await
        .unwrap();
    assert_eq!(api.data(path).await["events"], 201);
    assert_eq!(api.data(half_a_day).await["events"], 37);
    api.db
        .batch_execute("DELETE FROM rollup_dirty")
        .await
        .unwrap();
    assert_eq!(
        api.data(path).await["events"],
        200,
        "the day row is what is read"
    );
    api.db
        .batch_execute("UPDATE rollup_15m SET events = 1000 WHERE bucket = '2026-03-08T00:00:00Z'")
        .await
        .unwrap();
    assert_eq!(
        api.data(half_a_day).await["events"],
        36,
        "the hour rows are what is read"
    );
    api.stop().await;
}

#[tokio::test]
async fn realtime_counts_the_running_minute() {
    let mut api = Api::start().await.ready().await;
    let now = UnixMicros::now();
    let events: Vec<_> = [1, 100, 600, 3_000]
        .map(|ago| Sent::at(UnixMicros(now.0 - ago * 1_000_000), ago as u32))
        .into();
    write(&mut api.db, &events, 1, &events).await;
    let data = api.data("/api/v1/metrics/realtime").await;
    assert_eq!(data["last_5_minutes"], json!({"events": 2, "users": 2}));
    assert_eq!(data["last_30_minutes"], json!({"events": 3, "users": 3}));
    assert_eq!(data["minutes"].as_array().unwrap().len(), 30);
    let seconds = data["seconds"].as_array().unwrap();
    let counted: Vec<_> = seconds
        .iter()
        .filter(|second| second["events"] == 1)
        .collect();
    assert_eq!((seconds.len(), counted.len()), (60, 1));
    assert!(data["events_per_second"].as_f64().unwrap() > 0.0);
    api.stop().await;
}

#[tokio::test]
async fn seconds_of_too_many_events_are_not_known() {
    let mut api = Api::start().await.ready().await;
    let events = [Sent::at(UnixMicros::now(), 1)];
    write(&mut api.db, &events, 1, &events).await;
    let body = api.body("/api/v1/metrics/realtime").await;
    assert_eq!(body["data"]["seconds"].as_array().unwrap().len(), 60);
    assert_eq!(body["meta"]["omitted"], Value::Null);
    let many = "UPDATE rollup_1m SET events = 2000001";
    api.db.batch_execute(many).await.unwrap();
    let body = api.body("/api/v1/metrics/realtime").await;
    assert_eq!(body["data"]["seconds"], Value::Null);
    let why = body["meta"]["omitted"]["seconds"].as_str().unwrap();
    assert!(why.contains("2000000 events"), "{why}");
    api.stop().await;
}

#[tokio::test]
async fn bounce_rates_of_all_events_come_from_rollups() {
    let mut api = Api::start().await.ready().await;
    let start = at("2026-03-08T07:00:00Z");
    let visit = |seconds: f64, user, session, page| Sent {
        session,
        page: Some(page),
        ..Sent::at(plus(start, seconds), user)
    };
    // Session 1 goes on after 50 minutes, by way of another writer.
    let events = [
        visit(0.0, 1, Some(1), "/"),
        visit(60.0, 1, Some(2), "/"),
        visit(120.0, 2, Some(3), "/"),
        visit(180.0, 2, None, "/"),
        visit(3_000.0, 2, Some(1), "/b"),
    ];
    write(&mut api.db, &events, 1, &events).await;
    let asked = |to: &str, filter: &str| {
        format!(
            "/api/v1/metrics/summary?from=2026-03-08T07:00:00Z&to={to}&metrics=bounce_rate{filter}"
        )
    };
    let two_thirds = json!(2.0 / 3.0);
    for (to, filter, rate, source) in [
        ("2026-03-08T08:00:00Z", "", &two_thirds, "rollup"),
        ("2026-03-08T07:50:00.5Z", "", &two_thirds, "rollup+raw"),
        ("2026-03-08T07:50:00Z", "", &json!(1.0), "rollup"),
        ("2026-03-08T07:00:00.5Z", "", &json!(1.0), "rollup+raw"),
        (
            "2026-03-08T08:00:00Z",
            "&filter=page:/",
            &json!(1.0),
            "rollup+raw",
        ),
    ] {
        let body = api.body(&asked(to, filter)).await;
        assert_eq!(&body["data"]["bounce_rate"], rate, "{to} {filter}");
        assert_eq!(body["meta"]["source"], source, "{to} {filter}");
        assert_eq!(body["meta"]["estimates"], json!({}));
    }
    // Of one minute they aren't known, so of the hour neither.
    let forget = "UPDATE rollup_1m SET visits = NULL WHERE bucket = '2026-03-08 07:01:00Z'";
    api.db.batch_execute(forget).await.unwrap();
    for (to, rate) in [
        ("2026-03-08T08:00:00Z", Value::Null),
        ("2026-03-08T07:01:00Z", json!(1.0)),
    ] {
        let body = api.body(&asked(to, "")).await;
        assert_eq!(body["data"]["bounce_rate"], rate, "{to}");
    }
    api.stop().await;
}
