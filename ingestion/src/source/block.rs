//! What a source hands to the publisher, and what is reported back.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use std::{ops::Range, sync::Arc};

use common::trace::Trace;
use tokio::sync::oneshot;

use crate::place::Place;

/// Whole events, one a line.
#[derive(Debug)]
pub struct Block {
    pub ndjson: Vec<u8>,
    pub events: u32,
    pub ack: Ack,
    /// Of the request it came with.
    pub trace: Trace,
}

/// Whom to tell what became of a block.
#[derive(Debug)]
pub enum Ack {
    /// A request waits for it, and where `awaited` also for the commit.
    Request {
        reply: oneshot::Sender<Outcome>,
        awaited: bool,
    },
    /// Events `from..from + events` of a generator's run.
    Generator { from: u64, tally: Arc<Tally> },
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// In the stream, in this entry.
    Stored(Place),
    /// Not in the stream, and never will be.
    Refused(Refusal),
    /// No reply came: it may be in the stream or not.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Redis is at `maxmemory`.
    OutOfMemory,
    /// Redis can't write to its disk and takes no writes.
    DiskFailed,
    /// Redis isn't there, or isn't ready to take writes.
    Unavailable,
}

impl Outcome {
    /// Whether the connection is no longer worth anything: there was no reply, or one from a
    /// server that isn't the one to write to.
    pub(crate) const fn ends_connection(self) -> bool {
        matches!(self, Self::Unknown | Self::Refused(Refusal::Unavailable))
    }
}

impl Ack {
    pub(crate) fn settle(self, events: u32, outcome: Outcome) {
        match self {
            // The client may be gone; its events are treated like all others.
            Self::Request { reply, .. } => drop(reply.send(outcome)),
            Self::Generator { from, tally } => {
                tally.record(from..from + u64::from(events), outcome);
            }
        }
    }
}

/// What became of the events of one run.
#[derive(Debug, Default)]
pub struct Tally {
    stored: AtomicU64,
    ambiguous: AtomicU64,
    dropped: AtomicU64,
    uncertain: Mutex<Vec<Range<u64>>>,
}

/// So many ranges of events that may be missing are remembered one by one.
const MAX_RANGES: usize = 1_000;

impl Tally {
    fn record(&self, events: Range<u64>, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Stored(_) => &self.stored,
            Outcome::Unknown => &self.ambiguous,
            Outcome::Refused(_) => &self.dropped,
        };
        counter.fetch_add(events.end - events.start, Ordering::AcqRel);
        if matches!(outcome, Outcome::Stored(_)) {
            return;
        }
        let mut uncertain = self
            .uncertain
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let room = uncertain.len() < MAX_RANGES;
        match uncertain.last_mut() {
            Some(last) if last.end == events.start => last.end = events.end,
            _ if room => uncertain.push(events),
            _ => {}
        }
    }

    /// Events that Redis acknowledged.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.stored.load(Ordering::Acquire)
    }

    /// Events for which no reply came.
    #[must_use]
    pub fn ambiguous(&self) -> u64 {
        self.ambiguous.load(Ordering::Acquire)
    }

    /// Events given up because Redis took none until the end.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Acquire)
    }

    /// Which events are ambiguous or dropped; the first thousand ranges.
    #[must_use]
    pub fn uncertain(&self) -> Vec<Range<u64>> {
        self.uncertain
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Events whose fate is known, one way or the other.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.stored() + self.ambiguous() + self.dropped()
    }
}
