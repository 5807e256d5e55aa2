//! `POST /api/v1/query`.

use serde_json::{Value, json};

use crate::{
    compare::two_days,
    consistent::{post, request},
    support::Api,
};

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
    (
        "metric",
        "[]",
        "invalid_body",
        "metric",
        "there are: metrics",
    ),
    ("metrics", "7", "invalid_body", "metrics", "sequence"),
    (
        "pagination",
        r#"{"limit": "x"}"#,
        "invalid_body",
        "pagination",
        "expected",
    ),
    (
        "pagination",
        r#"{"page": 1}"#,
        "invalid_body",
        "pagination",
        "unknown field `page`",
    ),
    (
        "include",
        r#"["total_rows"]"#,
        "invalid_body",
        "include",
        "boolean",
    ),
    ("filters", "{}", "invalid_body", "filters", "sequence"),
    ("tz", "7", "invalid_body", "tz", "string"),
    (
        "order_by",
        r#"["events"]"#,
        "invalid_body",
        "order_by",
        "tuple",
    ),
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
        "date_range",
        "a name or [from, to]",
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
    for (body, parameter) in [
        ("{", "body"),
        ("{}", "metrics"),
        ("[]", "body"),
        ("", "body"),
    ] {
        let problem = refused(&api, body).await;
        let named = (&problem["code"], &problem["parameter"]);
        assert_eq!(named, (&json!("invalid_body"), &json!(parameter)), "{body}");
    }
    let fields = json!({"metrics": ["events"], "dimensions": ["os", "page"], "compare": "year"});
    let problem = refused(&api, &fields.to_string()).await;
    assert_eq!(problem["parameter"], "compare");
    let ages = json!({"metrics": ["events"], "dimensions": ["time:1M"], "date_range": ["0001-01-01T00:00:00Z", "now"]});
    let problem = refused(&api, &ages.to_string()).await;
    let named = (&problem["code"], &problem["parameter"]);
    assert_eq!(named, (&json!("too_many_buckets"), &json!("date_range")));
    // What only the answering finds out.
    let other = json!({"metrics": ["events"], "filters": [["is", "page", ["(other)"]]],
        "date_range": ["2026-03-28T00:00:01Z", "2026-03-29T00:00:00Z"]});
    let problem = refused(&api, &other.to_string()).await;
    assert_eq!(problem["parameter"], "filters");
    api.stop().await;
}

async fn refused(api: &Api, body: &str) -> Value {
    let response = api.send(&request(body)).await;
    assert_eq!(response.status, 422, "{body}: {}", response.body);
    response.json()
}
