//! A message that many sockets send: its body is encoded once, its text once per client id.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;

/// Texts kept per frame; clients choose their ids, but most choose the same.
const TEXTS_KEPT: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Subscribed,
    Next,
}

#[derive(Debug)]
pub(super) struct Frame {
    topic: &'static str,
    position: String,
    body: String,
    texts: Mutex<HashMap<(Kind, String), Utf8Bytes>>,
}

impl Frame {
    pub(super) fn new(topic: &'static str, position: &str, body: &impl Serialize) -> Self {
        // Unwrap safety: maps have string keys and numbers are finite.
        let body = serde_json::to_string(body).unwrap_or_else(|_| "null".into());
        Self {
            topic,
            position: position.to_owned(),
            body,
            texts: Mutex::default(),
        }
    }

    /// The message for the subscription `id`, which holds only plain characters.
    pub(super) fn text(&self, kind: Kind, id: &str) -> Utf8Bytes {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(&(kind, id.to_owned())) {
            return text.clone();
        }
        let (topic, position, body) = (self.topic, &self.position, &self.body);
        let text = Utf8Bytes::from(match kind {
            Kind::Subscribed => format!(
                r#"{{"type":"subscribed","id":"{id}","topic":"{topic}","position":"{position}","snapshot":{body}}}"#
            ),
            Kind::Next => {
                format!(r#"{{"type":"next","id":"{id}","position":"{position}","data":{body}}}"#)
            }
        });
        if texts.len() < TEXTS_KEPT {
            texts.insert((kind, id.to_owned()), text.clone());
        }
        text
    }
}
