//! Builds batches.

use std::{
    collections::{HashMap, HashSet},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use common::{
    event::{self, Acceptance, Code, Event, Limits, Violations},
    rollup::Sample,
    time::UnixMicros,
    wire::{EntryId, Payload, event_id_for},
};
use foldhash::fast::FixedState;
use uuid::Uuid;

use super::{Batch, CopyRows, DeadLetter, Row, Values};
use crate::read::{Entry, Run};

/// Events that the database refused although they are valid, with its reason.
pub type Rejected = HashMap<(EntryId, u32), String>;

/// Adds runs to a batch until somebody takes it.
pub struct Decoder {
    limits: Limits,
    rejected: Rejected,
    batch: Option<Batch>,
    copy: CopyRows,
    seen: HashSet<(UnixMicros, Uuid), FixedState>,
    began: Instant,
}

impl Decoder {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            rejected: Rejected::new(),
            batch: None,
            copy: CopyRows::with_capacity(64 * 1024),
            seen: HashSet::default(),
            began: Instant::now(),
        }
    }

    /// Events and payload bytes so far.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        self.batch
            .as_ref()
            .map_or((0, 0), |batch| (batch.events(), batch.bytes))
    }

    /// When the first run of the batch was read.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.began
    }

    /// Whether `run` may join the batch: a batch belongs to one epoch of the stream.
    #[must_use]
    pub fn takes(&self, run: &Run) -> bool {
        self.batch
            .as_ref()
            .is_none_or(|batch| batch.epoch == run.epoch)
    }

    /// Decodes `run` into the batch.
    pub fn push(&mut self, run: Run) {
        let started = Instant::now();
        if self.batch.is_none() {
            self.began = run.read_at;
        }
        let mut batch = self
            .batch
            .take()
            .unwrap_or_else(|| empty_batch(run.epoch.clone()));
        batch.redelivered |= run.redelivered;
        batch.spans.extend(spans(&run));
        batch.lost.extend(run.lost);
        let now = UnixMicros::now();
        for entry in run.entries {
            let before = batch.events();
            self.decode(&entry, &mut batch);
            let events = batch.events() - before;
            let waited = (now.0 - entry.id.accepted_at().0).max(0);
            batch.stream_ms_sum += waited as f64 / 1_000.0 * events as f64;
            batch.bytes += entry.payload.len();
            batch.entries.push(entry);
        }
        batch.decoding += started.elapsed();
        self.batch = Some(batch);
    }

    /// The batch, if there is one; the next run begins another.
    pub fn take(&mut self) -> Option<Batch> {
        let mut batch = self.batch.take()?;
        self.seen.clear();
        let capacity = self.copy.len() + self.copy.len() / 8;
        let copy = mem::replace(&mut self.copy, CopyRows::with_capacity(capacity));
        batch.copy = copy.finish();
        batch.finished_at = Instant::now();
        Some(batch)
    }

    fn decode(&mut self, entry: &Entry, batch: &mut Batch) {
        let position = batch.entries.len() as u32;
        if entry.payload == Payload::Missing {
            let why = Violations::whole(Code::NoPayload, "the entry has no field event or batch");
            batch
                .dead_letters
                .push(DeadLetter::new(position, 0, &why, &[]));
            return;
        }
        for (index, json) in entry.payload.events() {
            match self.parse(entry.id, index, json) {
                Ok(event) if !self.seen.insert((event.occurred_at, event.event_id)) => {
                    batch.repeated.push(position);
                }
                Ok(event) => {
                    self.copy.push(&event, entry.id.accepted_at());
                    batch.rows.push(Row {
                        entry: position,
                        index,
                        occurred_at: event.occurred_at,
                        event_id: event.event_id,
                        values: batch.values.ids_of(&event),
                        sample: Sample::of(&event),
                    });
                }
                Err(why) => {
                    batch
                        .dead_letters
                        .push(DeadLetter::new(position, index, &why, json));
                }
            }
        }
    }

    fn parse<'a>(&self, id: EntryId, index: u32, json: &'a [u8]) -> Result<Event<'a>, Violations> {
        if !self.rejected.is_empty()
            && let Some(reason) = self.rejected.get(&(id, index))
        {
            return Err(Violations::whole(Code::RejectedByDatabase, reason.clone()));
        }
        parse_row(id, index, json, &self.limits)
    }
}

/// Reads one event of an entry. A panic in the decoder condemns the event that caused it,
/// not its neighbours.
///
/// # Errors
/// The rules that the event breaks.
pub fn parse_row<'a>(
    id: EntryId,
    index: u32,
    json: &'a [u8],
    limits: &Limits,
) -> Result<Event<'a>, Violations> {
    let acceptance = Acceptance {
        at: id.accepted_at(),
        event_id: event_id_for(id, index),
    };
    catch_unwind(AssertUnwindSafe(|| event::parse(json, acceptance, limits))).unwrap_or_else(|_| {
        Err(Violations::whole(
            Code::DecoderFault,
            "the decoder panicked",
        ))
    })
}

/// The batch again with only the entries that `keep`, and without the `rejected` events.
#[must_use]
pub fn decode_again(
    batch: Batch,
    keep: impl Fn(EntryId) -> bool,
    rejected: Rejected,
    limits: Limits,
) -> Batch {
    let mut decoder = Decoder::new(limits);
    decoder.rejected = rejected;
    decoder.push(Run {
        epoch: batch.epoch.clone(),
        entries: batch
            .entries
            .into_iter()
            .filter(|entry| keep(entry.id))
            .collect(),
        lost: batch.lost.into_iter().filter(|id| keep(*id)).collect(),
        redelivered: true,
        read_at: decoder.began,
    });
    let mut again = decoder.take().unwrap_or_else(|| empty_batch(batch.epoch));
    again.permit = batch.permit;
    again
}

