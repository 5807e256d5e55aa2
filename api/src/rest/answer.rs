//! The envelope of every answer: `data` and `meta`.

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use common::time::UnixMicros;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::query::{
    range::{Range, rfc3339_in},
    rollups::Origin,
};

/// What is said about the data.
#[derive(Debug)]
pub(super) struct Meta(Map<String, Value>);

impl Meta {
    /// `watermark` must have been taken before the data was read.
    #[must_use]
    pub(super) fn new(watermark: Option<UnixMicros>) -> Self {
        let mut members = Map::new();
        members.insert(
            "watermark".into(),
            watermark.map(UnixMicros::to_rfc3339).into(),
        );
        members.insert("generated_at".into(), UnixMicros::now().to_rfc3339().into());
        Self(members)
    }

    #[must_use]
    pub(super) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0.insert(member.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(super) fn range(self, range: Range, name: &str, zone: &TimeZone) -> Self {
        self.with("from", rfc3339_in(range.from, zone))
            .with("to", rfc3339_in(range.to, zone))
            .with("tz", name)
    }

    /// How many events are under `(other)`, where that matters: then a value may have had more
    /// events than are counted under its name.
    #[must_use]
    pub(super) fn other(self, events: Option<u64>) -> Self {
        match events {
            Some(events) => self
                .with("other_events", events)
                .with("lower_bounds", events > 0),
            None => self,
        }
    }

    /// Where the data comes from, and which of it is estimated how well.
    #[must_use]
    pub(super) fn counted(self, origin: Origin, estimates: Map<String, Value>) -> Self {
        self.with("source", origin.as_str())
            .with("estimates", estimates)
    }
}

/// `{"data": …, "meta": …}`.
pub(super) fn answer(data: impl Serialize, meta: Meta) -> Response {
    respond(data, meta, None)
}

/// `{"data": …, "meta": …, "query": …}`: with what was understood.
pub(super) fn answer_with_query(data: impl Serialize, meta: Meta, query: Value) -> Response {
    respond(data, meta, Some(query))
}

fn respond(data: impl Serialize, meta: Meta, query: Option<Value>) -> Response {
    #[derive(Serialize)]
    struct Envelope<T> {
        data: T,
        meta: Map<String, Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        query: Option<Value>,
    }
    let meta = meta.0;
    let mut response = Json(Envelope { data, meta, query }).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
