//! What a client may say, and our answers that concern it alone.

use serde::Deserialize;
use serde_json::json;

use super::{hub::Topic, moment::MAX_MINUTES};

const LONGEST_ID: usize = 64;
const DEFAULT_MINUTES: u16 = 60;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Message {
    Subscribe {
        id: String,
        topic: String,
        #[serde(default)]
        params: serde_json::Map<String, serde_json::Value>,
    },
    Unsubscribe {
        id: String,
    },
    Ping {},
}

/// A message that can be acted upon.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    Subscribe { id: String, topic: Topic },
    Unsubscribe { id: String },
    Ping,
}

/// Why a message can't be acted upon; the socket stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) id: Option<String>,
    pub(super) code: &'static str,
    pub(super) detail: String,
}

impl Refusal {
    pub(super) fn new(id: Option<&str>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            id: id.map(str::to_owned),
            code,
            detail: detail.into(),
        }
    }

    pub(super) fn text(&self) -> String {
        let mut message = json!({"type": "error", "code": self.code, "detail": self.detail});
        if let Some(id) = &self.id {
            message["id"] = id.as_str().into();
        }
        message.to_string()
    }
}

impl Request {
    pub(super) fn read(text: &str) -> Result<Self, Refusal> {
        let message = serde_json::from_str(text).map_err(|error| {
            Refusal::new(
                None,
                "malformed_message",
                format!("not a message of this protocol: {error}"),
            )
        })?;
        match message {
            Message::Ping {} => Ok(Self::Ping),
            Message::Unsubscribe { id } => Ok(Self::Unsubscribe { id: plain(id)? }),
            Message::Subscribe { id, topic, params } => {
                let id = plain(id)?;
                let topic = topic_of(&id, &topic, &params)?;
                Ok(Self::Subscribe { id, topic })
            }
        }
    }
}

/// Ids come back in every frame: they must need no escaping.
fn plain(id: String) -> Result<String, Refusal> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(id);
    }
    Err(Refusal::new(
        None,
        "invalid_id",
        "an id has 1 to 64 letters, digits, or - _ . :",
    ))
}

fn topic_of(
    id: &str,
    topic: &str,
    params: &serde_json::Map<String, serde_json::Value>,
) -> Result<Topic, Refusal> {
    let refuse = |code, detail: String| Err(Refusal::new(Some(id), code, detail));
    let allowed: &[&str] = if topic == "metrics" {
        &["minutes"]
    } else {
        &[]
    };
    if let Some(unknown) = params.keys().find(|name| !allowed.contains(&name.as_str())) {
        let detail = format!(
            "{topic} has no parameter {unknown:?}; allowed are: {}",
            allowed.join(", ")
        );
        return refuse("unknown_parameter", detail);
    }
    match topic {
        "metrics" => {
            let minutes = params
                .get("minutes")
                .map(|minutes| minutes.as_u64().unwrap_or_default());
            let minutes =
                minutes.map_or(Some(DEFAULT_MINUTES), |minutes| u16::try_from(minutes).ok());
            match minutes.filter(|minutes| (1..=MAX_MINUTES).contains(minutes)) {
                Some(minutes) => Ok(Topic::Metrics { minutes }),
                None => refuse(
                    "invalid_parameter",
                    format!("minutes must be a whole number from 1 to {MAX_MINUTES}"),
                ),
            }
        }
        "events" => Ok(Topic::Events),
        "pipeline" => Ok(Topic::Pipeline),
        _ => refuse(
            "unknown_topic",
            format!("there is no topic {topic:?}; there are: metrics, events, pipeline"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read() {
        let right = [
            (r#"{"type":"ping"}"#, Request::Ping),
            (
                r#"{"type":"unsubscribe","id":"a"}"#,
                Request::Unsubscribe { id: "a".into() },
            ),
            (
                r#"{"type":"subscribe","id":"a.1","topic":"metrics","params":{"minutes":5}}"#,
                Request::Subscribe {
                    id: "a.1".into(),
                    topic: Topic::Metrics { minutes: 5 },
                },
            ),
            (
                r#"{"type":"subscribe","id":"a","topic":"metrics"}"#,
                Request::Subscribe {
                    id: "a".into(),
                    topic: Topic::Metrics { minutes: 60 },
                },
            ),
        ];
        for (text, want) in right {
            assert_eq!(Request::read(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = [
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
            (
                r#"{"type":"subscribe","id":"a","topic":"money"}"#,
                "unknown_topic",
            ),
            (
                r#"{"type":"subscribe","id":"a","topic":"events","params":{"x":1}}"#,
                "unknown_parameter",
            ),
            (
                r#"{"type":"subscribe","id":"a","topic":"metrics","params":{"minutes":181}}"#,
                "invalid_parameter",
            ),
            (
                r#"{"type":"subscribe","id":"a","topic":"metrics","params":{"minutes":"5"}}"#,
                "invalid_parameter",
            ),
        ];
        for (text, code) in wrong {
            assert_eq!(
                Request::read(text).map_err(|refusal| refusal.code),
                Err(code),
                "{text}"
            );
        }
    }
}
