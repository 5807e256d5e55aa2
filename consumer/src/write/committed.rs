//! What the writer tells the acknowledger.

use std::time::Duration;

use common::{event::Code, wire::EntryId};

use crate::decode::{Batch, PerSource};

/// What may be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub entries: Vec<EntryId>,
    pub counts: PerSource,
    /// Mean wait of the events between acceptance and decoding.
    pub stream_wait: Duration,
    /// From the finished batch to the known commit, retries included.
    pub write: Duration,
    /// Payload bytes.
    pub bytes: usize,
    /// Dead letters by their reason.
    pub dead_letters: Vec<(Code, u64)>,
    /// The first of the entries that are lost; `counts` has how many they are.
    pub lost: Vec<EntryId>,
}

/// Lost entries that are named.
const LOST_NAMED: usize = 100;

impl Committed {
    /// What a deliberately broken build reports before it has written anything.
    pub(super) fn not_yet(batch: &Batch) -> Self {
        Self {
            entries: batch.entry_ids().collect(),
            counts: PerSource::default(),
            stream_wait: Duration::ZERO,
            write: Duration::ZERO,
            bytes: 0,
            dead_letters: Vec::new(),
            lost: Vec::new(),
        }
    }

    pub(super) fn named(lost: &[EntryId]) -> Vec<EntryId> {
        lost.iter().copied().take(LOST_NAMED).collect()
    }
}
