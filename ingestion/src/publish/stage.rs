//! The publisher: takes blocks, sends batches, several in flight, and reports to each source the
//! outcome of its events.

use std::{collections::VecDeque, convert::Infallible, future::pending, time::Duration};

use common::{
    backoff::Backoff,
    config::RedisConfig,
    shutdown::Shutdown,
    trace::Span,
    wire::{Source, StreamKeys},
};
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use redis::RedisResult;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    append::{self, Failure},
    batch::{Batch, BatchPolicy},
};
use crate::{
    observe,
    place::{Link, Place, fingerprint},
    source::{Block, Outcome, Refusal},
};

/// What to do with a batch that Redis certainly didn't take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnRefusal {
    /// Tell the source, which tells its client to come back.
    Report,
    /// Keep it and try again, until the shutdown.
    Hold,
}

/// One source's way into the stream, over a connection of its own.
#[derive(Debug)]
pub struct Publisher {
    pub source: Source,
    pub redis: RedisConfig,
    pub keys: StreamKeys,
    pub policy: BatchPolicy,
    pub max_in_flight: usize,
    pub on_refusal: OnRefusal,
}

impl Publisher {
    /// Runs until the other end of `blocks` is closed and everything is settled.
    ///
    /// # Errors
    /// None: what goes wrong with Redis is retried or reported to the source.
    pub async fn run(
        self,
        mut blocks: mpsc::Receiver<Block>,
        shutdown: Shutdown,
    ) -> Result<(), Infallible> {
        let mut state = State::new(self);
        let mut open = true;
        while open || !state.is_empty() {
            let next_send = state.next_send();
            tokio::select! {
                biased;
                Some(sent) = state.in_flight.next(), if !state.in_flight.is_empty() => state.settle(sent),
                connected = &mut state.connecting => state.connected(connected),
                () = at(next_send) => state.send_next(),
                () = shutdown.stopping(), if !state.stopping => state.hurry(),
                block = blocks.recv(), if open && state.takes_more() => match block {
                    Some(block) => state.take(block),
                    None => open = false,
                },
            }
        }
        Ok(())
    }
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}

struct Sent {
    batch: Batch,
    connection: u64,
    at: Instant,
    result: Result<Place, Failure>,
    span: Span,
}

struct State {
    publisher: Publisher,
    stopping: bool,
    /// Stopping, and without Redis: what still comes is refused.
    gave_up: bool,
    link: Option<Link>,
    /// Counts the connections, so that a late failure doesn't close a newer one.
    connection: u64,
    connecting: BoxFuture<'static, RedisResult<Link>>,
    backoff: Backoff,
    filling: Option<Batch>,
    /// Full batches, and refused ones to be tried again.
    waiting: VecDeque<Batch>,
    not_before: Instant,
    in_flight: FuturesUnordered<BoxFuture<'static, Sent>>,
}

