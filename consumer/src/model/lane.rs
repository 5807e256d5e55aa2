//! A consumer process of one lane: the stages of `lane.rs` and the channels between them.

use std::collections::VecDeque;

use common::{event::Limits, wire::EntryId};

use super::Broken;
use crate::{
    decode::{Batch, Decoder},
    read::{
        Run,
        model::{Reader, Stream},
    },
    write::{
        Committed,
        model::{Tables, Writer},
    },
};

/// As the bounds of the channels.
const COMMITS: usize = 4;
/// Ids in one XACK.
const ACK_CHUNK: usize = 2;

#[derive(Debug, Clone, Copy)]
pub(super) enum Stage {
    Reader,
    Decoder,
    Writer,
    Acker,
}

pub(super) struct Lane {
    broken: Option<Broken>,
    reader: Reader,
    runs: VecDeque<Run>,
    decoder: Decoder,
    /// Must begin another batch.
    next: Option<Run>,
    batches: VecDeque<Batch>,
    writer: Writer,
    /// Not yet handed on, since the channel is full.
    done: Option<Committed>,
    committed: VecDeque<Committed>,
    acker: Option<Acker>,
}

/// What is being acknowledged, and how much of it is.
struct Acker {
    entries: Vec<EntryId>,
    acknowledged: usize,
}

impl Lane {
    pub(super) fn start(number: usize, broken: Option<Broken>) -> Self {
        Self {
            broken,
            reader: Reader::new(number),
            runs: VecDeque::new(),
            decoder: Decoder::new(Limits::default()),
            next: None,
            batches: VecDeque::new(),
            writer: Writer::new(number, broken == Some(Broken::FoldBeforeInsert)),
            done: None,
            committed: VecDeque::new(),
            acker: None,
        }
    }

    /// Lets a stage go on to its next wait. `size` is how much it reads, or whether it waits for
    /// more.
    pub(super) fn step(
        &mut self,
        stage: Stage,
        size: usize,
        stream: &mut Stream,
        tables: &mut Tables,
    ) {
        match stage {
            Stage::Reader => {
                let place = self.runs.is_empty();
                let run = self.reader.step(stream, place, size);
                self.runs.extend(run);
            }
            Stage::Decoder => self.decode(size > 2),
            Stage::Writer => self.write(tables),
            Stage::Acker => self.acknowledge(stream),
        }
    }

    /// SIGKILL.
    pub(super) fn kill(mut self, tables: &mut Tables) {
        self.writer.cut(tables);
    }

    pub(super) fn cut_postgres(&mut self, tables: &mut Tables) {
        self.writer.cut(tables);
    }

    pub(super) fn rotate(&mut self, tables: &mut Tables) {
        self.writer.rotate(tables);
    }

    /// Both connections to Redis; a command may have been executed without its reply.
    pub(super) fn cut_redis(&mut self, stream: &mut Stream, is_executed: bool) {
        self.reader.cut(stream, self.runs.is_empty(), is_executed);
        if is_executed && self.acker.is_some() {
            self.acknowledge(stream);
        }
        if let Some(acker) = &mut self.acker {
            acker.acknowledged = 0;
        }
    }

    /// Nothing is on its way through it.
    pub(super) fn is_idle(&self) -> bool {
        self.reader.is_idle()
            && self.runs.is_empty()
            && self.next.is_none()
            && self.decoder.size() == (0, 0)
            && self.batches.is_empty()
            && self.writer.is_free()
            && self.done.is_none()
            && self.committed.is_empty()
            && self.acker.is_none()
    }

    fn decode(&mut self, waits_for_more: bool) {
        if self.next.is_none() {
            self.next = self.runs.pop_front();
        }
        if self
            .next
            .as_ref()
            .is_some_and(|run| self.decoder.takes(run))
        {
            self.decoder.push(self.next.take().unwrap());
            return;
        }
        let is_complete = self.next.is_some() || !waits_for_more;
        if is_complete && self.writer.is_free() && self.batches.is_empty() {
            self.batches.extend(self.decoder.take());
        }
    }

    fn write(&mut self, tables: &mut Tables) {
        if let Some(done) = self.done.take() {
            match self.committed.len() < COMMITS {
                true => self.committed.push_back(done),
                false => self.done = Some(done),
            }
        } else if !self.writer.is_free() {
            self.done = self.writer.step(tables);
        } else if let Some(batch) = self.batches.pop_front() {
            let too_early = self.writer.take(batch);
            if self.broken == Some(Broken::AckBeforeCommit) {
                self.committed.push_back(too_early);
            }
        }
    }

    fn acknowledge(&mut self, stream: &mut Stream) {
        let Some(acker) = &mut self.acker else {
            self.acker = self.committed.pop_front().map(|done| Acker {
                entries: done.entries,
                acknowledged: 0,
            });
            return;
        };
        let rest = &acker.entries[acker.acknowledged..];
        let chunk = &rest[..rest.len().min(ACK_CHUNK)];
        acker.acknowledged += chunk.len();
        if !chunk.is_empty() {
            stream.acknowledge(chunk);
            return;
        }
        match self.broken {
            Some(Broken::TrimTooFar) => stream.trim_too_far(),
            _ => stream.trim(),
        }
        self.acker = None;
    }
}
