//! A message to many clients: the body is encoded once, and the whole text once per subscription
//! id in use. Most clients choose the same id.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use axum::{body::Bytes, extract::ws::Utf8Bytes};

/// Texts kept per frame.
const TEXTS_KEPT: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// With the whole state.
    Subscribed,
    /// The same, for a client that had asked to go on from its position.
    Anew,
    Next,
}

impl Kind {
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Subscribed | Self::Anew => "subscribed",
            Self::Next => "next",
        }
    }
}

#[derive(Debug)]
pub(super) struct Frame {
    topic: &'static str,
    position: String,
    body: String,
    texts: [Mutex<HashMap<Box<str>, Utf8Bytes>>; 3],
    streamed: [OnceLock<Bytes>; 3],
}

impl Frame {
    /// `body` is JSON.
    pub(super) fn new(topic: &'static str, position: &str, body: String) -> Self {
        Self {
            topic,
            position: position.to_owned(),
            body,
            texts: Default::default(),
            streamed: Default::default(),
        }
    }

    /// The message for the subscription `id`, which holds only plain characters.
    pub(super) fn text(&self, kind: Kind, id: &str) -> Utf8Bytes {
        let texts = &self.texts[kind as usize];
        let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(id) {
            return text.clone();
        }
        let text = Utf8Bytes::from(self.encode(kind, id));
        if texts.len() < TEXTS_KEPT {
            texts.insert(id.into(), text.clone());
        }
        text
    }

    /// The message as a server-sent event; the subscription's id is the topic.
    pub(super) fn streamed(&self, kind: Kind) -> Bytes {
        let encode = || {
            let text = self.encode(kind, self.topic);
            event(kind.event(), Some(&self.position), &text)
        };
        self.streamed[kind as usize].get_or_init(encode).clone()
    }

    fn encode(&self, kind: Kind, id: &str) -> String {
        let Self {
            topic,
            position,
            body,
            ..
        } = self;
        let (head, name) = match kind {
            Kind::Subscribed => (
                format!(r#""subscribed","id":"{id}","topic":"{topic}""#),
                "snapshot",
            ),
            Kind::Anew => (
                format!(r#""subscribed","id":"{id}","topic":"{topic}","recovered":false"#),
                "snapshot",
            ),
            Kind::Next => (format!(r#""next","id":"{id}""#), "data"),
        };
        format!(r#"{{"type":{head},"position":"{position}","{name}":{body}}}"#)
    }
}

/// `data` holds no line break: in JSON they are escaped.
pub(super) fn event(name: &str, position: Option<&str>, data: &str) -> Bytes {
    let id = position.map(|position| format!("id: {position}\n"));
    let id = id.unwrap_or_default();
    format!("event: {name}\n{id}data: {data}\n\n").into()
}

/// The answer to a client that goes on where it was.
pub(super) fn recovered(id: &str, topic: &str, position: &str) -> String {
    format!(
        r#"{{"type":"subscribed","id":"{id}","topic":"{topic}","position":"{position}","recovered":true}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_made_once_for_each_id() {
        let frame = Frame::new("metrics", "@5.1,3:7", r#"{"minutes":[]}"#.into());
        let text = frame.text(Kind::Next, "m");
        assert_eq!(
            text.as_str(),
            r#"{"type":"next","id":"m","position":"@5.1,3:7","data":{"minutes":[]}}"#
        );
        let again = frame.text(Kind::Next, "m");
        assert_eq!(text.as_str().as_ptr(), again.as_str().as_ptr());
        let streamed = frame.streamed(Kind::Anew);
        assert_eq!(
            std::str::from_utf8(&streamed).unwrap(),
            "event: subscribed\nid: @5.1,3:7\ndata: {\"type\":\"subscribed\",\"id\":\"metrics\",\
             \"topic\":\"metrics\",\"recovered\":false,\"position\":\"@5.1,3:7\",\"snapshot\":{\"minutes\":[]}}\n\n"
        );
        assert_eq!(streamed.as_ptr(), frame.streamed(Kind::Anew).as_ptr());
    }
}
