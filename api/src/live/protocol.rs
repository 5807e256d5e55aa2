//! The messages of a client, and our answers that concern this client alone.

use common::http::Problem;
use serde::Deserialize;
use serde_json::json;

use super::{
    position::Position,
    spec::{Params, Spec},
};

const LONGEST_ID: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Message {
    Subscribe {
        id: String,
        topic: String,
        #[serde(default)]
        params: Params,
        position: Option<String>,
    },
    Unsubscribe {
        id: String,
    },
    Ping {},
}

/// A message that can be acted upon.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Subscribe { id: String, asked: Asked },
    Unsubscribe { id: String },
    Ping,
}

/// What a client subscribes to, not looked at yet: that takes time where patterns are compiled.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    topic: String,
    params: Params,
    position: Option<String>,
}

impl Asked {
    pub(super) fn read(&self) -> Result<(Spec, From), Refusal> {
        let spec = Spec::read(&self.topic, &self.params)?;
        Ok((spec, From::read(self.position.as_deref())))
    }
}

/// Where a subscription goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum From {
    /// With a snapshot.
    Start,
    /// With a snapshot, and saying so: the position is not one of ours.
    Unreadable,
    Position(Position),
}

impl From {
    pub(super) fn read(position: Option<&str>) -> Self {
        match position.map(Position::parse) {
            None => Self::Start,
            Some(None) => Self::Unreadable,
            Some(Some(position)) => Self::Position(position),
        }
    }
}

/// Why a message can't be acted upon, or a subscription ends; the socket stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    pub(super) fn of_rate(problem: Problem) -> Self {
        let detail = "the key's rate is used up; subscribe again in a second";
        Self::new(problem.code(), detail)
    }

    pub(super) fn text(&self, id: Option<&str>) -> String {
        let mut message = json!({"type": "error", "code": self.code, "detail": self.detail});
        if let Some(id) = id {
            message["id"] = id.into();
        }
        message.to_string()
    }
}

impl Request {
    /// With a refusal comes the id that it concerns, where there is one.
    pub(super) fn read(text: &str) -> Result<Self, (Option<String>, Refusal)> {
        let message = serde_json::from_str(text).map_err(|error| {
            let detail = format!("not a message of this protocol: {error}");
            (None, Refusal::new("malformed_message", detail))
        })?;
        let plain = |id| plain(id).map_err(|refusal| (None, refusal));
        match message {
            Message::Ping {} => Ok(Self::Ping),
            Message::Unsubscribe { id } => Ok(Self::Unsubscribe { id: plain(id)? }),
            Message::Subscribe {
                id,
                topic,
                params,
                position,
            } => Ok(Self::Subscribe {
                id: plain(id)?,
                asked: Asked {
                    topic,
                    params,
                    position,
                },
            }),
        }
    }
}

/// The code with which a client's message is refused; `None` where it can be acted upon.
#[must_use]
pub fn refusal_of(message: &str) -> Option<&'static str> {
    match Request::read(message) {
        Ok(Request::Subscribe { asked, .. }) => asked.read().err().map(|refusal| refusal.code),
        Ok(_) => None,
        Err((_, refusal)) => Some(refusal.code),
    }
}

