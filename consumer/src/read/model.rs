//! A stream with one consumer group in memory, as Redis 7 treats it, and the reader's way
//! through it. The replies have the shape of Redis's; what reads them is production code.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    time::{Duration, Instant},
};

use common::wire::EntryId;
use redis::Value;

use super::{
    claim::Claimer,
    reply::{self, Delivered, Run},
};

/// An entry is claimed when it has been pending for this many ticks.
const MIN_IDLE: u64 = 1;
/// Of one XAUTOCLAIM, which looks at ten times as many.
const CLAIM_COUNT: usize = 2;
/// The first entry's: any moment that `common::event` takes.
pub(crate) const FIRST_MS: u64 = 1_763_634_907_000;

#[derive(Debug, Clone, Copy)]
struct Pending {
    consumer: usize,
    since: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Stream {
    entries: BTreeMap<EntryId, Vec<Value>>,
    pending: BTreeMap<EntryId, Pending>,
    added: u64,
    last_delivered: Option<EntryId>,
    clock: u64,
    /// By somebody who shouldn't.
    pub(crate) deleted: BTreeSet<EntryId>,
}

fn text(text: impl ToString) -> Value {
    Value::BulkString(text.to_string().into_bytes())
}

impl Stream {
    /// XADD.
    pub(crate) fn add(&mut self, field: &str, payload: &str) -> EntryId {
        // Entries of one millisecond, and of several.
        let (ms, seq) = (FIRST_MS + self.added / 3, self.added % 3);
        self.added += 1;
        let id = EntryId { ms, seq };
        self.entries.insert(id, vec![text(field), text(payload)]);
        id
    }

    /// Lets time pass: what is pending may be claimed.
    pub(crate) fn wait(&mut self) {
        self.clock += MIN_IDLE;
    }

    /// XDEL by somebody who shouldn't, of the entry at this share of the stream.
    pub(crate) fn delete(&mut self, share: u8) {
        let index = self.entries.len() * usize::from(share) / 256;
        if let Some(id) = self.entries.keys().nth(index).copied() {
            self.entries.remove(&id);
            self.deleted.insert(id);
        }
    }

    /// XGROUP SETID 0.
    pub(crate) fn set_back(&mut self) {
        self.last_delivered = None;
    }

    /// XACK.
    pub(crate) fn acknowledge(&mut self, ids: &[EntryId]) {
        for id in ids {
            self.pending.remove(id);
        }
    }

    /// XTRIM MINID below the lowest entry that is unread or pending, which is what the script
    /// in `ack.rs` does; a test there holds it to [`lowest_needed`].
    pub(crate) fn trim(&mut self) {
        let pending = self.pending.keys().next().copied();
        let lowest = lowest_needed(self.last_delivered.unwrap_or(EntryId::MIN), pending);
        self.entries = self.entries.split_off(&lowest);
    }

