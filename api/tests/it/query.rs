//! `POST /api/v1/query`, and what series and summaries are compared with.

use common::time::UnixMicros;
use serde_json::{Value, json};

use crate::{
    consistent::{post, request},
    support::{Api, Sent, write},
};

fn at(text: &str) -> UnixMicros {
    UnixMicros::parse_rfc3339(text).unwrap()
}

fn sent(moment: &str, user: u32, page: &'static str, country: Option<&'static str>) -> Sent {
    Sent {
        session: Some(user),
        page: Some(page),
        country,
        value_micros: Some(1_500_000),
        ..Sent::at(at(moment), user)
    }
}

/// Two days in Berlin, the second an hour shorter.
async fn two_days() -> Api {
    let mut api = Api::start().await.ready().await;
    let events = [
        sent("2026-03-27T23:30:00Z", 1, "/", Some("DE")),
        sent("2026-03-28T12:00:00Z", 2, "/a", None),
        sent("2026-03-28T22:59:00Z", 2, "/", Some("DE")),
        sent("2026-03-28T23:00:00Z", 1, "/", Some("DE")),
        sent("2026-03-29T12:00:00Z", 3, "/b", Some("FR")),
        sent("2026-03-29T21:59:00Z", 3, "/c", Some("FR")),
        sent("2026-03-29T21:59:30Z", 3, "/", Some("FR")),
    ];
    write(&mut api.db, &events, 1, &events).await;
    api
}

const SECOND_DAY: &str = "from=2026-03-28T23:00:00Z&to=2026-03-29T22:00:00Z&tz=Europe/Berlin";

#[tokio::test]
async fn a_short_day_is_compared_with_the_whole_day_before() {
    let api = two_days().await;
    let path =
        format!("/api/v1/metrics/summary?{SECOND_DAY}&metrics=events,users,value,duration_avg_ms");
    let data = api.data(&format!("{path}&compare=previous")).await;
    assert_eq!(
        data,
        json!({"events": 4, "users": 2, "value": "6", "duration_avg_ms": null, "comparison": {
            "from": "2026-03-28T00:00:00+01:00", "to": "2026-03-29T00:00:00+01:00",
            "events": 3, "users": 2, "value": "4.5", "duration_avg_ms": null,
            "change": {"events": 1.0 / 3.0, "users": 0.0, "value": 1.0 / 3.0, "duration_avg_ms": null},
        }})
    );
    let year = api.data(&format!("{path}&compare=year")).await;
    let comparison = &year["comparison"];
    assert_eq!(comparison["from"], "2025-03-29T00:00:00+01:00");
    assert_eq!(comparison["to"], "2025-03-30T00:00:00+01:00");
    assert_eq!(comparison["events"], 0);
    assert_eq!(comparison["change"]["events"], Value::Null);

    let path = format!("/api/v1/metrics/timeseries?{SECOND_DAY}&metrics=events");
    let series = api
        .data(&format!("{path}&interval=1d&compare=previous"))
        .await;
    let want = json!([{
        "bucket": "2026-03-29T00:00:00+01:00", "events": 4, "partial": false,
        "comparison": {"bucket": "2026-03-28T00:00:00+01:00", "events": 3},
    }]);
    assert_eq!(series, want);
    let week = api.data(&format!("{path}&interval=1w")).await;
    let monday = "2026-03-23T00:00:00+01:00";
    assert_eq!(
        week,
        json!([{"bucket": monday, "events": 4, "partial": true}])
    );

    let path = format!("/api/v1/metrics/breakdown?{SECOND_DAY}&metrics=events&dimension=page");
    let shares = api.data(&format!("{path}&compare=previous&limit=2")).await;
    assert_eq!(
        shares,
        json!([
            {"key": "/", "events": 2, "share": 0.5, "comparison": {"events": 2}},
            {"key": "/b", "events": 1, "share": 0.25, "comparison": {"events": 0}},
        ])
    );
    api.stop().await;
}

#[tokio::test]
async fn a_series_is_split_into_the_largest_values_and_the_rest() {
    let api = two_days().await;
    let path = format!(
        "/api/v1/metrics/timeseries?{SECOND_DAY}&metrics=events,sessions&interval=1d&group_by=page&limit=1"
    );
    let body = api.body(&format!("{path}&compare=previous")).await;
    let row = |events: (u64, u64), before: (u64, u64)| {
        json!([{
            "bucket": "2026-03-29T00:00:00+01:00", "events": events.0, "sessions": events.1,
            "partial": false, "comparison": {
                "bucket": "2026-03-28T00:00:00+01:00", "events": before.0, "sessions": before.1,
            },
        }])
    };
    assert_eq!(
        body["data"],
        json!([
            {"key": "/", "rest": false, "rows": row((2, 2), (2, 2))},
            {"key": null, "rest": true, "rows": row((2, 1), (1, 1))},
        ])
    );
    let meta = &body["meta"];
    assert_eq!(
        (&meta["group_by"], &meta["limit"]),
        (&json!("page"), &json!(1))
    );
    assert_eq!(meta["source"], "rollup");
    api.stop().await;
}

