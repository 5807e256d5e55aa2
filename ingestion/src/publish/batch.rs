//! When a batch is full: a pure rule.

use std::time::Duration;

use common::trace::{Kind, Span, Trace};
use tokio::time::Instant;

use crate::source::{Ack, Block, Outcome};

/// A batch is sent when one of these is reached.
#[derive(Debug, Clone, Copy)]
pub struct BatchPolicy {
    pub max_events: u32,
    pub max_bytes: usize,
    /// How long the first event of a batch waits for others.
    pub linger: Duration,
}

impl BatchPolicy {
    #[must_use]
    pub const fn is_full(&self, events: u32, bytes: usize) -> bool {
        events >= self.max_events || bytes >= self.max_bytes
    }

    /// Appends what `write` does, the next event after so many in `ndjson`, where it has room
    /// there or is the first; whether it has.
    pub fn append(
        &self,
        events: u32,
        ndjson: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        if self.is_full(events, ndjson.len()) {
            return false;
        }
        let before = ndjson.len();
        write(ndjson);
        let has_room = events == 0 || ndjson.len() <= self.max_bytes;
        if !has_room {
            ndjson.truncate(before);
        }
        has_room
    }
}

/// The events of one entry.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) ndjson: Vec<u8>,
    pub(super) events: u32,
    opened: Instant,
    acks: Vec<(u32, Ack)>,
    /// Of the requests whose events it holds, where they are recorded.
    traces: Vec<Trace>,
}

impl Batch {
    /// A batch of one block, whose buffer it takes over.
    pub(super) fn of(block: Block, now: Instant) -> Self {
        Self {
            ndjson: block.ndjson,
            events: block.events,
            opened: now,
            acks: vec![(block.events, block.ack)],
            traces: recorded(block.trace).collect(),
        }
    }

    /// Whether `block` may join: what a batch holds stays within the bounds.
    pub(super) const fn has_room(&self, block: &Block, policy: &BatchPolicy) -> bool {
        self.events + block.events <= policy.max_events
            && self.ndjson.len() + block.ndjson.len() <= policy.max_bytes
    }

    pub(super) fn join(&mut self, block: Block) {
        self.ndjson.extend_from_slice(&block.ndjson);
        self.events += block.events;
        self.acks.push((block.events, block.ack));
        self.traces.extend(recorded(block.trace));
    }

    /// The step of sending it, in the trace of the first request.
    pub(super) fn sending(&self) -> Span {
        let nowhere = Trace::default();
        let first = self.traces.first().unwrap_or(&nowhere);
        let others = self.traces.iter().skip(1);
        Span::linked(|| "publish".into(), Kind::Producer, first, others)
    }

    /// Whether a request waits until it is committed.
    pub(super) fn is_awaited(&self) -> bool {
        let mut acks = self.acks.iter();
        acks.any(|(_, ack)| matches!(ack, Ack::Request { awaited: true, .. }))
    }

    pub(super) fn due(&self, policy: &BatchPolicy) -> Instant {
        if policy.is_full(self.events, self.ndjson.len()) {
            return self.opened;
        }
        self.opened + policy.linger
    }

    pub(super) fn settle(self, outcome: Outcome) {
        for (events, ack) in self.acks {
            ack.settle(events, outcome);
        }
    }
}

fn recorded(trace: Trace) -> impl Iterator<Item = Trace> {
    Some(trace).filter(Trace::is_sampled).into_iter()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::Tally;

    const POLICY: BatchPolicy = BatchPolicy {
        max_events: 10,
        max_bytes: 100,
        linger: Duration::from_millis(5),
    };

    fn block(events: u32, bytes: usize, tally: &Arc<Tally>) -> Block {
        let ack = Ack::Generator {
            from: 0,
            tally: tally.clone(),
        };
        Block {
            ndjson: vec![b'\n'; bytes],
            events,
            ack,
            trace: Trace::default(),
        }
    }

    #[test]
    fn what_has_no_room_is_left_for_the_next_block() {
        let mut ndjson = Vec::new();
        let mut append = |events, bytes: usize| {
            POLICY.append(events, &mut ndjson, |out| out.extend(vec![b'x'; bytes]))
        };
        assert!(append(0, 60) && append(1, 30));
        assert!(!append(2, 11));
        assert!(append(2, 10));
        assert!(!append(3, 0), "full");
        assert_eq!(ndjson.len(), 100);
        let mut alone = Vec::new();
        let larger = |out: &mut Vec<u8>| out.extend([b'x'; 101]);
        assert!(POLICY.append(0, &mut alone, larger));
        assert!(!POLICY.append(1, &mut alone, larger));
        assert_eq!(alone.len(), 101);
        assert!(!POLICY.append(10, &mut Vec::new(), |_| {}));
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_stays_within_its_bounds_and_waits_no_longer_than_the_linger() {
        let (tally, now) = (Arc::default(), Instant::now());
        let mut batch = Batch::of(block(4, 40, &tally), now);
        assert_eq!(batch.due(&POLICY), now + POLICY.linger);
        assert!(!batch.has_room(&block(7, 10, &tally), &POLICY));
        assert!(!batch.has_room(&block(1, 61, &tally), &POLICY));
        assert!(batch.has_room(&block(6, 60, &tally), &POLICY));
        batch.join(block(6, 60, &tally));
        assert_eq!(batch.due(&POLICY), now);
        batch.settle(Outcome::Unknown);
        assert_eq!(tally.ambiguous(), 10);
    }
}