    /// XTRIM MAXLEN 0.
    pub(crate) fn trim_too_far(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn is_quiet(&self) -> bool {
        let unread = (Bound::Excluded(self.last()), Bound::Unbounded);
        self.pending.is_empty() && self.entries.range(unread).next().is_none()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn last(&self) -> EntryId {
        self.last_delivered.unwrap_or(EntryId::MIN)
    }

    fn deliver(&mut self, id: EntryId, consumer: usize) -> Value {
        let since = self.clock;
        self.pending.insert(id, Pending { consumer, since });
        Value::Array(vec![text(id), Value::Array(self.entries[&id].clone())])
    }

    /// XREADGROUP with `>`.
    fn read_new(&mut self, consumer: usize, count: usize) -> Value {
        let unread = (Bound::Excluded(self.last()), Bound::Unbounded);
        let ids: Vec<_> = self.entries.range(unread).map(|(id, _)| *id).collect();
        let ids = &ids[..ids.len().min(count)];
        self.last_delivered = ids.last().copied().or(self.last_delivered);
        let entries: Vec<_> = ids.iter().map(|id| self.deliver(*id, consumer)).collect();
        stream_of(entries)
    }

    /// XREADGROUP with an id: what is pending under the consumer's name after it.
    fn read_pending(&mut self, consumer: usize, after: EntryId, count: usize) -> Value {
        let after = (Bound::Excluded(after), Bound::Unbounded);
        let held = self.pending.range(after);
        let held = held.filter(|(_, pending)| pending.consumer == consumer);
        let ids: Vec<_> = held.map(|(id, _)| *id).take(count).collect();
        let entries = ids.iter().map(|id| match self.entries.contains_key(id) {
            true => self.deliver(*id, consumer),
            false => Value::Array(vec![text(id), Value::Nil]),
        });
        let entries: Vec<_> = entries.collect();
        Value::Array(vec![Value::Array(vec![
            text("events"),
            Value::Array(entries),
        ])])
    }

    /// XAUTOCLAIM: what is gone is taken off the pending list and told apart.
    fn claim(&mut self, consumer: usize, cursor: EntryId) -> Value {
        let (mut claimed, mut gone, mut looked_at) = (Vec::new(), Vec::new(), 0);
        let ids: Vec<_> = self.pending.range(cursor..).map(|(id, _)| *id).collect();
        let mut rest = ids.into_iter();
        while looked_at < 10 * CLAIM_COUNT && claimed.len() < CLAIM_COUNT {
            let Some(id) = rest.next() else { break };
            looked_at += 1;
            if !self.entries.contains_key(&id) {
                self.pending.remove(&id);
                gone.push(text(id));
            } else if self.clock - self.pending[&id].since >= MIN_IDLE {
                claimed.push(self.deliver(id, consumer));
            }
        }
        let cursor = rest.next().unwrap_or(EntryId::MIN);
        Value::Array(vec![
            text(cursor),
            Value::Array(claimed),
            Value::Array(gone),
        ])
    }
}

fn stream_of(entries: Vec<Value>) -> Value {
    if entries.is_empty() {
        return Value::Nil;
    }
    Value::Array(vec![Value::Array(vec![
        text("events"),
        Value::Array(entries),
    ])])
}

/// The lowest id that a group still needs: the next one to be delivered, or one that is pending.
pub(crate) fn lowest_needed(last_delivered: EntryId, pending: Option<EntryId>) -> EntryId {
    let unread = last_delivered.next();
    pending.map_or(unread, |pending| pending.min(unread))
}

/// The reader of a lane between two waits.
pub(crate) struct Reader {
    consumer: usize,
    claimer: Claimer,
    /// As in the session of the real one; no session where it is `None`.
    session: Option<Option<EntryId>>,
    claim_is_due: bool,
    /// Read, and not yet handed on.
    run: Option<Run>,
}

impl Reader {
    pub(crate) fn new(consumer: usize) -> Self {
        Self {
            consumer,
            claimer: Claimer::new(Duration::ZERO),
            session: None,
            claim_is_due: false,
            run: None,
        }
    }

    /// Goes on to the next wait: connects, reads, or hands over what it has read. It reads only
    /// where there is a `place` for the run.
    pub(crate) fn step(&mut self, stream: &mut Stream, place: bool, count: usize) -> Option<Run> {
        if let Some(run) = self.run.take() {
            return Some(run);
        }
        match self.session {
            None => self.session = Some(Some(EntryId::MIN)),
            Some(pending_after) if place => {
                self.run = self.read(stream, pending_after, count);
            }
            Some(_) => {}
        }
        None
    }

    /// The connection is gone: before a read, or after it and before its reply.
    pub(crate) fn cut(&mut self, stream: &mut Stream, place: bool, after_reading: bool) {
        if after_reading && self.run.is_none() {
            self.step(stream, place, 2);
        }
        self.run = None;
        self.session = None;
    }

    /// Holds a run that nobody has taken.
    pub(crate) fn is_idle(&self) -> bool {
        self.run.is_none() && self.session == Some(None)
    }

    fn read(
        &mut self,
        stream: &mut Stream,
        pending_after: Option<EntryId>,
        count: usize,
    ) -> Option<Run> {
        if let Some(after) = pending_after {
            let reply = stream.read_pending(self.consumer, after, count);
            let delivered = reply::from_read(reply).unwrap();
            self.session = Some(delivered.last_id());
            if !delivered.is_empty() {
                return Some(run(delivered, true));
            }
        }
        // Now and then.
        self.claim_is_due = !self.claim_is_due;
        if self.claimer.is_under_way() || self.claim_is_due {
            let reply = stream.claim(self.consumer, self.claimer.cursor);
            let delivered = self.claimer.took(reply).unwrap();
            if !delivered.is_empty() {
                return Some(run(delivered, true));
            }
        }
        let reply = stream.read_new(self.consumer, count);
        let delivered = reply::from_read(reply).unwrap();
        (!delivered.is_empty()).then(|| run(delivered, false))
    }
}

fn run(delivered: Delivered, redelivered: bool) -> Run {
    Run {
        epoch: "epoch".into(),
        entries: delivered.entries,
        lost: delivered.lost,
        redelivered,
        read_at: Instant::now(),
    }
}
