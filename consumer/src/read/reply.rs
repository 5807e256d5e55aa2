//! The replies to XREADGROUP and XAUTOCLAIM, parsed without copying payloads.

use std::{sync::Arc, time::Instant};

use common::{
    trace::{TRACEPARENT, Trace},
    wire::{EntryId, FIELD_BATCH, FIELD_EVENT, FIELD_SOURCE, Payload, Source},
};
use redis::Value;

/// A stream entry as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: EntryId,
    pub source: Source,
    pub payload: Payload,
    /// Where its publisher was in a trace.
    pub trace: Trace,
}

/// Entries of one reply, in stream order.
#[derive(Debug)]
pub struct Run {
    /// Identifies the stream while it isn't lost and begun anew.
    pub epoch: Arc<str>,
    pub entries: Vec<Entry>,
    /// Pending ids whose entries no longer exist: trimmed or deleted by somebody else.
    pub lost: Vec<EntryId>,
    /// Whether the entries were delivered before, to this consumer or another.
    pub redelivered: bool,
    pub read_at: Instant,
}

impl Run {
    /// The smallest id.
    pub(crate) fn first_id(&self) -> Option<EntryId> {
        let lost = self.lost.iter().copied();
        lost.chain(self.entries.first().map(|entry| entry.id)).min()
    }
}

/// A reply that isn't shaped as Redis documents it.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("unexpected reply from Redis: {0}")]
pub(super) struct UnexpectedReply(&'static str);

#[derive(Debug, Default)]
pub(super) struct Delivered {
    pub(super) entries: Vec<Entry>,
    pub(super) lost: Vec<EntryId>,
}

impl Delivered {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.lost.is_empty()
    }

    pub(super) fn last_id(&self) -> Option<EntryId> {
        let entry = self.entries.last().map(|entry| entry.id);
        entry.max(self.lost.last().copied())
    }

    pub(super) fn payload_bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.payload.len()).sum()
    }
}

/// `[[key, [[id, [field, value, …]], …]]]`, or nil where a blocking read timed out.
pub(super) fn from_read(reply: Value) -> Result<Delivered, UnexpectedReply> {
    let streams = match reply {
        Value::Nil => return Ok(Delivered::default()),
        Value::Array(streams) => streams,
        _ => return Err(UnexpectedReply("no list of streams")),
    };
    let Some(Value::Array(stream)) = streams.into_iter().next() else {
        return Ok(Delivered::default());
    };
    let entries = stream.into_iter().nth(1);
    from_entries(entries.ok_or(UnexpectedReply("a stream without entries"))?)
}

/// `[cursor, [entries], [deleted ids]]`.
pub(super) fn from_claim(reply: Value) -> Result<(EntryId, Delivered), UnexpectedReply> {
    const SHAPE: UnexpectedReply = UnexpectedReply("not the three parts of XAUTOCLAIM");
    let Value::Array(parts) = reply else {
        return Err(SHAPE);
    };
    let mut parts = parts.into_iter();
    let cursor = parts
        .next()
        .and_then(|value| id_from(&value))
        .ok_or(SHAPE)?;
    let mut delivered = from_entries(parts.next().ok_or(SHAPE)?)?;
    // Redis 7.0 lists deleted ids apart, and has already taken them off the pending list.
    if let Some(Value::Array(deleted)) = parts.next() {
        delivered.lost.extend(deleted.iter().filter_map(id_from));
    }
    Ok((cursor, delivered))
}

fn from_entries(value: Value) -> Result<Delivered, UnexpectedReply> {
    let Value::Array(list) = value else {
        return Err(UnexpectedReply("no list of entries"));
    };
    let mut delivered = Delivered {
        entries: Vec::with_capacity(list.len()),
        lost: Vec::new(),
    };
    for item in list {
        let Value::Array(pair) = item else {
            continue;
        };
        let mut pair = pair.into_iter();
        let id = pair.next().and_then(|value| id_from(&value));
        let id = id.ok_or(UnexpectedReply("an entry without id"))?;
        match pair.next() {
            Some(Value::Array(fields)) if !fields.is_empty() => {
                delivered.entries.push(entry(id, fields));
            }
            _ => delivered.lost.push(id),
        }
    }
    Ok(delivered)
}

fn id_from(value: &Value) -> Option<EntryId> {
    std::str::from_utf8(bytes(value)?).ok()?.parse().ok()
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

/// `event` wins over `batch` where a producer sends both; other fields are for others.
fn entry(id: EntryId, fields: Vec<Value>) -> Entry {
    let (mut event, mut batch, mut source) = (None, None, Source::External);
    let mut trace = Trace::default();
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        let Value::BulkString(value) = value else {
            continue;
        };
        match bytes(&name) {
            Some(name) if name == FIELD_EVENT.as_bytes() => event = Some(value),
            Some(name) if name == FIELD_BATCH.as_bytes() => batch = Some(value),
            Some(name) if name == FIELD_SOURCE.as_bytes() => {
                source = Source::from_field(Some(&value));
            }
            Some(name) if name == TRACEPARENT.as_bytes() => trace = Trace::read(&value),
            _ => {}
        }
    }
    let payload = match (event, batch) {
        (Some(event), _) => Payload::Event(event),
        (None, Some(batch)) => Payload::Batch(batch),
        (None, None) => Payload::Missing,
    };
    Entry {
        id,
        source,
        payload,
        trace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn stored(id: &str, fields: &[&str]) -> Value {
        let fields = fields.iter().map(|text| bulk(text)).collect();
        Value::Array(vec![bulk(id), Value::Array(fields)])
    }

    #[test]
    fn entries_are_taken_apart() {
        let entries = Value::Array(vec![
            stored("1-0", &["v", "1", "event", "{}"]),
            stored("1-1", &["batch", "{}\n{}", "source", "generator"]),
            stored("1-2", &["something", "else"]),
            Value::Array(vec![bulk("1-3"), Value::Nil]),
            Value::Array(vec![bulk("1-4"), Value::Array(vec![])]),
        ]);
        let reply = Value::Array(vec![Value::Array(vec![bulk("events"), entries])]);
        let delivered = from_read(reply).unwrap();
        let payloads: Vec<_> = delivered
            .entries
            .iter()
            .map(|e| e.payload.clone())
            .collect();
        assert_eq!(
            payloads,
            [
                Payload::Event(b"{}".to_vec()),
                Payload::Batch(b"{}\n{}".to_vec()),
                Payload::Missing
            ]
        );
        assert_eq!(delivered.entries[1].source, Source::Generator);
        assert_eq!(delivered.lost.len(), 2);
        assert_eq!(delivered.last_id(), Some(EntryId { ms: 1, seq: 4 }));
        assert!(from_read(Value::Nil).unwrap().is_empty());
        assert!(from_read(Value::Okay).is_err());
    }

    #[test]
    fn claims_carry_a_cursor() {
        let reply = Value::Array(vec![
            bulk("7-1"),
            Value::Array(vec![stored("5-0", &["event", "{}"])]),
            Value::Array(vec![bulk("4-0")]),
        ]);
        let (cursor, delivered) = from_claim(reply).unwrap();
        assert_eq!(cursor, EntryId { ms: 7, seq: 1 });
        assert_eq!((delivered.entries.len(), delivered.lost.len()), (1, 1));
    }
}
