//! What series and summaries are compared with, and how series are split.

use common::time::UnixMicros;
use serde_json::{Value, json};

use crate::{
    consistent::post,
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
pub(crate) async fn two_days() -> Api {
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

/// What is known of the other range may be less than of this one.
#[tokio::test]
async fn a_comparison_says_where_it_is_from() {
    let api = two_days().await;
    let fold = "INSERT INTO rollup_1m SELECT bucket, dimension, '(other)', writer_id, seq, events, value_micros, \
                \"values\", duration_ms, users, sessions, durations, visits FROM rollup_1m \
                WHERE dimension = 2 AND bucket = '2026-03-28 12:00:00Z'";
    assert_eq!(api.db.execute(fold, &[]).await.unwrap(), 1);
    let range = |more: Value| {
        let mut range = json!({
            "from": "2026-03-28T00:00:00+01:00", "to": "2026-03-29T00:00:00+01:00", "source": "rollup",
        });
        range
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        range
    };
    let bounds = json!({"other_events": 1, "lower_bounds": true});
    for (route, more) in [
        ("summary?", json!({})),
        ("timeseries?interval=1d&", json!({})),
        ("timeseries?interval=1d&group_by=page&", bounds.clone()),
        ("breakdown?dimension=page&", bounds.clone()),
    ] {
        let path = format!("/api/v1/metrics/{route}{SECOND_DAY}&metrics=events&compare=previous");
        let meta = &api.body(&path).await["meta"];
        assert_eq!(meta["comparison"], range(more), "{path}");
        assert_ne!(
            meta["other_events"], 1,
            "{path}: of this range nothing is folded"
        );
        let alone = path.replace("&compare=previous", "");
        assert_eq!(api.body(&alone).await["meta"]["comparison"], Value::Null);
    }
    let mut body = json!({
        "metrics": ["events"], "dimensions": ["page"], "compare": "previous", "tz": "Europe/Berlin",
        "date_range": ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
    });
    let meta = &post(&api, &body).await["meta"];
    assert_eq!(meta["comparison"], range(bounds));
    body["dimensions"] = json!(["user_id"]);
    let meta = &post(&api, &body).await["meta"];
    assert_eq!(meta["comparison"], range(json!({"source": "raw"})));
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