/// Ids come back in every frame: they must need no escaping.
fn plain(id: String) -> Result<String, Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(id);
    }
    Err(Refusal::new(
        "invalid_id",
        "an id has 1 to 64 letters, digits, or - _ . :",
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn subscribe(topic: &str, params: &Value) -> Result<Spec, &'static str> {
        let text = json!({"type": "subscribe", "id": "a", "topic": topic, "params": params});
        match Request::read(&text.to_string()) {
            Ok(Request::Subscribe { id, asked }) if id == "a" => {
                let read = asked.read().map(|(spec, _)| spec);
                read.map_err(|refusal| refusal.code)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn messages_are_read() {
        let ping = Request::read(r#"{"type":"ping"}"#);
        assert_eq!(ping, Ok(Request::Ping));
        let gone = Request::read(r#"{"type":"unsubscribe","id":"a"}"#);
        assert_eq!(gone, Ok(Request::Unsubscribe { id: "a".into() }));
        let resume = |position: &str| {
            let text = format!(
                r#"{{"type":"subscribe","id":"a.1","topic":"realtime","position":"{position}"}}"#
            );
            match Request::read(&text) {
                Ok(Request::Subscribe { id, asked }) => {
                    let (spec, from) = asked.read().unwrap();
                    assert_eq!((id.as_str(), spec), ("a.1", Spec::Realtime));
                    from
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(resume("3:7"), From::Unreadable);
        assert!(matches!(resume("@5.1,3:7"), From::Position(_)));
    }

    #[test]
    fn parameters_have_defaults_and_equal_ones_are_one() {
        let usual = subscribe("metrics", &json!({})).unwrap();
        let same = json!({"minutes": 60, "interval": "1m", "filter": null,
            "metrics": ["value", "users", "events", "sessions", "users"]});
        assert_eq!(subscribe("metrics", &same), Ok(usual.clone()));
        assert_eq!(usual.cells(), 60);
        assert!(subscribe("metrics", &json!({"metrics": ["bounce_rate"]})).is_ok());
        let filtered =
            json!({"filter": ["or", [["is", "page", ["/a"]], ["contains", "page", ["b"]]]]});
        assert_ne!(subscribe("metrics", &filtered), Ok(usual));
        let pages = subscribe("breakdown", &json!({"dimension": "page"})).unwrap();
        assert_eq!(pages.cells(), 300);
        let sums = json!({"dimension": "page", "metrics": ["events", "value"]});
        assert_eq!(subscribe("breakdown", &sums).unwrap().cells(), 0);
        let any = json!({"filter": ["is", "properties.plan", ["pro"]], "rate": 100});
        assert!(subscribe("events", &any).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = [
            ("money", json!({}), "unknown_topic"),
            ("events", json!({"x": 1}), "unknown_parameter"),
            ("pipeline", json!({"x": 1}), "unknown_parameter"),
            ("metrics", json!({"minutes": 181}), "invalid_parameter"),
            ("metrics", json!({"minutes": "5"}), "invalid_parameter"),
            ("metrics", json!({"interval": "1h"}), "invalid_parameter"),
            ("metrics", json!({"metrics": []}), "invalid_parameter"),
            (
                "metrics",
                json!({"metrics": ["money"]}),
                "invalid_parameter",
            ),
            (
                "metrics",
                json!({"metrics": ["bounce_rate"], "filter": ["is", "page", ["/"]]}),
                "unsupported_metric",
            ),
            (
                "breakdown",
                json!({"dimension": "page", "metrics": ["bounce_rate"]}),
                "unsupported_metric",
            ),
            (
                "metrics",
                json!({"filter": ["is", "page"]}),
                "invalid_filter",
            ),
            (
                "metrics",
                json!({"filter": ["is", "user_id", ["u"]]}),
                "unsupported_filter",
            ),
            ("breakdown", json!({}), "invalid_parameter"),
            (
                "breakdown",
                json!({"dimension": "all"}),
                "invalid_parameter",
            ),
            (
                "breakdown",
                json!({"dimension": "page", "limit": 101}),
                "invalid_parameter",
            ),
            ("events", json!({"rate": 0}), "invalid_parameter"),
        ];
        for (topic, params, code) in wrong {
            assert_eq!(subscribe(topic, &params), Err(code), "{topic} {params}");
        }
        for (text, code) in [
            ("", "malformed_message"),
            (r#"{"type":"steal"}"#, "malformed_message"),
            (
                r#"{"type":"subscribe","id":"","topic":"events"}"#,
                "invalid_id",
            ),
            (
                r#"{"type":"subscribe","id":"\"","topic":"events"}"#,
                "invalid_id",
            ),
        ] {
            assert_eq!(refusal_of(text), Some(code), "{text}");
        }
    }
}