fn spans(run: &Run) -> Vec<(EntryId, EntryId)> {
    match (run.entries.first(), run.entries.last()) {
        (Some(first), Some(last)) if !run.redelivered => vec![(first.id, last.id)],
        _ => {
            let ids = run.entries.iter().map(|entry| entry.id);
            ids.chain(run.lost.iter().copied())
                .map(|id| (id, id))
                .collect()
        }
    }
}

/// A batch without entries.
#[must_use]
pub fn empty_batch(epoch: Arc<str>) -> Batch {
    Batch {
        epoch,
        entries: Vec::new(),
        lost: Vec::new(),
        spans: Vec::new(),
        redelivered: false,
        copy: Bytes::new(),
        rows: Vec::new(),
        values: Values::default(),
        dead_letters: Vec::new(),
        repeated: Vec::new(),
        bytes: 0,
        stream_ms_sum: 0.0,
        decoding: Duration::ZERO,
        finished_at: Instant::now(),
        permit: None,
    }
}

#[cfg(test)]
mod tests {
    use common::wire::Source;

    use super::*;

    const NOW_MS: u64 = 1_763_634_907_123;

    fn entry(ms: u64, payload: Payload) -> Entry {
        Entry {
            id: EntryId { ms, seq: 0 },
            source: Source::External,
            payload,
        }
    }

    fn decode(entries: Vec<Entry>, redelivered: bool) -> Batch {
        let mut decoder = Decoder::new(Limits::default());
        decoder.push(Run {
            epoch: "e".into(),
            entries,
            lost: vec![],
            redelivered,
            read_at: Instant::now(),
        });
        decoder.take().unwrap()
    }

    #[test]
    fn neighbours_of_poison_are_rows() {
        let good = r#"{"event_type":"login","user_id":"u"}"#;
        let bad = r#"{"event_type":"page_view","user_id":"u"}"#;
        let lines = format!("{good}\nnot json\n{good}\n{bad}\n");
        let batch = decode(
            vec![
                entry(NOW_MS, Payload::Batch(lines.into_bytes())),
                entry(NOW_MS + 1, Payload::Missing),
            ],
            false,
        );
        assert_eq!(batch.rows.len(), 2);
        let dead: Vec<_> = batch
            .dead_letters
            .iter()
            .map(|d| (d.entry, d.index, d.code))
            .collect();
        assert_eq!(
            dead,
            [
                (0, 1, Code::MalformedJson),
                (0, 3, Code::Required),
                (1, 0, Code::NoPayload)
            ]
        );
    }

    #[test]
    fn what_repeats_within_a_batch_is_one_row() {
        let event = r#"{"event_id":"01890a5d-ac96-774b-bcce-b302099a8057","event_type":"login",
            "user_id":"u","occurred_at":"2025-11-20T10:00:00Z"}"#;
        let entries = (0..3)
            .map(|i| entry(NOW_MS + i, Payload::Event(event.into())))
            .collect();
        let batch = decode(entries, false);
        assert_eq!(
            (batch.rows.len(), batch.repeated.as_slice()),
            (1, &[1, 2][..])
        );
    }

    #[test]
    fn decoding_again_gives_the_same_rows() {
        let event = br#"{"event_type":"login","user_id":"u"}"#;
        let entries = || {
            (0..4)
                .map(|i| entry(NOW_MS + i, Payload::Event(event.to_vec())))
                .collect()
        };
        let first = decode(entries(), false);
        let again = decode_again(
            decode(entries(), false),
            |_| true,
            Rejected::new(),
            Limits::default(),
        );
        let keys = |batch: &Batch| -> Vec<_> {
            batch
                .rows
                .iter()
                .map(|row| (row.occurred_at, row.event_id))
                .collect()
        };
        assert_eq!(keys(&first), keys(&again));
        assert_eq!(first.copy, again.copy);
        assert_eq!(
            first.rows[0].occurred_at,
            UnixMicros::from_millis(NOW_MS as i64)
        );
    }

    #[test]
    fn fresh_entries_are_one_span_and_others_their_own() {
        let entries = || {
            (0..3)
                .map(|i| entry(NOW_MS + i * 5, Payload::Missing))
                .collect()
        };
        let id = |ms| EntryId { ms, seq: 0 };
        assert_eq!(
            decode(entries(), false).spans,
            [(id(NOW_MS), id(NOW_MS + 10))]
        );
        assert_eq!(decode(entries(), true).spans.len(), 3);
        let rest = decode_again(
            decode(entries(), false),
            |i| i.ms != NOW_MS + 5,
            Rejected::new(),
            Limits::default(),
        );
        assert_eq!(rest.spans.len(), 2);
    }

    #[test]
    fn what_the_database_refused_is_a_dead_letter() {
        let event = br#"{"event_type":"login","user_id":"u"}"#;
        let entries = (0..2)
            .map(|i| entry(NOW_MS + i, Payload::Event(event.to_vec())))
            .collect();
        let rejected = Rejected::from([((EntryId { ms: NOW_MS, seq: 0 }, 0), "22P05".to_owned())]);
        let batch = decode_again(
            decode(entries, false),
            |_| true,
            rejected,
            Limits::default(),
        );
        assert_eq!(
            (batch.rows.len(), batch.dead_letters[0].code),
            (1, Code::RejectedByDatabase)
        );
    }
}
