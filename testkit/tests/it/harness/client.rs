//! A client of the collector that gives its events ids, and remembers what became of them.

use common::time::UnixMicros;
use serde_json::json;
use testkit::http;
use uuid::Uuid;

/// An event with id and time: sent again, it is the same one.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: Uuid,
    line: String,
}

impl Sent {
    pub(crate) fn new() -> Self {
        let id = Uuid::new_v4();
        let event = json!({"event_id": id, "event_type": "page_view", "page": "/retry",
            "user_id": "client", "occurred_at": UnixMicros::now().to_rfc3339(), "value": "1.5"});
        Self {
            id,
            line: event.to_string(),
        }
    }
}

/// Posts them as NDJSON; the status, `None` where there was no answer.
pub(crate) async fn post(url: &str, events: &[Sent]) -> Option<u16> {
    let lines: Vec<_> = events.iter().map(|event| &*event.line).collect();
    let body = lines.join("\n").into();
    let answer = http::post(url, "application/x-ndjson", body).await;
    answer.ok().map(|(status, _)| status)
}