impl State {
    fn new(publisher: Publisher) -> Self {
        Self {
            connecting: Link::open_after(Duration::ZERO, publisher.redis.clone()).boxed(),
            publisher,
            stopping: false,
            gave_up: false,
            link: None,
            connection: 0,
            backoff: Backoff::default(),
            filling: None,
            waiting: VecDeque::new(),
            not_before: Instant::now(),
            in_flight: FuturesUnordered::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.in_flight.is_empty() && self.waiting.is_empty() && self.filling.is_none()
    }

    /// A source that reports refusals is always listened to, so that it can be refused.
    fn takes_more(&self) -> bool {
        self.waiting.is_empty()
            && self.in_flight.len() < self.publisher.max_in_flight
            && (self.link.is_some() || self.refuses())
    }

    /// Whether blocks are refused while there is no connection.
    fn refuses(&self) -> bool {
        self.gave_up || self.publisher.on_refusal == OnRefusal::Report
    }

    /// The process stops: what waits is tried at once, and for the last time.
    fn hurry(&mut self) {
        self.stopping = true;
        self.not_before = Instant::now();
        if self.link.is_none() {
            self.reconnect(Duration::ZERO);
        }
    }

    fn take(&mut self, block: Block) {
        let now = Instant::now();
        let policy = self.publisher.policy;
        if self.link.is_none() {
            block
                .ack
                .settle(block.events, Outcome::Refused(Refusal::Unavailable));
            return;
        }
        match &mut self.filling {
            Some(batch) if batch.has_room(&block, &policy) => batch.join(block),
            filling => self.waiting.extend(filling.replace(Batch::of(block, now))),
        }
    }

    /// When the next batch may be sent, if there is one and room for it.
    fn next_send(&self) -> Option<Instant> {
        if self.link.is_none() || self.in_flight.len() >= self.publisher.max_in_flight {
            return None;
        }
        if !self.waiting.is_empty() {
            return Some(self.not_before);
        }
        let filling = self.filling.as_ref()?;
        Some(filling.due(&self.publisher.policy).max(self.not_before))
    }

    fn send_next(&mut self) {
        let Some(mut link) = self.link.clone() else {
            return;
        };
        let Some(batch) = self.waiting.pop_front().or_else(|| self.filling.take()) else {
            return;
        };
        let Publisher { keys, source, .. } = &self.publisher;
        let span = batch.sending();
        let traceparent = span.trace().traceparent();
        let (ndjson, traceparent) = (&batch.ndjson, traceparent.as_deref());
        let pipe = append::transaction(keys, *source, ndjson, batch.events, traceparent);
        let payload = batch.is_awaited().then(|| fingerprint(&batch.ndjson));
        let connection = self.connection;
        let sent = async move {
            let at = Instant::now();
            let result = append::append(&mut link, &pipe, payload).await;
            Sent {
                batch,
                connection,
                at,
                result,
                span,
            }
        };
        self.in_flight.push(sent.boxed());
        self.observe();
    }

    fn observe(&self) {
        let Publisher {
            source,
            max_in_flight,
            ..
        } = self.publisher;
        observe::in_flight(source, self.in_flight.len(), max_in_flight);
    }

    fn settle(&mut self, sent: Sent) {
        let Sent {
            batch,
            connection,
            at,
            result,
            mut span,
        } = sent;
        self.observe();
        let source = self.publisher.source;
        let outcome = match result {
            Ok(place) => {
                self.backoff.reset();
                observe::published(source, batch.events, batch.ndjson.len(), at.elapsed());
                Outcome::Stored(place)
            }
            Err(Failure { outcome, error }) => {
                observe::not_published(source, batch.events, outcome, &error);
                span.fail(|| error);
                self.failed(outcome, connection);
                outcome
            }
        };
        let holds = self.publisher.on_refusal == OnRefusal::Hold && !self.stopping;
        match outcome {
            Outcome::Refused(_) if holds => {
                observe::retried();
                self.waiting.push_back(batch);
            }
            _ => batch.settle(outcome),
        }
    }

    /// What is in flight mostly fails together: that is one failure.
    fn failed(&mut self, outcome: Outcome, connection: u64) {
        if connection != self.connection || self.link.is_none() {
            return;
        }
        let now = Instant::now();
        let is_lost = outcome.ends_connection();
        if !is_lost && now < self.not_before {
            return;
        }
        let delay = self.backoff.next_delay();
        self.not_before = now + delay;
        if is_lost {
            self.reconnect(delay);
        }
    }

    fn reconnect(&mut self, delay: Duration) {
        self.link = None;
        self.connecting = Link::open_after(delay, self.publisher.redis.clone()).boxed();
    }

    fn connected(&mut self, connected: RedisResult<Link>) {
        match connected {
            Ok(link) => {
                self.connection += 1;
                self.link = Some(link);
                self.connecting = pending().boxed();
            }
            Err(error) => {
                observe::redis_failed("publisher", &error);
                let delay = self.backoff.next_delay();
                self.reconnect(delay);
                self.give_up();
            }
        }
    }

    /// Without Redis, a stopping process can't keep what it holds.
    fn give_up(&mut self) {
        self.gave_up = self.stopping;
        if self.refuses() {
            let held = self.waiting.drain(..).chain(self.filling.take());
            held.for_each(|batch| batch.settle(Outcome::Refused(Refusal::Unavailable)));
        }
    }
}

#[cfg(test)]
#[path = "stage_tests.rs"]
mod tests;
