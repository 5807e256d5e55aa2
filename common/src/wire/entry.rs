//! What an entry carries.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::EntryId;

/// One event as JSON: what any program may XADD.
pub const FIELD_EVENT: &str = "event";
/// Many events as NDJSON: what our own publisher writes.
pub const FIELD_BATCH: &str = "batch";
/// Who published the entry; absent for other programs.
pub const FIELD_SOURCE: &str = "source";

/// Payload bytes of an entry that is taken apart, at most: twice the largest
/// `PUBLISH_BATCH_BYTES`.
pub const MAX_ENTRY_BYTES: usize = 32 * 1024 * 1024;
/// Events of such an entry, at most: twice the largest `PUBLISH_BATCH_EVENTS`.
pub const MAX_ENTRY_EVENTS: usize = 20_000;

/// Who put an entry on the stream. Accounts are kept per source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// `POST /api/v1/events`.
    Collector,
    /// The synthetic generator.
    Generator,
    /// Another program, straight into the stream.
    External,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Collector, Self::Generator, Self::External];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::Generator => "generator",
            Self::External => "external",
        }
    }

    /// Anything unknown is external.
    #[must_use]
    pub fn from_field(field: Option<&[u8]>) -> Self {
        match field {
            Some(b"collector") => Self::Collector,
            Some(b"generator") => Self::Generator,
            _ => Self::External,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The events of an entry, not yet decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    Event(Vec<u8>),
    Batch(Vec<u8>),
    /// Neither field is there.
    Missing,
}

impl Payload {
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Event(bytes) | Self::Batch(bytes) => bytes.len(),
            Self::Missing => 0,
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What makes the entry larger than any that is taken apart, if it is.
    #[must_use]
    pub fn excess(&self) -> Option<String> {
        let bytes = self.len();
        if bytes > MAX_ENTRY_BYTES {
            return Some(format!("{bytes} bytes; at most {MAX_ENTRY_BYTES}"));
        }
        // A line and its end take two bytes: most entries needn't be counted.
        if bytes < 2 * MAX_ENTRY_EVENTS {
            return None;
        }
        let events = self.events().count();
        let is_too_many = events > MAX_ENTRY_EVENTS;
        is_too_many.then(|| format!("{bytes} bytes, {events} events; at most {MAX_ENTRY_EVENTS}"))
    }

    /// The payload as it came; empty where there is none.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Event(bytes) | Self::Batch(bytes) => bytes,
            Self::Missing => &[],
        }
    }

    /// Each event's JSON with its index in the entry. A blank line is no event.
    pub fn events(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let (single, batch) = match self {
            Self::Event(bytes) => (Some(bytes.as_slice()), None),
            Self::Batch(bytes) => (None, Some(bytes.as_slice())),
            Self::Missing => (None, None),
        };
        let events = single.into_iter().chain(batch.into_iter().flat_map(lines));
        (0..).zip(events)
    }
}

/// The lines of an NDJSON document that hold something.
pub fn lines(ndjson: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = ndjson;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
        None
    })
}

/// The id of an event that came without one straight through the stream: a UUID v7 made
/// of its place, so that every redelivery of the entry gives the same.
#[must_use]
pub fn event_id_for(entry: EntryId, index: u32) -> Uuid {
    let mut bytes = [0; 10];
    bytes[0] = (entry.seq >> 40) as u8;
    bytes[1] = (entry.seq >> 32) as u8;
    bytes[2..6].copy_from_slice(&(entry.seq as u32).to_be_bytes());
    bytes[6..].copy_from_slice(&index.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(entry.ms, &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_no_events() {
        let batch = Payload::Batch(b"\n{1}\n\n  \r\n{2}\r\n{3}".to_vec());
        let events: Vec<_> = batch.events().map(|(i, e)| (i, e.trim_ascii())).collect();
        assert_eq!(events, [(0, &b"{1}"[..]), (1, b"{2}"), (2, b"{3}")]);
        assert_eq!(Payload::Batch(vec![b'\n'; 3]).events().count(), 0);
        assert_eq!(Payload::Missing.events().count(), 0);
        // A single event may be blank: it is malformed, not absent.
        assert_eq!(Payload::Event(Vec::new()).events().count(), 1);
    }

    #[test]
    fn an_entry_has_bounds() {
        let lines = |count: usize| Payload::Batch(b"1\n".repeat(count));
        assert_eq!(lines(MAX_ENTRY_EVENTS).excess(), None);
        assert_eq!(
            lines(MAX_ENTRY_EVENTS + 1).excess().unwrap(),
            "40002 bytes, 20001 events; at most 20000"
        );
        // Without the last end of a line.
        let mut text = b"1\n".repeat(MAX_ENTRY_EVENTS);
        text.push(b'1');
        assert!(Payload::Batch(text).excess().is_some());
        assert_eq!(Payload::Event(vec![b' '; MAX_ENTRY_BYTES]).excess(), None);
        let event = Payload::Event(vec![b' '; MAX_ENTRY_BYTES + 1]);
        assert_eq!(event.excess().unwrap(), "33554433 bytes; at most 33554432");
        assert_eq!(Payload::Missing.excess(), None);
    }

    #[test]
    fn ids_made_of_a_place_are_stable_and_distinct() {
        let place = |ms, seq, index| event_id_for(EntryId { ms, seq }, index);
        assert_eq!(
            place(1_763_634_907_123, 4, 0),
            place(1_763_634_907_123, 4, 0)
        );
        assert_eq!(place(1_763_634_907_123, 4, 0).get_version_num(), 7);
        let mut ids: Vec<_> = (0..50)
            .flat_map(|seq| (0..50).map(move |index| place(7, seq, index)))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2_500);
    }
}
