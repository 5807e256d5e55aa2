//! Builds batches.

use std::{
    collections::{HashMap, HashSet},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use common::{
    event::{self, Acceptance, Code, Event, Limits, Violations},
    fault,
    rollup::Sample,
    time::UnixMicros,
    wire::{EntryId, Payload, event_id_for},
};
use foldhash::fast::FixedState;
use uuid::Uuid;

use super::{Batch, CopyRows, DeadLetter, Row};
use crate::read::{Entry, Run};

/// Events that the database refused although they are valid, with its reason.
pub type Rejected = HashMap<(EntryId, u32), String>;

/// Adds runs to a batch until it is taken.
pub struct Decoder {
    limits: Limits,
    pub(super) rejected: Rejected,
    batch: Option<Batch>,
    copy: CopyRows,
    /// In the last batch: about as many will be in the next.
    rows_before: usize,
    seen: HashSet<(UnixMicros, Uuid), FixedState>,
    pub(super) began: Instant,
}

impl Decoder {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            rejected: Rejected::new(),
            batch: None,
            copy: CopyRows::default(),
            rows_before: 0,
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

    /// Whether `run` may join the batch: a batch belongs to one epoch of the stream, and holds
    /// an entry once. What comes again while it is in hand begins another batch.
    #[must_use]
    pub fn takes(&self, run: &Run) -> bool {
        let follows = |batch: &Batch| run.first_id() > batch.last_id();
        self.batch
            .as_ref()
            .is_none_or(|batch| batch.epoch == run.epoch && follows(batch))
    }

    /// Decodes `run` into the batch.
    pub fn push(&mut self, run: Run) {
        let rest = self.push_up_to(run, usize::MAX);
        debug_assert!(rest.is_none());
    }

    /// Decodes `run` into the batch until that holds `max_events`. Returns the rest of the run.
    pub fn push_up_to(&mut self, mut run: Run, max_events: usize) -> Option<Run> {
        let started = Instant::now();
        if self.batch.is_none() {
            self.began = run.read_at;
        }
        let mut batch = self.batch.take().unwrap_or_else(|| Batch {
            rows: Vec::with_capacity(self.rows_before),
            ..Batch::empty(run.epoch.clone())
        });
        batch.redelivered |= run.redelivered;
        let (begin, now) = (batch.entries.len(), UnixMicros::now());
        let mut entries = mem::take(&mut run.entries).into_iter();
        for entry in entries.by_ref() {
            let before = batch.events();
            self.decode(&entry, &mut batch);
            let events = batch.events() - before;
            let waited = (now.0 - entry.id.accepted_at().0).max(0);
            batch.stream_ms_sum += waited as f64 / 1_000.0 * events as f64;
            batch.bytes += entry.payload.len();
            batch.entries.push(entry);
            if batch.events() >= max_events {
                break;
            }
        }
        let decoded = &batch.entries[begin..];
        let spans = spans(decoded, &run.lost, run.redelivered);
        batch.spans.extend(spans);
        batch.lost.append(&mut run.lost);
        batch.decoding += started.elapsed();
        self.batch = Some(batch);
        run.entries = entries.collect();
        (!run.entries.is_empty()).then_some(run)
    }

    /// The batch, if there is one; the next run begins another.
    pub fn take(&mut self) -> Option<Batch> {
        let mut batch = self.batch.take()?;
        self.seen.clear();
        batch.copy = mem::take(&mut self.copy).finish();
        self.rows_before = batch.rows.len();
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
        if let Some(excess) = entry.payload.excess() {
            let letter = DeadLetter::too_large(position, excess, entry.payload.as_bytes());
            batch.dead_letters.push(letter);
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
    let parse = || {
        fault::poison("decode", json);
        event::parse(json, acceptance, limits)
    };
    catch_unwind(AssertUnwindSafe(parse)).unwrap_or_else(|_| {
        Err(Violations::whole(
            Code::DecoderFault,
            "the decoder panicked",
        ))
    })
}

fn spans(entries: &[Entry], lost: &[EntryId], redelivered: bool) -> Vec<(EntryId, EntryId)> {
    match (entries.first(), entries.last()) {
        (Some(first), Some(last)) if !redelivered => vec![(first.id, last.id)],
        _ => {
            let ids = entries.iter().map(|entry| entry.id);
            ids.chain(lost.iter().copied()).map(|id| (id, id)).collect()
        }
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
