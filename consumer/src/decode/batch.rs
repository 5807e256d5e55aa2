//! The contents of one commit.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{
    event::{Code, Violations},
    rollup::{Dimension, Sample},
    time::UnixMicros,
    wire::{EntryId, Source},
};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use super::{CopyDocument, Values};
use crate::read::Entry;

/// An event to be stored: where it came from and what it adds to the rollups. Its columns
/// are in [`Batch::copy`], in the same order.
#[derive(Debug, Clone)]
pub struct Row {
    /// Position in [`Batch::entries`].
    pub entry: u32,
    /// Index within the entry.
    pub index: u32,
    pub occurred_at: UnixMicros,
    pub event_id: Uuid,
    pub values: [u32; Dimension::COUNT],
    pub sample: Sample,
}

/// What makes an event unique.
pub type RowKey = (UnixMicros, Uuid);

impl Row {
    #[must_use]
    pub const fn key(&self) -> RowKey {
        (self.occurred_at, self.event_id)
    }
}

/// An event that was refused, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub entry: u32,
    pub index: u32,
    pub code: Code,
    pub detail: String,
    pub payload: Vec<u8>,
}

impl DeadLetter {
    #[must_use]
    pub fn new(entry: u32, index: u32, violations: &Violations, payload: &[u8]) -> Self {
        Self {
            entry,
            index,
            code: violations.code(),
            detail: violations.to_string(),
            payload: payload.to_vec(),
        }
    }

    /// The one letter for all of an entry that is too large, with the begin of its payload.
    #[must_use]
    pub fn too_large(entry: u32, excess: String, payload: &[u8]) -> Self {
        let kept = &payload[..payload.len().min(TOO_LARGE_KEPT_BYTES)];
        let detail = format!("{excess}; the first {} bytes are kept", kept.len());
        Self::new(
            entry,
            0,
            &Violations::whole(Code::EntryTooLarge, detail),
            kept,
        )
    }
}

/// Of an entry that is too large.
const TOO_LARGE_KEPT_BYTES: usize = 64 * 1024;

/// What became of the events of one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub entries: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub dead_lettered: u64,
    pub lost_entries: u64,
}

/// [`Counts`] for each source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerSource([Counts; Source::ALL.len()]);

impl PerSource {
    pub fn of(&mut self, source: Source) -> &mut Counts {
        &mut self.0[source as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (Source, &Counts)> {
        Source::ALL.into_iter().zip(&self.0)
    }

    #[must_use]
    pub fn total(&self) -> Counts {
        self.0.iter().fold(Counts::default(), |sum, c| Counts {
            entries: sum.entries + c.entries,
            stored: sum.stored + c.stored,
            duplicates: sum.duplicates + c.duplicates,
            dead_lettered: sum.dead_lettered + c.dead_lettered,
            lost_entries: sum.lost_entries + c.lost_entries,
        })
    }
}

/// Decoded entries of one stream epoch.
#[derive(Debug)]
pub struct Batch {
    pub epoch: Arc<str>,
    pub entries: Vec<Entry>,
    pub lost: Vec<EntryId>,
    /// The entries as ranges of the stream, ends included. What was read fresh is a piece of
    /// the stream without gaps; what was delivered again stands for itself, id by id.
    pub spans: Vec<(EntryId, EntryId)>,
    /// Whether some entry may have been counted before.
    pub redelivered: bool,
    /// The rows, ready for COPY.
    pub copy: CopyDocument,
    pub rows: Vec<Row>,
    pub values: Values,
    pub dead_letters: Vec<DeadLetter>,
    /// Events that repeat another one of this batch, by entry position.
    pub repeated: Vec<u32>,
    /// Payload bytes.
    pub bytes: usize,
    /// Waiting in the stream, summed over the events, in milliseconds.
    pub stream_ms_sum: f64,
    pub decoding: Duration,
    pub finished_at: Instant,
    /// At the writer; free again when the batch is gone.
    pub place: Option<OwnedSemaphorePermit>,
}

impl Batch {
    /// A batch without entries.
    #[must_use]
    pub fn empty(epoch: Arc<str>) -> Self {
        Self {
            epoch,
            entries: Vec::new(),
            lost: Vec::new(),
            spans: Vec::new(),
            redelivered: false,
            copy: CopyDocument::default(),
            rows: Vec::new(),
            values: Values::default(),
            dead_letters: Vec::new(),
            repeated: Vec::new(),
            bytes: 0,
            stream_ms_sum: 0.0,
            decoding: Duration::ZERO,
            finished_at: Instant::now(),
            place: None,
        }
    }

    /// Events of any fate.
    #[must_use]
    pub fn events(&self) -> usize {
        self.rows.len() + self.dead_letters.len() + self.repeated.len()
    }

    /// How long the events waited in the stream, on average, in milliseconds.
    #[must_use]
    pub fn mean_stream_ms(&self) -> f64 {
        self.stream_ms_sum / self.events().max(1) as f64
    }

    /// What to acknowledge once the batch is committed.
    pub fn entry_ids(&self) -> impl Iterator<Item = EntryId> {
        self.entries
            .iter()
            .map(|entry| entry.id)
            .chain(self.lost.iter().copied())
    }

    /// The largest; the entries are in stream order.
    pub(super) fn last_id(&self) -> Option<EntryId> {
        let last = self.entries.last().map(|entry| entry.id);
        last.max(self.lost.iter().max().copied())
    }

    #[must_use]
    pub fn source(&self, entry: u32) -> Source {
        self.entries[entry as usize].source
    }
}
