use common::time::UnixMicros;
use serde_json::json;

use crate::support::{Api, MINUTE, Sent, write};

#[tokio::test]
async fn metadata_says_what_there_is_to_ask_about() {
    let mut api = Api::start().await.ready().await;
    let empty = api.data("/api/v1/metadata").await;
    assert_eq!(
        empty["data"],
        json!({"from": null, "to": null, "events": 0})
    );
    assert_eq!(empty["event_types"], json!([]));
    let now = UnixMicros(UnixMicros::now().0 / MINUTE * MINUTE);
    let sent = |minutes: i64, page| Sent {
        page: Some(page),
        ..Sent::at(UnixMicros(now.0 - minutes * MINUTE), 1)
    };
    let events = [
        sent(0, "/"),
        sent(3, "/"),
        sent(9, "/a"),
        sent(30 * 1_440, "/old"),
    ];
    write(&mut api.db, &events, 1, &events).await;
    let body = api.body("/api/v1/metadata").await;
    let data = &body["data"];
    assert_eq!(
        data["data"],
        json!({
            "from": UnixMicros(now.0 - 30 * 1_440 * MINUTE).to_rfc3339(),
            "to": UnixMicros(now.0 + MINUTE).to_rfc3339(),
            "events": 4,
        })
    );
    assert_eq!(data["event_types"], json!([{"name": "click", "events": 3}]));
    let dimensions = data["dimensions"].as_array().unwrap();
    let names: Vec<_> = dimensions
        .iter()
        .map(|dimension| dimension["name"].as_str().unwrap())
        .collect();
    let want = [
        "event_type",
        "page",
        "referrer",
        "country",
        "device",
        "browser",
        "os",
        "user_id",
        "session_id",
        "properties.<path>",
    ];
    assert_eq!(names, want);
    assert_eq!(
        dimensions[1],
        json!({"name": "page", "source": "rollup", "values": 2, "other_events": 0,
               "top": [{"key": "/", "events": 2}, {"key": "/a", "events": 1}]})
    );
    assert_eq!(
        data["retention"],
        json!({"events_days": null, "rollups_days": null, "dead_letters_days": null})
    );
    assert_eq!(data["intervals"][0], "auto");
    assert_eq!(data["limits"]["events_per_page"], 1_000);
    assert_eq!(body["meta"]["source"], "rollup");
    api.stop().await;
}