#[tokio::test]
async fn a_query_is_answered_with_what_was_understood() {
    let api = two_days().await;
    let body = json!({
        "metrics": ["events", "value"], "dimensions": ["time:1d", "country"],
        "filters": [["is_not", "country", ["XX"]]],
        "date_range": ["2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z"], "tz": "Europe/Berlin",
        "order_by": [["events", "desc"], ["time", "asc"]],
        "pagination": {"limit": 2, "offset": 1}, "include": {"total_rows": true},
    });
    let answer = post(&api, &body).await;
    let (first, second) = ("2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00");
    assert_eq!(
        answer["data"],
        json!([
            {"dimensions": [first, "DE"], "metrics": [2, "3"]},
            {"dimensions": [first, ""], "metrics": [1, "1.5"]},
        ])
    );
    assert_eq!(answer["meta"]["total_rows"], 4);
    assert_eq!(answer["meta"]["source"], "rollup");
    assert_eq!(
        answer["query"],
        json!({
            "metrics": ["events", "value"], "dimensions": ["time:1d", "country"],
            "filters": [["is_not", "country", ["XX"]]],
            "date_range": ["2026-03-28T00:00:00+01:00", "2026-03-30T00:00:00+02:00"],
            "tz": "Europe/Berlin", "compare": null,
            "order_by": [["events", "desc"], ["time:1d", "asc"]],
            "pagination": {"limit": 2, "offset": 1}, "include": {"total_rows": true},
        })
    );
    assert_eq!(post(&api, &answer["query"]).await["data"], answer["data"]);

    let body = json!({
        "metrics": ["events"], "dimensions": ["country", "user_id"], "order_by": [["country", "asc"]],
        "date_range": [first, second], "compare": null,
    });
    let answer = post(&api, &body).await;
    assert_eq!(
        answer["data"],
        json!([
            {"dimensions": ["", "u2"], "metrics": [1]},
            {"dimensions": ["DE", "u1"], "metrics": [1]},
            {"dimensions": ["DE", "u2"], "metrics": [1]},
        ])
    );
    assert_eq!(answer["meta"]["source"], "raw");

    let body = json!({
        "metrics": ["events"], "dimensions": ["page"], "compare": "previous", "tz": "Europe/Berlin",
        "date_range": [second, "2026-03-30T00:00:00+02:00"], "pagination": {"limit": 1},
    });
    let answer = post(&api, &body).await;
    let comparison = json!({"metrics": [2]});
    let want = json!([{"dimensions": ["/"], "metrics": [2], "comparison": comparison}]);
    assert_eq!(answer["data"], want);
    let body = json!({"metrics": ["events", "bounce_rate"], "date_range": "year"});
    let all = post(&api, &body).await;
    assert_eq!(
        all["data"],
        json!([{"dimensions": [], "metrics": [7, 0.0]}])
    );
    api.stop().await;
}

/// Member, what it is, code, parameter, what the detail says.
const WRONG: &[(&str, &str, &str, &str, &str)] = &[
    ("metric", "[]", "invalid_body", "body", "unknown field"),
    ("metrics", "7", "invalid_body", "body", "sequence"),
    (
        "metrics",
        "[]",
        "invalid_parameter",
        "metrics",
        "at least one",
    ),
    (
        "metrics",
        r#"["money"]"#,
        "invalid_parameter",
        "metrics",
        "users",
    ),
    (
        "dimensions",
        r#"["color"]"#,
        "invalid_parameter",
        "dimensions",
        "country",
    ),
    (
        "dimensions",
        r#"["time:2m"]"#,
        "invalid_parameter",
        "dimensions",
        "15m",
    ),
    (
        "dimensions",
        r#"["time", "time:1d"]"#,
        "invalid_parameter",
        "dimensions",
        "twice",
    ),
    (
        "dimensions",
        r#"["os", "os"]"#,
        "invalid_parameter",
        "dimensions",
        "twice",
    ),
    (
        "dimensions",
        r#"["os", "page", "time"]"#,
        "invalid_parameter",
        "dimensions",
        "at most 2",
    ),
    (
        "filters",
        r#"[["is", "os", ["x"]], ["is", "os", 7]]"#,
        "invalid_filter",
        "filters",
        "at /1/2",
    ),
    (
        "date_range",
        r#""fortnight""#,
        "invalid_parameter",
        "date_range",
        "30d",
    ),
    (
        "date_range",
        r#"["now", "now"]"#,
        "invalid_parameter",
        "date_range",
        "before",
    ),
    (
        "date_range",
        r#"["now"]"#,
        "invalid_body",
        "body",
        "date_range",
    ),
    ("tz", r#""Mars/Base""#, "invalid_parameter", "tz", "IANA"),
    (
        "compare",
        r#""last""#,
        "invalid_parameter",
        "compare",
        "previous",
    ),
    (
        "order_by",
        r#"[["page", "asc"]]"#,
        "invalid_parameter",
        "order_by",
        "not a metric",
    ),
    (
        "order_by",
        r#"[["events", "up"]]"#,
        "invalid_parameter",
        "order_by",
        "desc",
    ),
    (
        "pagination",
        r#"{"limit": 0}"#,
        "invalid_parameter",
        "pagination",
        "10000",
    ),
];

#[tokio::test]
async fn a_wrong_query_is_a_problem_that_names_its_member() {
    let api = Api::start().await.ready().await;
    for (member, value, code, parameter, detail) in WRONG {
        let mut body = json!({"metrics": ["events"]});
        body[member] = serde_json::from_str(value).unwrap();
        let problem = refused(&api, &body.to_string()).await;
        let named = (&problem["code"], &problem["parameter"]);
        assert_eq!(named, (&json!(code), &json!(parameter)), "{body}");
        let said = problem["detail"].as_str().unwrap();
        assert!(said.contains(detail), "{body}: {said}");
    }
    for body in ["{", "{}", "[]", ""] {
        assert_eq!(refused(&api, body).await["code"], "invalid_body", "{body}");
    }
    let fields = json!({"metrics": ["events"], "dimensions": ["os", "page"], "compare": "year"});
    let problem = refused(&api, &fields.to_string()).await;
    assert_eq!(problem["parameter"], "compare");
    api.stop().await;
}

async fn refused(api: &Api, body: &str) -> Value {
    let response = api.send(&request(body)).await;
    assert_eq!(response.status, 422, "{body}: {}", response.body);
    response.json()
}
