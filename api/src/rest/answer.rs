//! The envelope of every answer, `{"data": …, "meta": …}`, and the headers that go with it.

use std::{
    hash::{DefaultHasher, Hasher as _},
    time::Duration,
};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{http::Problem, time::UnixMicros};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::query::{
    metrics::Counted,
    range::{Range, rfc3339_in},
    rollups::Origin,
};

/// Up to when an answer is complete, also where it has no body.
pub(super) const WATERMARK: HeaderName = HeaderName::from_static("watermark");

/// A range that ended longer ago hardly changes: only late events can do that.
const CLOSED_AFTER: Duration = Duration::from_secs(86_400);

/// What is said about the data.
#[derive(Debug)]
pub(super) struct Meta {
    watermark: Option<UnixMicros>,
    generated_at: UnixMicros,
    closed: bool,
    members: Map<String, Value>,
}

impl Meta {
    /// `watermark` must have been taken before the data was read.
    #[must_use]
    pub(super) fn new(watermark: Option<UnixMicros>) -> Self {
        Self {
            watermark,
            generated_at: UnixMicros::now(),
            closed: false,
            members: Map::new(),
        }
    }

    #[must_use]
    pub(super) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(super) fn range(mut self, range: Range, name: &str, zone: &TimeZone) -> Self {
        self.closed = range.to.saturating_add(CLOSED_AFTER) < self.generated_at;
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

    /// The same of the range that it is compared with.
    #[must_use]
    pub(super) fn compared<T>(self, range: Range, zone: &TimeZone, before: &Counted<T>) -> Self {
        let about = Self::new(None)
            .with("from", rfc3339_in(range.from, zone))
            .with("to", rfc3339_in(range.to, zone))
            .with("source", before.origin.as_str())
            .other(before.other_events);
        self.with("comparison", about.members)
    }

    const fn cache_control(&self) -> &'static str {
        if self.closed {
            "private, max-age=60"
        } else {
            "private, no-cache"
        }
    }
}

/// An answer that a client may hold and ask about: with `ETag`, `Watermark` and
/// `Cache-Control`.
pub(super) fn answer(data: impl Serialize, meta: Meta) -> Response {
    let control = meta.cache_control();
    match Envelope::new(&data, meta, None) {
        Ok(envelope) => envelope.into_response(control),
        Err(error) => unwritable(&error),
    }
}

/// An answer about this very moment, for nobody to hold.
pub(super) fn momentary(data: impl Serialize, meta: Meta) -> Response {
    unheld(&data, meta, None)
}

/// `{"data": …, "meta": …, "query": …}`: with what was understood, for nobody to hold.
pub(super) fn answer_with_query(data: impl Serialize, meta: Meta, query: Value) -> Response {
    unheld(&data, meta, Some(&query))
}

fn unheld(data: &impl Serialize, meta: Meta, query: Option<&Value>) -> Response {
    match Envelope::new(data, meta, query) {
        Ok(mut envelope) => {
            envelope.tag = None;
            envelope.into_response("no-store")
        }
        Err(error) => unwritable(&error),
    }
}

fn unwritable(error: &serde_json::Error) -> Response {
    tracing::error!(%error, "an answer can't be written as JSON");
    let detail = "something went wrong here; the log says what";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}

struct Envelope {
    body: Vec<u8>,
    tag: Option<String>,
    watermark: Option<String>,
}

impl Envelope {
    fn new(data: &impl Serialize, meta: Meta, query: Option<&Value>) -> serde_json::Result<Self> {
        #[derive(Serialize)]
        struct Told {
            watermark: Option<String>,
            generated_at: String,
            #[serde(flatten)]
            members: Map<String, Value>,
        }
        let mut body = br#"{"data":"#.to_vec();
        serde_json::to_writer(&mut body, data)?;
        // Data that didn't change keeps its tag, however far the watermark has moved.
        let mut tag = DefaultHasher::new();
        tag.write(&body);
        tag.write(&serde_json::to_vec(&meta.members)?);
        body.extend_from_slice(br#","meta":"#);
        let told = Told {
            watermark: meta.watermark.map(UnixMicros::to_rfc3339),
            generated_at: meta.generated_at.to_rfc3339(),
            members: meta.members,
        };
        serde_json::to_writer(&mut body, &told)?;
        if let Some(query) = query {
            body.extend_from_slice(br#","query":"#);
            serde_json::to_writer(&mut body, query)?;
        }
        body.push(b'}');
        Ok(Self {
            body,
            tag: Some(format!("W/\"{:016x}\"", tag.finish())),
            watermark: told.watermark,
        })
    }

    fn into_response(self, control: &'static str) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
        let told = [(header::ETAG, self.tag), (WATERMARK, self.watermark)];
        for (name, value) in told {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tag(events: u64, member: &str, watermark: i64) -> Option<String> {
        let meta = Meta::new(Some(UnixMicros(watermark))).with("tz", member);
        Envelope::new(&json!({ "events": events }), meta, None)
            .unwrap()
            .tag
    }

    #[test]
    fn tags_follow_data_and_meta_but_no_clock() {
        assert_eq!(tag(1, "UTC", 0), tag(1, "UTC", 60_000_000));
        assert_ne!(tag(1, "UTC", 0), tag(2, "UTC", 0));
        assert_ne!(tag(1, "UTC", 0), tag(1, "Asia/Tokyo", 0));
    }

    #[test]
    fn an_envelope_is_data_and_meta() {
        let meta = Meta::new(None).with("tz", "UTC");
        let body = Envelope::new(&[1, 2], meta, None).unwrap().body;
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        assert!(body["meta"]["generated_at"].take().is_string());
        let meta = json!({"watermark": null, "generated_at": null, "tz": "UTC"});
        assert_eq!(body, json!({"data": [1, 2], "meta": meta}));
    }
}
